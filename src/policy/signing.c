/*
 * signing: which keys sign a message, and the signatures. The domain is that of the one author in
 * From; which body forms are hashed is settled before the body comes. A signature of ours that
 * already verifies completely is not made a second time.
 */
#include "policy/policy_private.h"

#include <errno.h>
#include <stdio.h>

#include "dkim/sign.h"
#include "dkim/verify.h"

enum { FAILURE_RESERVE_BYTES = 4096 };

static unsigned form_bit(enum canonical form)
{
    return 1u << form;
}

bool signing_is_wanted(const struct job *job)
{
    return job->site->general->mode == MODE_ENFORCE || job->site->signing->in_observe;
}

/*
 * The author whose domain signs; NULL with the reason noted. Where receivers may read another
 * author out of the field, our signature would vouch for him.
 */
static const struct address *find_author(struct job *job)
{
    const struct message *message = &job->message;
    if (message->headers.counts[HEADER_FROM] != 1) {
        job->signing.reason =
            message->headers.counts[HEADER_FROM] == 0 ? "no-from" : "several-from";
        return NULL;
    }
    if (message->from.count == 0 || message->from.at[0].domain.size == 0) {
        job->signing.reason = "no-from-domain";
        return NULL;
    }
    if ((message->from.defects & ADDRESS_DOUBTFUL) != 0) {
        job->signing.reason = "from-doubtful";
        return NULL;
    }
    return &message->from.at[0];
}

/* Our own signatures on the message: their body form must be hashed to judge them. */
static unsigned forms_of_own(const struct job *job)
{
    unsigned forms = 0;
    const struct header_list *headers = &job->message.headers;
    const struct header_field *field = header_first(headers, HEADER_DKIM_SIGNATURE);
    for (; field != NULL; field = header_next(headers, field)) {
        struct dkim_tags tags;
        if (dkim_tags_parse(field->value, &tags) &&
            dkim_domains_key(job->site->domains, tags.domain, tags.selector) != NULL) {
            forms |= form_bit(tags.body_form);
        }
    }
    return forms;
}

void signing_plan(struct job *job)
{
    job->signing = (struct signing){ 0 };
    if (job->mail_class == CLASS_INBOUND || job->message.is_over_ceiling || ticket_is_due(job)) {
        return;
    }
    const struct address *author = find_author(job);
    if (author == NULL) {
        return;
    }
    if (job->lacks_login) {
        job->signing.reason = "no-login"; /* whatever a rule says: nobody vouches for him */
        return;
    }
    job->signing.domain = dkim_domains_find(job->site->domains, author->domain);
    if (job->signing.domain == NULL) {
        job->signing.reason = "no-key";
    } else if (!signing_is_wanted(job)) {
        job->signing.reason = "observe";
        job->signing.domain = NULL;
    } else {
        unsigned forms = form_bit(signing_body_form(job->site->signing)) | forms_of_own(job);
        job->body_hash = dkim_body_hash_new(forms);
    }
}

/* RSA is what every receiver verifies: where a key is broken, an RSA key must be left. */
static bool has_enough_keys(const struct dkim_domain *domain)
{
    bool is_whole = domain->key_count > 0;
    for (size_t i = 0; i < domain->key_count; i++) {
        struct dkim_key *key = domain->keys[i].key;
        if (key == NULL) {
            is_whole = false;
        } else if (dkim_key_algorithm(key) == DKIM_RSA_SHA256) {
            return true;
        }
    }
    return is_whole;
}

static enum action failure_action(const struct dkim_domain *domain)
{
    switch (domain->on_failure) {
    case DKIM_ON_FAILURE_HOLD:
        return ACTION_HOLD;
    case DKIM_ON_FAILURE_PASS:
        return ACTION_OBSERVE;
    default:
        return ACTION_DEFER;
    }
}

void signing_fail(struct job *job, enum action action, const char *seen)
{
    arena_grant(job->arena, FAILURE_RESERVE_BYTES); /* what failed may well be memory */
    struct finding *finding = finding_add(&job->findings, FINDING_SIGNING_FAILED,
                                          "try again later or tell the postmaster", "%s", seen);
    job->signing.reason = "signing-failed";
    job->signing.count = 0;
    if (finding == NULL) {
        engine_defer(job); /* not even memory for a reason */
        return;
    }
    finding->action = action;
    finding->is_action_fixed = true;
    engine_weigh(job);
}

/* The message waits, is held or goes unsigned, as its domain wants; the administrator reads why,
 * the client only that. */
static void note_failure(struct job *job, const char *why)
{
    const struct dkim_domain *domain = job->signing.domain;
    char line[600], seen[320];
    int size = snprintf(line, sizeof(line), "signing for %s failed: %s", domain->name, why);
    if (size > 0) {
        size_t length = (size_t)size < sizeof(line) ? (size_t)size : sizeof(line) - 1;
        job->world->log->write(job->world->log, LOG_LEVEL_ERR, (struct span){ line, length });
    }
    snprintf(seen, sizeof(seen), "mail of %s cannot be signed at the moment", domain->name);
    signing_fail(job, failure_action(domain), seen);
}

static const char *first_fault(const struct dkim_domain *domain)
{
    for (size_t i = 0; i < domain->key_count; i++) {
        if (domain->keys[i].fault != NULL && domain->keys[i].key == NULL) {
            return domain->keys[i].fault;
        }
    }
    return "it has no key";
}

static struct span signing_domain(const struct job *job)
{
    const struct dkim_domain *domain = job->signing.domain;
    return domain->d != NULL ? span_of(domain->d) : job->message.from.at[0].domain;
}

/* Does a signature with this name already stand and verify? */
static bool is_already_signed(const struct job *job, const struct header_list *view, struct span d,
                              const struct dkim_domain_key *row)
{
    const struct header_field *field = header_first(view, HEADER_DKIM_SIGNATURE);
    for (; field != NULL; field = header_next(view, field)) {
        struct dkim_tags tags;
        if (dkim_tags_parse(field->value, &tags) && span_is_equal_nocase(tags.domain, d) &&
            span_is_equal_nocase(tags.selector, span_of(row->selector)) &&
            dkim_verify(view, field, &tags, job->body_hash, row->key,
                        clock_wall_s(job->world->clock), job->arena) == DKIM_VALID) {
            return true;
        }
    }
    return false;
}

static bool sign_with(struct job *job, const struct header_list *view, struct span d,
                      const struct dkim_domain_key *row, struct span *value_r, struct error *error)
{
    const struct signing_settings *settings = job->site->signing;
    struct dkim_request request = {
        .key = row->key,
        .domain = d,
        .selector = span_of(row->selector),
        .header_form = signing_header_form(settings),
        .body_form = signing_body_form(settings),
        .signed_at_s = clock_wall_s(job->world->clock),
        .expire_s = job->verdict.disposition == DISPOSITION_HOLD ? 0 : settings->expire_s,
        .no_absent_oversign = job->site->general->mode == MODE_OBSERVE,
        .is_body_8bit = job->message.body.has_8bit,
    };
    return dkim_sign(&request, view, job->body_hash, job->arena, value_r, error);
}

/* The first key's signature ends up topmost: values are prepended last to first. */
static bool take_signatures(struct job *job, const struct span *values, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        if (edit_add(&job->verdict.edits, job->arena, EDIT_PREPEND,
                     header_name(HEADER_DKIM_SIGNATURE), values[i - 1], 0) == NULL) {
            return false;
        }
    }
    return true;
}

enum { SIGNATURES_MAX = sizeof(((struct signing *)0)->names) / sizeof(struct span) };

static void sign_view(struct job *job, const struct header_list *view)
{
    const struct dkim_domain *domain = job->signing.domain;
    struct span d = signing_domain(job);
    struct span values[SIGNATURES_MAX];
    size_t made = 0, present = 0;
    struct error error;
    for (size_t i = 0; i < domain->key_count && made < SIGNATURES_MAX; i++) {
        const struct dkim_domain_key *row = &domain->keys[i];
        if (row->key == NULL) {
            continue;
        }
        if (is_already_signed(job, view, d, row)) {
            present++;
            continue;
        }
        if (!sign_with(job, view, d, row, &values[made], &error)) {
            note_failure(job, error.text);
            return;
        }
        job->signing.names[made++] =
            span_of(arena_printf(job->arena, "%.*s/%s", SPAN_ARG(d), row->selector));
    }
    job->signing.count = made;
    if (!take_signatures(job, values, made)) {
        note_failure(job, "no memory for the signatures");
    } else if (made == 0) {
        job->signing.reason = present > 0 ? "already-signed" : "no-key";
    }
}

/*
 * Signing is all computing, and more at once than there are cores only take time from each other
 * and from messages that need next to none: these are answered several times sooner. What is free
 * costs one atomic step.
 */
static void gate_enter(const struct world *world)
{
    if (world->sign_gate == NULL || sem_trywait(world->sign_gate) == 0) {
        return;
    }
    waits_queue(world->waits);
    while (sem_wait(world->sign_gate) != 0 && errno == EINTR) {
    }
    waits_unqueue(world->waits);
}

static void gate_leave(const struct world *world)
{
    if (world->sign_gate != NULL) {
        sem_post(world->sign_gate);
    }
}

void signing_make(struct job *job)
{
    const struct dkim_domain *domain = job->signing.domain;
    enum disposition disposition = job->verdict.disposition;
    if (domain == NULL || (disposition != DISPOSITION_ACCEPT && disposition != DISPOSITION_HOLD)) {
        return;
    }
    if (!has_enough_keys(domain)) {
        note_failure(job, first_fault(domain));
        return;
    }
    struct header_list view;
    if (job->body_hash == NULL || !dkim_body_hash_finish(job->body_hash)) {
        note_failure(job, "the body could not be hashed");
    } else if (!edit_view(&job->message.headers, &job->verdict.edits, job->arena, &view)) {
        note_failure(job, "no memory for the header");
    } else {
        gate_enter(job->world);
        sign_view(job, &view);
        gate_leave(job->world);
    }
}
