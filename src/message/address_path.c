/*
 * address_path: the paths of MAIL and RCPT (RFC 5321 4.1.2, 4.1.3, appendix C; RFC 6531 3.3).
 *
 * There is no white space and no comment in a path. MTAs are more lenient here than the RFC and
 * differ in what they make of it; so a path that is none by the RFC is broken, and nobody's.
 */
#include "message/address_private.h"

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* Appendix C: "@relay,@relay:" before the mailbox. */
static bool cut_route(struct span *rest_io, unsigned *defects_io)
{
    ptrdiff_t colon = span_find(*rest_io, ':');

    if (rest_io->size == 0 || rest_io->at[0] != '@')
        return true;
    *defects_io |= ADDRESS_ROUTE;
    for (ptrdiff_t i = 0; i < colon; i++) {
        char c = rest_io->at[i];

        if (!is_atext(c) && c != '@' && c != ',' && c != '.' && c != '[' && c != ']')
            return false;
    }
    if (colon >= 0)
        *rest_io = span_from(*rest_io, (size_t)colon + 1);
    return colon >= 0;
}

struct path {
    struct span local, domain; /* local with its quotes; domain absent: there is none */
    bool is_quoted;
    unsigned defects;
};

static bool cut_quoted(struct span *rest_io, struct path *path)
{
    size_t i = 1;

    while (i < rest_io->size && rest_io->at[i] != '"')
        i += rest_io->at[i] == '\\' ? 2 : 1;
    if (i >= rest_io->size)
        return false;
    path->is_quoted = true;
    path->defects |= ADDRESS_QUOTED_LOCAL;
    path->local = span_first(*rest_io, i + 1);
    *rest_io = span_from(*rest_io, i + 1);
    return true;
}

static bool cut_dot_string(struct span *rest_io, struct path *path)
{
    char before = '.';
    size_t i;

    for (i = 0; i < rest_io->size && (is_atext(rest_io->at[i]) || rest_io->at[i] == '.'); i++) {
        if (rest_io->at[i] == '.' && before == '.')
            path->defects |= ADDRESS_DOTS;
        before = rest_io->at[i];
    }
    if (i > 0 && before == '.')
        path->defects |= ADDRESS_DOTS;
    path->local = span_first(*rest_io, i);
    *rest_io = span_from(*rest_io, i);
    return i > 0;
}

/* One literal, or octets a domain could have if it were better: the rest is for address_finish. */
static bool is_domain_like(struct span domain)
{
    bool is_literal = domain.size >= 2 && domain.at[0] == '[' && domain.at[domain.size - 1] == ']';
    size_t end = domain.size - (is_literal ? 1 : 0);

    for (size_t i = is_literal ? 1 : 0; i < end; i++) {
        char c = domain.at[i];

        if (!is_atext(c) && c != '.' && !(is_literal && c == ':'))
            return false;
    }
    return domain.size > 0;
}

static bool read_path(struct span rest, struct path *path)
{
    if (!cut_route(&rest, &path->defects))
        return false;
    if (!(rest.size > 0 && rest.at[0] == '"' ? cut_quoted(&rest, path)
                                             : cut_dot_string(&rest, path)))
        return false;
    if (rest.size == 0)
        return true;
    path->domain = span_from(rest, 1);
    return rest.at[0] == '@' && is_domain_like(path->domain);
}

static bool fill_address(const struct path *path, struct arena *arena, struct address *address_r)
{
    *address_r = (struct address){ .defects = path->defects };
    address_r->local =
        path->is_quoted ? text_of_quoted(path->local, arena) : arena_copy(arena, path->local);
    return address_r->local.at != NULL && address_finish(address_r, path->domain, arena);
}

static unsigned octet_defects(struct span path)
{
    unsigned defects = text_defects(path);

    for (size_t i = 0; i < path.size; i++) {
        if (is_control(path.at[i]))
            defects |= ADDRESS_CONTROL;
    }
    return defects;
}

bool address_parse_path(struct span path, struct arena *arena, struct address *address_r)
{
    struct path parts = { .is_quoted = false };

    if (path.size > 0 && path.at[0] == '<') {
        path = span_from(path, 1);
        if (path.size > 0 && path.at[path.size - 1] == '>')
            path.size--;
        else
            parts.defects |= ADDRESS_BROKEN;
    }
    *address_r = (struct address){ .text = SPAN("") };
    if (path.size == 0 && parts.defects == 0)
        return true;
    parts.defects |= octet_defects(path);
    if ((parts.defects & (ADDRESS_BROKEN | ADDRESS_CONTROL)) == 0 && read_path(path, &parts))
        return fill_address(&parts, arena, address_r);
    address_r->defects = parts.defects | ADDRESS_BROKEN;
    address_r->text = arena_copy(arena, path);
    return address_r->text.at != NULL;
}
