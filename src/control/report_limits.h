/*
 * report_limits: what the daemon tells of limits, and changes of them: "limits SUBJECT ...", where
 * SUBJECT is one of
 *
 *   list                                  limits, exceptions and overrides in force
 *   user NAME [PLAN]                      everything that counts for a principal
 *   top N used|nearest                    who sends most, or has least left
 *   set NAME LIMIT MAX UNTIL BECAUSE      another value for a principal; UNTIL: wall seconds, 0 for
 * good clear NAME LIMIT                      takes that away reset NAME [LIMIT] forgets what was
 * used; NAME may be an account (limits/account.h)
 *
 * The last three change something, are for who may act, and leave a line "audit: ..." in the log.
 */
#ifndef EM_CONTROL_REPORT_LIMITS_H
#define EM_CONTROL_REPORT_LIMITS_H

#include <stdbool.h>

#include "control/report.h"
#include "control/words.h"

/* Who asks. */
struct control_asker {
    bool may_act;
    char name[64]; /* the user's, for the log */
};

/* `words`: all of the request, "limits" too. Waits for nothing but, in a fleet, for its server:
 * about a user the deadline for each class of mail at most, to reset counts half a second likewise;
 * not any more once it has been found away. Appends the answer to `out`, a refusal too. */
enum control_exit report_limits(const struct control_host *host, const struct control_asker *asker,
                                const struct control_words *words, bool json, struct buffer *out);

#endif
