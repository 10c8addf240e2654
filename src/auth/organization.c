/*
 * organization: libpsl's answer as a piece of the name that was asked about. The system's list is
 * newer than the one inside the library (Debian 12: a year), so it is read where there is one.
 *
 * The list is never read again: a process lives for weeks, and a suffix that is missing that long
 * changes a remark, no verdict of ours.
 */
#include "auth/organization.h"

#include <pthread.h>
#include <stdlib.h>

#include "auth/organization_private.h"
#include "util/domain.h"

#ifdef HAVE_PSL

#include <libpsl.h>

struct organization_list {
    psl_ctx_t *loaded;        /* ours to free; NULL: the library's own */
    const psl_ctx_t *context; /* what is asked */
};

struct organization_list *organization_list_open(const char *path)
{
    struct organization_list *list = calloc(1, sizeof(*list));
    if (list == NULL) {
        return NULL;
    }
    list->loaded = psl_load_file(path);
    list->context = list->loaded;
    if (list->loaded == NULL) {
        organization_list_free(&list);
    }
    return list;
}

void organization_list_free(struct organization_list **list)
{
    if (*list != NULL) {
        psl_free((*list)->loaded);
        free(*list);
        *list = NULL;
    }
}

/* No list answers for a name with an empty label: such a name belongs to nobody. */
static bool is_whole(struct span domain)
{
    for (size_t i = 0; i < domain.size; i++) {
        if (domain.at[i] == '.' && (i == 0 || domain.at[i - 1] == '.')) {
            return false;
        }
    }
    return domain.size > 0 && domain.size < DOMAIN_MAX;
}

struct span organization_list_find(const struct organization_list *list, struct span domain)
{
    char name[DOMAIN_MAX];
    if (list == NULL) {
        return (struct span){ NULL, 0 };
    }
    if (domain.size > 0 && domain.at[domain.size - 1] == '.') {
        domain.size--;
    }
    if (!is_whole(domain)) {
        return (struct span){ NULL, 0 };
    }
    for (size_t i = 0; i < domain.size; i++) {
        name[i] = ascii_lower(domain.at[i]);
    }
    name[domain.size] = '\0';
    const char *organization = psl_registrable_domain(list->context, name);
    return organization != NULL ? span_from(domain, (size_t)(organization - name))
                                : (struct span){ NULL, 0 };
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct organization_list of_system;

static void open_system(void)
{
    const char *path = psl_dist_filename();
    of_system.loaded = path != NULL && *path != '\0' ? psl_load_file(path) : NULL;
    of_system.context = of_system.loaded != NULL ? of_system.loaded : psl_builtin();
}

static const struct organization_list *system_list(void)
{
    pthread_once(&once, open_system);
    return of_system.context != NULL ? &of_system : NULL;
}

#else

struct organization_list *organization_list_open(const char *path)
{
    (void)path;
    return NULL;
}

void organization_list_free(struct organization_list **list)
{
    *list = NULL;
}

struct span organization_list_find(const struct organization_list *list, struct span domain)
{
    (void)list;
    (void)domain;
    return (struct span){ NULL, 0 };
}

static const struct organization_list *system_list(void)
{
    return NULL;
}

#endif

bool organization_is_known(void)
{
    return system_list() != NULL;
}

struct span organization_of(struct span domain)
{
    return organization_list_find(system_list(), domain);
}
