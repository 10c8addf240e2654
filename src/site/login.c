/*
 * login: the rows of `logins`, and how a login becomes the name of an account.
 *
 * Asks local tables only, so it never waits. Fails by the arena.
 */
#include "site/login.h"

#include <stddef.h>

#include "site/senders_private.h"
#include "site/site.h"
#include "tables/table.h"
#include "util/domain.h"
#include "util/error.h"

static bool accepts_suffix(const char *value, struct error *error)
{
    if (value[0] != '\0') {
        return true;
    }
    error_set(error, "empty; valid: \"*admin\"");
    return false;
}

static const struct config_row login_rows[] = {
    { .name = "realm",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct login_settings, realm),
      .accepts = site_accepts_domain,
      .brief = "domain appended to logins without @" },
    { .name = "aliases",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct login_settings, aliases),
      .accepts = table_accepts_local,
      .brief = "table of login to canonical login" },
    { .name = "delimiter",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct login_settings, delimiter),
      .fallback = "+",
      .brief = "what separates a login or sender from its extension" },
    { .name = "strip_suffix",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct login_settings, strip_suffix),
      .accepts = accepts_suffix,
      .brief = "endings cut off logins (master users)" },
    CONFIG_ROWS_END,
};

const struct config_table site_login_table = { .path = "logins",
                                               .rows = login_rows,
                                               .size = sizeof(struct login_settings) };

struct span login_fold(struct span text, struct arena *arena)
{
    struct span copy = arena_copy(arena, text);
    char *bytes = (char *)(uintptr_t)copy.at; /* our own fresh copy */
    for (size_t i = 0; bytes != NULL && i < copy.size; i++) {
        bytes[i] = ascii_lower(bytes[i]);
    }
    return copy;
}

/* "*admin" cuts the separator too: "user*admin" is user. */
static struct span strip_suffixes(const struct login_settings *logins, struct span login)
{
    for (size_t i = 0; i < logins->strip_suffix.count; i++) {
        struct span suffix = span_of(logins->strip_suffix.at[i]);
        if (login.size > suffix.size && span_has_suffix_nocase(login, suffix)) {
            return span_first(login, login.size - suffix.size);
        }
    }
    return login;
}

struct span login_real_domain(const struct site *site, struct span domain, struct arena *arena)
{
    char real[DOMAIN_MAX];
    if (site->alias_domains == NULL || domain.size == 0) {
        return domain;
    }
    struct table_answer answer = table_ask(site->alias_domains, domain, arena);
    if (answer.result == TABLE_FOUND && domain_to_ascii(span_trim(answer.value), real)) {
        struct span copy = arena_copy(arena, span_of(real));
        return copy.at != NULL ? copy : domain;
    }
    return domain;
}

const char *login_trouble(const struct site *site)
{
    const char *why = site->login_aliases != NULL ? table_trouble(site->login_aliases) : NULL;
    return why == NULL && site->alias_domains != NULL ? table_trouble(site->alias_domains) : why;
}

/* The domain of a login is whatever the site writes there; what is no domain name stays. */
static struct span domain_of_login(const struct site *site, struct span written,
                                   struct arena *arena)
{
    char ascii[DOMAIN_MAX];
    if (!domain_to_ascii(written, ascii)) {
        return written;
    }
    struct span domain = arena_copy(arena, span_of(ascii));
    return domain.at != NULL ? login_real_domain(site, domain, arena) : written;
}

/* Without extension, and with the realm where there is no domain. */
static struct span complete(const struct site *site, struct span login, struct arena *arena)
{
    const struct login_settings *logins = site->logins;
    ptrdiff_t at = span_find_last(login, '@');
    struct span local = at >= 0 ? span_first(login, (size_t)at) : login;
    struct span domain = at >= 0 ? span_from(login, (size_t)at + 1) : span_of(logins->realm);
    local = senders_bare_local(site, local);
    if (domain.size == 0) {
        return local;
    }
    domain = domain_of_login(site, domain, arena);
    return span_of(arena_printf(arena, "%.*s@%.*s", SPAN_ARG(local), SPAN_ARG(domain)));
}

struct span login_canonical(const struct site *site, struct span raw, struct arena *arena)
{
    struct span login = login_fold(strip_suffixes(site->logins, span_trim(raw)), arena);
    login = complete(site, login, arena);
    if (site->login_aliases != NULL && login.at != NULL) {
        struct table_answer alias = table_ask(site->login_aliases, login, arena);
        login = alias.result == TABLE_FOUND ? login_fold(alias.value, arena) : login;
    }
    return login.size > 0 ? login : raw;
}
