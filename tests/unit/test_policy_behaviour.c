/*
 * behaviour: a login that behaves as always goes on; one that is taken over is held and suspended
 * within a few messages, told once, and goes on when a person releases it; a throttle defers, and
 * the same message again counts once; machines are not stopped, nor is anybody in mode observe.
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

#include "behaviour/book.h"
#include "behaviour/fingerprint.h"
#include "behaviour/history.h"
#include "behaviour/suspension.h"
#include "limits/ledger.h"
#include "policy/drive.h"
#include "tests/support/countries.h"
#include "tests/support/house.h"

#define HEAD "socket = \"unix:/x\"; mode = \"enforce\";\n"
#define LIMITS                                                                                     \
    "outgoing = { internal = [ \"example.org\" ];\n"                                               \
    "  networks = ( { address = \"198.51.100.0/24\"; name = \"branch\"; kind = \"relay\"; } ); "   \
    "};\n"                                                                                         \
    "limits = ( { name = \"default\"; count = \"recipients\"; max = 0; per = \"1h\"; } );\n"
#define ALL "behaviour = { actions = [ \"notice\", \"throttle\", \"hold\", \"suspend\" ]; };\n"
#define ACCOUNT SPAN("principal/submission/alice@example.org")
#define HOUR_S 3600

enum { PER_MESSAGE_MAX = 100 };

struct desk {
    struct house house;
    unsigned next;         /* of addresses nobody wrote to */
    enum disposition last; /* of the last message */
    char reply[600];
};

static void desk_open(struct desk *desk, const char *config)
{
    memset(desk, 0, sizeof(*desk));
    house_open(&desk->house, config);
    house_script_used(&desk->house, "");
}

static void desk_close(struct desk *desk)
{
    house_close(&desk->house);
}

static void pass_time(struct desk *desk, int64_t seconds)
{
    desk->house.clock.now_s += seconds;
    desk->house.clock.now_ns += (uint64_t)seconds * 1000000000;
}

struct sending {
    const char *client, *helo, *program, *login, *text;
    unsigned count, first; /* recipients, numbered from here */
    unsigned number;       /* of the message */
};

static void send_message(struct desk *desk, const struct sending *sending)
{
    static char addresses[PER_MESSAGE_MAX][40];
    struct drive_recipient recipients[PER_MESSAGE_MAX];
    char message[1000];
    for (unsigned i = 0; i < sending->count; i++) {
        snprintf(addresses[i], sizeof(addresses[i]), "r%u@away.example", sending->first + i);
        recipients[i] = (struct drive_recipient){ span_of(addresses[i]), SPAN("smtp"), SPAN("") };
    }
    snprintf(message, sizeof(message),
             "From: alice@example.org\nDate: Sun, 01 Mar 2026 11:59:00 +0000\n"
             "Message-ID: <%u@example.org>\nUser-Agent: %s\nSubject: hello\n\n%s\n",
             sending->number, sending->program, sending->text);
    struct drive_input input = {
        .session = { .mta_version = SPAN("Postfix 3.7.11"), .keeps_space = true },
        .login = span_of(sending->login),
        .sender = SPAN("<alice@example.org>"),
        .recipients = recipients,
        .recipient_count = sending->count,
        .queue_id = SPAN("4Xk2vR"),
        .message = span_of(message),
    };
    input.session.helo = span_of(sending->helo);
    assert_true(ip_parse(span_of(sending->client), &input.session.client));
    struct job *job = drive_message(desk->house.site, &desk->house.world, &input);
    assert_non_null(job);
    pipeline_finish(job, OUTCOME_ANSWERED);
    desk->last = job->verdict.disposition;
    snprintf(desk->reply, sizeof(desk->reply), "%s", job->verdict.reply.text);
    job_free(&job);
}

/* Six weeks of an office: four messages a working day to the same people, now and then a new one.
 */
static void live(struct desk *desk, const char *login, const char *client)
{
    for (unsigned day = 0; day < 42; day++) {
        for (unsigned i = 0; i < 4; i++) {
            char text[100];
            snprintf(text, sizeof(text), "letter %c of day %c%c about something else", 'a' + i,
                     'a' + day % 26, 'a' + day / 26);
            struct sending sending = { .client = client,
                                       .helo = "[192.168.1.5]",
                                       .program = "Thunderbird 102",
                                       .login = login,
                                       .text = text,
                                       .count = 1,
                                       .first = (day * 4 + i) % 12,
                                       .number = day * 4 + i };
            send_message(desk, &sending);
            assert_int_equal(desk->last, DISPOSITION_ACCEPT);
            pass_time(desk, HOUR_S);
        }
        pass_time(desk, 20 * HOUR_S);
    }
}

/* Of a burst by somebody else: 2 new recipients a message, one a second, until it is stopped. How
 * many passed. */
static unsigned burst(struct desk *desk, const char *login, unsigned messages)
{
    unsigned passed = 0;
    for (unsigned i = 0; i < messages; i++) {
        struct sending sending = { .client = "203.0.113.77",
                                   .helo = "WIN-7",
                                   .program = "The Bat! 1.0",
                                   .login = login,
                                   .text = "you have won a large sum of money, answer at once to "
                                           "claim all of it before the end of the week",
                                   .count = 2,
                                   .first = 1000 + 2 * i,
                                   .number = 10000 + i };
        send_message(desk, &sending);
        passed += desk->last == DISPOSITION_ACCEPT ? 2 : 0;
        pass_time(desk, 1);
    }
    return passed;
}

static unsigned times_told(const struct desk *desk, const char *piece)
{
    unsigned count = 0;
    for (const char *at = strstr(buffer_text(&desk->house.log), piece); at != NULL;
         at = strstr(at + 1, piece)) {
        count++;
    }
    return count;
}

static bool count_kinds(const struct history_entry *entry, void *context)
{
    unsigned *counts = context;
    counts[entry->kind]++;
    return true;
}

static void test_taken_over(void **state)
{
    static struct desk desk;
    struct suspension suspension;
    unsigned kinds[HISTORY_KIND_COUNT] = { 0 };
    struct profile profile;
    (void)state;
    desk_open(&desk, HEAD LIMITS ALL);
    live(&desk, "alice@example.org", "192.0.2.1");
    assert_int_equal(times_told(&desk, "notice anomaly"), 0);
    assert_in_range(burst(&desk, "alice@example.org", 200), 1, 60);
    assert_int_equal(desk.last, DISPOSITION_REJECT);
    assert_true(suspension_find(desk.house.store, SPAN("alice@example.org"), desk.house.clock.now_s,
                                &suspension));
    assert_true(suspension.is_by_machine);
    assert_string_equal(suspension.by, "behaviour");
    assert_true(strlen(suspension.because) > 20);
    assert_int_equal(times_told(&desk, "notice suspended: alice@example.org (submission) is "
                                       "suspended, score "),
                     1);
    assert_true(history_walk(desk.house.store, SPAN("alice@example.org"), count_kinds, kinds));
    assert_int_equal(kinds[HISTORY_SUSPEND], 1);
    assert_true(times_told(&desk, "anomaly:hold") >= 1);
    assert_true(times_told(&desk, "rules=principal-suspended:reject") >= 100);

    /* A person looked into it, on another node: all that comes here is the record. */
    struct error error;
    suspension.state = PRINCIPAL_RELEASED;
    suspension.set_s = desk.house.clock.now_s;
    suspension.until_s = desk.house.clock.now_s + 86400;
    assert_true(suspension_put(desk.house.store, &suspension, &error));
    assert_true(book_read(desk.house.store, ACCOUNT, &profile));
    assert_int_equal(profile.ladder.step, LADDER_SUSPEND);
    struct sending own = { .client = "192.0.2.1",
                           .helo = "[192.168.1.5]",
                           .program = "Thunderbird 102",
                           .login = "alice@example.org",
                           .text = "thank you for letting me in again",
                           .count = 1,
                           .number = 77 };
    pass_time(&desk, HOUR_S);
    send_message(&desk, &own);
    assert_int_equal(desk.last, DISPOSITION_ACCEPT);
    assert_true(book_read(desk.house.store, ACCOUNT, &profile));
    assert_true(profile.ladder.step <= LADDER_NOTICE);
    assert_in_range(profile.ladder.grace_until_ms - profile.last_ms, 82000000, 83000000);
    desk_close(&desk);
}

static void test_as_shipped(void **state)
{
    static struct desk desk;
    (void)state;
    desk_open(&desk, HEAD LIMITS);
    live(&desk, "alice@example.org", "192.0.2.1");
    assert_int_equal(burst(&desk, "alice@example.org", 100), 200); /* told, and not stopped */
    assert_in_range(times_told(&desk, "notice anomaly: alice@example.org (submission) behaves "
                                      "unusually, score "),
                    1, 2); /* a line at first, then a notice, or at once */
    assert_int_equal(suspension_count(desk.house.store, desk.house.clock.now_s), 0);
    desk_close(&desk);
}

static void test_observe(void **state)
{
    static struct desk desk;
    (void)state;
    desk_open(&desk, "socket = \"unix:/x\";\n" LIMITS ALL);
    live(&desk, "alice@example.org", "192.0.2.1");
    assert_int_equal(burst(&desk, "alice@example.org", 100), 200);
    assert_true(times_told(&desk, "would be suspended, score ") == 1);
    assert_true(times_told(&desk, "would=hold") > 10);
    assert_int_equal(suspension_count(desk.house.store, desk.house.clock.now_s), 0);
    desk_close(&desk);
}

static void test_excepted(void **state)
{
    static struct desk desk;
    (void)state;
    desk_open(&desk, HEAD LIMITS ALL
              "exceptions = ( { principal = \"alice@example.org\"; rule = \"anomaly\"; action = "
              "\"off\"; until = \"2036-12-31\"; because = \"campaign\"; } );\n");
    live(&desk, "alice@example.org", "192.0.2.1");
    assert_int_equal(burst(&desk, "alice@example.org", 100), 200);
    assert_int_equal(suspension_count(desk.house.store, desk.house.clock.now_s), 0);
    desk_close(&desk);
}

/* Networks are programs and many people: told, never stopped. */
static void test_network(void **state)
{
    static struct desk desk;
    (void)state;
    desk_open(&desk, HEAD LIMITS ALL);
    live(&desk, "", "198.51.100.7");
    for (unsigned i = 0; i < 100; i++) {
        struct sending sending = { .client = "198.51.100.7",
                                   .helo = "other",
                                   .program = "The Bat! 1.0",
                                   .login = "",
                                   .text = "you have won a large sum of money, answer at once",
                                   .count = 10,
                                   .first = 1000 + 10 * i,
                                   .number = 10000 + i };
        send_message(&desk, &sending);
        assert_int_equal(desk.last, DISPOSITION_ACCEPT);
        pass_time(&desk, 1);
    }
    assert_true(times_told(&desk, "notice anomaly: branch (relay) behaves unusually, score ") >= 1);
    assert_int_equal(suspension_count(desk.house.store, desk.house.clock.now_s), 0);
    desk_close(&desk);
}

/* A deferred message that comes each minute is one message. */
static void test_deferred_again(void **state)
{
    static struct desk desk;
    struct profile before, after;
    (void)state;
    desk_open(&desk, HEAD LIMITS "behaviour = { actions = [ \"notice\", \"throttle\" ]; };\n");
    live(&desk, "alice@example.org", "192.0.2.1");
    (void)burst(&desk, "alice@example.org", 60);
    assert_int_equal(desk.last, DISPOSITION_DEFER);
    assert_non_null(strstr(desk.reply, "anomaly: unusual for alice@example.org: "));
    assert_true(book_read(desk.house.store, ACCOUNT, &before));
    struct sending again = { .client = "203.0.113.77",
                             .helo = "WIN-7",
                             .program = "The Bat! 1.0",
                             .login = "alice@example.org",
                             .text = "you have won a large sum of money, answer at once to "
                                     "claim all of it before the end of the week",
                             .count = 2,
                             .first = 1000 + 2 * 59,
                             .number = 10000 + 59 };
    for (int i = 0; i < 30; i++) {
        send_message(&desk, &again);
    }
    assert_true(book_read(desk.house.store, ACCOUNT, &after));
    assert_int_equal(window_sum(&after.hour[METER_ASKED]), window_sum(&before.hour[METER_ASKED]));
    desk_close(&desk);
}

/* Sent from `client` with another program than his, to people nobody wrote to. */
static void send_stolen(struct desk *desk, const char *client)
{
    for (unsigned i = 0; i < 20; i++) {
        struct sending sending = { .client = client,
                                   .helo = "WIN-7",
                                   .program = "The Bat! 1.0",
                                   .login = "alice@example.org",
                                   .text = "you have won a large sum of money, answer at once",
                                   .count = 2,
                                   .first = 1000 + 2 * i,
                                   .number = 10000 + i };
        send_message(desk, &sending);
        pass_time(desk, 1);
    }
}

static char database[] = "/tmp/egress-countries.XXXXXX";

static void open_with_countries(struct desk *desk, const char *rows)
{
    char config[2000];
    assert_true(countries_write(database, rows));
    snprintf(config, sizeof(config), HEAD LIMITS "behaviour = { country_database = \"%s\"; };\n",
             database);
    desk_open(desk, config);
}

/* The country is told where it is another one than always, and what is always is known. */
static void test_country(void **state)
{
    static struct desk desk;
    struct profile profile;
    (void)state;
    if (!countries_are_there()) {
        skip();
    }
    open_with_countries(&desk, "192.0.2.0/24=DE 203.0.113.0/24=BR");
    live(&desk, "alice@example.org", "192.0.2.1");
    send_stolen(&desk, "203.0.113.77");
    assert_true(times_told(&desk, "with country BR, network not seen before") > 0);
    assert_true(book_read(desk.house.store, ACCOUNT, &profile));
    assert_int_equal(profile.habits[HABIT_COUNTRY].all[0].value, fingerprint_country(SPAN("DE")));
    desk_close(&desk);

    open_with_countries(&desk, "192.0.2.0/24=DE 203.0.113.0/24=DE");
    live(&desk, "alice@example.org", "192.0.2.1");
    send_stolen(&desk, "203.0.113.77");
    assert_true(times_told(&desk, "with network not seen before") > 0);
    assert_int_equal(times_told(&desk, "country"), 0);
    desk_close(&desk);
}

/* Of a client the database does not have nothing is known. */
static void test_no_country(void **state)
{
    static struct desk desk;
    struct profile profile;
    (void)state;
    if (!countries_are_there()) {
        skip();
    }
    open_with_countries(&desk, "198.18.0.0/15=DE");
    live(&desk, "alice@example.org", "192.0.2.1");
    send_stolen(&desk, "203.0.113.77");
    assert_int_equal(times_told(&desk, "country"), 0);
    assert_true(book_read(desk.house.store, ACCOUNT, &profile));
    assert_int_equal(profile.habits[HABIT_COUNTRY].count, 0);
    desk_close(&desk);
}

/* Behind a webmail server the client is that server. */
static void test_country_of_proxy(void **state)
{
    static struct desk desk;
    struct profile profile;
    (void)state;
    if (!countries_are_there()) {
        skip();
    }
    assert_true(countries_write(database, "192.0.2.0/24=DE"));
    char config[2000];
    snprintf(config, sizeof(config),
             HEAD
             "behaviour = { country_database = \"%s\"; };\n"
             "outgoing = { internal = [ \"example.org\" ];\n"
             "  networks = ( { address = \"192.0.2.1\"; name = \"webmail\"; proxy = true; } );\n"
             "};\n",
             database);
    desk_open(&desk, config);
    live(&desk, "alice@example.org", "192.0.2.1");
    assert_true(book_read(desk.house.store, ACCOUNT, &profile));
    assert_int_equal(profile.habits[HABIT_COUNTRY].count, 0);
    assert_true(profile.habits[HABIT_CLIENT].count > 0);
    desk_close(&desk);
}

static int make_database(void **state)
{
    (void)state;
    int fd = mkstemp(database);
    return fd >= 0 ? close(fd) : -1;
}

static int remove_database(void **state)
{
    (void)state;
    return unlink(database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken_over),       cmocka_unit_test(test_as_shipped),
        cmocka_unit_test(test_observe),          cmocka_unit_test(test_excepted),
        cmocka_unit_test(test_network),          cmocka_unit_test(test_deferred_again),
        cmocka_unit_test(test_country),          cmocka_unit_test(test_no_country),
        cmocka_unit_test(test_country_of_proxy),
    };
    return cmocka_run_group_tests(tests, make_database, remove_database);
}
