/*
 * request: a command that a serving process wants run: what goes from there to the runner
 * (daemon/runner.h), which is of the same house but may be of a newer version.
 *
 * It names the command by what it is for, never by its words: these the runner reads from the
 * configuration itself. One datagram of text:
 *
 *   egress-run 1
 *   mail                       or the name of a hook
 *   EGRESS_PRINCIPAL=alice     none, or several
 *                              an empty line
 *   what the command reads from its standard input
 */
#ifndef EM_NOTICE_REQUEST_H
#define EM_NOTICE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buffer.h"
#include "util/span.h"

#define REQUEST_MAX (48 * 1024) /* bytes of one */
#define REQUEST_FACTS_MAX 32
#define REQUEST_VALUE_MAX 512 /* bytes of a fact's value */
#define REQUEST_MAIL "mail"   /* the command of `notices` */

struct request {
    struct span command;
    struct span facts[REQUEST_FACTS_MAX]; /* "EGRESS_NAME=value" each */
    size_t fact_count;
    struct span input;
};

void request_begin(struct buffer *out, const char *command);
/* `name` as "queue-id", which becomes EGRESS_QUEUE_ID. What is not printable ASCII in the value
 * becomes \xNN, and what is too long is cut. */
void request_fact(struct buffer *out, const char *name, struct span value);
/* Once, as the last; also where the command reads nothing. */
void request_input(struct buffer *out, struct span input);
/* False: that is none. The spans point into `bytes`. */
bool request_read(struct span bytes, struct request *request_r);

#endif
