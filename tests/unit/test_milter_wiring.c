/*
 * What the milter notices about the mail server's setup: each warning fires once with the line that
 * mends it, and stays silent where the setup is sound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/house.h"

#define SOCKET "socket = \"unix:/run/x.sock\";"
#define NS_PER_S UINT64_C(1000000000)

struct talk {
    struct house house;
    struct milter milter;
    struct connection *connection;
    struct fake_mta mta;
};

static void call(struct talk *talk, const char *client)
{
    struct sockaddr_in address = { .sin_family = AF_INET };

    connection_free(&talk->connection);
    talk->connection = connection_new(&talk->milter, true);
    assert_non_null(talk->connection);
    inet_pton(AF_INET, client, &address.sin_addr);
    on_connect(talk->connection, "client", (struct sockaddr *)&address);
}

/* Postfix with all macros, and a user that has logged in. */
static void talk_open(struct talk *talk, const char *config)
{
    static const char *const macros[][2] = {
        { "j", "mx.example.org" },
        { "v", "Postfix 3.7.11" },
        { "i", "4Xk2" },
        { "{daemon_name}", "SUBMISSION" },
        { "{auth_type}", "plain" },
        { "{auth_authen}", "alice@example.org" },
        { "{rcpt_mailer}", "smtp" },
    };

    memset(talk, 0, sizeof(*talk));
    house_open(&talk->house, config);
    talk->milter.holder = site_holder_new(site_ref(talk->house.site));
    talk->milter.world = &talk->house.world;
    talk->milter.mta = &fake_mta_calls;
    for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
        fake_mta_set(&talk->mta, macros[i][0], macros[i][1]);
    call(talk, "192.0.2.1");
}

static void talk_close(struct talk *talk)
{
    connection_free(&talk->connection);
    site_holder_free(&talk->milter.holder);
    fake_mta_free(&talk->mta);
    house_close(&talk->house);
}

static void envelope(struct talk *talk, const char *sender, const char *recipient)
{
    char *mail[] = { (char *)(uintptr_t)sender, NULL };
    char *rcpt[] = { (char *)(uintptr_t)recipient, NULL };

    on_mail(talk->connection, &talk->mta, mail);
    on_recipient(talk->connection, &talk->mta, rcpt);
}

static void message_from(struct talk *talk, const char *sender)
{
    envelope(talk, sender, "<bob@example.net>");
    on_header(talk->connection, &talk->mta, "From", " alice@example.org");
    on_headers_end(talk->connection, &talk->mta);
    on_message_end(talk->connection, &talk->mta);
}

static void messages(struct talk *talk, int count)
{
    while (count-- > 0)
        message_from(talk, "<alice@example.org>");
}

/* Lines but those of messages, since the last call. */
static const char *said(struct talk *talk)
{
    static char text[8192];
    struct span log = buffer_span(&talk->house.log), line;
    size_t size = 0;

    while (span_cut(&log, '\n', &line)) {
        if (line.size == 0 || memmem(line.at, line.size, "verdict=", 8) != NULL)
            continue;
        assert_true(size + line.size + 2 < sizeof(text));
        memcpy(text + size, line.at, line.size);
        size += line.size;
        text[size++] = '\n';
    }
    text[size] = '\0';
    buffer_free(&talk->house.log);
    return text;
}

static void expect_silence(struct talk *talk)
{
    assert_string_equal(said(talk), "");
}

/* One line that holds this. */
static void expect(struct talk *talk, const char *words)
{
    const char *text = said(talk);

    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, text);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

/* --- macros ---------------------------------------------------------------------------------- */

static void macros_that_do_not_come(void **state)
{
    static const struct {
        const char *name, *mta;
        bool asked;
        const char *says;
    } cases[] = {
        { "j", "Postfix 3.7.11", false,
          "macro j: the name of this host is not known; main.cf: "
          "milter_connect_macros = j {daemon_name} {daemon_addr} v "
          "_\n" },
        { "i", "Postfix 3.7.11", false, "; main.cf: milter_end_of_data_macros = i\n" },
        { "{daemon_name}", "Postfix 3.7.11", false,
          "a listener without a name: the mail server does not send the macro {daemon_name}: " },
        { "{auth_authen}", "Postfix 3.7.11", false,
          "listener \"SUBMISSION\": the mail server does not send the macro {auth_authen}: logins "
          "are not seen, their mail counts as inbound; main.cf: milter_mail_macros = i {auth_type} "
          "{auth_authen} " },
        { "{auth_authen}", "8.17.1", false,
          "inbound; sendmail.mc: define(`confMILTER_MACROS_ENVFROM', `i, {auth_type}, "
          "{auth_authen}, " },
        { "i", "8.17.1", false, "queue id; sendmail.mc: define(`confMILTER_MACROS_ENVFROM', `i, " },
        { "{rcpt_mailer}", "8.17.1", false,
          "define(`confMILTER_MACROS_ENVRCPT', `{rcpt_mailer}, " },
        { "v", "", false,
          "; main.cf: milter_connect_macros = j {daemon_name} {daemon_addr} v _; "
          "sendmail.mc: define(`confMILTER_MACROS_CONNECT', `j, _, {daemon_name}, "
          "{if_name}, {if_addr}, v')dnl\n" },
        { "j", "Postfix 3.7.11", true,
          "macro j, although it was asked to: the name of this host is not known\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct talk talk;
        talk_open(&talk, SOCKET);
        messages(&talk, 1);
        expect_silence(&talk);
        talk.connection->notes.asks_macros = cases[i].asked;
        fake_mta_set(&talk.mta, "v", cases[i].mta);
        fake_mta_set(&talk.mta, cases[i].name, NULL);
        messages(&talk, 1);
        expect(&talk, cases[i].says);
        messages(&talk, 5);
        expect_silence(&talk);
        talk_close(&talk);
    }
}

static void macros_are_told_for_each_listener(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, SOCKET);
    fake_mta_set(&talk.mta, "j", NULL);
    messages(&talk, 2);
    expect(&talk, "listener \"SUBMISSION\": ");
    fake_mta_set(&talk.mta, "{daemon_name}", "a\"b\xff");
    messages(&talk, 2);
    expect(&talk, "listener \"a\\x22b\\xff\": ");
    fake_mta_set(&talk.mta, "i", NULL); /* one more */
    messages(&talk, 2);
    expect(&talk, "macro i: ");
    talk_close(&talk);
}

/* However many names come, the state and the log stay small. */
static void listeners_are_bounded(void **state)
{
    char name[16];
    struct talk talk;
    size_t lines = 0;

    (void)state;
    talk_open(&talk, SOCKET);
    fake_mta_set(&talk.mta, "j", NULL);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "L%d", i);
        fake_mta_set(&talk.mta, "{daemon_name}", name);
        messages(&talk, 1);
    }
    for (const char *at = said(&talk); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, WIRING_LISTENERS);
    talk_close(&talk);
}

/* Postfix has no mailer for what sendmail(1) hands over, and a client without login has none. */
static void macros_that_need_not_come(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, SOCKET);
    fake_mta_set(&talk.mta, "{auth_type}", NULL);
    fake_mta_set(&talk.mta, "{auth_authen}", NULL);
    messages(&talk, 1);
    expect_silence(&talk);
    fake_mta_set(&talk.mta, "{rcpt_mailer}", NULL);
    call(&talk, "127.0.0.1");
    message_from(&talk, "www-data@example.org");
    expect_silence(&talk);
    fake_mta_set(&talk.mta, "{rcpt_mailer}",
                 "smtp"); /* a constant, where we were told all there is */
    fake_mta_set(&talk.mta, "{auth_type}", "TLS");
    talk.connection->notes.asks_macros = true;
    messages(&talk, 1);
    expect_silence(&talk);
    talk_close(&talk);
}

/* --- transactions without content ------------------------------------------------------------ */

/* Recipients are numbered from `first`; step 0: always the same. */
static void bare(struct talk *talk, int count, int step)
{
    char recipient[32];

    for (int i = 0; i < count; i++) {
        snprintf(recipient, sizeof(recipient), "<user%d@example.net>", i * step);
        envelope(talk, "<alice@example.org>", recipient);
        on_abort(talk->connection);
    }
}

static void content_is_missed(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, SOCKET);
    bare(&talk, 19, 1);
    expect_silence(&talk);
    bare(&talk, 1, 1);
    expect(&talk, "listener \"SUBMISSION\": the last 20 transactions of our users had recipients "
                  "and then no content; a milter sees none where smtpd_proxy_filter is set");
    bare(&talk, 100, 1);
    expect_silence(&talk);
    talk_close(&talk);
}

static void content_is_not_missed(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, SOCKET);
    for (int i = 0; i < 5; i++) { /* given up now and then */
        bare(&talk, 19, 1);
        messages(&talk, 1);
    }
    bare(&talk, 100, 0); /* a monitoring system */
    expect_silence(&talk);
    fake_mta_set(&talk.mta, "{daemon_name}", "MX"); /* address probes of strangers */
    fake_mta_set(&talk.mta, "{auth_authen}", NULL);
    fake_mta_set(&talk.mta, "{auth_type}", NULL);
    bare(&talk, 100, 1);
    expect_silence(&talk);
    talk_close(&talk);
}

/* --- names of the configuration -------------------------------------------------------------- */

#define LISTENERS                                                                                  \
    "\noutgoing = { listeners = ( { daemon = \"SUBMISION\"; }, { daemon = \"SUBMISSION\"; } ); };"

static void names_that_never_come(void **state)
{
    static const char says[] =
        "test.conf:2: outgoing.listeners: no mail came by \"SUBMISION\" while 200 messages of ours "
        "came by \"SUBMISSION\"; if the name is right, its listener lacks it; master.cf: -o "
        "milter_macro_daemon_name=SUBMISION\n";
    struct talk talk;

    (void)state;
    talk_open(&talk, SOCKET LISTENERS);
    messages(&talk, 199);
    expect_silence(&talk);
    messages(&talk, 1);
    expect(&talk, says);
    messages(&talk, 300);
    site_holder_swap(talk.milter.holder, site_ref(talk.house.site)); /* a reload */
    messages(&talk, 300);
    expect_silence(&talk);
    talk_close(&talk);
}

static void names_have_a_day(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, SOCKET LISTENERS);
    fake_mta_set(&talk.mta, "v", "8.17.1");
    messages(&talk, 30);
    talk.house.clock.now_ns += 86399 * NS_PER_S;
    messages(&talk, 1);
    expect_silence(&talk);
    talk.house.clock.now_ns += NS_PER_S;
    messages(&talk, 1);
    expect(&talk, "while 32 messages of ours came by \"SUBMISSION\"; if the name is right, its "
                  "listener lacks it; sendmail.mc: DAEMON_OPTIONS(`Name=SUBMISION, Port=...')dnl");
    talk_close(&talk);
}

static void names_that_come(void **state)
{
    static const char *const configs[] = {
        SOCKET LISTENERS,
        /* each socket has a process of its own */
        "socket = [ \"unix:/run/x.sock\", \"unix:/run/y.sock\" ];\noutgoing = { listeners = ( { "
        "daemon = \"ELSEWHERE\"; } ); };",
    };
    struct talk talk;

    (void)state;
    for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
        talk_open(&talk, configs[i]);
        fake_mta_set(&talk.mta, "{daemon_name}", "SUBMISION");
        messages(&talk, 1);
        fake_mta_set(&talk.mta, "{daemon_name}", "SUBMISSION");
        messages(&talk, 300);
        expect_silence(&talk);
        talk_close(&talk);
    }
    talk_open(&talk, SOCKET LISTENERS); /* mail that is not ours says nothing about our listeners */
    fake_mta_set(&talk.mta, "{daemon_name}", "MX");
    fake_mta_set(&talk.mta, "{auth_authen}", NULL);
    fake_mta_set(&talk.mta, "{auth_type}", NULL);
    messages(&talk, 300);
    talk.house.clock.now_ns += 2 * 86400 * NS_PER_S;
    messages(&talk, 1);
    expect_silence(&talk);
    talk_close(&talk);
}

/* --- one client for all ---------------------------------------------------------------------- */

/* So many connections with a login, one a second; every `other`th (0: none) from elsewhere. */
static void logins(struct talk *talk, const char *client, int count, int other)
{
    char address[32];

    for (int i = 1; i <= count; i++) {
        snprintf(address, sizeof(address), "198.51.100.%d", i % 250);
        call(talk, other > 0 && i % other == 0 ? address : client);
        message_from(talk, "<alice@example.org>");
        talk->house.clock.now_ns += NS_PER_S;
    }
    call(talk, client); /* ends the last one */
}

static void one_client_for_all(void **state)
{
    static const char says[] = "connections with a login came from 192.0.2.9: NAT or a proxy hides "
                               "the clients; ";
    struct talk talk;

    (void)state;
    talk_open(&talk, SOCKET);
    logins(&talk, "198.51.100.1", 10, 0); /* others before do not hide it */
    logins(&talk, "192.0.2.9", 1100, 25);
    expect(&talk, says);
    logins(&talk, "192.0.2.9", 50000, 0); /* once a day */
    expect_silence(&talk);
    talk.house.clock.now_ns += 86400 * NS_PER_S;
    logins(&talk, "192.0.2.9", 1100, 0);
    expect(&talk, says);
    talk_close(&talk);
}

static void many_clients(void **state)
{
    static const struct {
        const char *config, *client;
        int count, other;
    } cases[] = {
        { SOCKET, "192.0.2.9", 998, 0 },
        { SOCKET, "192.0.2.9", 5000, 10 },
        { SOCKET, "127.0.0.1", 5000, 0 },
        { SOCKET " outgoing = { networks = ( { name = \"w\"; address = \"192.0.2.9\"; } ); };",
          "192.0.2.9", 5000, 0 },
    };
    struct talk talk;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        talk_open(&talk, cases[i].config);
        logins(&talk, cases[i].client, cases[i].count, cases[i].other);
        expect_silence(&talk);
        talk_close(&talk);
    }
    talk_open(&talk, SOCKET); /* a burst of one client within ten minutes */
    for (int i = 0; i < 3000; i++) {
        call(&talk, "192.0.2.9");
        messages(&talk, 1);
        talk.house.clock.now_ns += NS_PER_S / 10;
    }
    expect_silence(&talk);
    fake_mta_set(&talk.mta, "{auth_authen}", NULL); /* no login: a gateway in front of an MX */
    fake_mta_set(&talk.mta, "{auth_type}", NULL);
    logins(&talk, "192.0.2.77", 5000, 0);
    expect_silence(&talk);
    talk_close(&talk);
}

/* --- threads --------------------------------------------------------------------------------- */

static void *transact(void *context)
{
    struct talk *talk = context;
    struct wiring_notes notes = { .is_login = true };
    struct ip client = { .family = 4, .bytes = { 192, 0, 2, 1 } };
    struct session session = { .client = client, .daemon_name = SPAN("SUBMISSION") };
    struct job *job = job_new(talk->house.site, &talk->house.world, &session);

    for (int i = 0; i < 20000; i++) {
        wiring_transaction(&talk->milter.wiring, &notes, job, false);
        wiring_connection(&talk->milter.wiring, &notes, &talk->house.world, &client);
    }
    job_free(&job);
    return NULL;
}

static void many_threads(void **state)
{
    pthread_t threads[4];
    struct talk talk;

    (void)state;
    talk_open(&talk, SOCKET);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, transact, &talk), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(talk.milter.wiring.logins, 80000); /* the clock stands still */
    assert_int_equal(talk.milter.wiring.listener_count, 1);
    talk_close(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macros_that_do_not_come),
        cmocka_unit_test(macros_are_told_for_each_listener),
        cmocka_unit_test(listeners_are_bounded),
        cmocka_unit_test(macros_that_need_not_come),
        cmocka_unit_test(content_is_missed),
        cmocka_unit_test(content_is_not_missed),
        cmocka_unit_test(names_that_never_come),
        cmocka_unit_test(names_have_a_day),
        cmocka_unit_test(names_that_come),
        cmocka_unit_test(one_client_for_all),
        cmocka_unit_test(many_clients),
        cmocka_unit_test(many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
