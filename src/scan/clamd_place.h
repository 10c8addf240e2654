/*
 * clamd_place: where clamd is, from "unix:/path" or "inet:PORT@HOST".
 */
#ifndef EM_SCAN_CLAMD_PLACE_H
#define EM_SCAN_CLAMD_PLACE_H

#include "io/endpoint.h"

/* Does the text have one of the two shapes? False with *error. */
bool clamd_place_accepts(const char *spec, struct error *error);
/* Fills *endpoint_r; the text has one of the shapes. A HOST that is a name is looked up, see
 * endpoint_open_inet(). False with *error. */
bool clamd_place_open(struct endpoint *endpoint_r, const char *spec, struct error *error);

#endif
