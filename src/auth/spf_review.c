/*
 * spf_review: goes over every record under a domain's and says what is wrong with them, or risky,
 * or needless. What depends on macros of the sender or the client is counted and not followed.
 *
 * Bounded in records, look-ups and remarks; a tree beyond that is a fault by its look-ups anyway.
 */
#include "auth/spf_macro.h"
#include "auth/spf_private.h"
#include "auth/spf_remark.h"

#define RECORDS_MAX 60
#define DEPTH_MAX 12
#define LOOKUPS_MAX 100
#define SCRATCH_BYTES ((size_t)4 << 20)

/* The answer, if it says something; NULL: under way, or it does not, which is noted. */
static const struct dns_answer *look_up(struct review *review, struct span name, enum dns_type type)
{
    const struct dns_answer *answer = dns_questions_ask(review->questions, name, type);
    if (answer == NULL) {
        review->is_pending = true;
        return NULL;
    }
    if (answer->ttl_s < review->result->ttl_s) {
        review->result->ttl_s = answer->ttl_s;
    }
    if (dns_is_known(answer)) {
        return answer;
    }
    if (review->result->is_known) {
        review->result->is_known = false;
        review->result->why_unknown =
            arena_printf(review->arena, "%s of %s: %s", dns_type_name(type),
                         spf_shown(name, review->arena), dns_result_name(answer->result));
        review->is_starved = review->is_starved || review->result->why_unknown == NULL;
    }
    return NULL;
}

/* The name a term asks about, where it is the same for every message; absent: it is not. */
static struct span fixed_name(struct review *review, const struct level *level,
                              const struct spf_term *term)
{
    struct spf_macro_values values = { .domain = level->domain };
    if (term->target.at == NULL) {
        return level->domain;
    }
    if ((term->letters & ~SPF_LETTER('d')) != 0) {
        return (struct span){ NULL, 0 };
    }
    struct span name = spf_macro_expand(term->target, &values, review->arena);
    review->is_starved = review->is_starved || name.at == NULL;
    for (size_t i = 0; i < name.size; i++) {
        ((char *)name.at)[i] = ascii_lower(name.at[i]);
    }
    return name;
}

static void count_void(struct review *review, const struct level *level,
                       const struct spf_term *term, const char *what)
{
    review->result->voids++;
    spf_remark_add(review, SPF_WARNING, "%s: %s; receivers allow two such look-ups in all",
                   spf_remark_term(review, level, term), what);
}

/* Void is what is void for every client. */
static void review_hosts(struct review *review, const struct level *level,
                         const struct spf_term *term, struct span name)
{
    const struct dns_answer *v4 = look_up(review, name, DNS_A);
    const struct dns_answer *v6 = term->kind == SPF_EXISTS ? v4 : look_up(review, name, DNS_AAAA);
    if (v4 != NULL && v6 != NULL && v4->count == 0 && v6->count == 0) {
        count_void(review, level, term, "there is no such address");
    }
}

static void review_mx(struct review *review, const struct level *level, const struct spf_term *term,
                      struct span name)
{
    const struct dns_answer *answer = look_up(review, name, DNS_MX);
    if (answer == NULL) {
        return;
    }
    if (answer->count == 0) {
        count_void(review, level, term, "there is no mail exchanger");
    } else if (answer->count > SPF_NAMES_MAX) {
        spf_remark_add(review, SPF_FAULT, "%s: %zu mail exchangers, %d are allowed",
                       spf_remark_term(review, level, term), answer->count, SPF_NAMES_MAX);
    }
}

static bool leads_back(const struct level *level, struct span name)
{
    for (; level != NULL; level = level->above) {
        if (span_is_equal(level->domain, name)) {
            return true;
        }
    }
    return false;
}

static void review_domain(struct review *review, struct span domain, const struct level *above,
                          const struct spf_term *led_by);

static void review_inner(struct review *review, const struct level *level,
                         const struct spf_term *term, struct span name)
{
    if (!spf_name_is_askable(name)) {
        spf_remark_add(review, SPF_FAULT, "%s: there can be no such domain",
                       spf_remark_term(review, level, term));
    } else if (leads_back(level, name)) {
        spf_remark_add(review, SPF_FAULT, "%s: leads back to itself",
                       spf_remark_term(review, level, term));
    } else {
        review_domain(review, name, level, term);
    }
}

static void review_asking(struct review *review, const struct level *level,
                          const struct spf_term *term)
{
    struct span name = fixed_name(review, level, term);
    review->result->lookups++;
    if (term->kind == SPF_PTR || (term->letters & SPF_LETTER('p')) != 0) {
        spf_remark_add(
            review, SPF_WARNING,
            "%s: goes by the names of addresses, which is slow and not asked by everybody "
            "(RFC 7208 5.5)",
            spf_remark_term(review, level, term));
    }
    if (name.at == NULL || term->kind == SPF_PTR) {
        return;
    }
    if (term->kind == SPF_INCLUDE || term->kind == SPF_REDIRECT) {
        review_inner(review, level, term, name);
    } else if (!spf_name_is_askable(name)) {
        spf_remark_add(review, SPF_WARNING, "%s: there can be no such name",
                       spf_remark_term(review, level, term));
    } else if (term->kind == SPF_MX) {
        review_mx(review, level, term, name);
    } else {
        review_hosts(review, level, term, name);
    }
}

static void review_terms(struct review *review, const struct level *level,
                         const struct spf_record *record)
{
    for (size_t i = 0; i < record->count && review->result->lookups < LOOKUPS_MAX; i++) {
        const struct spf_term *term = &record->terms[i];
        if (spf_kind_asks(term->kind)) {
            review_asking(review, level, term);
        }
        spf_remark_breadth(review, level, term);
        if (term->kind == SPF_ALL) {
            break; /* redirect, too, is not looked at then (6.1) */
        }
    }
    spf_remark_end(review, level, record);
}

/* A text that is meant for a record, and is none. */
static void remark_likeness(struct review *review, struct span domain,
                            const struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        struct span text = span_trim(answer->records[i].data);
        while (text.size > 0 && (text.at[0] == '"' || text.at[0] == '\'')) {
            text = span_from(text, 1);
        }
        if (span_has_prefix_nocase(text, SPAN("v=spf")) ||
            span_has_prefix_nocase(text, SPAN("spf1 ")) ||
            span_has_prefix_nocase(text, SPAN("v = spf"))) {
            spf_remark_add(review, SPF_WARNING,
                           "TXT of %s: %s is no SPF record; one begins with \"v=spf1 \"",
                           spf_shown(domain, review->arena),
                           spf_shown(answer->records[i].data, review->arena));
        }
    }
}

/* The record of the answer, or a remark why there is none. */
static bool select_record(struct review *review, struct span domain, const struct level *above,
                          const struct spf_term *led_by, const struct dns_answer *answer,
                          struct span *text_r)
{
    switch (spf_record_select(answer, text_r)) {
    case SPF_SELECTED:
        return true;
    case SPF_SEVERAL_RECORDS:
        review->result->has_record = review->result->has_record || above == NULL;
        spf_remark_add(review, SPF_FAULT, "%s has more than one SPF record",
                       spf_shown(domain, review->arena));
        return false;
    case SPF_NO_RECORD:
        remark_likeness(review, domain, answer);
        break;
    }
    if (above == NULL) {
        spf_remark_add(review, SPF_ADVICE, "%s has no SPF record",
                       spf_shown(domain, review->arena));
    } else {
        spf_remark_add(review, SPF_FAULT, "%s: there is no SPF record",
                       spf_remark_term(review, above, led_by));
    }
    return false;
}

static void review_domain(struct review *review, struct span domain, const struct level *above,
                          const struct spf_term *led_by)
{
    struct level level = { above, domain, above != NULL ? above->depth + 1 : 0 };
    struct spf_record record;
    struct span text;
    if (level.depth > DEPTH_MAX || ++review->records > RECORDS_MAX) {
        return;
    }
    const struct dns_answer *answer = look_up(review, domain, DNS_TXT);
    if (answer == NULL || !select_record(review, domain, above, led_by, answer, &text)) {
        return;
    }
    if (above == NULL) {
        review->result->has_record = true;
        review->result->record = text;
    }
    if (!spf_record_parse(text, review->arena, &record)) {
        review->is_starved = true;
        return;
    }
    spf_remark_size(review, domain, answer);
    if (record.fault != NULL) {
        spf_remark_add(review, SPF_FAULT, "record of %s: %s", spf_shown(domain, review->arena),
                       record.fault);
        return;
    }
    review_terms(review, &level, &record);
}

bool spf_review(struct span domain, struct dns_questions *questions, struct arena *arena,
                struct spf_review *review_r)
{
    struct arena *scratch = arena_new(SCRATCH_BYTES);
    struct review review = { .questions = questions, .arena = scratch, .result = review_r };
    *review_r = (struct spf_review){ .is_known = true, .ttl_s = UINT32_MAX };
    if (scratch != NULL) {
        review.room = SPF_REMARKS_MAX;
        review.remarks =
            arena_array(scratch, review.room + SPF_REMARKS_OF_LIMITS, sizeof(*review.remarks));
    }
    review.is_starved = review.remarks == NULL;
    if (!review.is_starved) {
        review_domain(&review, domain, NULL, NULL);
        review.room += SPF_REMARKS_OF_LIMITS;
        spf_remark_limits(&review, domain);
    }
    bool is_done = review.is_starved || !review.is_pending;
    if (is_done && (review.is_starved || !spf_remark_hand_over(&review, arena))) {
        *review_r = (struct spf_review){ .why_unknown = "memory for the review is out" };
    }
    arena_free(&scratch);
    return is_done;
}
