/*
 * key prove: can the world verify with our keys? Asks DNS now, says what it found, and has the
 * daemon look too: states change there and nowhere else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/args.h"
#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/key_look.h"
#include "ctl/key_next.h"
#include "ctl/load.h"
#include "ctl/lookups.h"
#include "ctl/print.h"
#include "log/log.h"
#include "util/json.h"

#define LOOK_WAIT_NS (UINT64_C(20) * 1000000000)

struct proving {
    struct ctl *ctl;
    const struct site *site;
    struct key_set set;
    struct key_look *looks;
    size_t count;
    bool is_asked; /* the daemon looks too */
};

/* --- what is told ---------------------------------------------------------------------------- */

static bool is_good(const struct key_look *look)
{
    return look->published.seen == KEY_SEEN_GOOD;
}

static const char *where(const struct key_look *look)
{
    if (look->published.seen == KEY_SEEN_CANNOT)
        return "nowhere";
    return look->is_at_zone ? "zone" : "cache";
}

static void print_line(struct buffer *out, const char *label, const char *text)
{
    buffer_printf(out, "    %s", label);
    print_escaped(out, span_of(text), 2000);
    buffer_add_char(out, '\n');
}

static void print_look(struct ctl *ctl, const struct key_look *look)
{
    const struct dkim_published *published = &look->published;
    struct buffer *out = &ctl->out, expected = BUFFER_EMPTY;

    buffer_printf(out, "%s: ", look->entry->name);
    print_styled(ctl, out, is_good(look) ? PRINT_GOOD : PRINT_BAD, is_good(look) ? "good" : "bad");
    buffer_printf(out, ", %s%s\n", key_seen_name(published->seen),
                  published->seen == KEY_SEEN_CANNOT ? ""
                  : look->is_at_zone                 ? " at the zone's own servers"
                                     : " in a cache; the zone's own servers gave no answer");
    if (published->why[0] != '\0')
        print_line(out, "", published->why);
    if (!is_good(look) && dkim_key_print_record(look->entry->key, &expected)) {
        print_line(out, "found:    ", published->found[0] != '\0' ? published->found : "-");
        print_line(out, "expected: ", buffer_text(&expected));
    }
    buffer_free(&expected);
}

static void print_text(struct proving *proving)
{
    for (size_t i = 0; i < proving->count; i++)
        print_look(proving->ctl, &proving->looks[i]);
    if (proving->is_asked)
        buffer_add_text(&proving->ctl->out, "the daemon looks too, now: egressctl key list\n");
}

static void json_look(struct json *json, const struct key_look *look)
{
    const struct dkim_published *published = &look->published;
    struct buffer expected = BUFFER_EMPTY;

    json_open(json, NULL, '{');
    json_text(json, "domain", span_of(look->entry->domain));
    json_text(json, "selector", span_of(look->entry->selector));
    json_text(json, "record", span_of(look->entry->name));
    json_bool(json, "good", is_good(look));
    json_text(json, "seen", span_of(key_seen_name(published->seen)));
    json_text(json, "where", span_of(where(look)));
    if (published->why[0] != '\0')
        json_text(json, "why", span_of(published->why));
    if (published->found[0] != '\0')
        json_text(json, "found", span_of(published->found));
    if (dkim_key_print_record(look->entry->key, &expected))
        json_text(json, "expected", buffer_span(&expected));
    json_close(json, '}');
    buffer_free(&expected);
}

static void print_json(struct proving *proving)
{
    struct json json = json_new(&proving->ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_bool(&json, "daemon_looks", proving->is_asked);
    json_open(&json, "keys", '[');
    for (size_t i = 0; i < proving->count; i++)
        json_look(&json, &proving->looks[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    buffer_add_char(&proving->ctl->out, '\n');
}

/* --- which keys ------------------------------------------------------------------------------ */

/* The record of a revoked key need not be there. One record may have several rows. A mere file is
 * looked at where its domain is named: whoever publishes first and configures then wants to know.
 */
static bool is_wanted(const struct key_set *set, size_t index, const char *domain)
{
    const struct key_entry *entry = &set->at[index];

    if (entry->key == NULL || entry->name[0] == '\0' ||
        (domain[0] != '\0' ? strcmp(entry->domain, domain) != 0 : !entry->is_configured) ||
        (entry->is_known && entry->record.state == KEY_REVOKED))
        return false;
    for (size_t i = 0; i < index; i++) {
        if (set->at[i].key != NULL && strcmp(set->at[i].name, entry->name) == 0)
            return false;
    }
    return true;
}

/* False: out of memory. */
static bool choose(struct proving *proving, const char *domain)
{
    struct key_set *set = &proving->set;

    proving->looks = calloc(set->count + 1, sizeof(*proving->looks));
    for (size_t i = 0; proving->looks != NULL && i < set->count; i++) {
        if (is_wanted(set, i, domain))
            proving->looks[proving->count++].entry = &set->at[i];
    }
    return proving->looks != NULL;
}

/* All keys; of a named domain also those of an entry that follows the From domain. */
static bool gather(struct proving *proving, char domain[static DOMAIN_MAX])
{
    const struct dkim_domain *row =
        domain[0] != '\0' ? dkim_domains_find(proving->site->domains, span_of(domain)) : NULL;
    struct key_states states;
    bool is_done = row == NULL || row->d != NULL ||
                   key_set_add_domain(&proving->set, proving->site, span_of(domain));

    if (row != NULL && row->d != NULL) /* the records are there */
        snprintf(domain, DOMAIN_MAX, "%s", row->d);
    key_states_look(proving->site, &states);
    is_done = is_done && key_states_gather(proving->ctl, proving->site, &states, &proving->set) &&
              choose(proving, domain);
    key_states_close(&states);
    return is_done;
}

/* --- the command ----------------------------------------------------------------------------- */

static void look(struct proving *proving)
{
    struct ctl *ctl = proving->ctl;
    struct error error = { "" };
    struct lookups *lookups = ctl->resolver == NULL
                                  ? lookups_begin(ctl, proving->site, log_process_sink(), &error)
                                  : NULL;

    if (error.text[0] != '\0')
        ctl_fail(ctl, CTL_NO, "DNS cannot be asked: %s", error.text);
    key_look_all(proving->looks, proving->count,
                 ctl->resolver != NULL ? ctl->resolver : lookups_resolver(lookups),
                 clock_mono_ns(ctl->clock) + LOOK_WAIT_NS);
    lookups_end(&lookups);
}

static enum ctl_exit prove(struct proving *proving, const struct ctl_args *args,
                           char domain[static DOMAIN_MAX])
{
    struct ctl *ctl = proving->ctl;
    enum ctl_exit code = CTL_GOOD;

    if (!gather(proving, domain))
        return ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    if (proving->count == 0)
        return ctl_fail(ctl, CTL_INPUT, "%s has no key whose record could be looked at",
                        domain[0] != '\0' ? domain : ctl->config_path);
    proving->is_asked = ask_in_passing(ctl, args, "prove");
    look(proving);
    for (size_t i = 0; i < proving->count; i++) {
        if (!is_good(&proving->looks[i]))
            code = CTL_NO;
    }
    if (ctl->is_json)
        print_json(proving);
    else
        print_text(proving);
    return code;
}

static enum ctl_exit key_prove_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct proving proving = { .ctl = ctl };
    char domain[DOMAIN_MAX] = "";
    struct site *site;
    enum ctl_exit code;

    if (args_has(args, "all") == (args->operand_count > 0))
        return ctl_fail(ctl, CTL_USAGE, "key prove wants DOMAIN or --all");
    if (args->operand_count > 0 && !key_domain_read(ctl, args->operands[0], domain))
        return CTL_USAGE;
    site = load_site(ctl);
    if (site == NULL)
        return CTL_CONFIG;
    proving.site = site;
    code = prove(&proving, args, domain);
    free(proving.looks);
    key_set_free(&proving.set);
    site_unref(&site);
    return code;
}

static const struct ctl_option key_prove_options[] = {
    { .name = "all", .brief = "of every domain, instead of DOMAIN" },
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_key_prove = {
    .name = "key prove",
    .operands = "DOMAIN|--all",
    .operands_max = 1,
    .options = key_prove_options,
    .brief = "what DNS holds for our keys, now",
    .details =
        "Asks for every record at the servers of its zone, compares it with the key, and has the\n"
        "daemon look at once too, for states change there. Ends 1 when a record is not good.",
    .run = key_prove_run,
};
