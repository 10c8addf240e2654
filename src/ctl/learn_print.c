/*
 * learn_print: the proposal, as a table in Postfix source format with its reasons in comments, or
 * as JSON. What is not plain stands in comments only, escaped. Nothing in it depends on when it is
 * made.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "ctl/learn.h"
#include "ctl/print.h"
#include "util/calendar.h"

#define LOGINS_TOLD 50 /* of one address in text */

static void print_word(struct buffer *out, struct span text)
{
    print_escaped(out, text, 255);
}

static void print_last(const struct learn *learn, struct buffer *out, int64_t last_s)
{
    char day[CALENDAR_DAY_MAX];

    if (last_s < 0)
        return;
    calendar_print_day(learn->ctl->clock, last_s, day);
    buffer_printf(out, ", last %s", day);
}

/* --- the head ------------------------------------------------------------------------------------
 */

static void print_count(struct buffer *out, uint64_t count, const char *text)
{
    if (count > 0)
        buffer_printf(out, "# %" PRIu64 " %s\n", count, text);
}

static void print_head(const struct learn *learn, struct buffer *out)
{
    buffer_printf(out,
                  "# Who may send as whom: a proposal of egressctl learn owners, from %" PRIu64
                  " submissions,\n# ",
                  learn->submissions);
    log_scan_print_days(learn->ctl, &learn->scan, out);
    buffer_add_text(
        out,
        ".\n"
        "#\n"
        "# Read every line before you use it. It tells what was sent, not what was right: what a\n"
        "# stolen account sent in that time is in it, and every address that a user just typed "
        "in.\n"
        "# The address of the same name as a login needs no line. Where it has one, the login "
        "must\n"
        "# stand in it: with senders.match = \"first\" a line is the whole truth about its "
        "address.\n"
        "#\n");
    print_count(out, learn->stopped,
                "messages taught nothing: stopped, or to be stopped for "
                "another reason than the owner");
    print_count(out, learn->redacted, "messages of a redacted log (log.redact) name nobody");
    print_count(out, learn->strange, "senders were no addresses");
    print_count(out, tally_left_out(learn->pairs),
                "messages are left out: too many addresses and logins for one run");
    buffer_printf(out, "# Believed: what a login sent at least %" PRIu64 " times (--min).\n",
                  learn->min);
}

/* --- addresses -----------------------------------------------------------------------------------
 */

/* "alice@example.org 100, carol@example.org 20" or, for a row, without the counts. */
static void print_logins(const struct learn *learn, struct buffer *out,
                         const struct learn_address *address, bool with_counts, size_t max)
{
    size_t told = 0;

    for (size_t i = 0; i < address->row_count && told < max; i++) {
        const struct tally_row *row = address->rows[i];

        if (!learn_believes(learn, row))
            continue;
        buffer_add_text(out, told++ > 0 ? ", " : "");
        if (with_counts) {
            print_word(out, row->second);
            buffer_printf(out, " %" PRIu64, row->messages);
        } else {
            buffer_add_span(out, row->second); /* all of it plain: learn_is_writable_login() */
        }
    }
    if (told < address->believed)
        buffer_printf(out, " and %zu more", address->believed - told);
}

static void print_reason(const struct learn *learn, struct buffer *out,
                         const struct learn_address *address)
{
    buffer_add_char(out, '\n');
    if (address->state == LEARN_SHARED)
        buffer_printf(out, "# %zu logins: shared, or forged? Take the # away if it is right.\n",
                      address->believed);
    if (address->state == LEARN_UNWRITABLE) {
        buffer_add_text(out, "# has octets that are not plain; if it is right, write it by hand: ");
        print_word(out, address->address);
        buffer_add_char(out, '\n');
    }
    buffer_printf(out, "# %" PRIu64 " messages", address->messages);
    print_last(learn, out, address->last_s);
    buffer_add_text(out, ": ");
    print_logins(learn, out, address, true, LOGINS_TOLD);
    if (address->rare > 0)
        buffer_printf(out, "; not believed: %zu", address->rare);
    buffer_add_char(out, '\n');
}

static void print_address(const struct learn *learn, struct buffer *out,
                          const struct learn_address *address)
{
    print_reason(learn, out, address);
    if (address->state == LEARN_UNWRITABLE)
        return;
    buffer_add_text(out, address->state == LEARN_SHARED ? "#" : "");
    buffer_add_span(out, address->address);
    buffer_add_char(out, '\t');
    print_logins(learn, out, address, false, SIZE_MAX);
    buffer_add_char(out, '\n');
}

/* --- domains -------------------------------------------------------------------------------------
 */

/* The other way to say it, for logins that use many addresses of one domain. */
static void print_domain(const struct learn *learn, struct buffer *out, size_t begin, size_t end,
                         struct tally_row **scratch)
{
    size_t count = learn_domain_begin(learn, begin, end, scratch), at = 0, owners = 0;
    struct learn_owner owner;

    while (learn_domain_next(scratch, count, &at, &owner)) {
        buffer_add_text(out, owners++ == 0 ? "\n# The whole domain, instead of single lines? It "
                                             "would bind every address without a line.\n"
                                           : "");
        buffer_printf(out, "# %zu addresses of it: %.*s\n", owner.addresses, SPAN_ARG(owner.login));
    }
    if (owners == 0)
        return;
    buffer_add_text(out, "#@");
    buffer_add_span(out, learn_domain_of(scratch[0]->first));
    at = owners = 0;
    while (learn_domain_next(scratch, count, &at, &owner)) {
        buffer_add_text(out, owners++ == 0 ? "\t" : ", ");
        buffer_add_span(out, owner.login);
    }
    buffer_add_char(out, '\n');
}

/* --- all of it -----------------------------------------------------------------------------------
 */

struct totals {
    uint64_t proposed, shared, unwritable, rare;
};

static void total_add(struct totals *totals, const struct learn_address *address)
{
    totals->proposed += address->state == LEARN_PROPOSED;
    totals->shared += address->state == LEARN_SHARED;
    totals->unwritable += address->state == LEARN_UNWRITABLE;
    totals->rare += address->rare;
}

static void print_totals(struct buffer *out, const struct totals *totals)
{
    buffer_printf(out,
                  "\n# %" PRIu64 " lines, %" PRIu64 " commented out, %" PRIu64
                  " to be written by hand; pairs seen too seldom: %" PRIu64 "\n",
                  totals->proposed, totals->shared, totals->unwritable, totals->rare);
}

bool learn_print_text(const struct learn *learn)
{
    struct buffer *out = &learn->ctl->out;
    struct tally_row **scratch = calloc(learn->row_count + 1, sizeof(struct tally_row *));
    struct totals totals = { 0 };
    struct learn_address address;
    size_t at = 0, begin = 0, here = 0; /* begin: of the domain; here: of the address */

    if (scratch == NULL)
        return false;
    print_head(learn, out);
    for (; learn_next(learn, &at, &address); here = at) {
        if (here > begin &&
            !span_is_equal(address.domain, learn_domain_of(learn->rows[begin]->first))) {
            print_domain(learn, out, begin, here, scratch);
            begin = here;
        }
        total_add(&totals, &address);
        if (learn_is_told(&address))
            print_address(learn, out, &address);
    }
    print_domain(learn, out, begin, learn->row_count, scratch);
    print_totals(out, &totals);
    free(scratch);
    return true;
}
