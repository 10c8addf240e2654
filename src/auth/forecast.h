/*
 * forecast: what receivers will conclude about a message of ours: SPF from each address that
 * carries it, and DMARC of its From domain with what we sign.
 *
 * Answers are kept for the lifetime of the records they rest on: SPF by (domain, HELO, egress set),
 * by sender only where a macro needs it; DMARC by From domain. With all of it at hand no question
 * is asked and nothing waits.
 */
#ifndef EM_AUTH_FORECAST_H
#define EM_AUTH_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/dmarc.h"
#include "auth/spf.h"
#include "dns/questions.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/ip.h"
#include "util/span.h"

/* Where mail leaves from. */
struct egress {
    const char *name; /* as configured; "" for the one of all other mail */
    const struct ip *addresses;
    size_t address_count;
    const char *helo; /* A-labels; NULL: not told */
};

/* SPF over all addresses of an egress. */
enum forecast_spf {
    FORECAST_SPF_UNKNOWN, /* no addresses told, DNS could not be asked, or they differ */
    FORECAST_SPF_PASS,
    FORECAST_SPF_FAIL, /* also softfail and neutral: no address passes */
    FORECAST_SPF_NONE,
    FORECAST_SPF_PERMERROR
};

enum forecast_dmarc {
    FORECAST_DMARC_UNKNOWN,
    FORECAST_DMARC_PASS,
    FORECAST_DMARC_FAIL,
    FORECAST_DMARC_NONE /* no record, so nothing is asked */
};

struct forecast_query {
    struct span from_domain;     /* A-labels; absent: there is no one author */
    struct span envelope_domain; /* as it will leave us; absent: null sender, HELO is asked */
    struct span sender;          /* local@domain of the envelope as it will leave; may be absent */
    const struct egress *egress;
    const struct span *signatures; /* d= that will verify at the receiver */
    size_t signature_count;
    bool is_doubtful; /* others may pass for us: an aligned foreign signature, a broken
                         one of ours: no failure is certain */
};

struct forecast {
    enum forecast_spf spf;
    struct span spf_domain; /* whose record was asked */
    struct span spf_record;
    const char *spf_why;     /* one line; NULL: nothing to say */
    const char *spf_failing; /* "192.0.2.1, 2001:db8::7": addresses that do not pass; NULL: none */
    bool is_spf_mixed;       /* some pass, some do not */
    enum forecast_dmarc dmarc;
    struct dmarc_policy policy;
    enum dmarc_alignment spf_alignment, dkim_alignment; /* of identifiers that pass, or may */
    const char *why; /* one line: which identifiers were there, what would mend it */
};

/* Remembers answers; one for the process, thread safe. */
struct forecast_memory;
struct forecast_memory *forecast_memory_new(const struct clock *clock, size_t limit_bytes);
void forecast_memory_free(struct forecast_memory **memory);
/* What was learnt under an older generation of the settings is forgotten: other servers may say
 * other things, and whoever mends a record and reloads wants to see it. NULL: nothing happens. */
void forecast_memory_follow(struct forecast_memory *memory, uint64_t generation);

/*
 * False: answers are under way; ask again after dns_questions_wait(). Texts are the arena's.
 * memory NULL: nothing is remembered. *questions_io NULL: made when the first question is to be
 * asked, by dns_questions_new(resolver, ...); the caller frees it.
 */
bool forecast_make(const struct forecast_query *query, struct forecast_memory *memory,
                   struct dns_resolver *resolver, struct dns_questions **questions_io,
                   struct arena *arena, struct forecast *forecast_r);
const char *forecast_spf_name(enum forecast_spf spf);       /* as in the log line */
const char *forecast_dmarc_name(enum forecast_dmarc dmarc); /* likewise */

#endif
