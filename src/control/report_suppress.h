/*
 * report_suppress: what the daemon tells of the suppression list, and changes of it: "suppress
 * SUBJECT ...", where SUBJECT is one of
 *
 *   list [DOMAIN|ADDRESS]                       the list, and addresses that only bounced
 *   export                                      what is in force, in lines that add takes back
 *   add ADDRESS DOMAIN UNTIL CODE BECAUSE       DOMAIN: whose mail, "*" for all; UNTIL: wall
 *                                               seconds, 0 for good
 *   remove ADDRESS [DOMAIN]                     of that domain alone, or of all
 *
 * The last two change something, are for who may act, and leave a line "audit: ..." in the log.
 */
#ifndef EM_CONTROL_REPORT_SUPPRESS_H
#define EM_CONTROL_REPORT_SUPPRESS_H

#include "control/report_limits.h"

/* `words`: all of the request, "suppress" too. Appends the answer to `out`, a refusal too. */
enum control_exit report_suppress(const struct control_host *host,
                                  const struct control_asker *asker,
                                  const struct control_words *words, bool json, struct buffer *out);

#endif
