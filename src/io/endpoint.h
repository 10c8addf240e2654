/*
 * endpoint: where a server is, as addresses that can be connected to, and a connection to it.
 */
#ifndef EM_IO_ENDPOINT_H
#define EM_IO_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "util/error.h"
#include "util/span.h"

#define ENDPOINT_ADDRESSES_MAX 8

struct endpoint {
    struct {
        struct sockaddr_storage address;
        socklen_t size;
    } at[ENDPOINT_ADDRESSES_MAX];
    unsigned count;
};

/* Could that be opened, as far as its text goes? False with *error. */
bool endpoint_fits_unix(struct span path, struct error *error);
bool endpoint_fits_inet(struct span host, struct span port, struct error *error);
/* Fills *endpoint_r; the path fits. */
void endpoint_open_unix(struct endpoint *endpoint_r, struct span path);
/*
 * Likewise; both fit. The host is an address or a name; a name is looked up here and now and never
 * again, so a server that moves needs a reload. May wait for the resolver. False with *error.
 */
bool endpoint_open_inet(struct endpoint *endpoint_r, struct span host, struct span port,
                        struct error *error);
/* "[::1]" without its brackets; any other text as it is. */
struct span endpoint_bare_host(struct span host);
/* The same addresses in the same order? */
bool endpoint_is_equal(const struct endpoint *a, const struct endpoint *b);
/* A connected socket that does not block, or -1 with *error (without the place). Waits until the
 * deadline of clock_system at most; several addresses share it. */
int endpoint_connect(const struct endpoint *endpoint, uint64_t deadline_ns, struct error *error);

#endif
