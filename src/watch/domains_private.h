/*
 * domains_private: what the looks share: filling in a look, and small questions to DNS.
 */
#ifndef EM_WATCH_DOMAINS_PRIVATE_H
#define EM_WATCH_DOMAINS_PRIVATE_H

#include "watch/domains_look.h"

/* Adds a fault. `about` is the part of the code that tells faults of one kind apart: an address, a
 * name; NULL: there is one of its kind. What is not printable becomes \xNN. */
void domains_look_add(struct domains_look *look, struct arena *arena, enum domains_weight weight,
                      const char *kind, const char *about, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The text: all parts, in an order that does not hang on theirs, joined by `separator`. */
void domains_look_tell(struct domains_look *look, struct arena *arena, const struct span *parts,
                       size_t count, const char *separator);
/* At the end of each look: out of memory, nothing is known. Always true. */
bool domains_look_end(struct domains_look *look, const struct arena *arena);
/* The data of all records, for domains_look_tell(). NULL: memory. */
struct span *domains_data(const struct dns_answer *answer, struct arena *arena);
/* Foreign text that may be long or hold any byte, for a line: printable, cut. Never NULL. */
const char *domains_shown(struct span text, struct arena *arena);

/* --- what the addresses of a name are --- */

enum domains_found { DOMAINS_PENDING, DOMAINS_UNKNOWN, DOMAINS_NO, DOMAINS_YES };
/* Does the name lead to this address? */
enum domains_found domains_leads_to(struct dns_questions *questions, struct span name,
                                    const struct ip *ip);
/* Does it lead to any? */
enum domains_found domains_has_address(struct dns_questions *questions, struct span name);
/* The names an address leads to; NULL: under way. */
const struct dns_answer *domains_names_of(struct dns_questions *questions, const struct ip *ip);

/* --- SPF, for domains and HELO names --- */

/* Does SPF of this name let each address of the egress through? Faults are "KIND ADDRESS", of
 * weight `weight` where the record fails them outright. Sets are_faults_known to false where one
 * cannot be judged, and *broken_r to the reason where the record is in error for one, else to NULL.
 * False: under way. */
bool domains_judge_addresses(const struct domains_subject *subject, const char *kind,
                             enum domains_weight weight, struct dns_questions *questions,
                             struct arena *arena, struct domains_look *look, const char **broken_r);

#endif
