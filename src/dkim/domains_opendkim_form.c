/*
 * domains_opendkim_form: what the key of a SigningTable's row speaks of: one domain, what is below
 * one, single addresses, or anything.
 */
#include "dkim/domains_opendkim_private.h"

#include <string.h>

/* The domain in A-labels where it is one (a leading "." or "*." stays), else in lower case. */
static void fold_domain(struct span text, char out[static OPENDKIM_KEY_ROOM])
{
    char ascii[DOMAIN_MAX];
    size_t kept = text.size > 1 && text.at[0] == '*' && text.at[1] == '.' ? 2
                  : text.size > 0 && text.at[0] == '.'                    ? 1
                                                                          : 0;
    for (size_t i = 0; i < text.size; i++) {
        out[i] = ascii_lower(text.at[i]);
    }
    out[text.size] = '\0';
    if (domain_to_ascii(span_from(text, kept), ascii)) {
        strcpy(out + kept, ascii);
    }
}

/* LOCAL@DOMAIN or DOMAIN with the domain in its one form; .at == NULL: no memory. */
static struct span fold_key(struct arena *arena, struct span key)
{
    char domain[OPENDKIM_KEY_ROOM];
    ptrdiff_t at = span_find_last(key, '@');
    struct span local = span_first(key, at >= 0 ? (size_t)at : 0);
    fold_domain(span_from(key, at >= 0 ? (size_t)at + 1 : 0), domain);
    char *text = arena_printf(arena, "%.*s%s%s", SPAN_ARG(local), at >= 0 ? "@" : "", domain);
    for (size_t i = 0; text != NULL && i < local.size; i++) {
        text[i] = ascii_lower(text[i]);
    }
    return span_of(text);
}

/* ".parent" of a flat table is "*.parent"; "alice*" without "@" reaches into the domain. */
static struct span domain_pattern(const struct opendkim *opendkim, struct span pattern,
                                  struct arena *arena)
{
    ptrdiff_t at = span_find_last(pattern, '@'), star = span_find(pattern, '*');
    struct span domain = span_from(pattern, at >= 0 ? (size_t)at + 1 : 0);
    if (opendkim->is_pattern && at < 0 && star >= 0) {
        return span_from(pattern, (size_t)star);
    }
    if (!opendkim->is_pattern && domain.size > 0 && domain.at[0] == '.') {
        return span_of(arena_printf(arena, "*%.*s", SPAN_ARG(domain)));
    }
    return domain;
}

bool opendkim_read_form(struct opendkim_builder *builder, struct span key,
                        struct opendkim_form *form_r)
{
    struct arena *arena = builder->domains->arena;
    *form_r = (struct opendkim_form){ .name = "*" };
    form_r->pattern = fold_key(arena, key);
    if (form_r->pattern.at != NULL) {
        form_r->domain = domain_pattern(builder->opendkim, form_r->pattern, arena);
    }
    if (form_r->domain.at == NULL) {
        return domains_out_of_memory(builder->report);
    }
    char ascii[DOMAIN_MAX];
    bool is_below = span_has_prefix_nocase(form_r->domain, SPAN("*."));
    struct span name = is_below ? span_from(form_r->domain, 2) : form_r->domain;
    if (domain_to_ascii(name, ascii)) {
        form_r->is_one = !is_below;
        form_r->name = arena_copy(arena, name).at;
    }
    return form_r->name != NULL || domains_out_of_memory(builder->report);
}

bool opendkim_is_idle(struct opendkim_builder *builder, const struct opendkim_row *row,
                      const struct opendkim_form *form)
{
    static const char special[] = "?[](){}|^$\\";
    const char *path = builder->signing_path;
    ptrdiff_t star = span_find(form->pattern, '*');
    if (builder->opendkim->is_pattern) {
        if (strpbrk(form->pattern.at, special) != NULL) {
            opendkim_warn(builder, path, row->line,
                          "\"%s\": every character but * stands for itself here", row->key.at);
        }
        if (star < 0 && span_find(form->pattern, '@') < 0) {
            opendkim_warn(builder, path, row->line, "\"%s\" matches no address; valid: *@%s",
                          row->key.at, row->key.at);
            return true;
        }
        return false;
    }
    bool is_known = star < 0 || span_is_equal(form->pattern, SPAN("*")) ||
                    (span_has_suffix_nocase(form->pattern, SPAN("@*")) &&
                     (size_t)star + 1 == form->pattern.size);
    if (!is_known) {
        opendkim_warn(
            builder, path, row->line,
            "\"%s\": * is no pattern in a flat table; \"refile:\" before its path makes it "
            "one",
            row->key.at);
    }
    return !is_known;
}
