/*
 * address_set: addresses in lower case with A-labels; "@domain" has an empty local part.
 */
#include "site/address_set.h"

#include <stdio.h>

#include "site/senders.h"
#include "util/domain.h"

enum { ADDRESS_MAX = 512 /* a longer one is no address (RFC 5321 4.5.3.1) */ };

bool address_set_accepts(const char *value, struct error *error)
{
    struct error ignored;
    if (senders_list_accepts(value, &ignored)) {
        return true;
    }
    error_set(error, "no address; valid: \"j.doe.archive@example.org\", \"@trap.example.org\"");
    return false;
}

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

static bool put(struct hash_table *set, const char *text)
{
    char key[ADDRESS_MAX], domain[DOMAIN_MAX];
    struct span value = span_of(text);
    ptrdiff_t at = span_find_last(value, '@');
    if (at < 0 || !domain_to_ascii(span_from(value, (size_t)at + 1), domain)) {
        return true; /* the row's own check complained */
    }
    struct span name = key_of(span_first(value, (size_t)at), span_of(domain), key);
    return name.at == NULL || hash_table_put(set, name, set, NULL);
}

struct hash_table *address_set_build(const struct config_texts *texts)
{
    struct hash_table *set = hash_table_new();
    for (size_t i = 0; set != NULL && i < texts->count; i++) {
        if (!put(set, texts->at[i])) {
            hash_table_free(&set);
        }
    }
    return set;
}

bool address_set_has(const struct hash_table *set, struct span address, struct span domain)
{
    char key[ADDRESS_MAX];
    ptrdiff_t at = span_find_last(address, '@');
    if (at < 0 || hash_table_count(set) == 0) {
        return false;
    }
    struct span one = key_of(span_first(address, (size_t)at), domain, key);
    if (one.at != NULL && hash_table_get(set, one) != NULL) {
        return true;
    }
    struct span all = key_of(SPAN(""), domain, key);
    return all.at != NULL && hash_table_get(set, all) != NULL;
}
