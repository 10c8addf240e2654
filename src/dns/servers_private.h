/*
 * servers_private: which name servers the settings mean.
 */
#ifndef EM_DNS_SERVERS_PRIVATE_H
#define EM_DNS_SERVERS_PRIVATE_H

#include "dns/settings.h"
#include "util/span.h"

#define DNS_SERVERS_SYSTEM "system"
#define DNS_SERVERS_COUNT 8
#define DNS_SERVER_MAX 56 /* an address, "@", a port, NUL */

struct dns_servers {
    char at[DNS_SERVERS_COUNT][DNS_SERVER_MAX]; /* as libunbound takes them */
    size_t count;                               /* 0: none, recursion from the root on */
};

/* "ADDRESS" or "ADDRESS@PORT". */
bool dns_server_read(struct span text, char server_r[static DNS_SERVER_MAX]);
/* Those of the settings; of the system where these say so: the "nameserver" lines of the file
 * `resolv_conf`, and this machine where it has none (resolv.conf(5)). */
void dns_servers_find(const struct dns_settings *settings, const char *resolv_conf,
                      struct dns_servers *servers_r);
bool dns_servers_are_equal(const struct dns_servers *a, const struct dns_servers *b);

#endif
