/*
 * fuzz_bulk: any octets as a List-Unsubscribe and as what the store has of an organization. No URI
 * is told that no angle bracket begins, and blanks before the value change nothing; what is taken
 * for a daybook is written and read the same again, and what is not is an empty one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulk/daybook.h"
#include "bulk/unsubscribe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_bulk: %s\n", what);
        abort();
    }
}

static void check_uris(struct span value)
{
    struct unsubscribe_uris uris, shifted;
    struct buffer text = BUFFER_EMPTY;
    size_t brackets = 0;
    for (size_t i = 0; i < value.size; i++) {
        brackets += value.at[i] == '<';
    }
    unsubscribe_read(value, &uris);
    demand(uris.https + uris.http + uris.mailto + uris.others <= brackets, "more than there are");
    buffer_add_text(&text, " \n\t");
    buffer_add_span(&text, value);
    unsubscribe_read(buffer_span(&text), &shifted);
    demand(memcmp(&uris, &shifted, sizeof(uris)) == 0, "blanks before it are not nothing");
    buffer_free(&text);
}

static void check_daybook(struct span octets)
{
    static struct daybook daybook, again;
    struct buffer first = BUFFER_EMPTY, second = BUFFER_EMPTY;
    if (!daybook_read(octets, &daybook)) {
        demand(daybook_is_empty(&daybook, 0), "what is none is not empty");
        return;
    }
    daybook_write(&daybook, 0, &first);
    demand(daybook_read(buffer_span(&first), &again), "what was written is none");
    daybook_write(&again, 0, &second);
    demand(span_is_equal(buffer_span(&first), buffer_span(&second)), "reads in two ways");
    daybook_advance(&again, UINT64_C(1) << 40);
    window_charge(&again.messages, 1);
    demand(!daybook_is_empty(&again, 0), "a message is nothing");
    buffer_free(&first);
    buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = { (const char *)data, size };
    check_uris(input);
    check_daybook(input);
    return 0;
}
