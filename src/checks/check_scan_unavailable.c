/*
 * scan_unavailable: was the message to be scanned, and could not be? What is done about it is the
 * setting clamd.on_failure, for users' mail. A message that is too large for a scan is the lesser
 * case: that will not change.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct scan_result *scan = evidence->scan;
    if (scan == NULL || (scan->outcome != SCAN_TOO_LARGE && scan->outcome != SCAN_UNKNOWN)) {
        return;
    }
    bool is_unknown = scan->outcome == SCAN_UNKNOWN;
    struct finding *finding = finding_add(findings, FINDING_SCAN_UNAVAILABLE,
                                          is_unknown ? "try again later" : "send less at a time",
                                          "the message could not be scanned for viruses%s%s",
                                          is_unknown ? "" : ": ", is_unknown ? "" : scan->text);
    if (finding != NULL) {
        finding->is_mild = !is_unknown;
        finding->has_own_action = is_unknown && evidence->defers_unscanned;
        finding->own_action = ACTION_DEFER;
    }
}

const struct check check_scan_unavailable = { .name = "scan_unavailable",
                                              .needs = NEED_BODY,
                                              .run = run };
