/*
 * kicker: keeps libmilter's pool of threads going. Not for other rooms; milter.h has what the
 * daemon calls.
 *
 * libmilter's controller counts a worker as idle until that worker has woken up. Events that arrive
 * together are therefore all queued for the few workers that were idle before, no thread is
 * started, and once those workers are in callbacks that wait, the rest waits behind them, however
 * quickly it could be answered. Each further event that finds no idle worker does start a thread,
 * which then also takes from the queue. So while somebody waits (util/waiting.h) we make such
 * events: a kick is a HELO on a milter connection of our own, answered by nothing but "continue".
 * Several connections, the fan, because a connection makes one event at a time.
 *
 * When nobody waits one kick every KICKER_PULSE_MS goes out, on each connection in turn. It keeps
 * them from being swept as idle, and its answer tells that libmilter is alive. Connections that
 * libmilter closes are made anew.
 */
#ifndef EM_MILTER_KICKER_H
#define EM_MILTER_KICKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KICKER_FAN_MAX = 64,
    /* 50 waiting and 8 quick ends of message at once: the quick ones are answered after 30 ms with
     * a fan of 4, 18 with 8, 12 with 16, 10 with 32, and not sooner with more. */
    KICKER_FAN = 16,
    /* What we offer to ourselves (SMFIF_CHGBODY), by which our connections are known. An MTA that
     * offered no more would be of no use; one that did would be answered by deferrals. */
    KICKER_ACTIONS = 0x02,
};

struct kicker {
    unsigned fan; /* 0: none; tests and measurements set what they want before the run */
    atomic_bool is_stopped;
    _Atomic uint64_t alive_ns;
    void (*serving)(void *context);
    void *context;
};

#endif
