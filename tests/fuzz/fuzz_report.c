/*
 * fuzz_report: any octets as a message that may be a report. What is told keeps to its bounds and
 * has no control octets, and what is no failure counts against no address.
 */
#include <stdint.h>
#include <stdlib.h>

#include "feedback/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

static void expect_clean(struct span text, size_t most)
{
    expect(text.size <= most);
    for (size_t i = 0; i < text.size; i++) {
        expect((unsigned char)text.at[i] >= ' ' && text.at[i] != 0x7f);
    }
}

static void look(const struct report *report)
{
    expect(report->recipient_count <= REPORT_RECIPIENTS_MAX &&
           report->message_id_count <= REPORT_IDS_MAX && report->queue_id_count <= REPORT_IDS_MAX &&
           report->reported_domain_count <= REPORT_DOMAINS_MAX);
    expect(report->kind != REPORT_NONE || report->recipient_count == 0);
    for (size_t i = 0; i < report->recipient_count; i++) {
        const struct report_recipient *recipient = &report->recipients[i];
        expect_clean(recipient->address, 254);
        expect_clean(recipient->final, 254);
        expect_clean(recipient->remote_mta, 254);
        expect_clean(recipient->text, REPORT_TEXT_MAX);
        expect(recipient->status.size == 0 || cause_is_enhanced(recipient->status));
        expect(recipient->status_class == 2 || recipient->status_class == 4 ||
               recipient->status_class == 5);
        expect(!recipient->cause.is_hard ||
               (recipient->action == REPORT_FAILED && recipient->status_class == 5));
    }
    for (size_t i = 0; i < report->message_id_count; i++) {
        expect_clean(report->message_ids[i], 1000);
    }
    for (size_t i = 0; i < report->queue_id_count; i++) {
        expect_clean(report->queue_ids[i].id, 64);
    }
    expect_clean(report->from, 254);
    expect_clean(report->mail_from, 254);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(REPORT_ARENA + size * 4);
    struct report report;
    if (arena != NULL) {
        report_read_file((struct span){ (const char *)data, size }, arena, &report);
        look(&report);
    }
    arena_free(&arena);
    return 0;
}
