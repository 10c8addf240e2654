/*
 * mta: the calls a milter makes into its MTA, as one table, so that the room runs against libmilter
 * or against a fake in the same process. `session` is the library's handle of the connection.
 *
 * Every call returns true on success. Texts end in NUL, folds are LF, nothing holds '%'.
 */
#ifndef EM_MILTER_MTA_H
#define EM_MILTER_MTA_H

#include <stdbool.h>

struct mta {
    /* The macro's value or NULL; lives until the next callback of the session. */
    const char *(*macro)(void *session, const char *name);
    bool (*set_macros)(void *session, int stage,
                       const char *names); /* smfi_setsymlist: negotiation only */
    bool (*set_reply)(void *session, const char *code, const char *enhanced, const char *text);
    bool (*prepend_header)(void *session, const char *name, const char *value); /* at index 0 */
    bool (*append_header)(void *session, const char *name, const char *value);
    /* value NULL deletes; instance counts from 1 among fields of that name */
    bool (*change_header)(void *session, const char *name, int instance, const char *value);
    bool (*quarantine)(void *session, const char *reason);
    void *(*get_private)(void *session);
    void (*set_private)(void *session, void *context);
};

#endif
