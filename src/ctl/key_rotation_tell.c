/*
 * key_rotation_tell: a rotation in words: what is left to a person, and what then happens by
 * itself.
 */
#include "ctl/key_row.h"
#include "ctl/key_rotation.h"
#include "ctl/print.h"
#include "ctl/record_text.h"
#include "util/calendar.h"

static const char *state_word(enum rotation_state state)
{
    static const char *const words[] = {
        [ROTATION_BEGUN] = "begun",         [ROTATION_ADOPTED] = "begun",
        [ROTATION_UNDER_WAY] = "under-way", [ROTATION_UNPROVEN] = "unproven",
        [ROTATION_YOUNG] = "young",         [ROTATION_FAILED] = "failed",
    };

    return words[state];
}

static void print_heading(struct ctl *ctl, const struct rotation *rotation)
{
    struct buffer *out = &ctl->out;
    char day[CALENDAR_DAY_MAX];

    if (out->size > 0)
        buffer_add_char(out, '\n');
    buffer_printf(out, "%s, %s: %s -> %s", rotation->domain,
                  dkim_algorithm_name(rotation->algorithm), buffer_text(&rotation->old),
                  rotation->making.selector);
    if (rotation->state == ROTATION_UNDER_WAY) {
        buffer_add_text(out, ", under way");
        if (rotation->since_s != 0) {
            calendar_print_day(ctl->clock, rotation->since_s, day);
            buffer_printf(out, " since %s", day);
        }
    } else if (rotation->state == ROTATION_ADOPTED) {
        buffer_add_text(out, ", a key that lay there already");
    }
    buffer_add_char(out, '\n');
    print_escaped(out, buffer_span(&rotation->making.path), 4096);
    buffer_printf(out, ", %u bits\n", dkim_key_bits(rotation->key));
    if (rotation->making.hint.size > 0)
        buffer_printf(out, "note: %s\n", buffer_text(&rotation->making.hint));
}

/* What is left to a person, then what happens by itself. */
static void print_steps(struct ctl *ctl, const struct rotation *rotation,
                        const struct record_text *record, const struct buffer *row)
{
    struct buffer *out = &ctl->out;
    const char *old = buffer_text(&rotation->old), *selector = rotation->making.selector;
    char day[CALENDAR_DAY_MAX];

    buffer_add_text(out, "\n1. publish this record (\"egressctl key show\" has other forms):\n\n");
    record_text_print_zone(record, out);
    if (row->size > 0) {
        buffer_printf(out, "\n2. add to the keys of \"%s\" in domains in %s:\n\n    ",
                      rotation->row, ctl->config_path);
        print_escaped(out, buffer_span(row), row->size);
        buffer_add_text(out, "\n\n   then egressctl check && egressctl reload\n");
    } else {
        buffer_printf(out, "\n2. %s finds it already\n", ctl->config_path);
    }
    calendar_print_day(ctl->clock, rotation->removable_s, day);
    buffer_printf(out,
                  "\nThen, by itself: %s signs until two looks have found the record of %s, and %s "
                  "from then on\n(egressctl key prove %s looks at once). The record of %s has to "
                  "stay until mail signed\nwith it has arrived: until %s at the earliest; "
                  "egressctl key list tells when it may go.\n",
                  old, selector, selector, rotation->domain, old, day);
}

static void print_json(struct json *json, const struct rotation *rotation,
                       const struct record_text *record, const struct buffer *row)
{
    json_open(json, NULL, '{');
    json_text(json, "domain", span_of(rotation->domain));
    json_text(json, "algorithm", span_of(dkim_algorithm_name(rotation->algorithm)));
    json_text(json, "state", span_of(state_word(rotation->state)));
    if (record != NULL) {
        json_text(json, "old", buffer_span(&rotation->old));
        json_text(json, "selector", span_of(rotation->making.selector));
        json_text(json, "file", buffer_span(&rotation->making.path));
        json_number(json, "bits", dkim_key_bits(rotation->key));
        json_bool(json, "made", rotation->state == ROTATION_BEGUN);
        if (row->size > 0)
            json_text(json, "row", buffer_span(row));
        if (rotation->making.hint.size > 0)
            json_text(json, "note", buffer_span(&rotation->making.hint));
        json_number(json, "removable_not_before", rotation->removable_s);
        record_text_json(record, json);
    }
    json_close(json, '}');
}

/* Of a rotation that has a new key. */
static bool tell_key(struct ctl *ctl, struct json *json, const struct rotation *rotation)
{
    struct record_text record;
    struct buffer row = BUFFER_EMPTY;
    bool is_done = record_text_make(&record, rotation->key, span_of(rotation->making.selector),
                                    span_of(rotation->domain));

    if (!rotation->is_configured)
        key_row_print(rotation->making.selector, buffer_text(&rotation->making.path), &row);
    if (is_done && ctl->is_json) {
        print_json(json, rotation, &record, &row);
    } else if (is_done) {
        print_heading(ctl, rotation);
        print_steps(ctl, rotation, &record, &row);
    }
    record_text_free(&record);
    buffer_free(&row);
    return is_done;
}

bool key_rotation_tell(struct ctl *ctl, struct json *json, const struct rotation *rotation)
{
    if (rotation->key != NULL)
        return tell_key(ctl, json, rotation);
    if (ctl->is_json)
        print_json(json, rotation, NULL, NULL);
    if (rotation->state == ROTATION_UNPROVEN)
        buffer_printf(&ctl->err,
                      "note: %s, %s: no key is proven yet, so there is none to replace (egressctl "
                      "key list %s)\n",
                      rotation->domain, dkim_algorithm_name(rotation->algorithm), rotation->domain);
    return true;
}
