/*
 * report_keys: what is known of the records of keys, and whether that is kept.
 */
#include "control/report_private.h"

#include <inttypes.h>

#include "dkim/proof_store.h"

#define LINES_MAX 20     /* of ten thousand domains */
#define NEW_LONG_S 86400 /* a record takes its time to get into DNS */

static bool find_record(const struct control_host *host, const struct dkim_domain *domain,
                        const struct dkim_domain_key *key, struct key_record *record_r)
{
    char name[KEY_NAME_ROOM];

    return host->proofs != NULL && domain->d != NULL &&
           key_name(span_of(key->selector), span_of(domain->d), name) &&
           key_proofs_get(host->proofs, span_of(name), record_r);
}

/* --- health -------------------------------------------------------------------------------- */

/* What is wrong with the keys of a domain. */
struct wrong {
    const struct dkim_domain_key *lost, *late; /* the first of them; NULL: none */
    struct key_record lost_record, late_record;
    bool has_proven; /* some key signs */
    size_t lost_count;
};

static void look(const struct control_host *host, const struct dkim_domain *domain,
                 struct wrong *wrong)
{
    *wrong = (struct wrong){ .lost = NULL };
    for (size_t i = 0; i < domain->key_count; i++) {
        const struct dkim_domain_key *key = &domain->keys[i];
        struct key_record record;
        if (key->key == NULL || !find_record(host, domain, key, &record))
            continue;
        wrong->has_proven |=
            record.state >= KEY_ACTIVE && record.state <= KEY_RETIRING && !record.is_lost;
        wrong->lost_count += record.is_lost;
        if (record.is_lost && wrong->lost == NULL) {
            wrong->lost = key;
            wrong->lost_record = record;
        } else if (record.state == KEY_NEW && record.looked_s != 0 && wrong->late == NULL &&
                   clock_wall_s(host->clock) - record.since_s > NEW_LONG_S) {
            wrong->late = key;
            wrong->late_record = record;
        }
    }
}

static void tell(const struct dkim_domain *domain, const struct wrong *wrong,
                 struct reasons *reasons)
{
    static const char *const then[] = { [DKIM_ON_FAILURE_DEFER] = "deferred",
                                        [DKIM_ON_FAILURE_HOLD] = "held",
                                        [DKIM_ON_FAILURE_PASS] = "passed unsigned" };
    char since[TIME_TEXT_MAX];

    if (wrong->lost != NULL) {
        report_print_time(wrong->lost_record.bad_since_s, since);
        report_add_reason(reasons, wrong->has_proven ? CONTROL_WARNING : CONTROL_CRITICAL,
                          "domain %s: key %s: %s since %s, its mail is %s", domain->name,
                          wrong->lost->selector, wrong->lost_record.reason, since,
                          wrong->has_proven ? "signed with another key"
                                            : then[domain->on_unpublished]);
    } else {
        report_add_reason(reasons, CONTROL_WARNING, "domain %s: key %s is not published yet: %s",
                          domain->name, wrong->late->selector,
                          key_seen_name(wrong->late_record.bad));
    }
}

/* Of keys for any domain, whose names are known from mail alone. */
static size_t count_lost(const struct control_host *host)
{
    struct key_record record;
    struct span name;
    bool has_record;
    size_t position = 0, count = 0;

    while (key_proofs_next(host->proofs, &position, &name, &has_record))
        count += has_record && key_proofs_get(host->proofs, name, &record) && record.is_lost;
    return count;
}

static void judge_records(const struct control_host *host, const struct site *site,
                          struct reasons *reasons)
{
    size_t told = 0, more = 0, lost = 0;

    for (size_t i = 0; i < dkim_domains_count(site->domains); i++) {
        const struct dkim_domain *domain = dkim_domains_at(site->domains, i);
        struct wrong wrong;
        look(host, domain, &wrong);
        lost += wrong.lost_count;
        if (wrong.lost == NULL && wrong.late == NULL)
            continue;
        if (told++ < LINES_MAX)
            tell(domain, &wrong, reasons);
        else
            more++;
    }
    if (more > 0)
        report_add_reason(reasons, CONTROL_WARNING, "and %zu more domains with such a key", more);
    if (count_lost(host) > lost)
        report_add_reason(reasons, CONTROL_WARNING,
                          "%zu records are lost of keys that sign for any domain or have left the "
                          "configuration; the log tells which",
                          count_lost(host) - lost);
}

void report_judge_keys(const struct control_host *host, const struct site *site,
                       struct reasons *reasons)
{
    struct error trouble;

    if (host->proofs != NULL)
        judge_records(host, site, reasons);
    if (host->store != NULL && store_trouble(host->store, &trouble))
        report_add_reason(reasons, CONTROL_WARNING, "%s", trouble.text);
}

/* --- status -------------------------------------------------------------------------------- */

void report_text_key(const struct control_host *host, const struct dkim_domain *domain,
                     const struct dkim_domain_key *key, struct buffer *out)
{
    struct key_record record;
    char since[TIME_TEXT_MAX];

    if (key->key == NULL || !find_record(host, domain, key, &record))
        return;
    report_print_time(record.since_s, since);
    buffer_printf(out, ", %s since %s", key_state_name(record.state), since);
    if (record.is_lost)
        buffer_add_text(out, ", lost");
    if (record.bad_since_s != 0)
        buffer_printf(out, " (DNS has %s)", key_seen_name(record.bad));
    else if (record.looked_s == 0)
        buffer_add_text(out, " (not looked at yet)");
}

void report_json_key(const struct control_host *host, const struct dkim_domain *domain,
                     const struct dkim_domain_key *key, struct json *json)
{
    struct key_record record;
    char when[TIME_TEXT_MAX];

    if (key->key == NULL || !find_record(host, domain, key, &record))
        return;
    json_text(json, "state", span_of(key_state_name(record.state)));
    json_bool(json, "lost", record.is_lost);
    report_print_time(record.since_s, when);
    json_text(json, "since", span_of(when));
    if (record.looked_s != 0) {
        report_print_time(record.looked_s, when);
        json_text(json, "looked", span_of(when));
    }
    if (record.bad_since_s != 0)
        json_text(json, "dns", span_of(key_seen_name(record.bad)));
    if (record.reason[0] != '\0')
        json_text(json, "reason", span_of(record.reason));
}
