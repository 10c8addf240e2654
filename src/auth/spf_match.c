/*
 * spf_match: does one term match the client (RFC 7208 5)?
 *
 * A void look-up is counted once for a term, for what the term itself asks for (4.6.4: "terms that
 * cause DNS queries"). Some receivers count those of hosts behind mx and ptr as well; where this
 * makes a difference, it is told.
 */
#include <string.h>

#include "auth/spf_macro.h"
#include "auth/spf_private.h"

static enum dns_type address_type(const struct spf_walk *walk)
{
    return walk->query->client.family == 6 ? DNS_AAAA : DNS_A;
}

static bool is_same_network(const struct ip *client, const uint8_t *bytes, unsigned prefix)
{
    unsigned whole = prefix / 8, bits = prefix % 8;
    if (memcmp(client->bytes, bytes, whole) != 0) {
        return false;
    }
    return bits == 0 || ((client->bytes[whole] ^ bytes[whole]) >> (8 - bits)) == 0;
}

static bool is_among(const struct dns_answer *answer, const struct ip *client, unsigned prefix)
{
    size_t size = client->family == 6 ? 16 : 4;
    for (size_t i = 0; i < answer->count; i++) {
        if (answer->records[i].data.size == size &&
            is_same_network(client, (const uint8_t *)answer->records[i].data.at, prefix)) {
            return true;
        }
    }
    return false;
}

/* 5.5: the names of the client's address that have this address. False: answers are under way. */
static bool validate(struct spf_walk *walk, const struct dns_answer *names)
{
    const struct ip *client = &walk->query->client;
    size_t limit = names->count < SPF_NAMES_MAX ? names->count : SPF_NAMES_MAX, count = 0;
    unsigned voids = 0;
    struct span *found = arena_array(walk->arena, limit + 1, sizeof(*found));
    bool is_pending = false;
    if (found == NULL) {
        walk->is_starved = true;
        return false;
    }
    walk->has_doubtful_names = names->count > limit;
    for (size_t i = 0; i < limit; i++) {
        struct span name = names->records[i].data;
        if (!spf_name_is_askable(name)) {
            continue;
        }
        const struct dns_answer *answer = spf_walk_ask(walk, name, address_type(walk));
        if (answer == NULL) {
            is_pending = true;
        } else if (!dns_is_known(answer)) {
            walk->has_doubtful_names = true; /* skipped */
        } else if (is_among(answer, client, client->family == 6 ? 128 : 32)) {
            found[count++] = name;
        } else {
            voids += answer->count == 0;
        }
    }
    walk->validated = found;
    walk->validated_voids = voids;
    walk->validated_count = count;
    walk->is_validated = !is_pending;
    return !is_pending;
}

static const struct dns_answer *ask_reverse(struct spf_walk *walk)
{
    char name[DNS_REVERSE_MAX];
    dns_reverse_name(&walk->query->client, name);
    return spf_walk_ask(walk, span_of(name), DNS_PTR);
}

/* False: answers are under way. */
static bool find_validated(struct spf_walk *walk, const struct dns_answer **reverse_r)
{
    *reverse_r = ask_reverse(walk);
    if (*reverse_r == NULL || (!walk->is_validated && !validate(walk, *reverse_r))) {
        return false;
    }
    walk->inner_voids += walk->validated_voids; /* again for each term that asks */
    return true;
}

/* 7.3, the letter p: the name itself before one below it before any other. */
static struct span pick_validated(const struct spf_walk *walk, struct span domain)
{
    struct span below = { NULL, 0 };
    for (size_t i = 0; i < walk->validated_count; i++) {
        struct span name = walk->validated[i];
        if (span_is_equal(name, domain)) {
            return name;
        }
        if (below.at == NULL && spf_name_is_within(name, domain)) {
            below = name;
        }
    }
    if (below.at != NULL) {
        return below;
    }
    return walk->validated_count > 0 ? walk->validated[0] : SPAN("unknown");
}

/* Can the names of the address be seen in another way, too? */
static bool note_doubt(struct spf_walk *walk, const struct dns_answer *reverse)
{
    if (dns_is_known(reverse) && !walk->has_doubtful_names) {
        return false;
    }
    walk->difference = "some receivers end where names of the address fail or are over ten";
    return true;
}

static struct spf_macro_values values_of(const struct spf_walk *walk, struct span domain)
{
    const struct spf_query *query = walk->query;
    ptrdiff_t at = span_find_last(query->sender, '@');
    struct spf_macro_values values = { .local = SPAN("postmaster"),
                                       .sender_domain = query->domain,
                                       .domain = domain,
                                       .helo = query->helo,
                                       .client = query->client };
    if (at > 0) { /* 4.3: without a local part it is postmaster */
        values.local = span_first(query->sender, (size_t)at);
    }
    if (at >= 0) {
        values.sender_domain = span_from(query->sender, (size_t)at + 1);
    }
    return values;
}

enum spf_match spf_expand_term(struct spf_walk *walk, const struct spf_visit *visit, size_t index)
{
    const struct spf_term *term = &visit->record.terms[index];
    const struct dns_answer *reverse;
    struct spf_step *step = &visit->steps[index];
    struct spf_macro_values values = values_of(walk, visit->domain);
    walk->letters |= term->letters;
    if (term->target.at == NULL) {
        step->name = visit->domain;
        return SPF_MATCH_YES;
    }
    if ((term->letters & SPF_LETTER('p')) != 0) {
        if (!find_validated(walk, &reverse)) {
            return SPF_MATCH_PENDING;
        }
        values.validated = pick_validated(walk, visit->domain);
        note_doubt(walk, reverse);
    }
    step->name = spf_macro_expand(term->target, &values, walk->arena);
    if (step->name.at == NULL) {
        walk->is_starved = true;
        return SPF_MATCH_ERROR;
    }
    for (size_t i = 0; i < step->name.size; i++) {
        ((char *)step->name.at)[i] = ascii_lower(step->name.at[i]);
    }
    return SPF_MATCH_YES;
}

/* A term asked and nothing was there. NO, or ERROR when it is one too many. */
static enum spf_match count_void(struct spf_walk *walk, const struct spf_visit *visit,
                                 const struct spf_term *term, enum spf_says *says_r)
{
    if (++walk->voids <= SPF_VOIDS_MAX) {
        return SPF_MATCH_NO;
    }
    walk->difference = "not every receiver limits look-ups without an answer";
    return spf_walk_fail(walk, SPF_SAYS_PERMERROR, says_r,
                         "more than %d look-ups without an answer: %s in the record of %s",
                         SPF_VOIDS_MAX, spf_shown(term->text, walk->arena),
                         spf_shown(visit->domain, walk->arena));
}

static enum spf_match match_addresses(struct spf_walk *walk, struct span host,
                                      const struct spf_term *term, bool *is_void_r,
                                      enum spf_says *says_r)
{
    bool is_v6 = walk->query->client.family == 6;
    const struct dns_answer *answer = spf_walk_ask(walk, host, address_type(walk));
    *is_void_r = false;
    if (answer == NULL) {
        return SPF_MATCH_PENDING;
    }
    if (!dns_is_known(answer)) {
        return spf_walk_fail_unknown(walk, host, address_type(walk), answer, says_r);
    }
    *is_void_r = answer->count == 0;
    return is_among(answer, &walk->query->client, term->prefix[is_v6]) ? SPF_MATCH_YES
                                                                       : SPF_MATCH_NO;
}

static enum spf_match match_a(struct spf_walk *walk, const struct spf_visit *visit, size_t index,
                              enum spf_says *says_r)
{
    const struct spf_term *term = &visit->record.terms[index];
    bool is_void;
    enum spf_match match = match_addresses(walk, visit->steps[index].name, term, &is_void, says_r);
    return is_void ? count_void(walk, visit, term, says_r) : match;
}

static enum spf_match match_exchanges(struct spf_walk *walk, const struct dns_answer *answer,
                                      const struct spf_term *term, enum spf_says *says_r)
{
    bool is_pending = false, is_void;
    enum spf_match match = SPF_MATCH_NO;
    for (size_t i = 0; i < answer->count && match == SPF_MATCH_NO; i++) {
        if (!spf_name_is_askable(answer->records[i].data)) {
            continue; /* "." says that there is none (RFC 7505) */
        }
        match = match_addresses(walk, answer->records[i].data, term, &is_void, says_r);
        walk->inner_voids += is_void;
        if (match == SPF_MATCH_PENDING) {
            is_pending = true;
            match = SPF_MATCH_NO;
        }
    }
    return is_pending ? SPF_MATCH_PENDING : match;
}

static enum spf_match match_mx(struct spf_walk *walk, const struct spf_visit *visit, size_t index,
                               enum spf_says *says_r)
{
    const struct spf_term *term = &visit->record.terms[index];
    struct span name = visit->steps[index].name;
    const struct dns_answer *answer = spf_walk_ask(walk, name, DNS_MX);
    if (answer == NULL) {
        return SPF_MATCH_PENDING;
    }
    if (!dns_is_known(answer)) {
        return spf_walk_fail_unknown(walk, name, DNS_MX, answer, says_r);
    }
    if (answer->count == 0) {
        return count_void(walk, visit, term, says_r);
    }
    if (answer->count > SPF_NAMES_MAX) {
        walk->difference = "some receivers look at the first ten";
        return spf_walk_fail(walk, SPF_SAYS_PERMERROR, says_r,
                             "more than %d mail exchangers: %s in the record of %s", SPF_NAMES_MAX,
                             spf_shown(term->text, walk->arena),
                             spf_shown(visit->domain, walk->arena));
    }
    return match_exchanges(walk, answer, term, says_r);
}

static enum spf_match match_ptr(struct spf_walk *walk, const struct spf_visit *visit, size_t index,
                                enum spf_says *says_r)
{
    struct spf_step *step = &visit->steps[index];
    const struct dns_answer *reverse;
    if (!find_validated(walk, &reverse)) {
        return SPF_MATCH_PENDING;
    }
    if (dns_is_known(reverse) && reverse->count == 0) {
        return count_void(walk, visit, &visit->record.terms[index], says_r);
    }
    /* 5.5: whatever fails here is a name that is not there, and behind ten nobody looks. */
    step->is_decided = note_doubt(walk, reverse);
    for (size_t i = 0; i < walk->validated_count; i++) {
        if (spf_name_is_within(walk->validated[i], step->name)) {
            return SPF_MATCH_YES;
        }
    }
    return SPF_MATCH_NO;
}

/* 5.7: of IPv4, whatever the client is. */
static enum spf_match match_exists(struct spf_walk *walk, const struct spf_visit *visit,
                                   size_t index, enum spf_says *says_r)
{
    struct span name = visit->steps[index].name;
    const struct dns_answer *answer = spf_walk_ask(walk, name, DNS_A);
    if (answer == NULL) {
        return SPF_MATCH_PENDING;
    }
    if (!dns_is_known(answer)) {
        return spf_walk_fail_unknown(walk, name, DNS_A, answer, says_r);
    }
    return answer->count > 0 ? SPF_MATCH_YES
                             : count_void(walk, visit, &visit->record.terms[index], says_r);
}

static enum spf_match match_asking(struct spf_walk *walk, const struct spf_visit *visit,
                                   size_t index, enum spf_says *says_r)
{
    struct spf_step *step = &visit->steps[index];
    enum spf_match match = spf_expand_term(walk, visit, index);
    if (match != SPF_MATCH_YES) {
        return match;
    }
    if (!spf_name_is_askable(step->name)) { /* 4.8: as if it did not exist */
        step->is_decided = true;
        return SPF_MATCH_NO;
    }
    switch (visit->record.terms[index].kind) {
    case SPF_A:
        return match_a(walk, visit, index, says_r);
    case SPF_MX:
        return match_mx(walk, visit, index, says_r);
    case SPF_PTR:
        return match_ptr(walk, visit, index, says_r);
    default:
        return match_exists(walk, visit, index, says_r);
    }
}

enum spf_match spf_match_term(struct spf_walk *walk, const struct spf_visit *visit, size_t index,
                              enum spf_says *says_r)
{
    const struct spf_term *term = &visit->record.terms[index];
    const struct ip *client = &walk->query->client;
    if (spf_kind_asks(term->kind)) {
        return match_asking(walk, visit, index, says_r);
    }
    if (term->kind == SPF_ALL) {
        return SPF_MATCH_YES;
    }
    bool matches = client->family == term->address.family &&
                   is_same_network(client, term->address.bytes, term->prefix[client->family == 6]);
    return matches ? SPF_MATCH_YES : SPF_MATCH_NO;
}
