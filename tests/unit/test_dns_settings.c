/*
 * settings: what `dns` takes, and which servers it means.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "dns/servers_private.h"
#include "util/buffer.h"

#define SERVER "no name server; valid: an address, or address@port, or \"system\"\n"

static const struct config_table *const tables[] = { &dns_settings_table, NULL };

static char resolv_conf[] = "/tmp/egress-resolv.XXXXXX";

static void print_servers(const struct dns_settings *settings, struct buffer *out)
{
    struct dns_servers servers;
    dns_servers_find(settings, resolv_conf, &servers);
    for (size_t i = 0; i < servers.count; i++) {
        buffer_printf(out, "%s ", servers.at[i]);
    }
    buffer_printf(out, "%d", (int)settings->timeout_ms);
}

/* "SERVER ... TIMEOUT", or the faults. */
static void check(const char *text, const char *expected)
{
    struct buffer got = BUFFER_EMPTY;
    struct config_report *report = config_report_new();
    struct config *config = config_load_text("t", span_of(text), tables, report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        buffer_printf(&got, "%s\n", config_report_fault(report, i)->text);
    }
    if (config != NULL) {
        print_servers(config_settings(config, &dns_settings_table), &got);
    }
    if (strcmp(buffer_text(&got), expected) != 0) {
        fail_msg("%s gives %s", text, buffer_text(&got));
    }
    config_free(&config);
    config_report_free(&report);
    buffer_free(&got);
}

static void test_settings(void **state)
{
    static const char *const cases[][2] = {
        { "", "192.0.2.53@53 2001:db8::53@53 2000" },
        { "dns = { servers = \"system\"; };", "192.0.2.53@53 2001:db8::53@53 2000" },
        { "dns = { servers = [ ]; };", "2000" },
        { "dns = { servers = [ \"127.0.0.1@5300\", \"::1\" ]; timeout = \"500ms\"; };",
          "127.0.0.1@5300 ::1@53 500" },
        { "dns = { timeout = \"20s\"; };", "192.0.2.53@53 2001:db8::53@53 20000" },
        { "dns = { timeout = \"99ms\"; };",
          "t:1: dns.timeout: 99ms is out of range; valid: 100ms to 20s\n" },
        { "dns = { timeout = 2; };",
          "t:1: dns.timeout: cannot be a number; valid: a duration such as \"500ms\", \"2s\" or "
          "\"1m\"\n" },
        { "dns = { servers = \"ns.example.org\"; };",
          "t:1: dns.servers: \"ns.example.org\": " SERVER },
        { "dns = { servers = \"192.0.2.1@0\"; };", "t:1: dns.servers: \"192.0.2.1@0\": " SERVER },
        { "dns = { servers = \"192.0.2.1@65536\"; };",
          "t:1: dns.servers: \"192.0.2.1@65536\": " SERVER },
        { "dns = { servers = \"192.0.2.1@\"; };", "t:1: dns.servers: \"192.0.2.1@\": " SERVER },
        { "dns = { servers = [ \"system\", \"192.0.2.1\" ]; };",
          "t:1: dns.servers: \"system\" beside others; valid: \"system\" alone, or addresses\n" },
        { "dns = { servers = [ \"::1\", \"::2\", \"::3\", \"::4\", \"::5\", \"::6\", \"::7\", "
          "\"::8\", \"::9\" ]; };",
          "t:1: dns.servers: 9 servers; valid: at most 8\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(cases[i][0], cases[i][1]);
    }
}

static void write_resolv_conf(const char *text)
{
    FILE *file = fopen(resolv_conf, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* What resolv.conf(5) has, and what people write into it. */
static void test_system(void **state)
{
    static const char *const cases[][2] = {
        { "", "127.0.0.1@53 2000" },
        { "search example.org\noptions edns0\n", "127.0.0.1@53 2000" },
        { "nameserver 192.0.2.1", "192.0.2.1@53 2000" },
        { "# nameserver 192.0.2.9\nnameserver\t192.0.2.1 # ours\n", "192.0.2.1@53 2000" },
        { "nameserver fe80::1%eth0\nnameserver 192.0.2.1\n", "192.0.2.1@53 2000" },
        { "nameservers 192.0.2.1\nnameserver\n", "127.0.0.1@53 2000" },
        { "nameserver ::1\nnameserver ::2\nnameserver ::3\nnameserver ::4\n",
          "::1@53 ::2@53 ::3@53 2000" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_resolv_conf(cases[i][0]);
        check("", cases[i][1]);
    }
    unlink(resolv_conf);
    check("", "127.0.0.1@53 2000");
}

static void test_equal(void **state)
{
    struct dns_servers a = { { "192.0.2.1@53" }, 1 }, b = a;
    (void)state;
    assert_true(dns_servers_are_equal(&a, &b));
    b.at[0][0] = '2';
    assert_false(dns_servers_are_equal(&a, &b));
    b.count = 0;
    assert_false(dns_servers_are_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_system),
        cmocka_unit_test(test_equal),
    };
    int fd = mkstemp(resolv_conf);
    if (fd < 0) {
        return 1;
    }
    close(fd);
    write_resolv_conf("nameserver 192.0.2.53\nnameserver 2001:db8::53\n");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(resolv_conf);
    return failed;
}
