/*
 * resolver: questions to DNS that are asked when a fact is known and collected when the answer is
 * needed. Asking never waits.
 *
 * One thread of ours (dns_resolver_run, started by the daemon) hands questions to libunbound and
 * takes its answers. Equal questions under way are one; answers are kept for their time to live,
 * negative ones too, failures for some seconds. A request is a counted object: who gives it up
 * before the answer came leaves it to the cache. Thread safe.
 *
 * When nothing is answered any more, one line says so; from then on nobody waits longer than
 * moments for an answer, and one line tells when it is over.
 *
 *     request = dns_ask(resolver, SPAN("example.org"), DNS_TXT);         anywhere
 *     answer = dns_collect(request, deadline_ns);                        where waiting is allowed
 *     dns_forget(&request);
 */
#ifndef EM_DNS_RESOLVER_H
#define EM_DNS_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/answer.h"
#include "dns/settings.h"
#include "log/log.h"
#include "util/clock.h"
#include "util/error.h"

struct dns_resolver;
struct dns_request;

/* How many descriptors one takes at most. */
#define DNS_RESOLVER_DESCRIPTORS 640

/* NULL with *error: libunbound does not take the settings, or memory is out. clock and log outlive
 * it. */
struct dns_resolver *dns_resolver_new(const struct dns_settings *settings,
                                      const struct clock *clock, struct log_sink *log,
                                      struct error *error);
/* After dns_resolver_run() has ended. Requests that are still held stay valid, unanswered. */
void dns_resolver_free(struct dns_resolver **resolver);
/* Serves until dns_resolver_stop(), which may come before and from any thread. Wants 512 KiB of
 * stack; the thread that libunbound starts from here has the default. */
void dns_resolver_run(struct dns_resolver *resolver);
void dns_resolver_stop(struct dns_resolver *resolver);
/* A reload's settings; nothing happens when they are those in force. False: the old ones stay. */
bool dns_resolver_configure(struct dns_resolver *resolver, const struct dns_settings *settings,
                            struct error *error);

/* What it is about, for status and health. */
struct dns_state {
    bool is_out;            /* nothing is answered */
    int64_t out_since_s;    /* wall time */
    uint64_t asked, cached; /* questions since the start, and those answered from memory */
};
void dns_resolver_state(struct dns_resolver *resolver, struct dns_state *state_r);

/*
 * Asks; the name in any case, with or without final dot. NULL (a name that is none, memory is out)
 * is a request whose answer is SERVFAIL or TIMEOUT: the calls below take it.
 */
struct dns_request *dns_ask(struct dns_resolver *resolver, struct span name, enum dns_type type);
/*
 * The same past every cache, at the servers of the name's own zone: what the world will see when
 * caches have run out. Where these cannot be reached the answer is SERVFAIL or TIMEOUT, never the
 * cache's.
 */
struct dns_request *dns_ask_zone(struct dns_resolver *resolver, struct span name,
                                 enum dns_type type);
/* The answer if it is here, else NULL. */
const struct dns_answer *dns_peek(struct dns_request *request);
/* Waits for it, until deadline_ns (clock_mono) at most. Never NULL. */
const struct dns_answer *dns_collect(struct dns_request *request, uint64_t deadline_ns);
/* Gives it up, answered or not; clears the pointer. */
void dns_forget(struct dns_request **request);

#endif
