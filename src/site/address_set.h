/*
 * address_set: addresses and whole domains that a setting names.
 */
#ifndef EM_SITE_ADDRESS_SET_H
#define EM_SITE_ADDRESS_SET_H

#include <stdbool.h>

#include "config/config.h"
#include "util/error.h"
#include "util/hash_table.h"
#include "util/span.h"

/* Of a setting's row: "address" or "@domain"; else false with what is valid. */
bool address_set_accepts(const char *value, struct error *error);
/* NULL: out of memory. The caller frees it. */
struct hash_table *address_set_build(const struct config_texts *texts);
/* `address` is local@domain, `domain` its domain in A-labels. Case does not matter. */
bool address_set_has(const struct hash_table *set, struct span address, struct span domain);

#endif
