/*
 * reputation_status: the listings that the store knows, for `egressctl status` and `health`.
 */
#include <stdio.h>

#include "watch/domains_line.h"
#include "watch/reputation.h"

struct survey {
    struct buffer *out;
    struct json *json;
    reputation_listing *call;
    void *context;
    size_t count;
};

static void add_line(struct span zone, struct span name, const struct reputation_record *record,
                     struct buffer *out)
{
    char since[DOMAINS_TIME_MAX];
    domains_line_time(record->since_s, since);
    buffer_printf(out, "%.*s is listed by %.*s since %s: %s, %s", SPAN_ARG(name), SPAN_ARG(zone),
                  since, record->code, record->means);
    if (record->page[0] != '\0') {
        buffer_printf(out, "; removal: %s", record->page);
    }
}

static bool show_text(struct span key, struct span value, void *context)
{
    struct survey *survey = context;
    struct reputation_record record;
    struct span zone, name;
    if (!reputation_key_read(key, &zone, &name) || !reputation_record_read(value, &record)) {
        return true;
    }
    if (survey->count++ == 0) {
        buffer_add_text(survey->out, "listed by DNS lists:\n");
    }
    if (survey->count <= REPUTATION_LINES_MAX) {
        buffer_add_text(survey->out, "    ");
        add_line(zone, name, &record, survey->out);
        buffer_add_char(survey->out, '\n');
    }
    return true;
}

void reputation_status_text(struct store *store, struct buffer *out)
{
    struct survey survey = { .out = out };
    store_walk(store, STORE_WATCH, SPAN(REPUTATION_KEY_PREFIX), show_text, &survey);
    if (survey.count > REPUTATION_LINES_MAX) {
        buffer_printf(out, "    and %zu more\n", survey.count - REPUTATION_LINES_MAX);
    }
}

static bool show_object(struct span key, struct span value, void *context)
{
    struct survey *survey = context;
    struct reputation_record record;
    struct span zone, name;
    if (!reputation_key_read(key, &zone, &name) || !reputation_record_read(value, &record)) {
        return true;
    }
    json_open(survey->json, NULL, '{');
    json_text(survey->json, "zone", zone);
    json_text(survey->json, "name", name);
    json_text(survey->json, "code", span_of(record.code));
    json_text(survey->json, "means", span_of(record.means));
    json_text(survey->json, "text", span_of(record.text));
    json_text(survey->json, "removal", span_of(record.page));
    json_number(survey->json, "since", record.since_s);
    json_number(survey->json, "looked", record.looked_s);
    json_close(survey->json, '}');
    return true;
}

void reputation_status_json(struct store *store, struct json *json)
{
    struct survey survey = { .json = json };
    json_open(json, "reputation", '[');
    store_walk(store, STORE_WATCH, SPAN(REPUTATION_KEY_PREFIX), show_object, &survey);
    json_close(json, ']');
}

static bool call_one(struct span key, struct span value, void *context)
{
    struct survey *survey = context;
    struct reputation_record record;
    struct span zone, name;
    if (!reputation_key_read(key, &zone, &name) || !reputation_record_read(value, &record)) {
        return true;
    }
    if (survey->count++ < REPUTATION_HEALTH_MAX) {
        struct buffer line = BUFFER_EMPTY;
        add_line(zone, name, &record, &line);
        survey->call(buffer_span(&line), survey->context);
        buffer_free(&line);
    }
    return true;
}

size_t reputation_status_listed(struct store *store, reputation_listing *call, void *context)
{
    struct survey survey = { .call = call, .context = context };
    store_walk(store, STORE_WATCH, SPAN(REPUTATION_KEY_PREFIX), call_one, &survey);
    return survey.count;
}
