/*
 * log_files: reads in large pieces and cuts them into lines. Compressed files are unpacked by a
 * child (argv, no shell) that reads the file we opened, so no name reaches its command line. Fails
 * with a struct error that names the file; a file that breaks off is a failure too, for a total of
 * half a log would look like one of all.
 */
#include "ctl/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/file.h"

#define ROOM_BYTES ((size_t)256 << 10)

extern char **environ;

/* Programs that unpack stdin to stdout with -dc. */
struct packer {
    struct span ending;
    const char *program;
};

static const struct packer packers[] = {
    { { ".gz", 3 }, "gzip" },
    { { ".xz", 3 }, "xz" },
    { { ".zst", 4 }, "zstd" },
    { { ".bz2", 4 }, "bzip2" },
};

struct log_files {
    const char *const *names;
    size_t count, at; /* at: the one that is read */
    const char *usual;
    int fd;                      /* -1: the next is to be opened */
    pid_t child;                 /* 0: none */
    const struct packer *packer; /* of the child */
    size_t begin, looked, end;   /* what is in room, and how far it has no line end */
    bool is_skipping;            /* within a line that is too long */
    uint64_t long_lines;
    char room[ROOM_BYTES];
};

const char *const log_files_usual[] = { "/var/log/mail.log", "/var/log/maillog", NULL };

static bool is_stdin(const char *name)
{
    return span_is_equal(span_of(name), SPAN("-"));
}

static bool is_readable(const char *name, struct error *error)
{
    struct stat status;

    if (is_stdin(name))
        return true;
    if (faccessat(AT_FDCWD, name, R_OK, AT_EACCESS) < 0) {
        file_explain_access(name, errno, error);
        return false;
    }
    if (stat(name, &status) == 0 && S_ISDIR(status.st_mode)) {
        error_set(error, "cannot read %s: it is a directory", name);
        return false;
    }
    return true;
}

/* The first that is there; whether it may be read is another question. */
static bool usual_take(struct log_files *files, const char *const *usual, struct error *error)
{
    struct stat status;

    for (size_t i = 0; usual[i] != NULL; i++) {
        if (stat(usual[i], &status) == 0 || errno != ENOENT) {
            files->usual = usual[i];
            files->names = &files->usual;
            files->count = 1;
            return true;
        }
    }
    error_set(error,
              "there is no %s%s%s; name the log, or take it from the journal: journalctl -t "
              "egress-milter -o short-iso | egressctl COMMAND -",
              usual[0], usual[0] != NULL && usual[1] != NULL ? " and no " : "",
              usual[0] != NULL && usual[1] != NULL ? usual[1] : "");
    return false;
}

struct log_files *log_files_open(const char *const *names, size_t count, const char *const *usual,
                                 struct error *error)
{
    struct log_files *files = malloc(sizeof(*files));

    if (files == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    files->names = names;
    files->count = count;
    files->at = files->begin = files->looked = files->end = 0;
    files->fd = -1;
    files->child = 0;
    files->is_skipping = false;
    files->long_lines = 0;
    if (count == 0 && !usual_take(files, usual, error))
        log_files_free(&files);
    for (size_t i = 0; files != NULL && i < files->count; i++) {
        if (!is_readable(files->names[i], error))
            log_files_free(&files);
    }
    return files;
}

static const struct packer *packer_of(const char *name)
{
    for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++) {
        if (span_has_suffix_nocase(span_of(name), packers[i].ending))
            return &packers[i];
    }
    return NULL;
}

/* What a name is, for messages. */
static const char *name_of(const struct log_files *files)
{
    return is_stdin(files->names[files->at]) ? "stdin" : files->names[files->at];
}

/* Puts the unpacking child between the file and us. */
static bool child_start(struct log_files *files, struct error *error)
{
    char *argv[] = { (char *)(uintptr_t)files->packer->program, (char[]){ "-dc" }, NULL };
    posix_spawn_file_actions_t actions;
    int ends[2], fault;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        error_set(error, "pipe: %m");
        return false;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, files->fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    fault = posix_spawnp(&files->child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    close(files->fd);
    files->fd = ends[0];
    if (fault == 0)
        return true;
    files->child = 0;
    errno = fault;
    error_set(error, "cannot read %s: %s cannot be run: %m", name_of(files),
              files->packer->program);
    return false;
}

static bool file_start(struct log_files *files, struct error *error)
{
    const char *name = files->names[files->at];

    files->begin = files->looked = files->end = 0;
    files->is_skipping = false;
    if (is_stdin(name)) {
        files->fd = STDIN_FILENO;
        return true;
    }
    files->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (files->fd < 0) {
        file_explain_access(name, errno, error);
        return false;
    }
    files->packer = packer_of(name);
    return files->packer == NULL || child_start(files, error);
}

/* False: the child does not say that it unpacked all. */
static bool file_finish(struct log_files *files, struct error *error)
{
    pid_t child = files->child;
    int status = 0;

    if (files->fd > STDIN_FILENO)
        close(files->fd);
    files->fd = -1;
    files->child = 0;
    if (child == 0)
        return true;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            error_set(error, "cannot tell how %s ended: %m", files->packer->program);
            return false;
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    error_set(error, "cannot read %s: %s -dc ended with %s %d", name_of(files),
              files->packer->program, WIFEXITED(status) ? "status" : "signal",
              WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return false;
}

/* More bytes behind what is there; *is_end_r: there are none. */
static bool read_more(struct log_files *files, bool *is_end_r, struct error *error)
{
    ssize_t got;

    if (files->begin > 0) {
        memmove(files->room, files->room + files->begin, files->end - files->begin);
        files->end -= files->begin;
        files->begin = 0;
    }
    do {
        got = read(files->fd, files->room + files->end, sizeof(files->room) - files->end);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        error_set(error, "cannot read %s: %m", name_of(files));
        return false;
    }
    *is_end_r = got == 0;
    files->end += (size_t)got;
    return true;
}

/* True: a line to hand out; else more must be read, or (at_end) nothing is left. */
static bool line_cut(struct log_files *files, bool at_end, struct span *line_r)
{
    for (;;) {
        char *begin = files->room + files->begin;
        size_t size = files->end - files->begin;
        char *stop =
            size > files->looked ? memchr(begin + files->looked, '\n', size - files->looked) : NULL;
        bool was_skipping = files->is_skipping;

        if (stop == NULL && (!at_end || size == 0)) {
            files->looked = size;
            if (size > LOG_FILES_LINE_MAX) {
                files->long_lines += !files->is_skipping;
                files->is_skipping = true;
                files->begin = files->looked = files->end = 0;
            }
            return false;
        }
        *line_r = (struct span){ begin, stop != NULL ? (size_t)(stop - begin) : size };
        files->begin += line_r->size + (stop != NULL);
        files->looked = 0;
        files->is_skipping = false;
        if (!was_skipping && line_r->size <= LOG_FILES_LINE_MAX)
            return true;
        files->long_lines += !was_skipping;
    }
}

enum log_files_answer log_files_next(struct log_files *files, struct span *line_r,
                                     struct error *error)
{
    bool at_end = false;

    for (;;) {
        if (files->at == files->count)
            return LOG_FILES_END;
        if (files->fd < 0 && !file_start(files, error))
            return LOG_FILES_FAILED;
        if (line_cut(files, at_end, line_r))
            return LOG_FILES_LINE;
        if (at_end) {
            if (!file_finish(files, error))
                return LOG_FILES_FAILED;
            files->at++;
            at_end = false;
        } else if (!read_more(files, &at_end, error)) {
            return LOG_FILES_FAILED;
        }
    }
}

uint64_t log_files_long_lines(const struct log_files *files)
{
    return files->long_lines;
}

void log_files_free(struct log_files **files)
{
    struct error error; /* what is left of a file that is given up does not matter */

    if (*files == NULL)
        return;
    if ((*files)->fd >= 0)
        file_finish(*files, &error);
    free(*files);
    *files = NULL;
}
