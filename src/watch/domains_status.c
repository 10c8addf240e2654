/*
 * domains_status: walks over the records that are kept. A walk may be over tens of thousands, so
 * only what is shown is made into text.
 */
#include "watch/domains_status.h"

#include "watch/domains_line.h"
#include "watch/domains_list.h"
#include "watch/domains_record.h"

struct survey {
    int64_t now_s;
    size_t kinds[DOMAINS_KIND_COUNT];
    size_t things, faulty, grave, changed;
    size_t shown, most, left_out;
    struct buffer *out;         /* of the text */
    enum domains_weight wanted; /* the faults that are shown now */
    struct json *json;
    domains_grave *call;
    void *context;
};

typedef void each_record(struct survey *survey, enum domains_kind kind, struct span name,
                         const struct domains_record *record);
struct walk {
    struct survey *survey;
    each_record *each;
};

static bool walk_one(struct span key, struct span value, void *context)
{
    struct walk *walk = context;
    struct domains_record record;
    enum domains_kind kind;
    struct span name;
    if (domains_key_read(key, &kind, &name) &&
        domains_record_read(value, &record) == DOMAINS_READ) {
        walk->each(walk->survey, kind, name, &record);
    }
    return true;
}

static void walk_all(struct store *store, struct survey *survey, each_record *each)
{
    struct walk walk = { survey, each };
    store_walk(store, STORE_WATCH, SPAN(DOMAINS_KEY_PREFIX), walk_one, &walk);
}

static bool has_room(struct survey *survey)
{
    if (survey->shown == survey->most) {
        survey->left_out++;
        return false;
    }
    survey->shown++;
    return true;
}

static void count(struct survey *survey, enum domains_kind kind, struct span name,
                  const struct domains_record *record)
{
    (void)name;
    survey->kinds[kind]++;
    survey->things++;
    survey->faulty += domains_record_faults(record) > 0;
    survey->grave += domains_record_is_grave(record);
    survey->changed += domains_record_has_changed(record, survey->now_s);
}

/* --- text ------------------------------------------------------------------------------------ */

static void show_faults(struct survey *survey, enum domains_kind kind, struct span name,
                        const struct domains_record *record)
{
    for (size_t i = 0; i < record->fault_count; i++) {
        const struct domains_kept *fault = &record->faults[i];
        char since[DOMAINS_TIME_MAX];
        if (fault->is_over || fault->weight != survey->wanted || !has_room(survey)) {
            continue;
        }
        domains_line_time(fault->since_s, since);
        buffer_printf(survey->out, "  %s of ", domains_kind_title(kind));
        buffer_add_span(survey->out, name);
        buffer_add_text(survey->out, ": ");
        buffer_add_span(survey->out, fault->text);
        buffer_printf(survey->out, " (since %s)\n", since);
    }
}

static void show_change(struct survey *survey, enum domains_kind kind, struct span name,
                        const struct domains_record *record)
{
    char since[DOMAINS_TIME_MAX];
    if (!domains_record_has_changed(record, survey->now_s) || !has_room(survey)) {
        return;
    }
    domains_line_time(record->since_s, since);
    buffer_printf(survey->out, "  %s of ", domains_kind_title(kind));
    buffer_add_span(survey->out, name);
    buffer_printf(survey->out, " changed %s: ", since);
    domains_line_change(record, survey->out);
    buffer_add_char(survey->out, '\n');
}

void domains_status_text(struct store *store, int64_t now_s, struct buffer *out)
{
    struct survey survey = { .now_s = now_s, .most = DOMAINS_LINES_MAX, .out = out };
    walk_all(store, &survey, count);
    if (survey.things == 0) {
        buffer_add_text(out, "own records      none looked at yet\n");
        return;
    }
    buffer_printf(
        out,
        "own records      of domains: %zu, of addresses: %zu, of HELO names: %zu; with "
        "faults: %zu, changed within a day: %zu\n",
        survey.kinds[DOMAINS_SPF] + survey.kinds[DOMAINS_DMARC] + survey.kinds[DOMAINS_MX],
        survey.kinds[DOMAINS_PTR], survey.kinds[DOMAINS_HELO], survey.faulty, survey.changed);
    survey.wanted = DOMAINS_GRAVE;
    walk_all(store, &survey, show_faults);
    survey.wanted = DOMAINS_FAULT;
    walk_all(store, &survey, show_faults);
    walk_all(store, &survey, show_change);
    if (survey.left_out > 0) {
        buffer_printf(out, "  and %zu more; egressctl --json status has them\n", survey.left_out);
    }
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_time(struct json *json, const char *name, int64_t wall_s)
{
    char text[DOMAINS_TIME_MAX];
    domains_line_time(wall_s, text);
    json_text(json, name, span_of(text));
}

static void json_faults(struct json *json, const struct domains_record *record)
{
    static const char *const weights[] = {
        [DOMAINS_NOTE] = "note", [DOMAINS_FAULT] = "fault", [DOMAINS_GRAVE] = "grave"
    };
    json_open(json, "faults", '[');
    for (size_t i = 0; i < record->fault_count; i++) {
        const struct domains_kept *fault = &record->faults[i];
        if (fault->is_over) {
            continue;
        }
        json_open(json, NULL, '{');
        json_text(json, "code", fault->code);
        json_text(json, "weight", span_of(weights[fault->weight]));
        json_text(json, "text", fault->text);
        json_time(json, "since", fault->since_s);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static bool is_worth_showing(const struct domains_record *record, int64_t now_s)
{
    for (size_t i = 0; i < record->fault_count; i++) {
        if (!record->faults[i].is_over) {
            return true;
        }
    }
    return domains_record_has_changed(record, now_s);
}

static void show_object(struct survey *survey, enum domains_kind kind, struct span name,
                        const struct domains_record *record)
{
    struct json *json = survey->json;
    if (!is_worth_showing(record, survey->now_s) || !has_room(survey)) {
        return;
    }
    json_open(json, NULL, '{');
    json_text(json, "kind", span_of(domains_kind_name(kind)));
    json_text(json, "name", name);
    json_text(json, "text", record->text);
    json_time(json, "since", record->since_s);
    json_time(json, "looked", record->looked_s);
    if (record->old_since_s != 0) {
        json_text(json, "old_text", record->old_text);
        json_time(json, "old_since", record->old_since_s);
        json_time(json, "old_until", record->old_until_s);
    }
    json_faults(json, record);
    json_close(json, '}');
}

void domains_status_json(struct store *store, int64_t now_s, struct json *json)
{
    struct survey survey = { .now_s = now_s, .most = DOMAINS_OBJECTS_MAX, .json = json };
    walk_all(store, &survey, count);
    json_open(json, "watch", '{');
    json_number(json, "domains", (int64_t)survey.kinds[DOMAINS_SPF]);
    json_number(json, "addresses", (int64_t)survey.kinds[DOMAINS_PTR]);
    json_number(json, "helo", (int64_t)survey.kinds[DOMAINS_HELO]);
    json_number(json, "faulty", (int64_t)survey.faulty);
    json_number(json, "grave", (int64_t)survey.grave);
    json_number(json, "changed", (int64_t)survey.changed);
    json_open(json, "records", '[');
    walk_all(store, &survey, show_object);
    json_close(json, ']');
    json_number(json, "left_out", (int64_t)survey.left_out);
    json_close(json, '}');
}

/* --- health ---------------------------------------------------------------------------------- */

/* The first grave fault of each record. */
static void call_grave(struct survey *survey, enum domains_kind kind, struct span name,
                       const struct domains_record *record)
{
    struct buffer line = BUFFER_EMPTY;
    size_t i = 0;
    if (!domains_record_is_grave(record)) {
        return;
    }
    survey->grave++;
    if (!has_room(survey)) {
        return;
    }
    while (record->faults[i].is_over || record->faults[i].weight != DOMAINS_GRAVE) {
        i++;
    }
    buffer_printf(&line, "%s of ", domains_kind_title(kind));
    buffer_add_span(&line, name);
    buffer_add_text(&line, ": ");
    buffer_add_span(&line, record->faults[i].text);
    survey->call(buffer_span(&line), survey->context);
    buffer_free(&line);
}

size_t domains_status_grave(struct store *store, domains_grave *grave, void *context)
{
    struct survey survey = { .most = DOMAINS_GRAVE_MAX, .call = grave, .context = context };
    walk_all(store, &survey, call_grave);
    return survey.grave;
}
