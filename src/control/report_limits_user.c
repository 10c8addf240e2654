/*
 * report_limits_user: everything that counts for one principal: of each class it sends in, the
 * limits that hold, what is used of them, when one more fits, and which line says so.
 *
 * Limits are chosen as for a message (limits/choose.h), and the ledger is asked as for one, without
 * charging it; in a fleet what all nodes count in is, and the ledger while that is away.
 */
#include "control/report_limits_private.h"

#include <inttypes.h>

#include "limits/account.h"
#include "limits/bill.h"
#include "limits/fleet.h"
#include "limits/provider.h"
#include "site/plans.h"

enum { PROBES = PROVIDER_COUNT + 1 };

/* What is counted for a principal in one class. */
struct bucket {
    struct limits_inquiry *inquiry;
    struct limit_subject subject;
    struct span account;
    uint64_t attempts_1h;
    struct charge_recipient probes[PROBES]; /* one of each provider, and one inside */
    struct charge charge;
    struct limit_value values[CHARGE_LINES_MAX];
    bool is_answered;
    bool is_of_fleet; /* what is told was counted by all nodes */
};

struct subject_plan {
    struct span name;
    const char *source;
};

/* --- asking ---------------------------------------------------------------------------------- */

static bool other_max(const struct limit *limit, uint64_t *max_r, void *context)
{
    const struct bucket *bucket = context;
    struct limit_value value;
    limit_value_of(bucket->inquiry->site, bucket->inquiry->host->store, limit,
                   bucket->subject.principal, bucket->inquiry->wall_s, &value);
    *max_r = value.max;
    return value.source != LIMIT_FROM_ROW;
}

/* A message that every limit counts; of each count one more is asked for. False: no memory. */
static bool bill(struct bucket *bucket)
{
    const struct limits_inquiry *inquiry = bucket->inquiry;
    struct charge *charge = &bucket->charge;
    struct bill_facts facts = { .subject = bucket->subject,
                                .size_bytes = 1,
                                .recipients = bucket->probes,
                                .recipient_count = PROBES,
                                .failed = 1,
                                .other_max = other_max,
                                .context = bucket };
    for (size_t i = 0; i < PROBES; i++) {
        char name[8] = { '\0', (char)i }; /* no address has it */
        bucket->probes[i] = (struct charge_recipient){
            .fingerprint = ledger_fingerprint(inquiry->host->ledger, (struct span){ name, 2 }),
            .is_internal = i == PROVIDER_COUNT,
            .provider = (uint8_t)(i < PROVIDER_COUNT ? i : PROVIDER_OTHER),
        };
    }
    if (!bill_write(inquiry->site->limits, &facts, charge, inquiry->arena)) {
        return false;
    }
    for (size_t i = 0; i < charge->line_count; i++) {
        charge->lines[i].amount = 1;
        limit_value_of(inquiry->site, inquiry->host->store, charge->lines[i].limit,
                       bucket->subject.principal, inquiry->wall_s, &bucket->values[i]);
    }
    charge->now_ms = ledger_now_ms(inquiry->host->ledger);
    return true;
}

static bool note_attempts(struct span account, const struct ledger_use *uses, size_t count,
                          uint64_t attempts_1h, void *context)
{
    struct bucket *bucket = context;
    (void)uses;
    (void)count;
    if (span_is_equal(account, bucket->account)) {
        bucket->attempts_1h = attempts_1h;
    }
    return false;
}

static void try_charge(struct bucket *bucket)
{
    const struct control_host *host = bucket->inquiry->host;
    bucket->is_of_fleet =
        host->fleet != NULL && fleet_try(host->fleet, &bucket->charge) != CHARGE_UNKNOWN;
    bucket->is_answered =
        bucket->is_of_fleet || ledger_try(host->ledger, &bucket->charge) != CHARGE_UNKNOWN;
}

/* NULL: no memory. */
static struct bucket *bucket_ask(struct limits_inquiry *inquiry,
                                 const struct limit_subject *subject)
{
    struct bucket *bucket = arena_alloc(inquiry->arena, sizeof(*bucket));
    if (bucket == NULL) {
        return NULL;
    }
    bucket->inquiry = inquiry;
    bucket->subject = *subject;
    bucket->account =
        account_name(LIMIT_BY_PRINCIPAL, subject->mail_class, subject->principal, inquiry->arena);
    if (bucket->account.at == NULL || !bill(bucket)) {
        return NULL;
    }
    try_charge(bucket);
    ledger_walk(inquiry->host->ledger, bucket->account, note_attempts, bucket);
    return bucket;
}

/* Of sixteen providers only those that mail went to. */
static bool is_told(const struct charge_line *line)
{
    return line->limit->by != LIMIT_BY_PROVIDER || line->used > 0;
}

/* --- text ------------------------------------------------------------------------------------ */

static void text_fits(const struct charge_line *line, struct buffer *out)
{
    struct buffer text = BUFFER_EMPTY;
    if (line->fits_in_ms == 0 || line->max == 0) {
        buffer_add_text(&text, "now");
    } else if (line->fits_in_ms == CHARGE_NEVER) {
        buffer_add_text(&text, "never");
    } else {
        buffer_add_text(&text, "in ");
        report_add_duration((int64_t)((line->fits_in_ms + 999) / 1000), &text);
    }
    buffer_printf(out, "%-12s", buffer_text(&text));
    buffer_free(&text);
}

static void text_line(struct limits_inquiry *inquiry, const struct bucket *bucket, size_t at)
{
    const struct charge_line *line = &bucket->charge.lines[at];
    struct buffer *out = inquiry->out, used = BUFFER_EMPTY, per = BUFFER_EMPTY;
    if (bucket->is_answered) {
        buffer_printf(&used, "%" PRIu64 "/", line->used);
    } else {
        buffer_add_text(&used, "?/");
    }
    inquiry_text_max(line->max, &used);
    inquiry_text_per(line->limit, &per);
    buffer_printf(out, "    %-18s %-30s %-6s", buffer_text(&used), limit_unit(line->limit),
                  buffer_text(&per));
    text_fits(line, out);
    buffer_printf(out, " %s", line->limit->name);
    if (line->limit->by != LIMIT_BY_PRINCIPAL) {
        buffer_add_text(out, " of ");
        report_add_printable(out, bucket->charge.accounts[line->account]);
    }
    buffer_printf(out, ", %s: ",
                  line->is_acting ? action_name((enum action)line->limit->action) : "only told");
    inquiry_text_source(inquiry, line->limit, &bucket->values[at], out);
    if (line->halved_for_ms > 0) {
        buffer_add_text(out, "; half of it for ");
        report_add_duration((int64_t)(line->halved_for_ms / 1000), out);
        buffer_add_text(out, ", since what was counted before is lost");
    }
    buffer_add_char(out, '\n');
    buffer_free(&used);
    buffer_free(&per);
}

static void text_bucket(struct limits_inquiry *inquiry, const struct bucket *bucket)
{
    buffer_printf(inquiry->out, "\n  class %s", mail_class_name(bucket->subject.mail_class));
    if (bucket->attempts_1h > 0) {
        buffer_printf(inquiry->out, ", %" PRIu64 " refused in the last hour", bucket->attempts_1h);
    }
    if (bucket->is_of_fleet) {
        buffer_add_text(inquiry->out, ", used on all nodes of the fleet");
    } else if (inquiry->host->fleet != NULL) {
        buffer_add_text(inquiry->out, ", used on this node alone: redis does not answer");
    }
    buffer_add_char(inquiry->out, '\n');
    inquiry_tell_behaviour(inquiry, bucket->account);
    if (bucket->charge.line_count == 0) {
        buffer_add_text(inquiry->out, "    no limit holds\n");
        return;
    }
    buffer_printf(inquiry->out, "    %-18s %-30s %-6s%-12s LIMIT\n", "USED/LIMIT", "UNIT", "PER",
                  "FITS AGAIN");
    for (size_t i = 0; i < bucket->charge.line_count; i++) {
        if (is_told(&bucket->charge.lines[i])) {
            text_line(inquiry, bucket, i);
        }
    }
}

/* --- JSON ------------------------------------------------------------------------------------ */

void inquiry_json_limit(struct json *json, const struct limit *limit)
{
    json_text(json, "limit", span_of(limit->name));
    json_text(json, "count", span_of(limit_count_names[limit->count]));
    json_text(json, "by", span_of(limit_by_names[limit->by]));
    json_text(json, "recipients", span_of(limit_to_names[limit->to]));
    json_text(json, "unit", span_of(limit_unit(limit)));
    json_number(json, "per_s", limit->per_s);
    if (limit->burst > 0) {
        json_number(json, "burst", limit->burst);
    }
    json_text(json, "action", span_of(action_name((enum action)limit->action)));
}

static void json_line(struct limits_inquiry *inquiry, const struct bucket *bucket, size_t at)
{
    const struct charge_line *line = &bucket->charge.lines[at];
    struct json *json = &inquiry->json;
    json_open(json, NULL, '{');
    inquiry_json_limit(json, line->limit);
    json_bool(json, "acts", line->is_acting);
    json_text(json, "account", bucket->charge.accounts[line->account]);
    json_number(json, "max", (int64_t)line->max);
    if (bucket->is_answered) {
        json_number(json, "used", (int64_t)line->used);
        if (line->fits_in_ms == CHARGE_NEVER) {
            json_bool(json, "never_fits", true);
        } else {
            json_number(json, "fits_in_s", (int64_t)((line->fits_in_ms + 999) / 1000));
        }
    }
    if (line->halved_for_ms > 0) {
        json_number(json, "halved_for_s", (int64_t)(line->halved_for_ms / 1000));
    }
    inquiry_json_source(inquiry, line->limit, &bucket->values[at]);
    json_close(json, '}');
}

static void json_bucket(struct limits_inquiry *inquiry, const struct bucket *bucket)
{
    struct json *json = &inquiry->json;
    json_open(json, NULL, '{');
    json_text(json, "class", span_of(mail_class_name(bucket->subject.mail_class)));
    json_text(json, "account", bucket->account);
    json_number(json, "attempts_1h", (int64_t)bucket->attempts_1h);
    json_text(json, "used_on", bucket->is_of_fleet ? SPAN("fleet") : SPAN("node"));
    inquiry_tell_behaviour(inquiry, bucket->account);
    json_open(json, "limits", '[');
    for (size_t i = 0; i < bucket->charge.line_count; i++) {
        if (is_told(&bucket->charge.lines[i])) {
            json_line(inquiry, bucket, i);
        }
    }
    json_close(json, ']');
    json_close(json, '}');
}

/* --- the answer ------------------------------------------------------------------------------ */

/* Does this principal send in this class? In the one it is made for, and where something was
 * counted. */
static bool sends(struct limits_inquiry *inquiry, const struct network_settings *network,
                  enum mail_class mail_class, struct span principal)
{
    bool is_bounce = span_is_equal(principal, SPAN("bounce"));
    bool is_local = span_is_equal(principal, SPAN("local"));
    enum mail_class usual = network != NULL ? inquiry_class_of_network(network)
                            : is_bounce     ? CLASS_BOUNCE
                            : is_local      ? CLASS_LOCAL
                                            : CLASS_SUBMISSION;
    return mail_class == usual || inquiry_has_account(inquiry, mail_class, principal);
}

static struct subject_plan plan_of(struct limits_inquiry *inquiry,
                                   const struct network_settings *network, struct span principal)
{
    struct subject_plan plan = { { NULL, 0 }, plan_source_text(PLAN_NONE) };
    enum plan_source source;
    if (inquiry->arg_count > 1) {
        plan.name = inquiry->args[1];
        plan.source = "asked by egressctl";
        return plan;
    }
    if (plans_wait(inquiry->site) && (network == NULL || network->plan == NULL)) {
        plan.name = span_of(inquiry->site->plans->fallback);
        plan.source = "the default: the table is not asked here";
        return plan;
    }
    plan.name = plans_find(inquiry->site, network, principal, inquiry->arena, &source);
    plan.source = plan_source_text(source);
    return plan;
}

static void begin(struct limits_inquiry *inquiry, struct span principal, struct subject_plan plan)
{
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_number(&inquiry->json, "schema", 1);
        json_text(&inquiry->json, "name", principal);
        if (plan.name.size > 0) {
            json_text(&inquiry->json, "plan", plan.name);
        }
        json_text(&inquiry->json, "plan_from", span_of(plan.source));
        inquiry_tell_suspension(inquiry, principal);
        json_open(&inquiry->json, "buckets", '[');
        return;
    }
    report_add_printable(inquiry->out, principal);
    buffer_add_text(inquiry->out, "\n  plan ");
    report_add_printable(inquiry->out, plan.name.size > 0 ? plan.name : SPAN("none"));
    buffer_printf(inquiry->out, " (%s)\n", plan.source);
    inquiry_tell_suspension(inquiry, principal);
}

static void bucket_tell(struct limits_inquiry *inquiry, const struct limit_subject *subject)
{
    struct bucket *bucket = bucket_ask(inquiry, subject);
    if (bucket == NULL) {
        return; /* the exhausted arena ends it */
    }
    if (inquiry->is_json) {
        json_bucket(inquiry, bucket);
    } else {
        text_bucket(inquiry, bucket);
    }
}

enum control_exit report_limits_user(struct limits_inquiry *inquiry)
{
    struct span principal = inquiry_principal(inquiry, inquiry->args[0]);
    const struct network_settings *network = inquiry_network(inquiry, principal);
    struct subject_plan plan;
    if (principal.size == 0) {
        return inquiry_refuse(inquiry, CONTROL_USAGE, "a name is wanted");
    }
    plan = plan_of(inquiry, network, principal);
    begin(inquiry, principal, plan);
    for (int c = 0; c < CLASS_COUNT; c++) {
        struct limit_subject subject = {
            .mail_class = (enum mail_class)c,
            .principal = principal,
            .plan = plan.name,
            .domain = inquiry_domain(inquiry, principal),
            .network = network != NULL ? span_of(network->name) : (struct span){ NULL, 0 },
        };
        if (c != CLASS_INBOUND && sends(inquiry, network, subject.mail_class, principal)) {
            bucket_tell(inquiry, &subject);
        }
    }
    if (inquiry->is_json) {
        json_close(&inquiry->json, ']');
        json_close(&inquiry->json, '}');
        buffer_add_char(inquiry->out, '\n');
    }
    return CONTROL_GOOD;
}
