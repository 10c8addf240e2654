/*
 * client: what an answer must look like, and that nothing makes it wait past its deadline.
 *
 * The daemon is a thread with one scripted answer.
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
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/client.h"
#include "util/clock.h"

struct fake {
    char directory[48], path[64];
    int listen_fd;
    pthread_t thread;
    const char *answer;
    bool reads;        /* the request, before answering */
    char request[256]; /* what it was asked */
    int release[2];    /* it closes the connection when the test writes here; -1: at once */
};

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    strcpy(address.sun_path, path);
    return address;
}

static void fake_open(struct fake *fake)
{
    struct sockaddr_un address;

    *fake = (struct fake){ .directory = "/tmp/egress-client.XXXXXX", .release = { -1, -1 } };
    assert_non_null(mkdtemp(fake->directory));
    snprintf(fake->path, sizeof(fake->path), "%s/s", fake->directory);
    fake->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    address = address_of(fake->path);
    assert_int_equal(bind(fake->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void fake_close(struct fake *fake)
{
    close(fake->listen_fd);
    unlink(fake->path);
    rmdir(fake->directory);
}

static void *fake_serve(void *context)
{
    struct fake *fake = context;
    int fd = accept(fake->listen_fd, NULL, NULL);
    size_t size = 0;
    char byte;

    while (fake->reads && size < sizeof(fake->request) - 1 &&
           recv(fd, &fake->request[size], 1, 0) == 1 && fake->request[size++] != '\n')
        ;
    send(fd, fake->answer, strlen(fake->answer), MSG_NOSIGNAL);
    if (fake->release[0] >= 0 && read(fake->release[0], &byte, 1) != 1)
        abort();
    close(fd);
    return NULL;
}

static void fake_start(struct fake *fake, const char *answer)
{
    fake->answer = answer;
    fake->reads = true;
    assert_int_equal(listen(fake->listen_fd, 4), 0);
    assert_int_equal(pthread_create(&fake->thread, NULL, fake_serve, fake), 0);
}

static void test_answers(void **state)
{
    static const struct {
        const char *answer;
        int code; /* -1: none */
        const char *rest;
    } cases[] = {
        { "exit 0\n", 0, "" },
        { "exit 0\ngood\n", 0, "good\n" },
        { "exit 2\na\nb", 2, "a\nb" },
        { "exit 64\n\n", 64, "\n" },
        { "", -1, NULL },
        { "exit 0", -1, NULL },
        { "exit \nx", -1, NULL },
        { "exit 1x\nx", -1, NULL },
        { "exit -1\nx", -1, NULL },
        { "exit 1000\nx", -1, NULL },
        { "good\n", -1, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer answer = BUFFER_EMPTY;
        struct error error = { "" };
        struct fake fake;
        int code = -1;
        bool good;
        fake_open(&fake);
        fake_start(&fake, cases[i].answer);
        good = control_ask(fake.path, SPAN("status json"), 10000, &code, &answer, &error);
        pthread_join(fake.thread, NULL);
        assert_int_equal(good, cases[i].code >= 0);
        assert_int_equal(code, cases[i].code);
        assert_string_equal(fake.request, "status json\n");
        if (good)
            assert_string_equal(buffer_text(&answer), cases[i].rest);
        else
            assert_non_null(strstr(error.text, "cut short"));
        buffer_free(&answer);
        fake_close(&fake);
    }
}

static void test_unreachable(void **state)
{
    struct buffer answer = BUFFER_EMPTY;
    struct error error;
    struct fake fake;
    char long_path[200];
    int code;

    (void)state;
    fake_open(&fake); /* bound, and nobody listens */
    assert_false(control_ask(fake.path, SPAN("health"), 1000, &code, &answer, &error));
    assert_non_null(strstr(error.text, fake.path));
    assert_non_null(strstr(error.text, "not running"));
    fake_close(&fake);
    assert_false(control_ask(fake.path, SPAN("health"), 1000, &code, &answer, &error));
    assert_non_null(strstr(error.text, "no socket at"));
    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[0] = '/';
    long_path[sizeof(long_path) - 1] = '\0';
    assert_false(control_ask(long_path, SPAN("health"), 1000, &code, &answer, &error));
    assert_non_null(strstr(error.text, "too long"));
}

/* Half an answer, then nothing. */
static void test_deadline(void **state)
{
    struct buffer answer = BUFFER_EMPTY;
    struct error error;
    struct fake fake;
    uint64_t began, spent_ms;
    int code;

    (void)state;
    fake_open(&fake);
    assert_int_equal(pipe(fake.release), 0);
    fake_start(&fake, "exit 0\nhal");
    began = clock_mono_ns(&clock_system);
    assert_false(control_ask(fake.path, SPAN("health"), 100, &code, &answer, &error));
    spent_ms = (clock_mono_ns(&clock_system) - began) / 1000000;
    assert_in_range(spent_ms, 100, 5000);
    assert_non_null(strstr(error.text, "in time"));
    assert_int_equal(write(fake.release[1], "x", 1), 1);
    pthread_join(fake.thread, NULL);
    close(fake.release[0]);
    close(fake.release[1]);
    fake_close(&fake);
}

/* A daemon that accepts nobody: its queue is full. */
static void test_full_queue(void **state)
{
    struct buffer answer = BUFFER_EMPTY;
    struct error error;
    struct fake fake;
    struct sockaddr_un address;
    int waiting[8], count = 0, code;

    (void)state;
    fake_open(&fake);
    assert_int_equal(listen(fake.listen_fd, 0), 0);
    address = address_of(fake.path);
    do {
        waiting[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    } while (connect(waiting[count++], (struct sockaddr *)&address, sizeof(address)) == 0 &&
             count < 8);
    assert_true(count < 8);
    assert_false(control_ask(fake.path, SPAN("health"), 100, &code, &answer, &error));
    while (count > 0)
        close(waiting[--count]);
    fake_close(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_full_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
