/*
 * holder: the door to the current snapshot. Taking a reference and swapping are one short lock; the
 * old snapshot goes when its last message has gone.
 */
#include <pthread.h>
#include <stdlib.h>

#include "site/site.h"

struct site_holder {
    pthread_mutex_t lock;
    struct site *current;
};

struct site_holder *site_holder_new(struct site *first)
{
    struct site_holder *holder = calloc(1, sizeof(*holder));
    if (holder == NULL) {
        return NULL;
    }
    pthread_mutex_init(&holder->lock, NULL);
    holder->current = first;
    return holder;
}

void site_holder_free(struct site_holder **holder)
{
    if (*holder == NULL) {
        return;
    }
    site_unref(&(*holder)->current);
    pthread_mutex_destroy(&(*holder)->lock);
    free(*holder);
    *holder = NULL;
}

struct site *site_holder_get(struct site_holder *holder)
{
    pthread_mutex_lock(&holder->lock);
    struct site *site = site_ref(holder->current);
    pthread_mutex_unlock(&holder->lock);
    return site;
}

void site_holder_swap(struct site_holder *holder, struct site *next)
{
    pthread_mutex_lock(&holder->lock);
    struct site *old = holder->current;
    next->generation = old->generation + 1;
    holder->current = next;
    pthread_mutex_unlock(&holder->lock);
    site_unref(&old);
}
