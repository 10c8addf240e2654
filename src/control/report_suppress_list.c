/*
 * report_suppress_list: what is on the list, for people, and in lines that can be taken back:
 *
 *   ADDRESS DOMAIN UNTIL CODE BECAUSE
 *
 * words as control/words.h has them, UNTIL "@" and wall seconds or "never", CODE "-" for none.
 */
#include "control/report_suppress_private.h"

#include <inttypes.h>
#include <string.h>

#include "control/protocol.h"
#include "util/calendar.h"
#include "util/domain.h"

/* The rest of an answer that would be cut is left out, and told. */
#define ANSWER_BYTES_MAX (CONTROL_ANSWER_MAX - 64 * 1024)

struct telling {
    struct suppress_inquiry *inquiry;
    struct span filter; /* absent: all */
    void (*tell)(struct telling *telling, const struct suppression *suppression);
    bool is_only_in_force;
    uint64_t count;
    bool is_cut;
};

/* --- for people ------------------------------------------------------------------------------ */

static const char *state_of(const struct suppress_inquiry *inquiry,
                            const struct suppression *suppression)
{
    return suppression_is_over(suppression, inquiry->wall_s) ? "over"
           : suppression->is_watched                         ? "watched"
                                                             : "suppressed";
}

static void print_day(const struct suppress_inquiry *inquiry, int64_t wall_s,
                      char text[static CALENDAR_DAY_MAX])
{
    if (wall_s == 0) {
        memcpy(text, "never", sizeof("never"));
    } else {
        calendar_print_day(inquiry->host->clock, wall_s, text);
    }
}

static void add_padded(struct buffer *out, const char *text, size_t width)
{
    size_t begin = out->size;
    report_add_printable(out, span_of(text));
    while (out->size - begin < width) {
        buffer_add_char(out, ' ');
    }
    buffer_add_char(out, ' ');
}

static void tell_text(struct telling *telling, const struct suppression *suppression)
{
    struct suppress_inquiry *inquiry = telling->inquiry;
    struct buffer *out = inquiry->out;
    char since[CALENDAR_DAY_MAX], until[CALENDAR_DAY_MAX];
    print_day(inquiry, suppression->set_s, since);
    print_day(inquiry, suppression->until_s, until);
    add_padded(out, suppression->address, 32);
    add_padded(out, suppression->domain, 16);
    buffer_printf(out, "%-10s %-10s %-10s %s by ", state_of(inquiry, suppression), since, until,
                  suppression_source_name(suppression->source));
    report_add_printable(out, span_of(suppression->by));
    if (suppression->bounces > 0) {
        buffer_printf(out, ", %u bounce%s", suppression->bounces,
                      suppression->bounces == 1 ? "" : "s");
    }
    if (suppression->code[0] != '\0') {
        buffer_add_text(out, ", ");
        report_add_printable(out, span_of(suppression->code));
    }
    if (suppression->because[0] != '\0') {
        buffer_add_text(out, ": ");
        report_add_printable(out, span_of(suppression->because));
    }
    buffer_add_char(out, '\n');
}

static void json_time(struct json *json, const char *name, int64_t wall_s)
{
    char text[TIME_TEXT_MAX];
    if (wall_s != 0) {
        report_print_time(wall_s, text);
        json_text(json, name, span_of(text));
    }
}

static void tell_json(struct telling *telling, const struct suppression *suppression)
{
    struct json *json = &telling->inquiry->json;
    json_open(json, NULL, '{');
    json_text(json, "address", span_of(suppression->address));
    json_text(json, "domain", span_of(suppression->domain));
    json_text(json, "state", span_of(state_of(telling->inquiry, suppression)));
    json_time(json, "since", suppression->set_s);
    json_time(json, "until", suppression->until_s);
    json_text(json, "source", span_of(suppression_source_name(suppression->source)));
    json_text(json, "by", span_of(suppression->by));
    json_number(json, "bounces", suppression->bounces);
    json_time(json, "bounced", suppression->bounced_s);
    json_text(json, "code", span_of(suppression->code));
    json_text(json, "because", span_of(suppression->because));
    json_close(json, '}');
}

/* --- to be taken back ------------------------------------------------------------------------ */

static void tell_line(struct telling *telling, const struct suppression *suppression)
{
    struct buffer line = BUFFER_EMPTY, until = BUFFER_EMPTY;
    if (suppression->until_s == 0) {
        buffer_add_text(&until, "never");
    } else {
        buffer_printf(&until, "@%" PRId64, suppression->until_s);
    }
    control_words_add(&line, span_of(suppression->address));
    control_words_add(&line, span_of(suppression->domain));
    control_words_add(&line, buffer_span(&until));
    control_words_add(&line, suppression->code[0] != '\0' ? span_of(suppression->code) : SPAN("-"));
    control_words_add(&line, span_of(suppression->because));
    buffer_add_span(telling->inquiry->out, buffer_span(&line));
    buffer_add_char(telling->inquiry->out, '\n');
    buffer_free(&line);
    buffer_free(&until);
}

/* --- which ----------------------------------------------------------------------------------- */

static struct span domain_of(const char *address)
{
    struct span all = span_of(address);
    ptrdiff_t at = span_find_last(all, '@');
    return span_from(all, at >= 0 ? (size_t)at + 1 : 0);
}

/* An address; else the domain of recipients, or of senders. */
static bool is_asked_for(const struct telling *telling, const struct suppression *suppression)
{
    struct span filter = telling->filter;
    if (telling->is_only_in_force &&
        (suppression->is_watched || suppression_is_over(suppression, telling->inquiry->wall_s))) {
        return false;
    }
    return filter.size == 0 || span_is_equal(span_of(suppression->address), filter) ||
           span_is_equal(domain_of(suppression->address), filter) ||
           span_is_equal(span_of(suppression->domain), filter);
}

/* In the form that records have, where it has one. */
static struct span filter_of(struct span text, char form[static SUPPRESSION_DOMAIN_MAX])
{
    struct span domain = text.size > 0 && text.at[0] == '@' ? span_from(text, 1) : text;
    bool has_form = suppression_address(text, form) || domain_to_ascii(domain, form);
    return has_form ? span_of(form) : text;
}

static bool tell(const struct suppression *suppression, void *context)
{
    struct telling *telling = context;
    if (!is_asked_for(telling, suppression)) {
        return true;
    }
    if (telling->inquiry->out->size > ANSWER_BYTES_MAX) {
        telling->is_cut = true;
        return false;
    }
    telling->tell(telling, suppression);
    telling->count++;
    return true;
}

static enum control_exit tell_json_list(struct telling *telling)
{
    struct json *json = &telling->inquiry->json;
    json_open(json, NULL, '{');
    json_number(json, "schema", 1);
    json_open(json, "suppressed", '[');
    bool is_read = suppression_walk(telling->inquiry->host->store, span_of(NULL), tell, telling);
    json_close(json, ']');
    json_bool(json, "complete", is_read && !telling->is_cut);
    json_close(json, '}');
    buffer_add_char(telling->inquiry->out, '\n');
    return is_read && !telling->is_cut ? CONTROL_GOOD : CONTROL_WARNING;
}

static enum control_exit tell_list(struct telling *telling)
{
    struct suppress_inquiry *inquiry = telling->inquiry;
    if (!suppression_walk(inquiry->host->store, span_of(NULL), tell, telling)) {
        buffer_add_text(inquiry->out, "# the list cannot be read\n");
        return CONTROL_WARNING;
    }
    if (telling->is_cut) {
        buffer_add_text(inquiry->out, "# the rest is left out: it is too much for one answer\n");
        return CONTROL_WARNING;
    }
    return CONTROL_GOOD;
}

enum control_exit report_suppress_list(struct suppress_inquiry *inquiry)
{
    struct telling telling = { .inquiry = inquiry, .tell = tell_text };
    char form[SUPPRESSION_DOMAIN_MAX];
    if (inquiry->arg_count > 0) {
        telling.filter = filter_of(inquiry->args[0], form);
    }
    if (inquiry->is_json) {
        telling.tell = tell_json;
        return tell_json_list(&telling);
    }
    buffer_printf(inquiry->out, "%-32s %-16s %-10s %-10s %-10s %s\n", "ADDRESS", "MAIL OF", "STATE",
                  "SINCE", "UNTIL", "WHY");
    enum control_exit code = tell_list(&telling);
    if (telling.count == 0 && code == CONTROL_GOOD) {
        buffer_clear(inquiry->out);
        buffer_add_text(inquiry->out, "nothing is suppressed\n");
    }
    return code;
}

enum control_exit report_suppress_export(struct suppress_inquiry *inquiry)
{
    struct telling telling = { .inquiry = inquiry, .is_only_in_force = true };
    telling.tell = inquiry->is_json ? tell_json : tell_line;
    return inquiry->is_json ? tell_json_list(&telling) : tell_list(&telling);
}
