/*
 * forecast_kept: answers as octets and back. Numbers are four octets in this machine's order, a
 * text its size, itself and a NUL; an absent one the size NONE alone. What is taken out points into
 * the copy that the arena has. Nothing here leaves the process, so nothing is checked but the ends.
 */
#include "auth/forecast_private.h"

#define NONE UINT32_MAX

/* --- writing --- */

struct packer {
    size_t size;
    bool has_failed; /* it did not fit */
    char octets[FORECAST_VALUE_MAX];
};

static void pack(struct packer *packer, const void *octets, size_t size)
{
    if (packer->has_failed || size > sizeof(packer->octets) - packer->size) {
        packer->has_failed = true;
        return;
    }
    memcpy(packer->octets + packer->size, octets, size);
    packer->size += size;
}

static void pack_number(struct packer *packer, uint32_t number)
{
    pack(packer, &number, sizeof(number));
}

static void pack_text(struct packer *packer, struct span text)
{
    if (text.at == NULL || text.size >= NONE) {
        pack_number(packer, NONE);
        return;
    }
    pack_number(packer, (uint32_t)text.size);
    pack(packer, text.at, text.size);
    pack(packer, "", 1);
}

static struct span packed(const struct packer *packer)
{
    return (struct span){ packer->octets, packer->size };
}

/* --- reading --- */

static uint32_t take_number(struct span *rest_io)
{
    uint32_t number = 0;
    if (rest_io->size >= sizeof(number)) {
        memcpy(&number, rest_io->at, sizeof(number));
        *rest_io = span_from(*rest_io, sizeof(number));
    }
    return number;
}

static struct span take_text(struct span *rest_io)
{
    uint32_t size = take_number(rest_io);
    if (size == NONE || size >= rest_io->size) {
        return (struct span){ NULL, 0 };
    }
    struct span text = span_first(*rest_io, size);
    *rest_io = span_from(*rest_io, (size_t)size + 1);
    return text;
}

/* --- keys: a letter, then parts that each end in NUL, which no domain holds --- */

struct key {
    size_t size;
    bool is_too_long;
    char octets[FORECAST_KEY_MAX];
};

static void key_add(struct key *key, const void *octets, size_t size)
{
    if (key->is_too_long || size > sizeof(key->octets) - key->size) {
        key->is_too_long = true;
        return;
    }
    if (size > 0) {
        memcpy(key->octets + key->size, octets, size);
    }
    key->size += size;
}

static void key_add_part(struct key *key, struct span part)
{
    key_add(key, part.at, part.size);
    key_add(key, "", 1);
}

static void key_begin(struct key *key, char letter)
{
    key->size = 0;
    key->is_too_long = false;
    key_add(key, &letter, 1);
}

static bool get(struct forecast_memory *memory, const struct key *key, struct arena *arena,
                struct span *value_r)
{
    return !key->is_too_long &&
           forecast_memory_get(memory, (struct span){ key->octets, key->size }, arena, value_r);
}

static void put(struct forecast_memory *memory, const struct key *key, const struct packer *packer,
                uint32_t ttl_s, bool is_failure)
{
    if (!key->is_too_long && !packer->has_failed) {
        forecast_memory_put(memory, (struct span){ key->octets, key->size }, packed(packer), ttl_s,
                            is_failure);
    }
}

/* --- SPF: under a key without the sender, unless the value there says that senders differ --- */

static void make_spf_key(const struct forecast_memory *memory, const struct forecast_spf_key *of,
                         struct key *key_r)
{
    uint64_t addresses =
        forecast_memory_digest(memory, (struct span){ (const char *)of->addresses,
                                                      of->address_count * sizeof(struct ip) });
    key_begin(key_r, 's');
    key_add(key_r, &addresses, sizeof(addresses));
    key_add_part(key_r, of->domain);
    key_add_part(key_r, of->helo);
}

bool forecast_kept_spf(struct forecast_memory *memory, const struct forecast_spf_key *of,
                       struct arena *arena, struct forecast_spf_answer *answer_r)
{
    struct key key;
    struct span rest;
    if (memory == NULL) {
        return false;
    }
    make_spf_key(memory, of, &key);
    if (!get(memory, &key, arena, &rest)) {
        return false;
    }
    if (rest.size == 0) {
        key_add_part(&key, of->sender);
        if (!get(memory, &key, arena, &rest)) {
            return false;
        }
    }
    answer_r->spf = (enum forecast_spf)take_number(&rest);
    answer_r->is_mixed = take_number(&rest) != 0;
    answer_r->is_personal = take_number(&rest) != 0;
    answer_r->is_certain = take_number(&rest) != 0;
    answer_r->is_failure = take_number(&rest) != 0;
    answer_r->ttl_s = take_number(&rest);
    answer_r->record = take_text(&rest);
    answer_r->why = take_text(&rest).at;
    answer_r->failing = take_text(&rest).at;
    return true;
}

void forecast_keep_spf(struct forecast_memory *memory, const struct forecast_spf_key *of,
                       const struct forecast_spf_answer *answer)
{
    struct key key;
    struct packer packer = { .size = 0 };
    if (memory == NULL) {
        return;
    }
    make_spf_key(memory, of, &key);
    if (answer->is_personal) {
        put(memory, &key, &packer, answer->ttl_s, answer->is_failure);
        key_add_part(&key, of->sender);
    }
    pack_number(&packer, answer->spf);
    pack_number(&packer, answer->is_mixed);
    pack_number(&packer, answer->is_personal);
    pack_number(&packer, answer->is_certain);
    pack_number(&packer, answer->is_failure);
    pack_number(&packer, answer->ttl_s);
    pack_text(&packer, answer->record);
    pack_text(&packer, span_of(answer->why));
    pack_text(&packer, span_of(answer->failing));
    put(memory, &key, &packer, answer->ttl_s, answer->is_failure);
}

/* --- DMARC policies, by From domain --- */

bool forecast_kept_policy(struct forecast_memory *memory, struct span from_domain,
                          struct arena *arena, struct dmarc_policy *policy_r)
{
    struct key key;
    struct span rest;
    if (memory == NULL) {
        return false;
    }
    key_begin(&key, 'p');
    key_add_part(&key, from_domain);
    if (!get(memory, &key, arena, &rest)) {
        return false;
    }
    policy_r->state = (enum dmarc_state)take_number(&rest);
    policy_r->is_strict_dkim = take_number(&rest) != 0;
    policy_r->is_strict_spf = take_number(&rest) != 0;
    policy_r->p = (enum dmarc_action)take_number(&rest);
    policy_r->action = (enum dmarc_action)take_number(&rest);
    policy_r->is_testing = take_number(&rest) != 0;
    policy_r->queries = take_number(&rest);
    policy_r->ttl_s = take_number(&rest);
    policy_r->domain = take_text(&rest);
    policy_r->record = take_text(&rest);
    policy_r->organization = take_text(&rest);
    policy_r->why = take_text(&rest).at;
    policy_r->difference = take_text(&rest).at;
    return true;
}

void forecast_keep_policy(struct forecast_memory *memory, struct span from_domain,
                          const struct dmarc_policy *policy)
{
    struct key key;
    struct packer packer = { .size = 0 };
    if (memory == NULL) {
        return;
    }
    key_begin(&key, 'p');
    key_add_part(&key, from_domain);
    pack_number(&packer, policy->state);
    pack_number(&packer, policy->is_strict_dkim);
    pack_number(&packer, policy->is_strict_spf);
    pack_number(&packer, policy->p);
    pack_number(&packer, policy->action);
    pack_number(&packer, policy->is_testing);
    pack_number(&packer, policy->queries);
    pack_number(&packer, policy->ttl_s);
    pack_text(&packer, policy->domain);
    pack_text(&packer, policy->record);
    pack_text(&packer, policy->organization);
    pack_text(&packer, span_of(policy->why));
    pack_text(&packer, span_of(policy->difference));
    put(memory, &key, &packer, policy->ttl_s,
        policy->state == DMARC_UNKNOWN || policy->organization.at == NULL);
}

/* --- alignment, by pair --- */

static void make_pair_key(struct span from_domain, struct span authenticated, struct key *key_r)
{
    key_begin(key_r, 'a');
    key_add_part(key_r, from_domain);
    key_add_part(key_r, authenticated);
}

bool forecast_kept_alignment(struct forecast_memory *memory, struct span from_domain,
                             struct span authenticated, struct arena *arena,
                             struct dmarc_aligned *aligned_r)
{
    struct key key;
    struct span rest;
    if (memory == NULL) {
        return false;
    }
    make_pair_key(from_domain, authenticated, &key);
    if (!get(memory, &key, arena, &rest)) {
        return false;
    }
    aligned_r->alignment = (enum dmarc_alignment)take_number(&rest);
    aligned_r->is_by_list = take_number(&rest) != 0;
    aligned_r->ttl_s = take_number(&rest);
    return true;
}

void forecast_keep_alignment(struct forecast_memory *memory, struct span from_domain,
                             struct span authenticated, const struct dmarc_aligned *aligned)
{
    struct key key;
    struct packer packer = { .size = 0 };
    if (memory == NULL) {
        return;
    }
    make_pair_key(from_domain, authenticated, &key);
    pack_number(&packer, aligned->alignment);
    pack_number(&packer, aligned->is_by_list);
    pack_number(&packer, aligned->ttl_s);
    put(memory, &key, &packer, aligned->ttl_s, aligned->alignment == DMARC_ALIGNMENT_UNKNOWN);
}
