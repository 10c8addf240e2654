/*
 * settings: the rows of `dns`.
 */
#include "dns/settings.h"

#include <stddef.h>
#include <string.h>

#include "config/config.h"
#include "dns/servers_private.h"
#include "util/error.h"

static bool accepts_server(const char *value, struct error *error)
{
    char server[DNS_SERVER_MAX];
    if (strcmp(value, DNS_SERVERS_SYSTEM) == 0 || dns_server_read(span_of(value), server)) {
        return true;
    }
    error_set(error, "no name server; valid: an address, or address@port, or \"system\"");
    return false;
}

static const struct config_row dns_rows[] = {
    { .name = "servers",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct dns_settings, servers),
      .fallback = DNS_SERVERS_SYSTEM,
      .accepts = accepts_server,
      .brief =
          "name servers that are asked; [ ]: none, questions go to the root and on from there" },
    { .name = "timeout",
      .type = CONFIG_MILLISECONDS,
      .offset = offsetof(struct dns_settings, timeout_ms),
      .fallback = "2s",
      .min = 100,
      .max = 20000,
      .brief = "how long one message waits for all its answers together" },
    CONFIG_ROWS_END,
};

static void check_servers(const struct config *config, const void *settings,
                          struct config_report *report)
{
    const struct dns_settings *dns = settings;
    struct config_place place = config_where(config, &dns_settings_table, "servers");
    for (size_t i = 0; i < dns->servers.count; i++) {
        if (strcmp(dns->servers.at[i], DNS_SERVERS_SYSTEM) == 0 && dns->servers.count > 1) {
            config_complain(report, CONFIG_ERROR, &place, "dns.servers",
                            "\"system\" beside others; valid: \"system\" alone, or addresses");
            return;
        }
    }
    if (dns->servers.count > DNS_SERVERS_COUNT) {
        config_complain(report, CONFIG_ERROR, &place, "dns.servers",
                        "%zu servers; valid: at most %d", dns->servers.count, DNS_SERVERS_COUNT);
    }
}

const struct config_table dns_settings_table = {
    .path = "dns", .rows = dns_rows, .size = sizeof(struct dns_settings), .check = check_servers
};
