/*
 * owners: who may send as an address, and by which row; or what a login may send as.
 *
 * Asks the tables that the configuration names, as the daemon does, so a socketmap's server is
 * asked too. It knows nothing of what the daemon has seen: while that stops nothing for want of
 * owners, this still tells what the tables say.
 */
#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/load.h"
#include "ctl/print.h"
#include "site/login.h"
#include "site/senders.h"
#include "tables/table.h"
#include "util/json.h"

enum { OWNERS_MEMORY_MAX = 16 * 1024 * 1024, OWNERS_SHOWN_MAX = 2000 };

struct inquiry {
    struct ctl *ctl;
    struct json json;
    const struct site *site;
    struct span login; /* canonical; absent: nobody in particular */
    struct arena *arena;
    bool has_no, has_unknown;
};

static const char *word_of(enum ownership ownership)
{
    static const char *const words[] = {
        [OWNERSHIP_OWNED] = "yes",
        [OWNERSHIP_FOREIGN] = "no",
        [OWNERSHIP_LENIENT] = "observed",
        [OWNERSHIP_UNKNOWN] = "unknown",
    };

    return words[ownership];
}

static const char *unlisted_of(const struct site *site)
{
    static const char *const words[] = {
        [SENDER_UNLISTED_OWN_ADDRESS] = "own-address: the login that reads as the address does",
        [SENDER_UNLISTED_OWN_DOMAIN] = "own-domain: every login of the domain",
        [SENDER_UNLISTED_OBSERVE] = "observe: who else sends so is only observed",
        [SENDER_UNLISTED_REJECT] = "reject: nobody",
    };

    return words[site->senders->unlisted];
}

/* --- an address ------------------------------------------------------------------------------ */

static void add_label(struct inquiry *inquiry, const char *label)
{
    buffer_printf(&inquiry->ctl->out, "  %-10s  ", label);
}

static void print_row(struct inquiry *inquiry, struct span key, struct span value, bool decides)
{
    struct buffer *out = &inquiry->ctl->out;

    if (inquiry->ctl->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_text(&inquiry->json, "key", key);
        json_text(&inquiry->json, "owners", value);
        json_bool(&inquiry->json, "counts", decides);
        json_close(&inquiry->json, '}');
        return;
    }
    add_label(inquiry, decides ? "row" : "hidden row");
    print_escaped(out, key, 320);
    buffer_add_text(out, "  ");
    print_escaped(out, value, OWNERS_SHOWN_MAX);
    buffer_add_char(out, '\n');
}

/* Rows behind the first one count only where they add up. How many rows there are, -1: the table
 * does not answer. */
static int print_rows(struct inquiry *inquiry, const struct address *address)
{
    const struct site *site = inquiry->site;
    struct span keys[SENDER_KEYS_MAX];
    struct table_answer answers[SENDER_KEYS_MAX];
    size_t count = site->owners != NULL ? senders_keys(site, address, inquiry->arena, keys) : 0;
    int found = 0;

    if (count > 0)
        table_ask_several(site->owners, keys, count, answers, inquiry->arena);
    for (size_t i = 0; i < count; i++) {
        if (answers[i].result == TABLE_UNAVAILABLE)
            return -1;
        if (answers[i].result == TABLE_FOUND)
            print_row(inquiry, keys[i], answers[i].value,
                      found++ == 0 || site->senders->match == SENDER_MATCH_UNION);
    }
    return found;
}

static void print_verdict(struct inquiry *inquiry, const struct address *address)
{
    struct ownership_answer answer =
        senders_ask(inquiry->site, inquiry->login, address, inquiry->arena);
    struct buffer *out = &inquiry->ctl->out;

    inquiry->has_no |= answer.ownership == OWNERSHIP_FOREIGN;
    inquiry->has_unknown |= answer.ownership == OWNERSHIP_UNKNOWN;
    if (inquiry->ctl->is_json) {
        json_text(&inquiry->json, "login", inquiry->login);
        json_text(&inquiry->json, "may", span_of(word_of(answer.ownership)));
        return;
    }
    add_label(inquiry, "may");
    print_escaped(out, inquiry->login, 320);
    buffer_printf(out, ": %s", word_of(answer.ownership));
    if (answer.row.size > 0) {
        buffer_add_text(out, ", by the row ");
        print_escaped(out, answer.row, 320);
    } else if (answer.ownership == OWNERSHIP_OWNED) {
        buffer_add_text(out, ", without a row");
    } else if (answer.why != NULL) {
        buffer_add_text(out, ", ");
        print_escaped(out, span_of(answer.why), 200);
    }
    buffer_add_char(out, '\n');
}

static void inquire_address(struct inquiry *inquiry, const char *text)
{
    struct buffer *out = &inquiry->ctl->out;
    struct address address;
    int rows;

    if (!address_parse_path(span_of(text), inquiry->arena, &address))
        return;
    if (inquiry->ctl->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_text(&inquiry->json, "address", address.text);
        json_open(&inquiry->json, "rows", '[');
    } else {
        print_escaped(out, address.text, 320);
        buffer_add_char(out, '\n');
    }
    rows = print_rows(inquiry, &address);
    inquiry->has_unknown |= rows < 0;
    if (inquiry->ctl->is_json) {
        json_close(&inquiry->json, ']');
    } else if (rows < 0) {
        buffer_printf(out, "  the table of owners does not answer\n");
    } else if (rows == 0) {
        add_label(inquiry, "unlisted");
        buffer_printf(out, "%s\n", unlisted_of(inquiry->site));
    }
    if (inquiry->login.size > 0)
        print_verdict(inquiry, &address);
    if (inquiry->ctl->is_json)
        json_close(&inquiry->json, '}');
}

/* --- a login --------------------------------------------------------------------------------- */

static void inquire_login(struct inquiry *inquiry)
{
    const struct site *site = inquiry->site;
    struct buffer *out = &inquiry->ctl->out;
    struct span key, value;
    size_t position = 0;
    bool is_json = inquiry->ctl->is_json;

    if (is_json) {
        json_text(&inquiry->json, "login", inquiry->login);
        json_text(&inquiry->json, "unlisted", span_of(unlisted_of(site)));
        json_open(&inquiry->json, "rows", '[');
    } else {
        print_escaped(out, inquiry->login, 320);
        buffer_add_char(out, '\n');
        add_label(inquiry, "unlisted");
        buffer_printf(out, "%s\n", unlisted_of(site));
    }
    while (site->owners != NULL && table_next(site->owners, &position, &key, &value)) {
        const char *why = NULL;

        if (senders_names(site, value, inquiry->login, inquiry->arena, &why) == OWNERSHIP_OWNED)
            print_row(inquiry, key, value, true);
    }
    if (is_json)
        json_close(&inquiry->json, ']');
    else if (site->owners != NULL && !table_is_walkable(site->owners))
        buffer_printf(out, "  a socketmap cannot be walked: ask for an address\n");
}

/* --- the command ----------------------------------------------------------------------------- */

static enum ctl_exit inquire(struct inquiry *inquiry, const struct ctl_args *args)
{
    if (inquiry->ctl->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_number(&inquiry->json, "schema", 1);
    }
    if (args->operand_count == 0) {
        inquire_login(inquiry);
    } else {
        if (inquiry->ctl->is_json)
            json_open(&inquiry->json, "addresses", '[');
        for (size_t i = 0; i < args->operand_count; i++)
            inquire_address(inquiry, args->operands[i]);
        if (inquiry->ctl->is_json)
            json_close(&inquiry->json, ']');
    }
    if (inquiry->ctl->is_json) {
        json_close(&inquiry->json, '}');
        buffer_add_char(&inquiry->ctl->out, '\n');
    }
    if (arena_is_exhausted(inquiry->arena))
        return ctl_fail(inquiry->ctl, CTL_INTERNAL, "out of memory");
    return inquiry->has_unknown ? CTL_UNKNOWN : inquiry->has_no ? CTL_NO : CTL_GOOD;
}

static enum ctl_exit owners_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *login = args_value(args, "login");
    struct inquiry inquiry = { .ctl = ctl, .json = json_new(&ctl->out) };
    struct site *site;
    enum ctl_exit code;

    if (login == NULL && args->operand_count == 0)
        return ctl_fail(ctl, CTL_USAGE, "owners wants an address, or --login");
    site = load_site(ctl);
    if (site == NULL)
        return CTL_CONFIG;
    inquiry.site = site;
    inquiry.arena = arena_new(OWNERS_MEMORY_MAX);
    if (inquiry.arena == NULL) {
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    } else {
        if (login != NULL)
            inquiry.login = login_canonical(site, span_of(login), inquiry.arena);
        code = inquire(&inquiry, args);
    }
    arena_free(&inquiry.arena);
    site_unref(&site);
    return code;
}

static const struct ctl_option owners_options[] = {
    { .name = "login", .argument = "LOGIN", .brief = "may this login? alone: what it may send as" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_owners = {
    .name = "owners",
    .operands = "[ADDRESS ...]",
    .operands_max = 1000,
    .options = owners_options,
    .brief = "who may send as an address, and by which row",
    .details = "Ends 0, 1 when the login may not, 3 when the table does not answer.",
    .run = owners_run,
};
