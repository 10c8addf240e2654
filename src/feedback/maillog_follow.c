/*
 * maillog_follow: reads from the place in large pieces and cuts them into lines. What has become of
 * the file is asked before each step, so that nothing is read behind a place that is no longer the
 * same, and again at its end: another file under the name means that this one was rotated away.
 */
#include "feedback/maillog_follow_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feedback/maillog_line.h"
#include "util/file.h"

#define ROOM_BYTES ((size_t)256 << 10)

struct maillog_follow {
    char *path;
    enum maillog_follow_from from;
    bool has_place;
    struct maillog_place place; /* of the file that is open, or was last */
    int fd;                     /* -1: none is */
    bool is_rotated;            /* the open one lies under another name, others follow */
    bool is_leaving;            /* there is a new file under the name: read to the end, then go */
    bool is_skipping;           /* within a line that is too long, or whose beginning is unknown */
    struct timespec written;    /* when the rotated one was last written to */
    uint64_t behind;            /* the line that is handed out */
    uint64_t bound;             /* how far the open file may be read; UINT64_MAX: to its end */
    struct maillog_follow_counts counts;
    char room[ROOM_BYTES];
};

struct maillog_follow *maillog_follow_new(const char *path, enum maillog_follow_from from,
                                          const struct maillog_place *place)
{
    struct maillog_follow *follow = calloc(1, sizeof(*follow));
    if (follow == NULL || (follow->path = strdup(path)) == NULL) {
        free(follow);
        return NULL;
    }
    follow->fd = -1;
    follow->bound = UINT64_MAX;
    follow->from = from;
    follow->has_place = place != NULL;
    if (place != NULL) {
        follow->place = *place;
    }
    return follow;
}

static void close_file(struct maillog_follow *follow)
{
    if (follow->fd >= 0) {
        close(follow->fd);
    }
    follow->fd = -1;
    follow->bound = UINT64_MAX;
    follow->is_rotated = follow->is_leaving = follow->is_skipping = false;
}

void maillog_follow_free(struct maillog_follow **follow)
{
    if (*follow == NULL) {
        return;
    }
    close_file(*follow);
    free((*follow)->path);
    free(*follow);
    *follow = NULL;
}

bool maillog_follow_place(const struct maillog_follow *follow, struct maillog_place *place_r)
{
    *place_r = follow->place;
    return follow->has_place;
}

uint64_t maillog_follow_behind(const struct maillog_follow *follow)
{
    return follow->behind;
}

const struct maillog_follow_counts *maillog_follow_counts(const struct maillog_follow *follow)
{
    return &follow->counts;
}

/* --- which file ------------------------------------------------------------------------------ */

/* As much of the head as was handed out: what is not yet written may still become anything. */
static void head_grow(struct maillog_follow *follow)
{
    struct maillog_place *place = &follow->place;
    uint32_t size = place->offset < MAILLOG_HEAD_MAX ? (uint32_t)place->offset : MAILLOG_HEAD_MAX;
    uint64_t head;
    if (size > place->head_size && maillog_head_read(follow->fd, &size, &head)) {
        place->head_size = size;
        place->head = head;
    }
}

/* The open file, from there on. */
static void begin_at(struct maillog_follow *follow, int fd, const struct stat *status,
                     uint64_t offset)
{
    close_file(follow);
    follow->fd = fd;
    follow->has_place = true;
    follow->place = (struct maillog_place){ .device = status->st_dev,
                                            .inode = status->st_ino,
                                            .offset = offset };
    head_grow(follow);
}

static int open_current(struct maillog_follow *follow, struct stat *status_r, struct error *error)
{
    int fd = open(follow->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        file_explain_access(follow->path, errno, error);
        return -1;
    }
    if (fstat(fd, status_r) < 0 || !S_ISREG(status_r->st_mode)) {
        error_set(error, "cannot read %s: it is no regular file", follow->path);
        close(fd);
        return -1;
    }
    return fd;
}

/* The rest of the file of the place, which lies under another name now; false: it is gone. */
static bool begin_rotated(struct maillog_follow *follow)
{
    struct maillog_place place = follow->place;
    struct stat status;
    int fd = maillog_rotated_find(follow->path, &place, &status);
    if (fd < 0) {
        return false;
    }
    begin_at(follow, fd, &status, place.offset);
    follow->is_rotated = true;
    follow->written = status.st_mtim;
    return true;
}

/* Is the line that ends at the offset whole? */
static bool is_line_begin(int fd, uint64_t offset)
{
    char before;
    return offset == 0 || (pread(fd, &before, 1, (off_t)offset - 1) == 1 && before == '\n');
}

void maillog_follow_bound(struct maillog_follow *follow)
{
    struct stat status;
    bool is_known = follow->fd >= 0 && fstat(follow->fd, &status) == 0;
    follow->bound = is_known ? (uint64_t)status.st_size : UINT64_MAX;
}

uint64_t maillog_follow_rewind(struct maillog_follow *follow, uint64_t most_bytes)
{
    uint64_t offset = follow->place.offset;
    if (follow->fd < 0) {
        return 0;
    }
    follow->place.offset = offset > most_bytes ? offset - most_bytes : 0;
    follow->is_skipping = !is_line_begin(follow->fd, follow->place.offset);
    return offset;
}

static bool begin(struct maillog_follow *follow, struct error *error)
{
    struct stat status;
    int fd = open_current(follow, &status, error);
    if (fd < 0) {
        return false;
    }
    if (!follow->has_place) {
        uint64_t offset = follow->from == MAILLOG_FROM_END ? (uint64_t)status.st_size : 0;
        begin_at(follow, fd, &status, offset);
        follow->is_skipping = !is_line_begin(fd, offset);
        return true;
    }
    if (follow->place.inode == status.st_ino && follow->place.device == status.st_dev &&
        follow->place.offset <= (uint64_t)status.st_size && maillog_head_fits(fd, &follow->place)) {
        begin_at(follow, fd, &status, follow->place.offset);
        return true;
    }
    if (begin_rotated(follow)) {
        close(fd);
        return true;
    }
    follow->counts.gaps += follow->place.offset > 0;
    begin_at(follow, fd, &status, 0);
    return true;
}

/* It was cut since the last step, and perhaps grew again: what was cut off lies in a copy. */
static void look_for_cut(struct maillog_follow *follow)
{
    struct stat status;
    if (follow->is_rotated || fstat(follow->fd, &status) < 0 ||
        ((uint64_t)status.st_size >= follow->place.offset &&
         maillog_head_fits(follow->fd, &follow->place))) {
        return;
    }
    follow->counts.truncations++;
    if (!begin_rotated(follow)) {
        int fd = follow->fd;
        follow->fd = -1;
        follow->counts.gaps++;
        begin_at(follow, fd, &status, 0);
    }
}

/* --- lines ----------------------------------------------------------------------------------- */

struct stepping {
    maillog_follow_take *take;
    void *context;
    size_t left_bytes;
};

static void hand_out(struct maillog_follow *follow, const struct stepping *stepping,
                     struct span line)
{
    if (follow->is_skipping) {
        follow->is_skipping = false;
        return;
    }
    if (line.size > 0 && line.at[line.size - 1] == '\r') {
        line.size--;
    }
    if (line.size > MAILLOG_LINE_MAX) {
        follow->counts.long_lines++;
        return;
    }
    follow->counts.lines++;
    stepping->take(stepping->context, line);
}

/* Octets of whole lines in the room, handed out; a line that does not fit in it is skipped. */
static size_t take_lines(struct maillog_follow *follow, const struct stepping *stepping,
                         size_t size)
{
    size_t begin = 0;
    const char *stop;
    while ((stop = memchr(follow->room + begin, '\n', size - begin)) != NULL) {
        size_t end = (size_t)(stop - follow->room);
        follow->behind = follow->place.offset + end + 1;
        hand_out(follow, stepping, (struct span){ follow->room + begin, end - begin });
        begin = end + 1;
    }
    if (begin == 0 && size == ROOM_BYTES) {
        follow->counts.long_lines += !follow->is_skipping;
        follow->is_skipping = true;
        return size;
    }
    return begin;
}

/* False: at the end; *half_r: octets of a line without end that stand in the room. */
static bool read_piece(struct maillog_follow *follow, struct stepping *stepping, size_t *half_r)
{
    uint64_t left = follow->bound > follow->place.offset ? follow->bound - follow->place.offset : 0;
    ssize_t got = pread(follow->fd, follow->room, left < ROOM_BYTES ? (size_t)left : ROOM_BYTES,
                        (off_t)follow->place.offset);
    size_t taken = got > 0 ? take_lines(follow, stepping, (size_t)got) : 0;
    follow->place.offset += taken;
    follow->counts.bytes += taken;
    head_grow(follow);
    stepping->left_bytes -= taken < stepping->left_bytes ? taken : stepping->left_bytes;
    *half_r = got > 0 ? (size_t)got - taken : 0;
    return taken > 0;
}

/* --- at the end of a file -------------------------------------------------------------------- */

/* What was written to no end is all there will be. */
static void take_half(struct maillog_follow *follow, const struct stepping *stepping, size_t half)
{
    if (half > 0) {
        follow->behind = follow->place.offset + half;
        hand_out(follow, stepping, (struct span){ follow->room, half });
        follow->place.offset += half;
        follow->counts.bytes += half;
    }
}

/* After a rotated file the next one, in the order in which they were written. */
static bool leave_rotated(struct maillog_follow *follow, struct error *error)
{
    struct stat left = { .st_mtim = follow->written }, status;
    bool is_packed;
    int fd;
    (void)fstat(follow->fd, &left); /* it may have been written to while it was read */
    fd = maillog_rotated_next(follow->path, &left, &status, &is_packed);
    follow->counts.gaps += is_packed;
    if (fd >= 0) {
        begin_at(follow, fd, &status, 0);
        follow->is_rotated = true;
        follow->written = status.st_mtim;
        return true;
    }
    fd = open_current(follow, &status, error);
    if (fd < 0) {
        return false;
    }
    begin_at(follow, fd, &status, 0);
    return true;
}

/* Is there a new file under the name, with something in it? Until then the old one may still be
 * written to. */
static bool is_replaced(const struct maillog_follow *follow)
{
    struct stat status;
    return stat(follow->path, &status) == 0 && status.st_size > 0 &&
           (status.st_ino != follow->place.inode || status.st_dev != follow->place.device);
}

enum end { END_GO_ON, END_DONE, END_FAILED };

static enum end at_end(struct maillog_follow *follow, const struct stepping *stepping, size_t half,
                       struct error *error)
{
    struct stat status;
    int fd;
    if (follow->place.offset + half >= follow->bound && fstat(follow->fd, &status) == 0 &&
        (uint64_t)status.st_size > follow->bound) {
        return END_DONE;
    }
    if (follow->is_rotated) {
        take_half(follow, stepping, half);
        return leave_rotated(follow, error) ? END_GO_ON : END_FAILED;
    }
    if (!follow->is_leaving) {
        follow->is_leaving = is_replaced(follow);
        return follow->is_leaving ? END_GO_ON : END_DONE; /* it may have grown meanwhile */
    }
    take_half(follow, stepping, half);
    fd = open_current(follow, &status, error);
    if (fd < 0) {
        return END_FAILED;
    }
    follow->counts.rotations++;
    begin_at(follow, fd, &status, 0);
    return END_GO_ON;
}

enum maillog_follow_answer maillog_follow_step(struct maillog_follow *follow, size_t most_bytes,
                                               maillog_follow_take *take, void *context,
                                               struct error *error)
{
    struct stepping stepping = { take, context, most_bytes };
    size_t half;
    if (follow->fd >= 0) {
        look_for_cut(follow);
    } else if (!begin(follow, error)) {
        return MAILLOG_FOLLOW_FAILED;
    }
    for (;;) {
        enum end end;
        if (stepping.left_bytes == 0) {
            return MAILLOG_FOLLOW_MORE;
        }
        if (read_piece(follow, &stepping, &half)) {
            continue;
        }
        end = at_end(follow, &stepping, half, error);
        if (end != END_GO_ON) {
            return end == END_DONE ? MAILLOG_FOLLOW_DONE : MAILLOG_FOLLOW_FAILED;
        }
    }
}
