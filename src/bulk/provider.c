/*
 * provider: three of the providers of limits/provider.h.
 */
#include "bulk/provider.h"

#include "limits/provider.h"

static const struct {
    const char *name, *title;
    uint8_t provider;
} providers[BULK_PROVIDER_COUNT] = {
    [BULK_GOOGLE] = { "google", "Google", PROVIDER_GOOGLE },
    [BULK_YAHOO] = { "yahoo", "Yahoo", PROVIDER_YAHOO },
    [BULK_MICROSOFT] = { "microsoft", "Microsoft", PROVIDER_MICROSOFT },
};

bool bulk_provider_of(struct span domain, enum bulk_provider *provider_r)
{
    uint8_t provider = provider_of(domain);
    for (int i = 0; i < BULK_PROVIDER_COUNT; i++) {
        if (providers[i].provider == provider) {
            *provider_r = (enum bulk_provider)i;
            return true;
        }
    }
    return false;
}

const char *bulk_provider_name(enum bulk_provider provider)
{
    return providers[provider].name;
}

const char *bulk_provider_title(enum bulk_provider provider)
{
    return providers[provider].title;
}
