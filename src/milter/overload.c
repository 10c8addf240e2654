/*
 * overload: the ceilings on what all sessions need together. Beyond them a message is refused at
 * MAIL, before anything is kept of it, so nothing grows; whoever was admitted is served to the end.
 *
 * Connections: those above ceilings.connections, counted over all processes, are refused until
 * enough others have gone. Memory: with nine tenths of ceilings.total taken no message begins, so
 * that those under way can go on; one that does not get what it needs all the same has the finding
 * overload.
 */
#include <inttypes.h>
#include <stdio.h>

#include "log/counter.h"
#include "log/log.h"
#include "milter/connection.h"

#define TELL_EVERY_NS (60 * UINT64_C(1000000000))

void overload_admit(struct connection *connection, const struct site *site)
{
    if (!connection->is_admitted) {
        connection->is_admitted =
            counter_get(COUNTER_CONNECTIONS_OPEN) <= site->ceilings->connections;
    }
}

static bool has_memory(struct milter *milter, const struct site *site)
{
    size_t limit = (size_t)site->ceilings->total_bytes;
    atomic_store_explicit(&milter->memory.limit_bytes, limit, memory_order_relaxed);
    return atomic_load_explicit(&milter->memory.taken_bytes, memory_order_relaxed) <=
           limit - limit / 10;
}

const char *overload_reason(struct connection *connection, const struct site *site)
{
    overload_admit(connection, site);
    if (!connection->is_admitted) {
        return "too many connections at once";
    }
    return has_memory(connection->milter, site) ? NULL : "too much mail at once";
}

unsigned overload_tally(struct overload *overload, const struct clock *clock)
{
    uint64_t now_ns = clock_mono_ns(clock) + 1; /* 0 is never */
    uint64_t told_ns = atomic_load(&overload->told_ns);
    atomic_fetch_add(&overload->refused, 1);
    if ((told_ns != 0 && now_ns - told_ns < TELL_EVERY_NS) ||
        !atomic_compare_exchange_strong(&overload->told_ns, &told_ns, now_ns)) {
        return 0;
    }
    return atomic_exchange(&overload->refused, 0);
}

void overload_note(struct milter *milter, const char *reason)
{
    counter_add(COUNTER_OVERLOAD, 1);
    unsigned refused = overload_tally(&milter->overload, milter->world->clock);
    if (refused == 0) {
        return;
    }
    char line[200];
    int size = snprintf(line, sizeof(line),
                        "overload: %s (ceilings); messages deferred since the last such line: %u",
                        reason, refused);
    milter->world->log->write(milter->world->log, LOG_LEVEL_WARNING,
                              (struct span){ line, (size_t)size });
}
