/*
 * mail_loop: does the message go round in circles? It has more Received fields than any way that
 * ends (RFC 5321 6.3), or goes to somebody to whom it was delivered before, as Delivered-To and
 * X-Loop tell; or it is one of many automatic replies to somebody within an hour.
 *
 * Who sends a message again by hand (Resent-*, or with his login) has the fields of its first way
 * in it, so the latter is asked of mail that servers and programs bring.
 */
#include "checks/checks.h"

struct settings {
    int64_t hops;
    int64_t replies;
};

static const struct config_row rows[] = {
    { .name = "hops",
      .type = CONFIG_INT,
      .offset = offsetof(struct settings, hops),
      .fallback = "30",
      .min = 5,
      .max = 1000,
      .brief = "Received fields of a message that may still arrive; with more it has mail-loop" },
    { .name = "replies",
      .type = CONFIG_INT,
      .offset = offsetof(struct settings, replies),
      .fallback = "10",
      .min = 2,
      .max = 100000,
      .brief = "automatic replies of one sender to one recipient within an hour; more are a loop" },
    CONFIG_ROWS_END,
};

static const struct config_table table = { .path = "ceilings",
                                           .rows = rows,
                                           .size = sizeof(struct settings) };

static bool may_tell_by_recipient(const struct evidence *evidence)
{
    const uint32_t *counts = evidence->message->headers.counts;
    return evidence->mail_class != CLASS_SUBMISSION && counts[HEADER_RESENT_FROM] == 0 &&
           counts[HEADER_RESENT_DATE] == 0;
}

/* The recipient that the field names; NULL: none. */
static const struct recipient *find_named(const struct evidence *evidence,
                                          const struct header_field *field)
{
    const struct envelope *envelope = &evidence->message->envelope;
    struct span named = span_trim(field->value);
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        const struct recipient *recipient = &envelope->recipients[i];
        if (recipient->side != RECIPIENT_INTERNAL && span_find(named, '@') > 0 &&
            span_is_equal_nocase(recipient->path, named)) {
            return recipient;
        }
    }
    return NULL;
}

static bool is_field_of_loops(const struct header_field *field)
{
    return span_is_equal_nocase(field->name, SPAN("Delivered-To")) ||
           span_is_equal_nocase(field->name, SPAN("X-Loop"));
}

static void find_by_recipient(const struct evidence *evidence, struct finding_list *findings)
{
    const struct header_list *headers = &evidence->message->headers;
    for (size_t i = 0; i < headers->count; i++) {
        const struct header_field *field = &headers->fields[i];
        const struct recipient *recipient =
            is_field_of_loops(field) ? find_named(evidence, field) : NULL;
        if (recipient != NULL) {
            finding_add(findings, FINDING_MAIL_LOOP, "look who forwards to whom",
                        "%.*s had it before, says its field %.*s",
                        SPAN_ARG(span_first(recipient->path, 120)), SPAN_ARG(field->name));
            return;
        }
    }
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    const struct settings *own = settings;
    uint32_t hops = evidence->message->headers.counts[HEADER_RECEIVED];
    if (hops > own->hops) {
        finding_add(findings, FINDING_MAIL_LOOP, "look who forwards to whom",
                    "it came over %u mail servers, and more than %lld is a loop", (unsigned)hops,
                    (long long)own->hops);
    } else if (evidence->replies > own->replies) {
        finding_add(findings, FINDING_MAIL_LOOP, "look whether two programs answer each other",
                    "automatic reply number %u to one recipient within an hour", evidence->replies);
    } else if (may_tell_by_recipient(evidence)) {
        find_by_recipient(evidence, findings);
    }
}

const struct check check_mail_loop = { .name = "mail_loop", .settings = &table, .run = run };
