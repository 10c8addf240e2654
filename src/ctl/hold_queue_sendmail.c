/*
 * hold_queue_sendmail: sendmail(8). It quarantines by giving the control file of a message another
 * name, hfID, beside its body, dfID; both in a queue directory that its list tells, or each kind in
 * a folder of its own there (qf, df, xf).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ctl/hold_queue.h"
#include "ctl/tool.h"
#include "util/file.h"

#define IDS_AT_ONCE 200 /* of one run, all of them arguments */
#define HEADER_MAX ((size_t)4 << 20)

static bool make_tool(const struct hold_settings *settings, struct tool *tool)
{
    bool is_good = true;

    *tool = (struct tool){ .count = 0 };
    for (size_t i = 0; i < settings->command.count && is_good; i++)
        is_good = tool_add(tool, settings->command.at[i]);
    return is_good;
}

static bool too_long(struct error *error)
{
    error_set(error, "hold.command is too long");
    return false;
}

/* --- the list -------------------------------------------------------------------------------- */

/* Called with each message and the directory it lies in; false ends it. */
typedef bool list_each(struct span directory, struct span id, void *context);

/* "\t\t/var/spool/mqueue/q1 (2 requests)" */
static bool read_directory(struct span line, struct span *directory_r)
{
    struct span text = span_trim(line), tail = SPAN(" request");
    ptrdiff_t open = span_find_last(text, '(');

    if (line.size == 0 || line.at[0] != '\t' || text.size == 0 || text.at[0] != '/' || open < 2 ||
        text.at[open - 1] != ' ' ||
        memmem(text.at + open, text.size - (size_t)open, tail.at, tail.size) == NULL)
        return false;
    *directory_r = span_first(text, (size_t)open - 1);
    return true;
}

static bool is_alphanumeric(char c)
{
    char lower = ascii_lower(c);

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

/* The line of a message begins with its id, perhaps with a mark behind it ("*", "-", "?", "X");
 * others are indented. An id ends in the number of a process, so an X at its end is a mark. */
static bool read_id(struct span line, struct span *id_r)
{
    size_t size = 0;

    while (size < line.size && is_alphanumeric(line.at[size]))
        size++;
    *id_r = span_first(line, size > 0 && line.at[size - 1] == 'X' ? size - 1 : size);
    return queue_id_is_good(*id_r) && size < line.size;
}

static bool walk_list(const struct hold_settings *settings, list_each *each, void *context,
                      struct error *error)
{
    struct buffer out = BUFFER_EMPTY, err = BUFFER_EMPTY;
    struct span rest, line, directory = SPAN(""), id;
    struct tool tool;
    bool goes_on = true;
    bool is_good = make_tool(settings, &tool) && tool_add(&tool, "-bp") && tool_add(&tool, "-qQ");

    is_good = is_good ? tool_run(&tool, &out, &err, error) : too_long(error);
    rest = buffer_span(&out);
    while (is_good && goes_on && span_cut(&rest, '\n', &line)) {
        if (!read_directory(line, &directory) && read_id(line, &id))
            goes_on = each(directory, id, context);
    }
    buffer_free(&out);
    buffer_free(&err);
    return is_good;
}

static bool take_id(struct span directory, struct span id, void *context)
{
    (void)directory;
    hold_ids_add(context, id);
    return true;
}

static bool list(const struct hold_settings *settings, struct hold_ids *ids, struct error *error)
{
    bool is_good = walk_list(settings, take_id, ids, error);

    if (is_good && ids->failed) {
        error_set(error, "out of memory");
        is_good = false;
    }
    hold_ids_sort(ids);
    return is_good;
}

/* --- release --------------------------------------------------------------------------------- */

static bool release_some(const struct hold_settings *settings, const struct hold_ids *ids,
                         size_t from, struct error *error)
{
    static const size_t option_room = QUEUE_ID_MAX + 8;
    char options[IDS_AT_ONCE][QUEUE_ID_MAX + 8];
    struct buffer out = BUFFER_EMPTY, err = BUFFER_EMPTY;
    struct tool tool;
    bool is_good = make_tool(settings, &tool) && tool_add(&tool, "-qQ");

    for (size_t i = 0; i < IDS_AT_ONCE && from + i < ids->count && is_good; i++) {
        snprintf(options[i], option_room, "-qI%s", ids->at[from + i]);
        is_good = tool_add(&tool, options[i]);
    }
    is_good = is_good && tool_add(&tool, "-Q"); /* without a reason: the other way round */
    is_good = is_good ? tool_run(&tool, &out, &err, error) : too_long(error);
    buffer_free(&out);
    buffer_free(&err);
    return is_good;
}

static bool release(const struct hold_settings *settings, const struct hold_ids *ids,
                    struct error *error)
{
    bool is_good = true;

    for (size_t from = 0; from < ids->count && is_good; from += IDS_AT_ONCE)
        is_good = release_some(settings, ids, from, error);
    return is_good;
}

/* --- the files ------------------------------------------------------------------------------- */

/* DIRECTORY/hfID, or DIRECTORY/qf/hfID; `fallback` with its slash. False: too long. */
static bool make_path(struct span directory, const char *folder, const char *prefix, const char *id,
                      char path[static 1024])
{
    int size = snprintf(path, 1024, "%.*s/%s%s%s", SPAN_ARG(directory), folder, prefix, id);

    return size > 0 && size < 1024;
}

/* The control file, open; -1: errno. *folder_r says in which manner the queue is laid out. */
static int open_control(struct span directory, const char *id, bool *has_folders_r,
                        char path[static 1024])
{
    int fd = -1;

    errno = ENAMETOOLONG;
    *has_folders_r = false;
    if (make_path(directory, "", "hf", id, path))
        fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT && make_path(directory, "qf/", "hf", id, path)) {
        *has_folders_r = true;
        fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    }
    return fd;
}

/* The lock that sendmail itself takes; the control file goes last, so that a message is never there
 * without its body. */
static bool delete_one(struct span directory, const char *id)
{
    char control[1024], path[1024];
    bool has_folders, is_good;
    int fd = open_control(directory, id, &has_folders, control);

    if (fd < 0)
        return false;
    is_good = flock(fd, LOCK_EX | LOCK_NB) == 0 &&
              make_path(directory, has_folders ? "df/" : "", "df", id, path) &&
              (unlink(path) == 0 || errno == ENOENT) && unlink(control) == 0;
    close(fd);
    return is_good;
}

static bool delete_listed(struct span directory, struct span id, void *context)
{
    char text[QUEUE_ID_MAX + 1];

    snprintf(text, sizeof(text), "%.*s", SPAN_ARG(id));
    if (hold_ids_has(context, id))
        delete_one(directory, text); /* what stays is in the next list */
    return true;
}

static bool delete (const struct hold_settings *settings, const struct hold_ids *ids,
                    struct error *error)
{
    return walk_list(settings, delete_listed, (void *)(uintptr_t)ids, error);
}

/* --- the header ------------------------------------------------------------------------------ */

/* "H?flags?Name: value", and what is folded below it. */
static void add_header(struct span control, struct buffer *out)
{
    struct span rest = control, line;
    bool is_field = false;

    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 0 && (line.at[0] == ' ' || line.at[0] == '\t')) {
            if (!is_field)
                continue;
        } else {
            is_field = line.size > 1 && line.at[0] == 'H';
            if (!is_field)
                continue;
            line = span_from(line, 1);
            if (line.at[0] == '?' && span_find(span_from(line, 1), '?') >= 0)
                line = span_from(line, (size_t)span_find(span_from(line, 1), '?') + 2);
        }
        buffer_add_span(out, line);
        buffer_add_char(out, '\n');
    }
}

struct finding_header {
    const char *id;
    struct buffer control;
    bool is_read;
    struct error *error;
};

static bool read_control(struct span directory, struct span id, void *context)
{
    struct finding_header *finding = context;
    char path[1024];
    bool has_folders;
    int fd;

    if (!span_is_equal(id, span_of(finding->id)))
        return true;
    fd = open_control(directory, finding->id, &has_folders, path);
    if (fd < 0) {
        error_set(finding->error, "%s: %m", path);
        return false;
    }
    finding->is_read = file_read_opened(fd, path, HEADER_MAX, &finding->control, finding->error);
    close(fd);
    return false;
}

static bool header(const struct hold_settings *settings, const char *id, struct buffer *out,
                   struct error *error)
{
    struct finding_header finding = { id, BUFFER_EMPTY, false, error };

    error_set(error, "%s is not in the quarantine", id);
    if (walk_list(settings, read_control, &finding, error) && finding.is_read)
        add_header(buffer_span(&finding.control), out);
    buffer_free(&finding.control);
    return finding.is_read;
}

const struct hold_queue_calls hold_queue_sendmail = {
    .list = list, .release = release, .remove = delete, .header = header
};
