/*
 * key_next: words for what dkim/proof.h decides. What a person has to do is said as a command or as
 * a record that goes or comes, with its date.
 */
#include "ctl/key_next.h"

#include <string.h>

#include "ctl/print.h"
#include "util/calendar.h"

const char *key_state_word(const struct key_entry *entry)
{
    if (entry->key == NULL && entry->path[0] != '\0')
        return "fault";
    if (!entry->is_known)
        return "unknown";
    if (entry->record.state == KEY_ACTIVE && entry->record.is_lost)
        return "lost";
    return key_state_name(entry->record.state);
}

static void day_print(const struct ctl *ctl, int64_t wall_s, struct buffer *out)
{
    char day[CALENDAR_DAY_MAX];

    calendar_print_day(ctl->clock, wall_s, day);
    buffer_add_text(out, day);
}

static void escaped_add(struct buffer *out, const char *text)
{
    print_escaped(out, span_of(text), 256);
}

void key_since_print(const struct ctl *ctl, const struct key_entry *entry, struct buffer *out)
{
    if (!entry->is_known || entry->record.since_s == 0)
        return;
    day_print(ctl, entry->record.since_s, out);
    if (entry->record.reason[0] != '\0')
        buffer_add_text(out, ", ");
    escaped_add(out, entry->record.reason);
}

void key_seen_print(const struct ctl *ctl, const struct key_entry *entry, struct buffer *out)
{
    const struct key_record *record = &entry->record;

    if (!entry->is_known || record->looked_s == 0)
        return;
    if (record->bad_since_s != 0) {
        buffer_printf(out, "%s since ", key_seen_name(record->bad));
        day_print(ctl, record->bad_since_s, out);
        if (record->seen_good_s == 0)
            return;
        buffer_add_text(out, ", our key until ");
        day_print(ctl, record->seen_good_s, out);
        return;
    }
    buffer_printf(out, "%s on ", key_seen_name(KEY_SEEN_GOOD));
    day_print(ctl, record->seen_good_s != 0 ? record->seen_good_s : record->looked_s, out);
}

/* --- next ------------------------------------------------------------------------------------ */

static void publish_print(const struct key_entry *entry, const char *what, struct buffer *out)
{
    buffer_printf(out, "%s: egressctl key show %s %s", what,
                  entry->domain[0] != '\0' ? entry->domain : "DOMAIN", entry->selector);
}

static void retiring_print(const struct ctl *ctl, const struct key_entry *entry, bool is_over,
                           struct buffer *out)
{
    if (is_over) {
        buffer_add_text(out, "its record may go from DNS since ");
        day_print(ctl, entry->record.retire_s, out);
        buffer_printf(out, "; then egressctl key retire %s %s", entry->domain, entry->selector);
        return;
    }
    buffer_printf(out, "%skeep its record in DNS", entry->signs ? "signs, nothing else can; " : "");
    if (entry->record.retire_s != 0) {
        buffer_add_text(out, " until ");
        day_print(ctl, entry->record.retire_s, out);
    }
}

static void revoked_print(const struct ctl *ctl, const struct key_entry *entry, struct buffer *out)
{
    buffer_add_text(out, "its record may go from DNS since ");
    day_print(ctl, entry->record.since_s, out);
    if (entry->is_configured)
        buffer_printf(out, "; then egressctl key retire %s %s", entry->domain, entry->selector);
}

static void active_print(const struct key_entry *entry, struct buffer *out)
{
    const char *signs = entry->signs ? "signs" : "does not sign";

    if (entry->record.is_lost)
        publish_print(entry, "its record is gone, publish it again", out);
    else if (entry->record.replaced_by[0] != '\0') {
        buffer_printf(out, "%s until ", signs);
        escaped_add(out, entry->record.replaced_by);
        buffer_add_text(out, " is proven");
    } else {
        buffer_add_text(out, signs);
    }
}

/* Nothing signs with it yet, or everything as long as no key of the domain is proven. */
static void unproven_print(const struct key_entry *entry, struct buffer *out)
{
    if (!entry->is_configured) {
        buffer_add_text(out, "no row of domains names it: add one, publish its record");
        publish_print(entry, "", out);
        return;
    }
    if (entry->signs)
        buffer_add_text(out, "signs, as no key of the domain is proven yet; ");
    if (entry->is_known && entry->record.state == KEY_PUBLISHED)
        buffer_add_text(out, "one more look, at the zone's own servers, proves it");
    else if (entry->is_known || entry->domain[0] != '\0')
        publish_print(entry, "publish its record", out);
    else
        publish_print(entry, "each From domain needs its record", out);
}

void key_next_print(const struct ctl *ctl, const struct key_entry *entry, struct buffer *out)
{
    const struct key_record *record = &entry->record;
    bool is_over = record->retire_s != 0 && clock_wall_s(ctl->clock) >= record->retire_s;

    if (entry->is_known && record->state == KEY_REVOKED)
        revoked_print(ctl, entry, out);
    else if (entry->is_known && record->state == KEY_RETIRING)
        retiring_print(ctl, entry, is_over, out);
    else if (entry->key == NULL && entry->path[0] != '\0')
        buffer_add_text(out, "cannot sign: mend the file");
    else if (entry->key == NULL)
        buffer_add_text(out, "there is no such key any more: its record may go from DNS");
    else if (entry->is_known && record->state == KEY_ACTIVE && entry->is_configured)
        active_print(entry, out);
    else
        unproven_print(entry, out);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_second(struct json *json, const char *name, int64_t value)
{
    if (value != 0)
        json_number(json, name, value);
}

void key_state_json(const struct ctl *ctl, const struct key_entry *entry, struct json *json)
{
    const struct key_record *record = &entry->record;
    struct buffer next = BUFFER_EMPTY;

    json_text(json, "state", span_of(key_state_word(entry)));
    json_bool(json, "signs", entry->signs);
    if (entry->is_known) {
        json_second(json, "since", record->since_s);
        if (record->reason[0] != '\0')
            json_text(json, "reason", span_of(record->reason));
        json_second(json, "looked", record->looked_s);
        json_second(json, "seen_good", record->seen_good_s);
        if (record->bad_since_s != 0) {
            json_text(json, "bad", span_of(key_seen_name(record->bad)));
            json_number(json, "bad_since", record->bad_since_s);
        }
        json_second(json, "retire", record->retire_s);
        if (record->replaced_by[0] != '\0')
            json_text(json, "replaced_by", span_of(record->replaced_by));
    }
    key_next_print(ctl, entry, &next);
    json_text(json, "next", buffer_span(&next));
    buffer_free(&next);
}

void key_states_note(struct ctl *ctl, const struct key_states *states)
{
    if (states->why.text[0] == '\0')
        return;
    buffer_add_text(&ctl->err, "note: nothing is known of the states of keys: ");
    print_escaped(&ctl->err, span_of(states->why.text), sizeof(states->why.text));
    buffer_add_char(&ctl->err, '\n');
}
