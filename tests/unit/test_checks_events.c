/*
 * What checks say of messages that no file can hold, since reading a file takes them apart
 * otherwise: names of fields that are none, line ends that are none. Handed over as an MTA would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/pipeline.h"
#include "tests/support/house.h"

struct events_case {
    const char *title;
    struct span name, value; /* of a field beside From, Date and Message-ID */
    struct span body;
    const char *findings; /* "name: what was seen" of each, a line each */
};

static const struct events_case cases[] = {
    { "nothing odd", SPAN("Subject"), SPAN(" hello"), SPAN("text\r\n"), "" },
    { "8 bits in a name", SPAN("X-\xfc"), SPAN(" a"), SPAN("text\r\n"),
      "header-malformed: the field X-\xfc has a name that is none\n"
      "header-8bit: the field X-\xfc holds 8-bit octets\n"
      "transit-8bit: the field X-\xfc holds 8-bit octets that were not announced\n" },
    { "no name", SPAN(""), SPAN(" a"), SPAN("text\r\n"),
      "header-malformed: the field  has a name that is none\n" },
    { "a blank in a name", SPAN("X Y"), SPAN(" a"), SPAN("text\r\n"),
      "header-malformed: the field X Y has a name that is none\n" },
    { "a colon in a name", SPAN("X:Y"), SPAN(" a"), SPAN("text\r\n"),
      "header-malformed: the field X:Y has a name that is none\n" },
    { "a last fold with nothing behind it", SPAN("Subject"), SPAN(" a\n"), SPAN("text\r\n"),
      "header-malformed: the field Subject has a blank continuation line\n"
      "transit-folding: the field Subject is folded in a way that is read differently\n" },
    { "an LF alone in the body", SPAN("Subject"), SPAN(" hello"), SPAN("te\nxt\r\n"),
      "bare-newline: an LF stands alone in the body\n" },
    { "both alone in the body", SPAN("Subject"), SPAN(" hello"), SPAN("\n.\r\nte\rxt\r\n"),
      "bare-newline: CR and LF stand alone in the body\n" },
};

static void add_field(struct job *job, const char *name, const char *value)
{
    job_header(job, span_of(name), span_of(value));
}

static struct job *hand_over(struct house *house, const struct session *session,
                             const struct events_case *c)
{
    struct job *job = job_new(house->site, &house->world, session);
    assert_non_null(job);
    job_mail(job, SPAN("<alice@example.org>"), NULL, 0);
    job_login(job, SPAN("alice@example.org"), SPAN("PLAIN"));
    pipeline_run(job, STAGE_MAIL);
    job_recipient(job, SPAN("<bob@example.net>"), SPAN("smtp"), SPAN("example.net"));
    pipeline_run(job, STAGE_RECIPIENT);
    add_field(job, "From", " alice@example.org");
    add_field(job, "Date", " Sun, 01 Mar 2026 11:59:00 +0000");
    add_field(job, "Message-ID", " <1@example.org>");
    job_header(job, c->name, c->value);
    pipeline_run(job, STAGE_HEADERS);
    job_body(job, c->body.at, c->body.size);
    pipeline_run(job, STAGE_END);
    pipeline_finish(job, OUTCOME_ANSWERED);
    return job;
}

static void what_is_seen(void **state)
{
    (void)state;
    struct house house;
    house_open(&house, "socket = \"unix:/x\"; mode = \"enforce\";");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct session session = { .keeps_space = true };
        struct buffer seen = BUFFER_EMPTY;
        print_message("%s\n", cases[i].title);
        struct job *job = hand_over(&house, &session, &cases[i]);
        for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
            buffer_printf(&seen, "%s: %s\n", finding_name(f->id), f->seen);
        }
        assert_string_equal(buffer_text(&seen), cases[i].findings);
        buffer_free(&seen);
        job_free(&job);
    }
    house_close(&house);
}

/*
 * Where the header leaves next to no memory below the ceiling, a finding may find no place.
 * Whatever it is filled to, a message that is refused with a short header is not accepted with a
 * long one.
 */
static void no_finding_is_lost(void **state)
{
    (void)state;
    static char padding[66000];
    struct house house;
    unsigned by_ceiling = 0, by_check = 0;
    memset(padding, 'x', sizeof(padding));
    house_open(&house,
               "socket = \"unix:/x\"; mode = \"enforce\"; ceilings = { message = \"64K\"; };");
    for (size_t size = 0; size < sizeof(padding); size += size < 50000 ? 10000 : 13) {
        struct session session = { .keeps_space = true };
        struct events_case c = { "", SPAN("X-Pad"), { padding, size }, SPAN("te\0xt\r\n"), "" };
        struct job *job = hand_over(&house, &session, &c);
        assert_int_equal(job->verdict.disposition, DISPOSITION_REJECT);
        by_check += job->verdict.by->id == FINDING_NUL_BYTE;
        by_ceiling += job->verdict.by->id == FINDING_MESSAGE_CEILING;
        job_free(&job);
    }
    assert_true(by_check > 0 && by_ceiling > 0);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_seen),
                                        cmocka_unit_test(no_finding_is_lost) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
