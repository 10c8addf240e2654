/*
 * key list: every key, its state, and what is to be done about it next: keys of the configuration,
 * files in the keys folder that it does not name, and what the store still knows of.
 */
#include <string.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/key_next.h"
#include "ctl/key_set.h"
#include "ctl/key_states.h"
#include "ctl/load.h"
#include "ctl/print.h"
#include "util/json.h"

static const char *entry_domain(const struct key_entry *entry)
{
    return entry->domain[0] != '\0' ? entry->domain : "{from}";
}

static const char *entry_algorithm(const struct key_entry *entry)
{
    return entry->key != NULL ? dkim_algorithm_name(dkim_key_algorithm(entry->key)) : "-";
}

static unsigned entry_bits(const struct key_entry *entry)
{
    return entry->key != NULL ? dkim_key_bits(entry->key) : 0;
}

/* Of the domain that was asked for (A-labels), or all. */
static bool is_wanted(const struct key_entry *entry, const char *domain)
{
    return domain[0] == '\0' || strcmp(entry->domain, domain) == 0 ||
           strcmp(entry->matches, domain) == 0;
}

/* Mail goes out unsigned for it, or signed in vain. */
static bool is_bad(const struct key_entry *entry)
{
    return entry->is_configured &&
           (entry->key == NULL || (entry->is_known && entry->record.is_lost));
}

static void print_json(struct ctl *ctl, const struct key_set *set, const char *domain,
                       const struct key_states *states)
{
    struct json json = json_new(&ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    if (states->why.text[0] != '\0')
        json_text(&json, "states_unknown", span_of(states->why.text));
    json_open(&json, "keys", '[');
    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *entry = &set->at[i];

        if (!is_wanted(entry, domain))
            continue;
        json_open(&json, NULL, '{');
        json_text(&json, "domain", span_of(entry->matches));
        json_text(&json, "d", span_of(entry_domain(entry)));
        json_text(&json, "selector", span_of(entry->selector));
        key_state_json(ctl, entry, &json);
        if (entry->key != NULL) {
            json_text(&json, "algorithm", span_of(entry_algorithm(entry)));
            json_number(&json, "bits", entry_bits(entry));
        }
        json_bool(&json, "configured", entry->is_configured);
        if (entry->path[0] != '\0')
            json_text(&json, "file", span_of(entry->path));
        if (entry->fault != NULL)
            json_text(&json, "fault", span_of(entry->fault));
        if (entry->warning != NULL)
            json_text(&json, "warning", span_of(entry->warning));
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}

static size_t widest(const struct key_set *set, const char *domain, bool of_domain)
{
    size_t width = of_domain ? sizeof("DOMAIN") - 1 : sizeof("SELECTOR") - 1;

    for (size_t i = 0; i < set->count; i++) {
        size_t size =
            of_domain ? span_of(set->at[i].matches).size : span_of(set->at[i].selector).size;

        if (is_wanted(&set->at[i], domain) && size > width)
            width = size;
    }
    return width;
}

/* Of a key file: it may be named as somebody else liked. */
static void print_foreign(struct buffer *out, const char *text)
{
    if (text == NULL)
        return;
    buffer_add_text(out, "    ");
    print_escaped(out, span_of(text), 1024);
    buffer_add_char(out, '\n');
}

/* Printable already. */
static void print_remark(struct ctl *ctl, const struct key_entry *entry, const char *label,
                         void (*print)(const struct ctl *, const struct key_entry *,
                                       struct buffer *))
{
    struct buffer text = BUFFER_EMPTY;

    print(ctl, entry, &text);
    if (text.size > 0)
        buffer_printf(&ctl->out, "    %s%s\n", label, buffer_text(&text));
    buffer_free(&text);
}

static void print_remarks(struct ctl *ctl, const struct key_entry *entry)
{
    print_foreign(&ctl->out, entry->fault);
    print_foreign(&ctl->out, entry->warning);
    print_remark(ctl, entry, "since ", key_since_print);
    print_remark(ctl, entry, "DNS:  ", key_seen_print);
    print_remark(ctl, entry, "next: ", key_next_print);
}

static void print_state(struct ctl *ctl, const struct key_entry *entry)
{
    const char *word = key_state_word(entry);
    enum print_style style = entry->signs ? PRINT_GOOD : PRINT_PLAIN;

    print_styled(ctl, &ctl->out, is_bad(entry) ? PRINT_BAD : style, word);
    for (size_t size = strlen(word); size < sizeof("published") - 1; size++)
        buffer_add_char(&ctl->out, ' ');
}

static void print_text(struct ctl *ctl, const struct key_set *set, const char *domain)
{
    struct buffer *out = &ctl->out;
    int name = (int)widest(set, domain, true), selector = (int)widest(set, domain, false);

    buffer_printf(out, "%-*s  %-*s  %-14s  %4s  %-9s  %s\n", name, "DOMAIN", selector, "SELECTOR",
                  "ALGORITHM", "BITS", "STATE", "FILE");
    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *entry = &set->at[i];

        if (!is_wanted(entry, domain))
            continue;
        buffer_printf(out, "%-*s  %-*s  %-14s  %4u  ", name, entry->matches, selector,
                      entry->selector, entry_algorithm(entry), entry_bits(entry));
        print_state(ctl, entry);
        buffer_add_text(out, "  ");
        print_escaped(out, entry->path[0] != '\0' ? span_of(entry->path) : SPAN("-"), 4096);
        if (strcmp(entry->domain, entry->matches) != 0)
            buffer_printf(out, " (signs as %s)", entry_domain(entry));
        buffer_add_char(out, '\n');
        print_remarks(ctl, entry);
    }
}

static void print_none(struct ctl *ctl, const char *domain)
{
    if (domain[0] != '\0')
        buffer_printf(&ctl->out, "%s has no key; \"egressctl key new %s\" makes one\n", domain,
                      domain);
    else
        buffer_add_text(&ctl->out, "no domain has a key; \"egressctl key new DOMAIN\" makes one\n");
}

static enum ctl_exit list(struct ctl *ctl, const struct site *site, const char *domain)
{
    struct key_set set = { NULL, 0, 0 };
    struct key_states states;
    enum ctl_exit code = CTL_GOOD;
    size_t count = 0;

    key_states_look(site, &states);
    if (!key_states_gather(ctl, site, &states, &set))
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    for (size_t i = 0; i < set.count && code != CTL_INTERNAL; i++) {
        count += is_wanted(&set.at[i], domain);
        if (is_wanted(&set.at[i], domain) && is_bad(&set.at[i]))
            code = CTL_WARNING;
    }
    if (code == CTL_INTERNAL) {
        buffer_clear(&ctl->out);
    } else if (ctl->is_json) {
        print_json(ctl, &set, domain, &states);
    } else if (count == 0) {
        print_none(ctl, domain);
    } else {
        print_text(ctl, &set, domain);
        key_states_note(ctl, &states);
    }
    key_states_close(&states);
    key_set_free(&set);
    return code;
}

static enum ctl_exit key_list_run(struct ctl *ctl, const struct ctl_args *args)
{
    char domain[DOMAIN_MAX] = "";
    struct site *site;
    enum ctl_exit code;

    if (args->operand_count > 0 && !key_domain_read(ctl, args->operands[0], domain))
        return CTL_USAGE;
    site = load_site(ctl);
    if (site == NULL)
        return CTL_CONFIG;
    code = list(ctl, site, domain);
    site_unref(&site);
    return code;
}

const struct ctl_command cmd_key_list = {
    .name = "key list",
    .operands = "[DOMAIN]",
    .operands_max = 1,
    .brief = "all keys, their states, and what is to be done next",
    .details =
        "Of the configuration, of the folder where keys lie, and what is known of keys that\n"
        "are gone. Ends 1 when a key cannot be used, or the world cannot verify with it.",
    .run = key_list_run,
};
