/*
 * verdict: what is to happen with a message, and why; and what became of it.
 */
#ifndef EM_POLICY_VERDICT_H
#define EM_POLICY_VERDICT_H

#include "finding/finding.h"
#include "finding/reply.h"
#include "message/edit.h"

enum disposition { DISPOSITION_ACCEPT, DISPOSITION_HOLD, DISPOSITION_DEFER, DISPOSITION_REJECT };

struct verdict {
    enum disposition disposition; /* what the MTA is told */
    enum disposition would;       /* what it would have been told outside observe mode */
    const struct finding *by; /* the finding that decided disposition (or would); NULL: accepted */
    struct reply reply;       /* for DEFER and REJECT */
    const char *hold_reason;  /* for HOLD: printable, in the message's arena */
    struct edit_list edits;   /* to be applied on ACCEPT and HOLD, in order */
};

/* How a transaction ended; the milter reports it once. */
enum outcome {
    OUTCOME_ANSWERED,    /* the verdict was given to the MTA */
    OUTCOME_NOT_APPLIED, /* the MTA refused an edit: the message was deferred instead */
    OUTCOME_ABORTED      /* the transaction ended before end of message */
};

const char *disposition_name(enum disposition disposition);

#endif
