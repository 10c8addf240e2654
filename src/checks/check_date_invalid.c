/*
 * date_invalid: can the Date be read as RFC 5322 3.3 has it, and is it near the clock? Receivers
 * score dates that they cannot read, that name another day of the week, and that lie far ahead or
 * behind. Obsolete forms that all read alike (GMT, a year of two digits) are silent, and so is a
 * message without Date or with several, which are other questions.
 */
#include "checks/checks.h"
#include "message/date.h"

/* What receivers score: nobody's clock is a day off, and queues give up within a week. */
enum { AHEAD_MAX_S = 24 * 3600, BEHIND_MAX_S = 7 * 24 * 3600 };

static const struct fault {
    unsigned defect; /* enum date_defect */
    const char *seen;
} faults[] = {
    { DATE_BROKEN, "is no date" },
    { DATE_RANGE, "has a number out of range" },
    { DATE_TRAILING, "has something behind it" },
    { DATE_NON_STANDARD, "is not written as RFC 5322 says" },
    { DATE_WEEKDAY, "names another day of the week" },
};

static const char *fault_of(unsigned defects)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if ((defects & faults[i].defect) != 0) {
            return faults[i].seen;
        }
    }
    return NULL;
}

static void report_distance(int64_t ahead_s, struct finding_list *findings)
{
    bool is_ahead = ahead_s > AHEAD_MAX_S;
    if (is_ahead || -ahead_s > BEHIND_MAX_S) {
        finding_add(
            findings, FINDING_DATE_INVALID, "set the clock of the machine that writes the message",
            "the Date lies %lld hours in the %s", (long long)(is_ahead ? ahead_s : -ahead_s) / 3600,
            is_ahead ? "future" : "past");
    }
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct header_list *headers = &evidence->message->headers;
    if (headers->counts[HEADER_DATE] != 1) {
        return;
    }
    struct date date;
    date_parse(header_first(headers, HEADER_DATE)->value, &date);
    const char *fault = fault_of(date.defects);
    if (fault != NULL) {
        finding_add(findings, FINDING_DATE_INVALID, "write it like Sun, 1 Mar 2026 12:00:00 +0000",
                    "the Date %s", fault);
    } else {
        report_distance(date.wall_s - clock_wall_s(evidence->clock), findings);
    }
}

const struct check check_date_invalid = { .name = "date_invalid", .run = run };
