/*
 * links_url: URLs as browsers take them apart (WHATWG URL standard): for http and its like any
 * number of slashes or backslashes goes before the authority, the host is behind the last '@', and
 * tabs and line ends are nothing.
 */
#include "message/links_private.h"

#include "message/charset.h"

#define DECODED_MAX 64 /* hosts of a message that are worth a conversion */

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static bool is_host_octet(char c)
{
    unsigned char octet = (unsigned char)ascii_lower(c);

    return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' ||
           octet == '_' || octet == '.' || octet == '%' || octet >= 0x80;
}

/* Without what ends a sentence, not a name. */
static struct span strip_end(struct span host)
{
    while (host.size > 0 && strchr(".-", host.at[host.size - 1]) != NULL) {
        host.size--;
    }
    return host;
}

struct span links_authority_host(struct span text, struct span *rest_r)
{
    size_t size = 0, host = 0, end;

    while (size < text.size && !is_slash(text.at[size]) && text.at[size] != '?' &&
           text.at[size] != '#') {
        if (text.at[size++] == '@') {
            host = size;
        }
    }
    *rest_r = span_from(text, size);
    end = host;
    if (end < size && text.at[end] == '[') {
        const char *close = memchr(text.at + end, ']', size - end);

        end = close != NULL ? (size_t)(close - text.at) + 1 : size;
        return (struct span){ text.at + host, end - host };
    }
    while (end < size && is_host_octet(text.at[end])) {
        end++;
    }
    if (end < size && text.at[end] != ':') {
        *rest_r = span_from(text, end);
    }
    return strip_end((struct span){ text.at + host, end - host });
}

static struct span ascii_start(struct span text)
{
    size_t size = 0;

    while (size < text.size && (unsigned char)text.at[size] < 0x80) {
        size++;
    }
    return strip_end(span_first(text, size));
}

/* Octets over 127 are of the part's set; and text of languages without blanks may follow a host. */
static enum link_host read_host(struct links *links, struct span host, char out[static DOMAIN_MAX])
{
    struct span ascii = ascii_start(host), text = host;
    enum link_host kind;

    if (!links_is_affordable(links, host)) {
        return LINK_HOST_NONE;
    }
    if (ascii.size == host.size) {
        return links_host(host, out);
    }
    if (links->charset.at != NULL && links->decoded < DECODED_MAX && host.size < DOMAIN_MAX) {
        links->decoded++;
        if (!charset_decode(links->charset, host, links->arena, &text)) {
            text = host;
        }
    }
    kind = links_host(text, out);
    if (kind == LINK_HOST_NAME && links_tld_is_known(span_of(out))) {
        return kind;
    }
    if (links_host(ascii, out) == LINK_HOST_NAME && links_tld_is_known(span_of(out))) {
        return LINK_HOST_NAME;
    }
    return links_host(text, out);
}

bool links_authority(struct links *links, struct span text, unsigned flags)
{
    char host[DOMAIN_MAX];
    struct span rest, written = links_authority_host(text, &rest);
    enum link_host kind = read_host(links, written, host);

    if (kind == LINK_HOST_NONE) {
        return false;
    }
    links_add(links, span_of(host), kind == LINK_HOST_ADDRESS, flags);
    if (rest.size > 1 && (is_slash(rest.at[0]) || rest.at[0] == '?' || rest.at[0] == '#')) {
        links_redirect(links, span_of(host), rest);
    }
    return true;
}

/* Of "mailto:", all addresses before '?'. */
static void read_mailto(struct links *links, struct span addresses)
{
    ptrdiff_t query = span_find(addresses, '?');
    struct span address;

    if (query >= 0) {
        addresses.size = (size_t)query;
    }
    while (span_cut(&addresses, ',', &address)) {
        char text[LINK_URL_MAX];
        struct span plain = { text, links_unescape(address, text, sizeof(text)) };
        ptrdiff_t at = span_find_last(plain, '@');

        if (at > 0) {
            links_bare(links, span_from(plain, (size_t)at + 1), (struct span){ NULL, 0 },
                       LINK_IS_MAILTO_DOMAIN);
        }
    }
}

/* "word:" at the start; its size without ':', 0: there is none. */
static size_t scheme_size(struct span url)
{
    for (size_t i = 0; i < url.size; i++) {
        char c = ascii_lower(url.at[i]);

        if (c == ':') {
            return i;
        }
        if ((c < 'a' || c > 'z') &&
            (i == 0 || ((c < '0' || c > '9') && strchr("+-.", c) == NULL))) {
            break;
        }
    }
    return 0;
}

/* A tab or a line end is nothing, a blank at either end neither. */
static struct span browse(struct span url, char out[static LINK_URL_MAX])
{
    size_t size = 0;

    for (size_t i = 0; i < url.size && size < LINK_URL_MAX; i++) {
        unsigned char c = (unsigned char)url.at[i];

        if (c != '\t' && c != '\r' && c != '\n' && (size > 0 || c > ' ')) {
            out[size++] = (char)c;
        }
    }
    while (size > 0 && (unsigned char)out[size - 1] <= ' ') {
        size--;
    }
    return (struct span){ out, size };
}

static bool is_web(struct span scheme)
{
    return span_is_equal_nocase(scheme, SPAN("http")) ||
           span_is_equal_nocase(scheme, SPAN("https")) ||
           span_is_equal_nocase(scheme, SPAN("ftp")) || span_is_equal_nocase(scheme, SPAN("ws")) ||
           span_is_equal_nocase(scheme, SPAN("wss"));
}

/* Mail programs take "www.example.com/x" and "user@example.com" for what they look like. */
static void read_schemeless(struct links *links, struct span url, unsigned flags)
{
    struct span rest, host = links_authority_host(url, &rest);

    if (host.at > url.at && host.at[-1] == '@') {
        links_bare(links, host, (struct span){ NULL, 0 }, LINK_IS_MAILTO_DOMAIN);
    } else {
        links_bare(links, host, rest, flags);
    }
}

void links_url(struct links *links, struct span url, unsigned flags)
{
    char text[LINK_URL_MAX];
    size_t size, slashes = 0;
    struct span scheme;

    url = browse(url, text);
    size = scheme_size(url);
    scheme = span_first(url, size);
    if (size > 0) {
        url = span_from(url, size + 1);
    }
    while (slashes < url.size && is_slash(url.at[slashes])) {
        slashes++;
    }
    if (size > 0 && span_is_equal_nocase(scheme, SPAN("mailto"))) {
        read_mailto(links, span_from(url, slashes));
    } else if (size > 0 ? is_web(scheme) : slashes >= 2) {
        links_authority(links, span_from(url, slashes), flags);
    } else if (slashes == 0 && (size == 0 || span_find(scheme, '.') > 0)) { /* "example.com:80" */
        read_schemeless(links, (struct span){ text, url.size + (size_t)(url.at - text) }, flags);
    }
}
