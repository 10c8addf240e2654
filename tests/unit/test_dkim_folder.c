/* domains = "dir:PATH": what a folder of keys becomes, and when it has changed. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/domains.h"
#include "test_dkim_support.h"

#define NOBODY 65534

static const struct config_table *const tables[] = { &dkim_domains_table, NULL };

/* A folder of its own for each test. */
struct stage {
    char folder[64];
    struct config_report *report;
    struct config *config;
    struct dkim_domains *domains;
};

static const char *in_stage(const struct stage *stage, const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", stage->folder, name);
    return path;
}

static int begin(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    assert_non_null(stage);
    snprintf(stage->folder, sizeof(stage->folder), "/tmp/test_dkim_folder.XXXXXX");
    assert_non_null(mkdtemp(stage->folder));
    *state = stage;
    return 0;
}

static void drop(struct stage *stage)
{
    dkim_domains_free(&stage->domains);
    config_free(&stage->config);
    config_report_free(&stage->report);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static int end(void **state)
{
    struct stage *stage = *state;
    drop(stage);
    assert_int_equal(nftw(stage->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(stage);
    return 0;
}

static void build(struct stage *stage)
{
    char text[128];
    drop(stage);
    snprintf(text, sizeof(text), "domains = \"dir:%s\";", stage->folder);
    stage->report = config_report_new();
    stage->config = config_load_text("t", span_of(text), tables, stage->report);
    assert_non_null(stage->config);
    stage->domains = dkim_domains_build(stage->config, stage->report);
}

static void add_domain(const struct stage *stage, const char *name, const char *file,
                       enum dkim_algorithm algorithm)
{
    char path[128];
    mkdir(in_stage(stage, name), 0700); /* may be there */
    snprintf(path, sizeof(path), "%s/%s", name, file);
    write_key(in_stage(stage, path), test_key(algorithm));
}

static void test_entries(void **state)
{
    struct stage *stage = *state;
    add_domain(stage, "a.example", "one.pem", DKIM_ED25519_SHA256);
    add_domain(stage, "a.example", "two.pem", DKIM_RSA_SHA256);
    add_domain(stage, "B.example", "s.t.PEM", DKIM_ED25519_SHA256);
    add_domain(stage, ".hidden.example", "s.pem", DKIM_ED25519_SHA256);
    add_domain(stage, "a.example", "notes.txt", DKIM_ED25519_SHA256);
    add_domain(stage, "a.example", ".old.pem", DKIM_ED25519_SHA256);
    write_file(in_stage(stage, "README"), "r", 1, 0644);
    build(stage);
    assert_non_null(stage->domains);
    assert_int_equal(config_report_count(stage->report, CONFIG_WARNING), 1); /* RSA of 1024 bits */
    assert_int_equal(dkim_domains_count(stage->domains), 2);
    const struct dkim_domain *entry = dkim_domains_find(stage->domains, SPAN("x.a.example"));
    assert_non_null(entry);
    assert_int_equal(entry->key_count, 2);
    assert_string_equal(entry->keys[0].selector, "two");
    assert_string_equal(entry->keys[1].selector, "one");
    assert_string_equal(entry->d, "a.example");
    assert_int_equal(entry->on_failure, DKIM_ON_FAILURE_DEFER);
    entry = dkim_domains_find(stage->domains, SPAN("b.example"));
    assert_non_null(entry);
    assert_string_equal(entry->keys[0].selector, "s.t");
    assert_null(dkim_domains_find(stage->domains, SPAN("hidden.example")));
}

/* Each is complained of in one line and does not stop the others. */
static void test_oddities(void **state)
{
    struct stage *stage = *state;
    static const char *const wanted[] = { "a.example/-s.pem", "empty.example", "bad.example/s.pem",
                                          "no domain" };
    add_domain(stage, "a.example", "s.pem", DKIM_ED25519_SHA256);
    add_domain(stage, "a.example", "-s.pem", DKIM_ED25519_SHA256);
    add_domain(stage, "no domain", "s.pem", DKIM_ED25519_SHA256);
    assert_int_equal(mkdir(in_stage(stage, "empty.example"), 0700), 0);
    assert_int_equal(mkdir(in_stage(stage, "bad.example"), 0700), 0);
    write_file(in_stage(stage, "bad.example/s.pem"), "", 0, 0600);
    build(stage);
    assert_non_null(stage->domains);
    assert_int_equal(config_report_count(stage->report, CONFIG_WARNING), 4);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        bool is_found = false;
        for (size_t j = 0; j < config_report_size(stage->report); j++) {
            is_found |= strstr(config_report_fault(stage->report, j)->text, wanted[i]) != NULL;
        }
        if (!is_found) {
            fail_msg("no complaint about %s", wanted[i]);
        }
    }
    assert_int_equal(dkim_domains_count(stage->domains), 2);
    assert_true(dkim_domains_find(stage->domains, SPAN("bad.example"))->is_degraded);
    assert_false(dkim_domains_find(stage->domains, SPAN("a.example"))->is_degraded);
    assert_null(dkim_domains_find(stage->domains, SPAN("empty.example")));
}

/* A folder out of reach is an entry without keys: its mail is not to go unsigned as if nobody had
 * wanted otherwise. Root reads everything, so the test is somebody else meanwhile. */
static void test_unreadable_folder(void **state)
{
    struct stage *stage = *state;
    bool is_root = geteuid() == 0;
    add_domain(stage, "a.example", "s.pem", DKIM_ED25519_SHA256);
    add_domain(stage, "b.example", "s.pem", DKIM_ED25519_SHA256);
    assert_int_equal(chmod(in_stage(stage, "b.example"), 0), 0);
    if (is_root) {
        assert_int_equal(chown(in_stage(stage, "a.example/s.pem"), NOBODY, NOBODY), 0);
        assert_int_equal(chown(in_stage(stage, "a.example"), NOBODY, NOBODY), 0);
        assert_int_equal(chmod(stage->folder, 0755), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    }
    build(stage);
    if (is_root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_int_equal(chmod(in_stage(stage, "b.example"), 0700), 0); /* so that it can be removed */
    assert_non_null(stage->domains);
    assert_int_equal(config_report_count(stage->report, CONFIG_WARNING), 1);
    assert_non_null(strstr(config_report_fault(stage->report, 0)->text, "b.example"));
    const struct dkim_domain *entry = dkim_domains_find(stage->domains, SPAN("b.example"));
    assert_non_null(entry);
    assert_true(entry->is_degraded);
    assert_int_equal(entry->key_count, 0);
    assert_int_equal(entry->on_failure, DKIM_ON_FAILURE_DEFER);
    assert_false(dkim_domains_find(stage->domains, SPAN("a.example"))->is_degraded);
    assert_true(dkim_domains_is_stale(stage->domains)); /* readable now: worth another look */
}

static void test_two_spellings(void **state)
{
    struct stage *stage = *state;
    add_domain(stage, "a.example", "s.pem", DKIM_ED25519_SHA256);
    add_domain(stage, "A.EXAMPLE", "t.pem", DKIM_ED25519_SHA256);
    build(stage);
    assert_null(stage->domains);
    assert_int_equal(config_report_count(stage->report, CONFIG_ERROR), 1);
}

static void rebuild_fresh(struct stage *stage)
{
    build(stage);
    assert_non_null(stage->domains);
    assert_false(dkim_domains_is_stale(stage->domains));
}

static void test_stale(void **state)
{
    struct stage *stage = *state;
    add_domain(stage, "a.example", "s.pem", DKIM_ED25519_SHA256);
    rebuild_fresh(stage);
    add_domain(stage, "a.example", "t.pem", DKIM_ED25519_SHA256);
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild_fresh(stage);
    uint64_t mark = dkim_domains_mark(stage->domains);
    assert_int_equal(dkim_domains_mark(stage->domains), mark);
    assert_int_equal(chmod(in_stage(stage, "a.example/t.pem"), 0640), 0);
    assert_int_not_equal(dkim_domains_mark(stage->domains), mark);
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild_fresh(stage);
    write_file(in_stage(stage, "a.example/t.pem"), "", 0, 0640);
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild_fresh(stage);
    assert_int_equal(unlink(in_stage(stage, "a.example/t.pem")), 0);
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild_fresh(stage);
    add_domain(stage, "b.example", "s.pem", DKIM_ED25519_SHA256);
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild_fresh(stage);
    char from[256];
    snprintf(from, sizeof(from), "%s", in_stage(stage, "b.example"));
    assert_int_equal(rename(from, in_stage(stage, "c.example")), 0);
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild_fresh(stage);
    write_file(in_stage(stage, "a.example/.hidden"), "", 0, 0600);
    assert_false(dkim_domains_is_stale(stage->domains));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_entries, begin, end),
        cmocka_unit_test_setup_teardown(test_oddities, begin, end),
        cmocka_unit_test_setup_teardown(test_unreadable_folder, begin, end),
        cmocka_unit_test_setup_teardown(test_two_spellings, begin, end),
        cmocka_unit_test_setup_teardown(test_stale, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
