/*
 * fuzz_canonical: any body, cut where the input says, and any field, against the plain reading.
 *
 * The first octet counts the cuts, each following one is the size of a piece (times itself, so that
 * long pieces happen too); what remains is the body, and up to its first NUL a field's value.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/test_dkim_plain.h"
#include "dkim/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand_same(const char *what, enum canonical form, struct plain *seen,
                        struct plain *wanted)
{
    if (!span_is_equal(plain_span(seen), plain_span(wanted))) {
        fprintf(stderr, "fuzz_canonical: %s differs in form %d\n", what, (int)form);
        abort();
    }
    plain_free(seen);
    plain_free(wanted);
}

static void feed_piece(struct canonical_body *stream, struct span piece)
{
    struct plain copy = { .at = NULL };
    plain_add(&copy, piece.at, piece.size);
    canonical_body_feed(stream, copy.at, copy.size);
    plain_free(&copy);
}

static void check_body(enum canonical form, const uint8_t *cuts, size_t cut_count, struct span body)
{
    struct plain seen = { .at = NULL };
    struct plain wanted = plain_body(form, body);
    struct canonical_body stream;
    canonical_body_init(&stream, form, plain_sink, &seen);
    for (size_t i = 0; i < cut_count; i++) {
        struct span piece = span_first(body, (size_t)cuts[i] * cuts[i]);
        feed_piece(&stream, piece);
        body = span_from(body, piece.size);
    }
    feed_piece(&stream, body);
    canonical_body_finish(&stream);
    demand_same("a body", form, &seen, &wanted);
}

static void check_field(enum canonical form, struct span value)
{
    struct plain copy = { .at = NULL };
    struct plain seen = { .at = NULL };
    plain_add(&copy, value.at, value.size);
    struct plain wanted = plain_header(form, SPAN("X-Fuzz"), plain_span(&copy));
    canonical_header(form, SPAN("X-Fuzz"), plain_span(&copy), true, plain_sink, &seen);
    plain_free(&copy);
    demand_same("a field", form, &seen, &wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t cut_count = size > 0 ? data[0] % 16 : 0;
    if (size < cut_count + 1) {
        return 0;
    }
    struct span body = { (const char *)data + 1 + cut_count, size - 1 - cut_count };
    ptrdiff_t nul = span_find(body, '\0');
    for (enum canonical form = CANONICAL_SIMPLE; form <= CANONICAL_RELAXED; form++) {
        check_body(form, data + 1, cut_count, body);
        check_field(form, nul >= 0 ? span_first(body, (size_t)nul) : body);
    }
    return 0;
}
