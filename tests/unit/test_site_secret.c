/*
 * The secrets of tickets: what a file of them must be, what is said where it is not, and the MAC
 * against RFC 4231; which settings belong together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/settings.h"
#include "tests/support/house.h"
#include "util/file.h"

#define SECRET "0123456789abcdef0123456789ABCDEF"

static char base[64], path[96];

static int make_base(void **state)
{
    (void)state;
    snprintf(base, sizeof(base), "/tmp/test_site_secret.XXXXXX");
    if (mkdtemp(base) == NULL) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/secret", base);
    return 0;
}

static int remove_base(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(base);
}

static void write_secret(const char *text, unsigned mode)
{
    struct error error;
    assert_true(file_write_atomic(path, text, strlen(text), mode, true, &error));
    assert_int_equal(chmod(path, mode), 0);
}

static void texts(void **state)
{
    static const struct {
        const char *text;
        size_t count;    /* 0: refused */
        const char *why; /* a part of it */
    } cases[] = {
        { SECRET, 1, NULL },
        { SECRET "\n", 1, NULL },
        { SECRET "\r\n", 1, NULL },
        { "\n\n  " SECRET "\t\n\n", 1, NULL },
        { SECRET "\n" SECRET "x\n", 2, NULL },
        { SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET
                 "\n" SECRET,
          8, NULL },
        { SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET
                 "\n" SECRET,
          0, "t: more than 8 secrets" },
        { "", 0, "t: holds no secret; make one with: openssl rand -base64 32 > t" },
        { " \n\n", 0, "t: holds no secret" },
        { "0123456789abcdef0123456789ABCDE\n", 0,
          "t: line 1 has 31 bytes; a secret has at least 32, make one with: openssl rand -base64 "
          "32 "
          "> t" },
        { SECRET "\n\nshort", 0, "t: line 3 has 5 bytes" },
        { "                                 \nshort", 0, "t: line 2 has 5 bytes" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = { "" };
        struct ticket_secret *secret = ticket_secret_parse(span_of(cases[i].text), "t", &error);
        assert_int_equal(secret != NULL, cases[i].count > 0);
        if (secret != NULL) {
            assert_int_equal(ticket_secret_count(secret), cases[i].count);
        } else {
            assert_non_null(strstr(error.text, cases[i].why));
            assert_null(strstr(error.text, "short"));
        }
        ticket_secret_free(&secret);
        assert_null(secret);
    }
}

/* RFC 4231 4.7 and 4.8, whose keys are long enough to be secrets. */
static void known_answers(void **state)
{
    static const struct {
        const char *text;
        const char *mac;
    } cases[] = {
        { "Test Using Larger Than Block-Size Key - Hash Key First",
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { "This is a test using a larger than block-size key and a larger than block-size data. "
          "The "
          "key needs to be hashed before being used by the HMAC algorithm.",
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    };
    char text[32 + 1 + 131];
    (void)state;
    memcpy(text, SECRET "\n", 33);
    memset(text + 33, 0xaa, 131);
    struct error error;
    struct ticket_secret *secret =
        ticket_secret_parse((struct span){ text, sizeof(text) }, "t", &error);
    assert_non_null(secret);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = strlen(cases[i].text);
        for (size_t cut = 0; cut <= size; cut += 7) { /* however it is cut, and used again */
            uint8_t mac[TICKET_MAC_SIZE], other[TICKET_MAC_SIZE];
            char hex[2 * TICKET_MAC_SIZE + 1];
            struct ticket_mac *under_way = ticket_mac_begin(secret, 1);
            ticket_mac_add(under_way, cases[i].text, cut);
            ticket_mac_add(under_way, cases[i].text + cut, size - cut);
            assert_true(ticket_mac_end(&under_way, mac));
            assert_null(under_way);
            for (size_t k = 0; k < sizeof(mac); k++) {
                snprintf(hex + 2 * k, 3, "%02x", mac[k]);
            }
            assert_string_equal(hex, cases[i].mac);
            memcpy(other, mac, sizeof(mac));
            assert_true(ticket_mac_is_equal(mac, other));
            other[cut % sizeof(other)] ^= 1;
            assert_false(ticket_mac_is_equal(mac, other));
        }
    }
    ticket_secret_free(&secret);
}

struct crowd {
    struct ticket_secret *secret;
    uint8_t expected[TICKET_MAC_SIZE];
};

static void *make_many(void *context)
{
    const struct crowd *crowd = context;
    for (size_t i = 0; i < 2000; i++) {
        uint8_t mac[TICKET_MAC_SIZE];
        struct ticket_mac *under_way = ticket_mac_begin(crowd->secret, 0);
        ticket_mac_add(under_way, "text", 4);
        if (!ticket_mac_end(&under_way, mac) || !ticket_mac_is_equal(mac, crowd->expected)) {
            return context;
        }
    }
    return NULL;
}

/* All sessions share one secret, and whoever comes first sets OpenSSL up. */
static void many_at_once(void **state)
{
    struct error error;
    struct crowd crowd = { .secret = ticket_secret_parse(SPAN(SECRET), "t", &error) };
    pthread_t threads[4];
    (void)state;
    struct ticket_mac *under_way = ticket_mac_begin(crowd.secret, 0);
    ticket_mac_add(under_way, "te", 2);
    ticket_mac_add(under_way, "xt", 2);
    assert_true(ticket_mac_end(&under_way, crowd.expected));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, &crowd), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *bad = NULL;
        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
    ticket_secret_free(&crowd.secret);
}

/* Loads a configuration; the first fault's text, or "" without one. The number of errors beside. */
static char *first_fault(const char *text, size_t *errors_r)
{
    static char fault[1024];
    struct config_report *report = config_report_new();
    struct site *site = site_load_text("t.conf", span_of(text), all_config_tables(), report);
    *errors_r = config_report_count(report, CONFIG_ERROR);
    assert_int_equal(site != NULL, *errors_r == 0);
    fault[0] = '\0';
    if (config_report_size(report) > 0) {
        snprintf(fault, sizeof(fault), "%s", config_report_fault(report, 0)->text);
    }
    assert_true(config_report_size(report) <= 1);
    site_unref(&site);
    config_report_free(&report);
    return fault;
}

static void configure(char *out, size_t size, const char *role, bool has_file)
{
    snprintf(out, size,
             "socket = \"unix:/x\";\noutgoing = { listeners = ( { daemon = \"A\"; role = \"%s\"; } "
             ");\n%s%s%s };",
             role, has_file ? "ticket_file = \"" : "", has_file ? path : "", has_file ? "\";" : "");
}

static void settings_belong_together(void **state)
{
    static const struct {
        const char *role;
        bool has_file;
        size_t errors;
        const char *fault;
    } cases[] = {
        { "full", false, 0, "" },
        { "off", false, 0, "" },
        { "check", true, 0, "" },
        { "sign", true, 0, "" },
        { "check", false, 1,
          "t.conf:2: outgoing.listeners[0].role: \"check\" needs outgoing.ticket_file: openssl "
          "rand "
          "-base64 32 > FILE" },
        { "sign", false, 1,
          "t.conf:2: outgoing.listeners[0].role: \"sign\" needs outgoing.ticket_file: openssl rand "
          "-base64 32 > FILE" },
        { "full", true, 0,
          "t.conf:3: outgoing.ticket_file: has no effect: no listener has the role check or sign" },
        { "off", true, 0,
          "t.conf:3: outgoing.ticket_file: has no effect: no listener has the role check or sign" },
    };
    (void)state;
    write_secret(SECRET, 0600);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[400];
        size_t errors;
        configure(text, sizeof(text), cases[i].role, cases[i].has_file);
        char *fault = first_fault(text, &errors);
        assert_memory_equal(fault, cases[i].fault, strlen(cases[i].fault));
        assert_int_equal(fault[0] == '\0', cases[i].fault[0] == '\0');
        assert_int_equal(errors, cases[i].errors);
    }
}

static void files(void **state)
{
    char text[400], expected[600];
    size_t errors;
    (void)state;
    configure(text, sizeof(text), "sign", true);
    unlink(path);
    snprintf(
        expected, sizeof(expected),
        "t.conf:3: outgoing.ticket_file: %s is not there; make one with: openssl rand -base64 32 "
        "> %s",
        path, path);
    assert_string_equal(first_fault(text, &errors), expected);
    assert_int_equal(errors, 1);
    write_secret(SECRET, 0644);
    snprintf(
        expected, sizeof(expected),
        "t.conf:3: outgoing.ticket_file: %s: mode 0644 opens the secret of the tickets to every "
        "user of this machine; at most 0640 is wanted: chmod 0640 %s",
        path, path);
    assert_string_equal(first_fault(text, &errors), expected);
    write_secret("not long enough", 0600);
    char *fault = first_fault(text, &errors);
    assert_non_null(strstr(fault, "line 1 has 15 bytes"));
    assert_null(strstr(fault, "not long"));
    write_secret(SECRET, 0640);
    assert_string_equal(first_fault(text, &errors), "");
    snprintf(text, sizeof(text),
             "socket = \"unix:/x\"; outgoing = { ticket_file = \"ticket.secret\"; listeners = ( { "
             "daemon = \"A\"; role = \"sign\"; } ); };");
    assert_non_null(strstr(first_fault(text, &errors), "not an absolute path"));
}

/* As a user that may not: the chmod and chgrp that help. */
static void unreadable(void **state)
{
    char expected[300];
    struct error error = { "" };
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    write_secret(SECRET, 0600);
    assert_int_equal(chmod(base, 0755), 0);
    assert_int_equal(setegid(65534), 0);
    assert_int_equal(seteuid(65534), 0);
    struct ticket_secret *secret = ticket_secret_read(path, &error);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    assert_null(secret);
    snprintf(expected, sizeof(expected), "run: chmod 0640 %s; chgrp ", path);
    assert_non_null(strstr(error.text, expected));
}

/* Each snapshot reads the file anew, and no printed configuration shows what is in it. */
static void reload_and_print(void **state)
{
    char text[400];
    (void)state;
    configure(text, sizeof(text), "sign", true);
    write_secret(SECRET, 0600);
    struct house before, after;
    house_open(&before, text);
    write_secret(SECRET "\n" SECRET "\n", 0600);
    house_open(&after, text);
    assert_int_equal(ticket_secret_count(before.site->ticket_secret), 1);
    assert_int_equal(ticket_secret_count(after.site->ticket_secret), 2);
    struct buffer printed = BUFFER_EMPTY;
    config_print(after.site->config, &printed);
    assert_non_null(strstr(buffer_text(&printed), path));
    assert_null(strstr(buffer_text(&printed), SECRET));
    buffer_free(&printed);
    house_close(&before);
    house_close(&after);
}

static void complaints_are_bounded(void **state)
{
    static const uint64_t minute_ns = 60000000000u;
    struct house house;
    unsigned unsaid = 99;
    (void)state;
    house_open(&house, "socket = \"unix:/x\";");
    assert_true(site_may_complain(house.site, COMPLAINT_TICKET, 5, &unsaid));
    assert_int_equal(unsaid, 0);
    assert_false(site_may_complain(house.site, COMPLAINT_TICKET, 6, &unsaid));
    assert_false(site_may_complain(house.site, COMPLAINT_TICKET, minute_ns + 4, &unsaid));
    assert_true(site_may_complain(house.site, COMPLAINT_TICKET, minute_ns + 5, &unsaid));
    assert_int_equal(unsaid, 2);
    assert_true(site_may_complain(house.site, COMPLAINT_TICKET, 9 * minute_ns, &unsaid));
    assert_int_equal(unsaid, 0);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(known_answers),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(settings_belong_together),
        cmocka_unit_test(files),
        cmocka_unit_test(unreadable),
        cmocka_unit_test(reload_and_print),
        cmocka_unit_test(complaints_are_bounded),
    };
    return cmocka_run_group_tests(tests, make_base, remove_base);
}
