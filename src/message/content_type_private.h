/*
 * content_type_private: parameters as they are written, between the file that reads them and the
 * one that puts them together.
 */
#ifndef EM_MESSAGE_CONTENT_TYPE_PRIVATE_H
#define EM_MESSAGE_CONTENT_TYPE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "message/content_type.h"

struct piece {
    struct span name;  /* as written, without marks */
    struct span value; /* quotes removed; percents as they stand */
    int section;       /* RFC 2231 3; -1: it is the whole */
    bool is_extended;  /* RFC 2231 4: percents mean octets */
    bool is_taken;
};

struct piece_list {
    struct piece at[CONTENT_PARAMETERS_MAX];
    size_t count;
};

/* Fills parameters and count of *type_io, and adds to its defects. False: arena exhausted. */
bool content_join_pieces(struct piece_list *pieces, struct arena *arena,
                         struct content_type *type_io);

#endif
