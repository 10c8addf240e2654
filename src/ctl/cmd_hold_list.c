/*
 * hold list: what is held, by whom and why, compared with the mail server's quarantine.
 */
#include <inttypes.h>

#include "ctl/commands.h"
#include "ctl/hold_print.h"
#include "ctl/hold_set.h"
#include "ctl/log_scan.h"
#include "ctl/print.h"
#include "util/json.h"

#define LIMIT_STANDARD 1000
#define LIMIT_MAX 1000000

struct listing {
    struct ctl *ctl;
    struct hold_set set;
    struct hold_choice choice;
    uint64_t limit, shown, chosen;
    struct error trouble; /* why it was not compared; "": it was */
};

static void print_text(struct buffer *out, struct span text, size_t max)
{
    if (text.size == 0)
        buffer_add_char(out, '-');
    else
        print_escaped(out, text, max);
}

static void row_text(struct listing *listing, const struct held *held)
{
    struct buffer *out = &listing->ctl->out;
    char time[HOLD_TIME_MAX];

    hold_print_time(listing->ctl->clock, held->held_s, time);
    buffer_printf(out, "%.*s  %s  ", SPAN_ARG(held->queue_id), time);
    print_text(out, held->principal, 100);
    buffer_add_text(out, "  ");
    print_text(out, held->finding, 40);
    buffer_printf(out, "  %" PRIu64 " rcpts  %" PRIu64 " octets  <", held->recipients,
                  held->size_bytes);
    print_escaped(out, held->sender, 100);
    buffer_add_text(out, ">\n");
}

static void row_json(struct json *json, const struct held *held)
{
    json_open(json, NULL, '{');
    hold_json_record(json, held);
    json_close(json, '}');
}

static void print_end(struct listing *listing)
{
    struct ctl *ctl = listing->ctl;
    const struct hold_set *set = &listing->set;

    buffer_printf(&ctl->out, "%" PRIu64 " of %zu held, of at most %" PRId64 "\n", listing->chosen,
                  set->count, set->settings->total);
    if (listing->chosen > listing->shown)
        buffer_printf(&ctl->err, "note: %" PRIu64 " more; --limit shows them\n",
                      listing->chosen - listing->shown);
    if (set->gone > 0)
        buffer_printf(&ctl->err,
                      "note: %zu more were gone from the mail server's quarantine and are "
                      "forgotten\n",
                      set->gone);
    if (set->others > 0)
        buffer_printf(&ctl->err, "note: %zu more in the mail server's quarantine are not ours\n",
                      set->others);
}

/* The next one that is to be shown, from *at_io on; NULL: there is none. Counts what was chosen. */
static const struct held *next_shown(struct listing *listing, size_t *at_io)
{
    while (*at_io < listing->set.count) {
        const struct held *held = &listing->set.at[(*at_io)++];
        if (!hold_choice_fits(&listing->choice, held))
            continue;
        listing->chosen++;
        if (listing->shown < listing->limit) {
            listing->shown++;
            return held;
        }
    }
    return NULL;
}

static void tell_text(struct listing *listing)
{
    const struct held *held;

    for (size_t at = 0; (held = next_shown(listing, &at)) != NULL;)
        row_text(listing, held);
    print_end(listing);
}

static void tell_json(struct listing *listing)
{
    struct ctl *ctl = listing->ctl;
    struct json json = json_new(&ctl->out);
    const struct held *held;

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_open(&json, "held", '[');
    for (size_t at = 0; (held = next_shown(listing, &at)) != NULL;)
        row_json(&json, held);
    json_close(&json, ']');
    json_number(&json, "chosen", (int64_t)listing->chosen);
    json_number(&json, "total", (int64_t)listing->set.count);
    json_number(&json, "most", listing->set.settings->total);
    json_bool(&json, "compared", listing->set.is_compared);
    json_number(&json, "gone", (int64_t)listing->set.gone);
    json_number(&json, "others", (int64_t)listing->set.others);
    if (!listing->set.is_compared)
        json_text(&json, "trouble", span_of(listing->trouble.text));
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}

static enum ctl_exit list(struct listing *listing)
{
    struct ctl *ctl = listing->ctl;

    hold_set_compare(ctl, &listing->set, &listing->trouble);
    if (ctl->is_json)
        tell_json(listing);
    else
        tell_text(listing);
    if (listing->set.is_compared)
        return CTL_GOOD;
    return ctl_fail(ctl, CTL_WARNING,
                    "this is what we know; it was not compared with the mail server: %s",
                    listing->trouble.text);
}

static enum ctl_exit hold_list_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct listing listing = { .ctl = ctl };
    enum ctl_exit code = CTL_USAGE;

    if (!hold_choice_read(ctl, args, &listing.choice) ||
        !log_scan_number(ctl, args, "limit", LIMIT_STANDARD, LIMIT_MAX, &listing.limit))
        return code;
    if (hold_set_open(ctl, &listing.set, &code))
        code = list(&listing);
    hold_set_close(&listing.set);
    return code;
}

static const struct ctl_option hold_list_options[] = {
    HOLD_CHOICE_OPTIONS,
    { .name = "limit", .argument = "N", .brief = "the newest N (1000)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_hold_list = {
    .name = "hold list",
    .operands = "",
    .options = hold_list_options,
    .brief = "which messages are held, of whom and why",
    .details = "Newest first. The records are compared with the mail server's quarantine by its "
               "own tools\n"
               "(hold.command), so what was released or deleted there by hand is counted no "
               "longer. Ends 1\n"
               "where that could not be done.",
    .run = hold_list_run,
};
