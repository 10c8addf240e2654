/*
 * report: what the daemon tells about itself: status, health, the outcome of a reload; as text for
 * people or as one JSON object.
 */
#ifndef EM_CONTROL_REPORT_H
#define EM_CONTROL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/protocol.h"
#include "dns/resolver.h"
#include "site/site.h"
#include "state/store.h"
#include "util/buffer.h"
#include "util/clock.h"

/* How loading the configuration ended, at start or at a reload. */
struct load_result {
    bool is_taken;
    int64_t wall_s;
    uint64_t generation; /* in force afterwards */
    size_t errors, warnings;
    struct buffer faults; /* one line each, "error: FILE:LINE: ..." or "warning: ..." */
};

/* What the daemon hands in. Functions are called in the loop's thread and do not wait. */
struct control_host {
    struct site_holder *holder;
    const struct clock *clock;
    struct dns_resolver *resolver; /* NULL: nothing is asked */
    struct key_proofs *proofs;     /* NULL: nothing is known of keys */
    struct store *store;           /* NULL: nothing is kept */
    struct notices *notices;       /* NULL: nobody is told */
    struct ledger *ledger;         /* NULL: nothing is counted */
    struct fleet *fleet;           /* NULL: this node counts for itself */
    const char *config_path;
    int64_t started_s;          /* wall time of the daemon's start, not of this process */
    const char *const *sockets; /* the milter sockets served, as configured */
    size_t socket_count;
    void *context;
    /* Copies the last result; load_result_free() it. False: out of memory. */
    bool (*last_load)(void *context, struct load_result *result_r);
    /* Asks for a reload; the ticket that reload_ended() will have reached when it is done. */
    uint64_t (*reload_begin)(void *context);
    uint64_t (*reload_ended)(void *context);
    /* How long ago the filter last answered to a look of its own, in seconds. NULL: not known. */
    int64_t (*silent_s)(void *context);
    /* Asks for a restart in place; control_server_restart_ended() tells the outcome. False: it
     * cannot be asked for. */
    bool (*restart_begin)(void *context);
    /* What is looked at by timer is looked at now; it is not waited for. NULL: nothing is. */
    void (*look_now)(void *context);
};

void load_result_free(struct load_result *result);

/* Each appends to out and returns what egressctl ends with. */
enum control_exit report_status(const struct control_host *host, bool json, struct buffer *out);
enum control_exit report_health(const struct control_host *host, bool json, struct buffer *out);
enum control_exit report_reload(const struct load_result *result, bool json, struct buffer *out);
/* The DNS lists that are asked, and which of them are in order. */
enum control_exit report_lists(const struct control_host *host, bool json, struct buffer *out);
/* `text`: what serves now, or why it came to nothing. */
enum control_exit report_restart(bool is_done, const char *text, bool json, struct buffer *out);
/* The records of keys are being looked at. */
enum control_exit report_prove(bool json, struct buffer *out);
/* An answer that is only a line of text, as {"schema":1,"error":...} in JSON. */
void report_refusal(const char *text, bool json, struct buffer *out);

#endif
