/*
 * suppress: what reaches the daemon, one request for each line of a file, and what is refused
 * before.
 */
#include "test_ctl_support.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#define RUN_MAX 10

/* A daemon that keeps all requests, and answers each with what the next line of `answers` says. */
struct post {
    int listen_fd;
    const char *const *answers; /* "exit 0\n...", ended by NULL */
    struct buffer requests;
    pthread_t thread;
};

static void take_request(struct post *post, int fd)
{
    char piece[2048];
    ssize_t got;
    do {
        got = recv(fd, piece, sizeof(piece), 0);
        buffer_add(&post->requests, piece, got > 0 ? (size_t)got : 0);
    } while (got > 0 && piece[got - 1] != '\n');
}

static void *serve(void *context)
{
    struct post *post = context;
    for (const char *const *answer = post->answers; *answer != NULL; answer++) {
        int fd = accept(post->listen_fd, NULL, NULL);
        take_request(post, fd);
        send(fd, *answer, strlen(*answer), MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static void post_open(struct post *post, const struct stage *stage, const char *const *answers)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    post->answers = answers;
    post->requests = (struct buffer)BUFFER_EMPTY;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", stage->directory);
    unlink(address.sun_path);
    post->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(post->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(post->listen_fd, 8), 0);
    assert_int_equal(pthread_create(&post->thread, NULL, serve, post), 0);
}

static void post_close(struct post *post, const char *requests)
{
    pthread_join(post->thread, NULL);
    close(post->listen_fd);
    assert_string_equal(buffer_text(&post->requests), requests);
    buffer_free(&post->requests);
}

static enum ctl_exit run(struct stage *stage, const char *const *words)
{
    return stage_run(stage, words[0], words[1], words[2], words[3], words[4], words[5], words[6],
                     words[7], words[8], words[9], NULL);
}

static void configure(struct stage *stage)
{
    char config[512];
    snprintf(config, sizeof(config), "socket = \"unix:/x\"; control = { socket = \"%s/s\"; };\n",
             stage->directory);
    stage_config(stage, config);
}

static const struct {
    const char *words[RUN_MAX];
    const char *request;
} asked[] = {
    { { "suppress", "list" }, "suppress list\n" },
    { { "suppress", "list", "away.example" }, "suppress list away.example\n" },
    { { "--json", "suppress", "list" }, "suppress json list\n" },
    { { "suppress", "export" }, "suppress export\n" },
    { { "suppress", "remove", "a@b.example" }, "suppress remove a@b.example\n" },
    { { "suppress", "remove", "a@b.example", "--domain", "example.org" },
      "suppress remove a@b.example example.org\n" },
    { { "suppress", "add", "a@b.example" }, "suppress add a@b.example * 0 \"\" \"\"\n" },
    { { "suppress", "add", "a@b.example", "--domain", "example.org", "--until", "+4h", "--because",
        "left us" },
      "suppress add a@b.example example.org 1795492800 \"\" left\\x20us\n" },
    { { "suppress", "add", "a@b.example", "--until", "2026-12-31" },
      "suppress add a@b.example * 1798761600 \"\" \"\"\n" },
};

static void test_requests(void **state)
{
    static const char *const answers[] = { "exit 0\nanswered\n", NULL };
    struct stage *stage = *state;
    struct post post;
    configure(stage);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        post_open(&post, stage, answers);
        assert_int_equal(run(stage, asked[i].words), CTL_GOOD);
        post_close(&post, asked[i].request);
        assert_string_equal(stage_out(stage), "answered\n");
    }
}

static const char lines[] = "# left\n"
                            "\n"
                            "a@b.example\n"
                            "b@b.example example.org\r\n"
                            "c@b.example * 2026-12-31 5.1.1 user\\x20unknown\n"
                            "d@b.example * @1798761600 - \"\"\n"
                            "e@b.example * tomorrow\n"
                            "f@b.example * never - no reason is one word\n"
                            "g\n";

static void test_from_file(void **state)
{
    static const char *const answers[] = { "exit 0\na\n", "exit 0\nb\n",        "exit 0\nc\n",
                                           "exit 0\nd\n", "exit 64\nno such\n", NULL };
    struct stage *stage = *state;
    struct post post;
    configure(stage);
    stage_write(stage, "list", lines, sizeof(lines) - 1);
    post_open(&post, stage, answers);
    assert_int_equal(stage_run(stage, "suppress", "add", "--from", stage_path(stage, "list"), NULL),
                     CTL_NO);
    post_close(&post, "suppress add a@b.example * 0 \"\" \"\"\n"
                      "suppress add b@b.example example.org 0 \"\" \"\"\n"
                      "suppress add c@b.example * 1798761600 5.1.1 user\\x20unknown\n"
                      "suppress add d@b.example * 1798761600 \"\" \"\"\n"
                      "suppress add g * 0 \"\" \"\"\n");
    assert_string_equal(stage_out(stage), "4 addresses are suppressed, 3 lines refused\n");
    assert_has(stage_err(stage), "list:7: the end wants a day");
    assert_has(stage_err(stage), "list:8: wants ADDRESS [DOMAIN");
    assert_has(stage_err(stage), "list:9: no such");
}

/* Full, or not permitted: the next line would fare no better. */
static void test_from_file_hopeless(void **state)
{
    static const char *const answers[] = { "exit 0\na\n", "exit 1\nthe list is full\n", NULL };
    struct stage *stage = *state;
    struct post post;
    configure(stage);
    stage_write(stage, "list", lines, sizeof(lines) - 1);
    post_open(&post, stage, answers);
    assert_int_equal(
        stage_run(stage, "--json", "suppress", "add", "--from", stage_path(stage, "list"), NULL),
        CTL_WARNING);
    post_close(&post, "suppress json add a@b.example * 0 \"\" \"\"\n"
                      "suppress json add b@b.example example.org 0 \"\" \"\"\n");
    assert_has(stage_out(stage), "\"added\":1,\"refused\":1}");
}

static const struct {
    const char *words[RUN_MAX];
    enum ctl_exit code;
    const char *told;
} refused[] = {
    { { "suppress" }, CTL_USAGE, "suppress what? there are: " },
    { { "suppress", "add" }, CTL_USAGE, "suppress add wants ADDRESS, or --from FILE" },
    { { "suppress", "add", "a@b.example", "--from", "x" }, CTL_USAGE, "wants ADDRESS, or --from" },
    { { "suppress", "add", "--from", "x", "--until", "+1d" }, CTL_USAGE, "says all of it" },
    { { "suppress", "add", "a@b.example", "--until", "soon" }, CTL_USAGE, "--until wants a day" },
    { { "suppress", "add", "--from", "/nonexistent/x" }, CTL_INPUT, "/nonexistent" },
    { { "suppress", "remove" }, CTL_USAGE, "suppress remove wants ADDRESS" },
    { { "suppress", "list", "a", "b" }, CTL_USAGE, "unexpected b" },
};

static void test_refused(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(run(stage, refused[i].words), refused[i].code);
        assert_has(stage_err(stage), refused[i].told);
        assert_string_equal(stage_out(stage), "");
    }
}

static void test_unreachable(void **state)
{
    struct stage *stage = *state;
    stage_write(stage, "list", lines, sizeof(lines) - 1);
    configure(stage);
    assert_int_equal(stage_run(stage, "suppress", "add", "a@b.example", NULL), CTL_UNREACHABLE);
    assert_int_equal(stage_run(stage, "suppress", "add", "--from", stage_path(stage, "list"), NULL),
                     CTL_UNREACHABLE);
    assert_has(stage_out(stage), "0 addresses are suppressed");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_requests), TEST(test_from_file),   TEST(test_from_file_hopeless),
        TEST(test_refused),  TEST(test_unreachable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
