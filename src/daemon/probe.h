/*
 * probe: asks the program on disk whether it would start ("-t") before this process becomes it.
 */
#ifndef EM_DAEMON_PROBE_H
#define EM_DAEMON_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/buffer.h"

#define PROBE_LONGEST_MS 60000

struct probe {
    pid_t pid; /* 0: none is under way */
    int fd;    /* what it says; -1: all was said */
    uint64_t until_ms;
    struct buffer said; /* at most a few KiB of it */
};

/* argv[0] is the program's path. False: errno. */
bool probe_start(struct probe *probe, const char *const argv[], uint64_t now_ms);
/* Its descriptor is readable. */
void probe_hear(struct probe *probe);
/* It ended with waitpid()'s status. True: the program would start. Else *why_r (the probe's, until
 * probe_free()) is what it said, or how it ended. */
bool probe_ended(struct probe *probe, int status, const char **why_r);
void probe_free(struct probe *probe);

#endif
