/*
 * links_html: HTML octet by octet, as browsers take it apart (WHATWG HTML, tokenization), as far as
 * links are concerned. Script, style and comments hold none; what Outlook alone reads in a comment
 * does.
 */
#include "message/links_private.h"

static bool is_letter(char c)
{
    c = ascii_lower(c);
    return c >= 'a' && c <= 'z';
}

static struct span tag_of(const struct html *html)
{
    return (struct span){ html->tag, html->tag_size };
}

static void add_name(char *name, size_t *size_io, char c)
{
    if (*size_io < LINK_NAME_MAX) {
        name[(*size_io)++] = ascii_lower(c);
    }
}

static void add_value(struct html *html, const char *text, size_t size)
{
    size_t room = LINK_URL_MAX - html->value_size;

    size = size < room ? size : room;
    memcpy(html->value + html->value_size, text, size);
    html->value_size += size;
}

/* --- character references ---------------------------------------------- */

static void put_text(struct links *links, const char *text, size_t size)
{
    if (links->html.state == HTML_VALUE) {
        add_value(&links->html, text, size);
    } else {
        links_page_show(links, text, size);
    }
}

/* What was held from '&' on, as its character or as it is. */
static void end_entity(struct links *links, bool is_closed)
{
    struct html *html = &links->html;
    struct span entity = { html->entity, html->entity_size };
    bool is_value = html->state == HTML_VALUE;
    char text[4];
    size_t size = 0;

    html->entity_size = 0;
    /* In a value "&lt=" is no reference. */
    if (is_closed || !is_value || (entity.size > 1 && entity.at[1] == '#')) {
        size = links_entity(entity, is_closed, text);
    }
    if (size > 0) {
        put_text(links, text, size);
        return;
    }
    put_text(links, entity.at, entity.size);
    if (is_closed) {
        put_text(links, ";", 1);
    }
}

/* False: the octet is not of the reference, which has ended. */
static bool in_entity(struct links *links, char c)
{
    struct html *html = &links->html;
    bool is_of_it = is_letter(c) || (c >= '0' && c <= '9') || (c == '#' && html->entity_size == 1);

    if (is_of_it && html->entity_size < LINK_NAME_MAX) {
        html->entity[html->entity_size++] = c;
        return true;
    }
    end_entity(links, c == ';');
    return c == ';';
}

/* --- tags -------------------------------------------------------------- */

static void end_tag(struct links *links)
{
    struct html *html = &links->html;
    struct span tag = tag_of(html);

    html->state = HTML_TEXT;
    links_page_tag(links);
    if (!html->is_end_tag &&
        (span_is_equal(tag, SPAN("script")) || span_is_equal(tag, SPAN("style")))) {
        html->state = HTML_RAW;
        html->raw_seen = 0;
        memcpy(html->raw, html->tag, tag.size);
        html->raw_size = tag.size;
    }
}

void links_html_begin_tag(struct html *html, bool is_end_tag, char c)
{
    html->is_end_tag = is_end_tag;
    html->tag_size = html->name_size = html->value_size = 0;
    html->is_wanted = false;
    add_name(html->tag, &html->tag_size, c);
    html->state = HTML_TAG;
}

static void begin_attribute(struct html *html, char c)
{
    html->name_size = html->value_size = 0;
    html->is_wanted = false;
    add_name(html->name, &html->name_size, c);
    html->state = HTML_ATTRIBUTE;
}

static void begin_value(struct html *html, char quote)
{
    html->quote = quote;
    html->value_size = 0;
    html->is_wanted = links_page_wants(html);
    html->state = HTML_VALUE;
}

static const char *in_text(struct links *links, const char *at, const char *end)
{
    const char *start = at;

    if (links->html.entity_size > 0) {
        return in_entity(links, *at) ? at + 1 : at;
    }
    while (at < end && *at != '<' && *at != '&') {
        at++;
    }
    if (at > start) {
        links_page_show(links, start, (size_t)(at - start));
    }
    if (at == end) {
        return end;
    }
    if (*at == '&') {
        links->html.entity[0] = '&';
        links->html.entity_size = 1;
    } else {
        links->html.state = HTML_OPEN;
    }
    return at + 1;
}

static const char *in_open(struct links *links, const char *at, const char *end)
{
    struct html *html = &links->html;

    (void)end;
    if (is_letter(*at)) {
        links_html_begin_tag(html, false, *at);
    } else if (*at == '/') {
        html->state = HTML_END_OPEN;
    } else if (*at == '!') {
        html->state = HTML_DECLARATION;
        html->mark_size = 0;
    } else if (*at == '?') {
        html->state = HTML_BOGUS;
    } else {
        html->state = HTML_TEXT;
        links_page_show(links, "<", 1);
        return at;
    }
    return at + 1;
}

static const char *in_end_open(struct links *links, const char *at, const char *end)
{
    struct html *html = &links->html;

    (void)end;
    if (is_letter(*at)) {
        links_html_begin_tag(html, true, *at);
    } else {
        html->state = *at == '>' ? HTML_TEXT : HTML_BOGUS;
    }
    return at + 1;
}

static const char *in_tag(struct links *links, const char *at, const char *end)
{
    struct html *html = &links->html;

    while (at < end && *at != '>' && *at != '/' && !links_is_space(*at)) {
        add_name(html->tag, &html->tag_size, *at++);
    }
    if (at == end) {
        return end;
    }
    if (*at == '>') {
        end_tag(links);
    } else {
        html->state = HTML_SPACE;
    }
    return at + 1;
}

static const char *in_space(struct links *links, const char *at, const char *end)
{
    while (at < end && (links_is_space(*at) || *at == '/')) {
        at++;
    }
    if (at == end) {
        return end;
    }
    if (*at == '>') {
        end_tag(links);
    } else {
        begin_attribute(&links->html, *at);
    }
    return at + 1;
}

static const char *in_attribute(struct links *links, const char *at, const char *end)
{
    struct html *html = &links->html;

    while (at < end && *at != '=' && *at != '>' && *at != '/' && !links_is_space(*at)) {
        add_name(html->name, &html->name_size, *at++);
    }
    if (at == end) {
        return end;
    }
    if (*at == '>') {
        end_tag(links);
    } else {
        html->state = *at == '=' ? HTML_BEFORE_VALUE : *at == '/' ? HTML_SPACE : HTML_BEHIND_NAME;
    }
    return at + 1;
}

static const char *behind_name(struct links *links, const char *at, const char *end)
{
    (void)end;
    if (*at == '=') {
        links->html.state = HTML_BEFORE_VALUE;
        return at + 1;
    }
    if (links_is_space(*at)) {
        return at + 1;
    }
    links->html.state = HTML_SPACE;
    return at;
}

static const char *before_value(struct links *links, const char *at, const char *end)
{
    (void)end;
    if (*at == '"' || *at == '\'') {
        begin_value(&links->html, *at);
        return at + 1;
    }
    if (*at == '>') {
        end_tag(links);
        return at + 1;
    }
    if (links_is_space(*at)) {
        return at + 1;
    }
    begin_value(&links->html, '\0');
    return at;
}

static bool ends_value(const struct html *html, char c)
{
    return html->quote != '\0' ? c == html->quote : links_is_space(c) || c == '>';
}

static const char *in_value(struct links *links, const char *at, const char *end)
{
    struct html *html = &links->html;
    const char *start = at;

    if (html->entity_size > 0) {
        return in_entity(links, *at) ? at + 1 : at;
    }
    if (!html->is_wanted && html->quote != '\0') {
        at = memchr(at, html->quote, (size_t)(end - at));
        at = at != NULL ? at : end;
    } else {
        while (at < end && !ends_value(html, *at) && *at != '&') {
            at++;
        }
    }
    if (html->is_wanted) {
        add_value(html, start, (size_t)(at - start));
    }
    if (at == end) {
        return end;
    }
    if (*at == '&' && !ends_value(html, *at)) {
        html->entity[0] = '&';
        html->entity_size = 1;
        return at + 1;
    }
    links_page_value(links);
    html->state = HTML_SPACE;
    return html->quote != '\0' ? at + 1 : at;
}

static links_state *const states[HTML_STATES] = {
    [HTML_TEXT] = in_text,
    [HTML_OPEN] = in_open,
    [HTML_END_OPEN] = in_end_open,
    [HTML_TAG] = in_tag,
    [HTML_SPACE] = in_space,
    [HTML_ATTRIBUTE] = in_attribute,
    [HTML_BEHIND_NAME] = behind_name,
    [HTML_BEFORE_VALUE] = before_value,
    [HTML_VALUE] = in_value,
    [HTML_DECLARATION] = links_hidden_declaration,
    [HTML_COMMENT] = links_hidden_comment,
    [HTML_BOGUS] = links_hidden_bogus,
    [HTML_RAW] = links_hidden_raw,
};

void links_html_begin(struct links *links)
{
    struct html *html = &links->html;

    html->state = HTML_TEXT;
    html->entity_size = html->target_count = html->shown_size = 0;
    html->is_in_link = html->is_wanted = false;
}

void links_html(struct links *links, const char *text, size_t size)
{
    const char *end = text + size;

    while (text < end) {
        text = states[links->html.state](links, text, end);
    }
}

void links_html_end(struct links *links)
{
    struct html *html = &links->html;

    if (html->entity_size > 0) {
        end_entity(links, false);
    }
    links_page_end_link(links);
}
