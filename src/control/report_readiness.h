/*
 * report_readiness: the request "readiness DOMAIN": does mail of a domain keep the rules of Google,
 * Yahoo and Microsoft (bulk/rule.h)? A table rule by rule, with what it is told by and what to do.
 */
#ifndef EM_CONTROL_REPORT_READINESS_H
#define EM_CONTROL_REPORT_READINESS_H

#include "control/report.h"
#include "control/words.h"

/* Ends 0 where all rules are kept or cannot be told, 1 with warnings, 2 where one is not kept. */
enum control_exit report_readiness(const struct control_host *host,
                                   const struct control_words *words, bool json,
                                   struct buffer *out);

#endif
