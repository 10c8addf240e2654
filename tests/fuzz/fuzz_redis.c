/*
 * fuzz_redis: any octets as what a server of a fleet answers, and as what the store has of charges
 * to be merged. The first octet says which: answers of the protocol, the verdict of a charge, a
 * complaint, a record. What is taken for one is whole, and nothing is read beyond it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limits/fleet_private.h"
#include "state/redis_private.h"

#define LINES 3
#define ANSWERS_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_redis: %s\n", what);
        abort();
    }
}

/* Each octet of the words is there. */
static unsigned touch(const struct redis_reply *reply)
{
    unsigned sum = 0;
    for (size_t i = 0; i < reply->count; i++) {
        for (size_t n = 0; n < reply->words[i].size; n++) {
            sum += (unsigned char)reply->words[i].at[n];
        }
    }
    return sum;
}

static void check_answers(struct span octets)
{
    int pair[2];
    struct redis_reply reply;
    if (octets.size > 60000 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
        return;
    }
    demand(send(pair[1], octets.at, octets.size, 0) == (ssize_t)octets.size, "not sent");
    close(pair[1]);
    struct redis_wire *wire = redis_wire_new(pair[0]);
    if (wire == NULL) { /* no hiredis in this build */
        close(pair[0]);
        return;
    }
    redis_wire_read(wire);
    enum redis_wire_next next = REDIS_WIRE_ANSWERED;
    for (int i = 0; i < ANSWERS_MAX && next < REDIS_WIRE_NONE; i++) {
        next = redis_wire_next(wire, &reply);
        demand(next < REDIS_WIRE_NONE || reply.count == 0, "words of no answer");
        demand(next != REDIS_WIRE_REFUSED || reply.count == 1, "a complaint is one word");
        touch(&reply);
        redis_reply_free(&reply);
    }
    redis_wire_free(&wire);
}

static void check_verdict(struct span text)
{
    struct charge charge = { .line_count = LINES };
    char kind = '\0';
    uint64_t at_us;
    bool is_good = fleet_verdict_read(text, &charge, &kind, &at_us);
    demand(!is_good || kind != '\0', "a verdict of no kind");
    for (size_t i = 0; i < LINES; i++) {
        const struct charge_line *line = &charge.lines[i];
        demand(line->reached <= CHARGE_FULL, "a level that is none");
        demand(is_good || (line->used == 0 && line->fits_in_ms == 0), "half a verdict");
    }
}

static void check_complaint(struct span words)
{
    struct redis_place from, to;
    struct error error;
    char text[32];
    enum redis_reason reason = redis_reason_of(words);
    demand(redis_reason_text(reason) != NULL, "a reason without words");
    redis_words_copy(text, sizeof(text), words);
    demand(strlen(text) < sizeof(text), "too long");
    demand(redis_place_read("127.0.0.1:6379", &from, &error), "no place");
    if (redis_place_moved(redis_reason_place(words), &from, &to)) {
        struct redis_place again;
        demand(reason == REDIS_MOVED, "moved without being moved");
        demand(redis_place_read(to.text, &again, &error), "a place that nobody would write");
        demand(strcmp(to.text, again.text) == 0, "a place in two spellings");
    }
}

static void check_record(struct span octets)
{
    struct fleet_merge_record record;
    struct span key = span_first(octets, FLEET_OPERATION_BYTES);
    if (!fleet_merge_read(key, span_from(octets, FLEET_OPERATION_BYTES), &record)) {
        return;
    }
    demand(strlen(record.pack.operation) == FLEET_HEX_SIZE, "half an operation");
    size_t size = record.pack.numbers.size;
    for (size_t i = 0; i < record.pack.keys.count; i++) {
        size += record.pack.keys.at[i].size + 2;
    }
    demand(size < octets.size, "more than there was");
    fleet_pack_set_age(&record.pack.numbers, UINT64_MAX);
    fleet_pack_free(&record.pack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(struct span) = { check_answers, check_verdict, check_complaint,
                                                   check_record };
    if (size == 0) {
        return 0;
    }
    struct span rest = { (const char *)data + 1, size - 1 };
    checks[data[0] % (sizeof(checks) / sizeof(checks[0]))](rest);
    return 0;
}
