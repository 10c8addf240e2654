/*
 * domains_record: the kept form, lines of words:
 *
 *     1 LOOKED SINCE OLD_SINCE OLD_UNTIL JUDGED
 *     is TEXT
 *     was TEXT
 *     fault WEIGHT SINCE TOLD IS_OVER IS_TOLD
 *     code CODE
 *     text TEXT
 *
 * Texts are printable, so nothing in them ends a line.
 */
#include "watch/domains_record.h"

#include <inttypes.h>

#define LAYOUT 1

void domains_record_write(const struct domains_record *record, struct buffer *out)
{
    buffer_printf(out, "%d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d\nis ", LAYOUT,
                  record->looked_s, record->since_s, record->old_since_s, record->old_until_s,
                  record->has_judged);
    buffer_add_span(out, record->text);
    buffer_add_text(out, "\nwas ");
    buffer_add_span(out, record->old_text);
    buffer_add_char(out, '\n');
    for (size_t i = 0; i < record->fault_count; i++) {
        const struct domains_kept *fault = &record->faults[i];
        buffer_printf(out, "fault %d %" PRId64 " %" PRId64 " %d %d\ncode ", (int)fault->weight,
                      fault->since_s, fault->told_s, fault->is_over, fault->is_told);
        buffer_add_span(out, fault->code);
        buffer_add_text(out, "\ntext ");
        buffer_add_span(out, fault->text);
        buffer_add_char(out, '\n');
    }
}

/* Cuts a number, and the blank behind it. */
static bool take_number(struct span *rest_io, int64_t *number_r)
{
    struct span word;
    uint64_t number = 0;
    bool is_number = span_cut(rest_io, ' ', &word) && span_number(word, INT64_MAX, &number);
    *number_r = (int64_t)number;
    return is_number;
}

static bool take_flag(struct span *rest_io, bool *flag_r)
{
    int64_t number;
    bool is_good = take_number(rest_io, &number) && number <= 1;
    *flag_r = is_good && number == 1;
    return is_good;
}

/* The rest of a line that begins with `word` and a blank. */
static bool take_line(struct span *rest_io, struct span word, struct span *text_r)
{
    struct span line;
    if (!span_cut(rest_io, '\n', &line) || line.size <= word.size ||
        !span_is_equal(span_first(line, word.size), word) || line.at[word.size] != ' ') {
        return false;
    }
    *text_r = span_from(line, word.size + 1);
    return true;
}

static bool read_fault(struct span *rest_io, struct domains_kept *fault)
{
    struct span line;
    int64_t weight;
    if (!take_line(rest_io, SPAN("fault"), &line) || !take_number(&line, &weight) ||
        weight > DOMAINS_GRAVE || !take_number(&line, &fault->since_s) ||
        !take_number(&line, &fault->told_s) || !take_flag(&line, &fault->is_over) ||
        !take_flag(&line, &fault->is_told)) {
        return false;
    }
    fault->weight = (enum domains_weight)weight;
    return take_line(rest_io, SPAN("code"), &fault->code) &&
           take_line(rest_io, SPAN("text"), &fault->text);
}

static bool read_head(struct span line, struct domains_record *record)
{
    return take_number(&line, &record->looked_s) && take_number(&line, &record->since_s) &&
           take_number(&line, &record->old_since_s) && take_number(&line, &record->old_until_s) &&
           take_flag(&line, &record->has_judged);
}

enum domains_reading domains_record_read(struct span bytes, struct domains_record *record_r)
{
    struct span line;
    int64_t layout;
    *record_r = (struct domains_record){ .has_looked = false };
    if (!span_cut(&bytes, '\n', &line) || !take_number(&line, &layout) || layout < LAYOUT) {
        return DOMAINS_DAMAGED;
    }
    if (layout > LAYOUT) {
        return DOMAINS_NEWER;
    }
    if (!read_head(line, record_r) || !take_line(&bytes, SPAN("is"), &record_r->text) ||
        !take_line(&bytes, SPAN("was"), &record_r->old_text)) {
        return DOMAINS_DAMAGED;
    }
    while (bytes.size > 0) {
        if (record_r->fault_count == DOMAINS_KEPT_MAX ||
            !read_fault(&bytes, &record_r->faults[record_r->fault_count])) {
            return DOMAINS_DAMAGED;
        }
        record_r->fault_count++;
    }
    record_r->has_looked = true;
    return DOMAINS_READ;
}

size_t domains_record_faults(const struct domains_record *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->fault_count; i++) {
        count += !record->faults[i].is_over && record->faults[i].weight != DOMAINS_NOTE;
    }
    return count;
}

bool domains_record_is_grave(const struct domains_record *record)
{
    for (size_t i = 0; i < record->fault_count; i++) {
        if (!record->faults[i].is_over && record->faults[i].weight == DOMAINS_GRAVE) {
            return true;
        }
    }
    return false;
}

bool domains_record_has_changed(const struct domains_record *record, int64_t now_s)
{
    return record->old_since_s != 0 && now_s - record->since_s < DOMAINS_AGAIN_S;
}
