/*
 * store_size: what is said where a small site, or a usual one, can need more than there is.
 */
#include "site/store_size.h"

#include <inttypes.h>
#include <stdio.h>

#include "config/units.h"
#include "feedback/settings.h"
#include "site/store_needs.h"
#include "state/settings.h"

enum { ABOUT_MAX = 24, LOWER_LEAST = 100 /* as a value that is advised */ };

/* "171K": rounded up, to three digits or more. */
static void print_about(uint64_t bytes, char text_r[static ABOUT_MAX])
{
    static const char units[] = "KMG";
    size_t unit = 0;
    uint64_t size = 1024;
    for (; unit < 2 && bytes / size >= 10240; unit++) {
        size *= 1024;
    }
    snprintf(text_r, ABOUT_MAX, "%" PRIu64 "%c", bytes / size + (bytes % size > 0), units[unit]);
}

/* The least power of two that will do for so many; 0: none that is valid. */
static uint64_t size_for(const struct store_needs *needs, enum store_needs_scope scope,
                         uint64_t logins)
{
    uint64_t size = STATE_SIZE_MIN;
    while (size <= STATE_SIZE_MAX && need_room(size) < store_needs_bytes(needs, scope, logins)) {
        size *= 2;
    }
    return size <= STATE_SIZE_MAX ? size : 0;
}

/* `"people" (171K for each login)` */
static void print_largest(const struct need_share *share, char *text_r, size_t room)
{
    static const char *const words[NEED_KIND_COUNT] = {
        [NEED_LOGIN] = "each login",     [NEED_PRINCIPAL] = "each other principal",
        [NEED_PLAN] = "each plan",       [NEED_DOMAIN] = "each domain",
        [NEED_NETWORK] = "each network", [NEED_PROVIDER] = "each provider",
        [NEED_SITE] = "the site",
    };
    char about[ABOUT_MAX];
    print_about(share->bytes, about);
    snprintf(text_r, room, "\"%s\" (%s for %s)", share->row->name, about,
             share->is_named ? "each that is named" : words[share->kind]);
}

struct complaint {
    struct config_report *report;
    struct config_place place;
    const struct store_needs *needs;
    uint64_t room;
    char size[UNITS_TEXT_MAX], largest[128];
};

static void say_too_small(const struct complaint *complaint)
{
    char needed[ABOUT_MAX], enough[UNITS_TEXT_MAX];
    uint64_t size = size_for(complaint->needs, STORE_NEEDS_VITAL, STORE_SIZE_SMALL_LOGINS);
    print_about(store_needs_bytes(complaint->needs, STORE_NEEDS_VITAL, STORE_SIZE_SMALL_LOGINS),
                needed);
    units_print_size((int64_t)size, enough);
    config_complain(complaint->report, CONFIG_ERROR, &complaint->place, "state.size",
                    "%s is not enough for a small site under these limits: %d logins at their "
                    "fullest, and what is counted beside them, take %s, most of it for %s; valid: "
                    "%s%s",
                    complaint->size, STORE_SIZE_SMALL_LOGINS, needed, complaint->largest,
                    size > 0 ? enough : "lower values of max, or fewer rows of limits",
                    size > 0 ? " or more" : "");
}

static void say_small(const struct complaint *complaint)
{
    char enough[UNITS_TEXT_MAX];
    uint64_t size = size_for(complaint->needs, STORE_NEEDS_ALL, STORE_SIZE_USUAL_LOGINS);
    units_print_size((int64_t)size, enough);
    config_complain(complaint->report, CONFIG_WARNING, &complaint->place, "state.size",
                    "%s is enough for %" PRIu64 " logins at their fullest under these limits, and "
                    "for what is counted beside them, most of it for %s: beyond that nobody new is "
                    "counted by himself; %s is enough for %d",
                    complaint->size,
                    store_needs_logins(complaint->needs, STORE_NEEDS_VITAL, complaint->room),
                    complaint->largest, size > 0 ? enough : "no size", STORE_SIZE_USUAL_LOGINS);
}

/* Two figures of it: what somebody would write. */
static uint64_t rounded_down(uint64_t number)
{
    uint64_t unit = 1;
    while (number / unit >= 100) {
        unit *= 10;
    }
    return number / unit * unit;
}

/* Accounts have room, and what else is kept has not. */
static void say_crowded(const struct complaint *complaint)
{
    struct store_needs_share share = store_needs_largest(complaint->needs);
    uint64_t left = complaint->room -
                    store_needs_bytes(complaint->needs, STORE_NEEDS_VITAL, STORE_SIZE_USUAL_LOGINS);
    uint64_t size = size_for(complaint->needs, STORE_NEEDS_ALL, STORE_SIZE_USUAL_LOGINS);
    uint64_t fits = rounded_down(left / (share.bytes / share.value));
    char needed[ABOUT_MAX], enough[UNITS_TEXT_MAX], lower[64] = "";
    print_about(share.bytes, needed);
    units_print_size((int64_t)size, enough);
    if (fits >= LOWER_LEAST) {
        snprintf(lower, sizeof(lower), ", or %s = %" PRIu64, share.setting, fits);
    }
    config_complain(complaint->report, CONFIG_WARNING, &complaint->place, "state.size",
                    "%s is not enough for %s = %" PRIu64 " at its fullest, which is %s, beside %d "
                    "logins under these limits: it would keep new ones from being counted by "
                    "themselves; %s is enough for both%s",
                    complaint->size, share.setting, share.value, needed, STORE_SIZE_USUAL_LOGINS,
                    size > 0 ? enough : "no size", lower);
}

/* What is to be blamed where nobody has set the size. */
static void place_complaint(struct complaint *complaint, const struct config *config,
                            const struct config_place *otherwise)
{
    complaint->place = config_where(config, &state_settings_table, "size");
    if (complaint->place.file == NULL) {
        complaint->place = *otherwise;
    }
}

static void weigh(const struct config *config, const struct store_needs *needs,
                  struct config_report *report)
{
    const struct state_settings *state = config_settings(config, &state_settings_table);
    struct complaint complaint = { .report = report, .needs = needs };
    uint64_t room = complaint.room = need_room((uint64_t)state->size_bytes);
    bool is_too_small = store_needs_bytes(needs, STORE_NEEDS_VITAL, STORE_SIZE_SMALL_LOGINS) > room;
    bool is_small = store_needs_bytes(needs, STORE_NEEDS_VITAL, STORE_SIZE_USUAL_LOGINS) > room;
    struct need_share share = need_largest(&needs->limits, is_too_small ? STORE_SIZE_SMALL_LOGINS
                                                                        : STORE_SIZE_USUAL_LOGINS);
    units_print_size(state->size_bytes, complaint.size);
    print_largest(&share, complaint.largest, sizeof(complaint.largest));
    place_complaint(&complaint, config, &share.row->place);
    if (is_too_small) {
        say_too_small(&complaint);
    } else if (is_small) {
        say_small(&complaint);
    } else if (store_needs_bytes(needs, STORE_NEEDS_ALL, STORE_SIZE_USUAL_LOGINS) > room) {
        struct config_place place = config_where(config, &suppression_table, "max");
        place_complaint(&complaint, config, &place);
        say_crowded(&complaint);
    }
}

void store_size_check(const struct config *config, struct config_report *report)
{
    struct store_needs needs;
    if (config_report_count(report, CONFIG_ERROR) > 0) {
        return;
    }
    struct limit_set *limits = limit_set_new(config_settings(config, &limits_table));
    if (limits != NULL) { /* else the snapshot finds no memory either */
        if (store_needs_of(config, limits, &needs)) {
            weigh(config, &needs, report);
        }
        limit_set_free(&limits);
    }
}
