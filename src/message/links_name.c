/*
 * links_name: names without scheme, and the host a link's text begins with. Mail programs make
 * links of "example.com", but not of the end of a sentence or the name of a file.
 */
#include "message/links_private.h"

static struct span strip_name(struct span name)
{
    while (name.size > 0 && memchr(".-_", name.at[0], 3) != NULL) {
        name = span_from(name, 1);
    }
    while (name.size > 0 && memchr(".-_", name.at[name.size - 1], 3) != NULL) {
        name.size--;
    }
    return name;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* "end.In the beginning": a sentence that begins without a blank before it. */
static bool is_sentence(struct span name)
{
    struct span tld = span_from(name, (size_t)(span_find_last(name, '.') + 1));

    return tld.size == 2 && is_upper(tld.at[0]) && !is_upper(tld.at[1]);
}

bool links_is_www(struct span name)
{
    return span_has_prefix_nocase(name, SPAN("www"));
}

/* "setup.py", "5.is": two labels that need not be a host, where no port or path follows. */
static bool is_doubtful(struct span host, struct span rest)
{
    ptrdiff_t dot = span_find(host, '.');
    bool has_letter = false, has_path = false;

    for (ptrdiff_t i = 0; i < dot; i++) {
        has_letter |= host.at[i] >= 'a';
    }
    if (rest.size > 1) {
        char c = ascii_lower(rest.at[1]);

        has_path = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    }
    return span_find_last(host, '.') == dot && !has_path &&
           (links_tld_is_suffix(host) || (!has_letter && dot < 3));
}

bool links_bare(struct links *links, struct span name, struct span rest, unsigned flags)
{
    char host[DOMAIN_MAX];
    bool is_strict = flags == LINK_IN_TEXT && !links_is_www(name);

    name = strip_name(name);
    if (!links_is_affordable(links, name) || links_host(name, host) != LINK_HOST_NAME ||
        !links_tld_is_known(span_of(host)) ||
        (is_strict && (is_sentence(name) || is_doubtful(span_of(host), rest)))) {
        return false;
    }
    links_add(links, span_of(host), false, flags);
    if (rest.size > 1) {
        links_redirect(links, span_of(host), rest);
    }
    return true;
}

static struct span first_word(struct span text)
{
    size_t size = 0;

    while (size < text.size && (unsigned char)text.at[size] > ' ' &&
           memchr("<>\"", text.at[size], 3) == NULL) {
        size++;
    }
    return span_first(text, size);
}

bool links_shown_host(struct span text, char out[static DOMAIN_MAX])
{
    struct span rest, host;
    const char *scheme;

    text = span_trim(text);
    text = first_word(text);
    scheme = memmem(text.at, text.size < 10 ? text.size : 10, "://", 3);
    if (scheme != NULL) {
        text = span_from(text, (size_t)(scheme - text.at) + 3);
    }
    host = strip_name(links_authority_host(text, &rest));
    if (host.at > text.at && host.at[-1] == '@') {
        return false;
    }
    return links_host(host, out) == LINK_HOST_NAME && links_tld_is_known(span_of(out)) &&
           (scheme != NULL || (!is_sentence(host) && !is_doubtful(span_of(out), rest)));
}
