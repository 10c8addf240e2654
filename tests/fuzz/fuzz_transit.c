/*
 * fuzz_transit: any bytes as a message file and as an address field. A risk comes with a field that
 * has it, or is the body's.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/builder.h"
#include "message/transit.h"

#define ARENA_BYTES ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_transit: %s\n", what);
        abort();
    }
}

static void scan(void *context, const void *bytes, size_t size)
{
    body_scan_feed(context, bytes, size);
}

static void check_fields(const struct message *message, const struct transit *transit)
{
    const struct header_field *end = message->headers.fields + message->headers.count;

    demand(transit->risks < 1u << TRANSIT_RISKS, "an unknown risk");
    for (unsigned risk = 1; risk < 1u << TRANSIT_RISKS; risk <<= 1) {
        const struct header_field *field = transit_field(transit, risk);

        demand(field == NULL || (transit->risks & risk) != 0, "a field without its risk");
        demand(field == NULL || (field >= message->headers.fields && field < end), "a field");
    }
    demand((transit->risks & TRANSIT_NUL) == 0 || message->headers.has_nul || message->body.has_nul,
           "no NUL");
    demand((transit->risks & (TRANSIT_FOLDING | TRANSIT_REQUOTE)) == 0 ||
               message->headers.count > 0,
           "no header");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span file = { (const char *)data, size };
    struct arena *arena = arena_new(ARENA_BYTES);
    struct message message = { .is_over_ceiling = false };
    struct body_scan body;
    struct transit transit;

    demand(arena != NULL, "memory");
    body_scan_init(&body);
    header_list_init(&message.headers, true);
    demand(message_read(file, arena, &message.headers, scan, &body), "memory");
    message.body = *body_scan_finish(&body);
    transit_read(&message, &transit);
    check_fields(&message, &transit);
    header_list_init(&message.headers, true); /* the same as one field, whatever is in it */
    demand(header_list_add(&message.headers, arena, SPAN("From"), file), "memory");
    transit_read(&message, &transit);
    check_fields(&message, &transit);
    arena_free(&arena);
    return 0;
}
