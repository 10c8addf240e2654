/*
 * transfer: undoes Content-Transfer-Encoding (RFC 2045 6) piece by piece, as leniently as mail
 * readers do.
 *
 * The result does not depend on how the text was cut. What is held back between two pieces has a
 * fixed size.
 */
#ifndef EM_MESSAGE_TRANSFER_H
#define EM_MESSAGE_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

#include "message/content_type.h"

#define TRANSFER_HELD_MAX 80 /* RFC 2045 6.7: no line of quoted-printable is longer than 76 */

struct transfer {
    enum content_encoding encoding;
    unsigned bits, count, pads;   /* base64: of the quad that is open */
    char held[TRANSFER_HELD_MAX]; /* quoted-printable: from a '=' on */
    size_t held_size;
};

void transfer_init(struct transfer *transfer, enum content_encoding encoding);
/* Is the text what it stands for (7bit, 8bit, binary, none, unknown)? Then nothing has to be
 * decoded. */
bool transfer_is_identity(const struct transfer *transfer);
/*
 * Decodes `size` octets into `out`, which has room for size + TRANSFER_HELD_MAX; gives the octets
 * that came out.
 *
 * base64: octets that are not of its alphabet are skipped (RFC 2045 6.8), and what follows padding
 * begins a new quad. quoted-printable: a '=' that nothing sensible follows is kept as it is written
 * (6.7), and so are blanks at the end of a line.
 */
size_t transfer_decode(struct transfer *transfer, const char *bytes, size_t size, char *out);
/* What was held back, at the end of the text: up to TRANSFER_HELD_MAX octets. */
size_t transfer_finish(struct transfer *transfer, char out[static TRANSFER_HELD_MAX]);

#endif
