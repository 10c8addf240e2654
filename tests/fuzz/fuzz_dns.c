/*
 * fuzz_dns: any bytes as what a name server sent, as a record, and as written answers. The first
 * byte chooses.
 *
 * Of a message: each record has a form that its type allows, an answer without records says why
 * there is none, and a name to go on with is one only where nothing was found. Of a script: what it
 * takes it also answers.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/packet_private.h"
#include "dns/scripted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_dns: %s\n", what);
        abort();
    }
}

static const enum dns_type types[] = { DNS_A, DNS_NS, DNS_SOA, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA };

static void demand_name(struct span name)
{
    size_t octets = 0;
    demand(name.size < DNS_NAME_TEXT_MAX, "a name too long");
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.at[i];
        demand(c > ' ' && c < 0x7f && (c < 'A' || c > 'Z'), "an odd byte in a name");
        i += c == '\\' ? 3 : 0;
        octets++;
    }
    demand(octets < DNS_NAME_MAX, "a name of too many octets");
}

static void demand_record(enum dns_type type, const struct dns_record *record)
{
    if (type == DNS_A || type == DNS_AAAA) {
        demand(record->data.size == (type == DNS_A ? 4 : 16), "no address");
    } else if (type != DNS_TXT) {
        demand_name(record->data);
    }
}

static void demand_answer(enum dns_type type, const struct dns_answer *answer)
{
    demand((answer->result == DNS_FOUND) == (answer->count > 0), "found nothing");
    demand(answer->ttl_s <= 86400, "for ever");
    for (size_t i = 0; i < answer->count; i++) {
        demand_record(type, &answer->records[i]);
    }
}

static void read_message(struct span message, enum dns_type type)
{
    struct arena *arena = arena_new(1 << 20);
    struct dns_packet packet;
    if (dns_packet_read(message, SPAN("a.test"), type, 0x1234, arena, &packet)) {
        demand_answer(type, &packet.answer);
        demand_name(span_of(packet.next));
        demand(packet.next[0] == '\0' || packet.answer.result == DNS_NODATA, "found and leads on");
    }
    arena_free(&arena);
}

static void read_record(struct span bytes, enum dns_type type)
{
    struct dns_record record;
    char *room = malloc(dns_rdata_room(type, bytes.size) + 1);
    if (dns_rdata_read(type, bytes, 0, bytes.size, room, &record)) {
        demand_record(type, &record);
    }
    free(room);
}

static void read_script(struct span script)
{
    struct error error = { "" };
    struct dns_resolver *resolver = dns_scripted_new(script, &clock_system, &error);
    demand(resolver != NULL || error.text[0] != '\0', "refused without a word");
    struct span line, name = { NULL, 0 };
    while (resolver != NULL && span_cut(&script, '\n', &line)) {
        name = span_trim(line);
        for (size_t i = 0; i < name.size; i++) {
            name = name.at[i] == ' ' ? span_first(name, i) : name;
        }
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
            struct dns_request *request = dns_ask(resolver, name, types[i]);
            const struct dns_answer *answer = dns_collect(request, 0);
            demand((answer->result == DNS_FOUND) == (answer->count > 0), "found nothing");
            dns_forget(&request);
        }
    }
    dns_resolver_free(&resolver);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) {
        return 0;
    }
    struct span rest = { (const char *)data + 1, size - 1 };
    enum dns_type type = types[(data[0] / 4) % (sizeof(types) / sizeof(types[0]))];
    switch (data[0] % 4) {
    case 0:
        read_record(rest, type);
        break;
    case 1:
        read_script(span_first(rest, 2048));
        break;
    default:
        read_message(rest, type);
    }
    return 0;
}
