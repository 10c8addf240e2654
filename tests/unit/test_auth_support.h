/*
 * test_auth_support: what the tests of src/auth share: a zone as text, and one question after the
 * other put to it.
 */
#ifndef EM_TEST_AUTH_SUPPORT_H
#define EM_TEST_AUTH_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "auth/dmarc_private.h"
#include "dns/scripted.h"
#include "util/arena.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOTHING ((struct span){ NULL, 0 })

struct zone {
    struct clock_fixed clock;
    struct dns_resolver *resolver;
    struct dns_questions *questions;
    struct arena *arena;
};

static inline void zone_open(struct zone *zone, const char *script)
{
    struct error error;
    clock_fixed_init(&zone->clock, 1772366400);
    zone->resolver = dns_scripted_new(span_of(script), &zone->clock.clock, &error);
    if (zone->resolver == NULL)
        fail_msg("%s\n%s", error.text, script);
    zone->questions = dns_questions_new(zone->resolver, 100);
    zone->arena = arena_new((size_t)1 << 20);
    assert_non_null(zone->questions);
    assert_non_null(zone->arena);
}

static inline void zone_close(struct zone *zone)
{
    dns_questions_free(&zone->questions);
    dns_resolver_free(&zone->resolver);
    arena_free(&zone->arena);
}

/* What never answers is given up. */
static inline void zone_wait(struct zone *zone)
{
    assert_true(dns_questions_wait(zone->questions, 0));
}

static inline struct dmarc_policy zone_discover(struct zone *zone, const char *from_domain)
{
    struct dmarc_policy policy;
    while (!dmarc_discover(span_of(from_domain), zone->questions, zone->arena, &policy)) {
        zone_wait(zone);
    }
    return policy;
}

static inline void assert_span(struct span seen, const char *expected, const char *what)
{
    if (!span_is_equal(seen, span_of(expected)))
        fail_msg("%s: \"%.*s\", not \"%s\"", what, SPAN_ARG(seen), expected);
}

/* Both NULL, or `part` somewhere in the line. */
static inline void assert_line(const char *line, const char *part, const char *what)
{
    if (part == NULL ? line != NULL : line == NULL || strstr(line, part) == NULL)
        fail_msg("%s: \"%s\", not \"%s\"", what, line != NULL ? line : "(no line)",
                 part != NULL ? part : "(no line)");
}

#endif
