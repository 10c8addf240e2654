/*
 * lists_record: see lists_record.h.
 */
#include "watch/lists_record.h"

#include <inttypes.h>
#include <stdio.h>

#include "watch/domains_line.h"

struct span lists_key(const struct list_zone *zone, char room[static LISTS_KEY_MAX])
{
    snprintf(room, LISTS_KEY_MAX, "lists/%s", zone->name);
    return span_of(room);
}

void lists_health_get(struct store *store, const struct list_zone *zone,
                      struct list_health *health_r)
{
    struct buffer kept = BUFFER_EMPTY;
    char room[LISTS_KEY_MAX];
    *health_r = (struct list_health){ .state = LIST_UNTESTED };
    if (store_get(store, STORE_WATCH, lists_key(zone, room), &kept) == STORE_FOUND) {
        (void)list_health_read(buffer_span(&kept), health_r);
    }
    buffer_free(&kept);
}

enum list_state lists_state_at(const struct list_health *health, int64_t now_s)
{
    bool is_stale = health->state == LIST_ON && now_s - health->tested_s > LISTS_STALE_S;
    return is_stale ? LIST_UNTESTED : health->state;
}

static void add_uses(const struct list_zone *zone, struct buffer *out)
{
    const char *before = "";
    for (int use = 0; use < LIST_USE_COUNT; use++) {
        if ((zone->uses & 1u << use) != 0) {
            buffer_printf(out, "%s%s", before, list_use_names[use]);
            before = ",";
        }
    }
}

static void add_time(const char *what, int64_t wall_s, struct buffer *out)
{
    char text[DOMAINS_TIME_MAX];
    if (wall_s > 0) {
        domains_line_time(wall_s, text);
        buffer_printf(out, "%s%s", what, text);
    }
}

void lists_status_text(const struct list_zones *zones, struct store *store, int64_t now_s,
                       struct buffer *out)
{
    if (zones->count == 0) {
        buffer_add_text(out, "no list is asked: see lists in the configuration\n");
    }
    for (size_t i = 0; i < zones->count; i++) {
        const struct list_zone *zone = &zones->at[i];
        struct list_health health;
        lists_health_get(store, zone, &health);
        buffer_printf(out, "%s: %s", zone->name, list_state_name(lists_state_at(&health, now_s)));
        add_time(" since ", health.since_s, out);
        if (health.state == LIST_OFF) {
            buffer_printf(out, ": %s", health.why);
        }
        buffer_printf(out, "\n    %s; asked about ",
                      zone->kind == LIST_OF_DOMAINS ? "domains" : "addresses");
        add_uses(zone, out);
        buffer_printf(
            out, "%s\n    %" PRIu64 " questions, %" PRIu64 " listings, %" PRIu64 " errors",
            zone->key != NULL ? "; with a key" : "", health.questions, health.hits, health.errors);
        add_time("; tested ", health.tested_s, out);
        buffer_add_char(out, '\n');
    }
}

void lists_status_json(const struct list_zones *zones, struct store *store, int64_t now_s,
                       struct json *json)
{
    json_open(json, "lists", '[');
    for (size_t i = 0; i < zones->count; i++) {
        const struct list_zone *zone = &zones->at[i];
        struct list_health health;
        lists_health_get(store, zone, &health);
        json_open(json, NULL, '{');
        json_text(json, "zone", span_of(zone->name));
        json_text(json, "kind", zone->kind == LIST_OF_DOMAINS ? SPAN("domain") : SPAN("address"));
        json_open(json, "use", '[');
        for (int use = 0; use < LIST_USE_COUNT; use++) {
            if ((zone->uses & 1u << use) != 0) {
                json_text(json, NULL, span_of(list_use_names[use]));
            }
        }
        json_close(json, ']');
        json_bool(json, "key", zone->key != NULL);
        json_text(json, "state", span_of(list_state_name(lists_state_at(&health, now_s))));
        json_text(json, "why", span_of(health.why));
        json_number(json, "since", health.since_s);
        json_number(json, "tested", health.tested_s);
        json_number(json, "questions", (int64_t)health.questions);
        json_number(json, "hits", (int64_t)health.hits);
        json_number(json, "errors", (int64_t)health.errors);
        json_close(json, '}');
    }
    json_close(json, ']');
}
