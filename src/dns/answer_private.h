/*
 * answer_private: answers as they are made, and names as questions spell them.
 */
#ifndef EM_DNS_ANSWER_PRIVATE_H
#define EM_DNS_ANSWER_PRIVATE_H

#include "dns/answer.h"

#define DNS_NAME_MAX 254 /* octets of a name with its NUL (RFC 1035 2.3.4) */
#define DNS_LABEL_MAX 63

/* Holds for some moments only: servers may be back, and nobody should ask them in every message. */
#define DNS_FAILURE_TTL_S 5

/* Nobody was asked, or nobody answered. */
extern const struct dns_answer dns_answer_timeout;
/* What cannot be a name cannot be asked for. */
extern const struct dns_answer dns_answer_no_name;

/* One block of memory for the answer and all it points to, but `why`, which outlives it: free().
 * NULL: out of memory. */
struct dns_answer *dns_answer_copy(const struct dns_answer *answer);
/* Bytes of that block. */
size_t dns_answer_size(const struct dns_answer *answer);

/* The one form of a question's name: lower case, without final dot, "" for the root. Any byte may
 * stand in a label, since macros of SPF bring any. False: a label is empty or too long, or the
 * whole is. */
bool dns_name_normal(struct span name, char out[static DNS_NAME_MAX]);

#endif
