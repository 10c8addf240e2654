/*
 * senders_named: what is known of senders without asking the table of owners about one: lists of
 * the configuration, and whether a login can use any address at all.
 */
#include "site/login.h"
#include "site/senders.h"
#include "site/senders_private.h"
#include "site/site.h"
#include "tables/table.h"
#include "util/domain.h"
#include "util/hash_table.h"

/* --- lists of the configuration -------------------------------------------------------------- */

static bool is_same_domain(struct span written, struct span domain)
{
    char ascii[DOMAIN_MAX];
    return span_is_equal_nocase(written, domain) ||
           (domain_to_ascii(written, ascii) && span_is_equal(span_of(ascii), domain));
}

bool senders_list_has(const struct site *site, const struct config_texts *list,
                      const struct address *address)
{
    struct span bare = senders_bare_local(site, address->local);
    if (!senders_can_read(address)) {
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct span entry = span_of(list->at[i]);
        ptrdiff_t at = span_find_last(entry, '@'); /* the row's check saw one */
        struct span local = span_first(entry, (size_t)at);
        bool is_local = at == 0 || span_is_equal_nocase(local, address->local) ||
                        span_is_equal_nocase(local, bare);
        if (is_local && is_same_domain(span_from(entry, (size_t)at + 1), address->domain)) {
            return true;
        }
    }
    return false;
}

/* --- logins that own nothing ----------------------------------------------------------------- */

/* A login at one of our domains is an address of ours; where no domain is named, any may be. */
static bool has_own_address(const struct site *site, struct span principal)
{
    ptrdiff_t at = span_find_last(principal, '@');
    struct span domain = span_from(principal, at >= 0 ? (size_t)at + 1 : principal.size);
    return at > 0 && (site_is_ours(site, domain) || !site_knows_its_domains(site));
}

enum owns senders_owns(const struct site *site, struct span principal)
{
    if (site->senders->unlisted != SENDER_UNLISTED_REJECT && has_own_address(site, principal)) {
        return OWNS_SOMETHING;
    }
    if (site->owners == NULL) {
        return OWNS_NOTHING;
    }
    if (site->named_owners == NULL) {
        return OWNS_CANNOT_TELL;
    }
    return hash_table_get(site->named_owners, principal) != NULL ? OWNS_SOMETHING : OWNS_NOTHING;
}

struct naming {
    const struct site *site;
    struct hash_table *logins;
    struct config_report *report;
    struct arena *arena;
};

static void name_missing_group(struct naming *naming, struct span group, struct span row)
{
    struct config_place place = config_where(naming->site->config, &site_sender_table, "owners");
    config_complain(naming->report, CONFIG_WARNING, &place, "senders.owners",
                    "the row %.*s names group:%.*s, which is not in groups", SPAN_ARG(row),
                    SPAN_ARG(group));
}

static bool name_all(struct naming *naming, struct span row, struct span owners, unsigned depth)
{
    const struct span group = SPAN("group:");
    struct span item;
    while (senders_next_item(&owners, &item)) {
        if (!span_has_prefix_nocase(item, group)) {
            struct span login = login_canonical(naming->site, item, naming->arena);
            if (login.at == NULL || !hash_table_put(naming->logins, login, naming, NULL)) {
                return false;
            }
            continue;
        }
        struct table_answer members = { .result = TABLE_ABSENT };
        struct span name = span_from(item, group.size);
        if (naming->site->groups != NULL) {
            members = table_ask(naming->site->groups, name, naming->arena);
        }
        if (members.result == TABLE_ABSENT) {
            name_missing_group(naming, name, row);
        } else if (depth < SENDER_GROUPS_DEEP && !name_all(naming, row, members.value, depth + 1)) {
            return false;
        }
    }
    return true;
}

struct hash_table *senders_named(const struct site *site, struct config_report *report)
{
    bool can_walk = site->owners != NULL && table_is_walkable(site->owners) &&
                    (site->groups == NULL || table_is_walkable(site->groups));
    struct naming naming = { .site = site, .report = report };
    naming.logins = can_walk ? hash_table_new() : NULL;
    struct span key, value;
    size_t position = 0;
    bool good = naming.logins != NULL;
    while (good && table_next(site->owners, &position, &key, &value)) {
        naming.arena = arena_new((size_t)64 << 20);
        good = naming.arena != NULL && name_all(&naming, key, value, 0);
        arena_free(&naming.arena);
    }
    if (!good) {
        hash_table_free(&naming.logins);
    }
    return naming.logins;
}
