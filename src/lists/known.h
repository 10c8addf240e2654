/*
 * known: lists that many ask, as data: what they list, their codes, their own error codes, their
 * test entries and where a listing is ended. Naming one of them takes all that from here.
 *
 * And lists that are not to be asked: closed ones, some of which call everybody listed, and those
 * where being listed is no fault.
 */
#ifndef EM_LISTS_KNOWN_H
#define EM_LISTS_KNOWN_H

#include "lists/zone.h"

struct list_known {
    const char *zone;
    enum list_kind kind;
    enum list_level level;
    unsigned uses; /* what it is good for: 1u << enum list_use */
    const struct list_code *codes;
    size_t code_count;
    const struct list_code *errors;
    size_t error_count;
    const char *listed_point, *clean_point; /* NULL: as RFC 5782 has them */
    const char *removal;
    bool has_key;         /* answers only questions with a key in them */
    const char *with_key; /* the zone that the same is asked of with a key; NULL: none */
};

/* NULL: not known. Any case. */
const struct list_known *list_known_find(struct span zone);
/* Why this zone is not to be asked, itself or one below it; NULL: nothing is known against it. */
const char *list_known_refusal(struct span zone);
/* All, for tests; index < count. */
size_t list_known_count(void);
const struct list_known *list_known_at(size_t index);

/* What RFC 5782 5 has as test entries, in the order of labels of a question. */
#define LIST_LISTED_ADDRESS "2.0.0.127"
#define LIST_CLEAN_ADDRESS "1.0.0.127"
#define LIST_LISTED_DOMAIN "test"
#define LIST_CLEAN_DOMAIN "invalid"

#endif
