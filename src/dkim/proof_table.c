/*
 * proof_table: the state of every key at this moment, asked for each key of each message.
 *
 * Looking is without a lock: entries are never taken away, slots are filled by one atomic store,
 * and a table that has become too small stays behind the larger one until the end, since somebody
 * may still be looking in it. Writing has a lock.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

#include "dkim/proof.h"

#define NAME_ROOM 600
#define KEYS_MAX 64 /* of one domain that are looked at: more signatures are never made */
#define FIRST_ROOM 256
#define MIDDLE SPAN("._domainkey.")
#define LOST_BIT 8u

struct entry {
    struct span name; /* lower case; the bytes lie behind the entry */
    uint64_t hash;
    atomic_uint word; /* state, LOST_BIT */
    atomic_int_least64_t seen_good_s;
    atomic_uint lost_messages;
    bool has_record;          /* these two under the lock */
    struct key_record record; /* while has_record */
};

struct slots {
    struct slots *smaller; /* the table before this one */
    size_t mask;
    _Atomic(struct entry *) at[];
};

struct key_proofs {
    _Atomic(struct slots *) slots;
    uint64_t seed;
    pthread_mutex_t lock; /* of all below, and of whoever fills slots */
    struct entry **all;   /* in the order they came */
    size_t count, room;
    size_t noted; /* those without a record */
};

/* --- the table ------------------------------------------------------------------------------- */

static struct slots *slots_new(size_t room, struct slots *smaller)
{
    struct slots *slots = calloc(1, sizeof(*slots) + room * sizeof(slots->at[0]));
    if (slots != NULL) {
        slots->mask = room - 1;
        slots->smaller = smaller;
    }
    return slots;
}

struct key_proofs *key_proofs_new(void)
{
    struct key_proofs *proofs = calloc(1, sizeof(*proofs));
    if (proofs == NULL) {
        return NULL;
    }
    pthread_mutex_init(&proofs->lock, NULL);
    atomic_init(&proofs->slots, slots_new(FIRST_ROOM, NULL));
    if (atomic_load(&proofs->slots) == NULL ||
        getrandom(&proofs->seed, sizeof(proofs->seed), 0) != sizeof(proofs->seed)) {
        key_proofs_free(&proofs);
    }
    return proofs;
}

void key_proofs_free(struct key_proofs **proofs)
{
    if (*proofs == NULL) {
        return;
    }
    for (size_t i = 0; i < (*proofs)->count; i++) {
        free((*proofs)->all[i]);
    }
    for (struct slots *slots = atomic_load(&(*proofs)->slots); slots != NULL;) {
        struct slots *smaller = slots->smaller;
        free(slots);
        slots = smaller;
    }
    pthread_mutex_destroy(&(*proofs)->lock);
    free((*proofs)->all);
    free(*proofs);
    *proofs = NULL;
}

/*
 * Eight letters at a time, upper and lower case alike. A stranger cannot fill the table, so the
 * seed is caution enough.
 */
static uint64_t hash_of(const struct key_proofs *proofs, struct span name)
{
    uint64_t hash = proofs->seed ^ name.size;
    size_t i = 0;
    for (; i < name.size; i += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, name.at + i, name.size - i < sizeof(word) ? name.size - i : sizeof(word));
        hash = (hash ^ (word | UINT64_C(0x2020202020202020))) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

static bool has_name(const struct entry *entry, struct span name)
{
    return entry->name.size == name.size && (memcmp(entry->name.at, name.at, name.size) == 0 ||
                                             span_is_equal_nocase(entry->name, name));
}

static struct entry *find(struct key_proofs *proofs, struct span name, uint64_t hash)
{
    struct slots *slots = atomic_load_explicit(&proofs->slots, memory_order_acquire);
    for (size_t i = (size_t)hash;; i++) {
        struct entry *entry =
            atomic_load_explicit(&slots->at[i & slots->mask], memory_order_acquire);
        if (entry == NULL || (entry->hash == hash && has_name(entry, name))) {
            return entry;
        }
    }
}

static void fill_slot(struct slots *slots, struct entry *entry)
{
    size_t i = (size_t)entry->hash;
    while (atomic_load_explicit(&slots->at[i & slots->mask], memory_order_relaxed) != NULL) {
        i++;
    }
    atomic_store_explicit(&slots->at[i & slots->mask], entry, memory_order_release);
}

/* Room for one more, with half of the slots free. */
static bool make_room(struct key_proofs *proofs)
{
    struct slots *slots = atomic_load(&proofs->slots);
    if (proofs->count == proofs->room) {
        size_t room = proofs->room > 0 ? proofs->room * 2 : FIRST_ROOM;
        struct entry **all = realloc(proofs->all, room * sizeof(*all));
        if (all == NULL) {
            return false;
        }
        proofs->all = all;
        proofs->room = room;
    }
    if (proofs->count * 2 < slots->mask) {
        return true;
    }
    struct slots *larger = slots_new((slots->mask + 1) * 2, slots);
    if (larger == NULL) {
        return false;
    }
    for (size_t i = 0; i < proofs->count; i++) {
        fill_slot(larger, proofs->all[i]);
    }
    atomic_store_explicit(&proofs->slots, larger, memory_order_release);
    return true;
}

/* With the lock held. NULL: out of memory. */
static struct entry *find_or_add(struct key_proofs *proofs, struct span name)
{
    uint64_t hash = hash_of(proofs, name);
    struct entry *entry = find(proofs, name, hash);
    if (entry != NULL) {
        return entry;
    }
    entry = make_room(proofs) ? calloc(1, sizeof(*entry) + name.size + 1) : NULL;
    if (entry == NULL) {
        return NULL;
    }
    char *bytes = (char *)(entry + 1);
    for (size_t i = 0; i < name.size; i++) {
        bytes[i] = ascii_lower(name.at[i]);
    }
    entry->name = (struct span){ bytes, name.size };
    entry->hash = hash;
    proofs->all[proofs->count++] = entry;
    proofs->noted++;
    fill_slot(atomic_load(&proofs->slots), entry);
    return entry;
}

bool key_proofs_set(struct key_proofs *proofs, struct span name, const struct key_record *record)
{
    pthread_mutex_lock(&proofs->lock);
    struct entry *entry = find_or_add(proofs, name);
    if (entry != NULL) {
        proofs->noted -= !entry->has_record;
        entry->has_record = true;
        entry->record = *record;
        atomic_store_explicit(&entry->seen_good_s, record->seen_good_s, memory_order_relaxed);
        atomic_store_explicit(&entry->word,
                              (unsigned)record->state | (record->is_lost ? LOST_BIT : 0),
                              memory_order_relaxed);
    }
    pthread_mutex_unlock(&proofs->lock);
    return entry != NULL;
}

bool key_proofs_get(struct key_proofs *proofs, struct span name, struct key_record *record_r)
{
    struct entry *entry = find(proofs, name, hash_of(proofs, name));
    if (entry == NULL) {
        return false;
    }
    pthread_mutex_lock(&proofs->lock);
    bool has_record = entry->has_record;
    if (has_record) {
        *record_r = entry->record;
    }
    pthread_mutex_unlock(&proofs->lock);
    return has_record;
}

static struct entry *entry_at(struct key_proofs *proofs, size_t position, bool *has_record_r)
{
    pthread_mutex_lock(&proofs->lock);
    struct entry *entry = position < proofs->count ? proofs->all[position] : NULL;
    *has_record_r = entry != NULL && entry->has_record;
    pthread_mutex_unlock(&proofs->lock);
    return entry;
}

bool key_proofs_next(struct key_proofs *proofs, size_t *position_io, struct span *name_r,
                     bool *has_record_r)
{
    struct entry *entry = entry_at(proofs, *position_io, has_record_r);
    if (entry == NULL) {
        return false;
    }
    *position_io += 1;
    *name_r = entry->name;
    return true;
}

bool key_proofs_take_lost(struct key_proofs *proofs, size_t *position_io, struct span *name_r,
                          unsigned *messages_r)
{
    bool has_record;
    struct entry *entry;
    while ((entry = entry_at(proofs, *position_io, &has_record)) != NULL) {
        *position_io += 1;
        *messages_r = atomic_exchange_explicit(&entry->lost_messages, 0, memory_order_relaxed);
        if (*messages_r > 0) {
            *name_r = entry->name;
            return true;
        }
    }
    return false;
}

/* --- signing --------------------------------------------------------------------------------- */

/* "selector._domainkey.d" as both are written; absent when it is no name. */
static struct span compose(struct span selector, struct span d, char room[static NAME_ROOM])
{
    size_t size = selector.size + MIDDLE.size + d.size;
    if (size > NAME_ROOM || selector.size == 0 || d.size == 0) {
        return (struct span){ NULL, 0 };
    }
    memcpy(room, selector.at, selector.size);
    memcpy(room + selector.size, MIDDLE.at, MIDDLE.size);
    memcpy(room + selector.size + MIDDLE.size, d.at, d.size);
    return (struct span){ room, size };
}

static void note_name(struct key_proofs *proofs, struct span name)
{
    pthread_mutex_lock(&proofs->lock);
    if (proofs->noted < KEY_NAMES_NOTED_MAX) {
        find_or_add(proofs, name);
    }
    pthread_mutex_unlock(&proofs->lock);
}

/* What is known of the keys of a domain that can sign. */
struct known {
    struct entry *entry[KEYS_MAX]; /* NULL: nothing, or the key cannot sign */
    unsigned word[KEYS_MAX];
    size_t count;
    bool ever, ever_rsa; /* some key, some RSA key, was proven once */
};

static bool is_rsa(const struct dkim_domain_key *row)
{
    return dkim_key_algorithm(row->key) == DKIM_RSA_SHA256;
}

static void look(struct key_proofs *proofs, const struct dkim_domain *domain, struct span d,
                 struct known *known)
{
    char room[NAME_ROOM];
    known->ever = known->ever_rsa = false;
    known->count = domain->key_count < KEYS_MAX ? domain->key_count : KEYS_MAX;
    for (size_t i = 0; i < known->count; i++) {
        known->entry[i] = NULL;
        known->word[i] = KEY_NEW;
        struct span name = compose(span_of(domain->keys[i].selector), d, room);
        if (domain->keys[i].key == NULL || name.at == NULL) {
            continue;
        }
        struct entry *entry = find(proofs, name, hash_of(proofs, name));
        if (entry == NULL && domain->d == NULL) {
            note_name(proofs, name);
        } else if (entry != NULL) {
            known->entry[i] = entry;
            known->word[i] = atomic_load_explicit(&entry->word, memory_order_relaxed);
        }
        bool was_proven = (known->word[i] & ~LOST_BIT) >= KEY_ACTIVE;
        known->ever = known->ever || was_proven;
        known->ever_rsa = known->ever_rsa || (was_proven && is_rsa(&domain->keys[i]));
    }
}

/* Those that are active and not lost. */
static bool mark_active(const struct dkim_domain *domain, const struct known *known, bool *uses_r)
{
    bool has_any = false;
    for (size_t i = 0; i < known->count; i++) {
        uses_r[i] = domain->keys[i].key != NULL && known->word[i] == KEY_ACTIVE;
        has_any = has_any || uses_r[i];
    }
    return has_any;
}

/* The last proven of those that retire and are still there. */
static bool mark_retiring(const struct dkim_domain *domain, const struct known *known, bool *uses_r)
{
    size_t best = known->count;
    int64_t best_s = -1;
    for (size_t i = 0; i < known->count; i++) {
        if (domain->keys[i].key == NULL || known->word[i] != KEY_RETIRING) {
            continue;
        }
        int64_t seen_s = atomic_load_explicit(&known->entry[i]->seen_good_s, memory_order_relaxed);
        if (seen_s > best_s) {
            best = i;
            best_s = seen_s;
        }
    }
    if (best < known->count) {
        uses_r[best] = true;
    }
    return best < known->count;
}

/* Those that wait for a proof and need not. */
static bool mark_unproven(const struct dkim_domain *domain, const struct known *known, bool *uses_r)
{
    bool has_any = false;
    for (size_t i = 0; i < known->count; i++) {
        bool is_waiting = domain->keys[i].key != NULL && known->word[i] <= KEY_PUBLISHED;
        if (is_waiting && (!known->ever || (!known->ever_rsa && is_rsa(&domain->keys[i])))) {
            uses_r[i] = has_any = true;
        }
    }
    return has_any;
}

static enum key_choice none(const struct known *known)
{
    for (size_t i = 0; i < known->count; i++) {
        if (known->entry[i] != NULL) {
            atomic_fetch_add_explicit(&known->entry[i]->lost_messages, 1, memory_order_relaxed);
            break;
        }
    }
    return known->ever ? KEY_CHOICE_LOST : KEY_CHOICE_NONE_YET;
}

enum key_choice key_proofs_choose(struct key_proofs *proofs, const struct dkim_domain *domain,
                                  struct span d, bool require_published, bool *uses_r)
{
    struct known known;
    for (size_t i = 0; i < domain->key_count; i++) {
        uses_r[i] = proofs == NULL && domain->keys[i].key != NULL;
    }
    if (proofs == NULL) {
        return KEY_CHOICE_SIGN;
    }
    look(proofs, domain, d, &known);
    bool has_any = mark_active(domain, &known, uses_r) || mark_retiring(domain, &known, uses_r);
    has_any = (!require_published && mark_unproven(domain, &known, uses_r)) || has_any;
    return has_any ? KEY_CHOICE_SIGN : none(&known);
}
