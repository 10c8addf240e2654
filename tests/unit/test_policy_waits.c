/*
 * waits: a message that asks a table over a socket does so within the bracket of util/waiting.h,
 * where the pool is kept moving, and does not ask where as many wait as may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/drive.h"
#include "tests/support/house.h"
#include "util/waiting.h"

enum { PLACES = 4 };

/* Answers "not there" to whatever is asked, and counts who waits at that moment. */
struct server {
    struct waiting *waits;
    int listener;
    unsigned questions, unbracketed;
};

static void answer_all(struct server *server, int session)
{
    char bytes[256];
    while (read(session, bytes, sizeof(bytes)) > 0) {
        server->questions++;
        server->unbracketed += waiting_count(server->waits) == 0;
        assert_int_equal(write(session, "9:NOTFOUND ,", 12), 12);
    }
    close(session);
}

static void *serve(void *argument)
{
    struct server *server = argument;
    int session;
    while ((session = accept(server->listener, NULL, NULL)) >= 0) {
        answer_all(server, session);
    }
    return NULL;
}

/* The table is named between the two texts. */
static struct server ask(const char *before, const char *after, unsigned places)
{
    struct house house;
    struct waiting waits;
    struct server server = { .waits = &waits };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    pthread_t thread;
    char config[1000];
    int size =
        snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/egress-waits.%d", (int)getpid());
    assert_true(size > 0);
    unlink(address.sun_path);
    server.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server.listener, 5), 0);
    assert_true(waiting_init(&waits, places));
    assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);

    snprintf(config, sizeof(config),
             "socket = \"unix:/tmp/x.sock\"; mode = \"enforce\";\n%ssocketmap:unix:%s:map%s",
             before, address.sun_path, after);
    house_open(&house, config);
    house_script_dns(&house, "example.org TXT \"v=spf1 -all\"\n");
    house.world.waits = &waits;
    static const struct drive_recipient recipient = { .path = SPAN("<bob@example.com>"),
                                                      .mailer = SPAN("smtp") };
    struct drive_input input = { .session = { .client = { .family = 4, .bytes = { 192, 0, 2, 1 } },
                                              .daemon_name = SPAN("SUBMISSION"),
                                              .mta_version = SPAN("Postfix 3.7") },
                                 .login = SPAN("alice@example.org"),
                                 .auth_type = SPAN("PLAIN"),
                                 .sender = SPAN("<alice@example.org>"),
                                 .recipients = &recipient,
                                 .recipient_count = 1,
                                 .queue_id = SPAN("AAAA1"),
                                 .message = SPAN("From: alice@example.org\n\nhello\n") };
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_non_null(job);
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    house_close(&house);

    shutdown(server.listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(server.listener);
    waiting_destroy(&waits);
    unlink(address.sun_path);
    return server;
}

static const char *const settings[][2] = {
    { "senders = { owners = \"", "\"; };\n" },
    { "outgoing = { envelope_rewrite = [ \"canonical:", "\" ]; };\n" },
};

static void within_the_bracket(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        struct server server = ask(settings[i][0], settings[i][1], PLACES);
        assert_true(server.questions > 0);
        assert_int_equal(server.unbracketed, 0);
    }
}

static void no_place_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        assert_int_equal(ask(settings[i][0], settings[i][1], 0).questions, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_the_bracket),
        cmocka_unit_test(no_place_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
