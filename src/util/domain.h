/*
 * domain: domain names in the one form everything compares: lower case, A-labels, no final dot (RFC
 * 5890, RFC 1035 2.3.4).
 */
#ifndef EM_UTIL_DOMAIN_H
#define EM_UTIL_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "util/span.h"

#define DOMAIN_MAX 254 /* octets of a name with its NUL (RFC 1035 2.3.4: 253 + NUL) */

/*
 * The A-label form of `name` into out (NUL-terminated). U-labels need libidn2; without it a
 * non-ASCII name fails. False when it is no domain name: empty, a label empty or over 63 octets,
 * over 253 octets, a byte that no host or mail domain holds (letters, digits, hyphen, underscore
 * are held). Address literals "[...]" fail too.
 */
bool domain_to_ascii(struct span name, char out[static DOMAIN_MAX]);
/* The U-label form of an A-label name, UTF-8; the name itself where it holds no xn-- label. False
 * when too long. */
bool domain_to_unicode(struct span name, char *out, size_t out_size);
/* Both in the form of domain_to_ascii: is `name` below (not equal to) `parent`? */
bool domain_is_below(struct span name, struct span parent);

#endif
