/*
 * maillog_record: the octets of a record: words, the first of them the number of the layout, then
 * the place, then the trouble as text.
 */
#include "watch/maillog_record.h"

#include <inttypes.h>
#include <string.h>

bool maillog_record_put(struct store *store, const char *path, const struct maillog_record *record)
{
    struct buffer value = BUFFER_EMPTY;
    bool is_put;
    buffer_printf(&value,
                  "1 %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
                  " %" PRIu64 ",",
                  record->since_s, record->bad_s, record->lines, record->attributed,
                  record->unattributed, record->ambiguous, record->gaps);
    buffer_add_text(&value, record->place);
    buffer_add_char(&value, ',');
    buffer_add_text(&value, record->trouble);
    is_put = !buffer_has_failed(&value) &&
             store_put(store, STORE_MAILLOG, span_of(path), buffer_span(&value), STORE_SOON);
    buffer_free(&value);
    return is_put;
}

static bool read_numbers(struct span words, struct maillog_record *record)
{
    uint64_t numbers[8];
    struct span word;
    for (size_t i = 0; i < 8; i++) {
        if (!span_cut(&words, ' ', &word) || !span_number(word, UINT64_MAX, &numbers[i])) {
            return false;
        }
    }
    record->since_s = (int64_t)numbers[1];
    record->bad_s = (int64_t)numbers[2];
    record->lines = numbers[3];
    record->attributed = numbers[4];
    record->unattributed = numbers[5];
    record->ambiguous = numbers[6];
    record->gaps = numbers[7];
    return numbers[0] == 1 && numbers[1] <= INT64_MAX && numbers[2] <= INT64_MAX &&
           words.at == NULL;
}

static bool read(struct span value, struct maillog_record *record)
{
    struct span numbers, place;
    if (!span_cut(&value, ',', &numbers) || !span_cut(&value, ',', &place) || value.at == NULL ||
        !read_numbers(numbers, record)) {
        return false;
    }
    return span_copy(place, record->place, sizeof(record->place)) &&
           span_copy(value, record->trouble, sizeof(record->trouble));
}

enum store_result maillog_record_get(struct store *store, const char *path,
                                     struct maillog_record *record_r)
{
    struct buffer value = BUFFER_EMPTY;
    enum store_result result = store_get(store, STORE_MAILLOG, span_of(path), &value);
    memset(record_r, 0, sizeof(*record_r));
    if (result == STORE_FOUND && !read(buffer_span(&value), record_r)) {
        memset(record_r, 0, sizeof(*record_r));
        result = STORE_ABSENT;
    }
    buffer_free(&value);
    return result;
}
