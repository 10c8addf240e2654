/*
 * links: the hosts that a message points to, found in the text of its parts while they stream by.
 *
 * Read is what a reader of mail would make a link of: attributes of HTML, URLs in text, names
 * without scheme ("www.example.com", "example.com/x") below a top-level domain that exists, and
 * domains of mail addresses. Hosts are told as a browser would resolve them. Known redirectors are
 * looked through. No more is kept than what is found; what is beyond a bound is said.
 */
#ifndef EM_MESSAGE_LINKS_H
#define EM_MESSAGE_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "message/content.h"
#include "util/arena.h"
#include "util/span.h"

#define LINKS_MAX 256                        /* different hosts */
#define LINKS_PARTS_MAX 100                  /* parts that are read */
#define LINKS_PART_MAX ((size_t)1 << 20)     /* decoded octets of a part that are read */
#define LINKS_FILE_MAX ((size_t)128 << 10)   /* of one with a file name, unless it is HTML */
#define LINKS_OCTETS_MAX ((size_t)4 << 20)   /* of all parts */
#define LINKS_MEMORY_MAX ((size_t)256 << 10) /* what an arena needs for all of it */

enum link_flag {
    LINK_IN_HREF = 1 << 0,          /* in an attribute of HTML */
    LINK_IN_TEXT = 1 << 1,          /* in text that is shown */
    LINK_MISMATCH = 1 << 2,         /* the text of the link begins with a host of another site */
    LINK_REDIRECTED = 1 << 3,       /* a redirector leads there, or it is within another URL */
    LINK_IS_MAILTO_DOMAIN = 1 << 4, /* of a mail address; with no other flag: of nothing else */
};

struct link {
    struct span host; /* lower case, A-labels, no final dot; or an address, IPv6 without brackets */
    bool is_address;
    unsigned flags;    /* enum link_flag, of all places where it was */
    struct span shown; /* LINK_MISMATCH: the host that was shown instead; else absent */
    const struct link *next;
};

enum link_cut {
    LINK_CUT_COUNT = 1 << 0,  /* LINKS_MAX, or a thousand hosts that are not plain ASCII */
    LINK_CUT_PARTS = 1 << 1,  /* LINKS_PARTS_MAX */
    LINK_CUT_OCTETS = 1 << 2, /* one of the three bounds above */
    LINK_CUT_MEMORY = 1 << 3, /* the arena was exhausted */
};

struct link_list {
    const struct link *first; /* in the order they were found first, each host once */
    size_t count;
    unsigned cuts; /* enum link_cut: there may be more */
};

struct links;

/* NULL: the arena is exhausted. */
struct links *links_new(struct arena *arena);
/* For content_tap_add(); lives as long as the arena. */
struct content_reader links_reader(struct links *links);
/* After the last part; lives as long as the arena. */
const struct link_list *links_found(const struct links *links);

#endif
