/*
 * rdata_private: what is in a record, out of its bytes on the wire.
 */
#ifndef EM_DNS_RDATA_PRIVATE_H
#define EM_DNS_RDATA_PRIVATE_H

#include "dns/answer_private.h"

/* A name out of labels may need four characters for each octet: what is no plain character, a dot
 * within a label too, is written \DDD, so that it is no other name's. */
#define DNS_NAME_TEXT_MAX (4 * DNS_NAME_MAX)

/*
 * The name that begins at *at_io of the message, its pointers followed (RFC 1035 4.1.4), in its one
 * form; *at_io moves on behind it. A message without pointers is one name. False: it is cut, loops
 * or is too long. *size_r is without the NUL.
 */
bool dns_wire_name(struct span message, size_t *at_io, char out[static DNS_NAME_TEXT_MAX],
                   size_t *size_r);
/*
 * The data of a record of `type`, which stand in `message` at `at`, `size` bytes. Texts go to
 * `room`, which has as many bytes as dns_rdata_room() says. False: they are none of its type.
 */
bool dns_rdata_read(enum dns_type type, struct span message, size_t at, size_t size, char *room,
                    struct dns_record *record_r);
size_t dns_rdata_room(enum dns_type type, size_t size);

/* A name as libunbound and name servers read it: what is no plain character is \DDD; ends in a
 * dot. */
void dns_name_print(struct span name, char out[static DNS_NAME_TEXT_MAX + 1]);

#endif
