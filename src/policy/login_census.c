/*
 * login_census: one table and two counts behind a lock. See login_census.h for what it is for.
 */
#include "policy/login_census.h"

#include <pthread.h>
#include <stdlib.h>

#include "util/hash_table.h"

struct login_census {
    pthread_mutex_t lock;
    uint64_t generation;
    struct hash_table *logins; /* to one of `marks` */
    size_t seen, without;
};

/* What a login is mapped to; only the addresses count. */
static char marks[2];

struct login_census *login_census_new(void)
{
    struct login_census *census = calloc(1, sizeof(*census));
    if (census == NULL) {
        return NULL;
    }
    census->logins = hash_table_new();
    if (census->logins == NULL) {
        free(census);
        return NULL;
    }
    pthread_mutex_init(&census->lock, NULL);
    return census;
}

void login_census_free(struct login_census **census)
{
    if (*census == NULL) {
        return;
    }
    hash_table_free(&(*census)->logins);
    pthread_mutex_destroy(&(*census)->lock);
    free(*census);
    *census = NULL;
}

/* False: nothing can be counted for lack of memory. */
static bool begin_generation(struct login_census *census, uint64_t generation)
{
    if (census->generation == generation && census->logins != NULL) {
        return true;
    }
    hash_table_free(&census->logins);
    census->logins = hash_table_new();
    census->generation = generation;
    census->seen = census->without = 0;
    return census->logins != NULL;
}

static void note(struct login_census *census, struct span login, bool owns_something)
{
    const char *known = hash_table_get(census->logins, login);
    if (known == &marks[owns_something] || (known == NULL && census->seen >= LOGIN_CENSUS_MAX) ||
        !hash_table_put(census->logins, login, &marks[owns_something], NULL)) {
        return;
    }
    census->seen += known == NULL;
    census->without += !owns_something;
    census->without -= known == &marks[0];
}

void login_census_note(struct login_census *census, uint64_t generation, struct span login,
                       bool owns_something)
{
    pthread_mutex_lock(&census->lock);
    /* A message that began before a reload says nothing of the present tables. */
    if (generation >= census->generation && begin_generation(census, generation)) {
        note(census, login, owns_something);
    }
    pthread_mutex_unlock(&census->lock);
}

void login_census_counts(struct login_census *census, size_t *seen_r, size_t *without_r)
{
    pthread_mutex_lock(&census->lock);
    *seen_r = census->seen;
    *without_r = census->without;
    pthread_mutex_unlock(&census->lock);
}

bool login_census_is_doubtful(struct login_census *census)
{
    size_t seen, without;
    login_census_counts(census, &seen, &without);
    return 2 * without > seen;
}
