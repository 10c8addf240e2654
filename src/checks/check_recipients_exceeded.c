/*
 * recipients_exceeded: has one message more recipients outside than the site wants? Not judged
 * unless ceilings.recipients is set. How many there may be in an hour is the business of `limits`.
 */
#include "checks/checks.h"

struct settings {
    int64_t recipients;
};

static const struct config_row rows[] = {
    { .name = "recipients",
      .type = CONFIG_INT,
      .offset = offsetof(struct settings, recipients),
      .fallback = "0",
      .min = 0,
      .max = 1000000,
      .brief = "external recipients of one message; more have recipients-exceeded; 0: any number" },
    CONFIG_ROWS_END,
};

static const struct config_table table = { .path = "ceilings",
                                           .rows = rows,
                                           .size = sizeof(struct settings) };

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    const struct settings *own = settings;
    if (own->recipients > 0 && evidence->external_count > (size_t)own->recipients) {
        finding_add(findings, FINDING_RECIPIENTS_EXCEEDED, "use a mailing list for so many",
                    "the message has %zu external recipients, %lld are allowed",
                    evidence->external_count, (long long)own->recipients);
    }
}

const struct check check_recipients_exceeded = {
    .name = "recipients_exceeded",
    .settings = &table,
    .run = run,
};
