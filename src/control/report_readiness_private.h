/*
 * report_readiness_private: what the files report_readiness*.c share.
 */
#ifndef EM_CONTROL_REPORT_READINESS_PRIVATE_H
#define EM_CONTROL_REPORT_READINESS_PRIVATE_H

#include "bulk/judge.h"
#include "bulk/volume.h"
#include "control/report_private.h"
#include "control/report_readiness.h"

/* One question about a domain, and what is known of it. */
struct readiness {
    const struct control_host *host;
    const struct site *site;
    struct span domain;       /* A-labels */
    struct span organization; /* what its volume is counted for */
    uint64_t threshold;
    struct daybook daybook;
    struct bulk_sender sender;
    struct bulk_verdict verdicts[BULK_RULE_COUNT];
};

/* report_readiness_facts.c: fills sender.facts with what the watch, the keys and the configuration
 * tell; what nobody here can know says where to look. */
void readiness_gather(struct readiness *readiness);

#endif
