/*
 * kept: the files of a configuration as one text, so that they can be read again after those on the
 * disk have changed: for each "SIZE NAME", LF, and its bytes.
 */
#ifndef EM_CONFIG_KEPT_PRIVATE_H
#define EM_CONFIG_KEPT_PRIVATE_H

#include <stdbool.h>

#include "util/buffer.h"
#include "util/span.h"

void kept_add(struct buffer *kept, const char *file, struct span text);
/* Cuts the next file off *rest_io. False: there is none, or what is there is none (then *rest_io is
 * not empty). */
bool kept_next(struct span *rest_io, struct span *file_r, struct span *text_r);

#endif
