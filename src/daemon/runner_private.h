/*
 * runner_private: one command under way, as the runner knows it (runner_command.c). Not for others.
 */
#ifndef EM_DAEMON_RUNNER_PRIVATE_H
#define EM_DAEMON_RUNNER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/row.h"
#include "notice/request.h"

#define RUNNER_WORDS_MAX 400 /* bytes of what a command says that are kept, the first */

struct runner_command {
    pid_t pid;     /* 0: none */
    int output_fd; /* its stdout and stderr; -1: closed */
    uint64_t until_ms;
    bool is_killed;
    char name[40], path[200];
    char words[RUNNER_WORDS_MAX + 1];
    size_t words_size;
};

/* Starts argv with the request's facts as its environment and the input as its standard input. It
 * gets no other descriptor, no signal blocked, and a process group of its own. False: errno. */
bool runner_command_start(struct runner_command *command, const struct config_texts *argv,
                          const struct request *request);
/* Takes in what it has said. */
void runner_command_hear(struct runner_command *command);
/* What `egressctl health` goes by. */
void runner_count_failure(void);
void runner_command_kill(struct runner_command *command);
/* It has ended with waitpid()'s status: told, and the place is free. */
void runner_command_ended(struct runner_command *command, int status);

#endif
