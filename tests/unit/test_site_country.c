/*
 * Databases of countries: every layout and size of records, what is nowhere, files that are no
 * database, cut or damaged, before they are opened and afterwards; and what a snapshot makes of
 * one that changes or goes bad.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "behaviour/fingerprint.h"
#include "control/settings.h"
#include "site/site.h"
#include "tests/support/countries.h"
#include "util/buffer.h"
#include "util/file.h"

#define V4 "192.0.2.0/24=DE 192.0.2.128/25=AT 10.0.0.0/8=FR"

static char directory[] = "/tmp/egress-country.XXXXXX";
static char path[64];

static struct country_database *open_database(void)
{
    struct error error;
    struct country_database *database = country_open(path, NULL, &error);
    if (database == NULL) {
        print_error("%s\n", error.text);
    }
    assert_non_null(database);
    return database;
}

static const char *ask(const struct country_database *database, const char *address)
{
    static char code[3];
    struct ip client;
    assert_true(ip_parse(span_of(address), &client));
    fingerprint_country_print(country_of(database, &client), code);
    return code;
}

static void layouts(void **state)
{
    static const char *const how[] = {
        "",
        "--bits 28",
        "--bits 32",
        "--layout registered",
        "--layout flat",
        "--layout short --bits 28",
    };
    static const char *const answers[][2] = {
        { "192.0.2.1", "DE" },
        { "192.0.2.127", "DE" },
        { "192.0.2.128", "AT" },
        { "192.0.3.1", "" },
        { "::ffff:192.0.2.1", "DE" },
        { "10.1.2.3", "FR" },
        { "192.168.1.1", "" },
        { "127.0.0.1", "" },
        { "2001:db8::1", "NL" },
        { "2001:db8:1::1", "BE" },
        { "2001:db9::1", "" },
        { "::1", "" },
        { "255.255.255.255", "" },
        { "0.0.0.0", "" },
        { "fe80::1", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
        char rows[200];
        snprintf(rows, sizeof(rows), "%s %s 2001:db8::/32=NL 2001:db8:1::/48=BE", how[i], V4);
        assert_true(countries_write(path, rows));
        struct country_database *database = open_database();
        for (size_t k = 0; k < sizeof(answers) / sizeof(answers[0]); k++) {
            assert_string_equal(ask(database, answers[k][0]), answers[k][1]);
        }
        country_unref(&database);
        assert_null(database);
    }
}

static void v4_alone(void **state)
{
    struct ip nobody = { .family = 0 };
    (void)state;
    assert_true(countries_write(path, "--ip 4 " V4));
    struct country_database *database = open_database();
    assert_string_equal(ask(database, "192.0.2.200"), "AT");
    assert_string_equal(ask(database, "::ffff:192.0.2.1"), "DE");
    assert_string_equal(ask(database, "2001:db8::1"), "");
    assert_int_equal(country_of(database, &nobody), 0);
    assert_int_equal(country_of(NULL, &nobody), 0);
    country_unref(&database);
    country_unref(&database);
}

static void assert_refused(const char *why)
{
    struct error error;
    assert_null(country_open(path, NULL, &error));
    if (strstr(error.text, why) == NULL || strstr(error.text, path) == NULL) {
        fail_msg("\"%s\" and not: %s", why, error.text);
    }
}

static void write_octets(const void *octets, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void no_database(void **state)
{
    (void)state;
    unlink(path);
    assert_refused("");
    write_octets("", 0);
    assert_refused("is no database in MaxMind's format that is whole: ");
    write_octets("country,code\n", 13);
    assert_refused("is no database in MaxMind's format that is whole: ");
    assert_true(countries_write(path, "--layout other " V4));
    assert_refused("\"Test-other\", names no countries");
    assert_true(countries_write(path, ""));
    assert_refused("names no countries");
}

/* Whatever it is: refused or asked, and never the end of us. True: it was asked. */
static bool try_octets(const char *octets, size_t size)
{
    struct error error;
    write_octets(octets, size);
    struct country_database *database = country_open(path, NULL, &error);
    if (database == NULL) {
        return false;
    }
    for (unsigned i = 0; i < 256; i++) {
        struct ip client = { .family = i % 2 == 0 ? 4 : 6, .bytes = { 192, 0, 2, (uint8_t)i } };
        if (i % 4 == 1) { /* where a database for IPv6 has IPv4 */
            client =
                (struct ip){ .family = 6, .bytes = { [12] = 192, [14] = 2, [15] = (uint8_t)i } };
        }
        (void)country_of(database, &client);
    }
    country_unref(&database);
    return true;
}

static void cut_or_damaged(void **state)
{
    struct buffer whole = BUFFER_EMPTY;
    struct error error;
    unsigned asked = 0;
    (void)state;
    assert_true(countries_write(path, V4));
    assert_true(file_read(path, 1 << 20, &whole, &error));
    for (size_t size = 0; size < whole.size; size += 100) {
        asked += try_octets(whole.at, size);
    }
    assert_int_equal(asked, 0);
    for (size_t i = 0; i < whole.size; i += 3) {
        char before = whole.at[i];
        whole.at[i] = i % 2 == 0 ? (char)(before ^ (1 << i % 8)) : (char)0xff;
        asked += try_octets(whole.at, whole.size);
        whole.at[i] = before;
    }
    assert_true(asked > 0 && asked < whole.size / 3);
    assert_true(try_octets(whole.at, whole.size));
    buffer_free(&whole);
}

/* Cut, and written over, while it is asked: a file that is mapped would end the process. */
static void cut_in_place(void **state)
{
    (void)state;
    assert_true(countries_write(path, V4));
    struct country_database *database = open_database();
    assert_false(country_is_stale(database));
    uint64_t mark = country_mark(database);
    assert_int_equal(truncate(path, 0), 0);
    assert_string_equal(ask(database, "192.0.2.1"), "DE");
    assert_true(country_is_stale(database));
    assert_true(country_mark(database) != mark && mark != 0);
    unlink(path);
    assert_string_equal(ask(database, "192.0.2.128"), "AT");
    assert_false(country_is_stale(database)); /* what was read stays good */
    assert_int_equal(country_mark(database), 0);
    country_unref(&database);
}

static void shared(void **state)
{
    struct error error;
    (void)state;
    assert_true(countries_write(path, V4));
    struct country_database *first = open_database();
    struct country_database *second = country_open(path, first, &error);
    assert_ptr_equal(first, second);
    country_unref(&first);
    assert_true(countries_write(path, "192.0.2.0/24=NL"));
    struct country_database *third = country_open(path, second, &error);
    assert_ptr_not_equal(second, third);
    assert_string_equal(ask(second, "192.0.2.1"), "DE");
    assert_string_equal(ask(third, "192.0.2.1"), "NL");
    unlink(path);
    assert_null(country_open(path, third, &error));
    country_unref(&second);
    country_unref(&third);
}

/* --- in a snapshot --------------------------------------------------------------------------- */

static char conf[96];

static struct site *load(const struct site *before, struct config_report *report)
{
    char text[200];
    struct error error;
    int size =
        snprintf(text, sizeof(text),
                 "socket = \"unix:/x\";\nbehaviour = { country_database = \"%s\"; };\n", path);
    assert_true(file_write_atomic(conf, text, (size_t)size, 0600, true, &error));
    return before == NULL ? site_load(conf, all_config_tables(), report)
                          : site_reload(conf, all_config_tables(), before, report);
}

/* A new file is taken by a reload; one that is bad refuses it, and a replacement that has nothing
 * else begins without countries. */
static void reloads(void **state)
{
    struct config_report *report = config_report_new();
    (void)state;
    assert_true(countries_write(path, V4));
    struct site *first = load(NULL, report);
    assert_non_null(first);
    assert_string_equal(ask(first->countries, "192.0.2.1"), "DE");
    struct site *second = load(first, report);
    assert_ptr_equal(first->countries, second->countries);
    assert_false(site_is_stale(second));
    uint64_t mark = site_mark(second);

    assert_true(countries_write(path, "192.0.2.0/24=NL"));
    assert_true(site_is_stale(second));
    assert_true(site_mark(second) != mark);
    struct site *third = load(second, report);
    assert_string_equal(ask(third->countries, "192.0.2.1"), "NL");
    assert_false(site_is_stale(third));
    assert_int_equal(config_report_size(report), 0);

    write_octets("half", 4);
    assert_null(load(third, report));
    assert_int_equal(config_report_count(report, CONFIG_ERROR), 1);
    const char *said = config_report_fault(report, 0)->text;
    assert_non_null(strstr(said, ":2: behaviour.country_database: /"));
    assert_non_null(strstr(said, "is no database"));

    config_report_free(&report);
    report = config_report_new();
    struct site *kept = site_load_kept(config_kept(third->config), all_config_tables(), report);
    assert_non_null(kept);
    assert_int_equal(config_report_count(report, CONFIG_WARNING), 1);
    assert_string_equal(ask(kept->countries, "192.0.2.1"), "");
    assert_true(site_is_stale(kept)); /* it may have been mended meanwhile */
    assert_true(countries_write(path, V4));
    struct site *mended = load(kept, report);
    assert_string_equal(ask(mended->countries, "192.0.2.1"), "DE");

    site_unref(&first);
    site_unref(&second);
    site_unref(&third);
    site_unref(&kept);
    site_unref(&mended);
    config_report_free(&report);
}

static void settings(void **state)
{
    static const char *const says[] = {
        "behaviour.country_database: \"c.mmdb\": not an absolute path",
#ifdef HAVE_MAXMINDDB
        "behaviour.country_database: cannot read /nonexistent/c.mmdb: "
#else
        "behaviour.country_database: this build has no libmaxminddb"
#endif
    };
    static const char *const texts[] = {
        "socket = \"unix:/x\"; behaviour = { country_database = \"c.mmdb\"; };",
        "socket = \"unix:/x\"; behaviour = { country_database = \"/nonexistent/c.mmdb\"; };",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct config_report *report = config_report_new();
        assert_null(site_load_text("t.conf", span_of(texts[i]), all_config_tables(), report));
        assert_non_null(config_report_fault(report, 0));
        if (strstr(config_report_fault(report, 0)->text, says[i]) == NULL) {
            fail_msg("%s and not: %s", says[i], config_report_fault(report, 0)->text);
        }
        config_report_free(&report);
    }
}

static int begin(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/c.mmdb", directory);
    snprintf(conf, sizeof(conf), "%s/conf", directory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    unlink(conf);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings),       cmocka_unit_test(layouts),
        cmocka_unit_test(v4_alone),       cmocka_unit_test(no_database),
        cmocka_unit_test(cut_or_damaged), cmocka_unit_test(cut_in_place),
        cmocka_unit_test(shared),         cmocka_unit_test(reloads),
    };
    const struct CMUnitTest without[] = { cmocka_unit_test(settings) };
    if (!countries_are_there()) {
        int failed = cmocka_run_group_tests_name("without databases", without, begin, end);
        return failed != 0 ? failed : 77;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
