/*
 * notify: tells a service manager how the daemon is (sd_notify(3)): one datagram to the socket
 * named in NOTIFY_SOCKET. Without that variable every call does nothing.
 */
#ifndef EM_DAEMON_NOTIFY_H
#define EM_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Does a service manager want to be told? Then the daemon stays the process it was started as. */
bool notify_is_wanted(void);
/* Lines "NAME=VALUE". Failing to tell costs nothing but the telling. */
void notify_say(const char *lines);
void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);
/* How often the manager wants a sign of life (WATCHDOG_USEC, meant for this process); 0: not. */
uint64_t notify_watchdog_ms(void);

#endif
