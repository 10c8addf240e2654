/*
 * link_view: the links of a body, and how a test tells them.
 */
#ifndef TESTS_SUPPORT_LINK_VIEW_H
#define TESTS_SUPPORT_LINK_VIEW_H

#include "message/links.h"
#include "util/buffer.h"

/* The body of a message with these header values ("" for none), fed in pieces of `step` octets. */
const struct link_list *link_view_read(struct arena *arena, struct span content_type,
                                       struct span encoding, struct span body, size_t step);
/*
 * "host flags" for each link, separated by ", ": h (href), t (text), r (redirected), m (domain of a
 * mail address), a (address), and "!shown" for a mismatch. "CUT" at the end where something was
 * cut.
 */
void link_view_show(const struct link_list *list, struct buffer *out);

#endif
