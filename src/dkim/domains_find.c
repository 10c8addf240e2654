/*
 * domains_find: questions to the table of signing domains, one hash per label. Nothing here writes,
 * so all threads may ask at once.
 */
#include <stdio.h>

#include "dkim/domains_private.h"
#include "util/domain.h"
#include "util/file.h"

static const struct dkim_domain *find_named(const struct dkim_domains *domains, struct span domain)
{
    const struct dkim_domain *entry = hash_table_get(domains->by_name, domain);
    if (entry != NULL) {
        return entry;
    }
    for (ptrdiff_t dot = span_find(domain, '.'); dot >= 0; dot = span_find(domain, '.')) {
        domain = span_from(domain, (size_t)dot + 1);
        entry = hash_table_get(domains->by_name, domain);
        if (entry != NULL && entry->subdomains) {
            return entry;
        }
    }
    return NULL;
}

const struct dkim_domain *dkim_domains_find(const struct dkim_domains *domains,
                                            struct span from_domain)
{
    if (domains->opendkim != NULL) {
        return domains_opendkim_find_any(domains->opendkim, from_domain);
    }
    const struct dkim_domain *entry = find_named(domains, from_domain);
    char ascii[DOMAIN_MAX];
    if (entry == NULL && domain_to_ascii(from_domain, ascii)) { /* "*" is no address literal */
        entry = domains->any;
    }
    return entry;
}

size_t dkim_domains_find_address(const struct dkim_domains *domains, struct span local,
                                 struct span domain, const struct dkim_domain **found_r,
                                 size_t room)
{
    if (domains->opendkim != NULL) {
        return domains_opendkim_find(domains->opendkim, local, domain, found_r, room);
    }
    const struct dkim_domain *entry = dkim_domains_find(domains, domain);
    if (entry != NULL && room > 0) {
        found_r[0] = entry;
        return 1;
    }
    return 0;
}

bool dkim_domains_has(const struct dkim_domains *domains, struct span domain)
{
    if (domains->opendkim != NULL) {
        return domains_opendkim_has(domains->opendkim, domain);
    }
    return find_named(domains, domain) != NULL;
}

size_t dkim_domains_count(const struct dkim_domains *domains)
{
    return domains->count;
}

const struct dkim_domain *dkim_domains_at(const struct dkim_domains *domains, size_t index)
{
    return domains->all[index];
}

bool domains_record_name(struct span selector, struct span d, char out[static DOMAIN_RECORD_ROOM])
{
    char selector_ascii[DOMAIN_MAX], d_ascii[DOMAIN_MAX], whole[DOMAIN_MAX];
    if (!domain_to_ascii(selector, selector_ascii) || !domain_to_ascii(d, d_ascii)) {
        return false;
    }
    snprintf(out, DOMAIN_RECORD_ROOM, "%s._domainkey.%s", selector_ascii, d_ascii);
    return domain_to_ascii(span_of(out), whole);
}

struct dkim_key *dkim_domains_key(const struct dkim_domains *domains, struct span domain,
                                  struct span selector)
{
    char record[DOMAIN_RECORD_ROOM], d[DOMAIN_MAX], s[DOMAIN_MAX];
    if (!domains_record_name(selector, domain, record) || !domain_to_ascii(domain, d) ||
        !domain_to_ascii(selector, s)) {
        return NULL;
    }
    const struct loaded_key *loaded = hash_table_get(domains->by_record, span_of(record));
    if (loaded != NULL) {
        return loaded->key;
    }
    const struct dkim_domain *entry = dkim_domains_find(domains, span_of(d));
    for (size_t i = 0; entry != NULL && entry->d == NULL && i < entry->key_count; i++) {
        if (span_is_equal_nocase(span_of(entry->keys[i].selector), span_of(s))) {
            return entry->keys[i].key;
        }
    }
    return NULL;
}

const char *dkim_domains_folder(const struct dkim_domains *domains)
{
    return domains->folder;
}

bool dkim_domains_is_stale(const struct dkim_domains *domains)
{
    if (domains->opendkim != NULL) {
        return (domains_opendkim_is_stale(domains->opendkim) ||
                domains_watched_are_stale(domains)) &&
               domains_opendkim_is_settled(domains->opendkim);
    }
    /* A folder is another one after a hidden file, too; the names tell. */
    return domains->folder != NULL && domains_watched_are_stale(domains) &&
           domains_fingerprint(domains->folder) != domains->fingerprint;
}

uint64_t dkim_domains_mark(const struct dkim_domains *domains)
{
    if (domains->opendkim != NULL) {
        return file_mark_join(domains_opendkim_mark(domains->opendkim),
                              domains_watched_mark(domains));
    }
    return domains->folder != NULL ? domains_fingerprint(domains->folder) : 0;
}
