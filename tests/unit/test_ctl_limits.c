/*
 * top, user show, limit, plans: what reaches the daemon, and what is refused before.
 */
#include "test_ctl_support.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A daemon that takes one request and answers "exit 0". */
struct post {
    int listen_fd;
    char path[512];
    char request[2048];
    pthread_t thread;
};

static void *serve(void *context)
{
    struct post *post = context;
    static const char answer[] = "exit 0\nanswered\n";
    int fd = accept(post->listen_fd, NULL, NULL);
    size_t size = 0;
    while (size < sizeof(post->request) - 1) {
        ssize_t got = recv(fd, post->request + size, sizeof(post->request) - 1 - size, 0);
        if (got <= 0) {
            break;
        }
        size += (size_t)got;
        if (post->request[size - 1] == '\n') {
            break;
        }
    }
    post->request[size] = '\0';
    send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

static void post_open(struct post *post, const struct stage *stage)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(post->path, sizeof(post->path), "%s", stage_path(stage, "s"));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", stage->directory);
    post->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(post->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(post->listen_fd, 1), 0);
    assert_int_equal(pthread_create(&post->thread, NULL, serve, post), 0);
}

static const char *post_close(struct post *post)
{
    pthread_join(post->thread, NULL);
    close(post->listen_fd);
    unlink(post->path);
    return post->request;
}

#define RUN_MAX 12

static const struct {
    const char *words[RUN_MAX];
    const char *request;
} asked[] = {
    { { "top" }, "limits top 20 nearest\n" },
    { { "top", "-n", "5", "--by", "used" }, "limits top 5 used\n" },
    { { "--json", "top", "--number", "1000" }, "limits json top 1000 nearest\n" },
    { { "user", "show", "alice" }, "limits user alice\n" },
    { { "user", "show", "a b=\"c\"" }, "limits user a\\x20b\\x3d\\x22c\\x22\n" },
    { { "user", "suspend", "alice", "--because", "it is so" },
      "limits suspend alice 0 it\\x20is\\x20so\n" },
    { { "user", "suspend", "alice", "--until", "+4h", "--because", "x" },
      "limits suspend alice 1795492800 x\n" },
    { { "user", "release", "alice" }, "limits release alice \"\"\n" },
    { { "user", "release", "alice", "--because", "x" }, "limits release alice x\n" },
    { { "--json", "user", "suspended" }, "limits json suspended\n" },
    { { "user", "history", "alice" }, "limits history alice\n" },
    { { "--json", "limit", "list" }, "limits json list\n" },
    { { "limit", "clear", "alice", "default" }, "limits clear alice default\n" },
    { { "limit", "reset", "alice" }, "limits reset alice\n" },
    { { "limit", "reset", "site/", "all" }, "limits reset site/ all\n" },
    { { "limit", "set", "alice", "default", "4000", "--until", "+4h", "--because", "month end" },
      "limits set alice default 4000 1795492800 month\\x20end\n" },
    { { "limit", "set", "alice", "default", "0", "--until", "2026-12-31", "--because", "x" },
      "limits set alice default 0 1798761600 x\n" },
    { { "limit", "set", "a", "d", "1", "--until", "2026-12-31T12:00", "--because", "x" },
      "limits set a d 1 1798718400 x\n" },
    { { "limit", "set", "a", "d", "1", "--until", "never", "--because", "" },
      "limits set a d 1 0 \"\"\n" },
};

static enum ctl_exit run(struct stage *stage, const char *const *words)
{
    return stage_run(stage, words[0], words[1], words[2], words[3], words[4], words[5], words[6],
                     words[7], words[8], words[9], words[10], words[11], NULL);
}

static void test_requests(void **state)
{
    struct stage *stage = *state;
    char config[512];
    struct post post;
    snprintf(config, sizeof(config), "socket = \"unix:/x\"; control = { socket = \"%s/s\"; };\n",
             stage->directory);
    stage_config(stage, config);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        post_open(&post, stage);
        assert_int_equal(run(stage, asked[i].words), CTL_GOOD);
        assert_string_equal(post_close(&post), asked[i].request);
        assert_string_equal(stage_out(stage), "answered\n");
    }
}

static const struct {
    const char *words[RUN_MAX];
    const char *told;
} refused[] = {
    { { "top", "-n", "0" }, "--number is a number from 1 to 1000" },
    { { "top", "-n", "1001" }, "--number is a number" },
    { { "top", "--by", "x" }, "--by is used or nearest" },
    { { "top", "x" }, "unexpected x" },
    { { "user", "show" }, "user show wants NAME" },
    { { "user", "what", "alice" }, "user what? there are: user show" },
    { { "user", "messages" }, "user messages wants NAME" },
    { { "user", "suspend", "alice" }, "user suspend wants --because" },
    { { "user", "suspend", "alice", "--because", "x", "--until", "4h" }, "--until wants a day" },
    { { "user", "release" }, "user release wants NAME" },
    { { "user", "history" }, "user history wants NAME" },
    { { "limit" }, "limit what? there are: " },
    { { "limit", "clear", "alice" }, "limit clear wants NAME LIMIT" },
    { { "limit", "reset" }, "limit reset wants NAME [LIMIT]" },
    { { "limit", "set", "a", "d", "1" }, "limit set wants --until" },
    { { "limit", "set", "a", "d", "1", "--until", "+4h" }, "limit set wants --until" },
    { { "limit", "set", "a", "d", "1", "--because", "x" }, "limit set wants --until" },
    { { "limit", "set", "a", "d", "1", "--until", "4h", "--because", "x" }, "--until wants a day" },
    { { "limit", "set", "a", "d", "1", "--until", "+", "--because", "x" }, "--until wants a day" },
    { { "limit", "set", "a", "d", "1", "--until", "+0s", "--because", "x" }, "--until wants" },
    { { "limit", "set", "a", "d", "1", "--until", "2026-13-01", "--because", "x" },
      "--until wants a day" },
    { { "limit", "set", "a", "d", "1", "--until", "2026-11-01", "--because", "x" },
      "--until: 2026-11-01 is over" },
    { { "limit", "set", "a", "d", "1", "--until", "+99999999999999999d", "--because", "x" },
      "--until wants" },
};

static void test_refused(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(run(stage, refused[i].words), CTL_USAGE);
        assert_has(stage_err(stage), refused[i].told);
        assert_string_equal(stage_out(stage), "");
    }
}

static void test_unreachable(void **state)
{
    struct stage *stage = *state;
    char socket_path[512];
    stage_config(stage, "socket = \"unix:/x\";\n");
    snprintf(socket_path, sizeof(socket_path), "%s", stage_path(stage, "none"));
    assert_int_equal(stage_run(stage, "limit", "list", "--socket", socket_path, NULL),
                     CTL_UNREACHABLE);
    assert_has(stage_err(stage), "no socket at ");
    assert_int_equal(stage_run(stage, "--json", "user", "show", "x", "--socket", socket_path, NULL),
                     CTL_UNREACHABLE);
    assert_has(stage_out(stage), "{\"schema\":1,\"error\":");
}

/* --- plans ----------------------------------------------------------------------------------- */

static void plans_config(struct stage *stage)
{
    char config[1024];
    static const char table[] = "alice@example.org pro\nbob@example.org pro\n@example.net gold\n";
    stage_write(stage, "plans", table, sizeof(table) - 1);
    snprintf(config, sizeof(config),
             "socket = \"unix:/x\";\n"
             "plans = { table = \"file:%s\"; default = \"basic\"; };\n"
             "outgoing = { networks = ( { address = \"192.0.2.0/24\"; name = \"printers\";\n"
             "                            plan = \"basic\"; } ); };\n"
             "limits = ( { name = \"pro-hour\"; count = \"recipients\"; plan = \"pro\";\n"
             "             max = 5000; per = \"1h\"; },\n"
             "           { name = \"trial\"; count = \"recipients\"; plan = \"trial\";\n"
             "             max = 5; per = \"1h\"; } );\n",
             stage_path(stage, "plans"));
    stage_config(stage, config);
}

static void test_plans(void **state)
{
    struct stage *stage = *state;
    plans_config(stage);
    assert_int_equal(stage_run(stage, "plans", NULL), CTL_GOOD);
    assert_string_equal(stage_err(stage), "");
    assert_string_equal(
        stage_out(stage),
        "basic: 0 rows of the table, 1 networks, and everybody without a row (plans.default)\n"
        "  no limit names it\n"
        "gold: 1 rows of the table\n"
        "  no limit names it\n"
        "pro: 2 rows of the table\n"
        "  limits pro-hour\n"
        "trial: 0 rows of the table: nobody is on it\n"
        "  limits trial\n");
    assert_int_equal(stage_run(stage, "--json", "plans", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "{\"schema\":1,\"plans\":[{\"plan\":\"basic\",\"rows\":0,"
                                 "\"networks\":1,\"default\":true,\"limits\":[]},");
    assert_has(stage_out(stage), "{\"plan\":\"pro\",\"rows\":2,\"networks\":0,\"default\":false,"
                                 "\"limits\":[\"pro-hour\"]}");
}

static void test_plans_of_names(void **state)
{
    struct stage *stage = *state;
    plans_config(stage);
    assert_int_equal(stage_run(stage, "plans", "ALICE@example.org", "x@example.net", "y@a.example",
                               "printers", NULL),
                     CTL_GOOD);
    assert_string_equal(stage_out(stage),
                        "alice@example.org: pro (row of the name in plans.table); limits pro-hour\n"
                        "x@example.net: gold (row of the domain in plans.table); limits default\n"
                        "y@a.example: basic (plans.default); limits default\n"
                        "printers: basic (of the network); limits default\n");
    assert_int_equal(stage_run(stage, "--json", "plans", "x@example.net", NULL), CTL_GOOD);
    assert_string_equal(stage_out(stage),
                        "{\"schema\":1,\"names\":[{\"name\":\"x@example.net\",\"plan\":\"gold\","
                        "\"plan_from\":\"row of the domain in plans.table\",\"limits\":"
                        "[\"default\"]}]}\n");
}

static void test_plans_without(void **state)
{
    struct stage *stage = *state;
    stage_config(stage, "socket = \"unix:/x\";\n");
    assert_int_equal(stage_run(stage, "plans", NULL), CTL_GOOD);
    assert_string_equal(stage_out(stage), "there are no plans\n");
    assert_int_equal(stage_run(stage, "plans", "a", NULL), CTL_GOOD);
    assert_string_equal(stage_out(stage), "a: no plan (nothing says so); limits default\n");
    stage_config(stage, "socket = \"unix:/x\"; plans = { table = \"socketmap:unix:/none:plans\"; "
                        "};\n");
    assert_int_equal(stage_run(stage, "plans", "a", NULL), CTL_UNKNOWN);
    assert_has(stage_out(stage), "a: no plan (plans.table cannot be asked)");
    assert_int_equal(stage_run(stage, "plans", NULL), CTL_GOOD);
    assert_has(stage_err(stage), "a socketmap cannot be walked");
    stage_config(stage, "socket = ;\n");
    assert_int_equal(stage_run(stage, "plans", NULL), CTL_CONFIG);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_requests), TEST(test_refused),        TEST(test_unreachable),
        TEST(test_plans),    TEST(test_plans_of_names), TEST(test_plans_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
