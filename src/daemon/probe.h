/*
 * probe: asks the program on disk whether it would start ("-t"), and whether it understands what it
 * would be handed over (takeover.h), before this process becomes it.
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
    int question_fd;
    const char *program;
    uint64_t until_ms;
    struct buffer said; /* at most a few KiB of it */
};

#define PROBE_NONE ((struct probe){ .fd = -1, .question_fd = -1, .said = BUFFER_EMPTY })

/* argv[0] is the program's path and outlives the probe; question_fd is from takeover_write() and
 * becomes the probe's. False: errno. */
bool probe_start(struct probe *probe, const char *const argv[], int question_fd, uint64_t now_ms);
/* Its descriptor is readable. */
void probe_hear(struct probe *probe);
/* It ended with waitpid()'s status. True: the program would start and take over. Else *why_r (the
 * probe's, until probe_free()) is what it said, or how it ended. */
bool probe_ended(struct probe *probe, int status, const char **why_r);
void probe_free(struct probe *probe);

#endif
