/*
 * key_rotation: who is replaced, by whom, and the writing down of it.
 *
 * The file comes first, then its record, then the word to the old keys. Whatever is cut short in
 * between leaves a key that waits, which the next call takes. A key that waits signs nothing while
 * another is proven (key_proofs_choose), so no order is dangerous.
 */
#include "ctl/key_rotation.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/load.h"
#include "dkim/published.h"

void key_rotation_free(struct rotation *rotation)
{
    buffer_free(&rotation->old);
    key_making_free(&rotation->making);
    dkim_key_unref(&rotation->key);
}

/* --- who ------------------------------------------------------------------------------------- */

static bool is_of(const struct key_entry *entry, const struct rotation *rotation)
{
    return entry->key != NULL && strcmp(entry->domain, rotation->domain) == 0 &&
           dkim_key_algorithm(entry->key) == rotation->algorithm;
}

static bool is_proven(const struct key_entry *entry)
{
    return entry->is_configured && entry->is_known && entry->record.state == KEY_ACTIVE;
}

static bool is_waiting(const struct key_entry *entry)
{
    return !entry->is_known || entry->record.state == KEY_NEW ||
           entry->record.state == KEY_PUBLISHED;
}

/* The key that was named as the next one, if it is there and can still take over. */
static const struct key_entry *find_named(const struct key_set *set,
                                          const struct rotation *rotation)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *old = &set->at[i];

        if (!is_of(old, rotation) || !is_proven(old) || old->record.replaced_by[0] == '\0')
            continue;
        for (size_t k = 0; k < set->count; k++) {
            const struct key_entry *next = &set->at[k];

            if (is_of(next, rotation) && (is_waiting(next) || is_proven(next)) &&
                span_is_equal_nocase(span_of(next->selector), span_of(old->record.replaced_by)))
                return next;
        }
    }
    return NULL;
}

/* One that waits, no weaker than what is made: rather one that was seen, else the latest. */
static const struct key_entry *find_waiting(const struct key_set *set,
                                            const struct rotation *rotation,
                                            const struct rotation_wish *wish)
{
    const struct key_entry *found = NULL;

    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *entry = &set->at[i];

        if (!is_of(entry, rotation) || !is_waiting(entry) ||
            strlen(entry->selector) >= KEY_SELECTOR_ROOM ||
            dkim_key_bits(entry->key) < rotation->making.bits)
            continue;
        if (wish->selector != NULL &&
            !span_is_equal_nocase(span_of(entry->selector), span_of(wish->selector)))
            continue;
        if (found == NULL || !found->is_known || found->record.state != KEY_PUBLISHED)
            found = entry;
    }
    return found;
}

static bool is_named_before(const struct key_set *set, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(set->at[i].name, set->at[index].name) == 0)
            return true;
    }
    return false;
}

/* A copy of a key file may be younger than its key, and so may the state of one that came here. */
static int64_t born_s(const struct key_entry *entry)
{
    struct stat status;

    if (stat(entry->path, &status) == 0 && (int64_t)status.st_mtime < entry->record.since_s)
        return (int64_t)status.st_mtime;
    return entry->record.since_s;
}

/* The keys that are proven: how strong, how old, where they lie. False: there are none. */
static bool look_at_old(struct ctl *ctl, const struct key_set *set,
                        const struct rotation_wish *wish, struct rotation *rotation)
{
    int64_t now_s = clock_wall_s(ctl->clock);
    const struct key_entry *first = NULL;
    bool is_old = wish->older_than_s == 0;

    rotation->making.bits = rotation->algorithm == DKIM_RSA_SHA256 ? KEY_RSA_BITS_DEFAULT : 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *entry = &set->at[i];

        if (!is_of(entry, rotation) || !is_proven(entry))
            continue;
        first = first != NULL ? first : entry;
        is_old = is_old || now_s - born_s(entry) >= wish->older_than_s;
        if (dkim_key_bits(entry->key) > rotation->making.bits)
            rotation->making.bits = dkim_key_bits(entry->key);
    }
    if (first == NULL) {
        rotation->state = ROTATION_UNPROVEN;
        return false;
    }
    rotation->row = first->matches;
    if (!is_old)
        rotation->state = ROTATION_YOUNG;
    return is_old;
}

/* --- the new key ----------------------------------------------------------------------------- */

/* Where an old key lies as FOLDER/SELECTOR.pem the new one goes beside it, else to where keys lie.
 */
static void place_find(struct ctl *ctl, const struct site *site, const struct key_set *set,
                       struct rotation *rotation)
{
    struct buffer directory = BUFFER_EMPTY;
    struct span folder;

    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *entry = &set->at[i];

        if (is_of(entry, rotation) && is_proven(entry) && key_entry_folder(entry, &folder, NULL)) {
            key_making_place_beside(&rotation->making, folder);
            return;
        }
    }
    load_key_directory(ctl, site, &directory);
    key_making_place(&rotation->making, buffer_span(&directory));
    buffer_free(&directory);
}

/* Those of the domain: their selectors are not used again. */
static bool used_find(const struct key_set *set, const char *domain, struct key_set *used_r)
{
    for (size_t i = 0; i < set->count; i++) {
        struct key_entry *copy;

        if (strcmp(set->at[i].domain, domain) != 0)
            continue;
        copy = key_set_add(used_r);
        if (copy == NULL ||
            !key_entry_fill(copy, span_of(domain), span_of(domain), set->at[i].selector, NULL))
            return false;
    }
    return true;
}

static void new_key_make(struct ctl *ctl, const struct site *site, const struct key_set *set,
                         const struct rotation_wish *wish, struct rotation *rotation)
{
    struct key_set used = { NULL, 0, 0 };
    bool is_named = false;

    place_find(ctl, site, set, rotation);
    rotation->code = CTL_CANNOT_WRITE;
    if (!used_find(set, rotation->domain, &used))
        rotation->code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    else if (wish->selector != NULL)
        is_named = key_making_name(ctl, &rotation->making, wish->selector, &used);
    else
        is_named = key_making_choose_name(ctl, &rotation->making, &used);
    if (is_named)
        rotation->key = key_make(ctl, &rotation->making, &rotation->code);
    rotation->state = rotation->key != NULL ? ROTATION_BEGUN : ROTATION_FAILED;
    rotation->is_configured = dkim_domains_folder(site->domains) != NULL;
    key_set_free(&used);
}

static void key_take(const struct key_entry *next, struct rotation *rotation)
{
    rotation->key = dkim_key_ref(next->key);
    rotation->is_configured = next->is_configured;
    rotation->since_s = next->is_known ? next->record.since_s : 0;
    snprintf(rotation->making.selector, sizeof(rotation->making.selector), "%s", next->selector);
    buffer_add_text(&rotation->making.path, next->path);
}

/* --- what is written down -------------------------------------------------------------------- */

struct noting {
    const struct rotation *rotation;
    int64_t now_s;
};

static bool note_new(struct key_record *record_io, bool is_found, void *context)
{
    const struct noting *noting = context;

    if (is_found)
        return false;
    *record_io = (struct key_record){ .state = KEY_NEW,
                                      .since_s = noting->now_s,
                                      .key_id = dkim_key_id(noting->rotation->key) };
    snprintf(record_io->reason, sizeof(record_io->reason), "made to take over from %.80s",
             buffer_text(&noting->rotation->old));
    return true;
}

/* The watch may have changed it meanwhile: only a key that signs is replaced. */
static bool note_old(struct key_record *record_io, bool is_found, void *context)
{
    const struct noting *noting = context;
    const char *selector = noting->rotation->making.selector;

    if (!is_found || record_io->state != KEY_ACTIVE ||
        strcmp(record_io->replaced_by, selector) == 0)
        return false;
    snprintf(record_io->replaced_by, sizeof(record_io->replaced_by), "%.*s", KEY_SELECTOR_ROOM - 1,
             selector);
    return true;
}

static bool is_replaced(const struct key_set *set, size_t index, const struct rotation *rotation)
{
    const struct key_entry *entry = &set->at[index];

    return is_of(entry, rotation) && is_proven(entry) && !is_named_before(set, index) &&
           !span_is_equal_nocase(span_of(entry->selector), span_of(rotation->making.selector));
}

static void old_print(const struct key_set *set, struct rotation *rotation)
{
    for (size_t i = 0; i < set->count; i++) {
        if (is_replaced(set, i, rotation))
            buffer_printf(&rotation->old, "%s%s", rotation->old.size > 0 ? ", " : "",
                          set->at[i].selector);
    }
}

static bool note_all(struct ctl *ctl, const struct key_states *states, const struct key_set *set,
                     const struct rotation *rotation)
{
    struct noting noting = { rotation, clock_wall_s(ctl->clock) };
    char name[KEY_NAME_ROOM];
    bool is_done =
        key_name(span_of(rotation->making.selector), span_of(rotation->domain), name) &&
        key_record_update(states->store, span_of(name), STORE_DURABLE, note_new, &noting);

    for (size_t i = 0; i < set->count && is_done; i++) {
        if (is_replaced(set, i, rotation))
            is_done = key_record_update(states->store, span_of(set->at[i].name), STORE_DURABLE,
                                        note_old, &noting);
    }
    return is_done;
}

static void complain_not_noted(struct ctl *ctl, const struct key_states *states,
                               struct rotation *rotation)
{
    struct error why;

    key_states_trouble(states, &why);
    rotation->state = ROTATION_FAILED;
    rotation->code = ctl_fail(ctl, CTL_CANNOT_WRITE,
                              "%s waits to take over, but that cannot be noted: %s; try again",
                              buffer_text(&rotation->making.path), why.text);
}

void key_rotate(struct ctl *ctl, const struct site *site, const struct key_states *states,
                const struct key_set *set, const struct rotation_wish *wish,
                struct rotation *rotation)
{
    const struct key_entry *next = find_named(set, rotation);
    bool is_old = look_at_old(ctl, set, wish, rotation);

    snprintf(rotation->making.domain, sizeof(rotation->making.domain), "%s", rotation->domain);
    rotation->making.algorithm = rotation->algorithm;
    rotation->removable_s = clock_wall_s(ctl->clock) + states->rules.retire_after_s;
    if (next != NULL) {
        key_take(next, rotation);
        rotation->state = ROTATION_UNDER_WAY;
    } else if (!is_old) {
        return; /* unproven, or young */
    } else if ((next = find_waiting(set, rotation, wish)) != NULL) {
        key_take(next, rotation);
        rotation->state = ROTATION_ADOPTED;
    } else {
        new_key_make(ctl, site, set, wish, rotation);
    }
    if (rotation->state == ROTATION_FAILED)
        return;
    old_print(set, rotation);
    if (!note_all(ctl, states, set, rotation))
        complain_not_noted(ctl, states, rotation);
}
