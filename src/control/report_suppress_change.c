/*
 * report_suppress_change: addresses put on the list and taken off it by command. Each change leaves
 * a line in the log: who, what, and why.
 */
#include "control/report_suppress_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log/field.h"
#include "log/log.h"
#include "util/domain.h"

static void audit_begin(const struct suppress_inquiry *inquiry, const char *what,
                        struct span address, struct span domain, struct log_fields *line)
{
    log_fields_init(line);
    log_fields_raw(line, "audit:");
    log_fields_add(line, "did", span_of(what));
    log_fields_add(line, "by", span_of(inquiry->asker->name));
    log_fields_add(line, "address", address);
    log_fields_add(line, "senders", domain);
}

/* --- add ------------------------------------------------------------------------------------- */

/* False: neither "*" nor a domain. */
static bool take_domain(struct span text, char out[static SUPPRESSION_DOMAIN_MAX])
{
    if (span_is_equal(text, SPAN(SUPPRESSION_ANY_DOMAIN))) {
        memcpy(out, SUPPRESSION_ANY_DOMAIN, sizeof(SUPPRESSION_ANY_DOMAIN));
        return true;
    }
    return domain_to_ascii(text, out);
}

static bool is_code(const char *text)
{
    return text[strspn(text, "0123456789.")] == '\0';
}

/* "" or what is wrong. */
static const char *fill(const struct suppress_inquiry *inquiry, struct suppression *suppression)
{
    const struct span *args = inquiry->args;
    uint64_t until_s;
    if (!suppression_address(args[0], suppression->address)) {
        return "ADDRESS is one of mail, LOCAL@DOMAIN, of less than 200 octets";
    }
    if (!take_domain(args[1], suppression->domain)) {
        return "the domain of senders is none; valid: example.org, or \"*\" for all senders";
    }
    if (!span_number(args[2], INT64_MAX, &until_s) ||
        (until_s != 0 && (int64_t)until_s <= inquiry->wall_s)) {
        return "the end lies in the past";
    }
    suppression->until_s = (int64_t)until_s;
    if (!span_copy(args[3], suppression->code, sizeof(suppression->code)) ||
        !is_code(suppression->code)) {
        return "the code is none; valid: an enhanced status code as 5.1.1, or nothing";
    }
    if (!span_copy(span_trim(args[4]), suppression->because, sizeof(suppression->because))) {
        return "a reason has less than 200 octets";
    }
    suppression->source = SUPPRESSED_BY_COMMAND;
    suppression->set_s = inquiry->wall_s;
    snprintf(suppression->by, sizeof(suppression->by), "%s", inquiry->asker->name);
    return "";
}

static void tell_added(struct suppress_inquiry *inquiry, const struct suppression *suppression)
{
    struct buffer *out = inquiry->out;
    char until[TIME_TEXT_MAX];
    report_print_time(suppression->until_s, until);
    if (inquiry->is_json) {
        struct json *json = &inquiry->json;
        json_open(json, NULL, '{');
        json_number(json, "schema", 1);
        json_text(json, "address", span_of(suppression->address));
        json_text(json, "domain", span_of(suppression->domain));
        if (suppression->until_s != 0) {
            json_text(json, "until", span_of(until));
        }
        json_close(json, '}');
        buffer_add_char(out, '\n');
        return;
    }
    report_add_printable(out, span_of(suppression->address));
    buffer_add_text(out, " is suppressed for ");
    if (strcmp(suppression->domain, SUPPRESSION_ANY_DOMAIN) == 0) {
        buffer_add_text(out, "mail of all senders");
    } else {
        buffer_printf(out, "mail of senders of %s", suppression->domain);
    }
    buffer_printf(out, "%s%s\n", suppression->until_s != 0 ? " until " : ", for good",
                  suppression->until_s != 0 ? until : "");
}

static enum control_exit refuse_put(struct suppress_inquiry *inquiry,
                                    enum suppression_answer answer)
{
    struct error error = { "the store cannot be written" };
    if (answer == SUPPRESSION_FULL && !store_is_full(inquiry->host->store)) {
        return suppress_refuse(inquiry, CONTROL_WARNING,
                               "the list is full: suppression.max is %" PRId64,
                               inquiry->settings->max);
    }
    (void)store_trouble(inquiry->host->store, &error);
    return suppress_refuse(inquiry, CONTROL_INTERNAL, "%s", error.text);
}

enum control_exit report_suppress_add(struct suppress_inquiry *inquiry)
{
    struct suppression suppression = { .is_watched = false };
    struct log_fields line;
    const char *wrong = fill(inquiry, &suppression);
    if (wrong[0] != '\0') {
        return suppress_refuse(inquiry, CONTROL_USAGE, "%s", wrong);
    }
    enum suppression_answer answer =
        suppression_put(inquiry->host->store, inquiry->settings, &suppression);
    if (answer != SUPPRESSION_DONE) {
        return refuse_put(inquiry, answer);
    }
    audit_begin(inquiry, "suppress-add", span_of(suppression.address), span_of(suppression.domain),
                &line);
    log_fields_add_number(&line, "until", (uint64_t)suppression.until_s);
    log_fields_add_quoted(&line, "because", span_of(suppression.because));
    log_write_line(LOG_LEVEL_NOTICE, log_fields_span(&line));
    tell_added(inquiry, &suppression);
    return CONTROL_GOOD;
}

/* --- remove ---------------------------------------------------------------------------------- */

static void tell_removed(struct suppress_inquiry *inquiry, const char *address, unsigned count)
{
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_number(&inquiry->json, "schema", 1);
        json_text(&inquiry->json, "address", span_of(address));
        json_number(&inquiry->json, "removed", count);
        json_close(&inquiry->json, '}');
        buffer_add_char(inquiry->out, '\n');
        return;
    }
    report_add_printable(inquiry->out, span_of(address));
    buffer_printf(inquiry->out, " is off the list (%u record%s)\n", count, count == 1 ? "" : "s");
}

enum control_exit report_suppress_remove(struct suppress_inquiry *inquiry)
{
    char address[SUPPRESSION_ADDRESS_MAX], domain[SUPPRESSION_DOMAIN_MAX] = "";
    struct log_fields line;
    unsigned count;
    if (!suppression_address(inquiry->args[0], address) ||
        (inquiry->arg_count > 1 && !take_domain(inquiry->args[1], domain))) {
        return suppress_refuse(inquiry, CONTROL_USAGE,
                               "suppress remove wants ADDRESS, and a domain of senders or \"*\"");
    }
    switch (suppression_remove(inquiry->host->store, span_of(address), span_of(domain), &count)) {
    case SUPPRESSION_DONE:
        break;
    case SUPPRESSION_ABSENT:
        return suppress_refuse(inquiry, CONTROL_WARNING, "%s is not on the list", address);
    default:
        return refuse_put(inquiry, SUPPRESSION_FAILED);
    }
    audit_begin(inquiry, "suppress-remove", span_of(address),
                domain[0] != '\0' ? span_of(domain) : SPAN("any"), &line);
    log_fields_add_number(&line, "records", count);
    log_write_line(LOG_LEVEL_NOTICE, log_fields_span(&line));
    tell_removed(inquiry, address, count);
    return CONTROL_GOOD;
}
