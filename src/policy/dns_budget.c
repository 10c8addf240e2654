/*
 * dns_budget: dns.timeout is for the whole message: its time runs from the first wait, and what
 * waits later has what is left.
 */
#include "policy/policy_private.h"

uint64_t dns_budget_end(struct job *job)
{
    if (job->dns_end_ns == 0) {
        job->dns_end_ns =
            clock_mono_ns(job->world->clock) + (uint64_t)job->site->dns->timeout_ms * 1000000u;
    }
    return job->dns_end_ns;
}
