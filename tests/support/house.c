/*
 * house: see house.h.
 */
#include "tests/support/house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "behaviour/suspension.h"
#include "control/settings.h"
#include "dns/scripted.h"
#include "feedback/suppression.h"

static void keep_line(struct log_sink *sink, enum log_level level, struct span line)
{
    struct house *house = (struct house *)sink;
    (void)level;
    buffer_add_span(&house->log, line);
    buffer_add_char(&house->log, '\n');
}

void house_open(struct house *house, const char *config_text)
{
    memset(house, 0, sizeof(*house));
    house->sink.write = keep_line;
    clock_fixed_init(&house->clock, HOUSE_NOW_S);
    house->world = (struct world){ .clock = &house->clock.clock, .log = &house->sink };
    house->store = house->world.store = house->world.records = store_in_memory();
    house->world.replies = reply_memory_new();
    house->world.notices = notices_new(house->store, house->world.clock, house->world.log, -1);
    if (house->store == NULL || house->world.notices == NULL || house->world.replies == NULL) {
        abort();
    }
    struct config_report *report = config_report_new();
    house->site = site_load_text("test.conf", span_of(config_text), all_config_tables(), report);
    if (house->site == NULL) {
        for (size_t i = 0; i < config_report_size(report); i++) {
            fprintf(stderr, "%s\n", config_report_fault(report, i)->text);
        }
        abort();
    }
    config_report_free(&report);
}

void house_script_dns(struct house *house, const char *script)
{
    struct error error;
    dns_resolver_free(&house->world.resolver);
    house->world.resolver = dns_scripted_new(span_of(script), &house->clock.clock, &error);
    if (house->world.resolver == NULL) {
        fprintf(stderr, "dns: %s\n", error.text);
        abort();
    }
    house_test_lists(house);
}

void house_test_lists(struct house *house)
{
    const struct list_zones *lists = house->site->lists;
    struct list_test *tests = calloc(lists->count + 1, sizeof(*tests));
    list_board_free(&house->world.lists);
    house->world.lists = list_board_new();
    lists_test_all(lists, house->world.lists, house->world.resolver, 0, tests);
    for (size_t i = 0; i < lists->count; i++) {
        if (!tests[i].is_passed) {
            buffer_printf(&house->tested, "%s: %s\n", lists->at[i].name, tests[i].why);
        }
    }
    free(tests);
}

static struct key_record record_in(const char *state)
{
    struct key_record record = { .state = KEY_ACTIVE, .is_lost = strcmp(state, "lost") == 0 };
    for (int i = KEY_NEW; i <= KEY_REVOKED && !record.is_lost; i++) {
        record.state = (enum key_state)i;
        if (strcmp(state, key_state_name(record.state)) == 0) {
            return record;
        }
    }
    if (!record.is_lost) {
        fprintf(stderr, "keys: no state %s\n", state);
        abort();
    }
    return record;
}

void house_script_keys(struct house *house, const char *script)
{
    struct span rest = span_of(script), line;
    key_proofs_free(&house->world.proofs);
    house->world.proofs = key_proofs_new();
    while (span_cut(&rest, '\n', &line)) {
        char name[300], state[16], text[320];
        snprintf(text, sizeof(text), "%.*s", SPAN_ARG(line));
        if (sscanf(text, "%299s %15s", name, state) == 2) {
            struct key_record record = record_in(state);
            key_proofs_set(house->world.proofs, span_of(name), &record);
        }
    }
}

static int choice_in(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    fprintf(stderr, "used: what is %s?\n", name);
    abort();
}

static void use(struct house *house, const char *line)
{
    char account[300], count[32], to[16];
    long long per_s, amount, ago_s = 0;
    if (sscanf(line, "%299s %31s %15s %lld %lld %lld", account, count, to, &per_s, &amount,
               &ago_s) < 5) {
        fprintf(stderr, "used: %s\n", line);
        abort();
    }
    struct limit limit = { .name = "used",
                           .count = choice_in(limit_count_names, count),
                           .to = choice_in(limit_to_names, to),
                           .per_s = per_s };
    struct charge *charge = calloc(1, sizeof(*charge));
    charge->now_ms = ledger_now_ms(house->world.books.ledger) - (uint64_t)ago_s * 1000;
    charge->accounts[0] = span_of(account);
    charge->account_count = charge->line_count = 1;
    charge->lines[0] = (struct charge_line){ .limit = &limit, .amount = (uint64_t)amount };
    if (ledger_charge(house->world.books.ledger, charge) != CHARGE_DONE) {
        abort();
    }
    free(charge);
}

void house_script_used(struct house *house, const char *script)
{
    struct span rest = span_of(script), line;
    house->clock.now_ns = (uint64_t)100 * 86400 * 1000000000; /* that much can be ago */
    house->world.books.ledger = ledger_new(house->store, &house->clock.clock);
    while (span_cut(&rest, '\n', &line)) {
        char text[400];
        snprintf(text, sizeof(text), "%.*s", SPAN_ARG(line));
        if (text[0] != '\0' && text[0] != '#') {
            use(house, text);
        }
    }
}

static void suppress(struct house *house, const char *line)
{
    static const struct suppression_settings settings = { .max = 1000 };
    struct suppression suppression = { .set_s = HOUSE_NOW_S - 28 * 86400 };
    char source[16], *because;
    int used = 0;
    if (sscanf(line, "%199s %253s %15s %15s %n", suppression.address, suppression.domain, source,
               suppression.code, &used) < 3) {
        fprintf(stderr, "suppressed: %s\n", line);
        abort();
    }
    because = suppression.because;
    if (strcmp(suppression.code, "-") == 0) {
        suppression.code[0] = '\0';
    }
    snprintf(because, sizeof(suppression.because), "%s", used > 0 ? line + used : "");
    suppression.is_watched = strcmp(source, "watched") == 0;
    suppression.source = strcmp(source, "command") == 0     ? SUPPRESSED_BY_COMMAND
                         : strcmp(source, "complaint") == 0 ? SUPPRESSED_BY_COMPLAINT
                                                            : SUPPRESSED_BY_BOUNCE;
    if (suppression_put(house->store, &settings, &suppression) != SUPPRESSION_DONE) {
        abort();
    }
}

void house_script_suppressed(struct house *house, const char *script)
{
    struct span rest = span_of(script), line;
    while (span_cut(&rest, '\n', &line)) {
        char text[700];
        snprintf(text, sizeof(text), "%.*s", SPAN_ARG(line));
        if (text[0] != '\0' && text[0] != '#') {
            suppress(house, text);
        }
    }
}

void house_script_suspended(struct house *house, const char *script)
{
    struct span rest = span_of(script), line;
    while (span_cut(&rest, '\n', &line)) {
        struct suspension suspension = { .set_s = HOUSE_NOW_S - 7200, .by = "root" };
        struct error error;
        char text[700], state[16];
        int used = 0;
        snprintf(text, sizeof(text), "%.*s", SPAN_ARG(line));
        if (text[0] == '\0' || text[0] == '#') {
            continue;
        }
        if (sscanf(text, "%255s %15s %n", suspension.principal, state, &used) < 2) {
            fprintf(stderr, "suspended: %s\n", text);
            abort();
        }
        suspension.state =
            strcmp(state, "released") == 0 ? PRINCIPAL_RELEASED : PRINCIPAL_SUSPENDED;
        suspension.until_s = strcmp(state, "over") == 0 ? HOUSE_NOW_S - 60 : 0;
        snprintf(suspension.because, sizeof(suspension.because), "%.390s",
                 used > 0 ? text + used : "");
        if (!suspension_put(house->store, &suspension, &error)) {
            abort();
        }
    }
}

void house_close(struct house *house)
{
    ledger_free(&house->world.books.ledger);
    key_proofs_free(&house->world.proofs);
    list_board_free(&house->world.lists);
    buffer_free(&house->tested);
    dns_resolver_free(&house->world.resolver);
    notices_free(&house->world.notices);
    reply_memory_free(&house->world.replies);
    store_close(&house->store);
    site_unref(&house->site);
    buffer_free(&house->log);
}

static const char *fake_macro(void *session, const char *name)
{
    const struct fake_mta *mta = session;
    for (size_t i = 0; i < mta->macro_count; i++) {
        if (strcmp(mta->macros[i].name, name) == 0) {
            return mta->macros[i].value;
        }
    }
    return NULL;
}

static bool fake_set_macros(void *session, int stage, const char *names)
{
    struct fake_mta *mta = session;
    buffer_printf(&mta->calls, "macros %d %s\n", stage, names);
    return true;
}

static bool fake_set_reply(void *session, const char *code, const char *enhanced, const char *text)
{
    struct fake_mta *mta = session;
    buffer_printf(&mta->calls, "reply %s %s %s\n", code, enhanced, text);
    return true;
}

static bool fake_prepend(void *session, const char *name, const char *value)
{
    struct fake_mta *mta = session;
    buffer_printf(&mta->calls, "prepend %s:%s\n", name, value);
    return !mta->refuses_edits;
}

static bool fake_append(void *session, const char *name, const char *value)
{
    struct fake_mta *mta = session;
    buffer_printf(&mta->calls, "append %s:%s\n", name, value);
    return !mta->refuses_edits;
}

static bool fake_change(void *session, const char *name, int instance, const char *value)
{
    struct fake_mta *mta = session;
    buffer_printf(&mta->calls, "change %s %d:%s\n", name, instance, value != NULL ? value : "-");
    return !mta->refuses_edits;
}

static bool fake_quarantine(void *session, const char *reason)
{
    struct fake_mta *mta = session;
    buffer_printf(&mta->calls, "quarantine %s\n", reason);
    return !mta->refuses_edits;
}

const struct mta fake_mta_calls = {
    .macro = fake_macro,
    .set_macros = fake_set_macros,
    .set_reply = fake_set_reply,
    .prepend_header = fake_prepend,
    .append_header = fake_append,
    .change_header = fake_change,
    .quarantine = fake_quarantine,
};

void fake_mta_set(struct fake_mta *mta, const char *name, const char *value)
{
    for (size_t i = 0; i < mta->macro_count; i++) {
        if (strcmp(mta->macros[i].name, name) == 0) {
            mta->macros[i].value = value;
            return;
        }
    }
    if (mta->macro_count < sizeof(mta->macros) / sizeof(mta->macros[0])) {
        mta->macros[mta->macro_count].name = name;
        mta->macros[mta->macro_count++].value = value;
    }
}

void fake_mta_free(struct fake_mta *mta)
{
    buffer_free(&mta->calls);
}
