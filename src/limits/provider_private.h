/*
 * provider_private: the table of domains (limits/provider_table.c), for provider.c and its tests.
 */
#ifndef EM_LIMITS_PROVIDER_PRIVATE_H
#define EM_LIMITS_PROVIDER_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

struct provider_row {
    const char *domain;
    uint8_t provider;
};
/* By domain, byte for byte. */
extern const struct provider_row provider_rows[];
extern const size_t provider_row_count;

#endif
