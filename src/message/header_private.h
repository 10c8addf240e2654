/*
 * header_private: for the files of this room that build a header_list without copying its texts.
 */
#ifndef EM_MESSAGE_HEADER_PRIVATE_H
#define EM_MESSAGE_HEADER_PRIVATE_H

#include "message/header.h"

/* As header_list_add, but name and value must live as long as the list. */
bool header_list_attach(struct header_list *list, struct arena *arena, struct span name,
                        struct span value);

#endif
