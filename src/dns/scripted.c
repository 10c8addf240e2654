/*
 * scripted: written answers, looked up as a name server would (RFC 1034 4.3.2): the name itself,
 * else the wildcard of its closest encloser (RFC 4592), CNAMEs followed.
 */
#include "dns/scripted.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dns/answer_private.h"
#include "dns/resolver_private.h"
#include "dns/script_private.h"
#include "util/hash_table.h"

#define SCRIPT_BYTES_MAX ((size_t)64 << 20)
#define CNAMES_MAX 8
#define TTL_S 3600

struct entry {
    const struct entry *next;
    struct script_line line;
};

/* A name that exists: it has lines, or stands between one that has and the root. */
struct node {
    struct entry *first, *last;
    uint32_t ttl_s;
    bool is_late;
};

struct scripted {
    struct dns_resolver resolver; /* first */
    atomic_uint asked;
    int64_t began_s;
    struct arena *arena;
    struct hash_table *nodes;
};

struct scripted_request {
    struct dns_request request; /* first */
    struct dns_answer *answer;
    bool is_late;
};

static struct scripted *scripted_of(const struct dns_resolver *resolver)
{
    return (struct scripted *)resolver;
}

static struct node *node_find(const struct scripted *scripted, struct span name)
{
    return hash_table_get(scripted->nodes, name);
}

/* The node of a name, and those of all names above it. NULL: out of memory. */
static struct node *node_make(struct scripted *scripted, struct span name)
{
    struct node *made = NULL;
    for (;;) {
        struct node *node = node_find(scripted, name);
        if (node == NULL) {
            node = arena_alloc(scripted->arena, sizeof(*node));
            if (node == NULL || !hash_table_put(scripted->nodes, name, node, NULL)) {
                return NULL;
            }
            node->ttl_s = TTL_S;
        }
        made = made == NULL ? node : made;
        ptrdiff_t dot = span_find(name, '.');
        if (name.size == 0) {
            return made;
        }
        name = dot < 0 ? SPAN("") : span_from(name, (size_t)dot + 1);
    }
}

static bool add_line(struct scripted *scripted, const struct script_line *line, struct error *error)
{
    struct node *node = node_make(scripted, span_of(line->name));
    struct entry *entry = arena_alloc(scripted->arena, sizeof(*entry));
    if (node == NULL || entry == NULL) {
        error_set(error, "out of memory");
        return false;
    }
    if (line->kind == SCRIPT_TTL) {
        node->ttl_s = line->ttl_s;
        return true;
    }
    if (line->kind == SCRIPT_LATE) {
        node->is_late = true;
        return true;
    }
    entry->line = *line;
    entry->line.ttl_s = node->ttl_s;
    if (node->last == NULL) {
        node->first = entry;
    } else {
        node->last->next = entry;
    }
    node->last = entry;
    return true;
}

static bool read_script(struct scripted *scripted, struct span script, struct error *error)
{
    struct span text;
    for (unsigned number = 1; span_cut(&script, '\n', &text); number++) {
        struct script_line line;
        enum script_read read = script_line_read(text, scripted->arena, &line, error);
        if (read == SCRIPT_WRONG || (read == SCRIPT_READ && !add_line(scripted, &line, error))) {
            error_prefix(error, "line %u", number);
            return false;
        }
    }
    return true;
}

/* What a node says about a type: the type's own lines, an alias, or what holds for all types. */
static const struct entry *node_says(const struct node *node, unsigned type)
{
    const struct entry *general = NULL;
    for (const struct entry *e = node != NULL ? node->first : NULL; e != NULL; e = e->next) {
        if (e->line.type == type && e->line.kind != SCRIPT_CNAME) {
            return e;
        }
        if (general == NULL && e->line.type == SCRIPT_ANY_TYPE) {
            general = e;
        }
    }
    return general;
}

/* The wildcard that stands for a name that does not exist; NULL: none. */
static const struct node *wildcard_of(const struct scripted *scripted, struct span name)
{
    char text[DNS_NAME_MAX + 2];
    while (name.size > 0) {
        ptrdiff_t dot = span_find(name, '.');
        name = dot < 0 ? SPAN("") : span_from(name, (size_t)dot + 1);
        if (name.size > 0 && node_find(scripted, name) != NULL) {
            memcpy(text, "*.", 2);
            memcpy(text + 2, name.at, name.size);
            return node_find(scripted, (struct span){ text, name.size + 2 });
        }
    }
    return NULL;
}

/* The records of one type, those of one node: *answer points to an array of the heap. */
static void gather(const struct entry *first, struct dns_answer *answer)
{
    size_t count = 0, room = 0;
    for (const struct entry *e = first; e != NULL; e = e->next) {
        room++;
    }
    struct dns_record *records = calloc(room, sizeof(*records));
    for (const struct entry *e = first; records != NULL && e != NULL; e = e->next) {
        if (e->line.type == first->line.type && e->line.kind == first->line.kind) {
            records[count++] = e->line.record;
            answer->ttl_s = e->line.ttl_s < answer->ttl_s ? e->line.ttl_s : answer->ttl_s;
        }
    }
    answer->result = records != NULL ? DNS_FOUND : DNS_TIMEOUT;
    answer->records = records;
    answer->count = count;
}

static void answer_result(enum dns_result result, struct dns_answer *answer)
{
    answer->result = result;
    if (result > DNS_NXDOMAIN) {
        answer->ttl_s = DNS_FAILURE_TTL_S;
    }
    answer->why = result == DNS_SERVFAIL ? "its name servers fail"
                  : result == DNS_BOGUS  ? "DNSSEC: no valid signature"
                                         : NULL;
}

static void look_up(const struct scripted *scripted, struct span name, unsigned type,
                    struct dns_answer *answer)
{
    for (unsigned i = 0; i < CNAMES_MAX; i++) {
        const struct node *node = node_find(scripted, name);
        const struct node *found = node != NULL ? node : wildcard_of(scripted, name);
        const struct entry *says = node_says(found, type);
        if (says == NULL) {
            says = node_says(node_find(scripted, SPAN("*")), type);
        }
        if (says == NULL) {
            answer->ttl_s =
                found != NULL && found->ttl_s < answer->ttl_s ? found->ttl_s : answer->ttl_s;
            answer_result(found != NULL ? DNS_NODATA : DNS_NXDOMAIN, answer);
            return;
        }
        if (says->line.kind == SCRIPT_RECORD ||
            (says->line.kind == SCRIPT_CNAME && type == DNS_CNAME)) {
            gather(says, answer);
            return;
        }
        answer->ttl_s = says->line.ttl_s < answer->ttl_s ? says->line.ttl_s : answer->ttl_s;
        if (says->line.kind == SCRIPT_RESULT) {
            answer_result(says->line.result, answer);
            return;
        }
        name = says->line.record.data;
    }
    answer_result(DNS_SERVFAIL, answer);
    answer->why = "its CNAMEs do not end";
}

static struct dns_request *scripted_ask(struct dns_resolver *resolver, struct span name,
                                        enum dns_type type, enum dns_way way)
{
    struct scripted *scripted = scripted_of(resolver);
    char normal[DNS_NAME_MAX];
    struct dns_answer answer = { .ttl_s = TTL_S };
    (void)way;
    atomic_fetch_add(&scripted->asked, 1);
    bool is_late = false;
    if (dns_name_normal(name, normal)) {
        const struct node *node = node_find(scripted, span_of(normal));
        is_late = node != NULL && node->is_late;
        look_up(scripted, span_of(normal), type, &answer);
    } else {
        answer = dns_answer_no_name;
    }
    struct scripted_request *request = calloc(1, sizeof(*request));
    if (request != NULL) {
        request->request.calls = resolver->calls;
        request->is_late = is_late;
        request->answer = dns_answer_copy(&answer);
    }
    free((void *)answer.records);
    if (request == NULL || request->answer == NULL) {
        free(request);
        return NULL;
    }
    return &request->request;
}

/* What is never answered is not here before its time is over. */
static const struct dns_answer *scripted_peek(struct dns_request *request)
{
    const struct scripted_request *scripted = (struct scripted_request *)request;
    bool is_here = scripted->answer->result != DNS_TIMEOUT && !scripted->is_late;
    return is_here ? scripted->answer : NULL;
}

static const struct dns_answer *scripted_collect(struct dns_request *request, uint64_t deadline_ns)
{
    (void)deadline_ns;
    ((struct scripted_request *)request)->is_late = false;
    return ((struct scripted_request *)request)->answer;
}

static void scripted_forget(struct dns_request *request)
{
    free(((struct scripted_request *)request)->answer);
    free(request);
}

static void scripted_state(struct dns_resolver *resolver, struct dns_state *state_r)
{
    const struct scripted *scripted = scripted_of(resolver);
    const struct node *everybody = node_find(scripted, SPAN("*"));
    const struct entry *says = node_says(everybody, SCRIPT_ANY_TYPE);
    *state_r = (struct dns_state){ .asked = atomic_load(&scripted->asked) };
    if (says != NULL && says->line.kind == SCRIPT_RESULT && says->line.result > DNS_NXDOMAIN) {
        state_r->is_out = true;
        state_r->out_since_s = scripted->began_s;
    }
}

static void scripted_free(struct dns_resolver *resolver)
{
    struct scripted *scripted = scripted_of(resolver);
    hash_table_free(&scripted->nodes);
    arena_free(&scripted->arena);
    free(scripted);
}

static const struct dns_calls scripted_calls = {
    .ask = scripted_ask,
    .peek = scripted_peek,
    .collect = scripted_collect,
    .forget = scripted_forget,
    .state = scripted_state,
    .free = scripted_free,
};

struct dns_resolver *dns_scripted_new(struct span script, const struct clock *clock,
                                      struct error *error)
{
    struct scripted *scripted = calloc(1, sizeof(*scripted));
    if (scripted == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    scripted->resolver.calls = &scripted_calls;
    scripted->began_s = clock_wall_s(clock);
    scripted->arena = arena_new(SCRIPT_BYTES_MAX);
    scripted->nodes = hash_table_new();
    if (scripted->arena == NULL || scripted->nodes == NULL) {
        error_set(error, "out of memory");
    } else if (read_script(scripted, script, error)) {
        return &scripted->resolver;
    }
    scripted_free(&scripted->resolver);
    return NULL;
}

unsigned dns_scripted_count(const struct dns_resolver *resolver)
{
    return atomic_load(&scripted_of(resolver)->asked);
}
