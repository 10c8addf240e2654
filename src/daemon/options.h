/*
 * options: the command line of egress-milter.
 */
#ifndef EM_DAEMON_OPTIONS_H
#define EM_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

/* What the program ends with (CONTRACT: sysexits where they fit). */
enum daemon_exit { DAEMON_GOOD = 0, DAEMON_USAGE = 64, DAEMON_INTERNAL = 70, DAEMON_CONFIG = 78 };

enum daemon_action { ACTION_RUN, ACTION_CHECK, ACTION_VERSION, ACTION_HELP };

struct daemon_options {
    enum daemon_action action;
    const char *config_path; /* as given; EM_CONFIG_FILE when not */
    bool foreground;
    bool strict;
    const char *program; /* from options_find_program(); options_parse() leaves it NULL */
};

/* argv as main() has it. False: a fault was written to `complaints`, the program ends with 64. */
bool options_parse(int argc, char **argv, struct daemon_options *options_r, FILE *complaints);
void options_print_help(FILE *out);
/*
 * The absolute path of this program by the name it was called (argv[0], NULL: unknown), so that a
 * link which an upgrade points elsewhere is followed anew; without a path in the name, where it is
 * now. What lies there later is its successor. The caller frees it; NULL: it cannot be known.
 */
char *options_find_program(const char *called);

#endif
