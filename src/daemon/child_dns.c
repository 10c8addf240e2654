/*
 * child_dns: the thread of the resolver. Without one mail flows: what needs DNS is unknown then.
 */
#include "daemon/child_private.h"

#include "dns/settings.h"
#include "log/log.h"

/* libunbound reads its built-in zones with more than 128 KiB of stack, at the first question. */
#define RESOLVER_STACK_BYTES (1024 * 1024)

static void *resolve(void *context)
{
    dns_resolver_run(context);
    return NULL;
}

static const struct dns_settings *settings_of(const struct site *site)
{
    return config_settings(site->config, &dns_settings_table);
}

static bool start_thread(struct child *child)
{
    pthread_attr_t attributes;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    child->has_dns = pthread_attr_setstacksize(&attributes, RESOLVER_STACK_BYTES) == 0 &&
                     pthread_create(&child->dns, &attributes, resolve, child->world.resolver) == 0;
    pthread_attr_destroy(&attributes);
    return child->has_dns;
}

bool child_dns_start(struct child *child, const struct site *site)
{
    struct error error;

    child->world.resolver =
        dns_resolver_new(settings_of(site), child->world.clock, child->world.log, &error);
    if (child->world.resolver == NULL) {
        log_write(LOG_LEVEL_ERR, "dns: %s; nothing is asked until the next start", error.text);
        return true;
    }
    return start_thread(child);
}

void child_dns_follow(struct child *child)
{
    struct site *site = site_holder_get(child->holder);
    struct error error;

    if (child->world.resolver != NULL &&
        !dns_resolver_configure(child->world.resolver, settings_of(site), &error))
        log_write(LOG_LEVEL_ERR, "dns: %s; the servers before are asked", error.text);
    site_unref(&site);
}

void child_dns_stop(struct child *child)
{
    if (!child->has_dns)
        return;
    dns_resolver_stop(child->world.resolver);
    pthread_join(child->dns, NULL);
}
