/*
 * fuzz_clamd: any bytes from clamd. What is read lies within them and holds no NUL, and a decision
 * is never taken back when more bytes come.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "scan/clamd_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_clamd: %s\n", what);
        abort();
    }
}

static void check_text(struct span all, enum clamd_status status, struct span text)
{
    bool has_text = status == CLAMD_FOUND || status == CLAMD_ERROR || status == CLAMD_TOO_LARGE;
    demand(has_text == (text.size > 0), "a text where there is none, or none where there is one");
    demand(!has_text || (text.at >= all.at && text.at + text.size < all.at + all.size),
           "a text outside of the reply");
    demand(text.size < CLAMD_REPLY_MAX, "a text longer than a reply");
    demand(!has_text || span_find(text, '\0') < 0, "a NUL in a text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all = { size > 0 ? (const char *)data : "", size }, text;
    enum clamd_status last = clamd_reply_parse(all, &text), before = CLAMD_MORE;
    check_text(all, last, text);
    for (size_t i = 0; i < size; i++) {
        struct span part;
        enum clamd_status status = clamd_reply_parse(span_first(all, i), &part);
        demand(before == CLAMD_MORE || status == before, "a decision is taken back");
        demand(status == CLAMD_MORE || status == last, "decided otherwise with more bytes");
        before = status;
    }
    (void)clamd_name_is_mild(text);
    return 0;
}
