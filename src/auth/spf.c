/*
 * spf: one question, answered by the walk, with libspf2 as the second opinion.
 *
 * libspf2 is asked wherever the walk came to an answer by terms. Both read records that mean the
 * same to both, so they agree; should they not, the walk's answer stands, since it is the one that
 * keeps to RFC 7208, and the answer says that receivers may see it in another way. Faults of syntax
 * and limits, and what DNS could not tell, are the walk's alone: there the library is known to be
 * wrong, or must not see the record.
 */
#include "auth/spf.h"

#include "auth/spf_macro.h"
#include "auth/spf_private.h"

#define SCRATCH_BYTES ((size_t)1 << 20)
#define UNKNOWN_TTL_S 30 /* what could not be asked is asked again soon */
#define TTL_MAX_S 86400

static bool is_by_terms(const struct spf_walk *walk, enum spf_says says)
{
    return walk->visits != NULL && (says == SPF_SAYS_PASS || says == SPF_SAYS_FAIL ||
                                    says == SPF_SAYS_SOFTFAIL || says == SPF_SAYS_NEUTRAL);
}

/* s, l and h; o where the sender is of another domain than the one asked about. */
static bool is_personal(const struct spf_walk *walk)
{
    const struct spf_query *query = walk->query;
    uint32_t letters = SPF_LETTER('s') | SPF_LETTER('l') | SPF_LETTER('h');
    ptrdiff_t at = span_find_last(query->sender, '@');
    if (at >= 0 && !span_is_equal_nocase(span_from(query->sender, (size_t)at + 1), query->domain)) {
        letters |= SPF_LETTER('o');
    }
    return (walk->letters & letters) != 0;
}

/* From the walk's memory to the caller's. */
static void hand_over(const struct spf_walk *walk, enum spf_says says, const char *difference,
                      struct arena *arena, struct spf_answer *answer_r)
{
    const char *why = difference != NULL ? arena_printf(arena, "%s (%s)", walk->why, difference)
                                         : arena_printf(arena, "%s", walk->why);
    *answer_r = (struct spf_answer){
        .says = says,
        .record = walk->text.at != NULL ? arena_copy(arena, walk->text) : walk->text,
        .why = why,
        .lookups = walk->lookups < SPF_LOOKUPS_MAX ? walk->lookups : SPF_LOOKUPS_MAX,
        .voids = walk->voids,
        .ttl_s = walk->ttl_s,
        .is_personal = is_personal(walk),
        .is_unambiguous = difference == NULL,
    };
    uint32_t limit_s = says == SPF_SAYS_TEMPERROR ? UNKNOWN_TTL_S : TTL_MAX_S;
    if (answer_r->ttl_s > limit_s) {
        answer_r->ttl_s = limit_s;
    }
    if (why == NULL || (walk->text.at != NULL && answer_r->record.at == NULL)) {
        *answer_r = (struct spf_answer){ .says = SPF_SAYS_TEMPERROR,
                                         .why = "memory for the answer is out",
                                         .ttl_s = UNKNOWN_TTL_S };
    }
}

/* Where receivers differ; NULL: nowhere. */
static const char *compare(const struct spf_walk *walk, enum spf_says says)
{
    enum spf_says library;
    if ((walk->letters & SPF_LETTER('h')) != 0 && walk->query->helo.size == 0) {
        return "it depends on the name in HELO, which nobody told";
    }
    if (!is_by_terms(walk, says) || !spf_library_judge(walk, &library) || library == says) {
        return walk->difference;
    }
    const char *text = arena_printf(walk->arena, "libspf2 says %s, and receivers that use it may",
                                    spf_says_name(library));
    return text != NULL ? text : "libspf2 says otherwise";
}

bool spf_ask(const struct spf_query *query, struct dns_questions *questions, struct arena *arena,
             struct spf_answer *answer_r)
{
    struct arena *scratch = arena_new(SCRATCH_BYTES);
    struct spf_walk walk;
    enum spf_says says;
    if (scratch == NULL) {
        *answer_r = (struct spf_answer){ .says = SPF_SAYS_TEMPERROR,
                                         .why = "memory for the evaluation is out",
                                         .ttl_s = UNKNOWN_TTL_S };
        return true;
    }
    bool is_done = spf_walk(query, questions, scratch, &walk, &says);
    if (is_done) {
        hand_over(&walk, says, compare(&walk, says), arena, answer_r);
    }
    arena_free(&scratch);
    return is_done;
}

const char *spf_says_name(enum spf_says says)
{
    static const char *const names[] = {
        [SPF_SAYS_NONE] = "none",           [SPF_SAYS_NEUTRAL] = "neutral",
        [SPF_SAYS_PASS] = "pass",           [SPF_SAYS_FAIL] = "fail",
        [SPF_SAYS_SOFTFAIL] = "softfail",   [SPF_SAYS_TEMPERROR] = "temperror",
        [SPF_SAYS_PERMERROR] = "permerror",
    };
    return names[says];
}
