/*
 * links_text: links in text that is shown, as mail programs make them: "http://...", "www.x.y",
 * "x.y/z", "x@y".
 *
 * The search jumps to the octets that every link has ('.', ':', '@', and full stops of other
 * scripts), and looks around them. It never looks behind what was looked at before, so it is
 * linear.
 */
#include "message/links_private.h"

enum { IS_HOST = 1, IS_LOCAL = 2, IS_BREAK = 4, IS_TRIGGER = 8 };

#define LETTER (IS_HOST | IS_LOCAL)

static const unsigned char classes[256] = {
    [0 ... ' '] = IS_BREAK,
    ['"'] = IS_BREAK,
    ['<'] = IS_BREAK,
    ['>'] = IS_BREAK,
    [0x7f] = IS_BREAK,
    ['0' ... '9'] = LETTER,
    ['A' ... 'Z'] = LETTER,
    ['a' ... 'z'] = LETTER,
    ['-'] = LETTER,
    ['_'] = LETTER,
    ['.'] = LETTER | IS_TRIGGER,
    [':'] = IS_TRIGGER,
    ['@'] = IS_TRIGGER,
    ['+'] = IS_LOCAL,
    ['%'] = IS_LOCAL,
    ['='] = IS_LOCAL,
    ['&'] = IS_LOCAL,
    [0xe3] = IS_TRIGGER,
    [0xef] = IS_TRIGGER,
};

struct scan {
    struct links *links;
    const char *start, *end;
    const char *floor; /* all before is done with */
    const char *word;  /* the end of a word, when it was last looked for */
};

static unsigned class_of(char c)
{
    return classes[(unsigned char)c];
}

static struct span between(const char *start, const char *end)
{
    return (struct span){ start, (size_t)(end - start) };
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/*
 * The size of a character that may be in the name of a host without scheme; 0: none. Of three
 * octets only those that stand for ASCII or for nothing: scripts without blanks would join a host
 * with the words around it.
 */
static size_t host_size(const char *text, const char *end)
{
    const unsigned char *at = (const unsigned char *)text;

    if (at[0] < 0x80) {
        return (classes[at[0]] & IS_HOST) != 0;
    }
    if (end - text >= 2 && at[1] >= 0x80 && at[1] < 0xc0) {
        if (at[0] >= 0xc3 && at[0] < 0xe0) {
            return 2;
        }
        if (at[0] == 0xc2 && at[1] == 0xad) {
            return 2;
        }
        if (end - text >= 3 && at[0] >= 0xe2) {
            static const char known[][3] = { "\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d",
                                             "\xe2\x81\xa0", "\xef\xbb\xbf", "\xe3\x80\x82",
                                             "\xef\xbc\x8e", "\xef\xbd\xa1", "\xef\xbc\x8d" };

            for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                if (memcmp(known[i], at, 3) == 0) {
                    return 3;
                }
            }
            return at[0] == 0xef && ((at[1] == 0xbc && at[2] >= 0x90 && at[2] <= 0xba) ||
                                     (at[1] == 0xbd && at[2] >= 0x81 && at[2] <= 0x9a))
                       ? 3
                       : 0;
        }
    }
    return 0;
}

static const char *host_end(const char *at, const char *end)
{
    size_t size;

    while (at < end && (size = host_size(at, end)) > 0) {
        at += size;
    }
    return at;
}

static const char *host_start(const char *at, const char *floor)
{
    for (;;) {
        const char *back = at - 1;

        while (back > floor && at - back < 3 && ((unsigned char)*back & 0xc0) == 0x80) {
            back--;
        }
        if (back < floor || host_size(back, at) != (size_t)(at - back)) {
            return at;
        }
        at = back;
    }
}

static const char *local_start(const char *at, const char *floor)
{
    while (at > floor && (class_of(at[-1]) & IS_LOCAL) != 0) {
        at--;
    }
    return at;
}

/* Looked for once in each word, however many names are in it. */
static const char *word_end(struct scan *scan, const char *at)
{
    if (at >= scan->word) {
        while (at < scan->end && (class_of(*at) & IS_BREAK) == 0) {
            at++;
        }
        scan->word = at;
    }
    return scan->word;
}

/* "see..example.com": what is between empty labels may be a name. */
static bool take_names(struct scan *scan, struct span run, struct span rest)
{
    const char *gap;
    bool is_link = false;

    while ((gap = memmem(run.at, run.size, "..", 2)) != NULL) {
        is_link |= links_bare(scan->links, between(run.at, gap), SPAN(""), LINK_IN_TEXT);
        run = between(gap + 2, run.at + run.size);
    }
    return links_bare(scan->links, run, rest, LINK_IN_TEXT) || is_link;
}

/* Letters and digits before ':', which is not the first octet. */
static struct span scheme_before(const struct scan *scan, const char *colon)
{
    const char *start = colon;

    while (start > scan->floor && colon - start < 16 && (class_of(start[-1]) & IS_HOST) != 0 &&
           start[-1] != '.' && start[-1] != '_') {
        start--;
    }
    return between(start, colon);
}

/* Each of these gives where to go on. */
static const char *at_colon(struct scan *scan, const char *colon)
{
    static const char *const schemes[] = { "http", "https", "ftp" };
    struct span scheme = scheme_before(scan, colon), url;
    const char *at = colon + 1;

    if (scheme.size < 2 || scan->end - at < 2 || !is_slash(at[0]) || !is_slash(at[1])) {
        return colon + 1;
    }
    while (at < scan->end && is_slash(*at)) {
        at++;
    }
    url = between(at, word_end(scan, at));
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (span_has_suffix_nocase(scheme, span_of(schemes[i]))) {
            struct span rest;
            struct span host = links_authority_host(url, &rest);
            bool ends_there =
                rest.size == 0 || (!is_slash(rest.at[0]) && rest.at[0] != '?' && rest.at[0] != '#');

            links_authority(scan->links, url, LINK_IN_TEXT);
            /* "http://a.example,http://b.example" */
            scan->floor = ends_there ? host.at + host.size : url.at + url.size;
            return scan->floor;
        }
    }
    scan->floor = url.at + url.size; /* another scheme is no link to a host */
    return scan->floor;
}

static const char *at_at(struct scan *scan, const char *sign)
{
    const char *local = local_start(sign, scan->floor), *end;
    struct span domain;

    if (local == sign) {
        return sign + 1;
    }
    if (local - scan->floor > 1 && local[-1] == ':') {
        const char *user = local_start(local - 1, scan->floor);

        local = links_is_www(between(user, local)) ? user : local; /* "www.user:password@host" */
    }
    end = host_end(sign + 1, scan->end);
    domain = between(sign + 1, end);
    if (!links_bare(scan->links, domain, SPAN(""),
                    span_has_prefix_nocase(between(local, sign), SPAN("www."))
                        ? LINK_IN_TEXT
                        : LINK_IS_MAILTO_DOMAIN)) {
        return sign + 1;
    }
    scan->floor = end;
    return end;
}

/* "www.user:password@": the host is still to come. */
static bool is_user(const struct scan *scan, struct span run)
{
    const char *at = run.at + run.size;

    if (at < scan->end && *at == ':' && links_is_www(run)) {
        do {
            at++;
        } while (at < scan->end && (class_of(*at) & IS_LOCAL) != 0);
    }
    return at < scan->end && *at == '@';
}

/* "...http://": what was taken for a name ends in a scheme. */
static bool is_scheme(const struct scan *scan, const char *at)
{
    return scan->end - at >= 3 && at[0] == ':' && is_slash(at[1]) && is_slash(at[2]);
}

/* A port, path, query or fragment. */
static bool follows_host(const struct scan *scan, const char *at)
{
    return at < scan->end && (is_slash(*at) || *at == '?' || *at == '#' ||
                              (*at == ':' && at + 1 < scan->end && at[1] >= '0' && at[1] <= '9'));
}

static const char *at_dot(struct scan *scan, const char *dot)
{
    size_t size = host_size(dot, scan->end);
    const char *start, *end;
    struct span run, rest = SPAN("");

    if (size == 0 || dot + size == scan->end || host_size(dot + size, scan->end) == 0) {
        return dot + 1;
    }
    start = host_start(dot, scan->floor);
    end = host_end(dot, scan->end);
    run = between(start, end);
    if (is_user(scan, run) || is_scheme(scan, end)) {
        return end;
    }
    if (follows_host(scan, end)) {
        rest = between(end, word_end(scan, end));
    }
    scan->floor = end;
    if (start > scan->start && start[-1] == '/') { /* a path */
        return end;
    }
    if (take_names(scan, run, rest) && rest.size > 0) {
        scan->floor = rest.at + rest.size;
    }
    return scan->floor;
}

/* Is this one of the octets that lead a full stop of another script? */
static bool is_wide_dot(const char *at, const char *end)
{
    return end - at >= 3 &&
           (memcmp(at, "\xe3\x80\x82", 3) == 0 || memcmp(at, "\xef\xbc\x8e", 3) == 0 ||
            memcmp(at, "\xef\xbd\xa1", 3) == 0);
}

void links_scan(struct links *links, const char *start, const char *end)
{
    struct scan scan = { links, start, end, start, start };
    const char *at = start;

    while (at < end) {
        if ((class_of(*at) & IS_TRIGGER) == 0) {
            at++;
        } else if (*at == ':') {
            at = at_colon(&scan, at);
        } else if (*at == '@') {
            at = at_at(&scan, at);
        } else if (*at == '.' || is_wide_dot(at, end)) {
            at = at_dot(&scan, at);
        } else {
            at++;
        }
    }
}
