/*
 * transit_requote: where Sendmail writes an address field otherwise than it came.
 *
 * On delivery Sendmail takes each address field apart at its commas, rewrites the address of each
 * member and puts all together again, so the change comes after every filter. Known of it (read in
 * headers.c, seen with 8.17), and no more is claimed here:
 *   - A phrase before <...> is put into quotes when there is one of @ , ; \ ( ) [ ] or of the
 *     option MustQuoteChars (in its own sendmail.cf . and ') in it outside of quotes and comments.
 *   - Members are joined by a comma and one blank: blanks before a comma and null members go, a
 *     missing blank behind one comes.
 *   - Without angle brackets, a comment is parted from what stands beside it by a blank.
 *   - Within angle brackets white space goes, and comments do not stay where they are.
 * What its rulesets do to an address (domains added or made canonical) depends on the site.
 */
#include "message/transit_private.h"

struct scan {
    const char *at, *end;
    bool must_quote; /* in this member, before any "<" */
    bool is_glued;   /* a comment touches what stands beside it */
    bool has_angle;  /* a "<" was seen in this member */
    bool is_rewritten;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Behind a quoted string; `at` is behind its first quote. */
static void skip_quoted(struct scan *scan)
{
    while (scan->at < scan->end && *scan->at != '"')
        scan->at += *scan->at == '\\' && scan->at + 1 < scan->end ? 2 : 1;
    if (scan->at < scan->end)
        scan->at++;
}

/* Behind a comment; `at` is behind its first parenthesis. */
static void skip_comment(struct scan *scan)
{
    size_t depth = 1;

    while (scan->at < scan->end && depth > 0) {
        char c = *scan->at++;

        if (c == '(')
            depth++;
        else if (c == ')')
            depth--;
        else if (c == '\\' && scan->at < scan->end)
            scan->at++;
    }
}

/* `start` is where its parenthesis stands, `value` where the list begins. */
static void read_comment(struct scan *scan, const char *value, const char *start)
{
    bool touches_before = start > value && !is_blank(start[-1]) && start[-1] != ',';

    skip_comment(scan);
    if (touches_before ||
        (scan->at < scan->end && !is_blank(*scan->at) && *scan->at != ',' && *scan->at != '('))
        scan->is_glued = true;
}

static void read_angle(struct scan *scan)
{
    scan->is_rewritten |= scan->must_quote;
    scan->has_angle = true;
    while (scan->at < scan->end && *scan->at != '>') {
        char c = *scan->at++;

        if (c == '"')
            skip_quoted(scan);
        else if (is_blank(c) || c == '(')
            scan->is_rewritten = true;
    }
    if (scan->at < scan->end)
        scan->at++;
}

static void end_member(struct scan *scan)
{
    scan->is_rewritten |= scan->is_glued && !scan->has_angle;
    scan->must_quote = scan->is_glued = scan->has_angle = false;
}

/* `comma` is where it stands: right behind a member, and a blank is next. */
static void read_comma(struct scan *scan, const char *value, const char *comma)
{
    end_member(scan);
    if (comma == value || is_blank(comma[-1]) || comma[-1] == ',' || scan->at == scan->end ||
        !is_blank(*scan->at))
        scan->is_rewritten = true;
}

/* Outside of quotes, comments and angle brackets. */
static void read_octet(struct scan *scan, const char *value)
{
    const char *at = scan->at++;

    switch (*at) {
    case '"':
        skip_quoted(scan);
        break;
    case '(':
        read_comment(scan, value, at);
        break;
    case '<':
        read_angle(scan);
        break;
    case ',':
        read_comma(scan, value, at);
        break;
    case ':': /* what was before it is the name of a group, or taken for one */
        scan->must_quote = false;
        break;
    case '\\':
        if (scan->at < scan->end)
            scan->at++;
        scan->must_quote = true;
        break;
    case '.':
    case '\'':
    case '@':
    case ';':
    case ')':
    case '[':
    case ']':
        scan->must_quote = true;
        break;
    default:
        break;
    }
}

bool transit_is_requoted(struct span value)
{
    struct scan scan = { .is_rewritten = false };

    if (value.at == NULL)
        return false;
    value = span_trim(value);
    scan.at = value.at;
    scan.end = value.at + value.size;
    while (scan.at < scan.end && !scan.is_rewritten)
        read_octet(&scan, value.at);
    end_member(&scan);
    return scan.is_rewritten;
}
