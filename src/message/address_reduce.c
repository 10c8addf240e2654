/*
 * address_reduce: whom a sender address stands for, once what changes from message to message is
 * taken off.
 *
 * Forms: SRS0 and SRS1 (draft "Sender Rewriting Scheme"), BATV's prvs= and the like
 * (draft-levine-smtp-batv), VERP with the recipient as user=domain, and extensions. A form that is
 * not complete is left alone. Reducing a little too much merges two counts of one domain; reducing
 * too little would give every message a count of its own.
 */
#include "message/address_private.h"

#include "util/domain.h"

#define TAGS_MAX 4 /* forms nested in one another */

struct parts {
    struct span local, domain; /* domain absent: none */
};

/* Cuts up to the next '='; false when there is none or nothing before it. */
static bool cut_tag(struct span *rest_io, struct span *tag_r)
{
    ptrdiff_t hit = span_find(*rest_io, '=');

    if (hit <= 0)
        return false;
    *tag_r = span_first(*rest_io, (size_t)hit);
    *rest_io = span_from(*rest_io, (size_t)hit + 1);
    return true;
}

static bool is_srs_separator(struct span text, size_t at)
{
    return at < text.size && (text.at[at] == '=' || text.at[at] == '+' || text.at[at] == '-');
}

/* "SRS0=hash=tt=domain=local", "SRS1=hash=host==hash=tt=domain=local"; '+' and '-' separate too. */
static bool undo_srs(struct parts *parts_io)
{
    struct span rest = parts_io->local, tag, domain;
    char ascii[DOMAIN_MAX];

    if (span_has_prefix_nocase(rest, SPAN("SRS1")) && is_srs_separator(rest, 4)) {
        rest = span_from(rest, 5);
        if (!cut_tag(&rest, &tag) || !cut_tag(&rest, &tag) || !is_srs_separator(rest, 0))
            return false;
        rest = span_from(rest, 1);
    } else if (span_has_prefix_nocase(rest, SPAN("SRS0")) && is_srs_separator(rest, 4)) {
        rest = span_from(rest, 5);
    } else {
        return false;
    }
    if (!cut_tag(&rest, &tag) || !cut_tag(&rest, &tag) || !cut_tag(&rest, &domain) ||
        rest.size == 0 || !domain_to_ascii(domain, ascii))
        return false;
    *parts_io = (struct parts){ rest, domain };
    return true;
}

/* "prvs=tag=local" and relatives: a tag that is new each day or each message. */
static bool undo_batv(struct parts *parts_io)
{
    static const struct {
        struct span prefix;
        size_t extra; /* octets between the tag's '=' and the local part */
    } forms[] = {
        { { "prvs=", 5 }, 0 },
        { { "msprvs1=", 8 }, 0 },
        { { "btv1==", 6 }, 1 },
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct span rest = parts_io->local, tag;

        if (!span_has_prefix_nocase(rest, forms[i].prefix))
            continue;
        rest = span_from(rest, forms[i].prefix.size);
        if (!cut_tag(&rest, &tag) || rest.size <= forms[i].extra)
            return false;
        parts_io->local = span_from(rest, forms[i].extra);
        return true;
    }
    return false;
}

/* A name of several labels, the last not all digits: what a recipient's domain looks like. */
static bool is_mail_domain(struct span text)
{
    ptrdiff_t dot = span_find_last(text, '.');
    char ascii[DOMAIN_MAX];
    bool has_letter = false;

    for (size_t i = (size_t)(dot + 1); i < text.size; i++)
        has_letter = has_letter || ascii_lower(text.at[i]) != text.at[i] ||
                     (text.at[i] >= 'a' && text.at[i] <= 'z');
    return dot > 0 && has_letter && domain_to_ascii(text, ascii);
}

/* The '-' at which "-42-user" begins, ezmlm's message number and recipient; -1: there is none. */
static ptrdiff_t find_number(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        size_t end = i + 1;

        if (text.at[i] != '-')
            continue;
        while (end < text.size && text.at[end] >= '0' && text.at[end] <= '9')
            end++;
        if (end > i + 1 && end < text.size && text.at[end] == '-')
            return (ptrdiff_t)i;
        i = end - 1;
    }
    return -1;
}

/* "list+user=domain", "list-42-user=domain", "list-user=domain": the list remains. */
static void undo_verp(struct parts *parts_io)
{
    ptrdiff_t equals = span_find_last(parts_io->local, '='), cut;
    struct span before;

    if (equals <= 0 || !is_mail_domain(span_from(parts_io->local, (size_t)equals + 1)))
        return;
    before = span_first(parts_io->local, (size_t)equals);
    cut = span_find(before, '+');
    if (cut < 0)
        cut = find_number(before);
    if (cut < 0)
        cut = span_find_last(before, '-');
    parts_io->local = span_first(before, cut > 0 ? (size_t)cut : 0);
}

/* As Postfix splits addresses: these are names, whatever the delimiter. */
static bool has_no_extension(struct span local)
{
    return span_is_equal_nocase(local, SPAN("mailer-daemon")) ||
           span_is_equal_nocase(local, SPAN("double-bounce")) ||
           span_has_prefix_nocase(local, SPAN("owner-")) ||
           span_has_suffix_nocase(local, SPAN("-request"));
}

static struct span cut_extension(struct span local, struct span delimiter)
{
    if (has_no_extension(local))
        return local;
    for (size_t i = 1; i < local.size; i++) {
        if (span_find(delimiter, local.at[i]) >= 0)
            return span_first(local, i);
    }
    return local;
}

static struct span lower_copy(struct span text, struct arena *arena)
{
    struct span copy = arena_copy(arena, text);

    for (size_t i = 0; copy.at != NULL && i < copy.size; i++)
        ((char *)copy.at)[i] = ascii_lower(copy.at[i]);
    return copy;
}

static struct span domain_copy(struct span domain, struct arena *arena)
{
    char ascii[DOMAIN_MAX];

    /* What SRS carried is as the forwarder wrote it. */
    return domain_to_ascii(domain, ascii) ? arena_copy(arena, span_of(ascii)) : domain;
}

static struct span domain_key(struct span domain, struct arena *arena)
{
    char *key = arena_alloc(arena, domain.size + 1);

    if (key == NULL)
        return (struct span){ NULL, 0 };
    *key = '@';
    if (domain.size > 0)
        memcpy(key + 1, domain.at, domain.size);
    return (struct span){ key, domain.size + 1 };
}

struct span address_reduce(const struct address *address, struct span delimiter,
                           struct arena *arena)
{
    struct parts parts = { address->local, address->domain };

    if (parts.local.size == 0)
        return lower_copy(address->text, arena);
    for (unsigned i = 0; i < TAGS_MAX && (undo_srs(&parts) || undo_batv(&parts)); i++)
        continue;
    undo_verp(&parts);
    parts.local = lower_copy(cut_extension(parts.local, delimiter), arena);
    if (parts.local.at != NULL && parts.domain.at != NULL) {
        parts.domain = domain_copy(parts.domain, arena);
        if (parts.domain.at == NULL)
            return parts.domain;
    }
    if (parts.local.at == NULL)
        return parts.local;
    return parts.local.size > 0 || parts.domain.at == NULL
               ? address_text(parts.local, parts.domain, arena)
               : domain_key(parts.domain, arena);
}
