/*
 * countries: runs countries.py.
 */
#include "tests/support/countries.h"

#include <stdio.h>
#include <stdlib.h>

static bool run_script(const char *words)
{
    const char *python = getenv("PYTHON3"), *top = getenv("TOP_SRCDIR");
    char command[2000];
    int size = snprintf(command, sizeof(command), "'%s' -B '%s/tests/support/countries.py' %s",
                        python != NULL ? python : "python3", top != NULL ? top : ".", words);
    return size > 0 && (size_t)size < sizeof(command) && system(command) == 0;
}

bool countries_are_there(void)
{
#ifdef HAVE_MAXMINDDB
    bool is_there = run_script("--help > /dev/null");
    if (!is_there) {
        puts("SKIPPED: no Python to write a database of countries");
    }
    return is_there;
#else
    puts("SKIPPED: no libmaxminddb in this build");
    return false;
#endif
}

bool countries_write(const char *path, const char *rows)
{
    char words[1500];
    int size = snprintf(words, sizeof(words), "--file '%s' %s", path, rows);
    return size > 0 && (size_t)size < sizeof(words) && run_script(words);
}
