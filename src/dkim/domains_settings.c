/*
 * domains_settings: the option rows of `domains` and `signing`.
 */
#include <stddef.h>

#include "dkim/domains_private.h"
#include "dkim/opendkim_table.h"
#include "util/domain.h"
#include "util/error.h"

static bool accepts_name(const char *value, struct error *error)
{
    char name[DOMAIN_MAX];
    if (span_is_equal(span_of(value), SPAN("*")) || domain_to_ascii(span_of(value), name)) {
        return true;
    }
    error_set(error, "not a domain name; valid: \"example.org\", or \"*\" for any");
    return false;
}

static bool accepts_d(const char *value, struct error *error)
{
    char name[DOMAIN_MAX];
    bool is_domain = domain_to_ascii(span_of(value), name) && span_find(span_of(name), '.') > 0;
    if (is_domain || span_is_equal(span_of(value), SPAN("{from}"))) {
        return true;
    }
    error_set(error,
              "not a domain name; valid: \"example.org\", or \"{from}\" for the From domain");
    return false;
}

bool domains_selector_is_valid(const char *selector)
{
    char ascii[DOMAIN_MAX];
    if (!domain_to_ascii(span_of(selector), ascii) || span_find(span_of(ascii), '_') >= 0) {
        return false;
    }
    struct span rest = span_of(ascii);
    struct span label;
    while (span_cut(&rest, '.', &label)) {
        if (label.at[0] == '-' || label.at[label.size - 1] == '-') {
            return false;
        }
    }
    return true;
}

static bool accepts_selector(const char *value, struct error *error)
{
    if (domains_selector_is_valid(value)) {
        return true;
    }
    error_set(error, "not a selector; valid: letters, digits and inner hyphens, in labels joined "
                     "by dots");
    return false;
}

static bool accepts_file(const char *value, struct error *error)
{
    if (value[0] == '/') {
        return true;
    }
    error_set(error, "not an absolute path; {d}, {name} and {selector} may stand in it");
    return false;
}

static bool accepts_source(const char *value, struct error *error)
{
    struct span text = span_of(value);
    struct opendkim_spec spec;
    if (span_has_prefix_nocase(text, SPAN("opendkim:"))) {
        return opendkim_spec_read(text, &spec, error);
    }
    if (span_has_prefix_nocase(text, SPAN("dir:/"))) {
        return true;
    }
    error_set(error, "not known; valid: a list, \"dir:/path\", or "
                     "\"opendkim:/path/KeyTable,/path/SigningTable\"");
    return false;
}

static const char *const failures[] = { "defer", "hold", "pass", NULL };

static const struct config_row key_rows[] = {
    { .name = "selector",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct key_settings, selector),
      .required = true,
      .accepts = accepts_selector,
      .brief = "s= of the signature: where the record is published" },
    { .name = "file",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct key_settings, file),
      .required = true,
      .accepts = accepts_file,
      .brief = "private key, PEM; {d}, {name} and {selector} are filled in" },
    CONFIG_ROWS_END,
};

static const struct config_row domain_rows[] = {
    { .name = "name",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct domain_settings, name),
      .required = true,
      .accepts = accepts_name,
      .brief = "From domain this entry is for; \"*\" for every other one" },
    { .name = "d",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct domain_settings, d),
      .accepts = accepts_d,
      .brief = "d= of the signature; absent: name; \"{from}\": the From domain" },
    { .name = "subdomains",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct domain_settings, subdomains),
      .fallback = "true",
      .brief = "the entry covers what is below name too" },
    { .name = "third_party",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct domain_settings, third_party),
      .fallback = "false",
      .brief = "a d that is not aligned with name is intended" },
    { .name = "keys",
      .type = CONFIG_LIST,
      .offset = offsetof(struct domain_settings, keys),
      .rows = key_rows,
      .element_size = sizeof(struct key_settings),
      .key = "selector",
      .place_offset = offsetof(struct key_settings, place),
      .brief = "keys that sign, each with a signature of its own" },
    { .name = "on_failure",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct domain_settings, on_failure),
      .fallback = "defer",
      .choices = failures,
      .brief = "what happens to mail that cannot be signed" },
    { .name = "on_unpublished",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct domain_settings, on_unpublished),
      .fallback = "pass",
      .choices = failures,
      .brief = "what happens to mail for which no key is published" },
    CONFIG_ROWS_END,
};

static const struct config_row domains_rows[] = {
    { .name = "domains",
      .type = CONFIG_LIST,
      .offset = offsetof(struct domains_settings, list),
      .rows = domain_rows,
      .element_size = sizeof(struct domain_settings),
      .key = "name",
      .place_offset = offsetof(struct domain_settings, place),
      .brief = "which keys sign for which From domain" },
    { .name = "domains",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct domains_settings, source),
      .accepts = accepts_source,
      .brief = "\"dir:/path\": every DOMAIN/SELECTOR.pem below it, watched; "
               "\"opendkim:KEYTABLE,SIGNINGTABLE\": OpenDKIM's tables, watched" },
    CONFIG_ROWS_END,
};

const struct config_table dkim_domains_table = { .path = "",
                                                 .rows = domains_rows,
                                                 .size = sizeof(struct domains_settings) };

static const char *const forms[] = { "simple/simple", "simple/relaxed", "relaxed/simple",
                                     "relaxed/relaxed", NULL };

enum { EXPIRE_LEAST_S = 3600 };

static const struct config_row signing_rows[] = {
    { .name = "canonicalization",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct signing_settings, canonicalization),
      .fallback = "relaxed/relaxed",
      .choices = forms,
      .brief = "c= of the signature: header/body" },
    { .name = "expire",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct signing_settings, expire_s),
      .fallback = "7d",
      .min = 0,
      .max = INT64_C(10) * 366 * 86400,
      .brief = "x= of the signature, after its time; 0: none" },
    { .name = "in_observe",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct signing_settings, in_observe),
      .fallback = "false",
      .brief = "sign in mode observe too" },
    { .name = "require_published",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct signing_settings, require_published),
      .fallback = "false",
      .brief = "sign only with keys whose record was seen, from the beginning" },
    { .name = "prove_every",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct signing_settings, prove_every_s),
      .fallback = "1h",
      .min = 1,
      .max = 7 * 86400,
      .brief = "how often DNS is asked for the record of each key" },
    { .name = "lost_after",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct signing_settings, lost_after_s),
      .fallback = "10m",
      .min = 1,
      .max = 86400,
      .brief = "how far apart two looks find the same fault before a key is given up" },
    CONFIG_ROWS_END,
};

static void check_signing(const struct config *config, const void *settings,
                          struct config_report *report)
{
    const struct signing_settings *signing = settings;
    if (signing->expire_s > 0 && signing->expire_s < EXPIRE_LEAST_S) {
        struct config_place place = config_where(config, &dkim_signing_table, "expire");
        config_complain(report, CONFIG_ERROR, &place, "signing.expire",
                        "mail waits longer than that in queues; valid: 0, or 1h and more");
    }
}

const struct config_table dkim_signing_table = { .path = "signing",
                                                 .rows = signing_rows,
                                                 .size = sizeof(struct signing_settings),
                                                 .check = check_signing };
