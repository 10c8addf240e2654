/*
 * forecast_spf: one answer for all addresses that carry a mail: it passes when each of them does,
 * fails when none does, and is unknown where they differ or DNS cannot be asked about one.
 */
#include "auth/forecast_private.h"

#define SHOWN_MAX 16

struct tally {
    size_t count; /* of answers */
    size_t passes, temperrors, nones, permerrors;
    const char *failing; /* NULL: none yet, or memory is out */
    size_t failing_count;
    const char *why; /* of the first address that does not pass, else of the first */
    bool is_why_of_pass;
};

static void add_failing(struct tally *tally, const char *address, struct arena *arena)
{
    if (++tally->failing_count <= SHOWN_MAX) {
        tally->failing = arena_printf(arena, "%s%s%s", tally->failing != NULL ? tally->failing : "",
                                      tally->failing != NULL ? ", " : "", address);
    }
}

static void add_why(struct tally *tally, const struct forecast_spf_key *key, const char *address,
                    const struct spf_answer *answer, struct arena *arena)
{
    bool is_pass = answer->says == SPF_SAYS_PASS;
    if (tally->why != NULL && (is_pass || !tally->is_why_of_pass)) {
        return;
    }
    tally->is_why_of_pass = is_pass;
    tally->why =
        key->address_count == 1 ? answer->why : arena_printf(arena, "%s: %s", address, answer->why);
}

static void add_answer(struct tally *tally, const struct forecast_spf_key *key,
                       const struct ip *client, const struct spf_answer *answer,
                       struct arena *arena)
{
    char address[IP_TEXT_MAX];
    ip_print(client, address);
    tally->count++;
    tally->passes += answer->says == SPF_SAYS_PASS;
    tally->temperrors += answer->says == SPF_SAYS_TEMPERROR;
    tally->nones += answer->says == SPF_SAYS_NONE;
    tally->permerrors += answer->says == SPF_SAYS_PERMERROR;
    if (answer->says != SPF_SAYS_PASS && answer->says != SPF_SAYS_TEMPERROR) {
        add_failing(tally, address, arena);
    }
    add_why(tally, key, address, answer, arena);
}

static enum forecast_spf result_of(const struct tally *tally)
{
    if (tally->passes == tally->count) {
        return FORECAST_SPF_PASS;
    }
    if (tally->passes > 0 || tally->temperrors > 0) {
        return FORECAST_SPF_UNKNOWN;
    }
    return tally->nones == tally->count        ? FORECAST_SPF_NONE
           : tally->permerrors == tally->count ? FORECAST_SPF_PERMERROR
                                               : FORECAST_SPF_FAIL;
}

static void note_answer(struct forecast_spf_answer *all, const struct spf_answer *answer)
{
    all->record = all->record.at == NULL ? answer->record : all->record;
    all->is_personal = all->is_personal || answer->is_personal;
    all->is_certain = all->is_certain && answer->is_unambiguous;
    all->ttl_s = answer->ttl_s < all->ttl_s ? answer->ttl_s : all->ttl_s;
}

bool forecast_spf_ask(const struct forecast_spf_key *key, struct dns_questions *questions,
                      struct arena *arena, struct forecast_spf_answer *answer_r)
{
    struct tally tally = { .count = 0 };
    bool is_here = true;
    *answer_r = (struct forecast_spf_answer){ .is_certain = true, .ttl_s = UINT32_MAX };
    for (size_t i = 0; i < key->address_count; i++) {
        struct spf_answer answer;
        const struct spf_query query = { .client = key->addresses[i],
                                         .domain = key->domain,
                                         .sender = key->sender,
                                         .helo = key->helo };
        if (!spf_ask(&query, questions, arena, &answer)) {
            is_here = false; /* the other addresses' questions go on their way all the same */
            continue;
        }
        add_answer(&tally, key, &key->addresses[i], &answer, arena);
        note_answer(answer_r, &answer);
    }
    if (!is_here) {
        return false;
    }
    if (tally.failing_count > SHOWN_MAX) {
        tally.failing = arena_printf(arena, "%s, +%zu", tally.failing != NULL ? tally.failing : "",
                                     tally.failing_count - SHOWN_MAX);
    }
    answer_r->spf = result_of(&tally);
    answer_r->is_mixed = tally.passes > 0 && tally.failing_count > 0;
    answer_r->is_failure = tally.temperrors > 0;
    answer_r->why = tally.why;
    answer_r->failing = tally.failing;
    return true;
}
