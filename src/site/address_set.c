/*
 * honeypots: the rows of `behaviour`, and a set of addresses in lower case with A-labels.
 */
#include "site/honeypots.h"

#include <stddef.h>
#include <stdio.h>

#include "site/senders.h"
#include "util/domain.h"
#include "util/error.h"

enum { ADDRESS_MAX = 512 /* a longer one is no address (RFC 5321 4.5.3.1) */ };

static bool accepts_honeypot(const char *value, struct error *error)
{
    struct error ignored;
    if (senders_list_accepts(value, &ignored)) {
        return true;
    }
    error_set(error, "no address; valid: \"j.doe.archive@example.org\", \"@trap.example.org\"");
    return false;
}

static const struct config_row behaviour_rows[] = {
    { .name = "honeypots",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct behaviour_settings, honeypots),
      .accepts = accepts_honeypot,
      .brief = "addresses, or @domains, that nobody was ever given" },
    { .name = "actions", .type = CONFIG_PLANNED },
    { .name = "always_reachable", .type = CONFIG_PLANNED },
    CONFIG_ROWS_END,
};

const struct config_table site_behaviour_table = { .path = "behaviour",
                                                   .rows = behaviour_rows,
                                                   .size = sizeof(struct behaviour_settings) };

/* Absent: too long. */
static struct span key_of(struct span local, struct span domain, char out[static ADDRESS_MAX])
{
    int size = snprintf(out, ADDRESS_MAX, "%.*s@%.*s", SPAN_ARG(local), SPAN_ARG(domain));
    if (size < 0 || size >= ADDRESS_MAX) {
        return (struct span){ NULL, 0 };
    }
    for (int i = 0; i < size; i++) {
        out[i] = ascii_lower(out[i]);
    }
    return (struct span){ out, (size_t)size };
}

static bool put(struct hash_table *honeypots, const char *text)
{
    char key[ADDRESS_MAX], domain[DOMAIN_MAX];
    struct span value = span_of(text);
    ptrdiff_t at = span_find_last(value, '@');
    if (at < 0 || !domain_to_ascii(span_from(value, (size_t)at + 1), domain)) {
        return true; /* the row's own check complained */
    }
    struct span name = key_of(span_first(value, (size_t)at), span_of(domain), key);
    return name.at == NULL || hash_table_put(honeypots, name, honeypots, NULL);
}

struct hash_table *honeypots_build(const struct behaviour_settings *settings)
{
    struct hash_table *honeypots = hash_table_new();
    for (size_t i = 0; honeypots != NULL && i < settings->honeypots.count; i++) {
        if (!put(honeypots, settings->honeypots.at[i])) {
            hash_table_free(&honeypots);
        }
    }
    return honeypots;
}

bool honeypots_have(const struct hash_table *honeypots, struct span address, struct span domain)
{
    char key[ADDRESS_MAX];
    ptrdiff_t at = span_find_last(address, '@');
    if (at < 0 || hash_table_count(honeypots) == 0) {
        return false;
    }
    struct span one = key_of(span_first(address, (size_t)at), domain, key);
    if (one.at != NULL && hash_table_get(honeypots, one) != NULL) {
        return true;
    }
    struct span all = key_of(SPAN(""), domain, key);
    return all.at != NULL && hash_table_get(honeypots, all) != NULL;
}
