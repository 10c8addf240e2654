/*
 * settings: what `lists` takes, every fault of it, and what becomes of keys.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "lists/known.h"
#include "lists/zone.h"
#include "util/buffer.h"
#include "util/file.h"

static const struct config_table *const tables[] = { &lists_table, &listings_table, NULL };
static char folder[] = "/tmp/egress-lists-XXXXXX";

static struct config *load(const char *text, struct buffer *faults)
{
    struct config_report *report = config_report_new();
    struct config *config = config_load_text("lists.conf", span_of(text), tables, report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        buffer_add_text(faults, config_report_fault(report, i)->text);
        buffer_add_char(faults, '\n');
    }
    config_report_free(&report);
    return config;
}

static const struct {
    const char *text, *fault; /* "" : none */
} cases[] = {
    { "lists = ( { zone = \"zen.spamhaus.org\"; use = \"client\"; } );", "" },
    { "lists = ( { zone = \"DBL.Spamhaus.org\"; use = [ \"links\", \"own\" ]; } );", "" },
    { "lists = ( { zone = \"dnsbl.sorbs.net\"; use = \"client\"; } );", "closed on 2024-06-05" },
    { "lists = ( { zone = \"sorbs.net\"; use = \"own\"; } );", "closed on 2024-06-05" },
    { "lists = ( { zone = \"list.dnswl.org\"; use = \"client\"; } );", "no fault" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; } );", "kind: missing" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; kind = \"address\"; } );",
      "codes: missing" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; kind = \"address\";"
      " codes = ( { code = \"127.0.0.2\"; } ); } );",
      "" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; kind = \"address\";"
      " codes = ( { code = \"127.0.0.9-127.0.0.2\"; } ); } );",
      "no code" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; kind = \"address\";"
      " codes = ( { code = \"10.0.0.2\"; } ); } );",
      "no code" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; kind = \"address\";"
      " codes = ( { code = \"127.0.0.1\"; } ); } );",
      "they do not answer" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; kind = \"address\";"
      " codes = ( { code = \"127.0.0.2-127.255.255.255\"; } ); } );",
      "they do not answer" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; kind = \"address\";"
      " codes = ( { bit = 12; } ); } );",
      "bit is one bit" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; kind = \"address\";"
      " codes = ( { bit = 1; } ); } );",
      "they do not answer" },
    { "lists = ( { zone = \"bl.example\"; use = \"client\"; kind = \"address\";"
      " codes = ( { bit = 8; code = \"127.0.0.2\"; } ); } );",
      "either code or bit" },
    { "lists = ( { zone = \"dbl.spamhaus.org\"; use = \"client\"; } );", "lists domains" },
    { "lists = ( { zone = \"zen.spamhaus.org\"; use = \"sender-domain\"; } );", "lists addresses" },
    { "lists = ( { zone = \"zen.spamhaus.org\"; use = \"client\"; kind = \"domain\"; } );",
      "lists addresses" },
    { "lists = ( { zone = \"zen.spamhaus.org\"; use = \"everything\"; } );", "no use" },
    { "lists = ( { zone = \"zen.spamhaus.org\"; } );", "use" },
    { "lists = ( { zone = \"zen.spamhaus.org\"; use = \"own\"; rule = \"link-listed\"; } );",
      "has no effect" },
    { "lists = ( { zone = \"authbl.dq.spamhaus.net\"; use = \"client\"; } );", "without a key" },
    { "lists = ( { zone = \"zen.spamhaus.org\"; use = \"client\"; key_file = \"/k\"; } );",
      "with one ask zen.dq.spamhaus.net" },
    { "lists = ( { zone = \"zen.spamhaus.org\"; use = \"client\"; },"
      " { zone = \"zen.spamhaus.org\"; use = \"own\"; } );",
      "zen.spamhaus.org" },
    { "lists = ( { zone = \"zen.spamhaus.org\"; use = \"own\"; removal = \"here\"; } );",
      "no address of a page" },
    { "listings = { never = [ \"example.com\" ]; };", "has no effect" },
    { "lists = ( { zone = \"dbl.spamhaus.org\"; use = \"links\"; } );"
      "listings = { never = [ \"example.com\" ]; lookups = 10; own_every = \"2h\"; };",
      "" },
    { "listings = { lookups = 0; };", "lookups" },
};

static void faults_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer faults = BUFFER_EMPTY;
        struct config *config = load(cases[i].text, &faults);
        bool is_right = cases[i].fault[0] == '\0'
                            ? faults.size == 0
                            : strstr(buffer_text(&faults), cases[i].fault) != NULL;
        if (!is_right) {
            fail_msg("%s\n expected: %s\n got: %s", cases[i].text, cases[i].fault,
                     buffer_text(&faults));
        }
        config_free(&config);
        buffer_free(&faults);
    }
}

static const char *write_key(const char *name, const char *text, mode_t mode)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
    return path;
}

/* NULL with the faults. */
static struct list_zones *build(const char *text, struct config **config_r, struct buffer *faults)
{
    struct config_report *report = config_report_new();
    *config_r = config_load_text("lists.conf", span_of(text), tables, report);
    struct list_zones *zones = *config_r != NULL ? list_zones_build(*config_r, report) : NULL;
    for (size_t i = 0; i < config_report_size(report); i++) {
        buffer_add_text(faults, config_report_fault(report, i)->text);
    }
    config_report_free(&report);
    return zones;
}

static void a_key_is_in_questions_only(void **state)
{
    struct config *config;
    struct buffer faults = BUFFER_EMPTY, printed = BUFFER_EMPTY;
    char text[300];
    (void)state;
    snprintf(
        text, sizeof(text),
        "lists = ( { zone = \"zen.dq.spamhaus.net\"; use = \"client\"; key_file = \"%s\"; } );",
        write_key("good", "  s3cr3tk3y\n", 0600));
    struct list_zones *zones = build(text, &config, &faults);
    assert_non_null(zones);
    assert_string_equal(zones->at[0].name, "zen.dq.spamhaus.net");
    assert_string_equal(zones->at[0].suffix, "s3cr3tk3y.zen.dq.spamhaus.net");
    config_print(config, &printed);
    assert_null(strstr(buffer_text(&printed), "s3cr3tk3y"));
    list_zones_free(&zones);
    config_free(&config);
    buffer_free(&printed);
    buffer_free(&faults);
}

static void a_bad_key_is_told_without_it(void **state)
{
    static const struct {
        const char *text, *fault;
        mode_t mode;
    } keys[] = { { "s3cr3tk3y", "", 0644 },
                 { "two s3cr3tk3y", "holds no key", 0600 },
                 { "", "holds no key", 0600 },
                 { "s3cr3tk3y.with.dots", "holds no key", 0600 } };
    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct config *config;
        struct buffer faults = BUFFER_EMPTY;
        char text[300];
        snprintf(text, sizeof(text),
                 "lists = ( { zone = \"zen.dq.spamhaus.net\"; use = \"client\";"
                 " key_file = \"%s\"; } );",
                 write_key("bad", keys[i].text, keys[i].mode));
        struct list_zones *zones = build(text, &config, &faults);
        assert_null(zones);
        assert_non_null(strstr(buffer_text(&faults), "lists[0].key_file"));
        assert_non_null(strstr(buffer_text(&faults), keys[i].fault));
        assert_null(strstr(buffer_text(&faults), "s3cr3tk3y"));
        config_free(&config);
        buffer_free(&faults);
    }
}

/* What a row calls it does not make a policy a crime. */
static void policy_stays_policy(void **state)
{
    struct config *config;
    struct buffer faults = BUFFER_EMPTY;
    (void)state;
    struct list_zones *zones =
        build("lists = ( { zone = \"zen.spamhaus.org\"; use = \"client\"; codes = ("
              " { code = \"127.0.0.2\"; }, { code = \"127.0.0.10-127.0.0.11\"; certain = true; }"
              " ); } );",
              &config, &faults);
    assert_non_null(zones);
    assert_int_equal(zones->at[0].code_count, 2);
    assert_false(zones->at[0].codes[0].is_policy);
    assert_true(zones->at[0].codes[1].is_policy);
    list_zones_free(&zones);
    config_free(&config);
    buffer_free(&faults);
}

/* A list of the site's own may have such codes, too. */
static void policy_is_set(void **state)
{
    struct config *config;
    struct buffer faults = BUFFER_EMPTY;
    (void)state;
    struct list_zones *zones =
        build("lists = ( { zone = \"bl.example\"; kind = \"address\"; use = \"client\"; codes = ("
              " { code = \"127.0.0.2\"; policy = true; }, { code = \"127.0.0.3\"; } ); } );",
              &config, &faults);
    assert_non_null(zones);
    assert_true(zones->at[0].codes[0].is_policy);
    assert_false(zones->at[0].codes[1].is_policy);
    list_zones_free(&zones);
    config_free(&config);
    buffer_free(&faults);
}

static void never_means_all_below(void **state)
{
    struct config *config;
    struct buffer faults = BUFFER_EMPTY;
    (void)state;
    struct list_zones *zones =
        build("lists = ( { zone = \"dbl.spamhaus.org\"; use = \"links\"; } );"
              "listings = { never = [ \"Example.com\" ]; };",
              &config, &faults);
    assert_non_null(zones);
    assert_true(list_zones_never(zones, SPAN("example.com")));
    assert_true(list_zones_never(zones, SPAN("www.example.com")));
    assert_false(list_zones_never(zones, SPAN("anexample.com")));
    assert_false(list_zones_never(zones, SPAN("com")));
    assert_false(list_zones_never(zones, SPAN("")));
    list_zones_free(&zones);
    config_free(&config);
    buffer_free(&faults);
}

/* The table of known lists is right in itself. */
static void known_lists_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < list_known_count(); i++) {
        const struct list_known *known = list_known_at(i);
        assert_ptr_equal(list_known_find(span_of(known->zone)), known);
        assert_null(list_known_refusal(span_of(known->zone)));
        assert_true(known->code_count > 0 && known->uses != 0);
        assert_non_null(known->removal);
        for (size_t k = 0; k < known->code_count; k++) {
            const struct list_code *code = &known->codes[k];
            assert_true(code->bit != 0 || (code->first >> 24 == 127 && code->first > 0x7f000001 &&
                                           code->last < 0x7fffff00 && code->first <= code->last));
            assert_non_null(code->means);
        }
        if (known->with_key != NULL) {
            const struct list_known *keyed = list_known_find(span_of(known->with_key));
            assert_true(keyed != NULL && keyed->has_key);
        }
    }
}

/* "#" and a brace begin a row, which goes on in the lines behind it that begin with "#  ". */
static void add_uncommented(struct span line, const char *key, bool *is_row_io, struct buffer *out)
{
    static const char file[] = "key_file = \"";
    struct span text = span_trim(line);
    bool is_remark = text.size > 0 && text.at[0] == '#';
    bool begins = is_remark && text.size > 1 && text.at[1] == '{';
    bool goes_on = *is_row_io && text.size > 3 && memcmp(text.at, "#  ", 3) == 0;
    *is_row_io = begins || goes_on;
    if (is_remark && !*is_row_io) {
        return;
    }
    text = is_remark ? span_from(text, 1) : text;
    char *copy = span_strdup(text), *path = strstr(copy, file);
    if (path != NULL) {
        buffer_add(out, copy, (size_t)(path - copy) + sizeof(file) - 1);
        buffer_add_text(out, key);
        buffer_add_text(out, strchr(path + sizeof(file) - 1, '"'));
    } else {
        buffer_add_text(out, copy);
    }
    buffer_add_char(out, '\n');
    free(copy);
}

/* The sample that is installed: as it stands nothing is asked, and each row of it loads. */
static void the_sample_loads(void **state)
{
    const char *top = getenv("TOP_SRCDIR");
    struct buffer sample = BUFFER_EMPTY, rows = BUFFER_EMPTY, faults = BUFFER_EMPTY;
    struct config *config;
    struct error error;
    char path[512];
    bool is_row = false;
    (void)state;
    snprintf(path, sizeof(path), "%s/conf/conf.d/lists.conf", top != NULL ? top : "..");
    if (!file_read(path, 1 << 16, &sample, &error)) {
        fail_msg("%s", error.text);
    }
    struct list_zones *zones = build(buffer_text(&sample), &config, &faults);
    assert_string_equal(buffer_text(&faults), "");
    assert_int_equal(zones->count, 0);
    list_zones_free(&zones);
    config_free(&config);
    struct span rest = buffer_span(&sample), line;
    const char *key = write_key("good", "s3cr3tk3y\n", 0600);
    while (span_cut(&rest, '\n', &line)) {
        add_uncommented(line, key, &is_row, &rows);
    }
    zones = build(buffer_text(&rows), &config, &faults);
    assert_string_equal(buffer_text(&faults), "");
    assert_non_null(zones);
    assert_int_equal(zones->count, list_known_count() + 1);
    list_zones_free(&zones);
    config_free(&config);
    buffer_free(&sample);
    buffer_free(&rows);
    buffer_free(&faults);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "%s/good", folder);
    unlink(command);
    snprintf(command, sizeof(command), "%s/bad", folder);
    unlink(command);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_told),
        cmocka_unit_test(a_key_is_in_questions_only),
        cmocka_unit_test(a_bad_key_is_told_without_it),
        cmocka_unit_test(policy_stays_policy),
        cmocka_unit_test(policy_is_set),
        cmocka_unit_test(never_means_all_below),
        cmocka_unit_test(known_lists_are_whole),
        cmocka_unit_test(the_sample_loads),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
