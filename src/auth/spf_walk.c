/*
 * spf_walk: check_host() of RFC 7208 4 over answers that come when they come, with the limits of
 * 4.6.4 counted over includes and redirects.
 *
 * An include or redirect that leads back to a record it came from would end at the tenth look-up in
 * any case; it is told for what it is.
 */
#include <stdarg.h>

#include "auth/spf_macro.h"
#include "auth/spf_private.h"

const struct dns_answer *spf_walk_ask(struct spf_walk *walk, struct span name, enum dns_type type)
{
    const struct dns_answer *answer = dns_questions_ask(walk->questions, name, type);
    if (answer == NULL) {
        return NULL;
    }
    struct spf_known *known = arena_alloc(walk->arena, sizeof(*known));
    struct span copy = arena_copy(walk->arena, name);
    if (known == NULL || copy.at == NULL) {
        walk->is_starved = true;
        return NULL;
    }
    *known = (struct spf_known){ walk->known, copy, type, answer };
    walk->known = known;
    if (answer->ttl_s < walk->ttl_s) {
        walk->ttl_s = answer->ttl_s;
    }
    return answer;
}

static void __attribute__((format(printf, 2, 0)))
explain(struct spf_walk *walk, const char *format, va_list args)
{
    walk->why = arena_vprintf(walk->arena, format, args);
    walk->is_starved = walk->is_starved || walk->why == NULL;
}

enum spf_match spf_walk_fail(struct spf_walk *walk, enum spf_says says, enum spf_says *says_r,
                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    explain(walk, format, args);
    va_end(args);
    *says_r = says;
    return SPF_MATCH_ERROR;
}

enum spf_match spf_walk_fail_unknown(struct spf_walk *walk, struct span name, enum dns_type type,
                                     const struct dns_answer *answer, enum spf_says *says_r)
{
    if (answer->result == DNS_BOGUS) {
        walk->difference = "receivers that do not look at DNSSEC go by the answer";
    }
    return spf_walk_fail(walk, SPF_SAYS_TEMPERROR, says_r, "%s of %s: %s", dns_type_name(type),
                         spf_shown(name, walk->arena), dns_result_name(answer->result));
}

static enum spf_says qualifier_says(char qualifier)
{
    switch (qualifier) {
    case '-':
        return SPF_SAYS_FAIL;
    case '~':
        return SPF_SAYS_SOFTFAIL;
    case '?':
        return SPF_SAYS_NEUTRAL;
    default:
        return SPF_SAYS_PASS;
    }
}

/* The term, and whose record it is of where that is not the first. */
static const char *tell_term(struct spf_walk *walk, const struct spf_visit *visit,
                             const struct spf_term *term)
{
    const char *text = spf_shown(term->text, walk->arena);
    if (visit->parent != NULL) {
        text = arena_printf(walk->arena, "%s in the record of %s", text,
                            spf_shown(visit->domain, walk->arena));
    }
    walk->is_starved = walk->is_starved || text == NULL;
    return text != NULL ? text : "";
}

static bool leads_back(const struct spf_visit *visit, struct span name)
{
    for (; visit != NULL; visit = visit->parent) {
        if (span_is_equal(visit->domain, name)) {
            return true;
        }
    }
    return false;
}

/* NULL: *says_r is the verdict about the domain, or with is_starved there is none. */
static struct spf_visit *visit_begin(struct spf_walk *walk, struct span domain,
                                     const struct spf_visit *parent,
                                     const struct dns_answer *answer, enum spf_says *says_r)
{
    struct span text;
    enum spf_selection selection = spf_record_select(answer, &text);
    if (selection == SPF_NO_RECORD) {
        spf_walk_fail(walk, SPF_SAYS_NONE, says_r, "%s has no SPF record",
                      spf_shown(domain, walk->arena));
        return NULL;
    }
    if (selection == SPF_SEVERAL_RECORDS) {
        spf_walk_fail(walk, SPF_SAYS_PERMERROR, says_r, "%s has more than one SPF record",
                      spf_shown(domain, walk->arena));
        return NULL;
    }
    struct spf_visit *visit = arena_alloc(walk->arena, sizeof(*visit));
    if (visit == NULL || !spf_record_parse(text, walk->arena, &visit->record)) {
        walk->is_starved = true;
        return NULL;
    }
    walk->text = parent == NULL ? text : walk->text;
    if (visit->record.fault != NULL) {
        if (visit->record.is_unread) {
            walk->difference = "some receivers read it";
        }
        spf_walk_fail(walk, SPF_SAYS_PERMERROR, says_r, "record of %s: %s",
                      spf_shown(domain, walk->arena), visit->record.fault);
        return NULL;
    }
    walk->idle_redirects += visit->record.has_redirect;
    visit->domain = domain;
    visit->parent = parent;
    visit->steps = arena_array(walk->arena, visit->record.count + 1, sizeof(*visit->steps));
    walk->is_starved = walk->is_starved || visit->steps == NULL;
    visit->older = walk->visits;
    walk->visits = visit;
    return walk->is_starved ? NULL : visit;
}

static bool check_host(struct spf_walk *walk, struct span domain, const struct spf_visit *parent,
                       enum spf_says *says_r);

/* Where include and redirect lead: YES with *says_r, or PENDING, or ERROR. */
static enum spf_match follow(struct spf_walk *walk, const struct spf_visit *visit, size_t index,
                             enum spf_says *says_r)
{
    const struct spf_term *term = &visit->record.terms[index];
    struct span name;
    enum spf_match match = spf_expand_term(walk, visit, index);
    if (match != SPF_MATCH_YES) {
        return match;
    }
    name = visit->steps[index].name;
    if (!spf_name_is_askable(name)) {
        return spf_walk_fail(walk, SPF_SAYS_PERMERROR, says_r, "%s: there can be no such domain",
                             tell_term(walk, visit, term));
    }
    if (leads_back(visit, name)) {
        return spf_walk_fail(walk, SPF_SAYS_PERMERROR, says_r, "%s: leads back to itself",
                             tell_term(walk, visit, term));
    }
    if (!check_host(walk, name, visit, says_r)) {
        return SPF_MATCH_PENDING;
    }
    if (*says_r == SPF_SAYS_NONE) { /* 5.2, 6.1 */
        return spf_walk_fail(walk, SPF_SAYS_PERMERROR, says_r, "%s: there is no SPF record",
                             tell_term(walk, visit, term));
    }
    return *says_r == SPF_SAYS_PERMERROR || *says_r == SPF_SAYS_TEMPERROR ? SPF_MATCH_ERROR
                                                                          : SPF_MATCH_YES;
}

/* YES, ERROR: *says_r is the verdict of the record. */
static enum spf_match take_step(struct spf_walk *walk, const struct spf_visit *visit, size_t index,
                                enum spf_says *says_r)
{
    const struct spf_term *term = &visit->record.terms[index];
    enum spf_match match;
    visit->steps[index].is_reached = true;
    if (spf_kind_asks(term->kind) && ++walk->lookups > SPF_LOOKUPS_MAX) {
        return spf_walk_fail(walk, SPF_SAYS_PERMERROR, says_r,
                             "more than %d terms that ask DNS: %s", SPF_LOOKUPS_MAX,
                             tell_term(walk, visit, term));
    }
    if (term->kind == SPF_REDIRECT) {
        walk->idle_redirects--;
        return follow(walk, visit, index, says_r);
    }
    if (term->kind == SPF_INCLUDE) {
        match = follow(walk, visit, index, says_r);
        if (match == SPF_MATCH_YES && *says_r != SPF_SAYS_PASS) {
            match = SPF_MATCH_NO;
        }
    } else {
        match = spf_match_term(walk, visit, index, says_r);
        if (match == SPF_MATCH_YES) {
            walk->why = tell_term(walk, visit, term);
        }
    }
    if (match == SPF_MATCH_YES) {
        *says_r = qualifier_says(term->qualifier);
    }
    return match;
}

/* False: answers are under way. */
static bool evaluate(struct spf_walk *walk, const struct spf_visit *visit, enum spf_says *says_r)
{
    bool is_pending = false;
    for (size_t i = 0; i < visit->record.count; i++) {
        enum spf_match match = take_step(walk, visit, i, says_r);
        if (walk->is_starved) {
            return false;
        }
        if (match == SPF_MATCH_PENDING) {
            is_pending = true; /* what is behind it is gone over for its questions */
        } else if (match != SPF_MATCH_NO) {
            visit->steps[i].has_matched = match == SPF_MATCH_YES;
            return !is_pending;
        }
    }
    *says_r = SPF_SAYS_NEUTRAL; /* 4.7 */
    walk->why = "no term of the record matches";
    return !is_pending;
}

/* False: answers are under way, or memory is out. */
static bool check_host(struct spf_walk *walk, struct span domain, const struct spf_visit *parent,
                       enum spf_says *says_r)
{
    const struct dns_answer *answer = spf_walk_ask(walk, domain, DNS_TXT);
    if (answer == NULL) {
        return false;
    }
    if (!dns_is_known(answer)) {
        spf_walk_fail_unknown(walk, domain, DNS_TXT, answer, says_r);
        return true;
    }
    struct spf_visit *visit = visit_begin(walk, domain, parent, answer, says_r);
    if (visit == NULL) {
        return !walk->is_starved;
    }
    return evaluate(walk, visit, says_r);
}

/* 4.3. */
static bool is_domain(struct span domain)
{
    return spf_name_is_askable(domain) && span_find(domain, '.') >= 0 && domain.at[0] != '[';
}

/* Limits that other ways of counting pass; NULL: none. */
static const char *count_otherwise(const struct spf_walk *walk)
{
    if (walk->voids + walk->inner_voids > SPF_VOIDS_MAX) {
        return "some receivers count look-ups without an answer of hosts behind mx and ptr, too";
    }
    if (walk->lookups + walk->idle_redirects > SPF_LOOKUPS_MAX) {
        return "some receivers count redirect among the ten look-ups before they need it";
    }
    return NULL;
}

bool spf_walk(const struct spf_query *query, struct dns_questions *questions, struct arena *arena,
              struct spf_walk *walk_r, enum spf_says *says_r)
{
    *walk_r = (struct spf_walk){
        .query = query, .questions = questions, .arena = arena, .ttl_s = UINT32_MAX
    };
    struct span domain = arena_copy(arena, query->domain);
    if (domain.size > 0 && domain.at[domain.size - 1] == '.') {
        domain.size--;
    }
    for (size_t i = 0; i < domain.size; i++) {
        ((char *)domain.at)[i] = ascii_lower(domain.at[i]);
    }
    bool is_done = true;
    if (domain.at == NULL) {
        walk_r->is_starved = true;
    } else if (!is_domain(domain)) {
        spf_walk_fail(walk_r, SPF_SAYS_NONE, says_r, "%s is no domain", spf_shown(domain, arena));
    } else {
        is_done = check_host(walk_r, domain, NULL, says_r);
    }
    if (walk_r->is_starved) {
        walk_r->why = "memory for the evaluation is out";
        *says_r = SPF_SAYS_TEMPERROR;
        return true;
    }
    if (walk_r->difference == NULL && is_done && *says_r != SPF_SAYS_PERMERROR) {
        walk_r->difference = count_otherwise(walk_r);
    }
    return is_done;
}
