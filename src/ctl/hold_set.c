/*
 * hold_set: the store's records beside the mail server's list.
 */
#include "ctl/hold_set.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/load.h"
#include "ctl/log_scan.h"
#include "state/settings.h"

#define SET_MAX ((size_t)512 << 20) /* bytes of records: a million */
#define YOUNG_S 60                  /* noted, and perhaps not yet in the queue */
#define SEEN_AGAIN_S 3600           /* how often it is noted that one is there */

/* --- reading --------------------------------------------------------------------------------- */

static bool grow(struct hold_set *set)
{
    size_t room = set->room > 0 ? 2 * set->room : 256;
    struct held *grown = realloc(set->at, room * sizeof(*grown));

    if (grown == NULL)
        return false;
    set->at = grown;
    set->room = room;
    return true;
}

static bool take(const struct held *held, void *context)
{
    struct hold_set *set = context;
    struct held copy = *held;
    struct span *const texts[] = { &copy.queue_id, &copy.mail_class, &copy.principal, &copy.finding,
                                   &copy.reason,   &copy.sender,     &copy.message_id };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !set->failed; i++) {
        *texts[i] = arena_copy(set->arena, *texts[i]);
        set->failed = texts[i]->at == NULL;
    }
    copy.charge = SPAN("");
    set->failed = set->failed || (set->count == set->room && !grow(set));
    if (!set->failed)
        set->at[set->count++] = copy;
    return !set->failed;
}

static int compare_time(const void *a, const void *b)
{
    const struct held *left = a, *right = b;

    if (left->held_s != right->held_s)
        return left->held_s < right->held_s ? 1 : -1;
    return memcmp(left->queue_id.at, right->queue_id.at,
                  left->queue_id.size < right->queue_id.size ? left->queue_id.size
                                                             : right->queue_id.size);
}

/* As with keys: made by the daemon, so that it is the daemon's. */
static bool open_store(struct ctl *ctl, struct hold_set *set)
{
    const struct state_settings *state = config_settings(set->site->config, &state_settings_table);
    struct error error = { "" };

    set->store = store_open_to_read(state->directory, &error);
    if (set->store == NULL) {
        ctl_fail(ctl, CTL_CANNOT_WRITE, "nothing is known of held mail yet: %s", error.text);
        return false;
    }
    store_close(&set->store);
    set->store = store_open(state->directory);
    if (set->store != NULL && store_is_shared(set->store))
        return true;
    if (set->store == NULL || !store_trouble(set->store, &error))
        error_set(&error, "the store cannot be opened");
    ctl_fail(ctl, CTL_CANNOT_WRITE, "%s", error.text);
    return false;
}

bool hold_set_open(struct ctl *ctl, struct hold_set *set, enum ctl_exit *code_r)
{
    *set = (struct hold_set){ .site = load_site(ctl) };
    *code_r = CTL_CONFIG;
    if (set->site == NULL)
        return false;
    set->settings = config_settings(set->site->config, &hold_settings_table);
    set->queue = hold_queue_of(set->settings);
    set->arena = arena_new(SET_MAX);
    *code_r = CTL_CANNOT_WRITE;
    if (!open_store(ctl, set))
        return false;
    if (set->arena == NULL || !held_walk(set->store, take, set) || set->failed) {
        *code_r = ctl_fail(ctl, CTL_INTERNAL, "what is kept of held mail cannot be read");
        return false;
    }
    if (set->count > 0)
        qsort(set->at, set->count, sizeof(*set->at), compare_time);
    return true;
}

void hold_set_close(struct hold_set *set)
{
    hold_ids_free(&set->there);
    free(set->at);
    arena_free(&set->arena);
    store_close(&set->store);
    site_unref(&set->site);
}

const struct held *hold_set_find(const struct hold_set *set, struct span queue_id)
{
    for (size_t i = 0; i < set->count; i++) {
        if (span_is_equal(set->at[i].queue_id, queue_id))
            return &set->at[i];
    }
    return NULL;
}

/* --- comparing ------------------------------------------------------------------------------- */

static bool is_missing(const struct hold_ids *there, const struct held *held, int64_t now_s)
{
    return !hold_ids_has(there, held->queue_id) && now_s - held->held_s > YOUNG_S;
}

static bool misses_any(const struct hold_set *set, int64_t now_s)
{
    for (size_t i = 0; i < set->count; i++) {
        if (is_missing(&set->there, &set->at[i], now_s))
            return true;
    }
    return false;
}

/* A list of a queue in motion may leave out what moves: only what two lists leave out is gone. */
static bool look_twice(struct hold_set *set, int64_t now_s, struct hold_ids *again,
                       struct error *error)
{
    if (!set->queue->list(set->settings, &set->there, error))
        return false;
    return !misses_any(set, now_s) || set->queue->list(set->settings, again, error);
}

static void settle(struct hold_set *set, const struct hold_ids *again, int64_t now_s)
{
    size_t kept = 0, ours = 0;

    for (size_t i = 0; i < set->count; i++) {
        const struct held *held = &set->at[i];
        if (is_missing(&set->there, held, now_s) && is_missing(again, held, now_s)) {
            held_remove(set->store, held->queue_id);
            set->gone++;
            continue;
        }
        if (hold_ids_has(&set->there, held->queue_id)) {
            ours++;
            if (now_s - held->seen_s > SEEN_AGAIN_S)
                held_seen(set->store, held->queue_id, now_s);
        }
        set->at[kept++] = *held;
    }
    set->count = kept;
    set->others = set->there.count - ours;
}

bool hold_set_compare(const struct ctl *ctl, struct hold_set *set, struct error *error)
{
    int64_t now_s = clock_wall_s(ctl->clock);
    struct hold_ids again = { NULL, 0, 0, false };

    set->is_compared = look_twice(set, now_s, &again, error);
    if (set->is_compared)
        settle(set, &again, now_s);
    hold_ids_free(&again);
    return set->is_compared;
}

/* --- choosing -------------------------------------------------------------------------------- */

bool hold_choice_read(struct ctl *ctl, const struct ctl_args *args, struct hold_choice *choice_r)
{
    const char *since = args_value(args, "since");
    enum finding_id id;
    struct error error = { "" };

    *choice_r = (struct hold_choice){ .user = args_value(args, "user"),
                                      .rule = args_value(args, "rule"),
                                      .sender = args_value(args, "sender"),
                                      .has_since = since != NULL };
    if (choice_r->rule != NULL && !finding_id_parse(span_of(choice_r->rule), &id)) {
        ctl_fail(ctl, CTL_USAGE, "--rule %s: there is no such finding", choice_r->rule);
        return false;
    }
    if (since == NULL || log_scan_since(ctl->clock, span_of(since), &choice_r->since_s, &error))
        return true;
    ctl_fail(ctl, CTL_USAGE, "%s", error.text);
    return false;
}

bool hold_choice_has_any(const struct hold_choice *choice)
{
    return choice->user != NULL || choice->rule != NULL || choice->sender != NULL ||
           choice->has_since;
}

static bool is_like(const char *wanted, struct span text)
{
    return wanted == NULL || span_is_equal_nocase(span_of(wanted), text);
}

bool hold_choice_fits(const struct hold_choice *choice, const struct held *held)
{
    return is_like(choice->user, held->principal) && is_like(choice->rule, held->finding) &&
           is_like(choice->sender, held->sender) &&
           (!choice->has_since || held->held_s >= choice->since_s);
}
