/*
 * spf_remark: what a review says of records that are good by their syntax, and its remarks as a
 * list.
 */
#include "auth/spf_remark.h"

#include <stdarg.h>

#include "auth/spf_private.h"

/* What fits a datagram to everybody, with the name and the rest of the message (RFC 7208 3.4 asks
 * for 512 in all; resolvers of today take 1232). */
#define ANSWER_OCTETS 1150

void spf_remark_add(struct review *review, enum spf_weight weight, const char *format, ...)
{
    va_list args;
    if (review->remark_count == review->room) {
        return;
    }
    va_start(args, format);
    const char *text = arena_vprintf(review->arena, format, args);
    va_end(args);
    if (text == NULL) {
        review->is_starved = true;
    } else {
        review->remarks[review->remark_count++] = (struct spf_remark){ weight, text };
    }
}

const char *spf_remark_term(struct review *review, const struct level *level,
                            const struct spf_term *term)
{
    if (review->remark_count == review->room) {
        return ""; /* nobody will read it */
    }
    const char *text =
        arena_printf(review->arena, "%s in the record of %s", spf_shown(term->text, review->arena),
                     spf_shown(level->domain, review->arena));
    review->is_starved = review->is_starved || text == NULL;
    return text != NULL ? text : "";
}

/* Terms that let everybody in, whatever qualifier an include gives to it. */
void spf_remark_breadth(struct review *review, const struct level *level,
                        const struct spf_term *term)
{
    bool is_network = term->kind == SPF_IP4 || term->kind == SPF_IP6;
    bool is_host = term->kind == SPF_A || term->kind == SPF_MX;
    unsigned v4 = is_network && term->kind != SPF_IP4 ? 32 : term->prefix[0];
    unsigned v6 = is_network && term->kind != SPF_IP6 ? 128 : term->prefix[1];
    if (term->qualifier != '+') {
        return;
    }
    if (term->kind == SPF_ALL || ((is_network || is_host) && (v4 == 0 || v6 == 0))) {
        spf_remark_add(review, SPF_WARNING, "%s: everybody may send",
                       spf_remark_term(review, level, term));
    } else if ((is_network || is_host) && (v4 < 8 || v6 < 16)) {
        spf_remark_add(review, SPF_WARNING, "%s: a very large part of all addresses may send",
                       spf_remark_term(review, level, term));
    }
}

/* What the end of the first record says of all others. */
void spf_remark_end(struct review *review, const struct level *level,
                    const struct spf_record *record)
{
    const struct spf_term *last = NULL;
    for (size_t i = 0; i < record->count; i++) {
        if (record->terms[i].kind == SPF_ALL && last == NULL) {
            last = &record->terms[i];
            if (i + 1 < record->count) {
                spf_remark_add(review, SPF_ADVICE, "%s: nothing behind it is looked at",
                               spf_remark_term(review, level, last));
            }
        }
    }
    if (level->above != NULL) {
        return;
    }
    if (last == NULL && !record->has_redirect) {
        spf_remark_add(review, SPF_ADVICE,
                       "the record of %s ends without \"all\": mail from elsewhere is neutral",
                       spf_shown(level->domain, review->arena));
    } else if (last != NULL && last->qualifier == '?') {
        spf_remark_add(review, SPF_ADVICE, "%s: mail from elsewhere is neutral",
                       spf_remark_term(review, level, last));
    }
}

void spf_remark_size(struct review *review, struct span domain, const struct dns_answer *answer)
{
    size_t octets = 0;
    for (size_t i = 0; i < answer->count; i++) {
        octets += answer->records[i].data.size + answer->records[i].data.size / 255 + 13;
    }
    if (octets > ANSWER_OCTETS) {
        spf_remark_add(
            review, SPF_ADVICE,
            "all TXT records of %s together have %zu octets: the answer may not fit a datagram, "
            "and some receivers will not get it",
            spf_shown(domain, review->arena), octets);
    }
}

void spf_remark_limits(struct review *review, struct span domain)
{
    const struct spf_review *result = review->result;
    if (result->lookups > SPF_LOOKUPS_MAX) {
        spf_remark_add(
            review, SPF_FAULT,
            "%s needs %u look-ups, %d are allowed: whoever the first ten do not let in gets "
            "permerror",
            spf_shown(domain, review->arena), result->lookups, SPF_LOOKUPS_MAX);
    } else if (result->lookups == SPF_LOOKUPS_MAX) {
        spf_remark_add(review, SPF_ADVICE, "%s needs all of the %d look-ups that are allowed",
                       spf_shown(domain, review->arena), SPF_LOOKUPS_MAX);
    }
    if (result->voids > SPF_VOIDS_MAX) {
        spf_remark_add(review, SPF_FAULT, "%s has %u look-ups without an answer, %d are allowed",
                       spf_shown(domain, review->arena), result->voids, SPF_VOIDS_MAX);
    }
}

bool spf_remark_hand_over(const struct review *review, struct arena *arena)
{
    struct spf_review *result = review->result;
    struct spf_remark *sorted = arena_array(arena, review->remark_count + 1, sizeof(*sorted));
    size_t count = 0;
    for (int weight = SPF_FAULT; sorted != NULL && weight >= SPF_ADVICE; weight--) {
        for (size_t i = 0; i < review->remark_count; i++) {
            if ((int)review->remarks[i].weight == weight) {
                const char *text = arena_printf(arena, "%s", review->remarks[i].text);
                sorted[count++] = (struct spf_remark){ (enum spf_weight)weight, text };
            }
        }
    }
    result->remarks = sorted;
    result->remark_count = count;
    if (result->record.at != NULL) {
        result->record = arena_copy(arena, result->record);
    }
    if (result->why_unknown != NULL) {
        result->why_unknown = arena_printf(arena, "%s", result->why_unknown);
    }
    return !arena_is_exhausted(arena);
}
