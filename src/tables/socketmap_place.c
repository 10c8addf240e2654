/*
 * socketmap_place: takes the spec apart from its right end, as Postfix does, since paths and IPv6
 * addresses hold colons.
 */
#include "tables/socketmap_place.h"

#include <string.h>

static const char forms[] =
    "valid: \"socketmap:unix:/path:NAME\", \"socketmap:inet:HOST:PORT:NAME\"";

struct pieces {
    bool is_unix;
    struct span path, host, port, map;
};

/* Cuts what stands behind the last colon off *rest_io. */
static bool cut_last(struct span *rest_io, struct span *piece_r)
{
    ptrdiff_t colon = span_find_last(*rest_io, ':');
    if (colon < 0) {
        return false;
    }
    *piece_r = span_from(*rest_io, (size_t)colon + 1);
    *rest_io = span_first(*rest_io, (size_t)colon);
    return true;
}

static bool take_apart(const char *spec, struct pieces *pieces_r)
{
    struct span rest = span_of(spec);
    *pieces_r = (struct pieces){ .is_unix = span_has_prefix_nocase(rest, SPAN("unix:")) };
    if (!pieces_r->is_unix && !span_has_prefix_nocase(rest, SPAN("inet:"))) {
        return false;
    }
    rest = span_from(rest, sizeof("inet:") - 1);
    if (!cut_last(&rest, &pieces_r->map) || pieces_r->map.size == 0 ||
        span_find(pieces_r->map, ' ') >= 0) {
        return false;
    }
    if (pieces_r->is_unix) {
        pieces_r->path = rest;
        return rest.size > 1 && rest.at[0] == '/';
    }
    bool has_port = cut_last(&rest, &pieces_r->port);
    pieces_r->host = endpoint_bare_host(rest);
    return has_port && pieces_r->port.size > 0 && pieces_r->host.size > 0 &&
           span_find(pieces_r->host, '/') < 0;
}

static bool fits(const struct pieces *pieces, struct error *error)
{
    size_t room = sizeof(((struct socketmap_place *)0)->map);
    if (pieces->map.size >= room) {
        error_set(error, "NAME is longer than %zu octets", room - 1);
        return false;
    }
    return pieces->is_unix ? endpoint_fits_unix(pieces->path, error)
                           : endpoint_fits_inet(pieces->host, pieces->port, error);
}

bool socketmap_place_accepts(const char *spec, struct error *error)
{
    struct pieces pieces;
    if (!take_apart(spec, &pieces)) {
        error_set(error, "not a socketmap; %s", forms);
        return false;
    }
    return fits(&pieces, error);
}

bool socketmap_place_open(struct socketmap_place *place_r, const char *spec, struct error *error)
{
    struct pieces pieces;
    memset(place_r, 0, sizeof(*place_r));
    if (!socketmap_place_accepts(spec, error)) {
        return false;
    }
    take_apart(spec, &pieces);
    memcpy(place_r->map, pieces.map.at, pieces.map.size);
    if (pieces.is_unix) {
        endpoint_open_unix(&place_r->endpoint, pieces.path);
        return true;
    }
    return endpoint_open_inet(&place_r->endpoint, pieces.host, pieces.port, error);
}
