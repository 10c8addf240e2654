/*
 * fuzz_hold: any bytes as what a process wants run, as a record of held mail, as what waits to be
 * mailed. What is understood stays within its bounds, and what is written again is read as the
 * same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "hold/hold_private.h"
#include "notice/digest.h"
#include "notice/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_hold: %s\n", what);
        abort();
    }
}

static void try_request(struct span bytes)
{
    struct request request;

    if (!request_read(bytes, &request)) {
        return;
    }
    demand(request.command.size > 0 && request.fact_count <= REQUEST_FACTS_MAX, "no request");
    for (size_t i = 0; i < request.fact_count; i++) {
        struct span fact = request.facts[i];
        demand(fact.size > 8 && memcmp(fact.at, "EGRESS_", 7) == 0, "a variable of others");
        for (size_t k = 0; k < fact.size; k++) {
            demand(fact.at[k] >= 0x20 && fact.at[k] < 0x7f, "unprintable in the environment");
        }
    }
    demand(request.input.at + request.input.size == bytes.at + bytes.size, "input is cut");
}

static void try_held(struct span bytes)
{
    struct buffer once = BUFFER_EMPTY, twice = BUFFER_EMPTY;
    struct held held;

    if (held_read(bytes, &held)) {
        demand(held_write(&held, &once) && held_read(buffer_span(&once), &held) &&
                   held_write(&held, &twice) &&
                   span_is_equal(buffer_span(&once), buffer_span(&twice)),
               "a record is not the same when it is written again");
    }
    buffer_free(&once);
    buffer_free(&twice);
}

static void try_digest(struct span bytes)
{
    struct store *store = store_in_memory();
    struct buffer read = BUFFER_EMPTY, again = BUFFER_EMPTY;
    struct digest digest, after;

    demand(store != NULL && store_put(store, STORE_NOTICES, SPAN("digest/held"), bytes, STORE_SOON),
           "no store");
    demand(digest_note(store, NOTICE_HELD, SPAN("one more")), "a line cannot be noted");
    demand(digest_load(store, NOTICE_HELD, &read, &digest), "a line that was noted is not there");
    (void)digest_is_due(&digest, NOTICE_HELD, 1772366400);
    demand(digest_mailed(store, NOTICE_HELD, &digest, 1772366400), "it cannot be mailed");
    demand(!digest_load(store, NOTICE_HELD, &again, &after) && after.text.size == 0,
           "what was mailed is still there");
    buffer_free(&read);
    buffer_free(&again);
    store_close(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = { (const char *)data, size };

    try_request(bytes);
    try_held(bytes);
    try_digest(bytes);
    return 0;
}
