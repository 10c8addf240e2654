/*
 * key_row: the row of `domains` that names a new key.
 */
#ifndef EM_CTL_KEY_ROW_H
#define EM_CTL_KEY_ROW_H

#include "ctl/ctl.h"
#include "util/buffer.h"

struct key_place {
    const char *domain; /* A-labels */
    const char *selector;
    const char *directory; /* the key is DIRECTORY/DOMAIN/SELECTOR.pem */
    const char *path;
};

/*
 * Appends the row, and in words where it goes; nothing where the configuration finds the key
 * already. A domain without a row gets one that names all keys that lie there for it.
 */
void key_row_make(const struct ctl *ctl, const struct key_place *key, struct buffer *row,
                  struct buffer *where);
/* Appends one key of such a row: { selector = ...; file = ...; }. */
void key_row_print(const char *selector, const char *path, struct buffer *row);

#endif
