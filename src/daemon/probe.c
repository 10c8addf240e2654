/*
 * probe: one fork and exec with a pipe for both of its outputs.
 */
#include "daemon/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/takeover.h"

#define SAID_MAX 3000

static void ask(int question_fd)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", question_fd);
    fcntl(question_fd, F_SETFD, 0);
    setenv(TAKEOVER_QUESTION, number, 1);
}

static _Noreturn void become(const char *const argv[], int fd, int question_fd)
{
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);

    ask(question_fd);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    dup2(null, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execv(argv[0], (char *const *)(uintptr_t)argv); /* it changes none */
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

bool probe_start(struct probe *probe, const char *const argv[], int question_fd, uint64_t now_ms)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        close(question_fd);
        return false;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        become(argv, ends[1], question_fd);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        close(question_fd);
        return false;
    }
    *probe = (struct probe){ .pid = pid,
                             .fd = ends[0],
                             .question_fd = question_fd,
                             .program = argv[0],
                             .until_ms = now_ms + PROBE_LONGEST_MS,
                             .said = BUFFER_EMPTY };
    return true;
}

void probe_hear(struct probe *probe)
{
    char piece[1024];
    ssize_t size;

    while ((size = read(probe->fd, piece, sizeof(piece))) > 0) {
        size_t room = SAID_MAX > probe->said.size ? SAID_MAX - probe->said.size : 0;
        buffer_add(&probe->said, piece, (size_t)size < room ? (size_t)size : room);
    }
    if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(probe->fd);
        probe->fd = -1;
    }
}

bool probe_ended(struct probe *probe, int status, const char **why_r)
{
    if (probe->fd >= 0)
        probe_hear(probe);
    probe->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        if (takeover_is_answered(probe->question_fd))
            return true;
        buffer_printf(&probe->said,
                      "%s is no egress-milter that can take over from this one: another program, "
                      "or another version; to change to it, end the daemon and start it",
                      probe->program);
    } else if (WIFSIGNALED(status))
        buffer_printf(&probe->said, "its check died of signal %d (%s)", WTERMSIG(status),
                      strsignal(WTERMSIG(status)));
    else if (probe->said.size == 0)
        buffer_printf(&probe->said, "its check ended with code %d", WEXITSTATUS(status));
    *why_r = buffer_has_failed(&probe->said) ? "out of memory" : buffer_text(&probe->said);
    return false;
}

void probe_free(struct probe *probe)
{
    if (probe->fd >= 0)
        close(probe->fd);
    if (probe->question_fd >= 0)
        close(probe->question_fd);
    buffer_free(&probe->said);
    *probe = PROBE_NONE;
}
