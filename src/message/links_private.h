/*
 * links_private: what the files of links share. The way of an octet: links.c (which parts) →
 * links_charset.c → links_html.c (with links_hidden.c and links_page.c) or links_join.c →
 * links_window.c → links_text.c → links_name.c or links_url.c → links_host.c → links.c (the list).
 */
#ifndef EM_MESSAGE_LINKS_PRIVATE_H
#define EM_MESSAGE_LINKS_PRIVATE_H

#include "message/links.h"
#include "util/domain.h"

#define LINK_URL_MAX 2048  /* octets of a URL that are read */
#define LINK_WINDOW 4096   /* octets of text looked at together; no word is longer */
#define LINK_SHOWN_MAX 256 /* octets of a link's text */
#define LINK_RECENT_MAX 8  /* hosts of one href */
#define LINK_SLOTS 512     /* a power of two, twice LINKS_MAX */
#define LINK_NAME_MAX 16   /* octets of names in HTML that are of interest, and more */

/* links_charset.c: what of a part has to be made UTF-8. */
enum link_charset { LINK_ASCII_LIKE, LINK_UTF16_LE, LINK_UTF16_BE, LINK_ISO_2022 };

struct link_decoder {
    enum link_charset charset;
    bool has_begun;        /* behind a mark of the order of octets */
    unsigned char held[4]; /* octets of a character, or of an escape sequence */
    unsigned held_size;
    unsigned high; /* UTF-16: the first of a pair */
    bool is_wide;  /* ISO 2022: within a set that is not ASCII */
};

enum html_state {
    HTML_TEXT,
    HTML_OPEN,         /* behind '<' */
    HTML_END_OPEN,     /* behind "</" */
    HTML_TAG,          /* in the name of an element */
    HTML_SPACE,        /* between attributes */
    HTML_ATTRIBUTE,    /* in the name of one */
    HTML_BEHIND_NAME,  /* before a '=', perhaps */
    HTML_BEFORE_VALUE, /* behind '=' */
    HTML_VALUE,
    HTML_DECLARATION, /* behind "<!" */
    HTML_COMMENT,
    HTML_BOGUS, /* up to '>' */
    HTML_RAW,   /* of script and style, up to the end tag */
    HTML_STATES
};

struct html {
    enum html_state state;
    char quote; /* of a value; NUL: none */
    bool is_end_tag;
    char tag[LINK_NAME_MAX], name[LINK_NAME_MAX], raw[LINK_NAME_MAX];
    size_t tag_size, name_size, raw_size; /* up to LINK_NAME_MAX: longer ones are not told apart */
    size_t raw_seen;                      /* of "</raw" */
    char entity[LINK_NAME_MAX];           /* from '&' on */
    size_t entity_size;                   /* 0: none is open */
    char value[LINK_URL_MAX];
    size_t value_size;
    bool is_wanted;  /* the value is of an attribute of interest */
    unsigned dashes; /* of the end of a comment; beyond 2: 2 */
    char mark[8];    /* behind "<!" or "<!--" */
    size_t mark_size;
    /* The link that is open. */
    bool is_in_link;
    struct link *targets[LINK_RECENT_MAX];
    size_t target_count;
    char shown[LINK_SHOWN_MAX];
    size_t shown_size;
};

/* links_join.c: lines that are one. */
enum link_joining {
    LINK_JOIN_NOTHING,
    LINK_JOIN_FOLDED, /* RFC 5545 3.1: a line end and a blank are nothing */
    LINK_JOIN_FLOWED  /* RFC 3676 4.2: a blank and a line end are nothing */
};

struct link_joiner {
    enum link_joining kind;
    char held[3];
    size_t held_size;
};

struct links {
    struct arena *arena;
    struct link_list list;
    struct link *last;
    struct link *slots[LINK_SLOTS];
    struct link *recent[LINK_RECENT_MAX]; /* added or met since recent_count was set to 0 */
    size_t recent_count;
    unsigned parts;
    size_t octets, part_octets, part_max;
    struct span charset; /* of the part, where octets over 127 are not UTF-8; else absent */
    unsigned converted;  /* see links_is_affordable() */
    unsigned decoded;    /* hosts that were made UTF-8 */
    bool is_html;
    struct link_decoder decoder;
    struct link_joiner joiner;
    struct html html;
    char window[LINK_WINDOW];
    size_t window_size;
};

/* links.c: notes a host in normal form, with flags more. NULL: it did not fit. */
struct link *links_add(struct links *links, struct span host, bool is_address, unsigned flags);
/* May it be looked at? So many that are not plain ASCII and no more, for each costs a conversion.
 */
bool links_is_affordable(struct links *links, struct span host);
/* The text of a link, as shown and as meant: a flag where they are of different sites. */
void links_compare(struct links *links, struct span shown, struct link *const *targets,
                   size_t count);
/* UTF-8 from here on. */
void links_take(struct links *links, const char *text, size_t size);

static inline bool links_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

void links_decoder_begin(struct link_decoder *decoder, struct span charset);
/* Gives what it decodes to links_take(). */
void links_decode(struct links *links, const char *bytes, size_t size);

void links_html_begin(struct links *links);
void links_html(struct links *links, const char *text, size_t size);
void links_html_end(struct links *links);

/* A state takes something of [at, end), which is not empty, and gives what is left. */
typedef const char *links_state(struct links *links, const char *at, const char *end);

/* links_hidden.c: within what is not shown. */
links_state links_hidden_declaration, links_hidden_comment, links_hidden_bogus, links_hidden_raw;

/* links_html.c: from the first letter of a tag's name on. */
void links_html_begin_tag(struct html *html, bool is_end_tag, char c);

/* links_page.c: text that is shown; the tag that was read; the attribute that was read. */
void links_page_show(struct links *links, const char *text, size_t size);
void links_page_tag(struct links *links);
bool links_page_wants(const struct html *html);
void links_page_value(struct links *links);
void links_page_end_link(struct links *links);

void links_join(struct links *links, const char *text, size_t size);
void links_join_end(struct links *links);

/* links_entity.c: the character of "&name" or "&#123" (without ';') as UTF-8; 0: none that is
 * known. `is_closed`: a ';' was there. */
size_t links_entity(struct span entity, bool is_closed, char out[static 4]);

/* links_window.c: text that is shown; all of it is looked at when it is flushed. */
void links_put(struct links *links, const char *text, size_t size);
void links_flush(struct links *links);

/* links_text.c: all links of a piece of text that begins and ends between words. */
void links_scan(struct links *links, const char *start, const char *end);

/* links_name.c. Does it begin as names of web servers do? */
bool links_is_www(struct span name);
/* The host that the text begins with as a URL or a name; false: neither. */
bool links_shown_host(struct span text, char out[static DOMAIN_MAX]);
/* A name without scheme, with what may follow a host; false: it is no link. */
bool links_bare(struct links *links, struct span name, struct span rest, unsigned flags);

/* links_url.c: an attribute's value, as browsers read it. */
void links_url(struct links *links, struct span url, unsigned flags);
/* Behind "//": notes the host and what a redirector leads to; false: there is no usable host. */
bool links_authority(struct links *links, struct span text, unsigned flags);
/* Where the host of an authority is, and what follows it from '/', '?' or '#' on. */
struct span links_authority_host(struct span text, struct span *rest_r);

enum link_host { LINK_HOST_NONE, LINK_HOST_NAME, LINK_HOST_ADDRESS };

/* links_host.c: a host as it is written in a URL, in the form of struct link. */
enum link_host links_host(struct span written, char out[static DOMAIN_MAX]);
/* Undoes "%XX" once; gives the size. */
size_t links_unescape(struct span text, char *out, size_t room);

/* links_redirect.c: what `rest` (from the path on) of a URL at `host` leads to. */
void links_redirect(struct links *links, struct span host, struct span rest);

/* links_tld.c. Names in normal form. Does the name end in a top-level domain that exists? */
bool links_tld_is_known(struct span host);
/* Is it one that file names end in, too? */
bool links_tld_is_suffix(struct span host);
/* Would the same people answer for both? */
bool links_is_same_site(struct span a, struct span b);

#endif
