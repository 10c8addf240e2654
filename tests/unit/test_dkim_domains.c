/* domains: which entry and which key a From domain gets, and what the configuration may not say. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dkim/domains.h"
#include "test_dkim_support.h"

static const struct config_table *const tables[] = { &dkim_domains_table, &dkim_signing_table,
                                                     NULL };

/* A folder with keys: rsa.pem (1024), rsa2.pem (2048), ed25519.pem, broken.pem. */
static char folder[] = "/tmp/test_dkim_domains.XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    struct error error;
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    struct dkim_key *strong = dkim_key_generate(DKIM_RSA_SHA256, 2048, &error);
    assert_non_null(strong);
    write_key(in_folder("rsa.pem"), test_key(DKIM_RSA_SHA256));
    write_key(in_folder("rsa2.pem"), strong);
    write_key(in_folder("ed25519.pem"), test_key(DKIM_ED25519_SHA256));
    write_file(in_folder("broken.pem"), "nothing\n", 8, 0600);
    dkim_key_unref(&strong);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static int drop_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A configuration and the table made of it. */
struct built {
    struct config_report *report;
    struct config *config;
    struct dkim_domains *domains;
};

/* $K in the text stands for the folder. */
static struct built build(const char *text)
{
    struct built built = { .report = config_report_new() };
    struct buffer whole = BUFFER_EMPTY;
    for (const char *at = text; *at != '\0'; at++) {
        if (at[0] == '$' && at[1] == 'K') {
            buffer_add_text(&whole, folder);
            at++;
        } else {
            buffer_add_char(&whole, *at);
        }
    }
    built.config = config_load_text("t", buffer_span(&whole), tables, built.report);
    if (built.config == NULL) {
        fail_msg("%s", config_report_fault(built.report, 0)->text);
    }
    built.domains = dkim_domains_build(built.config, built.report);
    assert_int_equal(built.domains == NULL, config_report_count(built.report, CONFIG_ERROR) > 0);
    buffer_free(&whole);
    return built;
}

static void drop(struct built *built)
{
    dkim_domains_free(&built->domains);
    config_free(&built->config);
    config_report_free(&built->report);
}

#define KEYS "keys = ( { selector = \"s\"; file = \"$K/rsa2.pem\"; } ); "
#define OTHER_KEYS "keys = ( { selector = \"s\"; file = \"$K/ed25519.pem\"; } ); "

static const struct {
    const char *from, *name; /* NULL: no entry */
    bool is_ours;
} finds[] = {
    { "example.org", "example.org", true },
    { "a.example.org", "example.org", true },
    { "x.y.example.org", "example.org", true },
    { "sub.example.org", "sub.example.org", true },
    { "x.sub.example.org", "sub.example.org", true },
    { "narrow.example", "narrow.example", true },
    { "a.narrow.example", "*", false }, /* subdomains = false */
    { "deep.narrow.example", "deep.narrow.example", true },
    { "xexample.org", "*", false },
    { "org", "*", false },
    { "elsewhere.example", "*", false },
    { "xn--bcher-kva.example", "*", false },
    { "[192.0.2.1]", NULL, false },
    { "", NULL, false },
};

static void test_find(void **state)
{
    (void)state;
    struct built built =
        build("domains = ( { name = \"example.org\"; " KEYS "}, { name = \"sub.EXAMPLE.org\"; " KEYS
              "},\n { name = \"narrow.example\"; subdomains = false; " KEYS
              "}, { name = \"deep.narrow.example\"; " KEYS "},\n"
              "{ name = \"*\"; d = \"{from}\"; on_failure = \"pass\"; " KEYS "} );");
    assert_non_null(built.domains);
    assert_int_equal(dkim_domains_count(built.domains), 5);
    for (size_t i = 0; i < COUNT(finds); i++) {
        const struct dkim_domain *seen = dkim_domains_find(built.domains, span_of(finds[i].from));
        const char *name = seen != NULL ? seen->name : "(none)";
        if (strcmp(name, finds[i].name != NULL ? finds[i].name : "(none)") != 0) {
            fail_msg("\"%s\" found %s", finds[i].from, name);
        }
        if (dkim_domains_has(built.domains, span_of(finds[i].from)) != finds[i].is_ours) {
            fail_msg("\"%s\" is%s ours", finds[i].from, finds[i].is_ours ? " not" : "");
        }
    }
    const struct dkim_domain *any = dkim_domains_find(built.domains, SPAN("elsewhere.example"));
    assert_null(any->d);
    assert_int_equal(any->on_failure, DKIM_ON_FAILURE_PASS);
    assert_int_equal(dkim_domains_at(built.domains, 0)->on_failure, DKIM_ON_FAILURE_DEFER);
    assert_string_equal(dkim_domains_at(built.domains, 1)->d, "sub.example.org");
    drop(&built);
}

static void test_no_any(void **state)
{
    (void)state;
    struct built built = build("domains = ( { name = \"example.org\"; " KEYS "} );");
    assert_null(dkim_domains_find(built.domains, SPAN("elsewhere.example")));
    assert_false(dkim_domains_is_stale(built.domains));
    drop(&built);
    built = build("");
    assert_non_null(built.domains);
    assert_int_equal(dkim_domains_count(built.domains), 0);
    assert_null(dkim_domains_find(built.domains, SPAN("example.org")));
    drop(&built);
}

/* The one complaint a configuration gets. */
static const struct {
    const char *text;
    const char *error;
} faults[] = {
    { "domains = ( { name = \"a.example\"; d = \"b.example\"; " KEYS "} );",
      "t:1: domains[0]: d = \"b.example\" is not aligned with \"a.example\", so DMARC would not "
      "count the signature; if that is intended add third_party = true" },
    { "domains = ( { name = \"*\"; d = \"b.example\"; " KEYS "} );",
      "t:1: domains[0]: d = \"b.example\" is not aligned with \"*\", so DMARC would not count the "
      "signature; if that is intended add third_party = true" },
    { "domains = ( { name = \"a.example\"; } );",
      "t:1: domains[0]: has no keys; add keys = ( { selector = \"s\"; file = \"/path\"; } )" },
    { "domains = ( { name = \"a.example\"; keys = ( { selector = \"s\"; file = \"/{x}\"; } ); } );",
      "t:1: domains[0].keys[0]: \"/{x}\" makes no path; valid marks: {selector}, and {d}, {name} "
      "where the entry has one d, one name" },
    { "domains = ( { name = \"a.example\"; d = \"{from}\"; keys = ( { selector = \"s\"; file = "
      "\"/{d}\"; } ); } );",
      "t:1: domains[0].keys[0]: \"/{d}\" makes no path; valid marks: {selector}, and {d}, {name} "
      "where the entry has one d, one name" },
    { "domains = ( { name = \"*\"; d = \"{from}\"; keys = ( { selector = \"s\"; file = "
      "\"/{name}\"; } ); } );",
      "t:1: domains[0].keys[0]: \"/{name}\" makes no path; valid marks: {selector}, and {d}, "
      "{name} where the entry has one d, one name" },
    { "domains = ( { name = \"a.example\"; " KEYS "},\n{ name = \"b.a.example\"; d = "
      "\"a.example\"; " OTHER_KEYS "} );",
      "t:2: domains[1].keys[0]: selector \"s\" of a.example names $K/rsa2.pem in an earlier entry; "
      "one record holds one key: take another selector" },
    { "domains = ( { name = \"a.example\"; " KEYS "},\n{ name = \"A.example.\"; " KEYS "} );",
      "t:2: domains[1]: \"a.example\" stands in an earlier entry too" },
    { "domains = \"dir:/nonexistent/keys\";", "No such file" },
#ifdef HAVE_IDN
    { "domains = ( { name = \"b\xc3\xbc"
      "cher.example\"; " KEYS "},\n{ name = \"xn--bcher-kva.example\"; " KEYS "} );",
      "t:2: domains[1]: \"xn--bcher-kva.example\" stands in an earlier entry too" },
#endif
};

/* $K in wanted is the folder. */
static bool holds(const char *seen, const char *wanted)
{
    const char *mark = strstr(wanted, "$K");
    char whole[1024];
    if (mark == NULL) {
        return strstr(seen, wanted) != NULL;
    }
    snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(mark - wanted), wanted, folder, mark + 2);
    return strstr(seen, whole) != NULL;
}

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct built built = build(faults[i].text);
        assert_null(built.domains);
        assert_int_equal(config_report_count(built.report, CONFIG_ERROR), 1);
        const char *seen = NULL;
        for (size_t j = 0; j < config_report_size(built.report); j++) {
            const struct config_fault *fault = config_report_fault(built.report, j);
            seen = fault->severity == CONFIG_ERROR ? fault->text : seen;
        }
        if (!holds(seen, faults[i].error)) {
            fail_msg("saw \"%s\", wanted \"%s\"", seen, faults[i].error);
        }
        drop(&built);
    }
}

static void test_third_party(void **state)
{
    (void)state;
    struct built built =
        build("domains = ( { name = \"a.example\"; d = \"b.example\"; third_party "
              "= true; " KEYS "}, { name = \"sub.c.example\"; d = \"c.example\"; " KEYS
              "}, { name = \"e.example\"; d = \"sub.e.example\"; " KEYS "} );");
    assert_non_null(built.domains);
    assert_string_equal(dkim_domains_find(built.domains, SPAN("a.example"))->d, "b.example");
    assert_true(dkim_domains_at(built.domains, 0)->third_party);
    assert_non_null(dkim_domains_key(built.domains, SPAN("b.example"), SPAN("s")));
    assert_null(dkim_domains_key(built.domains, SPAN("a.example"), SPAN("s")));
    assert_string_equal(dkim_domains_at(built.domains, 1)->d, "c.example");
    assert_string_equal(dkim_domains_at(built.domains, 2)->d, "sub.e.example");
    drop(&built);
}

static void test_templates(void **state)
{
    char path[512];
    (void)state;
    struct built built = build("domains = ( { name = \"n.example\"; d = \"d.n.example\"; keys = (\n"
                               "{ selector = \"One\"; file = \"/x/{d}/{name}/{selector}.pem\"; },\n"
                               "{ selector = \"two\"; file = \"$K/rsa2.pem\"; } ); } );");
    assert_non_null(built.domains);
    const struct dkim_domain *entry = dkim_domains_at(built.domains, 0);
    assert_int_equal(entry->key_count, 2);
    assert_string_equal(entry->keys[0].selector, "two"); /* RSA first */
    assert_string_equal(entry->keys[1].selector, "One");
    assert_string_equal(entry->keys[1].path, "/x/d.n.example/n.example/One.pem");
    /* the key that is missing degrades the entry, and says so once */
    assert_true(entry->is_degraded);
    assert_null(entry->keys[1].key);
    assert_non_null(strstr(entry->keys[1].fault, "/x/d.n.example/n.example/One.pem"));
    assert_non_null(entry->keys[0].key);
    assert_null(entry->keys[0].fault);
    assert_int_equal(config_report_count(built.report, CONFIG_WARNING), 1);
    drop(&built);
    snprintf(path, sizeof(path),
             "domains = ( { name = \"n.example\"; keys = ( { selector = \"s\"; "
             "file = \"/%0300d/{d}\"; } ); } );",
             0);
    built = build(path);
    assert_non_null(built.domains);
    assert_true(dkim_domains_at(built.domains, 0)->is_degraded);
    drop(&built);
}

/* Order of keys, warnings and faults of files, one file shared by two entries. */
static void test_keys(void **state)
{
    (void)state;
    struct built built = build("domains = ( { name = \"a.example\"; keys = (\n"
                               "{ selector = \"e\"; file = \"$K/ed25519.pem\"; },\n"
                               "{ selector = \"b\"; file = \"$K/broken.pem\"; },\n"
                               "{ selector = \"w\"; file = \"$K/rsa.pem\"; },\n"
                               "{ selector = \"r\"; file = \"$K/rsa2.pem\"; } ); },\n"
                               "{ name = \"b.example\"; keys = ( { selector = \"w\"; file = "
                               "\"$K/rsa.pem\"; } ); } );");
    assert_non_null(built.domains);
    const struct dkim_domain *entry = dkim_domains_at(built.domains, 0);
    const struct dkim_domain *other = dkim_domains_at(built.domains, 1);
    static const char *const order[] = { "w", "r", "e", "b" };
    for (size_t i = 0; i < COUNT(order); i++) {
        assert_string_equal(entry->keys[i].selector, order[i]);
    }
    assert_true(entry->is_degraded);
    assert_false(other->is_degraded);
    assert_non_null(strstr(entry->keys[0].warning, "rsa.pem: the RSA key is shorter than 2048"));
    assert_null(entry->keys[1].warning);
    assert_non_null(strstr(entry->keys[3].fault, "broken.pem: it holds no PEM block"));
    assert_ptr_equal(entry->keys[0].key, other->keys[0].key);
    assert_ptr_equal(dkim_domains_key(built.domains, SPAN("B.EXAMPLE"), SPAN("W")),
                     other->keys[0].key);
    assert_null(dkim_domains_key(built.domains, SPAN("a.example"), SPAN("b")));
    assert_null(dkim_domains_key(built.domains, SPAN("a.example"), SPAN("none")));
    assert_null(dkim_domains_key(built.domains, SPAN("sub.a.example"), SPAN("e")));
    assert_null(dkim_domains_key(built.domains, SPAN("a b"), SPAN("e")));
    drop(&built);
}

/* "{from}": every domain below has its own d, so its record may be any of them. */
static void test_from(void **state)
{
    (void)state;
    struct built built = build("domains = ( { name = \"a.example\"; d = \"{from}\"; " KEYS "} );");
    const struct dkim_domain *entry = dkim_domains_find(built.domains, SPAN("x.a.example"));
    assert_non_null(entry);
    assert_null(entry->d);
    struct dkim_key *key = entry->keys[0].key;
    assert_non_null(key);
    assert_ptr_equal(dkim_domains_key(built.domains, SPAN("x.a.example"), SPAN("s")), key);
    assert_ptr_equal(dkim_domains_key(built.domains, SPAN("A.example"), SPAN("S")), key);
    assert_null(dkim_domains_key(built.domains, SPAN("x.a.example"), SPAN("t")));
    assert_null(dkim_domains_key(built.domains, SPAN("b.example"), SPAN("s")));
    drop(&built);
}

static const struct {
    const char *text, *error; /* NULL: taken */
} values[] = {
    { "name = \"a b\"", "not a domain name" },
    { "name = \"[192.0.2.1]\"", "not a domain name" },
    { "name = \"a.example\"; d = \"example\"", "not a domain name" },
    { "name = \"a.example\"; d = \"{name}\"", "not a domain name" },
    { "name = \"a.example\"; keys = ( { selector = \"-s\"; file = \"/f\"; } )", "not a selector" },
    { "name = \"a.example\"; keys = ( { selector = \"s-\"; file = \"/f\"; } )", "not a selector" },
    { "name = \"a.example\"; keys = ( { selector = \"s_\"; file = \"/f\"; } )", "not a selector" },
    { "name = \"a.example\"; keys = ( { selector = \"s..t\"; file = \"/f\"; } )",
      "not a selector" },
    { "name = \"a.example\"; keys = ( { selector = \"\"; file = \"/f\"; } )", "not a selector" },
    { "name = \"a.example\"; keys = ( { selector = \"s\"; file = \"f\"; } )", "not an absolute" },
    { "name = \"a.example\"; keys = ( { selector = \"s.t-1\"; file = \"/f\"; } )", NULL },
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct config_report *report = config_report_new();
        char text[256];
        snprintf(text, sizeof(text), "domains = ( { %s; } );", values[i].text);
        struct config *config = config_load_text("t", span_of(text), tables, report);
        bool is_taken = config != NULL;
        if (is_taken != (values[i].error == NULL) ||
            (!is_taken && strstr(config_report_fault(report, 0)->text, values[i].error) == NULL)) {
            fail_msg("%s: %s", text, is_taken ? "was taken" : config_report_fault(report, 0)->text);
        }
        config_free(&config);
        config_report_free(&report);
    }
}

static void test_signing_settings(void **state)
{
    static const struct {
        const char *text;
        enum canonical header, body;
        int64_t expire_s; /* -1: an error */
    } cases[] = {
        { "", CANONICAL_RELAXED, CANONICAL_RELAXED, 7 * 86400 },
        { "signing = { canonicalization = \"simple/relaxed\"; expire = 0; };", CANONICAL_SIMPLE,
          CANONICAL_RELAXED, 0 },
        { "signing = { canonicalization = \"relaxed/simple\"; expire = \"1h\"; };",
          CANONICAL_RELAXED, CANONICAL_SIMPLE, 3600 },
        { "signing = { expire = \"59m\"; };", 0, 0, -1 },
        { "signing = { canonicalization = \"relaxed\"; };", 0, 0, -1 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct config_report *report = config_report_new();
        struct config *config = config_load_text("t", span_of(cases[i].text), tables, report);
        assert_int_equal(config == NULL, cases[i].expire_s < 0);
        if (config != NULL) {
            const struct signing_settings *signing = config_settings(config, &dkim_signing_table);
            assert_int_equal(signing_header_form(signing), cases[i].header);
            assert_int_equal(signing_body_form(signing), cases[i].body);
            assert_int_equal(signing->expire_s, cases[i].expire_s);
        }
        config_free(&config);
        config_report_free(&report);
    }
}

static void test_ten_thousand(void **state)
{
    struct buffer text = BUFFER_EMPTY;
    struct timespec start, end;
    (void)state;
    buffer_add_text(&text, "domains = (\n");
    for (int i = 0; i < 10000; i++) {
        buffer_printf(&text, "%s{ name = \"d%d.example\"; " KEYS "}", i > 0 ? ",\n" : "", i);
    }
    buffer_add_text(&text, " );\n");
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start), 0);
    struct built built = build(buffer_text(&text));
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end), 0);
    assert_non_null(built.domains);
    assert_int_equal(dkim_domains_count(built.domains), 10000);
    const struct dkim_domain *last = dkim_domains_find(built.domains, SPAN("x.d9999.example"));
    assert_string_equal(last->name, "d9999.example");
    assert_ptr_equal(last->keys[0].key, dkim_domains_at(built.domains, 0)->keys[0].key);
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    print_message("10000 domains in %.2f s\n", seconds);
    assert_true(seconds < 3);
    drop(&built);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_no_any),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_third_party),
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_from),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_signing_settings),
        cmocka_unit_test(test_ten_thousand),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
