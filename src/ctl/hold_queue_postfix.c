/*
 * hold_queue_postfix: postsuper(1), and beside it postqueue(1) and postcat(1). Ids go over standard
 * input, so there may be any number of them, and none is taken for an option.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/hold_queue.h"
#include "ctl/tool.h"

/* How postqueue -j begins the line of a message: what a stranger wrote comes later, in quotes. */
#define LINE_BEGIN "{\"queue_name\": \"hold\", \"queue_id\": \""

/* The arguments of the command, with another program of the same folder. False: too long. */
static bool make_tool(const struct hold_settings *settings, const char *name, char path[static 512],
                      struct tool *tool)
{
    const char *command = settings->command.at[0];
    int size =
        snprintf(path, 512, "%.*s%s", (int)(strrchr(command, '/') + 1 - command), command, name);
    bool is_good = size > 0 && size < 512;

    *tool = (struct tool){ .count = 0 };
    is_good = is_good && tool_add(tool, path);
    for (size_t i = 1; i < settings->command.count && is_good; i++)
        is_good = tool_add(tool, settings->command.at[i]);
    return is_good;
}

static bool too_long(struct error *error)
{
    error_set(error, "hold.command is too long");
    return false;
}

static void take_line(struct span line, struct hold_ids *ids)
{
    struct span rest = line, id;

    if (line.size <= sizeof(LINE_BEGIN) || memcmp(line.at, LINE_BEGIN, sizeof(LINE_BEGIN) - 1) != 0)
        return;
    rest = span_from(line, sizeof(LINE_BEGIN) - 1);
    if (span_cut(&rest, '"', &id))
        hold_ids_add(ids, id);
}

static bool list(const struct hold_settings *settings, struct hold_ids *ids, struct error *error)
{
    struct buffer out = BUFFER_EMPTY, err = BUFFER_EMPTY;
    struct tool tool;
    struct span rest, line;
    char path[512];
    bool is_good = make_tool(settings, "postqueue", path, &tool) && tool_add(&tool, "-j");

    is_good = is_good ? tool_run(&tool, &out, &err, error) : too_long(error);
    rest = buffer_span(&out);
    while (is_good && span_cut(&rest, '\n', &line))
        take_line(line, ids);
    if (is_good && (ids->failed || buffer_has_failed(&out))) {
        error_set(error, "out of memory");
        is_good = false;
    }
    buffer_free(&out);
    buffer_free(&err);
    hold_ids_sort(ids);
    return is_good;
}

/* `queue` only with -d: -H is about the hold queue anyway. */
static bool act(const struct hold_settings *settings, const char *option, const char *queue,
                const struct hold_ids *ids, struct error *error)
{
    struct buffer input = BUFFER_EMPTY, out = BUFFER_EMPTY, err = BUFFER_EMPTY;
    struct tool tool;
    char path[512];
    bool is_good = make_tool(settings, "postsuper", path, &tool) && tool_add(&tool, option) &&
                   tool_add(&tool, "-") && (queue == NULL || tool_add(&tool, queue));

    for (size_t i = 0; i < ids->count; i++)
        buffer_printf(&input, "%s\n", ids->at[i]);
    tool.input = buffer_span(&input);
    if (buffer_has_failed(&input)) {
        error_set(error, "out of memory");
        is_good = false;
    } else {
        is_good = is_good ? tool_run(&tool, &out, &err, error) : too_long(error);
    }
    buffer_free(&input);
    buffer_free(&out);
    buffer_free(&err);
    return is_good;
}

static bool release(const struct hold_settings *settings, const struct hold_ids *ids,
                    struct error *error)
{
    return act(settings, "-H", NULL, ids, error);
}

static bool delete (const struct hold_settings *settings, const struct hold_ids *ids,
                    struct error *error)
{
    return act(settings, "-d", "hold", ids, error);
}

static bool header(const struct hold_settings *settings, const char *id, struct buffer *out,
                   struct error *error)
{
    struct buffer err = BUFFER_EMPTY;
    struct tool tool;
    char path[512];
    bool is_good = make_tool(settings, "postcat", path, &tool) && tool_add(&tool, "-qh") &&
                   tool_add(&tool, id);

    is_good = is_good ? tool_run(&tool, out, &err, error) : too_long(error);
    buffer_free(&err);
    return is_good;
}

const struct hold_queue_calls hold_queue_postfix = {
    .list = list, .release = release, .remove = delete, .header = header
};
