/*
 * Logins in their one form, the keys that owners are asked for, what is known without asking, and
 * tables that change or go bad under a running snapshot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/settings.h"
#include "site/site.h"
#include "util/buffer.h"
#include "util/file.h"

static char directory[64];

static void write_file(const char *name, const char *text)
{
    struct error error;
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    assert_true(file_write_atomic(path, text, strlen(text), 0600, true, &error));
}

/* "%" in the settings is the directory. The faults go to `faults` (may be NULL). */
static struct site *load(const char *settings, struct buffer *faults)
{
    struct config_report *report = config_report_new();
    struct buffer text = BUFFER_EMPTY;
    buffer_add_text(&text, "socket = \"unix:/x\";\n");
    for (const char *c = settings; *c != '\0'; c++) {
        if (*c == '%') {
            buffer_add_text(&text, directory);
        } else {
            buffer_add_char(&text, *c);
        }
    }
    struct site *site = site_load_text("t.conf", buffer_span(&text), all_config_tables(), report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        if (faults != NULL) {
            buffer_printf(faults, "%s\n", config_report_fault(report, i)->text);
        } else {
            print_error("%s\n", config_report_fault(report, i)->text);
        }
    }
    config_report_free(&report);
    buffer_free(&text);
    return site;
}

static void logins(void **state)
{
    static const struct {
        const char *raw, *canonical;
    } cases[] = {
        { "alice", "alice@example.org" },
        { "Alice", "alice@example.org" },
        { " ALICE@EXAMPLE.ORG ", "alice@example.org" },
        { "alice+news", "alice@example.org" },
        { "alice_news@example.org", "alice@example.org" },
        { "+alice", "+alice@example.org" },
        { "alice*admin", "alice@example.org" },
        { "alice@alias.example", "alice@example.org" },
        { "al", "alice@example.org" },
        { "al+x@Alias.Example", "alice@example.org" },
        { "a@b@example.net", "a@b@example.net" },
        { "DOMAIN\\user", "domain\\user@example.org" },
        { "x@not a domain", "x@not a domain" },
        { "@", "@" },
        { "*admin", "*admin@example.org" },
    };
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    write_file("aliases", "al@example.org  Alice@example.org\n");
    write_file("domains", "alias.example  Example.ORG\n");
    struct site *site = load("logins = { realm = \"example.org\"; delimiter = \"+_\"; strip_suffix "
                             "= \"*admin\"; aliases = \"file:%/aliases\"; };"
                             "senders = { alias_domains = \"file:%/domains\"; };",
                             NULL);
    assert_non_null(site);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span canonical = login_canonical(site, span_of(cases[i].raw), arena);
        if (!span_is_equal(canonical, span_of(cases[i].canonical))) {
            fail_msg("%s became %.*s", cases[i].raw, SPAN_ARG(canonical));
        }
    }
    site_unref(&site);
    arena_free(&arena);
}

static void keys(void **state)
{
    static const struct {
        const char *path, *keys;
    } cases[] = {
        { "<bob@example.net>", "bob@example.net @example.net" },
        { "<Bob+X@Example.NET>", "bob+x@example.net bob@example.net @example.net" },
        { "<bob+x@example.org>", "bob+x@example.org bob@example.org bob+x bob @example.org" },
        { "<bob+x@alias.example>", "bob+x@alias.example bob@alias.example @alias.example "
                                   "bob+x@example.org bob@example.org bob+x bob @example.org" },
        { "<bob>", "bob" },
        { "<\"b b\"@example.net>", "b b@example.net @example.net" },
        { "<a@[192.0.2.1]>", "a@[192.0.2.1] @[192.0.2.1]" },
    };
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    write_file("domains", "alias.example  example.org\n");
    struct site *site = load("outgoing = { internal = \"example.org\"; };"
                             "senders = { alias_domains = \"file:%/domains\"; };",
                             NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span found[SENDER_KEYS_MAX];
        struct address address;
        struct buffer text = BUFFER_EMPTY;
        assert_true(address_parse_path(span_of(cases[i].path), arena, &address));
        size_t count = senders_keys(site, &address, arena, found);
        for (size_t k = 0; k < count; k++) {
            buffer_printf(&text, "%s%.*s", k > 0 ? " " : "", SPAN_ARG(found[k]));
        }
        assert_string_equal(buffer_text(&text), cases[i].keys);
        buffer_free(&text);
    }
    site_unref(&site);
    arena_free(&arena);
}

static void what_is_owned(void **state)
{
    static const struct {
        const char *settings, *principal;
        enum owns owns;
    } cases[] = {
        { "", "alice@example.org", OWNS_SOMETHING }, /* no domain is named: any may be ours */
        { "", "alice", OWNS_NOTHING },
        { "outgoing = { internal = \"example.org\"; };", "alice@example.org", OWNS_SOMETHING },
        { "outgoing = { internal = \"example.org\"; };", "alice@corp.local", OWNS_NOTHING },
        { "outgoing = { internal = \"example.org\"; }; senders = { owners = \"file:%/owners\"; };",
          "carol@corp.local", OWNS_SOMETHING },
        { "outgoing = { internal = \"example.org\"; }; senders = { owners = \"file:%/owners\"; };",
          "dave@corp.local", OWNS_NOTHING },
        { "senders = { unlisted = \"reject\"; owners = \"file:%/owners\"; };", "alice@example.org",
          OWNS_NOTHING },
        { "groups = \"file:%/groups\"; outgoing = { internal = \"example.org\"; };"
          "senders = { owners = \"file:%/grouped\"; };",
          "erin@corp.local", OWNS_SOMETHING },
        { "outgoing = { internal = \"example.org\"; };"
          "senders = { owners = \"socketmap:unix:/x:o\"; };",
          "dave@corp.local", OWNS_CANNOT_TELL },
    };
    (void)state;
    write_file("owners", "sales@example.org  carol@corp.local\nnews@example.org *\n");
    write_file("groups", "outer  group:inner\ninner  Erin@corp.local\n");
    write_file("grouped", "sales@example.org  group:outer\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct site *site = load(cases[i].settings, NULL);
        assert_non_null(site);
        enum owns owns = senders_owns(site, span_of(cases[i].principal));
        if (owns != cases[i].owns) {
            fail_msg("case %zu: %d", i, owns);
        }
        site_unref(&site);
    }
}

static void missing_groups(void **state)
{
    struct buffer faults = BUFFER_EMPTY;
    (void)state;
    write_file("owners", "sales@example.org  group:sales, group:nobody\n");
    write_file("groups", "sales  a\n");
    struct site *site =
        load("groups = \"file:%/groups\";\nsenders = { owners = \"file:%/owners\"; };", &faults);
    assert_non_null(site);
    assert_string_equal(buffer_text(&faults),
                        "t.conf:3: senders.owners: the row sales@example.org names group:nobody, "
                        "which is not in groups\n");
    site_unref(&site);
    buffer_free(&faults);
}

static enum ownership ask(const struct site *site, const char *principal, const char *path)
{
    struct arena *arena = arena_new(1 << 20);
    struct address address;
    assert_true(address_parse_path(span_of(path), arena, &address));
    enum ownership ownership = senders_ask(site, span_of(principal), &address, arena).ownership;
    arena_free(&arena);
    return ownership;
}

/* A file that changes is noticed; one that goes bad refuses the next snapshot, and one made of what
 * was kept has a table that does not answer. */
static void files_change(void **state)
{
    struct buffer faults = BUFFER_EMPTY, text = BUFFER_EMPTY;
    struct config_report *report = config_report_new();
    char path[128];
    (void)state;
    write_file("owners", "sales@example.org  carol@example.org\n");
    buffer_printf(&text, "socket = \"unix:/x\";\nsenders = { owners = \"file:%s/owners\"; };\n",
                  directory);
    write_file("conf", buffer_text(&text));
    snprintf(path, sizeof(path), "%s/conf", directory);
    struct site *site = site_load(path, all_config_tables(), report);
    assert_non_null(site);
    assert_false(site_is_stale(site));
    write_file("owners", "sales@example.org\n");
    assert_true(site_is_stale(site));
    assert_int_equal(ask(site, "carol@example.org", "<sales@example.org>"), OWNERSHIP_OWNED);
    assert_null(load("senders = { owners = \"file:%/owners\"; };", &faults));
    assert_non_null(strstr(buffer_text(&faults), "/owners:1: \"sales@example.org\" has no value"));

    struct site *kept = site_load_kept(config_kept(site->config), all_config_tables(), report);
    assert_non_null(kept);
    assert_int_equal(config_report_count(report, CONFIG_ERROR), 0);
    assert_int_equal(config_report_count(report, CONFIG_WARNING), 1);
    assert_int_equal(ask(kept, "carol@example.org", "<sales@example.org>"), OWNERSHIP_UNKNOWN);
    assert_int_equal(ask(kept, "carol@example.org", "<carol@example.org>"), OWNERSHIP_UNKNOWN);
    assert_true(site_is_stale(kept)); /* it may have been mended meanwhile */
    site_unref(&kept);
    site_unref(&site);
    config_report_free(&report);
    buffer_free(&faults);
    buffer_free(&text);
}

static void lists(void **state)
{
    static const char *const entries[] = { "@example.org", "cron@example.net",
                                           "@b\303\274cher.example" };
    static const struct config_texts list = { entries, 3 };
    static const struct {
        const char *path;
        bool is_in;
    } cases[] = {
        { "<a@example.org>", true },           { "<A@EXAMPLE.ORG>", true },
        { "<a@sub.example.org>", false },      { "<cron@example.net>", true },
        { "<Cron+x@example.net>", true },      { "<cron@example.com>", false },
        { "<bob@example.net>", false },        { "<x@example.com>", false },
#ifdef HAVE_IDN
        { "<a@xn--bcher-kva.example>", true },
#endif
        { "<a@example.org(x)>", false },       { "<a>", false },
    };
    struct arena *arena = arena_new(1 << 20);
    struct site *site = load("", NULL);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address address;
        assert_true(address_parse_path(span_of(cases[i].path), arena, &address));
        if (senders_list_has(site, &list, &address) != cases[i].is_in) {
            fail_msg("%s", cases[i].path);
        }
    }
    site_unref(&site);
    arena_free(&arena);
}

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/egress-senders.XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {
        "aliases", "domains", "owners", "groups", "grouped", "conf"
    };
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logins),        cmocka_unit_test(keys),
        cmocka_unit_test(what_is_owned), cmocka_unit_test(missing_groups),
        cmocka_unit_test(files_change),  cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
