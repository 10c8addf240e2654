/*
 * library: libunbound set up for mail: bounded in memory, descriptors and threads, without the
 * zones it has built in, and its results as answers.
 *
 * ub_resolve() is never used: it builds a worker for each call. There is no way to empty the
 * library's cache or to change its servers: another context is made instead.
 */
#include "dns/library_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>
#include <unistd.h>

#include "dns/rdata_private.h"

#define CLASS_IN 1
#define RCODE_NOERROR 0
#define RCODE_NXDOMAIN 3
#define TTL_MAX_S 86400 /* a record that is wrong is mended within a day */

struct dns_library {
    struct ub_ctx *ctx;
};

/* --- setting up ------------------------------------------------------------------------------ */

static const char *const options[][2] = {
    { "do-not-query-localhost:", "no" }, /* the resolver of this machine, and test servers */
    { "edns-buffer-size:", "1232" },     /* no fragments; larger answers come by TCP */
    { "num-queries-per-thread:", "1024" },
    { "outgoing-range:", "512" },
    { "outgoing-num-tcp:", "16" },
    { "msg-cache-size:", "4m" }, /* ours stands before it */
    { "msg-cache-slabs:", "1" },
    { "rrset-cache-size:", "8m" },
    { "rrset-cache-slabs:", "1" },
    { "key-cache-size:", "1m" },
    { "key-cache-slabs:", "1" },
    { "neg-cache-size:", "256k" },
    { "infra-cache-numhosts:", "4000" },
    { "infra-cache-slabs:", "1" },
    /* A server that was dead is tried again soon: the default is a quarter of an hour. */
    { "infra-host-ttl:", "10" },
    { "cache-max-ttl:", "86400" },
    { "cache-max-negative-ttl:", "3600" },
    /* An answer made up from what is known would hide that nobody answers. */
    { "aggressive-nsec:", "no" },
    /* Reverse names of private and documentation addresses have servers at many sites. */
    { "unblock-lan-zones:", "yes" },
    { "insecure-lan-zones:", "yes" },
    /* The names that remain built in. "nodefault" does not free them in all versions. */
    { "local-zone:", "test. transparent" },
    { "local-zone:", "invalid. transparent" },
    { "local-zone:", "home.arpa. transparent" },
};

static const char *const anchor_files[] = { "/usr/share/dns/root.key",
                                            "/var/lib/unbound/root.key" };

static bool is_set_up(int result, const char *what, struct error *error)
{
    if (result != 0) {
        error_set(error, "libunbound does not take %s: %s", what, ub_strerror(result));
    }
    return result == 0;
}

static bool set_options(struct ub_ctx *ctx, struct error *error)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (!is_set_up(ub_ctx_set_option(ctx, options[i][0], options[i][1]), options[i][0],
                       error)) {
            return false;
        }
    }
    return true;
}

/* An option of one version only. */
static void set_if_known(struct ub_ctx *ctx, const char *name, const char *value)
{
    (void)ub_ctx_set_option(ctx, name, value);
}

/* With servers between, DNSSEC is theirs: their answers may be a site's own, below names of which
 * the root proves that they do not exist. */
static bool set_servers(struct ub_ctx *ctx, const struct dns_servers *servers, struct error *error)
{
    for (size_t i = 0; i < servers->count; i++) {
        if (!is_set_up(ub_ctx_set_fwd(ctx, servers->at[i]), servers->at[i], error)) {
            return false;
        }
    }
    for (size_t i = 0; servers->count == 0 && i < sizeof(anchor_files) / sizeof(anchor_files[0]);
         i++) {
        if (access(anchor_files[i], R_OK) == 0) {
            return is_set_up(ub_ctx_add_ta_file(ctx, anchor_files[i]), anchor_files[i], error);
        }
    }
    return true;
}

struct dns_library *dns_library_open(const struct dns_servers *servers, struct error *error)
{
    struct dns_library *library = calloc(1, sizeof(*library));
    if (library == NULL || (library->ctx = ub_ctx_create()) == NULL) {
        free(library);
        error_set(error, "libunbound: out of memory or descriptors");
        return NULL;
    }
    ub_ctx_debugout(library->ctx, NULL); /* not to stderr */
    set_if_known(library->ctx, "val-log-level:", "0");
    if (!set_options(library->ctx, error) || !set_servers(library->ctx, servers, error) ||
        !is_set_up(ub_ctx_async(library->ctx, 1), "a thread", error)) {
        dns_library_close(&library);
        return NULL;
    }
    return library;
}

void dns_library_close(struct dns_library **library)
{
    if (*library != NULL) {
        ub_ctx_delete((*library)->ctx);
        free(*library);
        *library = NULL;
    }
}

/* --- answers --------------------------------------------------------------------------------- */

static size_t count_records(const struct ub_result *result)
{
    size_t count = 0;
    while (result->data[count] != NULL) {
        count++;
    }
    return count;
}

static size_t room_for(enum dns_type type, const struct ub_result *result, size_t count)
{
    size_t room = 0;
    for (size_t i = 0; i < count; i++) {
        room += dns_rdata_room(type, (size_t)result->len[i]);
    }
    return room;
}

/* Records that are none of their type are left out; when all are, the servers talk nonsense. */
static void read_records(enum dns_type type, const struct ub_result *result, char *room,
                         struct dns_record *records, struct dns_answer *answer)
{
    for (size_t i = 0; result->data[i] != NULL; i++) {
        size_t size = (size_t)result->len[i];
        if (dns_rdata_read(type, (struct span){ result->data[i], size }, 0, size, room,
                           &records[answer->count])) {
            room += dns_rdata_room(type, size);
            answer->count++;
        }
    }
    answer->records = records;
    answer->result = answer->count > 0 ? DNS_FOUND : DNS_SERVFAIL;
    answer->why = answer->count > 0 ? NULL : "the records are malformed";
}

static void set_result(const struct ub_result *result, struct dns_answer *answer)
{
    answer->result = result->rcode == RCODE_NOERROR    ? DNS_NODATA
                     : result->rcode == RCODE_NXDOMAIN ? DNS_NXDOMAIN
                                                       : DNS_SERVFAIL;
    answer->is_secure = result->secure != 0;
    if (result->bogus != 0) {
        answer->result = DNS_BOGUS;
        answer->why = "DNSSEC finds it forged";
    } else if (answer->result == DNS_SERVFAIL) {
        answer->why = "its name servers fail, refuse or cannot be reached";
    }
}

static void set_ttl(int ttl_s, struct dns_answer *answer)
{
    answer->ttl_s = !dns_is_known(answer) ? DNS_FAILURE_TTL_S
                    : ttl_s < 1           ? 1
                    : ttl_s > TTL_MAX_S   ? TTL_MAX_S
                                          : (uint32_t)ttl_s;
}

static void hand_on(struct dns_asked *asked, const struct ub_result *result)
{
    struct dns_answer answer = { .count = 0 };
    struct dns_record *records = NULL;
    char *room = NULL;
    set_result(result, &answer);
    if (answer.result == DNS_NODATA && result->havedata != 0) {
        size_t count = count_records(result);
        records = calloc(count, sizeof(*records));
        room = malloc(room_for(asked->type, result, count));
        if (records == NULL || room == NULL) {
            answer = dns_answer_timeout;
        } else {
            read_records(asked->type, result, room, records, &answer);
        }
    }
    set_ttl(result->ttl, &answer);
    asked->came(asked, &answer);
    free(room);
    free(records);
}

static void answered(void *context, int error, struct ub_result *result)
{
    struct dns_asked *asked = context;
    if (error != 0) {
        struct dns_answer answer = { .result = DNS_SERVFAIL, .ttl_s = DNS_FAILURE_TTL_S };
        answer.why = ub_strerror(error);
        asked->came(asked, &answer);
    } else {
        hand_on(asked, result);
    }
    ub_resolve_free(result); /* NULL is fine */
}

/* --- questions ------------------------------------------------------------------------------- */

bool dns_library_ask(struct dns_library *library, struct span name, struct dns_asked *asked,
                     struct error *error)
{
    char text[DNS_NAME_TEXT_MAX + 1];
    dns_name_print(name, text);
    int result = ub_resolve_async(library->ctx, text, (int)asked->type, CLASS_IN, asked, answered,
                                  &asked->id);
    if (result != 0) {
        error_set(error, "%s", ub_strerror(result));
    }
    return result == 0;
}

/* Answers come only within dns_library_process(), which runs in the same thread: afterwards there
 * is none. */
void dns_library_cancel(struct dns_library *library, struct dns_asked *asked)
{
    ub_cancel(library->ctx, asked->id);
}

int dns_library_fd(struct dns_library *library)
{
    return ub_fd(library->ctx);
}

void dns_library_process(struct dns_library *library)
{
    ub_process(library->ctx);
}
