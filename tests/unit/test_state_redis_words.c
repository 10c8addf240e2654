/*
 * What needs no server: the settings of `redis`, addresses, complaints and what they mean, and when
 * nobody asks any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "state/redis_private.h"

static const struct config_table *const tables[] = { &redis_settings_table, NULL };

/* --- settings -------------------------------------------------------------------------------- */

#define PLACE                                                                                      \
    "no place of a server; valid: \"unix:/path\", \"127.0.0.1:6379\", \"[::1]:6379\", "            \
    "\"localhost:6379\"; other names are not looked up\n"
#define NAME "no name; valid: letters, digits, '-', '_', '.', at most 64 of them\n"
#define A "redis = { addresses = \"127.0.0.1:6379\"; "

/* "FLEET USER SHARE DEADLINE ADDRESS...", or the faults. */
static void check_settings(const char *text, const char *expected)
{
    struct buffer got = BUFFER_EMPTY;
    struct config_report *report = config_report_new();
    struct config *config = config_load_text("t", span_of(text), tables, report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        buffer_printf(&got, "%s\n", config_report_fault(report, i)->text);
    }
    if (config != NULL && config_report_size(report) == 0) {
        const struct redis_settings *redis = config_settings(config, &redis_settings_table);
        buffer_printf(&got, "%s %s %u %d", redis->fleet, redis->user != NULL ? redis->user : "-",
                      redis_share_percent(redis), (int)redis->deadline_ms);
        for (size_t i = 0; i < redis->addresses.count; i++) {
            buffer_printf(&got, " %s", redis->addresses.at[i]);
        }
    }
    if (strcmp(buffer_text(&got), expected) != 0) {
        fail_msg("%s gives %s", text, buffer_text(&got));
    }
    config_free(&config);
    config_report_free(&report);
    buffer_free(&got);
}

static void settings(void **state)
{
    static const char *const cases[][2] = {
        { "", "mx - 25 30" },
        { A "};", "mx - 25 30 127.0.0.1:6379" },
        { "redis = { addresses = [ \"unix:/run/redis.sock\", \"[::1]:6379\" ]; fleet = "
          "\"a-b_c.d\"; "
          "share = \"100%\"; deadline = \"5ms\"; };",
          "a-b_c.d - 100 5 unix:/run/redis.sock [::1]:6379" },
        { "redis = { addresses = \"redis.example.org:6379\"; };",
          "t:1: redis.addresses: \"redis.example.org:6379\": " PLACE },
        { A "fleet = \"a}\"; };", "t:1: redis.fleet: \"a}\": " NAME },
        { A "node = \"\"; };", "t:1: redis.node: \"\": " NAME },
        { A "share = \"0%\"; };",
          "t:1: redis.share: \"0%\": no share; valid: \"1%\" to \"100%\"\n" },
        { A "share = \"25\"; };",
          "t:1: redis.share: \"25\": no share; valid: \"1%\" to \"100%\"\n" },
        { A "share = \"101%\"; };",
          "t:1: redis.share: \"101%\": no share; valid: \"1%\" to \"100%\"\n" },
        { A "deadline = \"2s\"; };",
          "t:1: redis.deadline: 2s is out of range; valid: 5ms to 1s\n" },
        { A "user = \"x\"; };",
          "t:1: redis.user: a user without a password; set redis.password_file, too\n" },
        { A "password_file = \"x\"; };",
          "t:1: redis.password_file: \"x\": not an absolute path; valid: "
          "\"/etc/egress-milter/redis.pw\"\n" },
        { "redis = { fleet = \"mx\"; };",
          "t:1: redis.fleet: has no effect without redis.addresses\n" },
    };
    static const char *const without[][2] = {
        { "", "mx - 25 30" },
        { A "};", "t:1: redis.addresses: this build has no hiredis; build with it, or remove the "
                  "setting\n" },
        { "redis = { fleet = \"mx\"; };",
          "t:1: redis.fleet: has no effect without redis.addresses\n" },
    };
    (void)state;
    if (!redis_wire_is_built()) {
        for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
            check_settings(without[i][0], without[i][1]);
        }
        return;
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_settings(cases[i][0], cases[i][1]);
    }
}

static void password_file(void **state)
{
    char path[] = "/tmp/test_redis_pw.XXXXXX", text[256], expected[512];
    (void)state;
    if (!redis_wire_is_built()) {
        skip();
    }
    close(mkstemp(path)); /* 0600 */
    snprintf(text, sizeof(text), A "password_file = \"%s\"; };", path);
    check_settings(text, "mx - 25 30 127.0.0.1:6379");
    unlink(path);
    snprintf(expected, sizeof(expected),
             "t:1: redis.password_file: cannot read %s: No such file or directory\n", path);
    check_settings(text, expected);
}

static void nodes(void **state)
{
    char name[REDIS_NAME_MAX + 1], host[256] = "";
    (void)state;
    redis_node_name(&(struct redis_settings){ .node = "mx1" }, name);
    assert_string_equal(name, "mx1");
    redis_node_name(&(struct redis_settings){ .node = NULL }, name);
    gethostname(host, sizeof(host) - 1);
    assert_int_equal(name[0], host[0]);
}

/* --- addresses ------------------------------------------------------------------------------- */

static void places(void **state)
{
    static const char *const good[][2] = {
        { "127.0.0.1:6379", "127.0.0.1:6379" },     { "localhost:1", "127.0.0.1:1" },
        { "LOCALHOST:65535", "127.0.0.1:65535" },   { "[::1]:6379", "[::1]:6379" },
        { "[2001:DB8::0:1]:7", "[2001:db8::1]:7" }, { "unix:/run/a b", "unix:/run/a b" },
    };
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:6379x",
        "::1:6379",
        "[127.0.0.1]:6379",
        "[::1]",
        "[]:1",
        "example.org:6379",
        "unix:",
        "unix:x",
        ":6379",
        "127.0.0.1:999999999999",
        "127.1:6379",
    };
    struct redis_place place;
    struct error error;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(redis_place_read(good[i][0], &place, &error));
        assert_string_equal(place.text, good[i][1]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (redis_place_read(bad[i], &place, &error)) {
            fail_msg("\"%s\" is a place", bad[i]);
        }
    }
}

static void moved_places(void **state)
{
    static const char *const cases[][3] = {
        { "MOVED 8000 10.0.0.2:7001", "127.0.0.1:1", "10.0.0.2:7001" },
        { "MOVED 8000 2001:db8::2:7001", "127.0.0.1:1", "[2001:db8::2]:7001" },
        { "MOVED 8000 :7001", "127.0.0.1:1", "127.0.0.1:7001" },
        { "MOVED 8000 :7001", "[::1]:1", "[::1]:7001" },
        { "MOVED 8000 :7001", "unix:/x", NULL },
        { "MOVED 8000 redis2.example.org:7001", "127.0.0.1:1", NULL },
        { "MOVED 8000 ?:7001", "127.0.0.1:1", NULL },
        { "MOVED 8000", "127.0.0.1:1", NULL },
        { "MOVED 8000 10.0.0.2:", "127.0.0.1:1", NULL },
        { "ASK 8000 10.0.0.2:7001", "127.0.0.1:1", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct redis_place from, to;
        struct error error;
        assert_true(redis_place_read(cases[i][1], &from, &error));
        bool is_known = redis_place_moved(redis_reason_place(span_of(cases[i][0])), &from, &to);
        if (is_known != (cases[i][2] != NULL) || (is_known && strcmp(to.text, cases[i][2]) != 0)) {
            fail_msg("%s from %s leads to %s", cases[i][0], cases[i][1],
                     is_known ? to.text : "nowhere");
        }
    }
}

/* --- complaints ------------------------------------------------------------------------------ */

static void reasons(void **state)
{
    static const struct {
        const char *words;
        enum redis_reason reason;
    } cases[] = {
        { "WRONGPASS invalid username-password pair or user is disabled.", REDIS_WRONGPASS },
        { "ERR invalid password", REDIS_WRONGPASS },
        { "ERR AUTH <password> called without any password configured", REDIS_WRONGPASS },
        { "ERR Client sent AUTH, but no password is set", REDIS_WRONGPASS },
        { "NOAUTH Authentication required.", REDIS_NOAUTH },
        { "NOPERM this user has no permissions to run the 'eval' command", REDIS_NOPERM },
        { "LOADING Redis is loading the dataset in memory", REDIS_LOADING },
        { "BUSY Redis is busy running a script.", REDIS_BUSY_SCRIPT },
        { "OOM command not allowed when used memory > 'maxmemory'. script: 1, on @u:1.",
          REDIS_OOM },
        { "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -OOM command "
          "not allowed when used memory > 'maxmemory'.",
          REDIS_OOM },
        { "ERR Error running script (call to f_1): @user_script:1: -READONLY You can't write "
          "against a read only replica.",
          REDIS_READONLY },
        { "ERR Error running script (call to f_1): @user_script:1: no - nothing", REDIS_ERROR },
        { "READONLY You can't write against a read only replica.", REDIS_READONLY },
        { "MISCONF Redis is configured to save RDB snapshots", REDIS_MISCONF },
        { "NOREPLICAS Not enough good replicas to write.", REDIS_MISCONF },
        { "MASTERDOWN Link with MASTER is down", REDIS_MASTERDOWN },
        { "CLUSTERDOWN Hash slot not served", REDIS_CLUSTERDOWN },
        { "MOVED 1 127.0.0.1:1", REDIS_MOVED },
        { "ASK 1 127.0.0.1:1", REDIS_ASK },
        { "TRYAGAIN Multiple keys request during rehashing of slot", REDIS_ASK },
        { "WRONGTYPE Operation against a key", REDIS_ERROR },
        { "", REDIS_ERROR },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (redis_reason_of(span_of(cases[i].words)) != cases[i].reason) {
            fail_msg("\"%s\" is %d", cases[i].words, redis_reason_of(span_of(cases[i].words)));
        }
    }
    for (int i = 0; i < REDIS_REASON_COUNT; i++) {
        assert_non_null(redis_reason_text(i));
    }
}

static void printable_words(void **state)
{
    char out[8];
    (void)state;
    redis_words_copy(out, sizeof(out), SPAN("a\nb\x80 cdefgh"));
    assert_string_equal(out, "a?b? cd");
    redis_words_copy(out, sizeof(out), (struct span){ NULL, 0 });
    assert_string_equal(out, "");
}

/* --- health ---------------------------------------------------------------------------------- */

static void three_in_a_row(void **state)
{
    struct redis_health health = { .pause_longest_ns = REDIS_PAUSE_LONGEST_NS };
    (void)state;
    assert_int_equal(redis_health_bad(&health, 100, 200), REDIS_NEWS_NONE);
    /* Who began before that was known learnt nothing new, and many may have. */
    for (int i = 0; i < 100; i++) {
        assert_int_equal(redis_health_bad(&health, 150, 210), REDIS_NEWS_NONE);
    }
    assert_int_equal(redis_health_bad(&health, 200, 300), REDIS_NEWS_NONE);
    redis_health_good(&health);
    assert_int_equal(redis_health_bad(&health, 300, 400), REDIS_NEWS_NONE);
    assert_int_equal(redis_health_bad(&health, 400, 500), REDIS_NEWS_NONE);
    assert_int_equal(redis_health_bad(&health, 500, 600), REDIS_NEWS_OUT);
    assert_int_equal(redis_health_bad(&health, 600, 700), REDIS_NEWS_NONE); /* told once */
    assert_int_equal(redis_health_up(&health, 800), REDIS_NEWS_BACK);
    assert_int_equal(redis_health_up(&health, 900), REDIS_NEWS_NONE);
}

static void pauses(void **state)
{
    struct redis_health health = { .pause_longest_ns = REDIS_PAUSE_LONGEST_NS };
    const uint64_t s = 1000000000;
    uint64_t last_ns = 0;
    (void)state;
    for (int i = 0; i < 20; i++) {
        uint64_t least_ns = redis_health_pause_ns(&health, i * s, 0);
        assert_int_equal(least_ns, health.pause_ns / 2);
        assert_true(least_ns >= last_ns && least_ns <= 5 * s);
        last_ns = least_ns;
    }
    assert_int_equal(last_ns, 5 * s);
    assert_true(redis_health_pause_ns(&health, 0, UINT32_MAX) < 10 * s);
    /* A connection that broke at once changes nothing; one that held does. */
    redis_health_up(&health, 100 * s);
    assert_true(redis_health_pause_ns(&health, 101 * s, 0) == 5 * s);
    redis_health_up(&health, 200 * s);
    assert_int_equal(redis_health_pause_ns(&health, 210 * s, 0), 0);
    assert_true(redis_health_pause_ns(&health, 210 * s, 0) < s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings),        cmocka_unit_test(password_file),
        cmocka_unit_test(nodes),           cmocka_unit_test(places),
        cmocka_unit_test(moved_places),    cmocka_unit_test(reasons),
        cmocka_unit_test(printable_words), cmocka_unit_test(three_in_a_row),
        cmocka_unit_test(pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
