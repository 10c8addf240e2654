/*
 * notify: the protocol of sd_notify(3) spoken directly; a library for it would bring five others.
 */
#include "daemon/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log/log.h"
#include "util/clock.h"

static const char *socket_name(void)
{
    const char *name = getenv("NOTIFY_SOCKET");

    return name != NULL && (name[0] == '/' || name[0] == '@') && name[1] != '\0' ? name : NULL;
}

bool notify_is_wanted(void)
{
    return socket_name() != NULL;
}

void notify_say(const char *lines)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *name = socket_name();
    socklen_t size;
    int fd;

    if (name == NULL || strlen(name) >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, name, strlen(name));
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0'; /* a name of no file */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 ||
        sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&address, size) < 0)
        log_write(LOG_LEVEL_DEBUG, "cannot tell the service manager: %m");
    if (fd >= 0)
        close(fd);
}

void notify_ready(const char *status)
{
    char lines[256];

    snprintf(lines, sizeof(lines), "READY=1\nSTATUS=%s\nMAINPID=%ld", status, (long)getpid());
    notify_say(lines);
}

void notify_reloading(void)
{
    char lines[96];

    snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
             clock_mono_ns(&clock_system) / 1000);
    notify_say(lines);
}

void notify_stopping(void)
{
    notify_say("STOPPING=1\nSTATUS=lets transactions finish");
}

uint64_t notify_watchdog_ms(void)
{
    const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

    if (interval == NULL || !notify_is_wanted() ||
        (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
        return 0;
    return strtoull(interval, NULL, 10) / 1000;
}
