/*
 * counter: what happened how often since start. Atomic, one flat list; read by `status` and
 * metrics.
 */
#ifndef EM_LOG_COUNTER_H
#define EM_LOG_COUNTER_H

#include <stdint.h>

/* One row a counter: identifier, name as printed. Add rows at the end. */
#define COUNTER_ROWS(ROW)                                                                          \
    ROW(CONNECTIONS, "connections")                                                                \
    ROW(CONNECTIONS_OPEN, "connections_open")                                                      \
    ROW(MESSAGES_OPEN, "messages_open")                                                            \
    ROW(MESSAGES, "messages")                                                                      \
    ROW(INBOUND, "inbound")                                                                        \
    ROW(ACCEPTED, "accepted")                                                                      \
    ROW(HELD, "held")                                                                              \
    ROW(DEFERRED, "deferred")                                                                      \
    ROW(REJECTED, "rejected")                                                                      \
    ROW(ABORTED, "aborted")                                                                        \
    ROW(SIGNED, "signed")                                                                          \
    ROW(SIGNATURES, "signatures")                                                                  \
    ROW(UNSIGNED, "unsigned")                                                                      \
    ROW(SIGNING_FAILED, "signing_failed")                                                          \
    ROW(REPAIRED, "repaired")                                                                      \
    ROW(RELOADS, "reloads")                                                                        \
    ROW(RELOADS_FAILED, "reloads_failed")

enum counter_id {
#define COUNTER_ENUM(id, name) COUNTER_##id,
    COUNTER_ROWS(COUNTER_ENUM)
#undef COUNTER_ENUM
        COUNTER_COUNT
};

void counter_add(enum counter_id id, int64_t amount);
int64_t counter_get(enum counter_id id);
const char *counter_name(enum counter_id id);

#endif
