/*
 * tool: runs a program of the mail server and takes in what it says. No shell; bounded in time and
 * in what is kept.
 */
#ifndef EM_CTL_TOOL_H
#define EM_CTL_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/span.h"

#define TOOL_WORDS_MAX 512
#define TOOL_RUN_MS 120000

struct tool {
    const char *words[TOOL_WORDS_MAX + 1]; /* ended by NULL; the first is a path */
    size_t count;
    struct span input; /* what it reads */
};

/* False: too many. */
bool tool_add(struct tool *tool, const char *word);
/* True: it ended with 0; out and err have what it said. False: *error, with its last words. */
bool tool_run(const struct tool *tool, struct buffer *out, struct buffer *err, struct error *error);

#endif
