/*
 * dmarc_walk: up the DNS tree from a name (RFC 9989 4.10): the name itself, then its last seven
 * labels or one label fewer, down to the last label; at most eight names, all asked at once. It
 * ends early at a record that says psd=y or psd=n; what stands above such a one does not count.
 */
#include "auth/dmarc_private.h"

#include "util/domain.h"

#define PREFIX "_dmarc."
#define LABELS_BEHIND_SHORTCUT 7
#define TTL_MAX_S 86400u

static size_t count_labels(struct span domain)
{
    size_t count = domain.size > 0;
    for (size_t i = 0; i < domain.size; i++) {
        count += domain.at[i] == '.';
    }
    return count;
}

/* Without its first label; empty behind the last. */
static struct span parent_of(struct span domain)
{
    ptrdiff_t dot = span_find(domain, '.');
    return span_from(domain, dot < 0 ? domain.size : (size_t)dot + 1);
}

static struct span next_of(struct span domain)
{
    size_t labels = count_labels(domain);
    do {
        domain = parent_of(domain);
    } while (--labels > LABELS_BEHIND_SHORTCUT);
    return domain;
}

static const struct dns_answer *ask(struct span domain, struct dns_questions *questions)
{
    static const struct dns_answer no_room = { .result = DNS_NXDOMAIN, .ttl_s = TTL_MAX_S };
    char name[sizeof(PREFIX) + DOMAIN_MAX] = PREFIX;
    size_t size = sizeof(PREFIX) - 1 + domain.size;
    if (size >= DOMAIN_MAX) {
        return &no_room; /* nothing can stand at a name that is too long to be one */
    }
    memcpy(name + sizeof(PREFIX) - 1, domain.at, domain.size);
    return dns_questions_ask(questions, (struct span){ name, size }, DNS_TXT);
}

static void read_step(struct dmarc_step *step)
{
    for (size_t i = 0; step->answer->result == DNS_FOUND && i < step->answer->count; i++) {
        struct dmarc_record tags;
        if (dmarc_record_read(step->answer->records[i].data, &tags)) {
            step->count++;
            step->record = step->answer->records[i].data;
            step->tags = tags;
        }
    }
    if (step->count > 1) {
        step->record = (struct span){ NULL, 0 };
        step->tags = (struct dmarc_record){ .trouble = NULL };
    }
}

/* False: some are under way. */
static bool ask_all(struct span domain, struct dns_questions *questions, struct dmarc_walk *walk)
{
    bool is_here = true;
    for (struct span name = domain; name.size > 0 && walk->asked < DMARC_WALK_MAX;
         name = next_of(name)) {
        struct dmarc_step *step = &walk->steps[walk->asked++];
        *step = (struct dmarc_step){ .domain = name, .answer = ask(name, questions) };
        is_here = is_here && step->answer != NULL;
    }
    return is_here;
}

/* One label more of `whole`, whose end `domain` is. */
static struct span child_of(struct span whole, struct span domain)
{
    size_t from = whole.size - domain.size - 1;
    while (from > 0 && whole.at[from - 1] != '.') {
        from--;
    }
    return span_from(whole, from);
}

/* 4.10.2: the first that says psd=n, or stands right below one that says psd=y; else the shortest
 * with a record; else the name itself. */
static struct span find_organization(const struct dmarc_walk *walk)
{
    const struct dmarc_step *start = &walk->steps[0];
    struct span organization = start->domain;
    if (walk->psd != NULL) {
        return child_of(start->domain, walk->psd->domain);
    }
    for (size_t i = 0; i < walk->count; i++) {
        if (walk->steps[i].count == 1) {
            organization = walk->steps[i].domain;
        }
    }
    return organization;
}

static bool is_end(const struct dmarc_step *step)
{
    return step->count == 1 && step->tags.psd != DMARC_PSD_UNTOLD;
}

bool dmarc_walk(struct span domain, struct dns_questions *questions, struct dmarc_walk *walk_r)
{
    walk_r->asked = 0;
    walk_r->count = 0;
    walk_r->psd = NULL;
    walk_r->failed = NULL;
    walk_r->organization = (struct span){ NULL, 0 };
    walk_r->ttl_s = TTL_MAX_S;
    if (!ask_all(domain, questions, walk_r)) {
        return false;
    }
    bool has_ended = false;
    for (size_t i = 0; i < walk_r->asked; i++) {
        struct dmarc_step *step = &walk_r->steps[i];
        read_step(step);
        if (has_ended) {
            continue;
        }
        walk_r->count++;
        walk_r->ttl_s = step->answer->ttl_s < walk_r->ttl_s ? step->answer->ttl_s : walk_r->ttl_s;
        if (walk_r->failed == NULL && !dns_is_known(step->answer)) {
            walk_r->failed = step;
        }
        has_ended = is_end(step);
        if (has_ended && i > 0 && step->tags.psd == DMARC_PSD_YES) {
            walk_r->psd = step;
        }
    }
    if (walk_r->failed == NULL) {
        walk_r->organization = find_organization(walk_r);
    }
    return true;
}

const struct dmarc_step *dmarc_walk_step(const struct dmarc_walk *walk, struct span domain)
{
    for (size_t i = 0; i < walk->asked; i++) {
        if (span_is_equal_nocase(walk->steps[i].domain, domain)) {
            return &walk->steps[i];
        }
    }
    return NULL;
}
