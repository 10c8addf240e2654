/*
 * python_pipe: a script of Python's that answers questions, at the two ends of a pipe.
 */
#ifndef EM_TESTS_CORPUS_PYTHON_PIPE_H
#define EM_TESTS_CORPUS_PYTHON_PIPE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct python_pipe {
    FILE *to, *from;
    pid_t pid;
};

/* `script`: its path in the source tree. False: it could not be started. */
bool python_pipe_start(const char *script, struct python_pipe *python_r);
/* Its exit code; -1: it did not end by itself. */
int python_pipe_end(struct python_pipe *python);

#endif
