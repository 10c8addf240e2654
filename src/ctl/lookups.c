/*
 * lookups: a resolver and its thread, begun and ended with the command that asks.
 */
#include "ctl/lookups.h"

#include <pthread.h>
#include <stdlib.h>

struct lookups {
    struct dns_resolver *resolver;
    pthread_t thread;
};

static void *run(void *argument)
{
    struct lookups *lookups = argument;

    dns_resolver_run(lookups->resolver);
    return NULL;
}

struct lookups *lookups_begin(const struct ctl *ctl, const struct site *site, struct log_sink *log,
                              struct error *error)
{
    struct lookups *lookups;

    error->text[0] = '\0';
    if (!ctl->asks_dns)
        return NULL;
    lookups = calloc(1, sizeof(*lookups));
    if (lookups == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    lookups->resolver = dns_resolver_new(site->dns, ctl->clock, log, error);
    if (lookups->resolver != NULL && pthread_create(&lookups->thread, NULL, run, lookups) == 0)
        return lookups;
    if (lookups->resolver != NULL)
        error_set(error, "no thread can be started");
    dns_resolver_free(&lookups->resolver);
    free(lookups);
    return NULL;
}

struct dns_resolver *lookups_resolver(struct lookups *lookups)
{
    return lookups != NULL ? lookups->resolver : NULL;
}

void lookups_end(struct lookups **lookups)
{
    if (*lookups == NULL)
        return;
    dns_resolver_stop((*lookups)->resolver);
    pthread_join((*lookups)->thread, NULL);
    dns_resolver_free(&(*lookups)->resolver);
    free(*lookups);
    *lookups = NULL;
}
