/*
 * quiet: see quiet.h.
 */
#include "daemon/quiet.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "util/buffer.h"

enum { LOOK_MS = 5, LOOKS = 3 };

struct other {
    pid_t thread;
    int looks; /* still to come that find it asleep */
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* All other threads, a struct other each; false: cannot tell. */
static bool list_others(struct buffer *others)
{
    DIR *folder = opendir("/proc/self/task");

    if (folder == NULL)
        return false;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct other other = { .thread = atoi(entry->d_name), .looks = LOOKS };
        if (other.thread > 0 && other.thread != gettid())
            buffer_add(others, &other, sizeof(other));
    }
    closedir(folder);
    return !buffer_has_failed(others);
}

/* Runnable, or kept from running by the kernel or SIGSTOP: not done yet. */
static bool is_at_work(pid_t thread)
{
    char path[64], text[256] = "";
    const char *state;
    int fd;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)thread);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false; /* it has ended */
    if (read(fd, text, sizeof(text) - 1) <= 0)
        text[0] = '\0';
    close(fd);
    state = strrchr(text, ')');
    return state != NULL && state[1] == ' ' && strchr("RDTt", state[2]) != NULL;
}

static size_t look(struct other *others, size_t count)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++) {
        others[i].looks -= others[i].looks > 0 && !is_at_work(others[i].thread);
        left += others[i].looks > 0;
    }
    return left;
}

bool quiet_await(int within_ms)
{
    struct buffer others = BUFFER_EMPTY;
    int64_t end_ms = now_ms() + within_ms;
    bool is_quiet = false;

    if (!list_others(&others)) {
        buffer_free(&others);
        poll(NULL, 0, within_ms);
        return false;
    }
    while (!is_quiet && now_ms() < end_ms) {
        is_quiet = look((struct other *)(void *)others.at, others.size / sizeof(struct other)) == 0;
        if (!is_quiet)
            poll(NULL, 0, LOOK_MS);
    }
    buffer_free(&others);
    return is_quiet;
}
