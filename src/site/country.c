/*
 * country: libmaxminddb over a copy. The library opens a path and nothing else, so the copy is a
 * file that lies in memory (memfd_create(2)) and has its only name in /proc.
 */
#include "site/country.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tables/table_source.h"

#ifdef HAVE_MAXMINDDB

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <maxminddb.h>

#include "behaviour/fingerprint.h"
#include "util/file.h"

#define DATABASE_MAX ((size_t)512 << 20) /* octets; those of cities have 60 to 130 million */

#endif

struct country_database {
    struct table_source source;
    atomic_uint references;
    bool is_open;
#ifdef HAVE_MAXMINDDB
    MMDB_s mmdb; /* where it is open */
#endif
};

static struct country_database *country_new(void)
{
    struct country_database *database = calloc(1, sizeof(*database));
    if (database != NULL) {
        atomic_init(&database->references, 1);
    }
    return database;
}

#ifdef HAVE_MAXMINDDB

/* --- one record ------------------------------------------------------------------------------ */

/* Where a record has the code: MaxMind and DB-IP, then flat ones, whose `country` may be a code or
 * a name. An address that nobody could place is where it is registered. */
static const char *const paths[][3] = {
    { "country", "iso_code", NULL },
    { "country_code", NULL },
    { "country", NULL },
    { "registered_country", "iso_code", NULL },
};

static uint32_t country_at(MMDB_entry_s *entry)
{
    uint32_t country = 0;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && country == 0; i++) {
        MMDB_entry_data_s data;
        if (MMDB_aget_value(entry, &data, paths[i]) == MMDB_SUCCESS && data.has_data &&
            data.type == MMDB_DATA_TYPE_UTF8_STRING) {
            country = fingerprint_country((struct span){ data.utf8_string, data.data_size });
        }
    }
    return country;
}

/* --- is it one of countries? ----------------------------------------------------------------- */

/* Nodes looked at; the records of one that has countries are among the first. */
#define LOOK_MAX 20000

/* What is still to be looked at: one node for each bit of an address. */
struct walk {
    uint32_t nodes[129];
    size_t count;
};

/* A node that finds no room is none of a tree that is right. */
static bool walk_record(struct walk *walk, uint8_t type, uint64_t record, MMDB_entry_s *entry)
{
    if (type == MMDB_RECORD_TYPE_SEARCH_NODE &&
        walk->count < sizeof(walk->nodes) / sizeof(walk->nodes[0])) {
        walk->nodes[walk->count++] = (uint32_t)record;
    }
    return type == MMDB_RECORD_TYPE_DATA && country_at(entry) != 0;
}

/* Databases of networks or of proxies look the same and would answer "unknown" for ever. */
static bool has_countries(const MMDB_s *mmdb)
{
    struct walk walk = { { 0 }, 1 };
    for (unsigned i = 0; i < LOOK_MAX && walk.count > 0; i++) {
        MMDB_search_node_s node;
        if (MMDB_read_node(mmdb, walk.nodes[--walk.count], &node) == MMDB_SUCCESS &&
            (walk_record(&walk, node.right_record_type, node.right_record,
                         &node.right_record_entry) ||
             walk_record(&walk, node.left_record_type, node.left_record,
                         &node.left_record_entry))) {
            return true;
        }
    }
    return false;
}

/* --- opening --------------------------------------------------------------------------------- */

static bool open_copy(struct country_database *database, int fd, struct error *error)
{
    char name[64];
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    int status = MMDB_open(name, MMDB_MODE_MMAP, &database->mmdb);
    database->is_open = status == MMDB_SUCCESS;
    if (status == MMDB_FILE_OPEN_ERROR) {
        error_set(error, "%s: its copy in memory cannot be opened as %s: %m", database->source.path,
                  name);
    } else if (!database->is_open) {
        error_set(error, "%s is no database in MaxMind's format that is whole: %s",
                  database->source.path, MMDB_strerror(status));
    }
    return database->is_open;
}

static bool open_octets(struct country_database *database, struct span octets, struct error *error)
{
    int fd = memfd_create("countries", MFD_CLOEXEC);
    if (fd < 0 || !file_write_opened(fd, octets)) {
        error_set(error, "%s cannot be copied into memory: %m", database->source.path);
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    bool is_open = open_copy(database, fd, error);
    close(fd); /* it is mapped */
    if (is_open && !has_countries(&database->mmdb)) {
        error_set(error, "%s, a database of the type \"%.60s\", names no countries",
                  database->source.path, database->mmdb.metadata.database_type);
        return false;
    }
    return is_open;
}

static bool open_file(struct country_database *database, const char *path, struct error *error)
{
    struct buffer octets = BUFFER_EMPTY;
    bool is_open =
        table_source_read(&database->source, path, DATABASE_MAX, SOURCE_FREE, &octets, error) &&
        open_octets(database, buffer_span(&octets), error);
    buffer_free(&octets);
    return is_open;
}

/* Of a file that is gone nothing is shared: a configuration that names it is wrong. */
static bool has_same_file(const struct country_database *before, const char *path)
{
    return before != NULL && before->is_open && strcmp(before->source.path, path) == 0 &&
           country_mark(before) != 0 && !country_is_stale(before);
}

struct country_database *country_open(const char *path, struct country_database *before,
                                      struct error *error)
{
    if (has_same_file(before, path)) {
        atomic_fetch_add(&before->references, 1);
        return before;
    }
    struct country_database *database = country_new();
    if (database == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (!open_file(database, path, error)) {
        country_unref(&database);
    }
    return database;
}

/* --- asking ---------------------------------------------------------------------------------- */

static MMDB_lookup_result_s look_up(const MMDB_s *mmdb, const struct ip *client, int *status_r)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (client->family == 4) {
        memcpy(&v4.sin_addr, client->bytes, sizeof(v4.sin_addr));
        return MMDB_lookup_sockaddr(mmdb, (const struct sockaddr *)&v4, status_r);
    }
    memcpy(&v6.sin6_addr, client->bytes, sizeof(v6.sin6_addr));
    return MMDB_lookup_sockaddr(mmdb, (const struct sockaddr *)&v6, status_r);
}

uint32_t country_of(const struct country_database *database, const struct ip *client)
{
    int status;
    if (database == NULL || !database->is_open || client->family == 0) {
        return 0;
    }
    MMDB_lookup_result_s found = look_up(&database->mmdb, client, &status);
    return status == MMDB_SUCCESS && found.found_entry ? country_at(&found.entry) : 0;
}

static void close_copy(struct country_database *database)
{
    if (database->is_open) {
        MMDB_close(&database->mmdb);
    }
}

#else /* no libmaxminddb: nothing is ever open */

struct country_database *country_open(const char *path, struct country_database *before,
                                      struct error *error)
{
    (void)path;
    (void)before;
    error_set(error, "this build has no libmaxminddb; build with it, or remove the setting");
    return NULL;
}

uint32_t country_of(const struct country_database *database, const struct ip *client)
{
    (void)database;
    (void)client;
    return 0;
}

static void close_copy(struct country_database *database)
{
    (void)database;
}

#endif

struct country_database *country_broken(const char *path)
{
    struct country_database *database = country_new();
    if (database != NULL && !table_source_watch(&database->source, path)) {
        country_unref(&database);
    }
    return database;
}

void country_unref(struct country_database **database)
{
    struct country_database *old = *database;
    *database = NULL;
    if (old != NULL && atomic_fetch_sub(&old->references, 1) == 1) {
        close_copy(old);
        table_source_free(&old->source);
        free(old);
    }
}

bool country_is_stale(const struct country_database *database)
{
    return database != NULL && table_source_is_stale(&database->source);
}

uint64_t country_mark(const struct country_database *database)
{
    return database != NULL ? table_source_mark(&database->source) : 0;
}
