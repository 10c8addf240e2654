/*
 * egress_rewrite: what becomes of an envelope sender behind us, as outgoing.envelope_rewrite tells:
 * canonical(5) maps, masquerading, SRS. An address literal and a bare local part stay what they
 * are.
 */
#include "site/egress.h"
#include "site/site.h"
#include "tables/table.h"
#include "util/domain.h"

bool egress_rewriting_read(struct span text, struct egress_rewriting *step_r)
{
    const struct span names[] = { [EGRESS_CANONICAL] = SPAN("canonical:"),
                                  [EGRESS_MASQUERADE] = SPAN("masquerade:"),
                                  [EGRESS_SRS] = SPAN("srs:") };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (span_has_prefix_nocase(text, names[i])) {
            *step_r = (struct egress_rewriting){ (enum egress_rewriting_kind)i,
                                                 span_from(text, names[i].size) };
            return true;
        }
    }
    return false;
}

static struct egress_sender with_domain(struct span local, struct span domain, struct arena *arena)
{
    char ascii[DOMAIN_MAX];
    struct egress_sender sender = { .is_unknown = true };
    if (!domain_to_ascii(domain, ascii)) {
        return sender;
    }
    const char *text = local.at != NULL ? arena_printf(arena, "%.*s@%s", SPAN_ARG(local), ascii)
                                        : arena_copy(arena, span_of(ascii)).at;
    if (text == NULL) {
        return sender;
    }
    sender.is_unknown = false;
    sender.domain = span_of(local.at != NULL ? text + local.size + 1 : text);
    sender.text = local.at != NULL ? span_of(text) : (struct span){ NULL, 0 };
    return sender;
}

static struct span local_of(const struct egress_sender *sender)
{
    return sender->text.at == NULL
               ? (struct span){ NULL, 0 }
               : span_first(sender->text, sender->text.size - sender->domain.size - 1);
}

/* What a table says: "user@domain", "@domain", which keeps the local part, or a bare "user". */
static struct egress_sender mapped_to(const struct egress_sender *sender, struct span value,
                                      struct arena *arena)
{
    value = span_trim(value);
    ptrdiff_t at = span_find_last(value, '@');
    if (at < 0) {
        return with_domain(value, sender->domain, arena);
    }
    struct span local = at > 0 ? span_first(value, (size_t)at) : local_of(sender);
    return with_domain(local, span_from(value, (size_t)at + 1), arena);
}

/* canonical(5): the address, then @domain. */
static struct egress_sender canonical(const struct site *site, const struct egress_sender *sender,
                                      struct arena *arena)
{
    const char *of_domain = arena_printf(arena, "@%.*s", SPAN_ARG(sender->domain));
    struct span keys[] = { sender->text, span_of(of_domain) };
    struct table_answer answers[2];
    table_ask_several(site->sender_canonical, keys, 2, answers, arena);
    for (size_t i = 0; i < 2; i++) {
        if (answers[i].result == TABLE_FOUND) {
            return mapped_to(sender, answers[i].value, arena);
        }
        if (answers[i].result == TABLE_UNAVAILABLE) {
            return (struct egress_sender){ .is_unknown = true };
        }
    }
    return *sender;
}

static struct egress_sender rewrite_once(const struct site *site,
                                         const struct egress_rewriting *step,
                                         const struct egress_sender *sender, struct arena *arena)
{
    switch (step->kind) {
    case EGRESS_MASQUERADE:
        return domain_is_below(sender->domain, step->what)
                   ? with_domain(local_of(sender), step->what, arena)
                   : *sender;
    case EGRESS_SRS:
        return site_is_ours(site, sender->domain)
                   ? *sender
                   : with_domain((struct span){ NULL, 0 }, step->what, arena);
    case EGRESS_CANONICAL:
        break;
    }
    return sender->text.at != NULL && site->sender_canonical != NULL
               ? canonical(site, sender, arena)
               : *sender;
}

struct egress_sender egress_rewrite(const struct site *site, const struct address *sender,
                                    struct arena *arena)
{
    size_t count;
    const struct egress_rewriting *steps = egress_steps(site->egress_pools, &count);
    char ascii[DOMAIN_MAX];
    struct egress_sender result = { .domain = { NULL, 0 } };
    if (sender->text.size == 0) {
        return result;
    }
    if (!domain_to_ascii(sender->domain, ascii)) {
        result.is_unknown = true;
        return result;
    }
    result.domain = sender->domain;
    result.text = sender->text;
    for (size_t i = 0; i < count && !result.is_unknown; i++) {
        result = rewrite_once(site, &steps[i], &result, arena);
    }
    return result;
}
