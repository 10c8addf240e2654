/*
 * servers: out of the settings, or out of resolv.conf(5) as the C library reads it: three servers
 * at most, and what is no address is passed over.
 */
#include "dns/servers_private.h"

#include <stdio.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/file.h"
#include "util/ip.h"

#define RESOLV_CONF_BYTES 65536
#define SYSTEM_COUNT 3

/* 1 to 65535; 0: it is none. */
static uint16_t read_port(struct span text)
{
    uint64_t port = 0;
    return span_number(text, UINT16_MAX, &port) ? (uint16_t)port : 0;
}

bool dns_server_read(struct span text, char server_r[static DNS_SERVER_MAX])
{
    char address[IP_TEXT_MAX];
    struct ip ip;
    ptrdiff_t at = span_find(text, '@');
    uint16_t port = at < 0 ? 53 : read_port(span_from(text, (size_t)at + 1));
    if (port == 0 || !ip_parse(at < 0 ? text : span_first(text, (size_t)at), &ip)) {
        return false;
    }
    ip_print(&ip, address);
    snprintf(server_r, DNS_SERVER_MAX, "%s@%u", address, port);
    return true;
}

/* The address of a "nameserver" line; false: it is another line. */
static bool read_line(struct span line, char server_r[static DNS_SERVER_MAX])
{
    static const struct span keyword = { "nameserver", 10 };
    struct span rest = span_from(line, keyword.size);
    if (!span_is_equal(span_first(line, keyword.size), keyword) || rest.size == 0 ||
        (rest.at[0] != ' ' && rest.at[0] != '\t')) {
        return false;
    }
    rest = span_trim(rest);
    size_t size = 0;
    while (size < rest.size && rest.at[size] != ' ' && rest.at[size] != '\t') {
        size++;
    }
    return dns_server_read(span_first(rest, size), server_r);
}

static void find_system(const char *resolv_conf, struct dns_servers *servers_r)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error;
    /* A file that is not there is an empty one. */
    (void)file_read(resolv_conf, RESOLV_CONF_BYTES, &text, &error);
    struct span rest = buffer_span(&text), line;
    while (servers_r->count < SYSTEM_COUNT && span_cut(&rest, '\n', &line)) {
        servers_r->count += read_line(line, servers_r->at[servers_r->count]);
    }
    buffer_free(&text);
    if (servers_r->count == 0) {
        servers_r->count += dns_server_read(SPAN("127.0.0.1"), servers_r->at[0]);
    }
}

void dns_servers_find(const struct dns_settings *settings, const char *resolv_conf,
                      struct dns_servers *servers_r)
{
    *servers_r = (struct dns_servers){ .count = 0 };
    for (size_t i = 0; i < settings->servers.count; i++) {
        const char *text = settings->servers.at[i];
        if (strcmp(text, DNS_SERVERS_SYSTEM) == 0) {
            find_system(resolv_conf, servers_r);
        } else if (servers_r->count < DNS_SERVERS_COUNT) {
            servers_r->count += dns_server_read(span_of(text), servers_r->at[servers_r->count]);
        }
    }
}

bool dns_servers_are_equal(const struct dns_servers *a, const struct dns_servers *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (strcmp(a->at[i], b->at[i]) != 0) {
            return false;
        }
    }
    return a->count == b->count;
}
