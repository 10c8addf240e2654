/*
 * counter: what happened how often since start. Atomic, one flat list; read by `status` and
 * metrics.
 *
 * Several processes may count into one place: the parent shares before it forks, every child takes
 * a slot of its own. What was counted survives the death of a child; what is "open" does not.
 */
#ifndef EM_LOG_COUNTER_H
#define EM_LOG_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
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
    ROW(RELOADS_FAILED, "reloads_failed")                                                          \
    ROW(CHILD_DEATHS, "child_deaths")

enum counter_id {
#define COUNTER_ENUM(id, name) COUNTER_##id,
    COUNTER_ROWS(COUNTER_ENUM)
#undef COUNTER_ENUM
        COUNTER_COUNT
};

void counter_add(enum counter_id id, int64_t amount);
/* The sum over all slots. */
int64_t counter_get(enum counter_id id);
const char *counter_name(enum counter_id id);

/*
 * From now on processes forked from this one count together, in slots 0..slots-1; this one counts
 * in slot 0. What was counted before is kept. Once, before the first fork and any thread. False:
 * out of memory, nothing changed.
 */
bool counter_share(size_t slots);
/* After fork, before any thread: this process counts in `slot`. */
void counter_use_slot(size_t slot);
/* The process that counted in `slot` is gone: nothing of it is open any more. */
void counter_close_slot(size_t slot);

#endif
