/*
 * socketmap_place: where a socketmap server is and which of its maps is meant, from
 * "unix:/path:NAME" or "inet:HOST:PORT:NAME"; and a connection to it.
 */
#ifndef EM_TABLES_SOCKETMAP_PLACE_H
#define EM_TABLES_SOCKETMAP_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "util/error.h"
#include "util/span.h"

#define SOCKETMAP_ADDRESSES_MAX 8

struct socketmap_place {
    struct {
        struct sockaddr_storage address;
        socklen_t size;
    } at[SOCKETMAP_ADDRESSES_MAX];
    unsigned count;
    char map[128]; /* NAME */
};

/* Does the text have one of the two shapes? False with *error. */
bool socketmap_place_accepts(const char *spec, struct error *error);
/*
 * Fills *place_r. HOST is an address (IPv6 in brackets) or a name; a name is looked up here and now
 * and never again, so a server that moves needs a reload. May wait for the resolver. False with
 * *error.
 */
bool socketmap_place_open(struct socketmap_place *place_r, const char *spec, struct error *error);
/* A connected socket that does not block, or -1 with *error (without the place). Waits until the
 * deadline of clock_system at most; several addresses share it. */
int socketmap_place_connect(const struct socketmap_place *place, uint64_t deadline_ns,
                            struct error *error);
/* Milliseconds until a moment of clock_system, rounded up; 0: it is past. */
int socketmap_left_ms(uint64_t deadline_ns);

#endif
