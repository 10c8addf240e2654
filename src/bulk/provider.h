/*
 * provider: the three that have published rules for those who send to many of their mailboxes. What
 * they do not publish rules for is nobody's here.
 */
#ifndef EM_BULK_PROVIDER_H
#define EM_BULK_PROVIDER_H

#include <stdbool.h>

#include "util/span.h"

/* Numbers are kept in the store: add, never change. */
enum bulk_provider { BULK_GOOGLE, BULK_YAHOO, BULK_MICROSOFT, BULK_PROVIDER_COUNT };

/* Whose mailboxes those of a domain (A-labels, any case) are, by its name alone
 * (limits/provider.h): a customer's own domain at a provider is none of its public ones, and
 * neither Google nor Microsoft means these. False: none of the three. */
bool bulk_provider_of(struct span domain, enum bulk_provider *provider_r);
const char *bulk_provider_name(enum bulk_provider provider);  /* "google": in JSON and the log */
const char *bulk_provider_title(enum bulk_provider provider); /* "Google": for people */

#endif
