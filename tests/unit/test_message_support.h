/* What the tests of src/message share: an arena per test, and comparing spans. */
#ifndef TESTS_UNIT_TEST_MESSAGE_SUPPORT_H
#define TESTS_UNIT_TEST_MESSAGE_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "util/arena.h"
#include "util/span.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CEILING_BYTES ((size_t)64 << 20)

static inline int arena_setup(void **state)
{
    *state = arena_new(CEILING_BYTES);
    return *state != NULL ? 0 : -1;
}

static inline int arena_teardown(void **state)
{
    struct arena *arena = *state;

    arena_free(&arena);
    return 0;
}

/* NULL wants an absent span. */
static inline void check_span(const char *what, struct span seen, const char *wanted)
{
    if ((wanted == NULL) != (seen.at == NULL) || !span_is_equal(seen, span_of(wanted)))
        fail_msg("%s: saw \"%.*s\", wanted \"%s\"", what, SPAN_ARG(seen),
                 wanted != NULL ? wanted : "(absent)");
}

#endif
