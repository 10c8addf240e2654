/*
 * main: egress-milter from its command line to the check or the start.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/check.h"
#include "daemon/options.h"
#include "daemon/start.h"

/* What was asked for has to arrive. */
static int flushed(int code)
{
    return fflush(stdout) == 0 ? code : DAEMON_INTERNAL;
}

int main(int argc, char **argv)
{
    struct daemon_options options;
    char *program;
    int code;

    if (!options_parse(argc, argv, &options, stderr))
        return DAEMON_USAGE;
    switch (options.action) {
    case ACTION_HELP:
        options_print_help(stdout);
        return flushed(DAEMON_GOOD);
    case ACTION_VERSION:
        printf("egress-milter %s\n", PACKAGE_VERSION);
        return flushed(DAEMON_GOOD);
    case ACTION_CHECK:
        return check_run(&options);
    case ACTION_RUN:
        break;
    }
    options.program = program = options_find_program(argv[0]);
    code = start_run(&options);
    free(program);
    return code;
}
