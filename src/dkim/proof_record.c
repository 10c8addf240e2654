/*
 * proof_record: the kept form of what is known of a key: one line of words, its first the number
 * of the layout, so that a person with mdb_dump can read it too.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "dkim/proof.h"

#define LAYOUT "1"
#define NUMBERS 10
#define DIGITS_MAX 20

bool key_record_write(const struct key_record *record, struct buffer *out)
{
    buffer_printf(out, LAYOUT " %d %" PRId64 " %" PRId64 " %" PRId64 " %d %" PRId64 " %d %d %d",
                  record->state, record->since_s, record->seen_good_s, record->looked_s,
                  record->bad, record->bad_since_s, record->is_lost, record->is_testing,
                  record->is_subdomain_bound);
    buffer_printf(out, " %" PRId64 " %016" PRIx64 " %s %s", record->retire_s, record->key_id,
                  record->replaced_by[0] != '\0' ? record->replaced_by : "-", record->reason);
    return !buffer_has_failed(out);
}

static bool take_number(struct span *rest_io, int64_t *number_r)
{
    struct span word;
    char text[DIGITS_MAX + 1], *end;
    if (!span_cut(rest_io, ' ', &word) || word.size == 0 || word.size > DIGITS_MAX) {
        return false;
    }
    memcpy(text, word.at, word.size);
    text[word.size] = '\0';
    *number_r = strtoll(text, &end, 10);
    return *end == '\0';
}

static bool take_id(struct span *rest_io, uint64_t *id_r)
{
    struct span word;
    char text[17], *end;
    if (!span_cut(rest_io, ' ', &word) || word.size != sizeof(text) - 1) {
        return false;
    }
    memcpy(text, word.at, word.size);
    text[word.size] = '\0';
    *id_r = strtoull(text, &end, 16);
    return *end == '\0';
}

static bool fits(int64_t number, int64_t most)
{
    return number >= 0 && number <= most;
}

bool key_record_read(struct span bytes, struct key_record *record_r)
{
    struct span rest = bytes, word, replaced_by;
    int64_t number[NUMBERS];
    if (!span_cut(&rest, ' ', &word) || !span_is_equal(word, SPAN(LAYOUT))) {
        return false;
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        if (!take_number(&rest, &number[i])) {
            return false;
        }
    }
    *record_r = (struct key_record){ .since_s = number[1],
                                     .seen_good_s = number[2],
                                     .looked_s = number[3],
                                     .bad_since_s = number[5],
                                     .is_lost = number[6] != 0,
                                     .is_testing = number[7] != 0,
                                     .is_subdomain_bound = number[8] != 0,
                                     .retire_s = number[9] };
    if (!fits(number[0], KEY_REVOKED) || !fits(number[4], KEY_SEEN_CANNOT) ||
        !take_id(&rest, &record_r->key_id) || !span_cut(&rest, ' ', &replaced_by) ||
        rest.at == NULL) {
        return false;
    }
    record_r->state = (enum key_state)number[0];
    record_r->bad = (enum key_seen)number[4];
    if (span_is_equal(replaced_by, SPAN("-"))) {
        replaced_by = SPAN("");
    }
    return span_copy(replaced_by, record_r->replaced_by, sizeof(record_r->replaced_by)) &&
           span_copy(rest, record_r->reason, sizeof(record_r->reason));
}
