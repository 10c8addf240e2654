/*
 * proofs: takes what the store knows of keys to where signing asks (other processes and egressctl
 * write there too), puts names that signing met into the store, so that whoever looks at records
 * looks at these as well, and tells each hour whose mail found no key.
 */
#include "watch/watch_private.h"

#include <stdlib.h>

#include "dkim/proof_store.h"

#define READ_MS 2000
#define RECORDS_MAX 60000 /* in the store, before names that were met are no longer put there */
#define TELL_EVERY_S 3600

struct proofs {
    uint64_t version; /* of the store, when it was read */
    bool has_read;
    size_t records;
    size_t met; /* position among the names, up to which all are in the store */
    int64_t told_s;
};

struct reading {
    struct key_proofs *proofs;
    size_t records;
};

static bool take_record(struct span name, const struct key_record *record, void *context)
{
    struct reading *reading = context;
    reading->records++;
    return key_proofs_set(reading->proofs, name, record);
}

static void read_store(struct watch *watch, struct proofs *proofs)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct reading reading = { .proofs = setup->proofs };
    uint64_t version = store_version(setup->store);
    if (proofs->has_read && version == proofs->version) {
        return;
    }
    proofs->has_read = key_record_walk(setup->store, take_record, &reading);
    proofs->version = version;
    proofs->records = reading.records;
}

static bool keep_new(struct key_record *record_io, bool is_found, void *context)
{
    const struct clock *clock = context;
    record_io->since_s = clock_wall_s(clock);
    return !is_found;
}

/* Names come at the end of the list, so each is looked at once. */
static void put_met_names(struct watch *watch, struct proofs *proofs)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct span name;
    bool has_record;
    size_t position = proofs->met;
    while (proofs->records < RECORDS_MAX &&
           key_proofs_next(setup->proofs, &position, &name, &has_record)) {
        if (!has_record) {
            proofs->records +=
                key_record_update(setup->store, name, STORE_SOON, keep_new, (void *)setup->clock);
        }
        proofs->met = position;
    }
}

/* Needs a person: mail leaves, or waits, unsigned. The watch over keys has told why. */
static void tell_lost(struct watch *watch, struct proofs *proofs)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    int64_t now_s = clock_wall_s(setup->clock);
    struct span name;
    unsigned messages;
    size_t position = 0;
    if (now_s - proofs->told_s < TELL_EVERY_S) {
        return;
    }
    while (key_proofs_take_lost(setup->proofs, &position, &name, &messages)) {
        struct key_record record = { .reason = "" };
        bool is_known = key_proofs_get(setup->proofs, name, &record);
        watch_log(watch, LOG_LEVEL_ERR,
                  "keys: %u messages since the last such line found no published key to be signed "
                  "with: %.*s: %s; publish the record that \"egressctl key show\" prints",
                  messages, SPAN_ARG(name), is_known ? record.reason : "never seen");
        proofs->told_s = now_s;
    }
}

static unsigned proofs_run(struct watch *watch, void *state, bool is_hurried)
{
    (void)is_hurried;
    read_store(watch, state);
    put_met_names(watch, state);
    tell_lost(watch, state);
    return READ_MS;
}

/* What the store knows is there before the first message comes. */
static void *proofs_begin(struct watch *watch)
{
    struct proofs *proofs = calloc(1, sizeof(*proofs));
    if (proofs != NULL) {
        read_store(watch, proofs);
    }
    return proofs;
}

const struct watch_job watch_proofs_job = {
    .name = "proofs", .begin = proofs_begin, .end = free, .run = proofs_run
};
