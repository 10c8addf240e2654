/*
 * python_pipe: see python_pipe.h.
 */
#include "tests/corpus/python_pipe.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_both(int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

bool python_pipe_start(const char *script, struct python_pipe *python_r)
{
    char path[4096];
    int to[2], from[2];
    const char *top = getenv("TOP_SRCDIR"), *interpreter = getenv("PYTHON3");
    if (top == NULL || interpreter == NULL || pipe(to) != 0) {
        return false;
    }
    if (pipe(from) != 0) {
        close_both(to);
        return false;
    }
    snprintf(path, sizeof(path), "%s/%s", top, script);
    signal(SIGPIPE, SIG_IGN);
    python_r->pid = fork();
    if (python_r->pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close_both(to);
        close_both(from);
        execl(interpreter, interpreter, path, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    python_r->to = fdopen(to[1], "w");
    python_r->from = fdopen(from[0], "r");
    return python_r->pid > 0 && python_r->to != NULL && python_r->from != NULL;
}

int python_pipe_end(struct python_pipe *python)
{
    int status = -1;
    fclose(python->to);
    fclose(python->from);
    bool is_known = waitpid(python->pid, &status, 0) == python->pid;
    return is_known && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
