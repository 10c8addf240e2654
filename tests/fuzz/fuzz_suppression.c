/*
 * fuzz_suppression: any octets as a record of the suppression list, and as an address: the first
 * one is how long the key is. What can be read is written and read again as the same, and an
 * address has one form.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feedback/suppression_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

static void try_record(struct span key, struct span value)
{
    struct suppression read = { .is_watched = false }, again = { .is_watched = false };
    struct buffer written = BUFFER_EMPTY;
    char room[SUPPRESSION_KEY_MAX];
    if (!suppression_read(key, value, &read)) {
        return;
    }
    expect(span_is_equal(suppression_key(&read, room), key));
    expect(suppression_value_write(&read, &written));
    expect(suppression_read(key, buffer_span(&written), &again));
    expect(read.is_watched == again.is_watched && read.source == again.source &&
           read.set_s == again.set_s && read.until_s == again.until_s &&
           read.bounced_s == again.bounced_s && read.bounces == again.bounces &&
           read.bounced_message == again.bounced_message && strcmp(read.by, again.by) == 0 &&
           strcmp(read.code, again.code) == 0 && strcmp(read.because, again.because) == 0);
    buffer_free(&written);
}

static void try_address(struct span text)
{
    char form[SUPPRESSION_ADDRESS_MAX], again[SUPPRESSION_ADDRESS_MAX], room[SUPPRESSION_KEY_MAX];
    struct span key;
    if (suppression_address(text, form)) {
        expect(suppression_address(span_of(form), again));
        expect(strcmp(form, again) == 0);
        expect(suppression_key_write(span_of(form), SPAN("*"), room, &key));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all = { (const char *)data, size };
    if (size == 0) {
        return 0;
    }
    all = span_from(all, 1);
    struct span key = span_first(all, data[0]);
    try_record(key, span_from(all, key.size));
    try_address(all);
    return 0;
}
