/*
 * What stands in the structs after a text was read, and what the configuration knows of each
 * setting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "test_config_schema.h"
#include "util/buffer.h"
#include "util/span.h"

/* Loads a text that has no fault. */
static struct config *load(const char *text)
{
    struct config_report *report = config_report_new();
    assert_non_null(report);
    struct config *config = config_load_text("t", span_of(text), schema_tables, report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        print_error("%s\n", config_report_fault(report, i)->text);
    }
    assert_non_null(config);
    config_report_free(&report);
    return config;
}

static void test_defaults(void **state)
{
    (void)state;
    struct config *config = load("socket = \"unix:/s\";");
    const struct schema_top *top = config_settings(config, &schema_top);
    assert_int_equal(top->sockets.count, 1);
    assert_string_equal(top->sockets.at[0], "unix:/s");
    assert_int_equal(top->mode, 0);
    assert_false(top->socket_open);
    assert_string_equal(top->user, "egress-milter");
    assert_null(top->domains_from);
    assert_int_equal(top->domains.count, 0);

    const struct schema_names *names = config_settings(config, &schema_names);
    assert_int_equal(names->internal.count, 2);
    assert_string_equal(names->internal.at[0], "localhost");
    assert_string_equal(names->internal.at[1], "localhost.localdomain");
    assert_int_equal(names->role, -1);

    const struct schema_remote *remote = config_settings(config, &schema_remote);
    assert_null(remote->host);
    assert_int_equal(remote->port, 514);

    const struct schema_ceilings *ceilings = config_settings(config, &schema_ceilings);
    assert_int_equal(ceilings->message, 2 << 20);
    assert_int_equal(ceilings->expire, 7 * 86400);
    assert_int_equal(ceilings->delay, 90);
    assert_int_equal(ceilings->shift, -5);
    assert_int_equal(ceilings->total, 0);
    config_free(&config);
    assert_null(config);
}

static const char *const full_text = "socket = ( \"unix:/a\", \"inet:1@::1\" );\n"
                                     "mode = \"enforce\";\n"
                                     "socket_open = true;\n"
                                     "user = \"a\" \"\\\"\\\\\\x41\";\n"
                                     "internal = [ ];\n"
                                     "role = \"off\";\n"
                                     "log = { remote = { host = \"\"; port = 0x10; }; };\n"
                                     "ceilings = {\n"
                                     "  message = 65536; expire = \"2h\"; delay = 1800;\n"
                                     "  shift = +10; total = 9223372036854775807L;\n"
                                     "};\n"
                                     "domains = (\n"
                                     "  { name = \"a.example\"; d = \"example\";\n"
                                     "    subdomains = false; on_failure = \"pass\";\n"
                                     "    aliases = \"one\";\n"
                                     "    keys = ( { selector = \"s1\"; file = \"f1\"; },\n"
                                     "             { selector = \"s2\"; file = \"f2\"; } ); },\n"
                                     "  { name = \"b.example\"; }\n"
                                     ");\n";

static void check_domains(const struct config_list *list)
{
    const struct schema_domain *domains = list->at;
    assert_int_equal(list->count, 2);
    assert_string_equal(domains[0].name, "a.example");
    assert_string_equal(domains[0].d, "example");
    assert_false(domains[0].subdomains);
    assert_int_equal(domains[0].on_failure, 2);
    assert_int_equal(domains[0].aliases.count, 1);
    assert_string_equal(domains[0].aliases.at[0], "one");
    assert_string_equal(domains[0].place.file, "t");
    assert_int_equal(domains[0].place.line, 13);
    const struct schema_key *keys = domains[0].keys.at;
    assert_int_equal(domains[0].keys.count, 2);
    assert_string_equal(keys[0].selector, "s1");
    assert_string_equal(keys[1].file, "f2");

    assert_string_equal(domains[1].name, "b.example");
    assert_null(domains[1].d);
    assert_true(domains[1].subdomains);
    assert_int_equal(domains[1].on_failure, 1);
    assert_int_equal(domains[1].keys.count, 0);
    assert_int_equal(domains[1].place.line, 18);
}

static void test_all_set(void **state)
{
    (void)state;
    struct config *config = load(full_text);
    const struct schema_top *top = config_settings(config, &schema_top);
    assert_int_equal(top->sockets.count, 2);
    assert_string_equal(top->sockets.at[1], "inet:1@::1");
    assert_int_equal(top->mode, 1);
    assert_true(top->socket_open);
    assert_string_equal(top->user, "a\"\\A");
    check_domains(&top->domains);

    const struct schema_names *names = config_settings(config, &schema_names);
    assert_int_equal(names->internal.count, 0);
    assert_int_equal(names->role, 1);

    const struct schema_remote *remote = config_settings(config, &schema_remote);
    assert_string_equal(remote->host, "");
    assert_int_equal(remote->port, 16);

    const struct schema_ceilings *ceilings = config_settings(config, &schema_ceilings);
    assert_int_equal(ceilings->message, 65536);
    assert_int_equal(ceilings->expire, 7200);
    assert_int_equal(ceilings->delay, 1800);
    assert_int_equal(ceilings->shift, 10);
    assert_int_equal(ceilings->total, INT64_MAX);
    config_free(&config);
}

static void test_alternative(void **state)
{
    (void)state;
    struct config *config = load("socket = \"unix:/s\"; domains = \"dir:/keys\";");
    const struct schema_top *top = config_settings(config, &schema_top);
    assert_string_equal(top->domains_from, "dir:/keys");
    assert_int_equal(top->domains.count, 0);
    assert_true(config_is_set(config, &schema_top, "domains"));
    config_free(&config);
}

static void test_where(void **state)
{
    (void)state;
    static const struct {
        const struct config_table *table;
        const char *name;
        unsigned line; /* 0: not set */
    } cases[] = {
        { &schema_top, "socket", 1 },   { &schema_top, "mode", 2 },
        { &schema_top, "domains", 12 }, { &schema_names, "internal", 5 },
        { &schema_remote, "port", 7 },  { &schema_ceilings, "total", 10 },
        { &schema_log, "facility", 0 }, { &schema_log, "inbound", 0 },
        { &schema_top, "redis", 0 },    { &schema_top, "no such row", 0 },
    };
    struct config *config = load(full_text);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_place place = config_where(config, cases[i].table, cases[i].name);
        assert_int_equal(place.line, cases[i].line);
        assert_int_equal(config_is_set(config, cases[i].table, cases[i].name), cases[i].line > 0);
        if (cases[i].line > 0) {
            assert_string_equal(place.file, "t");
        } else {
            assert_null(place.file);
        }
    }
    static const struct config_table stranger = { .path = "log", .rows = schema_log_rows };
    assert_null(config_settings(config, &stranger));
    assert_false(config_is_set(config, &stranger, "facility"));
    config_free(&config);
}

/* A default that a row could not hold is a fault of ours, and told as such. */
static void test_wrong_default(void **state)
{
    (void)state;
    static const struct config_row rows[] = {
        { .name = "a", .type = CONFIG_INT, .fallback = "7", .min = 1, .max = 5 },
        { .name = "b", .type = CONFIG_BOOL, .fallback = "yes", .offset = 8 },
        { .name = "c",
          .type = CONFIG_CHOICE,
          .fallback = "x",
          .choices = schema_modes,
          .offset = 16 },
        { .name = "d",
          .type = CONFIG_TEXTS,
          .fallback = "[ unix:/a, b ]",
          .accepts = schema_accepts_socket,
          .offset = 24 },
        CONFIG_ROWS_END
    };
    static const struct config_table table = { .path = "g", .rows = rows, .size = 48 };
    static const struct config_table *const tables[] = { &table, NULL };
    static const char *const faults[] = {
        "g.a: its default is wrong: 7 is out of range; valid: 1 to 5",
        "g.b: its default is wrong: \"yes\" cannot be read",
        "g.c: its default is wrong: \"x\" is not among the choices; valid: \"observe\", "
        "\"enforce\"",
        "g.d: its default is wrong: \"b\": no socket; valid: \"unix:/PATH\" or "
        "\"inet:PORT@ADDRESS\"",
    };
    struct config_report *report = config_report_new();
    assert_null(config_load_text("t", SPAN(""), tables, report));
    assert_int_equal(config_report_size(report), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(config_report_fault(report, i)->text, faults[i]);
    }
    config_report_free(&report);
}

/* Two alternatives may both be lists; the first entry tells which is meant. */
static void test_list_alternatives(void **state)
{
    (void)state;
    struct both {
        struct config_texts texts;
        struct config_list keys;
    };
    static const struct config_row rows[] = {
        { .name = "keys", .type = CONFIG_TEXTS, .offset = offsetof(struct both, texts) },
        { .name = "keys",
          .type = CONFIG_LIST,
          .offset = offsetof(struct both, keys),
          .rows = schema_key_rows,
          .element_size = sizeof(struct schema_key) },
        CONFIG_ROWS_END
    };
    static const struct config_table table = { .path = "",
                                               .rows = rows,
                                               .size = sizeof(struct both) };
    static const struct config_table *const tables[] = { &table, NULL };
    static const struct {
        const char *text;
        size_t texts, keys;
    } cases[] = {
        { "keys = ( \"a\", \"b\" );", 2, 0 },
        { "keys = ( { selector = \"a\"; file = \"b\"; } );", 0, 1 },
        { "keys = \"a\";", 1, 0 },
        { "keys = ( );", 0, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_report *report = config_report_new();
        struct config *config = config_load_text("t", span_of(cases[i].text), tables, report);
        assert_non_null(config);
        const struct both *both = config_settings(config, &table);
        assert_int_equal(both->texts.count, cases[i].texts);
        assert_int_equal(both->keys.count, cases[i].keys);
        config_free(&config);
        config_report_free(&report);
    }
}

/* A word, or a group that says more: what it holds, its faults, and how it is printed. */
static void test_group_alternative(void **state)
{
    (void)state;
    struct stage {
        int mode;
        struct config_texts plans;
        struct config_place place;
    };
    struct rules {
        int word;
        struct config_list group;
    };
    static const struct config_row stage_rows[] = {
        { .name = "mode",
          .type = CONFIG_CHOICE,
          .choices = schema_modes,
          .offset = offsetof(struct stage, mode),
          .required = true },
        { .name = "plans", .type = CONFIG_TEXTS, .offset = offsetof(struct stage, plans) },
        CONFIG_ROWS_END
    };
    static const struct config_row rows[] = { { .name = "rule",
                                                .type = CONFIG_CHOICE,
                                                .choices = schema_modes,
                                                .offset = offsetof(struct rules, word) },
                                              { .name = "rule",
                                                .type = CONFIG_GROUP,
                                                .offset = offsetof(struct rules, group),
                                                .rows = stage_rows,
                                                .element_size = sizeof(struct stage),
                                                .place_offset = offsetof(struct stage, place) },
                                              CONFIG_ROWS_END };
    static const struct config_table table = { .path = "rules",
                                               .rows = rows,
                                               .size = sizeof(struct rules) };
    static const struct config_table *const tables[] = { &table, NULL };
    static const struct {
        const char *text;
        const char *told; /* printed, or the fault */
    } cases[] = {
        { "rules = { rule = \"enforce\"; };", "rules = {\n    rule = \"enforce\";\n};\n" },
        { "rules = { rule = { mode = \"enforce\"; plans = [ \"a\" ]; }; };",
          "rules = {\n    rule = {\n        mode = \"enforce\";\n        plans = [ \"a\" ];\n"
          "    };\n};\n" },
        { "rules = { };", "" },
        { "rules = { rule = 1; };",
          "t:1: rules.rule: cannot be a number; valid: \"observe\", \"enforce\", or a group { }" },
        { "rules = { rule = { }; };",
          "t:1: rules.rule.mode: must be set: \"observe\", \"enforce\"" },
        { "rules = {\nrule = { mode = \"enforce\"; plan = \"a\"; }; };",
          "t:2: rules.rule.plan: unknown setting; valid here: mode, plans; did you mean plans?" },
        { "rules = {\nrule = \"enforce\"; };\nrules = {\nrule = { mode = \"enforce\"; }; };",
          "t:3: rules: already set at t:1" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_report *report = config_report_new();
        struct config *config = config_load_text("t", span_of(cases[i].text), tables, report);
        if (config == NULL) {
            assert_string_equal(config_report_fault(report, 0)->text, cases[i].told);
        } else {
            struct buffer printed = BUFFER_EMPTY;
            config_print(config, &printed);
            assert_string_equal(buffer_text(&printed), cases[i].told);
            buffer_free(&printed);
        }
        config_free(&config);
        config_report_free(&report);
    }
    struct config_report *report = config_report_new();
    struct config *config = config_load_text("t", span_of(cases[1].text), tables, report);
    const struct rules *filled = config_settings(config, &table);
    const struct stage *stage = filled->group.at;
    assert_int_equal(filled->word, -1);
    assert_int_equal(filled->group.count, 1);
    assert_int_equal(stage->mode, 1);
    assert_string_equal(stage->plans.at[0], "a");
    assert_int_equal(stage->place.line, 1);
    config_free(&config);
    config_report_free(&report);
}

/* Ten thousand domains with two keys each must be readable, and quickly. */
static void test_many_domains(void **state)
{
    (void)state;
    enum { DOMAINS = 10000 };
    struct buffer text = BUFFER_EMPTY;
    buffer_add_text(&text, "socket = \"unix:/s\";\ndomains = (\n");
    for (int i = 0; i < DOMAINS; i++) {
        buffer_printf(&text,
                      "%s  { name = \"d%d.example\";\n    keys = (\n"
                      "      { selector = \"r\"; file = \"/keys/d%d.example/r.pem\"; },\n"
                      "      { selector = \"e\"; file = \"/keys/d%d.example/e.pem\"; } ); }",
                      i > 0 ? ",\n" : "", i, i, i);
    }
    buffer_add_text(&text, "\n);\n");
    struct config *config = load(buffer_text(&text));
    const struct schema_top *top = config_settings(config, &schema_top);
    const struct schema_domain *domains = top->domains.at;
    assert_int_equal(top->domains.count, DOMAINS);
    assert_string_equal(domains[DOMAINS - 1].name, "d9999.example");
    assert_int_equal(domains[DOMAINS - 1].place.line, 3 + 4 * (DOMAINS - 1));
    config_free(&config);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),          cmocka_unit_test(test_all_set),
        cmocka_unit_test(test_alternative),       cmocka_unit_test(test_where),
        cmocka_unit_test(test_wrong_default),     cmocka_unit_test(test_list_alternatives),
        cmocka_unit_test(test_group_alternative), cmocka_unit_test(test_many_domains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
