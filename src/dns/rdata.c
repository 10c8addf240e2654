/*
 * rdata: names and records out of their bytes on the wire. The bytes are strangers'.
 */
#include "dns/rdata_private.h"

#include <stdio.h>
#include <string.h>

#define POINTERS_MAX 64 /* in one name, so that a message of many costs little */
#define SOA_FIXED 20    /* serial, refresh, retry, expire, minimum */

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-_*+=/", c) != NULL;
}

/* One octet of a label; the characters written. */
static size_t print_octet(unsigned char c, char *out)
{
    if (c != '\0' && is_plain(c)) {
        *out = ascii_lower((char)c);
        return 1;
    }
    return (size_t)sprintf(out, "\\%03u", c);
}

void dns_name_print(struct span name, char out[static DNS_NAME_TEXT_MAX + 1])
{
    for (size_t i = 0; i < name.size && i < DNS_NAME_MAX; i++) {
        if (name.at[i] == '.') {
            *out++ = '.';
        } else {
            out += print_octet((unsigned char)name.at[i], out);
        }
    }
    strcpy(out, ".");
}

static unsigned octet(struct span message, size_t at)
{
    return (unsigned char)message.at[at];
}

/* Follows pointers from *at to a length octet; false: they are cut or too many. *end_io is set
 * behind the first. */
static bool follow(struct span message, size_t *at_io, size_t *end_io, unsigned *pointers_io)
{
    for (; *pointers_io <= POINTERS_MAX; (*pointers_io)++) {
        if (*at_io >= message.size) {
            return false;
        }
        if ((octet(message, *at_io) & 0xc0) != 0xc0) {
            return octet(message, *at_io) <= DNS_LABEL_MAX;
        }
        if (*at_io + 1 >= message.size) {
            return false;
        }
        if (*end_io == 0) {
            *end_io = *at_io + 2;
        }
        size_t to = (size_t)(octet(message, *at_io) & 0x3f) << 8 | octet(message, *at_io + 1);
        if (to >= *at_io) { /* only ever back, so it ends */
            return false;
        }
        *at_io = to;
    }
    return false;
}

bool dns_wire_name(struct span message, size_t *at_io, char out[static DNS_NAME_TEXT_MAX],
                   size_t *size_r)
{
    size_t at = *at_io, end = 0, octets = 0, size = 0;
    unsigned pointers = 0;
    while (follow(message, &at, &end, &pointers)) {
        size_t label = octet(message, at++);
        octets += label + 1;
        if (label == 0) {
            *at_io = end != 0 ? end : at;
            out[size] = '\0';
            *size_r = size;
            return true;
        }
        if (octets >= DNS_NAME_MAX + 1 || at + label > message.size) {
            return false;
        }
        if (size > 0) {
            out[size++] = '.';
        }
        for (size_t i = 0; i < label; i++) {
            size += print_octet((unsigned char)message.at[at + i], out + size);
        }
        at += label;
    }
    return false;
}

/* Strings with a length octet each, joined. */
static bool read_strings(struct span rdata, char *room, struct span *data_r)
{
    size_t size = 0;
    for (size_t at = 0; at < rdata.size;) {
        size_t length = octet(rdata, at);
        if (at + 1 + length > rdata.size) {
            return false;
        }
        memcpy(room + size, rdata.at + at + 1, length);
        size += length;
        at += 1 + length;
    }
    *data_r = (struct span){ room, size };
    return rdata.size > 0;
}

/* A name that fills the data; of SOA another one and numbers are behind it. */
static bool read_name(struct span message, size_t at, size_t end, bool has_more, char *room,
                      struct span *data_r)
{
    size_t size;
    if (!dns_wire_name(span_first(message, end), &at, room, &size)) {
        return false;
    }
    *data_r = (struct span){ room, size };
    return has_more ? end >= at + SOA_FIXED : at == end;
}

size_t dns_rdata_room(enum dns_type type, size_t size)
{
    switch (type) {
    case DNS_A:
    case DNS_AAAA:
    case DNS_TXT:
        return size;
    default:
        return DNS_NAME_TEXT_MAX;
    }
}

bool dns_rdata_read(enum dns_type type, struct span message, size_t at, size_t size, char *room,
                    struct dns_record *record_r)
{
    *record_r = (struct dns_record){ .data = { room, size } };
    if (at > message.size || size > message.size - at) {
        return false;
    }
    switch (type) {
    case DNS_A:
    case DNS_AAAA:
        if (size != (type == DNS_A ? 4 : 16)) {
            return false;
        }
        memcpy(room, message.at + at, size);
        return true;
    case DNS_TXT:
        return read_strings(span_first(span_from(message, at), size), room, &record_r->data);
    case DNS_MX:
        if (size < 3) {
            return false;
        }
        record_r->preference = (uint16_t)(octet(message, at) << 8 | octet(message, at + 1));
        return read_name(message, at + 2, at + size, false, room, &record_r->data);
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
    case DNS_SOA:
        return read_name(message, at, at + size, type == DNS_SOA, room, &record_r->data);
    }
    return false;
}
