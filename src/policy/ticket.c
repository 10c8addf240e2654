/*
 * ticket: what a listener of role check knows of a message, handed to a listener of role sign
 * through whatever stands between them: class and principal, under a MAC.
 *
 * The MAC binds the ticket to envelope sender, From, Date and Message-ID. Everything else may
 * change on the way: the body, other fields, the split of recipients. Headers are read in their
 * relaxed form (RFC 6376 3.4.2), since filters fold anew. A Date or Message-ID that was not there
 * when the ticket was made may be there when it is read: MTAs add them.
 *
 * Tickets are part of signing: in observe mode none is made or taken away unless
 * signing.in_observe. Where a ticket cannot be made or cannot be judged the message is deferred,
 * for it would leave unsigned.
 *
 * A clock that was set back makes tickets of before look as if they came from the future. They are
 * ours all the same, so they are taken, with a warning.
 */
#include "policy/policy_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "dkim/canonical.h"
#include "log/field.h"
#include "policy/ticket_text.h"

#define CONTEXT "egress-milter ticket 1"

enum {
    VALID_S = 5 * 24 * 3600, /* as long as MTAs keep mail in their queues */
    SKEW_S = 300,            /* clocks of two hosts; beyond it somebody should look */
    /* An MTA looks for every field from the top: thousands of forged ones would keep it busy for
     * minutes. What is left is worth as little as before. */
    REMOVED_MAX = 64
};

/* What the MTA may add where it was absent. */
enum absent { ABSENT_DATE = 1 << 0, ABSENT_MESSAGE_ID = 1 << 1 };

/* --- the MAC --------------------------------------------------------------------------------- */

/* Every number and the length of every text as eight octets, so that no two messages look alike. */
static void add_number(struct ticket_mac *mac, uint64_t number)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    ticket_mac_add(mac, bytes, sizeof(bytes));
}

static void add_text(struct ticket_mac *mac, struct span text)
{
    add_number(mac, text.size);
    ticket_mac_add(mac, text.at, text.size);
}

static void count_octets(void *size, const void *bytes, size_t more)
{
    (void)bytes;
    *(uint64_t *)size += more;
}

/* How many there are, then each: neither another one nor another order goes unnoticed. */
static void add_fields(struct ticket_mac *mac, const struct header_list *view, enum header_id id,
                       bool as_absent)
{
    struct span name = header_name(id);
    add_number(mac, as_absent ? 0 : view->counts[id]);
    const struct header_field *field = as_absent ? NULL : header_first(view, id);
    for (; field != NULL; field = header_next(view, field)) {
        uint64_t size = 0;
        canonical_header(CANONICAL_RELAXED, name, field->value, true, count_octets, &size);
        add_number(mac, size);
        canonical_header(CANONICAL_RELAXED, name, field->value, true, ticket_mac_add, mac);
    }
}

/* `view`: the header as the next one sees it. False: OpenSSL failed or memory is out. */
static bool make_mac(const struct job *job, const struct header_list *view,
                     const struct ticket *ticket, size_t secret, unsigned absent,
                     uint8_t mac_r[static TICKET_MAC_SIZE])
{
    const struct address *sender = &job->message.envelope.sender;
    struct ticket_mac *mac = ticket_mac_begin(job->site->ticket_secret, secret);
    if (mac == NULL) {
        return false;
    }
    bool is_broken = (sender->defects & ADDRESS_BROKEN) != 0;
    add_text(mac, SPAN(CONTEXT));
    add_number(mac, (uint64_t)ticket->made_s);
    add_text(mac, span_of(mail_class_name(ticket->mail_class)));
    add_text(mac, ticket->principal);
    add_text(mac, is_broken ? sender->text : sender->local);
    add_text(mac, is_broken ? SPAN("") : sender->domain);
    add_fields(mac, view, HEADER_FROM, false);
    add_fields(mac, view, HEADER_DATE, (absent & ABSENT_DATE) != 0);
    add_fields(mac, view, HEADER_MESSAGE_ID, (absent & ABSENT_MESSAGE_ID) != 0);
    return ticket_mac_end(&mac, mac_r);
}

enum proof { PROOF_RIGHT, PROOF_WRONG, PROOF_FAILED };

/* Was this made by us, for this message? An MTA adds one field of a name, no more. Failed: one MAC
 * could not be made, and none of the others is right. */
static enum proof prove(const struct job *job, const struct ticket *ticket)
{
    enum proof proof = PROOF_WRONG;
    const struct header_list *headers = &job->message.headers;
    unsigned may_be_new = (headers->counts[HEADER_DATE] == 1 ? ABSENT_DATE : 0) |
                          (headers->counts[HEADER_MESSAGE_ID] == 1 ? ABSENT_MESSAGE_ID : 0);
    size_t count = ticket_secret_count(job->site->ticket_secret);
    for (size_t secret = 0; secret < count; secret++) {
        for (unsigned absent = 0; absent <= (ABSENT_DATE | ABSENT_MESSAGE_ID); absent++) {
            uint8_t mac[TICKET_MAC_SIZE];
            if ((absent & ~may_be_new) != 0) {
                continue;
            }
            if (!make_mac(job, headers, ticket, secret, absent, mac)) {
                proof = PROOF_FAILED;
            } else if (ticket_mac_is_equal(mac, ticket->mac)) {
                return PROOF_RIGHT;
            }
        }
    }
    return proof;
}

/* --- role sign ------------------------------------------------------------------------------- */

static int64_t age_s(const struct job *job, const struct ticket *ticket)
{
    return clock_wall_s(job->world->clock) - ticket->made_s;
}

static enum ticket_state judge_age(int64_t age)
{
    return age > VALID_S ? TICKET_EXPIRED : age < -VALID_S ? TICKET_FUTURE : TICKET_VALID;
}

/* The topmost ticket counts: that is where ours was put, so where not all of a header was kept it
 * is among what was. */
static enum ticket_state judge(const struct job *job, struct ticket *ticket)
{
    const struct header_field *field = header_first(&job->message.headers, HEADER_EGRESS_TICKET);
    if (field == NULL) {
        return TICKET_MISSING;
    }
    if (job->site->ticket_secret == NULL) {
        return TICKET_FORGED;
    }
    bool is_whole = !job->message.is_over_ceiling;
    if (!ticket_parse(field->value, job->arena, ticket)) {
        return is_whole && !arena_is_exhausted(job->arena) ? TICKET_FORGED : TICKET_UNKNOWN;
    }
    switch (prove(job, ticket)) {
    case PROOF_RIGHT:
        return judge_age(age_s(job, ticket));
    case PROOF_WRONG:
        return is_whole ? TICKET_FORGED : TICKET_UNKNOWN;
    default:
        return TICKET_UNKNOWN;
    }
}

void ticket_take(struct job *job)
{
    struct ticket ticket;
    job->ticket = judge(job, &ticket);
    bool is_valid = job->ticket == TICKET_VALID;
    job->mail_class = is_valid ? ticket.mail_class : CLASS_INBOUND;
    job->principal = is_valid ? ticket.principal : (struct span){ NULL, 0 };
    job->ticket_ahead_s = is_valid && age_s(job, &ticket) < -SKEW_S ? -age_s(job, &ticket) : 0;
}

bool ticket_is_unclear(const struct job *job)
{
    return job->ticket == TICKET_UNKNOWN && signing_is_wanted(job);
}

const char *ticket_state_name(enum ticket_state state)
{
    static const char *const names[] = {
        [TICKET_NONE] = NULL,         [TICKET_REMOVED] = "removed", [TICKET_VALID] = "valid",
        [TICKET_MISSING] = "missing", [TICKET_FORGED] = "forged",   [TICKET_EXPIRED] = "expired",
        [TICKET_FUTURE] = "future",   [TICKET_UNKNOWN] = "unknown",
    };
    return names[state];
}

/* What comes of it; NULL: nothing to say. A missing one is how mail from outside comes through a
 * filter; the others need a look, even where inbound mail has no line. */
static const char *consequence(const struct job *job)
{
    switch (job->ticket) {
    case TICKET_FORGED:
    case TICKET_EXPIRED:
    case TICKET_FUTURE:
        return "the message passes unsigned";
    case TICKET_UNKNOWN:
        return ticket_is_unclear(job) ? "it cannot be judged, the message is deferred" : NULL;
    case TICKET_VALID:
        return job->ticket_ahead_s > 0
                   ? "ahead of this clock, which may have been set back: it counts"
                   : NULL;
    default:
        return NULL;
    }
}

void ticket_complain(struct job *job)
{
    unsigned unsaid = 0;
    const char *what = consequence(job);
    if (what == NULL || !site_may_complain(job->site, COMPLAINT_TICKET,
                                           clock_mono_ns(job->world->clock), &unsaid)) {
        return;
    }
    const struct session *session = job->message.session;
    struct span queue_id = job->message.envelope.queue_id;
    char id[80], daemon[80], client[IP_TEXT_MAX], ahead[40] = "", more[64] = "", line[400];
    log_escape(queue_id.size > 0 ? queue_id : SPAN("NOQUEUE"), false, id, sizeof(id));
    log_escape(session->daemon_name, false, daemon, sizeof(daemon));
    ip_print(&session->client, client);
    if (unsaid > 0) {
        snprintf(more, sizeof(more), "; %u more since the last such line", unsaid);
    }
    if (job->ticket_ahead_s > 0) {
        snprintf(ahead, sizeof(ahead), "%" PRId64 " s ", job->ticket_ahead_s);
    }
    int size = snprintf(line, sizeof(line), "%s: %s ticket at listener %s from client %s: %s%s%s",
                        id, ticket_state_name(job->ticket), daemon,
                        client[0] != '\0' ? client : "unknown", ahead, what, more);
    if (size > 0) {
        size_t length = (size_t)size < sizeof(line) ? (size_t)size : sizeof(line) - 1;
        job->world->log->write(job->world->log, LOG_LEVEL_WARNING, (struct span){ line, length });
    }
}

/* --- role check ------------------------------------------------------------------------------ */

static bool leave(struct job *job)
{
    struct ticket ticket = { .made_s = clock_wall_s(job->world->clock),
                             .mail_class = job->mail_class,
                             .principal = job->principal };
    struct header_list view;
    if (job->site->ticket_secret == NULL || job->principal.size == 0 ||
        !edit_view(&job->message.headers, &job->verdict.edits, job->arena, &view) ||
        !make_mac(job, &view, &ticket, 0, 0, ticket.mac)) {
        return false;
    }
    struct span value = ticket_print(&ticket, job->arena);
    return value.at != NULL && edit_add(&job->verdict.edits, job->arena, EDIT_PREPEND,
                                        header_name(HEADER_EGRESS_TICKET), value, 0) != NULL;
}

/* No filter sees the notices an MTA makes itself: they leave as they are now. */
bool ticket_is_due(const struct job *job)
{
    return job->role == LISTENER_CHECK && job->mail_class != CLASS_INBOUND &&
           job->mail_class != CLASS_BOUNCE;
}

void ticket_leave(struct job *job)
{
    enum disposition disposition = job->verdict.disposition;
    if (disposition != DISPOSITION_ACCEPT && disposition != DISPOSITION_HOLD) {
        return;
    }
    if (!signing_is_wanted(job)) {
        job->signing.reason = "observe";
    } else if (leave(job)) {
        job->signing.reason = "ticket";
    } else {
        job->world->log->write(job->world->log, LOG_LEVEL_ERR,
                               SPAN("a ticket could not be made: no memory, or OpenSSL failed"));
        signing_fail(job, ACTION_DEFER, "mail cannot be prepared for signing at the moment");
    }
}

/* --- every role but off ---------------------------------------------------------------------- */

void ticket_remove(struct job *job)
{
    uint32_t count = job->message.headers.counts[HEADER_EGRESS_TICKET];
    if (count == 0 || !signing_is_wanted(job)) {
        return;
    }
    for (uint32_t i = 1; i <= count && i <= REMOVED_MAX; i++) {
        /* Memory that is out leaves a ticket that is worth nothing. */
        edit_add(&job->verdict.edits, job->arena, EDIT_DELETE, header_name(HEADER_EGRESS_TICKET),
                 (struct span){ NULL, 0 }, i);
    }
    if (job->ticket == TICKET_NONE) {
        job->ticket = TICKET_REMOVED;
    }
}
