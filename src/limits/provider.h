/*
 * provider: who runs the mailboxes of a recipient's domain, as far as a table of well-known domains
 * tells: sixteen, and "other".
 */
#ifndef EM_LIMITS_PROVIDER_H
#define EM_LIMITS_PROVIDER_H

#include <stdint.h>

#include "util/span.h"

/* The numbers are kept in no file. */
enum {
    PROVIDER_GOOGLE,
    PROVIDER_MICROSOFT,
    PROVIDER_YAHOO, /* with AOL, and what AT&T and Verizon gave them to run */
    PROVIDER_APPLE,
    PROVIDER_GMX, /* with WEB.DE and mail.com */
    PROVIDER_TELEKOM,
    PROVIDER_MAILRU,
    PROVIDER_YANDEX,
    PROVIDER_TENCENT,
    PROVIDER_NETEASE,
    PROVIDER_PROTON,
    PROVIDER_ZOHO,
    PROVIDER_COMCAST,
    PROVIDER_ORANGE,
    PROVIDER_LIBERO,
    PROVIDER_SEZNAM,
    PROVIDER_OTHER,
    PROVIDER_COUNT
};

/* Of a domain in A-labels, in any case. Subdomains are others. */
uint8_t provider_of(struct span domain);
/* "google"; "other" for what is none. Names stay: they are parts of accounts (limits/account.h). */
const char *provider_name(uint8_t provider);

#endif
