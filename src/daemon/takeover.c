/*
 * takeover: one line for each thing, read back with sscanf; the last line proves that none is
 * missing.
 */
#include "daemon/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/buffer.h"
#include "util/file.h"

#define VARIABLE "EGRESS_MILTER_TAKEOVER"
#define FIRST_LINE "egress-milter takeover 1"
#define ANSWER "understood by egress-milter"
#define TEXT_MAX (1024 * 1024)

/* --- writing ------------------------------------------------------------------------------- */

static void print_bound(struct buffer *out, const char *what, const struct bound *bound)
{
    buffer_printf(out, "%s %d %ju %ju %d %d %s\n", what, bound->listener.fd,
                  (uintmax_t)bound->listener.device, (uintmax_t)bound->listener.inode,
                  bound->listener.path != NULL, bound->is_passed, bound->spec);
}

static void print_all(struct buffer *out, const struct takeover *takeover)
{
    buffer_printf(out, FIRST_LINE "\nstarted %" PRId64 "\ncounters %d\nconfiguration %d\nplan %d\n",
                  takeover->started_s, takeover->counters_fd, takeover->last_good_fd,
                  takeover->plan_fd);
    buffer_printf(out, "runner %d %d %ld\n", takeover->seat.requests_fd, takeover->seat.door_fd,
                  (long)takeover->seat.pid);
    for (size_t i = 0; i < takeover->sockets.count; i++)
        print_bound(out, "socket", &takeover->sockets.milter[i]);
    if (takeover->sockets.control.spec != NULL)
        print_bound(out, "control", &takeover->sockets.control);
    for (size_t i = 0; i < takeover->process_count; i++) {
        const struct process *process = &takeover->processes[i];
        buffer_printf(out, "process %ld %zd %zu %d %d %d %d\n", (long)process->pid,
                      process->slot == PROCESS_NO_SLOT ? (ssize_t)-1 : (ssize_t)process->slot,
                      process->row, (int)process->state, process->link_fd, process->voice_fd,
                      process->tells_life);
    }
    buffer_add_text(out, "end\n");
}

static void set_inheritable(int fd, bool is_inheritable)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, is_inheritable ? 0 : FD_CLOEXEC);
}

static void set_all_inheritable(const struct takeover *takeover, int fd, bool is_inheritable)
{
    set_inheritable(fd, is_inheritable);
    set_inheritable(takeover->counters_fd, is_inheritable);
    set_inheritable(takeover->last_good_fd, is_inheritable);
    set_inheritable(takeover->plan_fd, is_inheritable);
    set_inheritable(takeover->seat.requests_fd, is_inheritable);
    set_inheritable(takeover->seat.door_fd, is_inheritable);
    set_inheritable(takeover->sockets.control.listener.fd, is_inheritable);
    for (size_t i = 0; i < takeover->sockets.count; i++)
        set_inheritable(takeover->sockets.milter[i].listener.fd, is_inheritable);
    for (size_t i = 0; i < takeover->process_count; i++) {
        set_inheritable(takeover->processes[i].link_fd, is_inheritable);
        set_inheritable(takeover->processes[i].voice_fd, is_inheritable);
    }
}

static bool write_all(int fd, const struct buffer *text)
{
    return fd >= 0 && !buffer_has_failed(text) && file_write_opened(fd, buffer_span(text)) &&
           lseek(fd, 0, SEEK_SET) == 0;
}

int takeover_write(const struct takeover *takeover, struct error *error)
{
    int fd = memfd_create("egress-milter takeover", MFD_CLOEXEC);
    struct buffer text = BUFFER_EMPTY;

    print_all(&text, takeover);
    if (!write_all(fd, &text)) {
        error_set(error, "cannot write down what is to be handed over: %m");
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    buffer_free(&text);
    return fd;
}

void takeover_exec(const struct takeover *takeover, const char *const argv[], struct error *error)
{
    int fd = takeover_write(takeover, error);
    char number[16];

    if (fd < 0)
        return;
    snprintf(number, sizeof(number), "%d", fd);
    setenv(VARIABLE, number, 1);
    set_all_inheritable(takeover, fd, true);
    fflush(NULL);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    error_set(error, "cannot run %s: %m", argv[0]);
    set_all_inheritable(takeover, fd, false);
    unsetenv(VARIABLE);
    close(fd);
}

/* --- reading ------------------------------------------------------------------------------- */

bool takeover_is_offered(void)
{
    return getenv(VARIABLE) != NULL;
}

/* One more element, cleared. */
static void *grow(void **list, size_t count, size_t size)
{
    char *grown = realloc(*list, (count + 1) * size);

    if (grown == NULL)
        return NULL;
    *list = grown;
    memset(grown + count * size, 0, size);
    return grown + count * size;
}

/* The path of a unix socket is the name's, with or without "unix:" before it. */
static char *path_of(const char *spec)
{
    return strdup(strncmp(spec, "unix:", 5) == 0 ? spec + 5 : spec);
}

static bool read_bound(const char *rest, struct bound *bound)
{
    uintmax_t device, inode;
    int fd, has_path, is_passed, used = 0;

    if (sscanf(rest, "%d %ju %ju %d %d %n", &fd, &device, &inode, &has_path, &is_passed, &used) <
            5 ||
        used == 0 || rest[used] == '\0' || fd < -1)
        return false;
    *bound = (struct bound){ .spec = strdup(rest + used),
                             .listener = { .fd = fd,
                                           .path = has_path ? path_of(rest + used) : NULL,
                                           .device = (dev_t)device,
                                           .inode = (ino_t)inode },
                             .is_passed = is_passed != 0 };
    return bound->spec != NULL && (!has_path || bound->listener.path != NULL);
}

static bool read_process(const char *rest, struct process *process)
{
    long pid;
    ssize_t slot;
    size_t row;
    int state, link, voice, life;

    if (sscanf(rest, "%ld %zd %zu %d %d %d %d", &pid, &slot, &row, &state, &link, &voice, &life) <
            7 ||
        pid <= 1 || pid > INT_MAX || state < PROCESS_STARTING || state > PROCESS_RETIRING)
        return false;
    *process = (struct process){ .pid = (pid_t)pid,
                                 .slot = slot < 0 ? PROCESS_NO_SLOT : (size_t)slot,
                                 .row = row,
                                 .state = (enum process_state)state,
                                 .link_fd = link,
                                 .voice_fd = voice,
                                 .is_adopted = true,
                                 .ready_ms = 1,
                                 .tells_life = life != 0 };
    return true;
}

static bool read_seat(const char *rest, struct runner_seat *seat)
{
    long pid;
    int requests, door;

    if (sscanf(rest, "%d %d %ld", &requests, &door, &pid) < 3 || requests < -1 || door < -1 ||
        pid < 0 || pid == 1 || pid > INT_MAX)
        return false;
    *seat = (struct runner_seat){ .requests_fd = requests, .door_fd = door, .pid = (pid_t)pid };
    return true;
}

static bool read_line(const char *line, struct takeover *takeover)
{
    if (strncmp(line, "started ", 8) == 0)
        return sscanf(line + 8, "%" SCNd64, &takeover->started_s) == 1;
    if (strncmp(line, "counters ", 9) == 0)
        return sscanf(line + 9, "%d", &takeover->counters_fd) == 1;
    if (strncmp(line, "configuration ", 14) == 0)
        return sscanf(line + 14, "%d", &takeover->last_good_fd) == 1;
    if (strncmp(line, "plan ", 5) == 0)
        return sscanf(line + 5, "%d", &takeover->plan_fd) == 1;
    if (strncmp(line, "runner ", 7) == 0)
        return read_seat(line + 7, &takeover->seat);
    if (strncmp(line, "control ", 8) == 0)
        return takeover->sockets.control.spec == NULL &&
               read_bound(line + 8, &takeover->sockets.control);
    if (strncmp(line, "socket ", 7) == 0) {
        struct sockets *sockets = &takeover->sockets;
        struct bound *bound = grow((void **)&sockets->milter, sockets->count, sizeof(*bound));
        return bound != NULL && read_bound(line + 7, bound) && ++sockets->count > 0;
    }
    if (strncmp(line, "process ", 8) == 0) {
        struct process *process =
            grow((void **)&takeover->processes, takeover->process_count, sizeof(*process));
        return process != NULL && read_process(line + 8, process) && ++takeover->process_count > 0;
    }
    return true; /* a later version's, and not needed to go on */
}

static bool read_all(char *text, struct takeover *takeover, struct error *error)
{
    char *rest = text, *line = strsep(&rest, "\n");

    if (strcmp(line, FIRST_LINE) != 0) {
        error_set(error, "what was handed over is of another version: \"%.60s\"", line);
        return false;
    }
    while ((line = strsep(&rest, "\n")) != NULL && strcmp(line, "end") != 0) {
        if (!read_line(line, takeover)) {
            error_set(error, "what was handed over cannot be read: \"%.60s\"", line);
            return false;
        }
    }
    if (line == NULL) {
        error_set(error, "what was handed over is incomplete");
        return false;
    }
    for (size_t i = 0; i < takeover->process_count; i++) {
        if (takeover->processes[i].slot >= takeover->sockets.count)
            takeover->processes[i].slot = PROCESS_NO_SLOT;
    }
    return true;
}

/* Of a descriptor that somebody else may have named: at most TEXT_MAX bytes. */
static char *read_text(int fd)
{
    char *text = malloc(TEXT_MAX + 1);
    size_t size = 0;
    ssize_t more = 0;

    while (text != NULL && size < TEXT_MAX && (more = read(fd, text + size, TEXT_MAX - size)) > 0)
        size += (size_t)more;
    if (text == NULL || more < 0) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

bool takeover_take(struct takeover *takeover_r, struct error *error)
{
    int fd = atoi(getenv(VARIABLE));
    char *text = read_text(fd);
    bool is_good = false;

    *takeover_r = (struct takeover){ .counters_fd = -1,
                                     .last_good_fd = -1,
                                     .plan_fd = -1,
                                     .seat = RUNNER_SEAT_NONE,
                                     .sockets = SOCKETS_NONE };
    unsetenv(VARIABLE);
    if (text == NULL)
        error_set(error, "what was handed over cannot be read: %m");
    else
        is_good = read_all(text, takeover_r, error);
    free(text);
    set_all_inheritable(takeover_r, -1, false);
    if (is_good)
        close(fd);
    return is_good;
}

/* --- before it comes to that ----------------------------------------------------------------- */

/* The descriptors it tells of are not here. */
static void forget(struct takeover *takeover)
{
    for (size_t i = 0; i < takeover->sockets.count; i++)
        takeover->sockets.milter[i].listener.fd = -1;
    takeover->sockets.control.listener.fd = -1;
    takeover->seat = RUNNER_SEAT_NONE;
    sockets_close(&takeover->sockets, false);
    free(takeover->processes);
}

bool takeover_answer(struct error *error)
{
    struct takeover takeover = { .sockets = SOCKETS_NONE };
    const char *number = getenv(TAKEOVER_QUESTION);
    char *text;
    int fd;
    bool is_good = false;

    if (number == NULL)
        return true;
    fd = atoi(number);
    text = read_text(fd);
    if (text == NULL)
        error_set(error, "what would be handed over cannot be read: %m");
    else
        is_good = read_all(text, &takeover, error);
    free(text);
    forget(&takeover);
    if (is_good)
        is_good = dprintf(fd, ANSWER " " PACKAGE_VERSION "\n") > 0; /* reading went to its end */
    unsetenv(TAKEOVER_QUESTION);
    close(fd);
    return is_good;
}

bool takeover_is_answered(int fd)
{
    char *text = lseek(fd, 0, SEEK_SET) == 0 ? read_text(fd) : NULL;
    bool is_answered = text != NULL && strstr(text, "\nend\n" ANSWER " ") != NULL;

    free(text);
    return is_answered;
}
