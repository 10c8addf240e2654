/*
 * size_exceeded: is the message larger than large receivers take? It would come back after a queue
 * and a network have carried it. What is our own MTA's to take (message_size_limit) was said
 * before.
 */
#include "checks/checks.h"

struct settings {
    int64_t size_bytes;
};

static const struct config_row rows[] = {
    { .name = "size",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct settings, size_bytes),
      .fallback = "50M",
      .min = 64 * 1024,
      .max = (int64_t)1024 * 1024 * 1024 * 1024,
      .brief = "size of a message that receivers still take; a larger one has size-exceeded" },
    CONFIG_ROWS_END,
};

static const struct config_table table = { .path = "ceilings",
                                           .rows = rows,
                                           .size = sizeof(struct settings) };

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    const struct settings *own = settings;
    uint64_t size = evidence->message->headers.bytes + evidence->message->body.size;
    if (size > (uint64_t)own->size_bytes) {
        finding_add(findings, FINDING_SIZE_EXCEEDED,
                    "send a link to the file instead, or several messages",
                    "the message has %llu bytes, %lld are what receivers take",
                    (unsigned long long)size, (long long)own->size_bytes);
    }
}

const struct check check_size_exceeded = {
    .name = "size_exceeded",
    .needs = NEED_BODY,
    .settings = &table,
    .run = run,
};
