/*
 * organization_private: the organizational domain by a list that is named, for the tests' own copy
 * of the public suffix list.
 */
#ifndef EM_AUTH_ORGANIZATION_PRIVATE_H
#define EM_AUTH_ORGANIZATION_PRIVATE_H

#include "util/span.h"

struct organization_list;

/* Text or DAFSA form. NULL: built without libpsl, there is no such file, or memory is out. */
struct organization_list *organization_list_open(const char *path);
void organization_list_free(struct organization_list **list);
/* As organization_of(), by this list; NULL knows nothing. For any number of threads. */
struct span organization_list_find(const struct organization_list *list, struct span domain);

#endif
