/*
 * report_join: whose reports count, and why others do not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "feedback/report_join.h"

/* What went out here: an id, and to whom; NULL: that is not remembered. */
static const struct {
    enum join_id kind;
    const char *id, *recipient;
} sent[] = {
    { JOIN_MESSAGE_ID, "1@here.example", NULL },
    { JOIN_MESSAGE_ID, "2@here.example", "ann@away.example" },
    { JOIN_QUEUE_ID, "4Bzx9KLmNp2c", "eve@away.example" },
    { JOIN_ENVELOPE_ID, "env-1", NULL },
};

static enum join_memory look(void *context, enum join_id kind, struct span id,
                             struct span recipient)
{
    unsigned *asked = context;
    (*asked)++;
    for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
        if (kind != sent[i].kind || !span_is_equal(id, span_of(sent[i].id))) {
            continue;
        }
        if (sent[i].recipient == NULL || recipient.size == 0) {
            return JOIN_SEEN;
        }
        return span_is_equal_nocase(recipient, span_of(sent[i].recipient)) ? JOIN_SEEN_TO_HIM
                                                                           : JOIN_SEEN_TO_OTHERS;
    }
    return JOIN_NEVER_SEEN;
}

static const struct row {
    const char *message_ids[2], *queue_id, *host, *envelope_id, *recipient;
    enum join_answer answer;
    unsigned asked;
} rows[] = {
    { { "1@here.example" }, NULL, NULL, NULL, "ann@away.example", JOIN_OURS, 1 },
    { { "2@here.example" }, NULL, NULL, NULL, "Ann@away.example", JOIN_OURS, 1 },
    { { "2@here.example" }, NULL, NULL, NULL, NULL, JOIN_OURS, 1 },
    /* forged: an id of an archive, and somebody who never got the message */
    { { "2@here.example" }, NULL, NULL, NULL, "victim@away.example", JOIN_OTHER_RECIPIENT, 1 },
    { { "2@here.example", "1@here.example" }, NULL, NULL, NULL, "eve@away.example", JOIN_OURS, 2 },
    { { "2@here.example" },
      "4Bzx9KLmNp2c",
      "mx.here.example",
      NULL,
      "eve@away.example",
      JOIN_OURS,
      2 },
    { { "9@here.example" }, NULL, NULL, NULL, "ann@away.example", JOIN_FOREIGN, 1 },
    { { NULL }, "4Bzx9KLmNp2c", "MX.here.example.", NULL, "eve@away.example", JOIN_OURS, 1 },
    { { NULL }, "4Bzx9KLmNp2c", "here.example", NULL, "eve@away.example", JOIN_OURS, 1 },
    { { NULL },
      "4Bzx9KLmNp2c",
      "mx.here.example",
      NULL,
      "ann@away.example",
      JOIN_OTHER_RECIPIENT,
      1 },
    /* another host has the same queue id by chance */
    { { NULL }, "4Bzx9KLmNp2c", "mx.away.example", NULL, "eve@away.example", JOIN_NO_ID, 0 },
    { { NULL }, "4Bzx9KLmNp2c", "nothere.example", NULL, "eve@away.example", JOIN_NO_ID, 0 },
    { { NULL }, "4Bzx9KLmNp2c", NULL, NULL, "eve@away.example", JOIN_NO_ID, 0 },
    { { NULL }, NULL, NULL, "env-1", "eve@away.example", JOIN_OURS, 1 },
    { { NULL }, NULL, NULL, "env-2", "eve@away.example", JOIN_FOREIGN, 1 },
    { { NULL }, NULL, NULL, NULL, "eve@away.example", JOIN_NO_ID, 0 },
};

static struct report report_of(const struct row *row)
{
    struct report report = { .kind = REPORT_DELIVERY, .envelope_id = span_of(row->envelope_id) };
    for (size_t i = 0; i < 2 && row->message_ids[i] != NULL; i++) {
        report.message_ids[report.message_id_count++] = span_of(row->message_ids[i]);
    }
    if (row->queue_id != NULL) {
        report.queue_ids[report.queue_id_count++] =
            (struct report_queue_id){ .id = span_of(row->queue_id), .host = span_of(row->host) };
    }
    return report;
}

static void test_rows(void **state)
{
    static const struct span domains[] = { { "other.example", 13 }, { "here.example", 12 } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned asked = 0;
        struct join_world world = {
            .look = look, .context = &asked, .domains = domains, .domain_count = 2
        };
        struct report report = report_of(&rows[i]);
        struct join join = report_join(&report, span_of(rows[i].recipient), &world);
        if (join.answer != rows[i].answer || asked != rows[i].asked) {
            fail_msg("row %zu: %s, asked %u", i, join_wording(join.answer), asked);
        }
        assert_true((join.answer == JOIN_OURS || join.answer == JOIN_OTHER_RECIPIENT) ==
                    (join.id.size > 0));
        report.kind = REPORT_COMPLAINT;
        assert_int_equal(report_join(&report, span_of(rows[i].recipient), &world).answer,
                         rows[i].answer);
        report.kind = REPORT_AUTOMATIC_REPLY;
        assert_int_equal(report_join(&report, span_of(rows[i].recipient), &world).answer,
                         JOIN_NO_REPORT);
    }
}

static void test_wording(void **state)
{
    (void)state;
    for (int i = 0; i < JOIN_ANSWER_COUNT; i++) {
        assert_true(strlen(join_wording((enum join_answer)i)) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
                                        cmocka_unit_test(test_wording) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
