/*
 * date_missing: is there a Date field (RFC 5322 3.6.1)? Receivers refuse mail without one. The
 * repair writes the present time, which is when the message was handed to us.
 */
#include "checks/checks.h"
#include "message/date.h"

static struct edit *repair(const struct evidence *evidence, struct arena *arena)
{
    int64_t now_s = clock_wall_s(evidence->clock);
    char date[DATE_TEXT_MAX];
    date_print(now_s, evidence->clock->utc_offset_s(evidence->clock, now_s), date);
    return check_repair_append(arena, HEADER_DATE, date);
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    if (evidence->message->headers.counts[HEADER_DATE] > 0) {
        return;
    }
    struct finding *finding = finding_add(findings, FINDING_DATE_MISSING, "add a Date field",
                                          "the message has no Date field");
    if (finding != NULL) {
        finding->repair = repair(evidence, findings->arena);
    }
}

const struct check check_date_missing = { .name = "date_missing", .run = run };
