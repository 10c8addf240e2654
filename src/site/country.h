/*
 * country: where a client is, by a database in MaxMind's format (GeoLite2, DB-IP, ipinfo and
 * others), with libmaxminddb. The database alone decides: what it does not have, private addresses
 * as a rule, is nowhere.
 *
 * It is read whole and asked from a copy in memory that nobody else can reach. libmaxminddb maps
 * the file it is given, and would die of one that is cut or overwritten while it is asked; so a
 * download straight over the file does no harm, and what is half written is refused or read again.
 */
#ifndef EM_SITE_COUNTRY_H
#define EM_SITE_COUNTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"
#include "util/ip.h"

struct country_database; /* immutable, counted; asked by all threads */

/*
 * The database at `path`, with a reference for the caller. What `before` (may be NULL) has of the
 * same file is shared and not read again. NULL with *error: it cannot be read, is none, names no
 * countries, or this build has no libmaxminddb.
 */
struct country_database *country_open(const char *path, struct country_database *before,
                                      struct error *error);
/* One that knows nothing, for a file that went bad where there is no good copy. It is stale as long
 * as the file is there, which may have been mended. NULL: out of memory. */
struct country_database *country_broken(const char *path);
/* Clears the pointer; NULL is fine. */
void country_unref(struct country_database **database);

/* As fingerprint_country() makes it of the ISO code; 0: nothing is known, or there is no database.
 * Waits for nothing. */
uint32_t country_of(const struct country_database *database, const struct ip *client);

/* Is another file there now? A system call. False for NULL, and while there is none. */
bool country_is_stale(const struct country_database *database);
/* A number for what lies there now; 0: nothing. A system call. */
uint64_t country_mark(const struct country_database *database);

#endif
