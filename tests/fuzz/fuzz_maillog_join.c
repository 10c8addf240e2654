/*
 * fuzz_maillog_join: any bytes as a log, of lines of ours and of mail servers, joined with room for
 * three messages: what is told has a class and lies within bounds, and no more is told than there
 * are recipients in lines of delivery.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "feedback/maillog_join.h"

enum { CAPACITY = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_maillog_join: %s\n", what);
        abort();
    }
}

/* Reads all of a text, for a sanitizer to see. */
static unsigned sum_of(struct span text)
{
    unsigned sum = 0;
    for (size_t i = 0; i < text.size; i++) {
        sum += (unsigned char)text.at[i];
    }
    return sum;
}

static void take(void *context, const struct maillog_outcome *outcome)
{
    uint64_t *told = context;
    (*told)++;
    demand(outcome->class == 2 || outcome->class == 4 || outcome->class == 5, "a class");
    demand(outcome->class == 2 || outcome->found.cause < CAUSE_COUNT, "a cause");
    demand(outcome->principal.size <= 320 && outcome->sender.size <= 320, "a long text");
    demand(sum_of(outcome->principal) + sum_of(outcome->sender) + sum_of(outcome->message_id) +
                   sum_of(outcome->recipient) + sum_of(outcome->text) + sum_of(outcome->dsn) +
                   sum_of(outcome->queue_id) <
               UINT32_MAX,
           "a sum");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = { size > 0 ? (const char *)data : "", size }, line;
    struct clock_fixed fixed;
    struct logread reader;
    uint64_t told = 0;
    struct maillog_join *join = maillog_join_new(CAPACITY, 86400, take, &told);
    demand(join != NULL, "no memory");
    clock_fixed_init(&fixed, 1795905180);
    logread_init(&reader, &fixed.clock);
    while (span_cut(&rest, '\n', &line)) {
        maillog_join_line(join, &reader, NULL, line);
        demand(maillog_join_size(join) <= CAPACITY, "more than there is room for");
    }
    demand(told <= maillog_join_counts(join)->attributed, "told of nobody");
    maillog_join_free(&join);
    return 0;
}
