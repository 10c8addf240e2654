/*
 * detach: one fork and a pipe. The starter waits, so that an init script knows whether the daemon
 * runs; a daemon that dies before it told closes the pipe and is waited for.
 */
#include "daemon/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/options.h"

/* The code told, or what the daemon's death says. */
static int await_daemon(int fd, pid_t pid)
{
    unsigned char code;
    ssize_t size;
    int status;

    while ((size = read(fd, &code, 1)) < 0 && errno == EINTR)
        ;
    close(fd);
    if (size == 1)
        return code;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return DAEMON_INTERNAL;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        return WEXITSTATUS(status);
    fprintf(stderr, "egress-milter: the daemon died while starting\n");
    return DAEMON_INTERNAL;
}

enum detach_side detach_begin(struct detach *detach, int *code_r, struct error *error)
{
    int ends[2];
    pid_t pid;

    *detach = (struct detach){ .fd = -1 };
    if (pipe2(ends, O_CLOEXEC) < 0) {
        error_set(error, "pipe: %m");
        return DETACH_FAILED;
    }
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        error_set(error, "fork: %m");
        close(ends[0]);
        close(ends[1]);
        return DETACH_FAILED;
    }
    if (pid > 0) {
        close(ends[1]);
        *code_r = await_daemon(ends[0], pid);
        return DETACH_STARTER;
    }
    close(ends[0]);
    detach->fd = ends[1];
    if (setsid() < 0 || chdir("/") < 0) {
        error_set(error, "cannot leave the session: %m");
        return DETACH_FAILED;
    }
    return DETACH_DAEMON;
}

void detach_stdio(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return; /* nothing lost: they stay what they were */
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

void detach_tell(struct detach *detach, int code)
{
    unsigned char byte = (unsigned char)code;

    if (detach->fd < 0)
        return;
    if (code == 0)
        detach_stdio();
    while (write(detach->fd, &byte, 1) < 0 && errno == EINTR)
        ; /* EPIPE: nobody waits any more */
    close(detach->fd);
    detach->fd = -1;
}
