/*
 * clamd_place: spelled as the sockets of mail servers are spelled here, with the port first.
 */
#include "scan/clamd_place.h"

struct pieces {
    bool is_unix;
    struct span path, host, port;
};

static bool is_port(struct span port)
{
    uint64_t number;
    return span_number(port, UINT16_MAX, &number) && number > 0;
}

static bool take_apart(const char *spec, struct pieces *pieces_r)
{
    struct span text = span_of(spec), rest = span_from(text, sizeof("unix:") - 1);
    *pieces_r = (struct pieces){ .is_unix = span_has_prefix_nocase(text, SPAN("unix:")) };
    if (pieces_r->is_unix) {
        pieces_r->path = rest;
        return rest.size > 1 && rest.at[0] == '/';
    }
    return span_has_prefix_nocase(text, SPAN("inet:")) && span_cut(&rest, '@', &pieces_r->port) &&
           is_port(pieces_r->port) && (pieces_r->host = endpoint_bare_host(rest)).size > 0 &&
           span_find(rest, '/') < 0 && span_find(rest, ' ') < 0;
}

bool clamd_place_accepts(const char *spec, struct error *error)
{
    struct pieces pieces;
    if (!take_apart(spec, &pieces)) {
        error_set(error, "not a place; valid: \"unix:/path\", \"inet:PORT@HOST\"");
        return false;
    }
    return pieces.is_unix ? endpoint_fits_unix(pieces.path, error)
                          : endpoint_fits_inet(pieces.host, pieces.port, error);
}

bool clamd_place_open(struct endpoint *endpoint_r, const char *spec, struct error *error)
{
    struct pieces pieces;
    take_apart(spec, &pieces);
    if (pieces.is_unix) {
        endpoint_open_unix(endpoint_r, pieces.path);
        return true;
    }
    return endpoint_open_inet(endpoint_r, pieces.host, pieces.port, error);
}
