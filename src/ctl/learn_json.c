/*
 * learn_json: the proposal as JSON, for who makes a table in another way.
 */
#include <stdlib.h>

#include "ctl/learn.h"
#include "util/calendar.h"

static const char *state_name(enum learn_state state)
{
    static const char *const names[] = {
        [LEARN_OWN] = "own",
        [LEARN_RARE] = "rare",
        [LEARN_PROPOSED] = "proposed",
        [LEARN_SHARED] = "shared",
        [LEARN_UNWRITABLE] = "unwritable",
    };

    return names[state];
}

static void json_last(const struct learn *learn, struct json *json, int64_t last_s)
{
    char day[CALENDAR_DAY_MAX];

    if (last_s < 0)
        return;
    calendar_print_day(learn->ctl->clock, last_s, day);
    json_text(json, "last", span_of(day));
}

static void json_address(const struct learn *learn, struct json *json,
                         const struct learn_address *address)
{
    json_open(json, NULL, '{');
    json_text(json, "address", address->address);
    json_text(json, "state", span_of(state_name(address->state)));
    json_number(json, "messages", (int64_t)address->messages);
    json_last(learn, json, address->last_s);
    json_open(json, "logins", '[');
    for (size_t i = 0; i < address->row_count; i++) {
        const struct tally_row *row = address->rows[i];

        json_open(json, NULL, '{');
        json_text(json, "login", row->second);
        json_number(json, "messages", (int64_t)row->messages);
        json_bool(json, "believed", learn_believes(learn, row));
        json_last(learn, json, row->last_s);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void json_domain(const struct learn *learn, struct json *json, size_t begin, size_t end,
                        struct tally_row **scratch)
{
    size_t count = learn_domain_begin(learn, begin, end, scratch), at = 0;
    struct learn_owner owner;

    while (learn_domain_next(scratch, count, &at, &owner)) {
        json_open(json, NULL, '{');
        json_text(json, "domain", learn_domain_of(scratch[0]->first));
        json_text(json, "login", owner.login);
        json_number(json, "addresses", (int64_t)owner.addresses);
        json_close(json, '}');
    }
}

static void json_domains(const struct learn *learn, struct json *json, struct tally_row **scratch)
{
    size_t begin = 0;

    for (size_t i = 1; i <= learn->row_count; i++) {
        if (i < learn->row_count && span_is_equal(learn_domain_of(learn->rows[i]->first),
                                                  learn_domain_of(learn->rows[begin]->first)))
            continue;
        json_domain(learn, json, begin, i, scratch);
        begin = i;
    }
}

bool learn_print_json(const struct learn *learn, bool is_whole)
{
    struct tally_row **scratch = calloc(learn->row_count + 1, sizeof(struct tally_row *));
    struct json json = json_new(&learn->ctl->out);
    struct learn_address address;
    uint64_t rare = 0;
    size_t at = 0;

    if (scratch == NULL)
        return false;
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_open(&json, "log", '{');
    log_scan_json(learn->ctl, &learn->scan, &json);
    json_close(&json, '}');
    json_bool(&json, "complete", is_whole);
    json_number(&json, "submissions", (int64_t)learn->submissions);
    json_number(&json, "stopped", (int64_t)learn->stopped);
    json_number(&json, "redacted", (int64_t)learn->redacted);
    json_number(&json, "strange", (int64_t)learn->strange);
    json_open(&json, "owners", '[');
    while (learn_next(learn, &at, &address)) {
        rare += address.rare;
        if (learn_is_told(&address))
            json_address(learn, &json, &address);
    }
    json_close(&json, ']');
    json_number(&json, "rare", (int64_t)rare);
    json_open(&json, "domains", '[');
    json_domains(learn, &json, scratch);
    json_close(&json, ']');
    json_close(&json, '}');
    buffer_add_char(&learn->ctl->out, '\n');
    free(scratch);
    return true;
}
