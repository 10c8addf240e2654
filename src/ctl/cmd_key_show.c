/*
 * key show: the DNS record of a domain's keys, to be published, and how far that has come.
 */
#include <string.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/record_text.h"
#include "ctl/key_next.h"
#include "ctl/key_set.h"
#include "ctl/key_states.h"
#include "ctl/load.h"
#include "ctl/print.h"

enum record_format { FORMAT_ALL, FORMAT_ZONE, FORMAT_LINE, FORMAT_RAW, FORMAT_UNKNOWN };

static enum record_format format_read(const char *name)
{
    if (name == NULL)
        return FORMAT_ALL;
    if (strcmp(name, "zone") == 0)
        return FORMAT_ZONE;
    if (strcmp(name, "line") == 0)
        return FORMAT_LINE;
    return strcmp(name, "raw") == 0 ? FORMAT_RAW : FORMAT_UNKNOWN;
}

static bool is_wanted(const struct key_entry *entry, const char *selector)
{
    return selector == NULL || span_is_equal_nocase(span_of(entry->selector), span_of(selector));
}

static void print_state(struct ctl *ctl, const struct key_entry *entry)
{
    struct buffer *out = &ctl->out;
    size_t before;

    if (!entry->is_known)
        return;
    buffer_printf(out, "; %s since ", key_state_word(entry));
    key_since_print(ctl, entry, out);
    buffer_add_text(out, "; in DNS: ");
    before = out->size;
    key_seen_print(ctl, entry, out);
    buffer_add_text(out, out->size > before ? "\n" : "not looked at yet\n");
}

static void print_all(struct ctl *ctl, const struct key_entry *entry,
                      const struct record_text *record)
{
    struct buffer *out = &ctl->out;
    char unicode[DOMAIN_MAX * 2];

    buffer_printf(out, "; %s", entry->domain);
    if (domain_to_unicode(span_of(entry->domain), unicode, sizeof(unicode)) &&
        strcmp(unicode, entry->domain) != 0)
        buffer_printf(out, " (%s)", unicode);
    buffer_printf(out, ", %s, %u bits, ", dkim_algorithm_name(dkim_key_algorithm(entry->key)),
                  dkim_key_bits(entry->key));
    print_escaped(out, span_of(entry->path), 4096);
    buffer_add_text(out, entry->is_configured ? "\n" : ", not in the configuration\n");
    print_state(ctl, entry);
    record_text_print_zone(record, out);
    buffer_add_text(out, "\n; on one line\n");
    record_text_print_line(record, out);
    buffer_add_text(out, "\n; the value alone, for a form that asks for it\n");
    buffer_add_span(out, buffer_span(&record->value));
    buffer_add_char(out, '\n');
}

static void print_json(const struct ctl *ctl, struct json *json, const struct key_entry *entry,
                       const struct record_text *record)
{
    json_open(json, NULL, '{');
    json_text(json, "domain", span_of(entry->domain));
    json_text(json, "selector", span_of(entry->selector));
    json_text(json, "algorithm", span_of(dkim_algorithm_name(dkim_key_algorithm(entry->key))));
    json_number(json, "bits", dkim_key_bits(entry->key));
    json_text(json, "file", span_of(entry->path));
    json_bool(json, "configured", entry->is_configured);
    key_state_json(ctl, entry, json);
    record_text_json(record, json);
    json_close(json, '}');
}

static void print_record(struct ctl *ctl, struct json *json, enum record_format format,
                         const struct key_entry *entry, const struct record_text *record,
                         bool is_first)
{
    if (ctl->is_json) {
        print_json(ctl, json, entry, record);
    } else if (format == FORMAT_ZONE) {
        record_text_print_zone(record, &ctl->out);
    } else if (format == FORMAT_LINE) {
        record_text_print_line(record, &ctl->out);
    } else if (format == FORMAT_RAW) {
        buffer_add_span(&ctl->out, buffer_span(&record->value));
        buffer_add_char(&ctl->out, '\n');
    } else {
        if (!is_first)
            buffer_add_char(&ctl->out, '\n');
        print_all(ctl, entry, record);
    }
}

/* All wanted keys that can be read; *shown_r counts them, faults go to ctl->err. */
static enum ctl_exit show(struct ctl *ctl, const struct key_set *set, const char *selector,
                          enum record_format format, size_t *shown_r)
{
    struct json json = json_new(&ctl->out);
    enum ctl_exit code = CTL_GOOD;

    *shown_r = 0;
    if (ctl->is_json) {
        json_open(&json, NULL, '{');
        json_number(&json, "schema", 1);
        json_open(&json, "keys", '[');
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *entry = &set->at[i];
        struct record_text record;

        if (!is_wanted(entry, selector))
            continue;
        if (entry->key == NULL) {
            code = ctl_fail(ctl, CTL_INPUT, "%s", entry->fault != NULL ? entry->fault : "no key");
            continue;
        }
        if (entry->warning != NULL)
            buffer_printf(&ctl->err, "note: %s\n", entry->warning);
        if (record_text_make(&record, entry->key, span_of(entry->selector), span_of(entry->domain)))
            print_record(ctl, &json, format, entry, &record, (*shown_r)++ == 0);
        else
            code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
        record_text_free(&record);
    }
    if (ctl->is_json) {
        json_close(&json, ']');
        json_close(&json, '}');
        buffer_add_char(&ctl->out, '\n');
    }
    return code;
}

/* What is known of the keys is shown where it can be read; the record is what was asked for. */
static bool add_states(const struct site *site, struct key_set *set)
{
    struct key_states states;
    size_t count = set->count;
    bool is_done;

    key_states_look(site, &states);
    is_done = key_states_fill(&states, site, NULL, set) && key_states_mark_signing(site, set);
    key_states_close(&states);
    key_set_cut(set, count); /* keys that are gone have no record to show */
    return is_done;
}

/* A key that was just made is not configured yet, and the configuration may not be written yet. */
static bool gather(struct ctl *ctl, const char *domain, const char *given, struct key_set *set,
                   struct buffer *directory)
{
    struct site *site = load_site_quietly(ctl);
    bool is_done = true;

    if (given != NULL)
        buffer_add_text(directory, given);
    else
        load_key_directory(ctl, site, directory);
    if (site != NULL)
        is_done = key_set_add_domain(set, site, span_of(domain));
    else
        buffer_printf(&ctl->err, "note: %s cannot be used (egressctl check); looking in %s only\n",
                      ctl->config_path, buffer_text(directory));
    is_done = is_done && key_set_add_files(set, buffer_text(directory), domain) &&
              (site == NULL || add_states(site, set));
    site_unref(&site);
    return is_done;
}

static enum ctl_exit complain_none(struct ctl *ctl, const char *domain, const char *selector,
                                   const char *directory)
{
    return ctl_fail(ctl, CTL_INPUT,
                    "no key of %s%s%s in %s or %s/%s; \"egressctl key new %s\" makes one", domain,
                    selector != NULL ? " with selector " : "", selector != NULL ? selector : "",
                    ctl->config_path, directory, domain, domain);
}

static enum ctl_exit key_show_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *selector = args->operand_count > 1 ? args->operands[1] : NULL;
    enum record_format format = format_read(args_value(args, "format"));
    struct key_set set = { NULL, 0, 0 };
    struct buffer directory = BUFFER_EMPTY;
    char domain[DOMAIN_MAX];
    enum ctl_exit code;
    size_t shown = 0;

    if (format == FORMAT_UNKNOWN)
        return ctl_fail(ctl, CTL_USAGE, "--format is zone, line or raw");
    if (!key_domain_read(ctl, args->operands[0], domain))
        return CTL_USAGE;
    if (gather(ctl, domain, args_value(args, "directory"), &set, &directory))
        code = show(ctl, &set, selector, format, &shown);
    else
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    if (shown == 0 && code == CTL_GOOD)
        code = complain_none(ctl, domain, selector, buffer_text(&directory));
    key_set_free(&set);
    buffer_free(&directory);
    return code;
}

static const struct ctl_option key_show_options[] = {
    { .name = "directory",
      .argument = "DIR",
      .brief = "where keys lie (as configured, or keys beside FILE)" },
    { .name = "format", .argument = "FORM", .brief = "only one form: zone, line or raw" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_key_show = {
    .name = "key show",
    .operands = "DOMAIN [SELECTOR]",
    .operands_min = 1,
    .operands_max = 2,
    .options = key_show_options,
    .brief = "the DNS record of a domain's keys",
    .details =
        "As lines of a zone file with strings of at most 255 octets, on one line, and as the\n"
        "raw value. International domains may be given in either form.",
    .run = key_show_run,
};
