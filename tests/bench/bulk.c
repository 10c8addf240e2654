/*
 * bulk: what it costs to note a message for its author's organization, in process, with the store
 * in a folder: one daybook read, changed and written.
 *
 *     bulk FOLDER ORGANIZATIONS MESSAGES     FOLDER is empty, and filled
 *
 * One line of names and figures: microseconds of CPU a message, octets of a daybook at the end, and
 * microseconds of a walk that looks for daybooks that are over.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bulk/volume.h"
#include "tests/bench/cpu_clock.h"

#define BEGIN_MS UINT64_C(3600000000)
#define MESSAGE_MS 1000 /* between two messages */

static bool note(struct store *store, unsigned number, unsigned organizations)
{
    char name[64];
    struct volume_reach reach;
    struct volume_entry entry = { .is_list = number % 2 == 0 };
    snprintf(name, sizeof(name), "organization-%u.example", number * 7919u % organizations);
    entry.organization = span_of(name);
    entry.recipients[number % BULK_PROVIDER_COUNT] = 1;
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        entry.answers[i] = (enum bulk_answer)((number + i) % (BULK_NO + 1));
    }
    return volume_note(store, &entry, 5000, BEGIN_MS + (uint64_t)number * MESSAGE_MS, 1, &reach);
}

int main(int argc, char **argv)
{
    unsigned organizations = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
    unsigned messages = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
    struct buffer value = BUFFER_EMPTY;
    struct store *store = argc == 4 ? store_open(argv[1]) : NULL;
    if (store == NULL || organizations == 0) {
        fprintf(stderr, "usage: bulk FOLDER ORGANIZATIONS MESSAGES\n");
        return 64;
    }
    double began_us = cpu_us();
    for (unsigned i = 0; i < messages; i++) {
        if (!note(store, i, organizations)) {
            fprintf(stderr, "bulk: the store failed\n");
            return 2;
        }
    }
    double noted_us = cpu_us();
    volume_tidy(store, BEGIN_MS);
    double tidied_us = cpu_us();
    store_get(store, STORE_BULK, SPAN("o/organization-0.example"), &value);
    printf("note_us %.2f daybook_octets %zu tidy_us %.0f\n", (noted_us - began_us) / messages,
           value.size, tidied_us - noted_us);
    buffer_free(&value);
    store_close(&store);
    return 0;
}
