/*
 * key retire: takes a key out by hand: it signs no more, its record stays until mail signed with it
 * has arrived; when that time has come, it is done with, and its file is no key any more.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/args.h"
#include "ctl/ask.h"
#include "ctl/audit.h"
#include "ctl/commands.h"
#include "ctl/key_next.h"
#include "ctl/load.h"
#include "ctl/print.h"
#include "util/calendar.h"
#include "util/json.h"

struct retiring {
    struct ctl *ctl;
    const struct site *site;
    struct key_states states;
    struct key_set set;
    struct key_entry *entry;
    bool is_revoked; /* at once */
    bool has_changed;
    char moved[4096]; /* where the file went; "": nowhere */
};

/* --- may it ---------------------------------------------------------------------------------- */

static bool is_out(const struct key_entry *entry)
{
    return entry->is_known &&
           (entry->record.state == KEY_RETIRING || entry->record.state == KEY_REVOKED);
}

/* Could this one sign when `gone` does not? Where any key is proven, only those that are. */
static bool can_follow(const struct key_entry *entry, const struct key_entry *gone)
{
    bool is_active = entry->is_known && entry->record.state == KEY_ACTIVE;
    bool was_active = gone->is_known && gone->record.state == KEY_ACTIVE;

    return entry->is_configured && entry->key != NULL && strcmp(entry->name, gone->name) != 0 &&
           strcmp(entry->domain, gone->domain) == 0 && !is_out(entry) &&
           (is_active ? !entry->record.is_lost : !was_active);
}

/* False with a complaint: mail would go unsigned, or as good as that. */
static bool may_go(const struct retiring *retiring)
{
    const struct key_entry *gone = retiring->entry;
    size_t rsa = 0, others = 0;

    if (!gone->is_configured || gone->key == NULL || is_out(gone))
        return true;
    for (size_t i = 0; i < retiring->set.count; i++) {
        const struct key_entry *entry = &retiring->set.at[i];

        if (!can_follow(entry, gone))
            continue;
        others++;
        rsa += dkim_key_algorithm(entry->key) == DKIM_RSA_SHA256;
    }
    if (others > 0 && (rsa > 0 || dkim_key_algorithm(gone->key) != DKIM_RSA_SHA256))
        return true;
    ctl_fail(retiring->ctl, CTL_NO,
             "%s of %s is the only %s; egressctl key rotate %s replaces it, --force retires it all "
             "the same",
             gone->selector, gone->domain,
             others > 0 ? "one that every receiver verifies" : "key that can sign", gone->domain);
    return false;
}

/* --- what is written down -------------------------------------------------------------------- */

static bool is_time(const struct key_record *record, int64_t now_s)
{
    return record->state == KEY_RETIRING && record->retire_s != 0 && now_s >= record->retire_s;
}

static bool retire_record(struct key_record *record_io, bool is_found, void *context)
{
    struct retiring *retiring = context;
    int64_t now_s = clock_wall_s(retiring->ctl->clock);
    char reason[sizeof(record_io->reason)];

    (void)is_found;
    snprintf(reason, sizeof(reason), "by hand, uid %u", (unsigned)getuid());
    retiring->has_changed = true;
    if (record_io->state == KEY_REVOKED) {
        retiring->has_changed = false;
    } else if (retiring->is_revoked || is_time(record_io, now_s)) {
        record_io->state = KEY_REVOKED;
        record_io->since_s = now_s;
        snprintf(record_io->reason, sizeof(record_io->reason), "%s", reason);
    } else if (record_io->state == KEY_RETIRING && record_io->retire_s != 0) {
        retiring->has_changed = false;
    } else {
        key_retire(record_io, &retiring->states.rules, now_s, reason);
    }
    record_io->replaced_by[0] = retiring->has_changed ? '\0' : record_io->replaced_by[0];
    retiring->entry->record = *record_io;
    retiring->entry->is_known = true;
    return retiring->has_changed;
}

/* A rotation to a key that is taken out is called off. */
static bool forget_follower(struct key_record *record_io, bool is_found, void *context)
{
    const struct retiring *retiring = context;

    if (!is_found ||
        !span_is_equal_nocase(span_of(record_io->replaced_by), span_of(retiring->entry->selector)))
        return false;
    record_io->replaced_by[0] = '\0';
    return true;
}

static bool note_all(struct retiring *retiring)
{
    struct store *store = retiring->states.store;
    bool is_done = key_record_update(store, span_of(retiring->entry->name), STORE_DURABLE,
                                     retire_record, retiring);

    for (size_t i = 0; i < retiring->set.count && is_done; i++) {
        const struct key_entry *entry = &retiring->set.at[i];

        if (entry->is_known && entry->record.replaced_by[0] != '\0' &&
            strcmp(entry->domain, retiring->entry->domain) == 0)
            is_done = key_record_update(store, span_of(entry->name), STORE_DURABLE, forget_follower,
                                        retiring);
    }
    return is_done;
}

/* --- the file -------------------------------------------------------------------------------- */

/* With "dir:" every SELECTOR.pem is a key: one that is done with gets another name, which never
 * replaces a file. */
static bool move_file(struct retiring *retiring)
{
    const struct key_entry *entry = retiring->entry;

    if (entry->record.state != KEY_REVOKED || entry->path[0] == '\0' ||
        (entry->is_configured && dkim_domains_folder(retiring->site->domains) == NULL))
        return true;
    snprintf(retiring->moved, sizeof(retiring->moved), "%s" KEY_RETIRED_SUFFIX, entry->path);
    if (link(entry->path, retiring->moved) != 0 || unlink(entry->path) != 0) {
        ctl_fail(retiring->ctl, CTL_CANNOT_WRITE, "%s: %s", retiring->moved, strerror(errno));
        return false;
    }
    return true;
}

/* --- what is told ---------------------------------------------------------------------------- */

static void tell_json(struct retiring *retiring)
{
    struct ctl *ctl = retiring->ctl;
    struct json json = json_new(&ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "domain", span_of(retiring->entry->domain));
    json_text(&json, "selector", span_of(retiring->entry->selector));
    json_bool(&json, "changed", retiring->has_changed);
    json_text(&json, "state", span_of(key_state_name(retiring->entry->record.state)));
    json_number(&json, "since", retiring->entry->record.since_s);
    if (retiring->entry->record.retire_s != 0)
        json_number(&json, "retire", retiring->entry->record.retire_s);
    json_text(&json, "record", span_of(retiring->entry->name));
    if (retiring->moved[0] != '\0')
        json_text(&json, "moved_to", span_of(retiring->moved));
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}

static void tell_text(struct retiring *retiring)
{
    const struct key_entry *entry = retiring->entry;
    struct buffer *out = &retiring->ctl->out;
    char day[CALENDAR_DAY_MAX];

    if (entry->record.state != KEY_REVOKED) {
        calendar_print_day(retiring->ctl->clock, entry->record.retire_s, day);
        buffer_printf(out,
                      "%s of %s %s. Keep the record %s in DNS until %s, when mail signed with it "
                      "has arrived;\nthen egressctl key retire %s %s once more\n",
                      entry->selector, entry->domain,
                      retiring->has_changed ? "signs no more" : "is retiring already", entry->name,
                      day, entry->domain, entry->selector);
        return;
    }
    buffer_printf(out, "%s of %s is done with: the record %s may go from DNS\n", entry->selector,
                  entry->domain, entry->name);
    if (retiring->moved[0] != '\0') {
        buffer_add_text(out, "its file is no key any more: ");
        print_escaped(out, span_of(retiring->moved), sizeof(retiring->moved));
        buffer_add_char(out, '\n');
    } else if (entry->is_configured) {
        buffer_printf(out,
                      "take it out of domains in %s, then egressctl check && egressctl "
                      "reload\n",
                      retiring->ctl->config_path);
    }
}

/* --- the command ----------------------------------------------------------------------------- */

static struct key_entry *entry_find(struct key_set *set, const char *domain, const char *selector)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->at[i].domain, domain) == 0 && set->at[i].name[0] != '\0' &&
            span_is_equal_nocase(span_of(set->at[i].selector), span_of(selector)))
            return &set->at[i];
    }
    return NULL;
}

static enum ctl_exit retire(struct retiring *retiring, bool is_forced)
{
    struct ctl *ctl = retiring->ctl;
    const struct key_entry *entry = retiring->entry;
    struct error why;
    bool is_moved;

    if (!is_forced && !may_go(retiring))
        return CTL_NO;
    if (!note_all(retiring)) {
        retiring->has_changed = false;
        key_states_trouble(&retiring->states, &why);
        return ctl_fail(ctl, CTL_CANNOT_WRITE, "%s", why.text);
    }
    is_moved = move_file(retiring);
    if (retiring->has_changed)
        audit_tell(ctl, retiring->site, "key: %s of %s is %s by uid %u", entry->selector,
                   entry->domain, key_state_name(entry->record.state), (unsigned)getuid());
    if (!is_moved)
        return CTL_CANNOT_WRITE;
    if (ctl->is_json)
        tell_json(retiring);
    else
        tell_text(retiring);
    return CTL_GOOD;
}

static enum ctl_exit key_retire_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct retiring retiring = { .ctl = ctl, .is_revoked = args_has(args, "revoked") };
    struct site *site;
    enum ctl_exit code = CTL_CANNOT_WRITE;
    char domain[DOMAIN_MAX];

    if (!key_domain_read(ctl, args->operands[0], domain))
        return CTL_USAGE;
    site = load_site(ctl);
    if (site == NULL)
        return CTL_CONFIG;
    retiring.site = site;
    if (key_states_open(ctl, site, &retiring.states)) {
        bool is_done = key_states_gather(ctl, site, &retiring.states, &retiring.set);

        retiring.entry = entry_find(&retiring.set, domain, args->operands[1]);
        if (!is_done)
            code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
        else if (retiring.entry == NULL)
            code = ctl_fail(ctl, CTL_INPUT, "%s has no key with selector %s (egressctl key list)",
                            domain, args->operands[1]);
        else
            code = retire(&retiring, args_has(args, "force"));
    }
    key_states_close(&retiring.states);
    if (retiring.has_changed)
        ask_in_passing(ctl, args, "prove");
    key_set_free(&retiring.set);
    site_unref(&site);
    return code;
}

static const struct ctl_option key_retire_options[] = {
    { .name = "force", .brief = "even when no other key can sign" },
    { .name = "revoked", .brief = "done with at once: its record may go now" },
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_key_retire = {
    .name = "key retire",
    .operands = "DOMAIN SELECTOR",
    .operands_min = 2,
    .operands_max = 2,
    .options = key_retire_options,
    .brief = "take a key out of use by hand",
    .details =
        "It signs no more; its record has to stay until mail signed with it has arrived. After\n"
        "that time, or with --revoked at once, its record may go, and a file found by \"dir:\" is\n"
        "named SELECTOR.pem.retired. Refused for the only key that can sign.",
    .run = key_retire_run,
};
