/*
 * listen_settings: the settings socket, socket_mode, socket_group and socket_open, and what a
 * socket specification may look like.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "config/config.h"
#include "milter/listen.h"
#include "milter/milter.h"

#define VALID                                                                                      \
    "valid: \"unix:" EM_RUN_DIR "/milter.sock\", \"inet:8891@127.0.0.1\", "                        \
    "\"inet6:8891@::1\""

bool listen_path_accepts(const char *path, struct error *error)
{
    size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);
    size_t size = strlen(path);

    if (path[0] != '/' || size < 2 || path[size - 1] == '/') {
        error_set(error, "the path of a socket is absolute and names a file, like " EM_RUN_DIR
                         "/milter.sock");
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)path[i] < ' ' || path[i] == 0x7f) {
            error_set(error, "the path of a socket has no control characters");
            return false;
        }
    }
    if (size >= room) {
        error_set(error,
                  "the path has %zu bytes and a unix socket takes at most %zu: choose a "
                  "shorter one",
                  size, room - 1);
        return false;
    }
    return true;
}

static bool parse_port(struct span text, uint16_t *port_r)
{
    uint64_t port = 0;
    bool is_port = span_number(text, UINT16_MAX, &port) && port > 0;

    *port_r = (uint16_t)port;
    return is_port;
}

static bool parse_host(struct span host, enum listen_family family, struct ip *address_r)
{
    if (span_is_equal_nocase(host, SPAN("localhost")))
        host = family == LISTEN_INET ? SPAN("127.0.0.1") : SPAN("::1");
    return ip_parse(host, address_r) && address_r->family == (family == LISTEN_INET ? 4 : 6);
}

static bool parse_inet(struct span rest, enum listen_family family, struct listen_spec *spec_r,
                       struct error *error)
{
    ptrdiff_t at = span_find(rest, '@');
    struct span port = at < 0 ? rest : span_first(rest, (size_t)at);

    spec_r->family = family;
    if (at < 0) {
        error_set(error, "port and address are written port@address; " VALID);
        return false;
    }
    if (!parse_port(port, &spec_r->port)) {
        error_set(error, "the port is a number from 1 to 65535; " VALID);
        return false;
    }
    if (!parse_host(span_from(rest, (size_t)at + 1), family, &spec_r->address)) {
        error_set(error, "after @ stands %s or localhost; " VALID,
                  family == LISTEN_INET ? "an IPv4 address" : "an IPv6 address");
        return false;
    }
    return true;
}

bool listen_parse(const char *text, struct listen_spec *spec_r, struct error *error)
{
    struct span spec = span_of(text);

    *spec_r = (struct listen_spec){ .family = LISTEN_UNIX };
    if (span_has_prefix_nocase(spec, SPAN("unix:"))) {
        spec_r->path = text + 5;
        return listen_path_accepts(spec_r->path, error);
    }
    if (span_has_prefix_nocase(spec, SPAN("inet:")))
        return parse_inet(span_from(spec, 5), LISTEN_INET, spec_r, error);
    if (span_has_prefix_nocase(spec, SPAN("inet6:")))
        return parse_inet(span_from(spec, 6), LISTEN_INET6, spec_r, error);
    error_set(error, "no socket; " VALID);
    return false;
}

bool listen_mode_parse(const char *text, mode_t *mode_r)
{
    size_t size = strlen(text);

    if (size < 3 || size > 4 || strspn(text, "01234567") != size || (size == 4 && text[0] != '0'))
        return false;
    *mode_r = (mode_t)strtoul(text, NULL, 8);
    return true;
}

static bool accepts_spec(const char *value, struct error *error)
{
    struct listen_spec spec;

    return listen_parse(value, &spec, error);
}

static bool accepts_mode(const char *value, struct error *error)
{
    mode_t mode;

    if (listen_mode_parse(value, &mode))
        return true;
    error_set(error, "no octal mode; valid: \"0660\"");
    return false;
}

static bool accepts_name(const char *value, struct error *error)
{
    if (value[0] != '\0')
        return true;
    error_set(error, "empty; valid: the name of a group");
    return false;
}

static const struct config_row socket_rows[] = {
    { .name = "socket",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct socket_settings, socket),
      .required = true,
      .accepts = accepts_spec,
      .brief = "where the MTA reaches the milter: unix:/path, inet:port@address; several: a list" },
    { .name = "socket_mode",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct socket_settings, mode),
      .fallback = "0660",
      .accepts = accepts_mode,
      .brief = "mode of the unix sockets" },
    { .name = "socket_group",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct socket_settings, group),
      .accepts = accepts_name,
      .brief = "group of the unix sockets; absent: that of the daemon's user" },
    { .name = "socket_open",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct socket_settings, open),
      .fallback = "false",
      .brief =
          "an inet socket beyond loopback is intended: whoever reaches it can claim any login" },
    CONFIG_ROWS_END,
};

/* Two children cannot serve one name. */
static void check_twice(const struct config_texts *sockets, const struct config_place *place,
                        struct config_report *report)
{
    for (size_t i = 0; i < sockets->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(sockets->at[i], sockets->at[j]) == 0)
                config_complain(report, CONFIG_ERROR, place, "socket", "\"%s\" stands there twice",
                                sockets->at[i]);
        }
    }
}

static void check_unused(const struct config *config, struct config_report *report, bool has_unix,
                         bool has_open)
{
    static const char *const of_unix[] = { "socket_mode", "socket_group" };

    for (size_t i = 0; i < 2 && !has_unix; i++) {
        struct config_place place = config_where(config, &milter_socket_table, of_unix[i]);
        if (config_is_set(config, &milter_socket_table, of_unix[i]))
            config_complain(report, CONFIG_WARNING, &place, of_unix[i],
                            "has no effect: no unix socket is configured");
    }
    if (!has_open && config_is_set(config, &milter_socket_table, "socket_open")) {
        struct config_place place = config_where(config, &milter_socket_table, "socket_open");
        config_complain(report, CONFIG_WARNING, &place, "socket_open",
                        "has no effect: no socket beyond loopback is configured");
    }
}

static void check_sockets(const struct config *config, const void *settings,
                          struct config_report *report)
{
    const struct socket_settings *sockets = settings;
    struct config_place place = config_where(config, &milter_socket_table, "socket");
    bool has_unix = false, has_open = false;

    if (config_is_set(config, &milter_socket_table, "socket") && sockets->socket.count == 0)
        config_complain(report, CONFIG_ERROR, &place, "socket", "the list is empty; " VALID);
    for (size_t i = 0; i < sockets->socket.count; i++) {
        struct listen_spec spec;
        struct error error;
        if (!listen_parse(sockets->socket.at[i], &spec, &error))
            continue; /* the row has complained */
        has_unix |= spec.family == LISTEN_UNIX;
        if (spec.family == LISTEN_UNIX || ip_is_loopback(&spec.address))
            continue;
        has_open = true;
        if (!sockets->open)
            config_complain(report, CONFIG_ERROR, &place, "socket",
                            "\"%s\" is not loopback and whoever reaches it can claim any login: "
                            "use 127.0.0.1 or ::1, or set socket_open = true",
                            sockets->socket.at[i]);
    }
    check_twice(&sockets->socket, &place, report);
    if (sockets->socket.count > 0)
        check_unused(config, report, has_unix, has_open);
}

const struct config_table milter_socket_table = {
    .path = "", .rows = socket_rows, .size = sizeof(struct socket_settings), .check = check_sockets
};
