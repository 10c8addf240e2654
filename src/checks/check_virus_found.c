/*
 * virus_found: does the scanner know something in the message (clamd)? The lesser case is what it
 * guesses (Heuristics: encrypted archives, limits that were reached, macros) and what somebody may
 * not want (PUA): daily mail has both.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct scan_result *scan = evidence->scan;
    if (scan == NULL || scan->outcome != SCAN_FOUND) {
        return;
    }
    struct finding *finding = finding_add(findings, FINDING_VIRUS_FOUND,
                                          "send it without that, and look for it on your computer",
                                          "the virus scanner found %s", scan->text);
    if (finding != NULL) {
        finding->is_mild = scan->is_mild;
    }
}

const struct check check_virus_found = { .name = "virus_found", .needs = NEED_BODY, .run = run };
