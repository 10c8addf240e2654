/*
 * Keys by command: what is written, what is printed, and that both are the same key.
 */
#include "test_ctl_support.h"

#include "ctl/record_text.h"
#include "dkim/key.h"
#include "util/file.h"

static char *between(const char *text, const char *before, const char *after)
{
    const char *at = strstr(text, before), *end;

    assert_non_null(at);
    at += strlen(before);
    end = strstr(at, after);
    assert_non_null(end);
    return strndup(at, (size_t)(end - at));
}

/* The TXT value of a key file. */
static void record_of(const char *path, struct buffer *value)
{
    struct error error = { "" };
    struct dkim_key *key = dkim_key_read(path, &error);

    assert_non_null(key);
    assert_true(dkim_key_print_record(key, value));
    dkim_key_unref(&key);
}

static void test_new_and_show(void **state)
{
    struct stage *stage = *state;
    struct buffer value = BUFFER_EMPTY;
    struct stat status;
    char *path = strdup(stage_path(stage, "keys/example.org/s2026a.pem"));
    char *first;

    stage_config(stage, "socket = \"unix:/tmp/m\";");
    assert_int_equal(stage_run(stage, "key", "new", "Example.ORG.", NULL), CTL_GOOD);
    first = between(stage_out(stage), "", "\n");
    assert_string_equal(first, path);
    assert_has(stage_out(stage), "s2026a._domainkey.example.org. 3600 IN TXT (");
    assert_has(stage_out(stage), "domains = ( { name = \"example.org\"; keys = ( { selector = "
                                 "\"s2026a\"; file = \"");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0137, 0); /* nobody else, and no group but to read */
    record_of(path, &value);
    assert_int_equal(stage_run(stage, "key", "show", "example.org", "--format", "raw", NULL),
                     CTL_GOOD);
    buffer_add_char(&value, '\n');
    assert_string_equal(stage_out(stage), buffer_text(&value));
    buffer_free(&value);
    free(first);
    free(path);
}

/* One directory after another: selectors, algorithms, and the row that is still to be added. */
static void test_new_selectors(void **state)
{
    struct stage *stage = *state;

    stage_config(stage, "socket = \"unix:/tmp/m\";");
    assert_int_equal(stage_run(stage, "key", "new", "example.org", NULL), CTL_GOOD);
    assert_int_equal(stage_run(stage, "key", "new", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "/s2026b.pem\n");
    assert_int_equal(stage_run(stage, "key", "new", "example.org", "--algorithm", "ed25519", NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "/e2026a.pem\n");
    assert_has(stage_out(stage), "k=ed25519");
    assert_int_equal(stage_run(stage, "key", "new", "example.org", "--selector", "mail.2026",
                               "--bits", "1024", NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "1024 bits");
    assert_int_equal(stage_run(stage, "key", "new", "example.org", "--selector", "mail.2026", NULL),
                     CTL_CANNOT_WRITE);
    assert_has(stage_err(stage), "never replaced");
    assert_int_equal(stage_run(stage, "key", "show", "example.org", "mail.2026", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "mail.2026._domainkey.example.org.");
    assert_has_not(stage_out(stage), "s2026a");
    assert_int_equal(stage_run(stage, "key", "show", "example.org", "none", NULL), CTL_INPUT);
    assert_int_equal(stage_run(stage, "key", "show", "example.net", NULL), CTL_INPUT);
    assert_has(stage_err(stage), "egressctl key new example.net");
}

struct refusal_case {
    const char *option, *value, *err;
};

static const struct refusal_case refusals[] = {
    { "--selector", "../../x", "letters, digits" },
    { "--selector", "a_b", "letters, digits" },
    { "--selector", "a b", "letters, digits" },
    { "--selector", "", "letters, digits" },
    { "--selector", ".", "letters, digits" },
    { "--bits", "512", "1024 to 8192" },
    { "--bits", "9000", "1024 to 8192" },
    { "--bits", "2048x", "1024 to 8192" },
    { "--bits", "", "1024 to 8192" },
    { "--algorithm", "dsa", "rsa or ed25519" },
};

static void test_new_refuses(void **state)
{
    struct stage *stage = *state;

    stage_config(stage, "socket = \"unix:/tmp/m\";");
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        print_message("%s %s\n", refusals[i].option, refusals[i].value);
        assert_int_equal(stage_run(stage, "key", "new", "example.org", refusals[i].option,
                                   refusals[i].value, NULL),
                         CTL_USAGE);
        assert_has(stage_err(stage), refusals[i].err);
    }
    assert_int_equal(stage_run(stage, "key", "new", "../etc", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "key", "new", "a/b", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "key", "new", "", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "key", "new", "example.org", "--directory",
                               stage_path(stage, "no/such/place"), NULL),
                     CTL_CANNOT_WRITE);
    assert_int_not_equal(access(stage_path(stage, "keys"), F_OK), 0);
}

/* The configuration knows the domain already, or finds the key by itself. */
static void test_new_rows(void **state)
{
    struct stage *stage = *state;
    char config[512];

    stage_config(stage, "socket = \"unix:/tmp/m\";");
    assert_int_equal(stage_run(stage, "key", "new", "example.org", NULL), CTL_GOOD);
    snprintf(config, sizeof(config),
             "socket = \"unix:/tmp/m\"; domains = ( { name = \"example.org\"; keys = ( { selector "
             "= \"s2026a\"; file = \"%s/keys/{d}/{selector}.pem\"; } ); } );",
             stage->directory);
    stage_config(stage, config);
    assert_int_equal(stage_run(stage, "key", "new", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "2. add to the keys of \"example.org\"");
    assert_has(stage_out(stage), "\n    { selector = \"s2026b\"; file = \"");
    assert_int_equal(stage_run(stage, "key", "new", "example.net", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "2. add to the list domains");
    assert_has(stage_out(stage), "\n    { name = \"example.net\"; keys = ( ");
    snprintf(config, sizeof(config), "socket = \"unix:/tmp/m\"; domains = \"dir:%s/keys\";",
             stage->directory);
    stage_config(stage, config);
    assert_int_equal(stage_run(stage, "key", "new", "example.com", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "finds it already");
}

static void test_international(void **state)
{
    struct stage *stage = *state;

    stage_config(stage, "socket = \"unix:/tmp/m\";");
    if (stage_run(stage, "key", "new",
                  "b\xc3\xbc"
                  "cher.example",
                  NULL) == CTL_USAGE)
        skip(); /* built without libidn2 */
    assert_has(stage_out(stage), "/keys/xn--bcher-kva.example/s2026a.pem\n");
    assert_int_equal(stage_run(stage, "key", "show", "xn--bcher-kva.example", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "s2026a._domainkey.xn--bcher-kva.example.");
    assert_has(stage_out(stage), "(b\xc3\xbc"
                                 "cher.example)");
    assert_int_equal(stage_run(stage, "key", "show",
                               "B\xc3\x9c"
                               "CHER.example",
                               NULL),
                     CTL_GOOD);
}

static void test_list(void **state)
{
    struct stage *stage = *state;
    char config[1024];

    stage_config(stage, "socket = \"unix:/tmp/m\";");
    assert_int_equal(stage_run(stage, "key", "list", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "no domain has a key");
    assert_int_equal(stage_run(stage, "key", "new", "example.org", NULL), CTL_GOOD);
    snprintf(config, sizeof(config),
             "socket = \"unix:/tmp/m\"; domains = ( { name = \"example.org\"; keys = ( { selector "
             "= \"s2026a\"; file = \"%s/keys/{d}/{selector}.pem\"; }, { selector = \"gone\"; file "
             "= \"%s/keys/gone.pem\"; } ); } );",
             stage->directory, stage->directory);
    stage_config(stage, config);
    assert_int_equal(stage_run(stage, "key", "list", NULL), CTL_WARNING);
    assert_has(stage_out(stage), "example.org  s2026a");
    assert_has(stage_out(stage), "2048  unknown");
    assert_has(stage_out(stage), "keys/gone.pem");
    assert_int_equal(stage_run(stage, "--json", "key", "list", NULL), CTL_WARNING);
    assert_has(stage_out(stage), "\"schema\":1");
    assert_has(stage_out(stage), "\"state\":\"unknown\",\"signs\":true,\"next\":\"signs, ");
    assert_has(stage_out(stage), "\"algorithm\":\"rsa-sha256\",\"bits\":2048");
    assert_has(stage_out(stage), "\"state\":\"fault\",\"signs\":false");
}

/* A key that signs and is to be replaced says so wherever keys are shown. */
static void test_weak_key(void **state)
{
    static const char says[] = "s2026a.pem: the RSA key is shorter than 2048 bits";
    struct stage *stage = *state;
    char config[512];

    stage_config(stage, "socket = \"unix:/tmp/m\";");
    assert_int_equal(stage_run(stage, "key", "new", "example.org", "--bits", "1024", NULL),
                     CTL_GOOD);
    assert_int_equal(stage_run(stage, "key", "show", "example.org", NULL), CTL_GOOD);
    assert_has(buffer_text(&stage->ctl.err), says);
    snprintf(config, sizeof(config),
             "socket = \"unix:/tmp/m\"; domains = ( { name = \"example.org\"; keys = ( { selector "
             "= \"s2026a\"; file = \"%s/keys/{d}/{selector}.pem\"; } ); } );",
             stage->directory);
    stage_config(stage, config);
    assert_int_equal(stage_run(stage, "key", "list", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "1024  unknown");
    assert_has(stage_out(stage), says);
    assert_int_equal(stage_run(stage, "--json", "key", "list", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "\"warning\":\"");
}

/* Every form says the same value: in strings of at most 255 octets, put together again. */
static void check_strings(const char *text, const char *value)
{
    struct buffer joined = BUFFER_EMPTY;

    for (const char *at = strchr(text, '"'); at != NULL; at = strchr(at, '"')) {
        const char *end = strchr(at + 1, '"');

        assert_non_null(end);
        assert_in_range((size_t)(end - at - 1), 1, RECORD_STRING_MAX);
        buffer_add(&joined, at + 1, (size_t)(end - at - 1));
        at = end + 1;
    }
    assert_string_equal(buffer_text(&joined), value);
    buffer_free(&joined);
}

struct size_case {
    enum dkim_algorithm algorithm;
    unsigned bits;
};

static void test_record_strings(void **state)
{
    static const struct size_case cases[] = { { DKIM_ED25519_SHA256, 0 },
                                              { DKIM_RSA_SHA256, 1024 },
                                              { DKIM_RSA_SHA256, 2048 },
                                              { DKIM_RSA_SHA256, 3072 } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = { "" };
        struct dkim_key *key = dkim_key_generate(cases[i].algorithm, cases[i].bits, &error);
        struct record_text record;
        struct buffer text = BUFFER_EMPTY;

        assert_non_null(key);
        assert_true(record_text_make(&record, key, SPAN("s"), SPAN("example.org")));
        record_text_print_zone(&record, &text);
        check_strings(buffer_text(&text), buffer_text(&record.value));
        buffer_clear(&text);
        record_text_print_line(&record, &text);
        check_strings(buffer_text(&text), buffer_text(&record.value));
        assert_ptr_equal(strchr(buffer_text(&text), '\n'), text.at + text.size - 1);
        buffer_free(&text);
        record_text_free(&record);
        dkim_key_unref(&key);
    }
}

/* Values around the length where a string is full. */
static void test_record_split(void **state)
{
    static const size_t sizes[] = { 1, 254, 255, 256, 510, 511 };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct record_text record = { BUFFER_EMPTY, BUFFER_EMPTY };
        struct buffer text = BUFFER_EMPTY;
        size_t quotes = 0;

        buffer_add_text(&record.name, "s._domainkey.example.org");
        for (size_t k = 0; k < sizes[i]; k++)
            buffer_add_char(&record.value, (char)('a' + k % 26));
        record_text_print_zone(&record, &text);
        check_strings(buffer_text(&text), buffer_text(&record.value));
        for (size_t k = 0; k < text.size; k++)
            quotes += text.at[k] == '"';
        assert_int_equal(quotes, 2 * ((sizes[i] + 254) / 255));
        buffer_free(&text);
        record_text_free(&record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_and_show, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_new_selectors, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_new_refuses, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_new_rows, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_international, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_list, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_weak_key, stage_setup, stage_teardown),
        cmocka_unit_test(test_record_strings),
        cmocka_unit_test(test_record_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
