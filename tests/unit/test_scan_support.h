/*
 * test_scan_support: a scanner's client, its server in a thread, and messages. Included after
 * cmocka.h.
 */
#ifndef EM_TESTS_UNIT_TEST_SCAN_SUPPORT_H
#define EM_TESTS_UNIT_TEST_SCAN_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan/clamd.h"
#include "tests/support/clamd_server.h"

#define PATIENT_MS 20000
#define SECOND_NS UINT64_C(1000000000)

struct scan_house {
    struct map_server server;
    struct clock_fixed clock;
    struct clamd_settings settings;
    char socket[80];
    struct clamd *clamd;
};

static inline void scan_house_open(struct scan_house *house, const char *name, map_server_fn answer,
                                   void *context, unsigned timeout_ms)
{
    struct error error;
    clamd_server_start(&house->server, name, answer, context);
    if (name != NULL) {
        snprintf(house->socket, sizeof(house->socket), "unix:%s", house->server.path);
    } else {
        snprintf(house->socket, sizeof(house->socket), "inet:%u@127.0.0.1", house->server.tcp_port);
    }
    house->settings = (struct clamd_settings){ .socket = house->socket,
                                               .timeout_ms = timeout_ms,
                                               .on_failure = CLAMD_FAILURE_PASS,
                                               .max_bytes = INT64_C(64) << 20,
                                               .directory = "/tmp" };
    clock_fixed_init(&house->clock, 1000);
    house->clock.now_ns = 100 * SECOND_NS;
    house->clamd = clamd_open(&house->settings, NULL, &error);
    assert_non_null(house->clamd);
}

/* The server may be stopped already. */
static inline void scan_house_shut(struct scan_house *house)
{
    clamd_unref(&house->clamd);
    assert_null(house->clamd);
}

static inline void scan_house_close(struct scan_house *house)
{
    scan_house_shut(house);
    map_server_stop(&house->server);
}

static inline struct scan_result scan_bytes(struct scan_house *house, struct span bytes)
{
    struct scan_result result;
    struct spool *spool = clamd_spool(house->clamd, &house->settings, "/nonexistent");
    spool_add(spool, bytes.at, bytes.size);
    clamd_scan(house->clamd, &house->settings, spool, &house->clock.clock, &result);
    spool_free(&spool);
    return result;
}

static inline struct scan_result scan_text(struct scan_house *house, const char *text)
{
    return scan_bytes(house, span_of(text));
}

static inline void assert_scan(struct scan_result result, enum scan_outcome outcome,
                               const char *says)
{
    if (result.outcome != outcome || strstr(result.text, says) == NULL) {
        fail_msg("outcome %d: \"%s\", not %d: \"%s\"", (int)result.outcome, result.text,
                 (int)outcome, says);
    }
}

static inline uint64_t now_ms(void)
{
    return clock_mono_ns(&clock_system) / 1000000;
}

#endif
