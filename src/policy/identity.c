/*
 * identity: what the message claims to be from, and whether its principal may. For submissions the
 * table of owners is asked, for networks and local mail a list of the configuration, where there is
 * one; all other mail is not judged.
 *
 * This is where a message may wait for a socketmap: at its end, within the bracket. Where too many
 * wait already, and where memory is out, nobody knows; that is never taken for a yes.
 */
#include "policy/policy_private.h"

#include "site/login.h"
#include "site/plans.h"
#include "site/senders.h"

enum { CLAIMS_MAX = 16 /* a From field with more authors is no letter */ };

struct judge {
    struct job *job;
    const struct config_texts *list; /* who may, by configuration; NULL: the owners are asked */
    bool is_judged;                  /* somebody says who may */
    const char *cannot_ask;          /* NULL: they can be asked */
    struct claim claims[CLAIMS_MAX];
    size_t count;
    size_t left_out; /* claims beyond the room for them */
};

/* The same address was judged already: the usual message is from one address in all places. */
static const struct claim *find_equal(const struct judge *judge, const struct address *address)
{
    for (size_t i = 0; i < judge->count; i++) {
        const struct address *other = judge->claims[i].address;
        if (span_is_equal(other->text, address->text) && other->defects == address->defects) {
            return &judge->claims[i];
        }
    }
    return NULL;
}

static void ask_owners(const struct judge *judge, struct claim *claim)
{
    static const enum claim_state states[] = {
        [OWNERSHIP_OWNED] = CLAIM_OWNED,
        [OWNERSHIP_FOREIGN] = CLAIM_FOREIGN,
        [OWNERSHIP_LENIENT] = CLAIM_LENIENT,
        [OWNERSHIP_UNKNOWN] = CLAIM_UNKNOWN,
    };
    struct job *job = judge->job;
    if (judge->cannot_ask != NULL) {
        claim->state = CLAIM_UNKNOWN;
        claim->why = judge->cannot_ask;
        return;
    }
    struct ownership_answer answer =
        senders_ask(job->site, job->principal, claim->address, job->arena);
    claim->state = states[answer.ownership];
    claim->why = answer.why;
}

/* A source route means nothing in SMTP (RFC 5321 C), but in a field some readers take its hosts for
 * the author's. */
static bool is_disguised(enum claim_place place, const struct address *address)
{
    return place != CLAIM_ENVELOPE && (address->defects & ADDRESS_ROUTE) != 0;
}

static void judge_claim(struct judge *judge, enum claim_place place, const struct address *address)
{
    const struct site *site = judge->job->site;
    if (judge->count == CLAIMS_MAX) {
        judge->left_out++;
        return;
    }
    const struct claim *equal = find_equal(judge, address);
    struct claim *claim = &judge->claims[judge->count];
    *claim = (struct claim){ .address = address };
    if (is_disguised(place, address)) {
        claim->state = judge->is_judged ? CLAIM_FOREIGN : CLAIM_NOT_JUDGED;
    } else if (equal != NULL) {
        *claim = *equal;
    } else if (judge->list != NULL) {
        claim->state = senders_list_has(site, judge->list, address) ? CLAIM_OWNED : CLAIM_FOREIGN;
    } else if (judge->is_judged) {
        ask_owners(judge, claim);
    }
    claim->place = place;
    claim->is_ours = site_is_ours(site, address->domain);
    judge->count++;
}

static void judge_list(struct judge *judge, enum claim_place place, const struct address_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        judge_claim(judge, place, &list->at[i]);
    }
}

static void judge_sender_fields(struct judge *judge)
{
    const struct header_list *headers = &judge->job->message.headers;
    const struct header_field *field = header_first(headers, HEADER_SENDER);
    for (; field != NULL; field = header_next(headers, field)) {
        struct address_list list;
        if (address_parse_list(field->value, judge->job->arena, &list)) {
            judge_list(judge, CLAIM_SENDER, &list);
        }
    }
}

static void choose_authority(struct judge *judge)
{
    const struct job *job = judge->job;
    bool asks_owners = job->mail_class == CLASS_SUBMISSION;
    if (!asks_owners && job->network != NULL && job->network->from.count > 0) {
        judge->list = &job->network->from;
    } else if (job->mail_class == CLASS_LOCAL && job->site->outgoing->local_from.count > 0) {
        judge->list = &job->site->outgoing->local_from;
    }
    judge->is_judged = asks_owners || judge->list != NULL;
}

static void judge_all(struct judge *judge)
{
    const struct message *message = &judge->job->message;
    if (message->envelope.sender.text.size > 0) {
        judge_claim(judge, CLAIM_ENVELOPE, &message->envelope.sender);
    }
    judge_list(judge, CLAIM_FROM, &message->from);
    judge_sender_fields(judge);
}

/* What did not fit was asked of nobody. */
static void note_claims(struct judge *judge, struct evidence *evidence)
{
    static const struct address nobody = { .text = { "", 0 } };
    static const struct claim unknown = { .state = CLAIM_UNKNOWN,
                                          .address = &nobody,
                                          .why = "no memory to ask for the owners" };
    struct claim *claims = arena_array(judge->job->arena, judge->count + 1, sizeof(struct claim));
    if (claims == NULL || arena_is_exhausted(judge->job->arena)) {
        evidence->claims = &unknown;
        evidence->claim_count = 1;
        return;
    }
    memcpy(claims, judge->claims, judge->count * sizeof(struct claim));
    if (judge->left_out > 0 && judge->is_judged) {
        claims[judge->count - 1].state = CLAIM_FOREIGN; /* with so many, one is enough */
    }
    evidence->claims = claims;
    evidence->claim_count = judge->count;
}

static bool has_owned(const struct judge *judge)
{
    for (size_t i = 0; i < judge->count; i++) {
        if (judge->claims[i].state == CLAIM_OWNED) {
            return true;
        }
    }
    return false;
}

/* Is the table of owners any good yet? What is known of this login is added to what was seen. */
static void consult_census(struct judge *judge, struct evidence *evidence)
{
    struct job *job = judge->job;
    struct login_census *census = job->world->census;
    if (census == NULL || job->mail_class != CLASS_SUBMISSION || job->lacks_login) {
        return;
    }
    enum owns owns = has_owned(judge) ? OWNS_SOMETHING : senders_owns(job->site, job->principal);
    if (owns != OWNS_CANNOT_TELL) {
        login_census_note(census, job->site->generation, job->principal, owns == OWNS_SOMETHING);
    }
    evidence->owners_are_unproven = login_census_is_doubtful(census);
}

static void complain_unproven(struct job *job)
{
    unsigned unsaid;
    size_t seen, without;
    if (!site_may_complain(job->site, COMPLAINT_OWNERS, clock_mono_ns(job->world->clock),
                           &unsaid)) {
        return;
    }
    login_census_counts(job->world->census, &seen, &without);
    const char *line = arena_printf(
        job->arena,
        "senders: %zu of %zu logins seen own no address, the last one %.*s: set logins.realm or "
        "name them in senders.owners; until then sender-not-owned and from-not-owned stop nothing",
        without, seen, (int)(job->principal.size < 80 ? job->principal.size : 80),
        job->principal.at);
    if (line != NULL) {
        job->world->log->write(job->world->log, LOG_LEVEL_WARNING, span_of(line));
    }
}

static bool begin_wait(const struct job *job, bool waits)
{
    return !waits || waits_begin(job->world->waits);
}

static void end_wait(const struct job *job, bool waits)
{
    if (waits) {
        waits_end(job->world->waits);
    }
}

/* A network's plan is for what its clients send, not for who logs in from there. Where too many
 * wait already it is the default, as where the table does not answer. */
void identity_find_plan(struct job *job)
{
    bool is_networks = job->mail_class == CLASS_RELAY || job->mail_class == CLASS_LIST ||
                       job->mail_class == CLASS_FORWARD;
    bool waits = plans_wait(job->site);
    if (!job->site->rules.asks_plans && !limit_set_asks_plan(job->site->limits)) {
        return;
    }
    if (!begin_wait(job, waits)) {
        job->plan = span_of(job->site->plans->fallback);
        return;
    }
    job->plan = plans_of(job->site, is_networks ? job->network : NULL, job->principal, job->arena);
    end_wait(job, waits);
}

static void judge_claims(struct judge *judge)
{
    bool waits = judge->job->mail_class == CLASS_SUBMISSION && senders_wait(judge->job->site);
    bool may_wait = begin_wait(judge->job, waits);
    judge->cannot_ask =
        may_wait ? login_trouble(judge->job->site) : "too many messages wait for an answer already";
    judge_all(judge);
    end_wait(judge->job, waits && may_wait);
}

void identity_judge(struct job *job)
{
    struct judge judge = { .job = job };
    choose_authority(&judge);
    judge_claims(&judge);
    identity_find_plan(job);
    note_claims(&judge, &job->evidence);
    consult_census(&judge, &job->evidence);
    if (job->evidence.owners_are_unproven) {
        complain_unproven(job);
    }
}
