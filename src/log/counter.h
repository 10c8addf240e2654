/*
 * counter: what happened how often since start. Atomic, one flat list; read by `status` and
 * metrics.
 *
 * Several processes may count into one place: the parent shares before it forks, every child takes
 * a slot of its own. What was counted survives the death of a child and a restart in place; what is
 * "open" or "queued" does not survive its process, and log lines that waited are lost with it.
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
    ROW(CHILD_DEATHS, "child_deaths")                                                              \
    ROW(RESTARTS, "restarts")                                                                      \
    ROW(RESTARTS_FAILED, "restarts_failed")                                                        \
    ROW(TURNED_AWAY, "turned_away")                                                                \
    ROW(LOG_LINES_LOST, "log_lines_lost")                                                          \
    ROW(LOG_LINES_QUEUED, "log_lines_queued")                                                      \
    ROW(LOG_BYTES_QUEUED, "log_bytes_queued")                                                      \
    ROW(OVERLOAD, "overload")                                                                      \
    ROW(OPEN_RELAY, "open_relay")                                                                  \
    ROW(SOCKETS_UNSERVED, "sockets_unserved")                                                      \
    ROW(PROCESSES_SILENT, "processes_silent")                                                      \
    ROW(LAST_DEATH_S, "last_death_s")                                                              \
    ROW(COMMANDS, "commands")                                                                      \
    ROW(COMMANDS_FAILED, "commands_failed")                                                        \
    ROW(NOTICES_LOST, "notices_lost")                                                              \
    ROW(LAST_COMMAND_FAILED_S, "last_command_failed_s")                                            \
    ROW(FLEET_MERGED, "fleet_merged")                                                              \
    ROW(FLEET_LOST, "fleet_lost")                                                                  \
    ROW(RECIPIENTS_REFUSED, "recipients_refused")                                                  \
    ROW(SCANNED, "scanned")                                                                        \
    ROW(VIRUSES, "viruses")                                                                        \
    ROW(SCAN_TOO_LARGE, "scan_too_large")                                                          \
    ROW(SCAN_UNKNOWN, "scan_unknown")                                                              \
    ROW(REPORTS_TAKEN, "reports_taken")                                                            \
    ROW(REPORTS_FOREIGN, "reports_foreign")                                                        \
    ROW(REPORTS_LOST, "reports_lost")                                                              \
    ROW(COMPLAINTS, "complaints")

enum counter_id {
#define COUNTER_ENUM(id, name) COUNTER_##id,
    COUNTER_ROWS(COUNTER_ENUM)
#undef COUNTER_ENUM
        COUNTER_COUNT
};

void counter_add(enum counter_id id, int64_t amount);
/* For what is no count but how things are, and told by one process alone. */
void counter_set(enum counter_id id, int64_t value);
/* The sum over all slots. */
int64_t counter_get(enum counter_id id);
const char *counter_name(enum counter_id id);

/*
 * From now on processes forked from this one count together, in slots 0..slots-1; this one counts
 * in slot 0. What was counted before is kept. Once, before the first fork and any thread. False:
 * out of memory or of descriptors, nothing changed.
 */
bool counter_share(size_t slots);
/* The descriptor (close-on-exec) of what is shared: a program started in place of this one goes on
 * counting there. -1: nothing is shared. */
int counter_descriptor(void);
/*
 * Goes on with what a process before this one shared, and takes the descriptor over. Instead of
 * counter_share(); what was counted before is added, and the process that counted in slot 0 is
 * taken to be gone. False: that is no such descriptor, nothing changed. Counters of another layout
 * (another version's) are taken over as far as both have them; the processes of that version then
 * count for themselves.
 */
bool counter_adopt(int fd);
/* How many slots there are. */
size_t counter_slots(void);
/* After fork, before any thread: this process counts in `slot`. */
void counter_use_slot(size_t slot);
/* The process that counted in `slot` is gone: nothing of it is open any more, and the log lines
 * that waited in it are lost. */
void counter_close_slot(size_t slot);

#endif
