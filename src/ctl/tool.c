/*
 * tool: fork and exec with both outputs in pipes; what it reads lies in memory.
 */
#include "ctl/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

#define OUT_MAX ((size_t)256 << 20)
#define ERR_MAX ((size_t)16 << 20)
#define EXIT_CANNOT_RUN 127

bool tool_add(struct tool *tool, const char *word)
{
    if (tool->count == TOOL_WORDS_MAX)
        return false;
    tool->words[tool->count++] = word;
    return true;
}

struct running {
    pid_t pid;
    int fds[2]; /* its outputs; -1: closed */
    struct buffer *said[2];
    size_t max[2];
};

static int input_open(struct span input)
{
    int fd = memfd_create("egressctl input", MFD_CLOEXEC);

    while (fd >= 0 && input.size > 0) {
        ssize_t size = write(fd, input.at, input.size);
        if (size <= 0) {
            close(fd);
            return -1;
        }
        input = span_from(input, (size_t)size);
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static _Noreturn void become(const struct tool *tool, int input, int out, int err)
{
    dup2(input, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    setenv("LC_ALL", "C", 1);
    execv(tool->words[0], (char *const *)(uintptr_t)tool->words);
    dprintf(STDERR_FILENO, "%s", strerror(errno));
    _exit(EXIT_CANNOT_RUN);
}

static bool start(const struct tool *tool, int input, struct running *running)
{
    int out[2], err[2];

    if (pipe2(out, O_CLOEXEC) < 0)
        return false;
    if (pipe2(err, O_CLOEXEC) < 0) {
        close(out[0]);
        close(out[1]);
        return false;
    }
    running->pid = fork();
    if (running->pid == 0)
        become(tool, input, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    running->fds[0] = out[0];
    running->fds[1] = err[0];
    return running->pid > 0;
}

static void hear(struct running *running, size_t i)
{
    char piece[16384];
    ssize_t size = read(running->fds[i], piece, sizeof(piece));

    if (size > 0) {
        size_t room = running->max[i] - running->said[i]->size;
        buffer_add(running->said[i], piece, (size_t)size < room ? (size_t)size : room);
    } else if (size == 0 || errno != EINTR) {
        close(running->fds[i]);
        running->fds[i] = -1;
    }
}

/* False: it takes too long, and was ended. */
static bool listen_to(struct running *running)
{
    uint64_t end_ms = clock_mono_ns(&clock_system) / 1000000 + TOOL_RUN_MS;

    while (running->fds[0] >= 0 || running->fds[1] >= 0) {
        struct pollfd polled[2] = { { running->fds[0], POLLIN, 0 },
                                    { running->fds[1], POLLIN, 0 } };
        uint64_t now_ms = clock_mono_ns(&clock_system) / 1000000;
        if (now_ms >= end_ms) {
            kill(running->pid, SIGKILL);
            return false;
        }
        if (poll(polled, 2, (int)(end_ms - now_ms)) < 0 && errno != EINTR)
            return false;
        for (size_t i = 0; i < 2; i++) {
            if (polled[i].revents != 0)
                hear(running, i);
        }
    }
    return true;
}

/* The last line, which with most tools is the one that tells. */
static struct span last_line(const struct buffer *err)
{
    struct span text = span_trim(buffer_span(err));
    ptrdiff_t end = span_find_last(text, '\n');

    return end >= 0 ? span_from(text, (size_t)end + 1) : text;
}

static bool judge(const struct tool *tool, int status, const struct buffer *err,
                  struct error *error)
{
    struct span words = span_first(last_line(err), 300);

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFSIGNALED(status))
        error_set(error, "%s died of signal %d", tool->words[0], WTERMSIG(status));
    else
        error_set(error, "%s ended with code %d%s%.*s", tool->words[0], WEXITSTATUS(status),
                  words.size > 0 ? ": " : "", SPAN_ARG(words));
    return false;
}

bool tool_run(const struct tool *tool, struct buffer *out, struct buffer *err, struct error *error)
{
    struct running running = { 0, { -1, -1 }, { out, err }, { OUT_MAX, ERR_MAX } };
    int input = input_open(tool->input), status = 0;
    bool is_good = input >= 0 && start(tool, input, &running);

    if (!is_good)
        error_set(error, "%s cannot be run: %m", tool->words[0]);
    if (input >= 0)
        close(input);
    if (is_good && !listen_to(&running)) {
        error_set(error, "%s took longer than %d s and was ended", tool->words[0],
                  TOOL_RUN_MS / 1000);
        is_good = false;
    }
    for (size_t i = 0; i < 2; i++) {
        if (running.fds[i] >= 0)
            close(running.fds[i]);
    }
    while (running.pid > 0 && waitpid(running.pid, &status, 0) < 0 && errno == EINTR)
        ;
    return is_good && judge(tool, status, err, error);
}
