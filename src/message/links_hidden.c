/*
 * links_hidden: what of HTML is not shown and holds no links: comments, declarations, script and
 * style (WHATWG HTML, tokenization).
 */
#include "message/links_private.h"

const char *links_hidden_declaration(struct links *links, const char *at, const char *end)
{
    struct html *html = &links->html;

    (void)end;
    html->mark[html->mark_size++] = *at;
    if (*at != '-') {
        html->state = *at == '>' ? HTML_TEXT : HTML_BOGUS;
    } else if (html->mark_size == 2) {
        html->state = HTML_COMMENT;
        html->mark_size = 0;
        html->dashes = 2; /* "<!-->" is a whole one */
    }
    return at + 1;
}

/* "<!--[if mso]>": Outlook reads on behind it. */
static bool is_condition(struct html *html, char c)
{
    if (html->mark_size < 3) {
        html->mark[html->mark_size++] = ascii_lower(c);
    }
    return html->mark_size == 3 && memcmp(html->mark, "[if", 3) == 0;
}

const char *links_hidden_comment(struct links *links, const char *at, const char *end)
{
    struct html *html = &links->html;

    if (html->mark_size < 3 || html->dashes > 0) {
        if (is_condition(html, *at)) {
            html->state = HTML_BOGUS;
        } else if (*at == '>' && html->dashes >= 2) {
            html->state = HTML_TEXT;
        } else if (*at != '!' || html->dashes < 2) { /* "--!>" ends one, too */
            html->dashes = *at == '-' ? html->dashes + (html->dashes < 2 ? 1 : 0) : 0;
        }
        return at + 1;
    }
    at = memchr(at, '-', (size_t)(end - at));
    if (at == NULL) {
        return end;
    }
    html->dashes = 1;
    return at + 1;
}

const char *links_hidden_bogus(struct links *links, const char *at, const char *end)
{
    at = memchr(at, '>', (size_t)(end - at));
    if (at == NULL) {
        return end;
    }
    links->html.state = HTML_TEXT;
    return at + 1;
}

/* Up to "</script" and what ends the name of a tag. */
const char *links_hidden_raw(struct links *links, const char *at, const char *end)
{
    struct html *html = &links->html;
    size_t seen = html->raw_seen;

    if (seen == 0) {
        at = memchr(at, '<', (size_t)(end - at));
        if (at == NULL) {
            return end;
        }
        html->raw_seen = 1;
        return at + 1;
    }
    if (seen == html->raw_size + 2) {
        if (links_is_space(*at) || *at == '/' || *at == '>') {
            links_html_begin_tag(html, true, html->raw[0]);
            html->state = HTML_SPACE;
            return at;
        }
    } else if (seen == 1 ? *at == '/' : ascii_lower(*at) == html->raw[seen - 2]) {
        html->raw_seen++;
        return at + 1;
    }
    html->raw_seen = 0;
    return *at == '<' ? at : at + 1;
}
