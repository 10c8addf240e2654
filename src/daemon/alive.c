/*
 * alive: who is alive, and what is told of it: the sign of life to the service manager, and what
 * `egressctl health` goes by.
 *
 * A child that says nothing for a minute of looks, though it once did, is ended and replaced: it is
 * looks that are counted, not time, so that a parent that was stopped itself blames nobody.
 */
#include "daemon/supervisor_private.h"

#include <signal.h>

#include "daemon/notify.h"
#include "log/counter.h"
#include "log/log.h"

#define SILENT_LOOKS 30
/* A child speaks every two seconds, of a round trip that may be five seconds old. */
#define SHORTEST_SILENCE_MS 8000
#define SILENT_LONG_MS 10000 /* worth an alarm */

static uint64_t silence_ms(const struct process *process)
{
    return process->state == PROCESS_SERVING ? process->silent * (uint64_t)ALIVE_LOOK_MS : 0;
}

/* A socket that a restart opens is not missed before the restart is over. */
static bool is_unserved(const struct supervisor *supervisor, size_t slot)
{
    const struct process *ours = supervisor_child_of(supervisor, slot, false);
    const struct process *before = supervisor_child_of(supervisor, slot, true);

    if ((ours != NULL && ours->state == PROCESS_SERVING) ||
        (before != NULL && before->state == PROCESS_SERVING))
        return false;
    return !supervisor->is_taking_over || supervisor->slots[slot].deaths > 0;
}

void alive_tell(const struct supervisor *supervisor)
{
    int64_t unserved = 0, silent = 0;

    for (size_t slot = 0; slot < supervisor->slot_count; slot++)
        unserved += is_unserved(supervisor, slot);
    for (size_t i = 0; i < supervisor->count; i++)
        silent += silence_ms(supervisor->processes[i]) > SILENT_LONG_MS;
    counter_set(COUNTER_SOCKETS_UNSERVED, unserved);
    counter_set(COUNTER_PROCESSES_SILENT, silent);
}

static void look_at_children(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        struct process *process = supervisor->processes[i];
        if (process->state != PROCESS_SERVING || !process->tells_life)
            continue;
        process->silent++;
        if (process->silent == SILENT_LOOKS) {
            log_write(LOG_LEVEL_ERR, "process %ld of %s has not answered for %d s and is ended",
                      (long)process->pid, supervisor_slot_name(supervisor, process),
                      SILENT_LOOKS * ALIVE_LOOK_MS / 1000);
            kill(process->pid, SIGABRT); /* it tells what it is at */
        } else if (process->silent > SILENT_LOOKS) {
            kill(process->pid, SIGKILL);
        }
    }
}

static bool is_all_alive(const struct supervisor *supervisor)
{
    uint64_t most_ms = supervisor->watchdog_ms > SHORTEST_SILENCE_MS ? supervisor->watchdog_ms
                                                                     : SHORTEST_SILENCE_MS;

    for (size_t i = 0; i < supervisor->count; i++) {
        if (silence_ms(supervisor->processes[i]) > most_ms)
            return false;
    }
    return true;
}

void alive_look(struct supervisor *supervisor)
{
    uint64_t now = supervisor_now_ms();

    if (now >= supervisor->look_ms) {
        look_at_children(supervisor);
        supervisor->look_ms = now + ALIVE_LOOK_MS;
    }
    if (supervisor->watchdog_ms > 0 && now >= supervisor->ping_ms) {
        if (is_all_alive(supervisor))
            notify_say("WATCHDOG=1");
        supervisor->ping_ms = now + supervisor->watchdog_ms / 3;
    }
}
