/*
 * signing_keys: which keys sign a message: the entries for its author, settled at the end of the
 * header together with the body forms to be hashed; and of their keys, at the end of the message,
 * those that the world can verify with (dkim/proof.h).
 */
#include "policy/policy_private.h"

#include "dkim/verify.h"

static unsigned form_bit(enum canonical form)
{
    return 1u << form;
}

bool signing_is_wanted(const struct job *job)
{
    return job->site->general->mode == MODE_ENFORCE || job->site->signing->in_observe;
}

/*
 * The author whose domain signs; NULL with the reason. Where receivers may read another author out
 * of the field, our signature would vouch for him.
 */
static const struct address *find_author(const struct job *job, const char **reason_r)
{
    const struct message *message = &job->message;
    if (message->headers.counts[HEADER_FROM] != 1) {
        *reason_r = message->headers.counts[HEADER_FROM] == 0 ? "no-from" : "several-from";
    } else if (message->from.count == 0 || message->from.at[0].domain.size == 0) {
        *reason_r = "no-from-domain";
    } else if ((message->from.defects & ADDRESS_DOUBTFUL) != 0) {
        *reason_r = "from-doubtful";
    } else if (job->lacks_login) {
        *reason_r = "no-login"; /* whatever a rule says: nobody vouches for him */
    } else {
        return &message->from.at[0];
    }
    return NULL;
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

/* NULL: none, or the reason why not. */
static const char *find_entries(struct job *job)
{
    const char *reason = NULL;
    const struct address *author = find_author(job, &reason);
    if (author == NULL) {
        return reason;
    }
    job->signing.entry_count = dkim_domains_find_address(
        job->site->domains, author->local, author->domain, job->signing.entries, SIGNATURES_MAX);
    return job->signing.entry_count == 0 ? "no-key" : NULL;
}

void signing_plan(struct job *job)
{
    struct signing *signing = &job->signing;
    *signing = (struct signing){ 0 };
    if (job->mail_class == CLASS_INBOUND || job->message.is_over_ceiling) {
        return;
    }
    const char *reason = find_entries(job);
    if (ticket_is_due(job)) {
        return; /* signed behind the filter */
    }
    signing->reason = reason;
    if (reason == NULL && !signing_is_wanted(job)) {
        signing->reason = "observe";
    } else if (reason == NULL) {
        signing->domain = signing->entries[0];
        unsigned forms = form_bit(signing_body_form(job->site->signing)) | forms_of_own(job);
        job->body_hash = dkim_body_hash_new(forms);
    }
}

struct span signing_domain_of(const struct job *job, const struct dkim_domain *entry)
{
    return entry->d != NULL ? span_of(entry->d) : job->message.from.at[0].domain;
}

static bool is_same_d(const struct dkim_domain *a, const struct dkim_domain *b)
{
    return span_is_equal(span_of(a->d), span_of(b->d));
}

/* RSA is what every receiver verifies: where a key is broken, an RSA key must be left. What signs
 * beside the first as somebody else does not stand in for it. */
static bool has_enough_keys(const struct signing *signing)
{
    bool is_whole = true;
    for (size_t e = 0; e < signing->entry_count; e++) {
        const struct dkim_domain *entry = signing->entries[e];
        if (!is_same_d(entry, signing->entries[0])) {
            continue;
        }
        is_whole &= entry->key_count > 0;
        for (size_t i = 0; i < entry->key_count; i++) {
            struct dkim_key *key = entry->keys[i].key;
            if (key != NULL && dkim_key_algorithm(key) == DKIM_RSA_SHA256) {
                return true;
            }
            is_whole &= key != NULL;
        }
    }
    return is_whole;
}

/* The keys of one entry that sign. False: out of memory. */
static bool choose_of(struct job *job, size_t at, bool *signs_r)
{
    const struct dkim_domain *entry = job->signing.entries[at];
    bool *uses = arena_array(job->arena, entry->key_count, sizeof(*uses));
    if (uses == NULL) {
        return false;
    }
    *signs_r = key_proofs_choose(job->world->proofs, entry, signing_domain_of(job, entry),
                                 job->site->signing->require_published, uses) == KEY_CHOICE_SIGN;
    job->signing.uses[at] = *signs_r ? uses : NULL;
    return true;
}

void signing_choose(struct job *job)
{
    struct signing *signing = &job->signing;
    if (signing->entry_count == 0) {
        return;
    }
    signing->outcome = has_enough_keys(signing) ? SIGNING_UNPUBLISHED : SIGNING_BROKEN;
    for (size_t at = 0; at < signing->entry_count && signing->outcome != SIGNING_BROKEN; at++) {
        bool signs = false;
        if (!choose_of(job, at, &signs)) {
            signing->outcome = SIGNING_STARVED;
            return;
        }
        if (signs && is_same_d(signing->entries[at], signing->entries[0])) {
            signing->outcome = SIGNING_POSSIBLE;
        }
    }
}

struct span signing_expected(const struct job *job)
{
    const struct signing *signing = &job->signing;
    return signing->entry_count > 0 && signing->outcome != SIGNING_BROKEN &&
                   signing->outcome != SIGNING_UNPUBLISHED
               ? signing_domain_of(job, signing->entries[0])
               : (struct span){ NULL, 0 };
}
