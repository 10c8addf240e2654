/*
 * evidence: what a check may know beside the message: facts that policy gathered for it. Const for
 * checks.
 *
 * A check names what it needs (enum evidence_need); what could not be had in time stays unknown,
 * and unknown is never bad.
 */
#ifndef EM_CHECKS_EVIDENCE_H
#define EM_CHECKS_EVIDENCE_H

#include <stdbool.h>

#include "finding/finding.h"
#include "message/edit.h"
#include "message/message.h"
#include "util/clock.h"

enum evidence_need {
    NEED_NOTHING = 0,
    NEED_BODY = 1 << 0 /* facts of the whole body */
};

struct evidence {
    const struct message *message;
    enum mail_class mail_class;
    struct span principal;
    size_t external_count; /* recipients outside, unknown ones included */
    const struct clock *clock;
    struct span host_name; /* ours, for what we write into headers: the MTA's name, A-labels */
};

#endif
