/*
 * links_tld: which top-level domains there are, so that a name without scheme is told from a file
 * or the end of a sentence.
 *
 * The public suffix list knows them all, where libpsl is built in; its own copy is asked, which
 * needs no file. Without it, and beside it where a country has no suffix of one label, the short
 * table below: the countries, and the generic ones that nearly all mail is about. A name below one
 * that is missing is then no link without a scheme.
 */
#include "message/links_private.h"

#ifdef HAVE_PSL
#include <libpsl.h>
#endif

/* The second letters of country codes by the first: ISO 3166 as far as delegated, and ac, eu, su,
 * uk.
 */
static const char *const countries[26] = {
    "cdefgilmoqrstuwxz",
    "abdefghijmnorstvwyz",
    "acdfghiklmnoruvwxyz",
    "ejkmoz",
    "cegrstu",
    "ijkmor",
    "abdefghilmnpqrstuwy",
    "kmnrtu",
    "delmnoqrst",
    "emop",
    "eghimnprwyz",
    "abcikrstuvy",
    "acdeghklmnopqrstuvwxyz",
    "acefgiloprzu",
    "m",
    "aefghklmnrstwy",
    "a",
    "eosuw",
    "abcdeghijklmnorstuvxyz",
    "cdfghjklmnortvwz",
    "agksyz",
    "aceginu",
    "fs",
    "",
    "et",
    "amw",
};

static const char *const generics[] = {
    "com",      "net",      "org",    "edu",     "gov",     "mil",      "int",   "arpa",   "info",
    "biz",      "name",     "pro",    "aero",    "asia",    "cat",      "coop",  "jobs",   "mobi",
    "museum",   "post",     "tel",    "travel",  "app",     "dev",      "xyz",   "top",    "site",
    "online",   "shop",     "store",  "club",    "live",    "icu",      "vip",   "work",   "link",
    "click",    "space",    "tech",   "website", "cloud",   "page",     "blog",  "news",   "email",
    "support",  "services", "life",   "world",   "today",   "fun",      "win",   "bid",    "loan",
    "men",      "party",    "review", "stream",  "date",    "download", "buzz",  "cam",    "cfd",
    "sbs",      "rest",     "foo",    "agency",  "digital", "group",    "media", "berlin", "london",
    "xn--p1ai",
};

/* Names of files end in these, too. */
static const char suffixes[][4] = { "ai", "cc", "cf", "cs", "in", "mc", "md", "mov", "pl",
                                    "pm", "ps", "py", "rs", "sh", "so", "st", "vb",  "zip" };

static struct span last_label(struct span host)
{
    return span_from(host, (size_t)(span_find_last(host, '.') + 1));
}

static bool is_in_table(struct span label)
{
    if (label.size == 2) {
        return label.at[0] >= 'a' && label.at[0] <= 'z' && label.at[1] != '\0' &&
               strchr(countries[label.at[0] - 'a'], label.at[1]) != NULL;
    }
    for (size_t i = 0; i < sizeof(generics) / sizeof(generics[0]); i++) {
        if (span_is_equal(label, span_of(generics[i]))) {
            return true;
        }
    }
    return false;
}

bool links_tld_is_known(struct span host)
{
    struct span label = last_label(host);

    if (is_in_table(label)) {
        return true;
    }
#ifdef HAVE_PSL
    char copy[DOMAIN_MAX];

    if (label.size > 2 && label.size < sizeof(copy)) {
        memcpy(copy, label.at, label.size);
        copy[label.size] = '\0';
        return psl_is_public_suffix2(psl_builtin(), copy, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) !=
               0;
    }
#endif
    return false;
}

bool links_tld_is_suffix(struct span host)
{
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (span_is_equal(last_label(host), span_of(suffixes[i]))) {
            return true;
        }
    }
    return false;
}

/* What somebody registered, as far as it can be told: else the name without its first label. */
static struct span site_of(struct span host)
{
    ptrdiff_t dot = span_find(host, '.');
#ifdef HAVE_PSL
    char copy[DOMAIN_MAX];
    const char *site;

    memcpy(copy, host.at, host.size);
    copy[host.size] = '\0';
    site = psl_registrable_domain(psl_builtin(), copy);
    if (site != NULL) {
        return span_from(host, (size_t)(site - copy));
    }
#endif
    return span_find(span_from(host, (size_t)(dot + 1)), '.') > 0
               ? span_from(host, (size_t)(dot + 1))
               : host;
}

bool links_is_same_site(struct span a, struct span b)
{
    return span_is_equal(a, b) || domain_is_below(a, b) || domain_is_below(b, a) ||
           span_is_equal(site_of(a), site_of(b));
}
