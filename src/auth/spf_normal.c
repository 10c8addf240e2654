/*
 * spf_normal: the records of a walk as libspf2 is to read them. Not what was published, but the
 * same for this client: macros are expanded, a network of length 0 is `all`, terms of the other
 * family are left out, redirect stands last, exp is gone, and a long record goes on in another by
 * redirect, since the library has 511 octets for what it makes of the mechanisms of one.
 *
 * Terms of which the library is known to be wrong, or whose name could be misread in a record, are
 * put in as what they came to: `all`, or nothing.
 */
#include <stdio.h>
#include <string.h>

#include "auth/spf_normal.h"

#define RECORDS_MAX 18    /* the library follows 20 */
#define RECORD_OCTETS 400 /* of 511 for the mechanisms of one record, as it keeps them */
#define RECORD_TEXT 1000
#define MECHANISM_OCTETS 16 /* what it needs for one beside its address or name, roundly */

struct writer {
    const struct spf_walk *walk;
    struct spf_normal *records;
    unsigned count;
    bool has_failed; /* more than the library may get, or memory */
};

static struct spf_normal *text_begin(struct writer *writer, struct span name)
{
    struct spf_normal *text = arena_alloc(writer->walk->arena, sizeof(*text));
    char *at = arena_alloc(writer->walk->arena, RECORD_TEXT);
    if (text == NULL || at == NULL || ++writer->count > RECORDS_MAX) {
        writer->has_failed = true;
        return NULL;
    }
    *text = (struct spf_normal){ .older = writer->records, .name = name, .at = at };
    strcpy(at, "v=spf1");
    text->size = strlen(at);
    writer->records = text;
    return text;
}

/* One more term, in a record that goes on from this where it is full. */
static void text_add(struct writer *writer, struct spf_normal **text_io, const char *term)
{
    struct spf_normal *text = *text_io;
    size_t size = strlen(term), octets = MECHANISM_OCTETS + size;
    if (text == NULL) {
        return;
    }
    if (text->octets + octets > RECORD_OCTETS && text->octets > 0) {
        const char *name = arena_printf(writer->walk->arena, "r%u.invalid", writer->count);
        struct spf_normal *next = name != NULL ? text_begin(writer, span_of(name)) : NULL;
        if (next == NULL) {
            writer->has_failed = true;
            return;
        }
        text->size +=
            (size_t)snprintf(text->at + text->size, RECORD_TEXT - text->size, " redirect=%s", name);
        *text_io = text = next;
    }
    if (text->size + size + sizeof(" redirect=r00.invalid") > RECORD_TEXT) {
        writer->has_failed = true;
        return;
    }
    text->size += (size_t)snprintf(text->at + text->size, RECORD_TEXT - text->size, " %s", term);
    text->octets += octets;
}

static const char *print_network(const struct writer *writer, const struct spf_term *term,
                                 unsigned prefix)
{
    char address[IP_TEXT_MAX];
    if (prefix == 0) {
        return arena_printf(writer->walk->arena, "%call", term->qualifier);
    }
    ip_print(&term->address, address);
    return arena_printf(writer->walk->arena, "%cip%d:%s/%u", term->qualifier, term->address.family,
                        address, prefix);
}

/* a, mx. */
static const char *print_hosts(const struct writer *writer, const struct spf_term *term,
                               struct span name, unsigned prefix)
{
    bool is_v6 = writer->walk->query->client.family == 6;
    return arena_printf(writer->walk->arena, "%c%s:%.*s%s/%u", term->qualifier,
                        term->kind == SPF_A ? "a" : "mx", SPAN_ARG(name), is_v6 ? "/" : "", prefix);
}

/* The term as the library is to read it; "": not at all. NULL: it cannot be said, or memory. */
static const char *print_term(const struct writer *writer, const struct spf_term *term,
                              const struct spf_step *step)
{
    struct arena *arena = writer->walk->arena;
    bool is_v6 = writer->walk->query->client.family == 6;
    unsigned prefix = term->prefix[is_v6];
    if (term->kind == SPF_ALL) {
        return arena_printf(arena, "%call", term->qualifier);
    }
    if (term->kind == SPF_IP4 || term->kind == SPF_IP6) {
        return term->address.family == writer->walk->query->client.family
                   ? print_network(writer, term, prefix)
                   : "";
    }
    if (!step->is_reached) {
        return "";
    }
    bool has_prefix = term->kind == SPF_A || term->kind == SPF_MX;
    if (step->is_decided || !spf_name_is_plain(step->name) || (has_prefix && prefix == 0)) {
        if (term->kind == SPF_REDIRECT) {
            return NULL; /* to a name that could be misread */
        }
        return step->has_matched ? arena_printf(arena, "%call", term->qualifier) : "";
    }
    switch (term->kind) {
    case SPF_A:
    case SPF_MX:
        return print_hosts(writer, term, step->name, prefix);
    case SPF_PTR:
        return arena_printf(arena, "%cptr:%.*s", term->qualifier, SPAN_ARG(step->name));
    case SPF_EXISTS:
        return arena_printf(arena, "%cexists:%.*s", term->qualifier, SPAN_ARG(step->name));
    case SPF_INCLUDE:
        return arena_printf(arena, "%cinclude:%.*s", term->qualifier, SPAN_ARG(step->name));
    default:
        return arena_printf(arena, "redirect=%.*s", SPAN_ARG(step->name));
    }
}

static void write_visit(struct writer *writer, const struct spf_visit *visit)
{
    struct spf_normal *text = text_begin(writer, visit->domain);
    for (size_t i = 0; i < visit->record.count && !writer->has_failed; i++) {
        const char *term = print_term(writer, &visit->record.terms[i], &visit->steps[i]);
        if (term == NULL) {
            writer->has_failed = true;
        } else if (term[0] != '\0') {
            text_add(writer, &text, term);
        }
    }
}

static bool is_written(const struct writer *writer, struct span name)
{
    for (const struct spf_normal *text = writer->records; text != NULL; text = text->older) {
        if (span_is_equal(text->name, name)) {
            return true;
        }
    }
    return false;
}

const struct spf_normal *spf_normal_write(const struct spf_walk *walk)
{
    struct writer writer = { .walk = walk };
    for (const struct spf_visit *visit = walk->visits; visit != NULL; visit = visit->older) {
        if (!is_written(&writer, visit->domain)) {
            write_visit(&writer, visit);
        }
    }
    return writer.has_failed ? NULL : writer.records;
}
