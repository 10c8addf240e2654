/*
 * stall_filter: a filter some of whose messages wait (tests/support/stall.h), to measure what that
 * does to the others.
 *
 *     stall_filter SOCKET WAIT_MS [FAN] [portable] [unmarked]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/kicker.h"
#include "tests/support/stall.h"

int main(int argc, char **argv)
{
    struct stall stall = { .fan = KICKER_FAN };
    if (argc < 3) {
        fputs("stall_filter SOCKET WAIT_MS [FAN] [portable] [unmarked]\n", stderr);
        return 64;
    }
    stall.socket = argv[1];
    stall.wait_ms = atoi(argv[2]);
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "portable") == 0) {
            stall.avoids_fd = true;
        } else if (strcmp(argv[i], "unmarked") == 0) {
            stall.is_unmarked = true;
        } else {
            stall.fan = (unsigned)atoi(argv[i]);
        }
    }
    mallopt(M_ARENA_MAX, 2); /* as the daemon */
    return stall_serve(&stall, STDOUT_FILENO);
}
