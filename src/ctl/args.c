/*
 * args: reads a command line against option rows (POSIX 12.2 and the GNU long form), since
 * getopt_long keeps its state in globals and knows one table only.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/args.h"

const struct ctl_option ctl_common_options[] = {
    { .name = "config",
      .letter = 'c',
      .argument = "FILE",
      .brief = "configuration file (" EM_CONFIG_FILE ")" },
    { .name = "json", .brief = "one JSON object instead of text" },
    { .name = "help", .letter = 'h', .brief = "usage of egressctl, or of the command" },
    { .name = "version", .letter = 'V', .brief = "version" },
    CTL_OPTIONS_END,
};

const struct ctl_command *command_find(const struct ctl *ctl, const char *first, const char *second,
                                       size_t *words_r)
{
    for (size_t i = 0; i < ctl->command_count; i++) {
        const struct ctl_command *command = ctl->commands[i];
        const char *space = strchr(command->name, ' ');

        if (space == NULL && strcmp(command->name, first) == 0) {
            *words_r = 1;
            return command;
        }
        if (space != NULL && second != NULL && strlen(first) == (size_t)(space - command->name) &&
            strncmp(command->name, first, strlen(first)) == 0 && strcmp(space + 1, second) == 0) {
            *words_r = 2;
            return command;
        }
    }
    return NULL;
}

static const struct ctl_option *row_find(const struct ctl_option *rows, const char *name,
                                         size_t name_size, char letter)
{
    for (const struct ctl_option *row = rows; row != NULL && row->name != NULL; row++) {
        if (letter != '\0'
                ? row->letter == letter
                : strlen(row->name) == name_size && strncmp(row->name, name, name_size) == 0)
            return row;
    }
    return NULL;
}

/* The command may not be known yet when an option stands before it; only the common ones may. */
static const struct ctl_option *option_find(const struct ctl_args *args, const char *name,
                                            size_t name_size, char letter)
{
    const struct ctl_option *row = NULL;

    if (args->command != NULL)
        row = row_find(args->command->options, name, name_size, letter);
    return row != NULL ? row : row_find(ctl_common_options, name, name_size, letter);
}

static bool option_take(struct ctl_args *args, const struct ctl_option *row, const char *value,
                        struct error *error)
{
    for (size_t i = 0; i < args->given_count && !row->repeats; i++) {
        if (args->given[i].option == row && row->argument != NULL) {
            error_set(error, "--%s is given twice", row->name);
            return false;
        }
    }
    args->given[args->given_count++] = (struct ctl_given){ row, value };
    return true;
}

/* One option word at argv[*at_io]; takes the next word too where it is the value. */
static bool option_read(struct ctl_args *args, int argc, const char *const *argv, int *at_io,
                        struct error *error)
{
    const char *word = argv[*at_io];
    bool is_long = word[1] == '-';
    const char *equals = is_long ? strchr(word, '=') : NULL;
    size_t name_size = equals != NULL ? (size_t)(equals - word) - 2 : strlen(word + 1) - 1;
    const struct ctl_option *row = is_long ? option_find(args, word + 2, name_size, '\0')
                                           : option_find(args, NULL, 0, word[1]);
    const char *attached = is_long ? equals : (word[2] != '\0' ? word + 1 : NULL);

    if (row == NULL) {
        bool is_planned = strcmp(word, "--live") == 0; /* of explain: ask the daemon's real state */

        error_set(error, is_planned ? "%s is reserved for a later version" : "unknown option %s",
                  word);
        return false;
    }
    if (row->argument == NULL) {
        if (attached != NULL) {
            error_set(error, "--%s takes no value", row->name);
            return false;
        }
        return option_take(args, row, NULL, error);
    }
    if (attached != NULL)
        return option_take(args, row, attached + 1, error);
    if (*at_io + 1 >= argc) {
        error_set(error, "--%s wants %s", row->name, row->argument);
        return false;
    }
    *at_io += 1;
    return option_take(args, row, argv[*at_io], error);
}

/* The command is looked for as soon as a word may complete its name, so that its options are known
 * from there on. */
static void operand_take(const struct ctl *ctl, struct ctl_args *args, const char *word)
{
    size_t words = 0;

    args->operands[args->operand_count++] = word;
    if (args->command != NULL || args->operand_count > 2)
        return;
    args->command = command_find(ctl, args->operands[0],
                                 args->operand_count == 2 ? args->operands[1] : NULL, &words);
    if (args->command != NULL)
        args->operand_count = 0;
}

/* "key" alone, "key nwe": say what there is. */
static void error_unknown(const struct ctl *ctl, const struct ctl_args *args, struct error *error)
{
    const char *first = args->operands[0];
    size_t size = strlen(first);
    struct buffer known = BUFFER_EMPTY;

    for (size_t i = 0; i < ctl->command_count; i++) {
        const char *name = ctl->commands[i]->name;

        if (strncmp(name, first, size) == 0 && name[size] == ' ')
            buffer_printf(&known, "%s%s", known.size > 0 ? ", " : "", name);
    }
    if (known.size > 0)
        error_set(error, "%s what? there are: %s", first, buffer_text(&known));
    else if (command_is_planned(first))
        error_set(error, "%s is reserved for a later version", first);
    else
        error_set(error, "unknown command %s", first);
    buffer_free(&known);
}

static bool operands_fit(const struct ctl *ctl, const struct ctl_args *args, struct error *error)
{
    const struct ctl_command *command = args->command;

    if (args_has(args, "help") || args_has(args, "version"))
        return true;
    if (command == NULL && args->operand_count == 0) {
        error_set(error, "a command is missing");
        return false;
    }
    if (command == NULL) {
        error_unknown(ctl, args, error);
        return false;
    }
    if (args->operand_count < command->operands_min) {
        error_set(error, "%s wants %s", command->name, command->operands);
        return false;
    }
    if (args->operand_count > command->operands_max) {
        error_set(error, "%s: unexpected %s", command->name, args->operands[command->operands_max]);
        return false;
    }
    return true;
}

bool args_read(const struct ctl *ctl, int argc, const char *const *argv, struct ctl_args *args_r,
               struct error *error)
{
    bool is_over = false; /* "--" was seen */

    *args_r = (struct ctl_args){ .given = calloc((size_t)argc + 1, sizeof(*args_r->given)),
                                 .operands = calloc((size_t)argc + 1, sizeof(char *)) };
    if (args_r->given == NULL || args_r->operands == NULL) {
        error_set(error, "out of memory");
        return false;
    }
    for (int i = 1; i < argc; i++) {
        if (!is_over && strcmp(argv[i], "--") == 0)
            is_over = true;
        else if (is_over || argv[i][0] != '-' || argv[i][1] == '\0')
            operand_take(ctl, args_r, argv[i]);
        else if (!option_read(args_r, argc, argv, &i, error))
            return false;
    }
    return operands_fit(ctl, args_r, error);
}

void args_free(struct ctl_args *args)
{
    free(args->given);
    free(args->operands);
    *args = (struct ctl_args){ .command = NULL };
}

const char *args_next(const struct ctl_args *args, const char *name, size_t *position_io)
{
    while (*position_io < args->given_count) {
        const struct ctl_given *given = &args->given[(*position_io)++];

        if (strcmp(given->option->name, name) == 0)
            return given->value;
    }
    return NULL;
}

bool args_has(const struct ctl_args *args, const char *name)
{
    for (size_t i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i].option->name, name) == 0)
            return true;
    }
    return false;
}

const char *args_value(const struct ctl_args *args, const char *name)
{
    const char *last = NULL, *value;
    size_t position = 0;

    while ((value = args_next(args, name, &position)) != NULL)
        last = value;
    return last;
}
