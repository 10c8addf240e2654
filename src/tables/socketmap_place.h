/*
 * socketmap_place: where a socketmap server is and which of its maps is meant, from
 * "unix:/path:NAME" or "inet:HOST:PORT:NAME".
 */
#ifndef EM_TABLES_SOCKETMAP_PLACE_H
#define EM_TABLES_SOCKETMAP_PLACE_H

#include <stdbool.h>

#include "io/endpoint.h"
#include "util/error.h"

struct socketmap_place {
    struct endpoint endpoint;
    char map[128]; /* NAME */
};

/* Does the text have one of the two shapes? False with *error. */
bool socketmap_place_accepts(const char *spec, struct error *error);
/*
 * Fills *place_r. HOST is an address (IPv6 in brackets) or a name, see endpoint_open_inet(). May
 * wait for the resolver. False with *error.
 */
bool socketmap_place_open(struct socketmap_place *place_r, const char *spec, struct error *error);
#endif
