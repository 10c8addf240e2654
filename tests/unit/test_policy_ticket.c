/*
 * Tickets: their text there and back, their MAC against one made elsewhere, that no change of what
 * they are bound to goes unnoticed, and what happens where memory or numbers run out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log/counter.h"
#include "policy/drive.h"
#include "policy/ticket_text.h"
#include "tests/support/house.h"

#define HEAD                                                                                       \
    "From: Alice <alice@example.org>\nDate: Sun, 01 Mar 2026 11:59:00 +0000\n"                     \
    "Message-ID: <1@example.org>\n"
#define H "h=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

/* --- the text -------------------------------------------------------------------------------- */

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new((size_t)16 << 20);
    return arena != NULL ? 0 : -1;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct ticket some_ticket(struct span principal)
{
    struct ticket ticket = { .made_s = 1772366400,
                             .mail_class = CLASS_RELAY,
                             .principal = principal };
    for (size_t i = 0; i < sizeof(ticket.mac); i++) {
        ticket.mac[i] = (uint8_t)i;
    }
    return ticket;
}

static void good_texts(void **state)
{
    static const struct {
        const char *text, *principal;
    } cases[] = {
        { " v=1; t=1772366400; c=relay;\n\tp=a@b.example;\n\t" H, "a@b.example" },
        { "v=1;t=1772366400;c=relay;p=a@b.example;" H, "a@b.example" },
        { "v = 1;\r\n t=17723 66400;\n\tc=re\n lay;p=a@b\n .example; " H " \t", "a@b.example" },
        { "v=1;t=1772366400;c=relay;p=%C3%84%20%3B%25%3D%00%0A;" H, "\xc3\x84 ;%=" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ticket ticket, expected = some_ticket(span_of(cases[i].principal));
        assert_true(ticket_parse(span_of(cases[i].text), arena, &ticket));
        assert_int_equal(ticket.made_s, expected.made_s);
        assert_int_equal(ticket.mail_class, expected.mail_class);
        assert_memory_equal(ticket.principal.at, cases[i].principal, strlen(cases[i].principal));
        assert_memory_equal(ticket.mac, expected.mac, sizeof(ticket.mac));
    }
}

static void bad_texts(void **state)
{
    static const char *const cases[] = {
        "",
        "v=1",
        "v=2; t=1772366400; c=relay; p=a; " H,
        "t=1772366400; v=1; c=relay; p=a; " H,
        "v=1; v=1; t=1772366400; c=relay; p=a; " H,
        "v=1; t=; c=relay; p=a; " H,
        "v=1; t=-1; c=relay; p=a; " H,
        "v=1; t=1x; c=relay; p=a; " H,
        "v=1; t=1234567890123; c=relay; p=a; " H,
        "v=1; t=1772366400; c=inbound; p=a; " H,
        "v=1; t=1772366400; c=Relay; p=a; " H,
        "v=1; t=1772366400; c=; p=a; " H,
        "v=1; t=1772366400; c=relay; p=; " H,
        "v=1; t=1772366400; c=relay; p=%4; " H,
        "v=1; t=1772366400; c=relay; p=%; " H,
        "v=1; t=1772366400; c=relay; p=%c3; " H,
        "v=1; t=1772366400; c=relay; p=\xc3\x84; " H,
        "v=1; t=1772366400; c=relay; p=a=b; " H,
        "v=1; t=1772366400; c=relay; p=a; " H ";",
        "v=1; t=1772366400; c=relay; p=a; " H "; x=1",
        "v=1; t=1772366400; c=relay; p=a; h=",
        "v=1; t=1772366400; c=relay; p=a; h=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd",
        "v=1; t=1772366400; c=relay; p=a; h=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==",
        "v=1; t=1772366400; c=relay; " H,
        "v=1; t=1772366400; c=relay; p=a",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ticket ticket;
        if (ticket_parse(span_of(cases[i]), arena, &ticket)) {
            fail_msg("taken for a ticket: %s", cases[i]);
        }
    }
}

/* Any principal comes back; the field is printable, and no line of it is long. */
static void any_principal(void **state)
{
    static char bytes[TICKET_PRINCIPAL_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)(i * 7 + i / 256);
    }
    for (size_t size = 1; size < sizeof(bytes); size += size < 600 ? 1 : 997) {
        struct ticket ticket, written = some_ticket((struct span){ bytes, size });
        struct span text = ticket_print(&written, arena), rest = text, line;
        assert_non_null(text.at);
        assert_in_range(text.size, 1, 60000);
        while (span_cut(&rest, '\n', &line)) {
            assert_in_range(line.size, 2, 78);
            assert_true(line.at[0] == ' ' || line.at[0] == '\t');
            for (size_t i = 1; i < line.size; i++) {
                assert_in_range(line.at[i], ' ', '~');
            }
        }
        assert_true(ticket_parse(text, arena, &ticket));
        assert_int_equal(ticket.principal.size, size);
        assert_memory_equal(ticket.principal.at, bytes, size);
    }
    struct ticket too_long = some_ticket((struct span){ bytes, sizeof(bytes) });
    assert_null(ticket_print(&too_long, arena).at);
}

/* --- messages -------------------------------------------------------------------------------- */

static struct house house;
static char key_path[] = "/tmp/egress-key.XXXXXX", secret_path[] = "/tmp/egress-secret.XXXXXX";
static const char *ceiling = "2M";

static void write_file(char *path, struct span text)
{
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text.at, text.size), (ssize_t)text.size);
    close(fd);
}

static int make_files(void **state)
{
    (void)state;
    struct error error;
    struct buffer pem = BUFFER_EMPTY;
    struct dkim_key *key = dkim_key_generate(DKIM_RSA_SHA256, 1024, &error);
    if (key == NULL || !dkim_key_print_private(key, &pem)) {
        return -1;
    }
    write_file(key_path, buffer_span(&pem));
    write_file(secret_path, SPAN("the first secret of the scenarios\n"));
    buffer_free(&pem);
    dkim_key_unref(&key);
    return make_arena(state);
}

static int remove_files(void **state)
{
    remove(key_path);
    remove(secret_path);
    return free_arena(state);
}

static void open_house(void)
{
    char config[700];
    snprintf(
        config, sizeof(config),
        "socket = \"unix:/x\"; mode = \"enforce\"; ceilings = { message = \"%s\"; };"
        "outgoing = { listeners = ( { daemon = \"A\"; role = \"check\"; },"
        "{ daemon = \"B\"; role = \"sign\"; } ); ticket_file = \"%s\"; };"
        "domains = ( { name = \"example.org\"; keys = ( { selector = \"s\"; file = \"%s\"; } ); "
        "} );",
        ceiling, secret_path, key_path);
    house_open(&house, config);
}

static struct job *pass(const char *daemon, const char *sender, struct span message)
{
    static const struct drive_recipient recipients[] = { { SPAN("<b@example.net>"), SPAN("smtp"),
                                                           SPAN("example.net") } };
    static struct drive_input input; /* the job looks at its session until it has ended */
    input =
        (struct drive_input){ .session = { .keeps_space = true, .daemon_name = span_of(daemon) },
                              .login = SPAN("alice@example.org"),
                              .sender = span_of(sender),
                              .recipients = recipients,
                              .recipient_count = 1,
                              .message = message };
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_non_null(job);
    return job;
}

static void finish(struct job **job)
{
    pipeline_finish(*job, OUTCOME_ANSWERED);
    job_free(job);
}

/* The ticket's value as a string, or NULL; the caller frees it. */
static char *ticket_of(const struct job *job)
{
    const struct edit *last = job->verdict.edits.last;
    if (last == NULL || last->kind != EDIT_PREPEND ||
        !span_is_equal(last->name, SPAN("X-Egress-Ticket"))) {
        return NULL;
    }
    return span_strdup(last->value);
}

static char *get_ticket(const char *sender)
{
    struct job *job = pass("A", sender, SPAN(HEAD "\ntext\n"));
    char *ticket = ticket_of(job);
    assert_non_null(ticket);
    finish(&job);
    return ticket;
}

/* The MAC below was made by Python's hmac over the parts as ticket.c names them. */
static void known_answer(void **state)
{
    (void)state;
    open_house();
    char *ticket = get_ticket("<alice@example.org>");
    assert_string_equal(ticket, " v=1; t=1772366400; c=submission;\n\tp=alice@example.org;\n\t"
                                "h=mobAg0RphYgCeXJSb1Sd9FDQxiDdsjoVI/nJcyGYpiE=");
    free(ticket);
    house_close(&house);
}

static enum ticket_state judged(const char *sender, const char *head, const char *ticket)
{
    struct buffer message = BUFFER_EMPTY;
    buffer_printf(&message, "%sX-Egress-Ticket:%s\n\nother text\n", head, ticket);
    struct job *job = pass("B", sender, buffer_span(&message));
    enum ticket_state state = job->ticket;
    assert_int_equal(job->signing.count, state == TICKET_VALID ? 1 : 0);
    assert_int_equal(job->mail_class, state == TICKET_VALID ? CLASS_SUBMISSION : CLASS_INBOUND);
    assert_int_equal(job->verdict.disposition, DISPOSITION_ACCEPT);
    finish(&job);
    buffer_free(&message);
    return state;
}

/* One octet of the ticket changed, anywhere, to anything that is no white space: worth nothing. */
static void no_octet_may_change(void **state)
{
    (void)state;
    open_house();
    char *ticket = get_ticket("<alice@example.org>");
    assert_int_equal(judged("<alice@example.org>", HEAD, ticket), TICKET_VALID);
    for (size_t i = 0; ticket[i] != '\0'; i++) {
        char was = ticket[i];
        ticket[i] = was == 'z' ? 'y' : was == '9' ? '8' : (char)(was + 1);
        if (strchr(" \t\n", was) == NULL || ticket[i] > ' ') {
            assert_int_equal(judged("<alice@example.org>", HEAD, ticket), TICKET_FORGED);
        }
        ticket[i] = was;
    }
    free(ticket);
    house_close(&house);
}

/* What stands at the border of two parts must not wander into the other one. */
static void parts_do_not_run_together(void **state)
{
    static const struct {
        const char *sender, *head;
    } cases[] = {
        { "<alic@example.org>", HEAD },
        { "<alice@example.or>", HEAD },
        { "alice", HEAD },
        { "<>", HEAD },
        { "<\"alice@example.org\">", HEAD },
        { "<alice@example.org>", "From: Alice <alice@example.org>date:Sun, 01 Mar 2026 11:59:00 "
                                 "+0000\nMessage-ID: <1@example.org>\n" },
        { "<alice@example.org>", HEAD "Date: Sun, 01 Mar 2026 11:59:00 +0000\n" },
        { "<alice@example.org>", HEAD "From:\n" },
        { "<alice@example.org>",
          "From: Ali ce <alice@example.org>\nDate: Sun, 01 Mar 2026 11:59:00 "
          "+0000\nMessage-ID: <1@example.org>\n" },
        { "<alice@example.org>",
          "From: Alice <alice@example.org>\nSender: Sun, 01 Mar 2026 11:59:00 "
          "+0000\nMessage-ID: <1@example.org>\n" },
    };
    (void)state;
    open_house();
    char *ticket = get_ticket("<alice@example.org>");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(judged(cases[i].sender, cases[i].head, ticket), TICKET_FORGED);
    }
    free(ticket);
    house_close(&house);
}

/* A message is counted as signed or unsigned where it is signed, and repairs as repairs only. */
static void counters(void **state)
{
    (void)state;
    open_house();
    int64_t is_signed = counter_get(COUNTER_SIGNED), is_unsigned = counter_get(COUNTER_UNSIGNED);
    int64_t repaired = counter_get(COUNTER_REPAIRED);
    char *ticket = get_ticket("<alice@example.org>");
    assert_int_equal(counter_get(COUNTER_UNSIGNED), is_unsigned);
    assert_int_equal(counter_get(COUNTER_REPAIRED), repaired);
    judged("<alice@example.org>", HEAD, ticket);
    assert_int_equal(counter_get(COUNTER_SIGNED), is_signed + 1);
    assert_int_equal(counter_get(COUNTER_UNSIGNED), is_unsigned);
    assert_int_equal(counter_get(COUNTER_REPAIRED), repaired);
    struct job *job = pass("A", "<alice@example.org>", SPAN("From: alice@example.org\n\n"));
    finish(&job);
    assert_int_equal(counter_get(COUNTER_REPAIRED), repaired + 1);
    free(ticket);
    house_close(&house);
}

static bool has_added(const struct job *job, struct span name)
{
    const struct edit *last = job->verdict.edits.last;
    return last != NULL && last->kind == EDIT_PREPEND && span_is_equal(last->name, name);
}

/* However little memory a message leaves: it goes with what it needs or not at all. */
static void never_on_without(const char *daemon, struct span field)
{
    struct buffer message = BUFFER_EMPTY;
    size_t accepted = 0, deferred = 0, rejected = 0;
    ceiling = "64K";
    open_house();
    for (size_t size = 1000; size < 70000; size += size < 50000 ? 5000 : 53) {
        buffer_clear(&message);
        buffer_add_text(&message, HEAD "X: ");
        for (size_t i = 0; i < size; i++) {
            buffer_add_char(&message, 'x');
        }
        buffer_add_text(&message, "\n\ntext\n");
        struct job *job = pass(daemon, "<alice@example.org>", buffer_span(&message));
        enum disposition disposition = job->verdict.disposition;
        assert_int_equal(has_added(job, field), disposition == DISPOSITION_ACCEPT);
        accepted += disposition == DISPOSITION_ACCEPT;
        deferred += disposition == DISPOSITION_DEFER;
        rejected += disposition == DISPOSITION_REJECT;
        finish(&job);
    }
    assert_true(accepted > 0 && rejected > 0);
    buffer_free(&message);
    house_close(&house);
    ceiling = "2M";
    print_message("%zu accepted, %zu deferred, %zu rejected\n", accepted, deferred, rejected);
}

static void never_on_without_a_ticket(void **state)
{
    (void)state;
    never_on_without("A", SPAN("X-Egress-Ticket"));
}

static void never_on_without_a_signature(void **state)
{
    (void)state;
    never_on_without("full", SPAN("DKIM-Signature"));
}

/* What stands behind a field that leaves no room for it is not known: a message of ours must not
 * pass for a stranger's because of that. */
static void never_taken_for_a_strangers(void **state)
{
    struct buffer message = BUFFER_EMPTY;
    size_t by_disposition[DISPOSITION_REJECT + 1] = { 0 };
    (void)state;
    open_house();
    char *ticket = get_ticket("<alice@example.org>");
    house_close(&house);
    ceiling = "64K";
    open_house();
    for (size_t size = 1000; size < 70000; size += size < 50000 ? 5000 : 53) {
        buffer_clear(&message);
        buffer_printf(&message, "X-Egress-Ticket:%s\nX: ", ticket);
        for (size_t i = 0; i < size; i++) {
            buffer_add_char(&message, 'x');
        }
        buffer_add_text(&message, "\n" HEAD "\ntext\n");
        struct job *job = pass("B", "<alice@example.org>", buffer_span(&message));
        enum disposition disposition = job->verdict.disposition;
        assert_int_equal(job->signing.count, disposition == DISPOSITION_ACCEPT ? 1 : 0);
        assert_int_not_equal(job->ticket, TICKET_FORGED);
        by_disposition[disposition]++;
        finish(&job);
    }
    assert_true(by_disposition[DISPOSITION_ACCEPT] > 0 && by_disposition[DISPOSITION_DEFER] > 0);
    assert_non_null(strstr(buffer_text(&house.log), "unknown ticket at listener B"));
    free(ticket);
    buffer_free(&message);
    house_close(&house);
    ceiling = "2M";
}

static int failing_macs;

/* OpenSSL's, in its place for this program: memory that is out looks like this. */
__attribute__((visibility("default"))) EVP_MAC_CTX *EVP_MAC_CTX_dup(const EVP_MAC_CTX *context)
{
    EVP_MAC_CTX *(*real)(const EVP_MAC_CTX *) =
        (EVP_MAC_CTX * (*)(const EVP_MAC_CTX *)) dlsym(RTLD_NEXT, "EVP_MAC_CTX_dup");
    return failing_macs-- > 0 ? NULL : real(context);
}

/* Neither a right nor a wrong one, but not to be told: the message waits. */
static void openssl_fails(void **state)
{
    struct buffer message = BUFFER_EMPTY;
    (void)state;
    open_house();
    char *ticket = get_ticket("<alice@example.org>");
    buffer_printf(&message, HEAD "X-Egress-Ticket:%s\n\ntext\n", ticket);
    failing_macs = 1000;
    struct job *job = pass("B", "<alice@example.org>", buffer_span(&message));
    failing_macs = 0;
    assert_int_equal(job->ticket, TICKET_UNKNOWN);
    assert_int_equal(job->verdict.disposition, DISPOSITION_DEFER);
    assert_int_equal(job->verdict.edits.count, 0);
    assert_non_null(strstr(buffer_text(&house.log), "unknown ticket at listener B"));
    finish(&job);
    failing_macs = 1; /* the first of the MACs that are tried */
    job = pass("B", "<alice@example.org>", buffer_span(&message));
    failing_macs = 0;
    assert_int_equal(job->verdict.disposition, DISPOSITION_DEFER);
    finish(&job);
    job = pass("B", "<alice@example.org>", buffer_span(&message));
    assert_int_equal(job->ticket, TICKET_VALID);
    finish(&job);
    free(ticket);
    buffer_free(&message);
    house_close(&house);
}

/* A principal that fits in no field: deferred, and an administrator reads why. */
static void no_room_in_a_field(void **state)
{
    static char login[TICKET_PRINCIPAL_MAX + 2];
    (void)state;
    open_house();
    memset(login, 'l', sizeof(login) - 1);
    memcpy(login + sizeof(login) - 1 - sizeof("@example.org") + 1, "@example.org", 12);
    struct buffer message = BUFFER_EMPTY, sender = BUFFER_EMPTY;
    buffer_printf(&sender, "<%s>", login);
    buffer_printf(&message, "From: %s\nDate: Sun, 01 Mar 2026 11:59:00 +0000\n\ntext\n", login);
    struct drive_input input = { .session = { .daemon_name = SPAN("A") },
                                 .login = span_of(login),
                                 .sender = buffer_span(&sender),
                                 .message = buffer_span(&message) };
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_int_equal(job->verdict.disposition, DISPOSITION_DEFER);
    assert_string_equal(job->signing.reason, "signing-failed");
    assert_int_equal(job->verdict.edits.count, 0);
    assert_non_null(strstr(buffer_text(&house.log), "a ticket could not be made"));
    finish(&job);
    buffer_free(&message);
    buffer_free(&sender);
    house_close(&house);
}

/* Thousands of forged tickets cost the MTA no more than a few dozen. */
static void many_forged(void **state)
{
    struct buffer message = BUFFER_EMPTY;
    (void)state;
    open_house();
    buffer_add_text(&message, HEAD);
    for (size_t i = 0; i < 3000; i++) {
        buffer_add_text(&message, "X-Egress-Ticket: v=1\n");
    }
    buffer_add_text(&message, "\ntext\n");
    struct job *job = pass("B", "<alice@example.org>", buffer_span(&message));
    assert_int_equal(job->mail_class, CLASS_INBOUND);
    assert_int_equal(job->verdict.edits.count, 64);
    finish(&job);
    buffer_free(&message);
    house_close(&house);
}

/* Over its ceiling a message is not known: with a ticket it is refused, never signed. */
static void over_the_ceiling_behind_the_filter(void **state)
{
    struct buffer message = BUFFER_EMPTY;
    (void)state;
    ceiling = "64K";
    open_house();
    char *ticket = get_ticket("<alice@example.org>");
    buffer_printf(&message, "X-Egress-Ticket:%s\n" HEAD "X: ", ticket);
    for (size_t i = 0; i < 100000; i++) {
        buffer_add_char(&message, 'x');
    }
    buffer_add_text(&message, "\n\ntext\n");
    struct job *job = pass("B", "<alice@example.org>", buffer_span(&message));
    assert_int_equal(job->ticket, TICKET_VALID);
    assert_int_equal(job->verdict.disposition, DISPOSITION_REJECT);
    assert_int_equal(job->verdict.by->id, FINDING_MESSAGE_CEILING);
    assert_int_equal(job->signing.count, 0);
    finish(&job);
    free(ticket);
    buffer_free(&message);
    house_close(&house);
    ceiling = "2M";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts),
        cmocka_unit_test(bad_texts),
        cmocka_unit_test(any_principal),
        cmocka_unit_test(known_answer),
        cmocka_unit_test(no_octet_may_change),
        cmocka_unit_test(parts_do_not_run_together),
        cmocka_unit_test(counters),
        cmocka_unit_test(never_on_without_a_ticket),
        cmocka_unit_test(never_on_without_a_signature),
        cmocka_unit_test(never_taken_for_a_strangers),
        cmocka_unit_test(openssl_fails),
        cmocka_unit_test(no_room_in_a_field),
        cmocka_unit_test(many_forged),
        cmocka_unit_test(over_the_ceiling_behind_the_filter),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
