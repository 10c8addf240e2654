/*
 * clamd_talk: one question to clamd over one connection: INSTREAM with all of a file.
 */
#ifndef EM_SCAN_CLAMD_TALK_H
#define EM_SCAN_CLAMD_TALK_H

#include <stdint.h>

#include "io/exchange.h"
#include "scan/clamd_reply.h"

struct clamd_said {
    enum clamd_status status;
    char text[CLAMD_REPLY_MAX]; /* of the reply, printable ASCII, NUL-terminated */
};

/* What is scanned: `size` octets of the file, from its beginning. Of none no file is needed. */
struct clamd_stream {
    int fd;
    uint64_t size;
};

/*
 * Waits until the deadline of clock_system at most. EXCHANGE_DONE: *said_r is a whole reply, no
 * CLAMD_MORE and no CLAMD_GARBAGE; else *error says what happened. EXCHANGE_BAD with *is_ours_r is
 * our own fault, not clamd's.
 */
enum exchange_end clamd_talk(int fd, const struct clamd_stream *stream, uint64_t deadline_ns,
                             struct clamd_said *said_r, bool *is_ours_r, struct error *error);

#endif
