/*
 * process: fork, a link, and a pipe for what libraries write to stderr before they abort.
 */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

void child_link_ready(const struct child_link *link)
{
    link_say(link->fd, LINK_READY, NULL);
}

void child_link_reload_others(const struct child_link *link)
{
    link_say(link->fd, LINK_RELOADS, NULL);
}

static void close_both(const int ends[2])
{
    int saved_errno = errno;

    if (ends[0] >= 0)
        close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    errno = saved_errno;
}

pid_t process_fork(size_t slot, bool hears, struct process *process_r, struct child_link *link_r)
{
    int link[2] = { -1, -1 }, voice[2] = { -1, -1 };
    pid_t pid;

    if (!link_open(link))
        return -1;
    /* What nobody reads in time must not stop the child: it is its end that never waits. */
    if (hears && pipe2(voice, O_CLOEXEC | O_NONBLOCK) < 0) {
        close_both(link);
        return -1;
    }
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        close_both(link);
        close_both(voice);
    } else if (pid == 0) {
        close(link[0]);
        if (voice[0] >= 0)
            close(voice[0]);
        *link_r = (struct child_link){ .fd = link[1], .voice_fd = voice[1], .slot = slot };
    } else {
        close(link[1]);
        if (voice[1] >= 0)
            close(voice[1]);
        *process_r = (struct process){ .pid = pid,
                                       .slot = slot,
                                       .link_fd = link[0],
                                       .voice_fd = voice[0],
                                       .started_ms = clock_mono_ns(&clock_system) / 1000000 };
    }
    return pid;
}

void process_note_words(struct process *process, const char *text, size_t size)
{
    size_t surplus;

    if (size > PROCESS_WORDS_MAX) {
        text += size - PROCESS_WORDS_MAX;
        size = PROCESS_WORDS_MAX;
    }
    if (process->words_size + size > PROCESS_WORDS_MAX) { /* the last words count */
        surplus = process->words_size + size - PROCESS_WORDS_MAX;
        memmove(process->words, process->words + surplus, process->words_size - surplus);
        process->words_size -= surplus;
    }
    memcpy(process->words + process->words_size, text, size);
    process->words_size += size;
    process->words[process->words_size] = '\0';
}

void process_hear_voice(struct process *process)
{
    char piece[1024];
    ssize_t size;

    while ((size = read(process->voice_fd, piece, sizeof(piece))) > 0)
        process_note_words(process, piece, (size_t)size);
    if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(process->voice_fd);
        process->voice_fd = -1;
    }
}

void process_close(struct process *process)
{
    if (process->link_fd >= 0)
        close(process->link_fd);
    if (process->voice_fd >= 0)
        close(process->voice_fd);
    process->link_fd = process->voice_fd = -1;
}

/* Each end of a line becomes a separator of three bytes. */
static size_t printed_size(const struct process *process, size_t begin, size_t end)
{
    size_t size = end - begin;

    for (size_t i = begin; i < end; i++)
        size += process->words[i] == '\n' ? 2 : 0;
    return size;
}

/* On one line; where they do not fit, the last of them. */
static void add_words(const struct process *process, char *out, size_t size)
{
    size_t used = strlen(out), begin = 0, end = process->words_size;
    const char *prefix = "; last words: ";

    while (end > 0 && strchr("\n\r ", process->words[end - 1]) != NULL)
        end--;
    if (end == 0 || used + strlen(prefix) >= size)
        return;
    memcpy(out + used, prefix, strlen(prefix));
    used += strlen(prefix);
    while (begin < end && printed_size(process, begin, end) >= size - used)
        begin++;
    for (size_t i = begin; i < end; i++) {
        if (process->words[i] == '\n') {
            memcpy(out + used, " | ", 3);
            used += 3;
        } else {
            out[used++] = process->words[i];
        }
    }
    out[used] = '\0';
}

void process_describe_end(const struct process *process, int status, char *out, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(out, size, "died of signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(out, size, "ended with code %d", WEXITSTATUS(status));
    if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0)
        add_words(process, out, size);
}
