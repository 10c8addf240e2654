/*
 * provider: the table, asked.
 */
#include "limits/provider.h"

#include <stdlib.h>

#include "limits/provider_private.h"

static const char *const names[PROVIDER_COUNT] = {
    [PROVIDER_GOOGLE] = "google",   [PROVIDER_MICROSOFT] = "microsoft",
    [PROVIDER_YAHOO] = "yahoo",     [PROVIDER_APPLE] = "apple",
    [PROVIDER_GMX] = "gmx",         [PROVIDER_TELEKOM] = "telekom",
    [PROVIDER_MAILRU] = "mailru",   [PROVIDER_YANDEX] = "yandex",
    [PROVIDER_TENCENT] = "tencent", [PROVIDER_NETEASE] = "netease",
    [PROVIDER_PROTON] = "proton",   [PROVIDER_ZOHO] = "zoho",
    [PROVIDER_COMCAST] = "comcast", [PROVIDER_ORANGE] = "orange",
    [PROVIDER_LIBERO] = "libero",   [PROVIDER_SEZNAM] = "seznam",
    [PROVIDER_OTHER] = "other",
};

_Static_assert(PROVIDER_OTHER == 16, "sixteen, as charges have room for");

/* `key` is a span without final dot, in any case. */
static int by_domain(const void *key, const void *row)
{
    const struct span *domain = key;
    const char *other = ((const struct provider_row *)row)->domain;
    for (size_t i = 0; i < domain->size; i++) {
        int difference = (unsigned char)ascii_lower(domain->at[i]) - (unsigned char)other[i];
        if (difference != 0 || other[i] == '\0') {
            return difference != 0 ? difference : 1; /* a NUL is no end of the span */
        }
    }
    return other[domain->size] == '\0' ? 0 : -1;
}

uint8_t provider_of(struct span domain)
{
    if (domain.size > 0 && domain.at[domain.size - 1] == '.') {
        domain.size--;
    }
    const struct provider_row *row =
        bsearch(&domain, provider_rows, provider_row_count, sizeof(provider_rows[0]), by_domain);
    return row != NULL ? row->provider : PROVIDER_OTHER;
}

const char *provider_name(uint8_t provider)
{
    return names[provider < PROVIDER_COUNT ? provider : PROVIDER_OTHER];
}
