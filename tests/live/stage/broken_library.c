/*
 * A library that fails in the middle of a message: while the file named by EGRESS_BREAK exists,
 * adding a header field ends the process as a library's failed assertion does. Preloaded
 * (LD_PRELOAD) before libmilter.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int smfi_insheader(void *session, int index, char *name, char *value);

int smfi_insheader(void *session, int index, char *name, char *value)
{
    int (*next)(void *, int, char *, char *) =
        (int (*)(void *, int, char *, char *))dlsym(RTLD_NEXT, "smfi_insheader");
    const char *file = getenv("EGRESS_BREAK");

    if (file && access(file, F_OK) == 0) {
        fputs("libcloud: cumulus.c:42: the sky is falling\n", stderr);
        abort();
    }
    return next(session, index, name, value);
}
