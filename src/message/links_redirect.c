/*
 * links_redirect: where a link really leads, as far as it says so itself. Nothing is fetched.
 *
 * A URL within another, however often it is percent-encoded, is found without knowing who
 * redirects; the table has those that write the target otherwise.
 */
#include "message/links_private.h"

#define LEVELS_MAX 5  /* encodings on top of each other */
#define NESTED_MAX 16 /* URLs within one */

enum form {
    FORM_PARAMETER, /* the value of a parameter: a URL or a host */
    FORM_QUOTED,    /* the same, "%" written as "-" and "/" as "_" */
    FORM_PATH,      /* behind the path of the row */
    FORM_DASHES     /* in the first label: "." is "-", "-" is "--" */
};

#define ROW(host, path, form, parameter)                                                           \
    {                                                                                              \
        SPAN_OF(host), SPAN_OF(path), form, SPAN_OF(parameter)                                     \
    }
#define SPAN_OF(text)                                                                              \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct {
    struct span host; /* it, and all below */
    struct span path; /* what the path begins with */
    enum form form;
    struct span parameter;
} rows[] = {
    ROW("google.com", "/url", FORM_PARAMETER, "q"),
    ROW("google.com", "/url", FORM_PARAMETER, "url"),
    ROW("google.com", "/amp/s/", FORM_PATH, ""),
    ROW("google.com", "/amp/", FORM_PATH, ""),
    ROW("translate.google.com", "/", FORM_PARAMETER, "u"),
    ROW("translate.goog", "/", FORM_DASHES, ""),
    ROW("cdn.ampproject.org", "/c/s/", FORM_PATH, ""),
    ROW("cdn.ampproject.org", "/c/", FORM_PATH, ""),
    ROW("cdn.ampproject.org", "/v/s/", FORM_PATH, ""),
    ROW("googleadservices.com", "/", FORM_PARAMETER, "adurl"),
    ROW("doubleclick.net", "/", FORM_PARAMETER, "adurl"),
    ROW("youtube.com", "/redirect", FORM_PARAMETER, "q"),
    ROW("facebook.com", "/l.php", FORM_PARAMETER, "u"),
    ROW("facebook.com", "/flx/warn", FORM_PARAMETER, "u"),
    ROW("instagram.com", "/", FORM_PARAMETER, "u"),
    ROW("t.umblr.com", "/redirect", FORM_PARAMETER, "z"),
    ROW("linkedin.com", "/redir", FORM_PARAMETER, "url"),
    ROW("vk.com", "/away.php", FORM_PARAMETER, "to"),
    ROW("out.reddit.com", "/", FORM_PARAMETER, "url"),
    ROW("steamcommunity.com", "/linkfilter", FORM_PARAMETER, "url"),
    ROW("slack-redir.net", "/link", FORM_PARAMETER, "url"),
    ROW("duckduckgo.com", "/l/", FORM_PARAMETER, "uddg"),
    ROW("href.li", "/", FORM_PATH, ""),
    ROW("safelinks.protection.outlook.com", "/", FORM_PARAMETER, "url"),
    ROW("urldefense.proofpoint.com", "/v1/url", FORM_PARAMETER, "u"),
    ROW("urldefense.proofpoint.com", "/v2/url", FORM_QUOTED, "u"),
    ROW("urldefense.com", "/v2/url", FORM_QUOTED, "u"),
    ROW("urldefense.com", "/v3/__", FORM_PATH, ""),
    ROW("urldefense.us", "/v3/__", FORM_PATH, ""),
    ROW("linkprotect.cudasvc.com", "/url", FORM_PARAMETER, "a"),
    ROW("clicktime.symantec.com", "/", FORM_PARAMETER, "u"),
    ROW("fireeye.com", "/", FORM_PARAMETER, "u"),
    ROW("vercel-redirect.com", "/", FORM_PARAMETER, "url"),
};

/* A URL, or a host and what follows it. */
static void take_target(struct links *links, struct span text)
{
    struct span rest, host;
    const char *scheme = memmem(text.at, text.size < 10 ? text.size : 10, "://", 3);
    char name[DOMAIN_MAX];
    enum link_host kind;

    if (scheme != NULL) {
        text = span_from(text, (size_t)(scheme - text.at) + 3);
    }
    host = links_authority_host(text, &rest);
    kind = links_host(host, name);
    if (kind != LINK_HOST_NONE &&
        (scheme != NULL || (kind == LINK_HOST_NAME && links_tld_is_known(span_of(name))))) {
        links_add(links, span_of(name), kind == LINK_HOST_ADDRESS, LINK_REDIRECTED);
    }
}

/* In the query, not decoded; absent: there is none. */
static struct span parameter_of(struct span rest, struct span name)
{
    ptrdiff_t query = span_find(rest, '?');
    struct span list = query >= 0 ? span_from(rest, (size_t)query + 1) : (struct span){ NULL, 0 };
    struct span pair;

    while (span_cut(&list, '&', &pair)) {
        if (span_has_prefix_nocase(pair, SPAN("amp;"))) {
            pair = span_from(pair, 4);
        }
        if (pair.size > name.size && pair.at[name.size] == '=' &&
            span_is_equal_nocase(span_first(pair, name.size), name)) {
            return span_from(pair, name.size + 1);
        }
    }
    return (struct span){ NULL, 0 };
}

static void take_decoded(struct links *links, struct span value, enum form form)
{
    char text[LINK_URL_MAX], plain[LINK_URL_MAX];
    struct span copy = span_first(value, sizeof(text));

    for (size_t i = 0; i < copy.size; i++) {
        bool is_quoted = form == FORM_QUOTED;

        text[i] = is_quoted && copy.at[i] == '-'   ? '%'
                  : is_quoted && copy.at[i] == '_' ? '/'
                                                   : copy.at[i];
    }
    copy = (struct span){ plain,
                          links_unescape((struct span){ text, copy.size }, plain, sizeof(plain)) };
    take_target(links, copy);
}

/* "www-example-com.translate.goog" is www.example.com. */
static void take_dashes(struct links *links, struct span host)
{
    char name[DOMAIN_MAX];
    size_t size = 0;

    for (size_t i = 0; i < host.size && host.at[i] != '.'; i++) {
        bool is_double = host.at[i] == '-' && i + 1 < host.size && host.at[i + 1] == '-';

        name[size++] = host.at[i] == '-' && !is_double ? '.' : host.at[i];
        i += is_double ? 1 : 0;
    }
    take_target(links, (struct span){ name, size });
}

static bool is_of(struct span host, struct span parent)
{
    return host.size >= parent.size &&
           (span_is_equal(host, parent) || domain_is_below(host, parent));
}

static void read_rows(struct links *links, struct span host, struct span rest)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!is_of(host, rows[i].host)) {
            continue;
        }
        if (rows[i].form == FORM_DASHES) {
            take_dashes(links, host);
        } else if (!span_has_prefix_nocase(rest, rows[i].path)) {
            continue;
        } else if (rows[i].form == FORM_PATH) {
            take_target(links, span_from(rest, rows[i].path.size));
        } else {
            struct span value = parameter_of(rest, rows[i].parameter);

            if (value.size > 0) {
                take_decoded(links, value, rows[i].form);
            }
        }
    }
}

/* All "http://" and "https://" in the text. */
static void take_nested(struct links *links, struct span text, unsigned *left_io)
{
    const char *end = text.at + text.size, *at = text.at;

    while (*left_io > 0 && (at = memmem(at, (size_t)(end - at), "://", 3)) != NULL) {
        struct span before = { text.at, (size_t)(at - text.at) };

        at += 3;
        if (span_has_suffix_nocase(before, SPAN("http")) ||
            span_has_suffix_nocase(before, SPAN("https"))) {
            take_target(links, (struct span){ at - 3, (size_t)(end - at) + 3 });
            (*left_io)--;
        }
    }
}

static void read_nested(struct links *links, struct span rest)
{
    char text[2][LINK_URL_MAX];
    unsigned left = NESTED_MAX;

    rest = span_first(rest, LINK_URL_MAX);
    if (memchr(rest.at, ':', rest.size) == NULL && memchr(rest.at, '%', rest.size) == NULL) {
        return;
    }
    for (int level = 0; level < LEVELS_MAX; level++) {
        struct span plain = { text[level % 2], 0 };

        take_nested(links, rest, &left);
        if (span_find(rest, '%') < 0) {
            return;
        }
        plain.size = links_unescape(rest, text[level % 2], LINK_URL_MAX);
        if (plain.size == rest.size) {
            return;
        }
        rest = plain;
    }
    take_nested(links, rest, &left);
}

void links_redirect(struct links *links, struct span host, struct span rest)
{
    read_rows(links, host, rest);
    read_nested(links, rest);
}
