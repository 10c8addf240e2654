/*
 * packet: reading what a name server sent. Each record is looked at once for each CNAME that is
 * followed, and few are.
 */
#include "dns/packet_private.h"

#include <string.h>

#define HEADER 12
#define CLASS_IN 1
#define TYPE_CNAME 5
#define TYPE_OPT 41
#define EDNS_SIZE 1232
#define CNAMES_MAX 8
#define RCODE_NOERROR 0
#define RCODE_NXDOMAIN 3
#define TTL_MAX_S 86400
#define TTL_NEGATIVE_S 60 /* where the zone says nothing */

static unsigned get16(struct span message, size_t at)
{
    return (unsigned)(unsigned char)message.at[at] << 8 | (unsigned char)message.at[at + 1];
}

static uint32_t get32(struct span message, size_t at)
{
    return (uint32_t)get16(message, at) << 16 | get16(message, at + 2);
}

static size_t put16(unsigned char *out, size_t at, unsigned number)
{
    out[at] = (unsigned char)(number >> 8);
    out[at + 1] = (unsigned char)number;
    return at + 2;
}

size_t dns_packet_query(struct span name, enum dns_type type, uint16_t id,
                        unsigned char out[static DNS_QUERY_MAX])
{
    struct span label;
    size_t at = HEADER;
    memset(out, 0, HEADER);
    put16(out, 0, id);
    out[5] = 1;  /* one question */
    out[11] = 1; /* one more record: OPT */
    while (name.size > 0 && span_cut(&name, '.', &label)) {
        out[at++] = (unsigned char)label.size;
        memcpy(out + at, label.at, label.size);
        at += label.size;
    }
    out[at++] = 0;
    at = put16(out, at, type);
    at = put16(out, at, CLASS_IN);
    out[at++] = 0; /* OPT stands at the root */
    at = put16(out, at, TYPE_OPT);
    at = put16(out, at, EDNS_SIZE);
    memset(out + at, 0, 6); /* nothing extended, no options */
    return at + 6;
}

/* A record as it stands in the message. */
struct record {
    char name[DNS_NAME_TEXT_MAX];
    size_t name_size;
    unsigned type;
    uint32_t ttl_s;
    size_t at, size; /* of its data */
};

/* Moves on behind it. False: it is cut. */
static bool read_record(struct span message, size_t *at_io, struct record *record_r)
{
    if (!dns_wire_name(message, at_io, record_r->name, &record_r->name_size) ||
        message.size - *at_io < 10) {
        return false;
    }
    uint32_t ttl_s = get32(message, *at_io + 4);
    record_r->type = get16(message, *at_io + 2) == CLASS_IN ? get16(message, *at_io) : 0;
    record_r->ttl_s = ttl_s < TTL_MAX_S ? ttl_s : ttl_s > INT32_MAX ? 0 : TTL_MAX_S;
    record_r->size = get16(message, *at_io + 8);
    record_r->at = *at_io + 10;
    *at_io = record_r->at + record_r->size;
    return *at_io <= message.size;
}

/* The sections behind the question. */
struct sections {
    struct span message;
    size_t answers_at;
    unsigned answers, authority;
};

static bool is_named(const struct record *record, const char *name)
{
    return strcmp(record->name, name) == 0;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The CNAME at `name`; false: none. */
static bool find_cname(const struct sections *sections, const char *name, uint32_t *ttl_io,
                       char target_r[static DNS_NAME_TEXT_MAX])
{
    struct record record;
    size_t at = sections->answers_at, size;
    for (unsigned i = 0; i < sections->answers && read_record(sections->message, &at, &record);
         i++) {
        size_t data_at = record.at;
        if (record.type == TYPE_CNAME && is_named(&record, name) &&
            dns_wire_name(span_first(sections->message, record.at + record.size), &data_at,
                          target_r, &size)) {
            *ttl_io = smaller(*ttl_io, record.ttl_s);
            return true;
        }
    }
    return false;
}

/* One record into the arena. */
static bool keep_record(const struct sections *sections, const struct record *record,
                        enum dns_type type, struct arena *arena, struct dns_record *kept_r)
{
    char *room = arena_alloc(arena, dns_rdata_room(type, record->size));
    return room != NULL &&
           dns_rdata_read(type, sections->message, record->at, record->size, room, kept_r);
}

static unsigned count_records(const struct sections *sections, const char *name, unsigned type)
{
    struct record record;
    size_t at = sections->answers_at;
    unsigned count = 0;
    for (unsigned i = 0; i < sections->answers && read_record(sections->message, &at, &record);
         i++) {
        count += record.type == type && is_named(&record, name);
    }
    return count;
}

/* Those at `name`. What is malformed is left out. */
static void gather(const struct sections *sections, const char *name, enum dns_type type,
                   struct arena *arena, struct dns_answer *answer)
{
    struct record record;
    size_t at = sections->answers_at;
    unsigned count = count_records(sections, name, type);
    struct dns_record *records = count > 0 ? arena_array(arena, count, sizeof(*records)) : NULL;
    for (unsigned i = 0;
         records != NULL && i < sections->answers && read_record(sections->message, &at, &record);
         i++) {
        if (record.type == type && is_named(&record, name) &&
            keep_record(sections, &record, type, arena, &records[answer->count])) {
            answer->ttl_s = smaller(answer->ttl_s, record.ttl_s);
            answer->count++;
        }
    }
    answer->records = records;
}

/* How long the zone lets it be believed that there is nothing (RFC 2308 5). */
static uint32_t negative_ttl(const struct sections *sections)
{
    struct record record;
    size_t at = sections->answers_at;
    for (unsigned i = 0; i < sections->answers + sections->authority &&
                         read_record(sections->message, &at, &record);
         i++) {
        if (i >= sections->answers && record.type == DNS_SOA && record.size >= 22) {
            return smaller(record.ttl_s, get32(sections->message, record.at + record.size - 4));
        }
    }
    return TTL_NEGATIVE_S;
}

static void set_failure(struct dns_packet *packet, const char *why)
{
    packet->answer =
        (struct dns_answer){ .result = DNS_SERVFAIL, .ttl_s = DNS_FAILURE_TTL_S, .why = why };
}

static void set_nothing(const struct sections *sections, bool is_nxdomain,
                        struct dns_packet *packet)
{
    packet->answer.result = is_nxdomain ? DNS_NXDOMAIN : DNS_NODATA;
    packet->answer.ttl_s = smaller(packet->answer.ttl_s, negative_ttl(sections));
}

static void follow(const struct sections *sections, const char *name, enum dns_type type,
                   bool is_nxdomain, struct arena *arena, struct dns_packet *packet)
{
    char here[DNS_NAME_TEXT_MAX];
    packet->answer.ttl_s = TTL_MAX_S;
    strcpy(here, name);
    for (unsigned i = 0; i <= CNAMES_MAX; i++) {
        gather(sections, here, type, arena, &packet->answer);
        if (arena_is_exhausted(arena)) {
            set_failure(packet, "the answer is too large");
            packet->next[0] = '\0';
            return;
        }
        if (packet->answer.count > 0) {
            packet->answer.result = DNS_FOUND;
            packet->next[0] = '\0';
            return;
        }
        if (!find_cname(sections, here, &packet->answer.ttl_s, packet->next)) {
            break;
        }
        strcpy(here, packet->next);
    }
    strcpy(packet->next, strcmp(here, name) != 0 ? here : "");
    set_nothing(sections, is_nxdomain && packet->next[0] == '\0', packet);
}

/* Is the question the one that was asked? *at_io moves on behind it. */
static bool is_question(struct span message, struct span name, enum dns_type type, size_t *at_io,
                        char asked_r[static DNS_NAME_TEXT_MAX + 1])
{
    char seen[DNS_NAME_TEXT_MAX];
    size_t size;
    dns_name_print(name, asked_r);
    asked_r[strlen(asked_r) - 1] = '\0'; /* without the dot */
    if (!dns_wire_name(message, at_io, seen, &size) || message.size - *at_io < 4 ||
        strcmp(seen, asked_r) != 0 || get16(message, *at_io) != type ||
        get16(message, *at_io + 2) != CLASS_IN) {
        return false;
    }
    *at_io += 4;
    return true;
}

bool dns_packet_read(struct span message, struct span name, enum dns_type type, uint16_t id,
                     struct arena *arena, struct dns_packet *packet_r)
{
    char asked[DNS_NAME_TEXT_MAX + 1];
    size_t at = HEADER;
    *packet_r = (struct dns_packet){ .next = "" };
    if (message.size < HEADER || get16(message, 0) != id ||
        ((unsigned char)message.at[2] & 0xf8) != 0x80 || get16(message, 4) != 1 ||
        !is_question(message, name, type, &at, asked)) {
        return false;
    }
    unsigned rcode = message.at[3] & 0x0f;
    packet_r->is_authoritative = (message.at[2] & 0x04) != 0;
    packet_r->is_truncated = (message.at[2] & 0x02) != 0;
    struct sections sections = { message, at, get16(message, 6), get16(message, 8) };
    if (rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN) {
        follow(&sections, asked, type, rcode == RCODE_NXDOMAIN, arena, packet_r);
    } else {
        set_failure(packet_r, "a server of the zone fails or refuses");
    }
    return true;
}
