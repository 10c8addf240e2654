/*
 * spf_normal: the records of a walk as libspf2 is to read them (spf_normal.c tells how).
 */
#ifndef EM_AUTH_SPF_NORMAL_H
#define EM_AUTH_SPF_NORMAL_H

#include "auth/spf_private.h"

struct spf_normal {
    struct spf_normal *older;
    struct span name; /* of the domain, or, where a record goes on, made up */
    char *at;         /* the text, NUL-terminated */
    size_t size;
    size_t octets; /* what the library needs for its mechanisms, roundly */
};

/* All records of the walk, in its memory. NULL: they are more than the library may get. */
const struct spf_normal *spf_normal_write(const struct spf_walk *walk);

#endif
