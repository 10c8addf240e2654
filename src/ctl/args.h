/*
 * args: the words behind a command, read against its option rows.
 */
#ifndef EM_CTL_ARGS_H
#define EM_CTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"

struct ctl_given {
    const struct ctl_option *option;
    const char *value; /* NULL for a switch */
};

struct ctl_args {
    const struct ctl_command *command; /* NULL: none was named */
    struct ctl_given *given;           /* in the order of the command line */
    size_t given_count;
    const char **operands; /* the command's own name not among them */
    size_t operand_count;
};

/*
 * Reads argv[1..] against the common options and those of the command that the first one or two
 * operands name. `--name=value`, `--name value`, `-c value` and `-cvalue` are understood; "--" ends
 * the options, "-" is an operand. False with *error: a usage error; args_r then holds what was
 * understood, the command for one. Free with args_free() either way.
 */
bool args_read(const struct ctl *ctl, int argc, const char *const *argv, struct ctl_args *args_r,
               struct error *error);
void args_free(struct ctl_args *args);

/* Was it given? */
bool args_has(const struct ctl_args *args, const char *name);
/* The value of the last one given, NULL when absent. */
const char *args_value(const struct ctl_args *args, const char *name);
/* All of an option that repeats, in order: start with *position_io = 0; NULL at the end. */
const char *args_next(const struct ctl_args *args, const char *name, size_t *position_io);

/* The command of one or two words that `first` and `second` (may be NULL) name; *words_r says how
 * many of them. NULL: no such command. */
const struct ctl_command *command_find(const struct ctl *ctl, const char *first, const char *second,
                                       size_t *words_r);
/* Reserved for a later version: the name is right, but there is nothing behind it yet. */
bool command_is_planned(const char *name);

#endif
