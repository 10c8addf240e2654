/*
 * links_page: what the pieces of HTML mean: text that is shown, attributes that hold URLs, the text
 * of a link beside its target.
 */
#include "message/links_private.h"

static struct span tag_of(const struct html *html)
{
    return (struct span){ html->tag, html->tag_size };
}

void links_page_show(struct links *links, const char *text, size_t size)
{
    struct html *html = &links->html;
    size_t room = LINK_SHOWN_MAX - html->shown_size;

    links_put(links, text, size);
    if (html->is_in_link) {
        room = size < room ? size : room;
        memcpy(html->shown + html->shown_size, text, room);
        html->shown_size += room;
    }
}

void links_page_end_link(struct links *links)
{
    struct html *html = &links->html;

    if (html->is_in_link) {
        links_compare(links, (struct span){ html->shown, html->shown_size }, html->targets,
                      html->target_count);
    }
    html->is_in_link = false;
    html->target_count = html->shown_size = 0;
}

/* Elements that leave a word in one piece. */
static bool is_inline(struct span tag)
{
    static const struct span names[] = {
        { "b", 1 },   { "i", 1 },    { "u", 1 },    { "s", 1 },     { "em", 2 },   { "tt", 2 },
        { "big", 3 }, { "sub", 3 },  { "sup", 3 },  { "wbr", 3 },   { "font", 4 }, { "span", 4 },
        { "bdo", 3 }, { "code", 4 }, { "mark", 4 }, { "small", 5 }, { "abbr", 4 }, { "strong", 6 }
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (span_is_equal(tag, names[i])) {
            return true;
        }
    }
    return false;
}

bool links_page_wants(const struct html *html)
{
    static const struct span names[] = { { "href", 4 },        { "src", 3 },
                                         { "action", 6 },      { "formaction", 10 },
                                         { "background", 10 }, { "data", 4 },
                                         { "xlink:href", 10 }, { "poster", 6 },
                                         { "longdesc", 8 } };
    struct span name = { html->name, html->name_size };

    if (html->is_end_tag) {
        return false;
    }
    if (span_is_equal(name, SPAN("content"))) {
        return span_is_equal(tag_of(html), SPAN("meta"));
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (span_is_equal(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* "5; url=http://...": where the page goes by itself. */
static struct span refresh_url(struct span value)
{
    size_t at = 0;

    while (at < value.size &&
           (links_is_space(value.at[at]) || strchr("0123456789.;,", value.at[at]))) {
        at++;
    }
    value = span_from(value, at);
    if (at == 0 || !span_has_prefix_nocase(value, SPAN("url"))) {
        return (struct span){ NULL, 0 };
    }
    value = span_trim(span_from(value, 3));
    if (value.size == 0 || value.at[0] != '=') {
        return (struct span){ NULL, 0 };
    }
    value = span_trim(span_from(value, 1));
    return value.size > 0 && (value.at[0] == '"' || value.at[0] == '\'') ? span_from(value, 1)
                                                                         : value;
}

void links_page_value(struct links *links)
{
    struct html *html = &links->html;
    struct span value = { html->value, html->value_size };
    bool is_link = span_is_equal(tag_of(html), SPAN("a")) && memcmp(html->name, "href", 4) == 0;

    if (html->is_wanted && value.size > 0) {
        if (span_is_equal(tag_of(html), SPAN("meta"))) {
            value = refresh_url(value);
        }
        links->recent_count = 0;
        links_url(links, value, LINK_IN_HREF);
        if (is_link) {
            links_page_end_link(links);
            html->target_count = links->recent_count;
            memcpy(html->targets, links->recent, sizeof(html->targets));
        }
    }
    html->is_wanted = false;
    html->value_size = html->name_size = 0;
}

void links_page_tag(struct links *links)
{
    struct html *html = &links->html;

    if (span_is_equal(tag_of(html), SPAN("a"))) {
        if (html->is_end_tag) {
            links_page_end_link(links);
        } else {
            html->is_in_link = html->target_count > 0;
        }
    }
    if (!is_inline(tag_of(html))) {
        links_page_show(links, "\n", 1);
    }
}
