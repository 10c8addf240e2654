/*
 * fuzz_mime: the first line is a Content-Type, the rest a body. The facts and what a handler sees
 * are the same octet by octet as in one piece; parts nest, and their content is of the body, in its
 * order.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/mime.h"
#include "util/buffer.h"

#define ARENA_BYTES ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_mime: %s\n", what);
        abort();
    }
}

struct witness {
    struct span rest; /* of the body: content seen so far is before it */
    const struct mime_part *open[MIME_DEPTH_MAX];
    size_t depth, begun;
    struct buffer log;
};

static void see_begin(void *context, const struct mime_part *part)
{
    struct witness *witness = context;

    demand(witness->depth < MIME_DEPTH_MAX, "too deep");
    demand(part->depth == witness->depth && part->index == witness->begun++, "its place");
    demand(part->parent == (part->depth > 0 ? witness->open[part->depth - 1] : NULL), "its parent");
    demand(part->parent == NULL || part->parent->is_container, "a part in no container");
    demand(part->type.size > 0 && part->subtype.size > 0, "no type");
    witness->open[witness->depth++] = part;
    buffer_printf(&witness->log, "(%d", (int)part->encoding);
    buffer_add_span(&witness->log, part->type);
    buffer_add_span(&witness->log, part->subtype);
    buffer_add_span(&witness->log, part->file_name);
    buffer_add_span(&witness->log, part->charset);
    buffer_add_span(&witness->log, part->method);
}

static void see_data(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    struct witness *witness = context;
    const char *hit;

    demand(size > 0 && !part->is_container, "content of a container, or none");
    demand(witness->depth > 0 && witness->open[witness->depth - 1] == part, "content of another");
    hit = memmem(witness->rest.at, witness->rest.size, bytes, size);
    demand(hit != NULL, "content that is not of the body, or out of order");
    witness->rest = span_from(witness->rest, (size_t)(hit - witness->rest.at) + size);
    buffer_add(&witness->log, bytes, size);
}

static void see_end(void *context, const struct mime_part *part)
{
    struct witness *witness = context;

    demand(witness->depth > 0 && witness->open[--witness->depth] == part, "the end of another");
    buffer_add_char(&witness->log, ')');
}

static struct mime_facts scan(struct span type, struct span body, size_t step, struct buffer *log_r)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct witness witness = { .rest = body, .log = BUFFER_EMPTY };
    struct mime_handler handler = { see_begin, see_data, see_end, &witness };
    struct mime_scan scan;
    struct mime_facts facts;

    demand(arena != NULL, "memory");
    mime_scan_init(&scan, type, SPAN(""), arena, &handler);
    for (size_t at = 0; at < body.size; at += step)
        mime_scan_feed(&scan, body.at + at, body.size - at < step ? body.size - at : step);
    facts = *mime_scan_finish(&scan, false);
    demand(!arena_is_exhausted(arena) && !buffer_has_failed(&witness.log), "memory");
    demand(witness.depth == 0 && witness.begun == facts.parts, "parts that never end");
    demand(facts.parts >= 1 && facts.parts <= MIME_PARTS_MAX && facts.depth < facts.parts &&
               facts.depth < MIME_DEPTH_MAX,
           "counts");
    arena_free(&arena);
    *log_r = witness.log;
    return facts;
}

static bool is_same(const struct mime_facts *a, const struct mime_facts *b)
{
    return a->parts == b->parts && a->depth == b->depth && a->has_calendar == b->has_calendar &&
           memcmp(a->calendar_method, b->calendar_method, sizeof(a->calendar_method)) == 0 &&
           a->has_8bit_in_7bit == b->has_8bit_in_7bit && a->defects == b->defects;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span body = { (const char *)data, size }, type = { NULL, 0 };
    static const size_t steps[] = { 1, 2, 7 };
    struct buffer whole, pieces;
    struct mime_facts facts;

    span_cut(&body, '\n', &type);
    if (body.at == NULL)
        body = SPAN("");
    facts = scan(type, body, body.size + 1, &whole);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct mime_facts again = scan(type, body, steps[i], &pieces);

        demand(is_same(&facts, &again), "facts that depend on the cut");
        demand(span_is_equal(buffer_span(&whole), buffer_span(&pieces)), "content likewise");
        buffer_free(&pieces);
    }
    buffer_free(&whole);
    return 0;
}
