/*
 * report_readiness_facts: what is known of a domain without asking anybody: the records that the
 * watch has kept, the keys and how they stand.
 */
#include "control/report_readiness_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dkim/proof_store.h"
#include "watch/domains_list.h"
#include "watch/domains_record.h"

enum { RSA_BITS_MIN = 1024, RSA_BITS_GOOD = 2048 };

static void set(struct readiness *readiness, enum bulk_fact fact, enum bulk_answer answer,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

static void set(struct readiness *readiness, enum bulk_fact fact, enum bulk_answer answer,
                const char *format, ...)
{
    struct bulk_state *state = &readiness->sender.facts[fact];
    va_list args;
    state->answer = answer;
    va_start(args, format);
    vsnprintf(state->why, sizeof(state->why), format, args);
    va_end(args);
}

/* --- what the watch has kept ----------------------------------------------------------------- */

/* One record of ours as it was last seen. */
struct seen {
    struct buffer octets; /* the texts point into it */
    struct domains_record record;
    bool is_judged;
    const struct domains_kept *worst; /* NULL: nothing is wrong with it */
};

static void see(const struct readiness *readiness, enum domains_kind kind, struct span name,
                struct seen *seen_r)
{
    struct domains_thing thing = { .kind = kind, .subject = { .domain = name } };
    char room[STORE_KEY_MAX];
    *seen_r = (struct seen){ .octets = BUFFER_EMPTY };
    if (readiness->host->store == NULL ||
        store_get(readiness->host->store, STORE_WATCH, domains_key(&thing, room),
                  &seen_r->octets) != STORE_FOUND ||
        domains_record_read(buffer_span(&seen_r->octets), &seen_r->record) != DOMAINS_READ) {
        return;
    }
    seen_r->is_judged = seen_r->record.has_judged;
    for (size_t i = 0; i < seen_r->record.fault_count; i++) {
        const struct domains_kept *fault = &seen_r->record.faults[i];
        if (!fault->is_over && fault->weight != DOMAINS_NOTE &&
            (seen_r->worst == NULL || fault->weight > seen_r->worst->weight)) {
            seen_r->worst = fault;
        }
    }
}

static bool has_code(const struct domains_kept *fault, const char *prefix)
{
    return span_has_prefix_nocase(fault->code, span_of(prefix));
}

/* A record of this kind: "no" where mail fails for it, or its fault begins with one of these. */
static void set_from_watch(struct readiness *readiness, enum bulk_fact fact, enum domains_kind kind,
                           const char *fatal, const char *good)
{
    struct seen seen;
    see(readiness, kind, readiness->domain, &seen);
    if (!seen.is_judged) {
        set(readiness, fact, BULK_UNKNOWN,
            "%s: not looked at (the watch looks at each entry of domains)",
            domains_kind_title(kind));
    } else if (seen.worst != NULL) {
        bool is_fatal = seen.worst->weight == DOMAINS_GRAVE || has_code(seen.worst, fatal);
        set(readiness, fact, is_fatal ? BULK_NO : BULK_POOR, "%s: %.*s", domains_kind_title(kind),
            SPAN_ARG(span_first(seen.worst->text, BULK_WHY_MAX / 2)));
    } else {
        set(readiness, fact, BULK_YES, "%s: %s", domains_kind_title(kind), good);
    }
    buffer_free(&seen.octets);
}

/* Without addresses the watch judges only the record itself. */
static void gather_spf(struct readiness *readiness, const struct egress *egress)
{
    struct bulk_state *state = &readiness->sender.facts[BULK_SPF];
    set_from_watch(readiness, BULK_SPF, DOMAINS_SPF, "spf-", "lets all our addresses through");
    if (state->answer == BULK_YES && egress->address_count == 0) {
        set(readiness, BULK_SPF, BULK_UNKNOWN,
            "SPF: there is a record, but outgoing.addresses does not tell where mail leaves from");
    }
}

static void gather_ptr(struct readiness *readiness, const struct egress *egress)
{
    size_t unknown = 0;
    for (size_t i = 0; i < egress->address_count; i++) {
        char address[IP_TEXT_MAX];
        struct seen seen;
        ip_print(&egress->addresses[i], address);
        see(readiness, DOMAINS_PTR, span_of(address), &seen);
        unknown += !seen.is_judged;
        if (seen.is_judged && seen.worst != NULL) {
            set(readiness, BULK_PTR, BULK_NO, "PTR: %.*s",
                SPAN_ARG(span_first(seen.worst->text, BULK_WHY_MAX / 2)));
        }
        buffer_free(&seen.octets);
    }
    if (readiness->sender.facts[BULK_PTR].answer == BULK_NO) {
        return;
    }
    if (egress->address_count == 0) {
        set(readiness, BULK_PTR, BULK_UNKNOWN,
            "PTR: outgoing.addresses does not tell where mail leaves from");
    } else if (unknown > 0) {
        set(readiness, BULK_PTR, BULK_UNKNOWN, "PTR: %zu of %zu addresses not looked at", unknown,
            egress->address_count);
    } else {
        set(readiness, BULK_PTR, BULK_YES, "PTR: each of %zu addresses has a name that leads back",
            egress->address_count);
    }
}

/* --- keys ------------------------------------------------------------------------------------ */

struct keys {
    size_t usable, proven, lost; /* RSA: what every receiver verifies */
    unsigned least_bits;
};

static void look_at_keys(const struct readiness *readiness, const struct dkim_domain *entry,
                         struct keys *keys_r)
{
    struct span d = entry->d != NULL ? span_of(entry->d) : readiness->domain;
    *keys_r = (struct keys){ .usable = 0 };
    for (size_t i = 0; i < entry->key_count; i++) {
        struct dkim_key *key = entry->keys[i].key;
        struct key_record record;
        char name[KEY_NAME_ROOM];
        if (key == NULL || dkim_key_algorithm(key) != DKIM_RSA_SHA256) {
            continue;
        }
        unsigned bits = dkim_key_bits(key);
        keys_r->usable++;
        keys_r->least_bits =
            keys_r->least_bits == 0 || bits < keys_r->least_bits ? bits : keys_r->least_bits;
        if (readiness->host->proofs != NULL &&
            key_name(span_of(entry->keys[i].selector), d, name) &&
            key_proofs_get(readiness->host->proofs, span_of(name), &record)) {
            keys_r->lost += record.is_lost || record.state == KEY_REVOKED;
            keys_r->proven +=
                !record.is_lost && record.state >= KEY_ACTIVE && record.state <= KEY_RETIRING;
        }
    }
}

static void set_dkim(struct readiness *readiness, const struct dkim_domain *entry,
                     const struct keys *keys)
{
    bool is_observing =
        readiness->site->general->mode != MODE_ENFORCE && !readiness->site->signing->in_observe;
    if (keys->usable == 0) {
        set(readiness, BULK_DKIM, BULK_NO, "DKIM: entry %s has no RSA key that can be used",
            entry->name);
    } else if (keys->lost == keys->usable) {
        set(readiness, BULK_DKIM, BULK_NO, "DKIM: the key of entry %s is not in DNS", entry->name);
    } else if (is_observing) {
        set(readiness, BULK_DKIM, BULK_UNKNOWN, "DKIM: nothing is signed in mode observe");
    } else if (keys->proven == 0) {
        set(readiness, BULK_DKIM, BULK_UNKNOWN, "DKIM: no key of entry %s is proven by DNS yet",
            entry->name);
    } else {
        set(readiness, BULK_DKIM, BULK_YES, "DKIM: signed with a key that is proven by DNS");
    }
}

static void set_key_size(struct readiness *readiness, unsigned bits)
{
    enum bulk_answer answer = bits < RSA_BITS_MIN    ? BULK_NO
                              : bits < RSA_BITS_GOOD ? BULK_POOR
                                                     : BULK_YES;
    set(readiness, BULK_KEY_SIZE, answer, "the shortest RSA key has %u bits", bits);
}

static void gather_keys(struct readiness *readiness)
{
    const struct dkim_domain *entry =
        dkim_domains_find(readiness->site->domains, readiness->domain);
    struct keys keys;
    if (entry == NULL) {
        enum bulk_answer answer =
            dkim_domains_count(readiness->site->domains) > 0 ? BULK_NO : BULK_UNKNOWN;
        set(readiness, BULK_DKIM, answer, "DKIM: no entry of domains signs for it");
        return;
    }
    look_at_keys(readiness, entry, &keys);
    set_dkim(readiness, entry, &keys);
    if (keys.usable > 0) {
        set_key_size(readiness, keys.least_bits);
    }
}

/* --- what nobody here can know --------------------------------------------------------------- */

static const struct {
    enum bulk_fact fact;
    const char *why;
} elsewhere[] = {
    { BULK_ALIGNED, "" },
    { BULK_KEY_SIZE, "no RSA key is known" },
    { BULK_TLS, "only the mail server's log tells: tls= or \"TLS connection established\"" },
    { BULK_WELL_FORMED, "" },
    { BULK_OWN_FROM, "" },
    { BULK_ONE_CLICK, "" },
    { BULK_BODY_LINK, "texts are not read for it" },
    { BULK_HONOURED, "only the program that sends lists knows" },
    { BULK_COMPLAINTS, "only the providers know the rate" },
    { BULK_HYGIENE, "bounces are not counted" },
    { BULK_RAMP, "no history longer than a day is kept" },
    { BULK_SEPARATE, "which mail shares addresses is not looked at" },
    { BULK_HONEST_NAME, "" },
    { BULK_SEALED, "only what forwards mail can seal it" },
};

/* ASCII is one script as far as domains go (UTS 39 5.2). */
static void gather_script(struct readiness *readiness)
{
    struct span rest = readiness->domain, label;
    while (span_cut(&rest, '.', &label)) {
        if (span_has_prefix_nocase(label, SPAN("xn--"))) {
            set(readiness, BULK_ONE_SCRIPT, BULK_UNKNOWN, "scripts of names are not judged");
            return;
        }
    }
    set(readiness, BULK_ONE_SCRIPT, BULK_YES, "the name is all ASCII");
}

void readiness_gather(struct readiness *readiness)
{
    const struct egress *egress = egress_of(readiness->site->egress_pools, readiness->domain);
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        set(readiness, elsewhere[i].fact, BULK_UNKNOWN, "%s", elsewhere[i].why);
    }
    gather_spf(readiness, egress);
    set_from_watch(readiness, BULK_DMARC, DOMAINS_DMARC, "dmarc-missing", "a record holds");
    set_from_watch(readiness, BULK_REACHABLE, DOMAINS_MX, "mx-dead", "it takes mail");
    gather_ptr(readiness, egress);
    gather_keys(readiness);
    gather_script(readiness);
}
