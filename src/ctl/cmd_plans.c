/*
 * plans: which plans there are, who is on them, and which limits name them; or which plan a
 * principal is on, and why. Reads the configuration and its table, as the daemon does.
 *
 * A plan is whatever the table, a network, a limit or plans.default calls one. Rows of a socketmap
 * cannot be counted.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/load.h"
#include "ctl/print.h"
#include "ctl/tally.h"
#include "limits/choose.h"
#include "site/login.h"
#include "site/plans.h"
#include "util/json.h"

enum { PLANS_MAX = 10000, PLANS_MEMORY_MAX = 16 * 1024 * 1024, CHOICES_MAX = 64 };

struct plans_look {
    struct ctl *ctl;
    struct json json;
    const struct site *site;
    struct arena *arena;
    struct tally *plans; /* first: the plan; messages: rows of the table, recipients: networks */
    struct tally_row nobody; /* for what is no plan */
    bool has_unasked;
};

/* --- all plans ------------------------------------------------------------------------------- */

static struct tally_row *plan_note(struct plans_look *look, struct span plan)
{
    struct tally_row *row = plan.size > 0 ? tally_row(look->plans, plan, SPAN("")) : NULL;

    return row != NULL ? row : &look->nobody;
}

static void plans_gather(struct plans_look *look)
{
    const struct site *site = look->site;
    struct span key, value;
    size_t position = 0;

    plan_note(look, span_of(site->plans->fallback));
    while (site->plan_of != NULL && table_next(site->plan_of, &position, &key, &value)) {
        plan_note(look, span_trim(value))->messages++;
    }
    for (size_t i = 0; i < site->network_count; i++) {
        plan_note(look, span_of(site->networks[i].settings->plan))->recipients++;
    }
    for (size_t i = 0; i < limit_set_size(site->limits); i++) {
        const struct config_texts *plans = &limit_set_at(site->limits, i)->plans;

        for (size_t k = 0; k < plans->count; k++) {
            plan_note(look, span_of(plans->at[k]));
        }
    }
}

static int compare_plans(const void *a, const void *b)
{
    const struct tally_row *left = *(struct tally_row *const *)a;
    const struct tally_row *right = *(struct tally_row *const *)b;

    return tally_compare_text(left->first, right->first);
}

static bool names_plan(const struct limit *limit, struct span plan)
{
    for (size_t i = 0; i < limit->plans.count; i++) {
        if (span_is_equal_nocase(span_of(limit->plans.at[i]), plan)) {
            return true;
        }
    }
    return false;
}

static bool is_default(const struct plans_look *look, struct span plan)
{
    return span_is_equal(span_of(look->site->plans->fallback), plan);
}

static void print_plan(struct plans_look *look, const struct tally_row *row)
{
    const struct limit_set *set = look->site->limits;
    struct buffer *out = &look->ctl->out;
    const char *separator = "  limits ";

    print_escaped(out, row->first, 100);
    buffer_printf(out, ": %" PRIu64 " rows of the table", row->messages);
    if (row->recipients > 0) {
        buffer_printf(out, ", %" PRIu64 " networks", row->recipients);
    }
    if (is_default(look, row->first)) {
        buffer_add_text(out, ", and everybody without a row (plans.default)");
    } else if (row->messages == 0 && row->recipients == 0 &&
               (look->site->plan_of == NULL || table_is_walkable(look->site->plan_of))) {
        buffer_add_text(out, ": nobody is on it");
    }
    buffer_add_char(out, '\n');
    for (size_t i = 0; i < limit_set_size(set); i++) {
        if (names_plan(limit_set_at(set, i), row->first)) {
            buffer_printf(out, "%s%s", separator, limit_set_at(set, i)->name);
            separator = ", ";
        }
    }
    buffer_add_text(out, separator[0] == ',' ? "\n" : "  no limit names it\n");
}

static void json_plan(struct plans_look *look, const struct tally_row *row)
{
    const struct limit_set *set = look->site->limits;
    struct json *json = &look->json;

    json_open(json, NULL, '{');
    json_text(json, "plan", row->first);
    json_number(json, "rows", (int64_t)row->messages);
    json_number(json, "networks", (int64_t)row->recipients);
    json_bool(json, "default", is_default(look, row->first));
    json_open(json, "limits", '[');
    for (size_t i = 0; i < limit_set_size(set); i++) {
        if (names_plan(limit_set_at(set, i), row->first)) {
            json_text(json, NULL, span_of(limit_set_at(set, i)->name));
        }
    }
    json_close(json, ']');
    json_close(json, '}');
}

static enum ctl_exit tell_plans(struct plans_look *look)
{
    struct table *table = look->site->plan_of;
    struct tally_row **rows;
    size_t count;

    plans_gather(look);
    rows = tally_rows(look->plans, compare_plans, &count);
    if (rows == NULL && count > 0) {
        return ctl_fail(look->ctl, CTL_INTERNAL, "out of memory");
    }
    if (look->ctl->is_json) {
        json_open(&look->json, "plans", '[');
    }
    for (size_t i = 0; i < count; i++) {
        if (look->ctl->is_json) {
            json_plan(look, rows[i]);
        } else {
            print_plan(look, rows[i]);
        }
    }
    free(rows);
    if (look->ctl->is_json) {
        json_close(&look->json, ']');
    } else if (count == 0) {
        buffer_add_text(&look->ctl->out, "there are no plans\n");
    }
    if (table != NULL && !table_is_walkable(table)) {
        ctl_fail(look->ctl, CTL_GOOD, "a socketmap cannot be walked: ask for a name");
    }
    if (tally_left_out(look->plans) > 0) {
        return ctl_fail(look->ctl, CTL_WARNING, "more than %d plans: the others are left out",
                        PLANS_MAX);
    }
    return CTL_GOOD;
}

/* --- one principal --------------------------------------------------------------------------- */

static const struct network_settings *find_network(const struct site *site, struct span name)
{
    for (size_t i = 0; i < site->network_count; i++) {
        if (span_is_equal(span_of(site->networks[i].settings->name), name)) {
            return site->networks[i].settings;
        }
    }
    return NULL;
}

static enum mail_class class_of(const struct network_settings *network)
{
    static const enum mail_class classes[] = { [NETWORK_RELAY] = CLASS_RELAY,
                                               [NETWORK_LIST] = CLASS_LIST,
                                               [NETWORK_FORWARD] = CLASS_FORWARD };

    return network != NULL ? classes[network->kind] : CLASS_SUBMISSION;
}

/* Of its usual mail. */
static size_t choose(const struct site *site, const struct network_settings *network,
                     struct span principal, struct span plan, struct limit_choice *choices)
{
    ptrdiff_t at = span_find_last(principal, '@');
    struct span domain = at >= 0 ? span_from(principal, (size_t)at + 1) : SPAN("");
    struct limit_subject subject = { .mail_class = class_of(network),
                                     .principal = principal,
                                     .plan = plan };

    if (domain.size > 0 && site_is_ours(site, domain)) {
        subject.domain = domain;
    }
    if (network != NULL) {
        subject.network = principal;
    }
    return limit_choose(site->limits, &subject, choices, CHOICES_MAX);
}

static void tell_name(struct plans_look *look, const char *text)
{
    const struct site *site = look->site;
    struct buffer *out = &look->ctl->out;
    struct limit_choice choices[CHOICES_MAX];
    const struct network_settings *network = find_network(site, span_of(text));
    struct span name =
        network != NULL ? span_of(text) : login_canonical(site, span_of(text), look->arena);
    enum plan_source source;
    struct span plan = plans_find(site, network, name, look->arena, &source);
    size_t count = choose(site, network, name, plan, choices);

    look->has_unasked |= source == PLAN_UNASKED;
    if (look->ctl->is_json) {
        json_open(&look->json, NULL, '{');
        json_text(&look->json, "name", name);
        if (plan.size > 0) {
            json_text(&look->json, "plan", plan);
        }
        json_text(&look->json, "plan_from", span_of(plan_source_text(source)));
        json_open(&look->json, "limits", '[');
        for (size_t i = 0; i < count; i++) {
            json_text(&look->json, NULL, span_of(choices[i].limit->name));
        }
        json_close(&look->json, ']');
        json_close(&look->json, '}');
        return;
    }
    print_escaped(out, name, 320);
    buffer_add_text(out, ": ");
    print_escaped(out, plan.size > 0 ? plan : SPAN("no plan"), 100);
    buffer_printf(out, " (%s)", plan_source_text(source));
    for (size_t i = 0; i < count; i++) {
        buffer_printf(out, "%s%s", i == 0 ? "; limits " : ", ", choices[i].limit->name);
    }
    buffer_add_char(out, '\n');
}

static enum ctl_exit tell_names(struct plans_look *look, const struct ctl_args *args)
{
    if (look->ctl->is_json) {
        json_open(&look->json, "names", '[');
    }
    for (size_t i = 0; i < args->operand_count; i++) {
        tell_name(look, args->operands[i]);
    }
    if (look->ctl->is_json) {
        json_close(&look->json, ']');
    }
    return look->has_unasked ? CTL_UNKNOWN : CTL_GOOD;
}

/* --- the command ----------------------------------------------------------------------------- */

static enum ctl_exit look_at(struct plans_look *look, const struct ctl_args *args)
{
    enum ctl_exit code;

    if (look->ctl->is_json) {
        json_open(&look->json, NULL, '{');
        json_number(&look->json, "schema", 1);
    }
    code = args->operand_count > 0 ? tell_names(look, args) : tell_plans(look);
    if (look->ctl->is_json) {
        json_close(&look->json, '}');
        buffer_add_char(&look->ctl->out, '\n');
    }
    if (arena_is_exhausted(look->arena)) {
        return ctl_fail(look->ctl, CTL_INTERNAL, "out of memory");
    }
    return code;
}

static enum ctl_exit plans_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct plans_look look = { .ctl = ctl, .json = json_new(&ctl->out) };
    struct site *site = load_site(ctl);
    enum ctl_exit code;

    if (site == NULL) {
        return CTL_CONFIG;
    }
    look.site = site;
    look.arena = arena_new(PLANS_MEMORY_MAX);
    look.plans = tally_new(PLANS_MAX);
    code = look.arena != NULL && look.plans != NULL ? look_at(&look, args)
                                                    : ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    tally_free(&look.plans);
    arena_free(&look.arena);
    site_unref(&site);
    return code;
}

const struct ctl_command cmd_plans = {
    .name = "plans",
    .operands = "[NAME ...]",
    .operands_max = 1000,
    .brief = "plans, who is on them and which limits name them; or the plan of a name",
    .details = "Ends 0; 3 when the table of plans does not answer.",
    .run = plans_run,
};
