/*
 * signing: the signatures of a message, with the keys that signing_keys.c chose. A signature of
 * ours that already verifies completely is not made a second time. Where the world can verify with
 * no key, the message goes unsigned or as on_unpublished says.
 */
#include "policy/policy_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "dkim/sign.h"
#include "dkim/verify.h"

enum { FAILURE_RESERVE_BYTES = 4096 };

static enum action action_of(enum dkim_on_failure wanted)
{
    switch (wanted) {
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
    signing_fail(job, action_of(domain->on_failure), seen);
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

/* Will receivers take it without a signature of ours, since SPF is aligned or nothing is asked? */
static bool passes_unsigned(const struct job *job)
{
    const struct forecast *forecast = job->evidence.forecast;
    return forecast != NULL &&
           (forecast->dmarc == FORECAST_DMARC_PASS || forecast->dmarc == FORECAST_DMARC_NONE);
}

/* A signature that nobody can verify is worse than none: the watch has told the administrator why
 * there is no key, and tells again each hour. */
static void note_unpublished(struct job *job)
{
    const struct dkim_domain *domain = job->signing.domain;
    enum dkim_on_failure wanted =
        passes_unsigned(job) ? DKIM_ON_FAILURE_PASS : domain->on_unpublished;
    char seen[320];
    if (wanted != DKIM_ON_FAILURE_PASS) {
        snprintf(seen, sizeof(seen), "the key of %s is not published at the moment", domain->name);
        signing_fail(job, action_of(wanted), seen);
    }
    job->signing.reason = "unpublished";
}

/* What was made so far. */
struct signatures {
    struct span values[SIGNATURES_MAX];
    size_t made, present;
};

/* With the keys of one entry. False: a failure was noted. */
static bool sign_as(struct job *job, const struct header_list *view,
                    const struct dkim_domain *domain, const bool *uses,
                    struct signatures *signatures)
{
    struct span d = signing_domain_of(job, domain);
    struct error error;
    for (size_t i = 0; i < domain->key_count && signatures->made < SIGNATURES_MAX; i++) {
        const struct dkim_domain_key *row = &domain->keys[i];
        if (row->key == NULL || !uses[i]) {
            continue;
        }
        if (is_already_signed(job, view, d, row)) {
            signatures->present++;
            continue;
        }
        if (!sign_with(job, view, d, row, &signatures->values[signatures->made], &error)) {
            note_failure(job, error.text);
            return false;
        }
        job->signing.names[signatures->made++] =
            span_of(arena_printf(job->arena, "%.*s/%s", SPAN_ARG(d), row->selector));
    }
    return true;
}

static void sign_view(struct job *job, const struct header_list *view)
{
    struct signatures signatures = { .made = 0 };
    for (size_t i = 0; i < job->signing.entry_count; i++) {
        const bool *uses = job->signing.uses[i];
        if (uses != NULL && !sign_as(job, view, job->signing.entries[i], uses, &signatures)) {
            return;
        }
    }
    job->signing.count = signatures.made;
    if (!take_signatures(job, signatures.values, signatures.made)) {
        note_failure(job, "no memory for the signatures");
    } else if (signatures.made == 0) {
        job->signing.reason = signatures.present > 0 ? "already-signed" : "no-key";
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
    struct header_list view;
    if (job->signing.outcome == SIGNING_BROKEN) {
        note_failure(job, first_fault(domain));
    } else if (job->signing.outcome == SIGNING_UNPUBLISHED) {
        note_unpublished(job);
    } else if (job->signing.outcome == SIGNING_STARVED) {
        note_failure(job, "no memory for the choice of keys");
    } else if (job->body_hash == NULL || !dkim_body_hash_finish(job->body_hash)) {
        note_failure(job, "the body could not be hashed");
    } else if (!edit_view(&job->message.headers, &job->verdict.edits, job->arena, &view)) {
        note_failure(job, "no memory for the header");
    } else {
        gate_enter(job->world);
        sign_view(job, &view);
        gate_leave(job->world);
    }
}
