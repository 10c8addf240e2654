/*
 * key list: every domain that signs, its keys, and what is wrong with them.
 */
#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/key_set.h"
#include "ctl/load.h"
#include "ctl/print.h"
#include "util/json.h"

static const char *entry_domain(const struct key_entry *entry)
{
    return entry->domain[0] != '\0' ? entry->domain : "{from}";
}

static const char *entry_state(const struct key_entry *entry)
{
    return entry->key != NULL ? "signs" : "fault";
}

static const char *entry_algorithm(const struct key_entry *entry)
{
    return entry->key != NULL ? dkim_algorithm_name(dkim_key_algorithm(entry->key)) : "-";
}

static unsigned entry_bits(const struct key_entry *entry)
{
    return entry->key != NULL ? dkim_key_bits(entry->key) : 0;
}

static void print_json(struct ctl *ctl, const struct key_set *set)
{
    struct json json = json_new(&ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_open(&json, "keys", '[');
    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *entry = &set->at[i];

        json_open(&json, NULL, '{');
        json_text(&json, "domain", span_of(entry->matches));
        json_text(&json, "d", span_of(entry_domain(entry)));
        json_text(&json, "selector", span_of(entry->selector));
        json_text(&json, "state", span_of(entry_state(entry)));
        if (entry->key != NULL) {
            json_text(&json, "algorithm", span_of(entry_algorithm(entry)));
            json_number(&json, "bits", entry_bits(entry));
        }
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

static size_t widest(const struct key_set *set, bool of_domain)
{
    size_t width = of_domain ? sizeof("DOMAIN") - 1 : sizeof("SELECTOR") - 1;

    for (size_t i = 0; i < set->count; i++) {
        size_t size =
            of_domain ? span_of(set->at[i].matches).size : span_of(set->at[i].selector).size;

        if (size > width)
            width = size;
    }
    return width;
}

static void print_remark(struct buffer *out, const char *text)
{
    if (text == NULL)
        return;
    buffer_add_text(out, "  ");
    print_escaped(out, span_of(text), 1024);
    buffer_add_char(out, '\n');
}

static void print_text(struct ctl *ctl, const struct key_set *set)
{
    struct buffer *out = &ctl->out;
    int domain = (int)widest(set, true), selector = (int)widest(set, false);

    buffer_printf(out, "%-*s  %-*s  %-14s  %4s  %-5s  %s\n", domain, "DOMAIN", selector, "SELECTOR",
                  "ALGORITHM", "BITS", "STATE", "FILE");
    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *entry = &set->at[i];

        buffer_printf(out, "%-*s  %-*s  %-14s  %4u  ", domain, entry->matches, selector,
                      entry->selector, entry_algorithm(entry), entry_bits(entry));
        print_styled(ctl, out, entry->key != NULL ? PRINT_GOOD : PRINT_BAD, entry_state(entry));
        buffer_add_text(out, "  ");
        print_escaped(out, span_of(entry->path), 4096);
        if (span_of(entry->domain).size == 0 ||
            !span_is_equal(span_of(entry->domain), span_of(entry->matches)))
            buffer_printf(out, " (signs as %s)", entry_domain(entry));
        buffer_add_char(out, '\n');
        print_remark(out, entry->fault);
        print_remark(out, entry->warning);
    }
}

static enum ctl_exit key_list_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct key_set set = { NULL, 0, 0 };
    struct site *site = load_site(ctl);
    enum ctl_exit code = CTL_GOOD;

    (void)args;
    if (site == NULL)
        return CTL_CONFIG;
    if (!key_set_add_configured(&set, site)) {
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    } else if (ctl->is_json) {
        print_json(ctl, &set);
    } else if (set.count == 0) {
        buffer_add_text(&ctl->out, "no domain has a key; \"egressctl key new DOMAIN\" makes one\n");
    } else {
        print_text(ctl, &set);
    }
    for (size_t i = 0; i < set.count && code == CTL_GOOD; i++) {
        if (set.at[i].key == NULL)
            code = CTL_WARNING;
    }
    key_set_free(&set);
    site_unref(&site);
    return code;
}

const struct ctl_command cmd_key_list = {
    .name = "key list",
    .operands = "",
    .brief = "all domains and keys of the configuration",
    .details = "Ends 1 when a key cannot be used.",
    .run = key_list_run,
};
