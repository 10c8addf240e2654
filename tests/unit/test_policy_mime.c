/*
 * The MIME facts of a message that is judged are there at its end, and of no other; they do not
 * depend on how the MTA cuts the body.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/drive.h"
#include "tests/support/house.h"

static const char invitation[] =
    "From: alice@example.org\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed;\r\n boundary=\"=_b\"\r\n\r\n"
    "--=_b\r\n\r\nhello \xe4\r\n--=_b\r\nContent-Type: text/calendar; method=request\r\n\r\n"
    "BEGIN:VCALENDAR\r\n--=_b--\r\n";

static const char letter[] =
    "From: alice@example.org\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\xe4\r\n";

static struct mime_facts facts_of(const char *config, const char *login, struct span message,
                                  size_t chunk_size)
{
    static const struct drive_recipient recipients[] = { { SPAN("<b@example.net>"), SPAN("smtp"),
                                                           SPAN("example.net") } };
    struct drive_input input = {
        .session = { .keeps_space = true, .client = { .family = 4, .bytes = { 192, 0, 2, 1 } } },
        .login = span_of(login),
        .sender = SPAN("<alice@example.org>"),
        .recipients = recipients,
        .recipient_count = 1,
        .message = message,
        .chunk_size = chunk_size
    };
    struct house house;
    struct mime_facts facts;
    house_open(&house, config);
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_non_null(job);
    facts = job->message.mime;
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    house_close(&house);
    return facts;
}

static void judged_mail_has_facts(void **state)
{
    (void)state;
    for (size_t chunk_size = 0; chunk_size < 9; chunk_size++) {
        struct mime_facts facts =
            facts_of("socket = \"unix:/x\";", "alice@example.org",
                     (struct span){ invitation, sizeof(invitation) - 1 }, chunk_size);
        assert_int_equal(facts.parts, 3);
        assert_int_equal(facts.depth, 1);
        assert_true(facts.has_calendar);
        assert_string_equal(facts.calendar_method, "REQUEST");
        assert_true(facts.has_8bit_in_7bit);
        assert_int_equal(facts.defects, 0);
        facts = facts_of("socket = \"unix:/x\";", "alice@example.org",
                         (struct span){ letter, sizeof(letter) - 1 }, chunk_size);
        assert_int_equal(facts.parts, 1);
        assert_true(facts.has_8bit_in_7bit);
    }
}

static void inbound_mail_has_none(void **state)
{
    (void)state;
    struct mime_facts facts = facts_of("socket = \"unix:/x\";", NULL,
                                       (struct span){ invitation, sizeof(invitation) - 1 }, 0);
    assert_int_equal(facts.parts, 0);
    assert_false(facts.has_8bit_in_7bit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judged_mail_has_facts),
        cmocka_unit_test(inbound_mail_has_none),
    };
    return cmocka_run_group_tests_name("policy/mime", tests, NULL, NULL);
}
