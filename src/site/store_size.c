/*
 * store_size: what one account can need (limits/need.h), times the accounts of a site.
 */
#include "site/store_size.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/units.h"
#include "site/exceptions.h"
#include "site/rules.h"
#include "site/settings.h"
#include "state/settings.h"

enum { ABOUT_MAX = 24 };

/* Beyond a limit some mail may pass that its action would stop. */
static bool is_lenient(const struct config *config, const struct exceptions_settings *exceptions)
{
    const struct general_settings *general = config_settings(config, &site_general_table);
    const struct exception_settings *at = exceptions->rows.at;
    const char *rule = finding_name(FINDING_LIMIT_EXCEEDED);
    bool is_some = general->mode != MODE_ENFORCE || config_is_set(config, &site_rules_table, rule);
    for (size_t i = 0; i < exceptions->rows.count && !is_some; i++) {
        is_some = at[i].rule != NULL && strcmp(at[i].rule, rule) == 0;
    }
    return is_some;
}

static size_t list_exceptions(const struct exceptions_settings *exceptions,
                              const struct limit_set *limits, struct need_exception *list)
{
    const struct exception_settings *at = exceptions->rows.at;
    size_t count = 0;
    for (size_t i = 0; i < exceptions->rows.count; i++) {
        const struct limit *limit =
            at[i].limit != NULL ? limit_set_find(limits, span_of(at[i].limit)) : NULL;
        if (limit != NULL && limit->count == LIMIT_UNIQUE_RECIPIENTS) {
            list[count++] =
                (struct need_exception){ limit, (uint64_t)at[i].max, at[i].principal[0] != '@' };
        }
    }
    return count;
}

bool store_size_need(const struct config *config, const struct limit_set *limits,
                     struct need *need_r)
{
    const struct exceptions_settings *exceptions = config_settings(config, &site_exceptions_table);
    struct need_exception *list = calloc(exceptions->rows.count + 1, sizeof(*list));
    if (list == NULL) {
        return false;
    }
    struct need_facts facts = { .is_lenient = is_lenient(config, exceptions),
                                .exceptions = list,
                                .exception_count = list_exceptions(exceptions, limits, list) };
    need_of(limits, &facts, need_r);
    free(list);
    return true;
}

/* --- complaints ------------------------------------------------------------------------------ */

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
static uint64_t size_for(const struct need *need, uint64_t logins)
{
    uint64_t size = STATE_SIZE_MIN;
    while (size <= STATE_SIZE_MAX && need_room(size) < need_bytes(need, logins)) {
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
    char size[UNITS_TEXT_MAX], largest[128];
};

static void say_too_small(const struct complaint *complaint, const struct need *need)
{
    char needed[ABOUT_MAX], enough[UNITS_TEXT_MAX];
    uint64_t size = size_for(need, STORE_SIZE_SMALL_LOGINS);
    print_about(need_bytes(need, STORE_SIZE_SMALL_LOGINS), needed);
    units_print_size((int64_t)size, enough);
    config_complain(complaint->report, CONFIG_ERROR, &complaint->place, "state.size",
                    "%s is not enough for a small site under these limits: %d logins at their "
                    "fullest, and what is counted beside them, take %s, most of it for %s; valid: "
                    "%s%s",
                    complaint->size, STORE_SIZE_SMALL_LOGINS, needed, complaint->largest,
                    size > 0 ? enough : "lower values of max, or fewer rows of limits",
                    size > 0 ? " or more" : "");
}

static void say_small(const struct complaint *complaint, const struct need *need, uint64_t room)
{
    char enough[UNITS_TEXT_MAX];
    uint64_t size = size_for(need, STORE_SIZE_USUAL_LOGINS);
    units_print_size((int64_t)size, enough);
    config_complain(complaint->report, CONFIG_WARNING, &complaint->place, "state.size",
                    "%s is enough for %" PRIu64 " logins at their fullest under these limits, and "
                    "for what is counted beside them, most of it for %s: beyond that nobody new is "
                    "counted by himself; %s is enough for %d",
                    complaint->size, need_logins(need, room), complaint->largest,
                    size > 0 ? enough : "no size", STORE_SIZE_USUAL_LOGINS);
}

static void weigh(const struct config *config, const struct limit_set *limits,
                  struct config_report *report)
{
    const struct state_settings *state = config_settings(config, &state_settings_table);
    struct complaint complaint = { report, config_where(config, &state_settings_table, "size"), "",
                                   "" };
    uint64_t room = need_room((uint64_t)state->size_bytes);
    struct need need;
    if (!store_size_need(config, limits, &need)) {
        return; /* nor will the snapshot find memory */
    }
    bool is_too_small = need_bytes(&need, STORE_SIZE_SMALL_LOGINS) > room;
    if (!is_too_small && need_bytes(&need, STORE_SIZE_USUAL_LOGINS) <= room) {
        return;
    }
    struct need_share share =
        need_largest(&need, is_too_small ? STORE_SIZE_SMALL_LOGINS : STORE_SIZE_USUAL_LOGINS);
    units_print_size(state->size_bytes, complaint.size);
    print_largest(&share, complaint.largest, sizeof(complaint.largest));
    if (complaint.place.file == NULL) {
        complaint.place = share.row->place; /* nobody has set the size, but somebody this row */
    }
    if (is_too_small) {
        say_too_small(&complaint, &need);
    } else {
        say_small(&complaint, &need, room);
    }
}

void store_size_check(const struct config *config, struct config_report *report)
{
    if (config_report_count(report, CONFIG_ERROR) > 0) {
        return;
    }
    struct limit_set *limits = limit_set_new(config_settings(config, &limits_table));
    if (limits != NULL) { /* else the snapshot finds no memory either */
        weigh(config, limits, report);
        limit_set_free(&limits);
    }
}
