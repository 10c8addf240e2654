/*
 * passed: listening sockets that a service manager made and handed over (sd_listen_fds(3):
 * LISTEN_PID, LISTEN_FDS). They have to be the configured ones, each of them: a socket nobody
 * expects is a mistake in one of the two files.
 */
#ifndef EM_DAEMON_PASSED_H
#define EM_DAEMON_PASSED_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/listen.h"
#include "util/error.h"

#define PASSED_MAX 64

struct passed {
    size_t count;
    int fds[PASSED_MAX];
    bool is_taken[PASSED_MAX];
};

/* What was handed to this process, once: the variables are removed, the descriptors become
 * close-on-exec. False: more than PASSED_MAX. */
bool passed_take(struct passed *passed_r, struct error *error);
/* The descriptor that listens at `spec`, which is then taken; -1: none does. */
int passed_find(struct passed *passed, const struct listen_spec *spec);
/* Why `text`, which was not found, is a fault: *error names it and what was handed over instead. */
void passed_explain(const struct passed *passed, const char *text, struct error *error);
/* All have been found? False: *error names one that has not. */
bool passed_is_used_up(const struct passed *passed, struct error *error);

#endif
