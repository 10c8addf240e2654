/*
 * fuzz_socketmap: any bytes from a socketmap server. Replies lie within what came, use something of
 * it, and are the same however the bytes were cut on their way.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tables/socketmap_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_socketmap: %s\n", what);
        abort();
    }
}

static bool is_final(enum socketmap_status status)
{
    return status != SOCKETMAP_MORE && status != SOCKETMAP_GARBAGE;
}

/* With fewer bytes: not yet, or the same. */
static void check_prefixes(struct span all, enum socketmap_status last, size_t used)
{
    enum socketmap_status before = SOCKETMAP_MORE;
    for (size_t i = 0; i < all.size && i < 64; i++) {
        struct socketmap_reply reply;
        enum socketmap_status status = socketmap_reply_parse(span_first(all, i), &reply);
        demand(before == SOCKETMAP_MORE || status == before, "a decision is taken back");
        demand(status == SOCKETMAP_MORE || status == last, "decided otherwise with more bytes");
        demand(!is_final(status) || i >= used, "a reply before its end");
        before = status;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = { size > 0 ? (const char *)data : "", size };
    for (;;) {
        struct socketmap_reply reply;
        enum socketmap_status status = socketmap_reply_parse(rest, &reply);
        check_prefixes(rest, status, reply.used);
        if (!is_final(status)) {
            demand(reply.used == 0, "no reply, but something is used");
            return 0;
        }
        demand(reply.used >= 4 && reply.used <= rest.size, "used too much or nothing");
        demand(reply.text.size < reply.used, "a text larger than its reply");
        demand(span_find(reply.text, '\0') < 0, "a NUL in a text");
        rest = span_from(rest, reply.used);
    }
}
