/*
 * judge: what a list is asked, and what its answer means. Knows no time and asks nobody.
 *
 * Four answers stay different: listed, not listed, an answer that shows the zone to be out of order
 * (a code it does not have, one with which it refuses, an address that is none of 127.0.0.0/8), and
 * no answer. Only the first is ever a listing.
 */
#ifndef EM_LISTS_JUDGE_H
#define EM_LISTS_JUDGE_H

#include "dns/answer.h"
#include "lists/zone.h"
#include "util/ip.h"

enum list_verdict { LIST_CLEAN, LIST_LISTED, LIST_ERROR, LIST_SILENT };

#define LIST_QUESTION_MAX 254 /* a name of DNS and its NUL */
#define LIST_WHY_MAX 200
#define LIST_CODE_TEXT_MAX 16

struct list_judgement {
    enum list_verdict verdict;
    const struct list_code *what;  /* LISTED: the gravest */
    char code[LIST_CODE_TEXT_MAX]; /* LISTED, and ERROR with an answer: "127.0.1.4" */
    char why[LIST_WHY_MAX];        /* ERROR, SILENT: for an administrator; holds no key */
};

/* What a question is about: an address, or a name (A-labels) and its organizational domain, which
 * may be absent where nobody can say. */
struct list_subject {
    enum list_use use;
    struct ip ip; /* family 0: a name */
    struct span name, organization;
};

/* Is this zone asked about it? Never a list of domains about an address, nor about one that no
 * list can know: loopback, private, link-local. */
bool list_wants(const struct list_zone *zone, const struct list_subject *subject);
/* The question; false where it gets too long, or the zone does not want it. The name holds the
 * zone's key. */
bool list_question(const struct list_zone *zone, const struct list_subject *subject,
                   char out[static LIST_QUESTION_MAX]);
/* The question about a test entry. */
bool list_point_question(const struct list_zone *zone, const char *point,
                         char out[static LIST_QUESTION_MAX]);
/* What of the subject is asked about, as text: the address, the name or its organization. */
struct span list_asked(const struct list_zone *zone, const struct list_subject *subject,
                       char room[static IP_TEXT_MAX]);
/* May this text of the zone be shown? Not where it repeats the key. */
bool list_is_fit_to_show(const struct list_zone *zone, struct span text);
/* Codes that are policy say nothing against a client. */
void list_judge(const struct list_zone *zone, enum list_use use, const struct dns_answer *answer,
                struct list_judgement *judgement_r);

#endif
