/*
 * senders: asks the table of owners and reads what it answers. See senders.h for the order.
 *
 * Fails towards UNKNOWN: where a table or memory is out, nobody is told that he may.
 */
#include "site/senders.h"

#include "site/login.h"
#include "site/senders_private.h"
#include "site/site.h"
#include "tables/table.h"

static bool is_separator(char c)
{
    return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool senders_next_item(struct span *rest_io, struct span *item_r)
{
    struct span rest = *rest_io;
    while (rest.size > 0 && is_separator(rest.at[0])) {
        rest = span_from(rest, 1);
    }
    size_t size = 0;
    while (size < rest.size && !is_separator(rest.at[size])) {
        size++;
    }
    *item_r = span_first(rest, size);
    *rest_io = span_from(rest, size);
    return size > 0;
}

struct span senders_bare_local(const struct site *site, struct span local)
{
    struct span delimiters = span_of(site->logins->delimiter);
    for (size_t i = 1; i < local.size; i++) {
        if (span_find(delimiters, local.at[i]) >= 0) {
            return span_first(local, i);
        }
    }
    return local;
}

static struct span key_of(struct span local, struct span domain, struct arena *arena)
{
    char *text = arena_alloc(arena, local.size + domain.size + 2);
    if (text == NULL) {
        return (struct span){ NULL, 0 };
    }
    size_t size = 0;
    for (; size < local.size; size++) {
        text[size] = ascii_lower(local.at[size]);
    }
    if (domain.size > 0) {
        text[size++] = '@';
        memcpy(text + size, domain.at, domain.size);
        size += domain.size;
    }
    return (struct span){ text, size };
}

bool senders_can_read(const struct address *address)
{
    return (address->defects & ADDRESS_DOUBTFUL & ~(unsigned)(ADDRESS_NO_DOMAIN | ADDRESS_ROUTE)) ==
               0 &&
           address->local.size > 0;
}

struct key_list {
    struct span *at;
    size_t count;
    bool has_failed;
};

static void add_key(struct key_list *keys, struct span key)
{
    keys->has_failed |= key.at == NULL;
    if (keys->count < SENDER_KEYS_MAX && key.at != NULL) {
        keys->at[keys->count++] = key;
    }
}

static void add_keys(const struct site *site, struct span local, struct span domain,
                     struct arena *arena, struct key_list *keys)
{
    struct span bare = senders_bare_local(site, local);
    bool has_extension = bare.size < local.size;
    add_key(keys, key_of(local, domain, arena));
    if (has_extension) {
        add_key(keys, key_of(bare, domain, arena));
    }
    if (domain.size == 0) {
        return;
    }
    if (site_is_internal(site, domain)) {
        add_key(keys, key_of(local, (struct span){ NULL, 0 }, arena));
        if (has_extension) {
            add_key(keys, key_of(bare, (struct span){ NULL, 0 }, arena));
        }
    }
    add_key(keys, key_of((struct span){ NULL, 0 }, domain, arena));
}

size_t senders_keys(const struct site *site, const struct address *address, struct arena *arena,
                    struct span keys_r[static SENDER_KEYS_MAX])
{
    struct key_list keys = { .at = keys_r };
    add_keys(site, address->local, address->domain, arena, &keys);
    struct span real = login_real_domain(site, address->domain, arena);
    if (!span_is_equal(real, address->domain)) {
        add_keys(site, address->local, real, arena, &keys);
    }
    return keys.has_failed ? 0 : keys.count;
}

/* --- what a row says ------------------------------------------------------------------------- */

/* As it stands, with the realm, or in another of its forms. */
static bool is_login(const struct site *site, struct span item, struct span principal,
                     struct arena *arena)
{
    if (span_is_equal_nocase(item, principal)) {
        return true;
    }
    if (span_find(item, '@') >= 0 && site->login_aliases == NULL && site->alias_domains == NULL) {
        return false;
    }
    return span_is_equal(login_canonical(site, item, arena), principal);
}

static enum ownership names(const struct site *site, struct span owners, struct span principal,
                            unsigned depth, struct arena *arena, const char **why_r);

static enum ownership is_member(const struct site *site, struct span group, struct span principal,
                                unsigned depth, struct arena *arena, const char **why_r)
{
    if (site->groups == NULL || depth >= SENDER_GROUPS_DEEP) {
        return OWNERSHIP_FOREIGN;
    }
    struct table_answer answer = table_ask(site->groups, group, arena);
    if (answer.result == TABLE_UNAVAILABLE) {
        *why_r = answer.why;
        return OWNERSHIP_UNKNOWN;
    }
    return answer.result == TABLE_FOUND
               ? names(site, answer.value, principal, depth + 1, arena, why_r)
               : OWNERSHIP_FOREIGN;
}

static enum ownership names_item(const struct site *site, struct span item, struct span principal,
                                 unsigned depth, struct arena *arena, const char **why_r)
{
    const struct span group = SPAN("group:");
    if (span_is_equal(item, SPAN("*"))) {
        return OWNERSHIP_OWNED;
    }
    if (span_has_prefix_nocase(item, group)) {
        return is_member(site, span_from(item, group.size), principal, depth, arena, why_r);
    }
    return is_login(site, item, principal, arena) ? OWNERSHIP_OWNED : OWNERSHIP_FOREIGN;
}

static enum ownership names(const struct site *site, struct span owners, struct span principal,
                            unsigned depth, struct arena *arena, const char **why_r)
{
    enum ownership result = OWNERSHIP_FOREIGN;
    struct span item;
    while (senders_next_item(&owners, &item)) {
        enum ownership found = names_item(site, item, principal, depth, arena, why_r);
        if (found == OWNERSHIP_OWNED) {
            return found;
        }
        result = found == OWNERSHIP_UNKNOWN ? found : result;
    }
    return result;
}

enum ownership senders_names(const struct site *site, struct span owners, struct span principal,
                             struct arena *arena, const char **why_r)
{
    return names(site, owners, principal, 0, arena, why_r);
}

/* --- what needs no row ----------------------------------------------------------------------- */

static bool is_own_address(const struct site *site, struct span principal,
                           const struct address *address, struct arena *arena)
{
    struct span domain = address->domain.size > 0 ? login_real_domain(site, address->domain, arena)
                                                  : span_of(site->logins->realm);
    struct span own = key_of(senders_bare_local(site, address->local), domain, arena);
    return (domain.size > 0 && own.at != NULL && span_is_equal(own, principal)) ||
           (address->domain.size > 0 && span_is_equal_nocase(address->text, principal));
}

static bool is_own_domain(const struct site *site, struct span principal,
                          const struct address *address, struct arena *arena)
{
    ptrdiff_t at = span_find_last(principal, '@');
    struct span domain = login_real_domain(site, address->domain, arena);
    return at >= 0 && domain.size > 0 &&
           span_is_equal_nocase(span_from(principal, (size_t)at + 1), domain);
}

static enum ownership without_row(const struct site *site, struct span principal,
                                  const struct address *address, struct arena *arena)
{
    switch (site->senders->unlisted) {
    case SENDER_UNLISTED_OWN_DOMAIN:
        return is_own_domain(site, principal, address, arena) ? OWNERSHIP_OWNED : OWNERSHIP_FOREIGN;
    case SENDER_UNLISTED_OBSERVE:
        return is_own_address(site, principal, address, arena) ? OWNERSHIP_OWNED
                                                               : OWNERSHIP_LENIENT;
    case SENDER_UNLISTED_REJECT:
        return OWNERSHIP_FOREIGN;
    default:
        return is_own_address(site, principal, address, arena) ? OWNERSHIP_OWNED
                                                               : OWNERSHIP_FOREIGN;
    }
}

/* --- the answer ------------------------------------------------------------------------------ */

static struct ownership_answer unknown(const char *why)
{
    return (struct ownership_answer){ .ownership = OWNERSHIP_UNKNOWN, .why = why };
}

/* One row after the other; whether a row ends the search is what `match` says. */
static struct ownership_answer weigh_rows(const struct site *site, struct span principal,
                                          const struct span *keys,
                                          const struct table_answer *answers, size_t count,
                                          struct arena *arena)
{
    bool is_first = site->senders->match == SENDER_MATCH_FIRST;
    struct ownership_answer result = { .ownership = OWNERSHIP_LENIENT }; /* no row so far */
    for (size_t i = 0; i < count; i++) {
        const char *why = answers[i].why;
        enum ownership found = answers[i].result == TABLE_FOUND
                                   ? senders_names(site, answers[i].value, principal, arena, &why)
                                   : OWNERSHIP_UNKNOWN;
        if (answers[i].result == TABLE_ABSENT) {
            continue;
        }
        if (found == OWNERSHIP_UNKNOWN && is_first) {
            return unknown(why);
        }
        if (found != OWNERSHIP_UNKNOWN) {
            struct ownership_answer hit = { found, keys[i], answers[i].value, NULL };
            if (found == OWNERSHIP_OWNED || is_first) {
                return hit;
            }
            result = result.ownership == OWNERSHIP_LENIENT ? hit : result;
        } else {
            result = unknown(why);
        }
    }
    return result;
}

static struct ownership_answer ask_rows(const struct site *site, struct span principal,
                                        const struct address *address, struct arena *arena)
{
    struct span keys[SENDER_KEYS_MAX];
    struct table_answer answers[SENDER_KEYS_MAX];
    size_t count = senders_keys(site, address, arena, keys);
    if (count == 0) {
        return unknown("no memory to ask for the owners");
    }
    table_ask_several(site->owners, keys, count, answers, arena);
    return weigh_rows(site, principal, keys, answers, count, arena);
}

struct ownership_answer senders_ask(const struct site *site, struct span principal,
                                    const struct address *address, struct arena *arena)
{
    struct ownership_answer answer = { .ownership = OWNERSHIP_LENIENT };
    if (!senders_can_read(address)) {
        return (struct ownership_answer){ .ownership = OWNERSHIP_FOREIGN };
    }
    if (site->owners != NULL) {
        answer = ask_rows(site, principal, address, arena);
    }
    if (answer.ownership == OWNERSHIP_OWNED) {
        return answer;
    }
    bool counts =
        answer.ownership == OWNERSHIP_LENIENT || site->senders->match == SENDER_MATCH_UNION;
    enum ownership own = counts ? without_row(site, principal, address, arena) : OWNERSHIP_FOREIGN;
    if (own == OWNERSHIP_OWNED) {
        return (struct ownership_answer){ .ownership = OWNERSHIP_OWNED };
    }
    if (answer.ownership == OWNERSHIP_LENIENT) {
        answer.ownership = own;
    }
    return answer;
}

bool senders_wait(const struct site *site)
{
    return (site->owners != NULL && table_waits(site->owners)) ||
           (site->groups != NULL && table_waits(site->groups));
}
