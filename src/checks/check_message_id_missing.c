/*
 * message_id_missing: is there a Message-ID field (RFC 5322 3.6.4, a SHOULD that large receivers
 * insist on)? The repair makes one that cannot be repeated: time, 72 random bits, our host.
 */
#include <stdio.h>

#include "checks/checks.h"

static struct edit *repair(const struct evidence *evidence, struct arena *arena)
{
    unsigned char random[9];
    evidence->clock->random(evidence->clock, random, sizeof(random));
    char hex[2 * sizeof(random) + 1];
    for (size_t i = 0; i < sizeof(random); i++) {
        snprintf(hex + 2 * i, 3, "%02x", random[i]);
    }
    struct span host = evidence->host_name;
    const char *text =
        arena_printf(arena, "<%llx.%s@%.*s>", (unsigned long long)clock_wall_s(evidence->clock),
                     hex, SPAN_ARG(host));
    return text != NULL ? check_repair_append(arena, HEADER_MESSAGE_ID, text) : NULL;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    if (evidence->message->headers.counts[HEADER_MESSAGE_ID] > 0) {
        return;
    }
    struct finding *finding =
        finding_add(findings, FINDING_MESSAGE_ID_MISSING, "add a Message-ID field",
                    "the message has no Message-ID field");
    if (finding != NULL) {
        finding->repair = repair(evidence, findings->arena);
    }
}

const struct check check_message_id_missing = { .name = "message_id_missing", .run = run };
