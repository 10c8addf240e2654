/*
 * test_tables_map: a table on a scripted server, and what is expected of it. Included after
 * cmocka.h.
 */
#ifndef EM_TESTS_UNIT_TEST_TABLES_MAP_H
#define EM_TESTS_UNIT_TEST_TABLES_MAP_H

#include <stdio.h>
#include <string.h>

#include "tables/table.h"
#include "tests/support/map_server.h"

/* A table, its clock and the arena of its answers. */
struct map_house {
    struct map_server server;
    struct clock_fixed clock;
    struct table *table;
    struct arena *arena;
};

static inline void map_house_table(struct map_house *house, unsigned deadline_ms, bool no_cache)
{
    char spec[120];
    struct error error;
    struct table_options options = { .deadline_ms = deadline_ms,
                                     .no_cache = no_cache,
                                     .clock = &house->clock.clock };
    if (house->server.path[0] != '\0') {
        snprintf(spec, sizeof(spec), "socketmap:unix:%s:owners", house->server.path);
    } else {
        snprintf(spec, sizeof(spec), "socketmap:inet:127.0.0.1:%u:owners", house->server.tcp_port);
    }
    clock_fixed_init(&house->clock, 1000);
    house->table = table_open(spec, &options, &error);
    assert_non_null(house->table);
    house->arena = arena_new((size_t)16 << 20);
}

static inline void map_house_open(struct map_house *house, map_server_fn answer, void *context,
                                  unsigned deadline_ms, bool no_cache)
{
    map_server_start(&house->server, "egress-map", answer, context);
    map_house_table(house, deadline_ms, no_cache);
}

/* The server may be stopped already. */
static inline void map_house_shut(struct map_house *house)
{
    table_free(&house->table);
    arena_free(&house->arena);
}

static inline void map_house_close(struct map_house *house)
{
    map_house_shut(house);
    map_server_stop(&house->server);
}

static inline struct table_answer map_ask(struct map_house *house, const char *key)
{
    return table_ask(house->table, span_of(key), house->arena);
}

static inline void assert_answer(struct table_answer answer, enum table_result result,
                                 const char *says)
{
    if (answer.result != result) {
        fail_msg("result %d: %s", (int)answer.result, answer.why != NULL ? answer.why : "-");
    }
    if (result == TABLE_FOUND) {
        assert_true(span_is_equal(answer.value, span_of(says)));
    } else {
        assert_null(answer.value.at);
    }
    if (result == TABLE_UNAVAILABLE) {
        if (strstr(answer.why, says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", answer.why, says);
        }
    } else {
        assert_null(answer.why);
    }
}

static inline uint64_t now_ms(void)
{
    return clock_mono_ns(&clock_system) / 1000000;
}

#endif
