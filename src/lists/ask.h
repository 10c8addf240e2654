/*
 * ask: what the lists say of everything one message names, and whether a list is in order.
 *
 * Works as everything that asks DNS does (dns/questions.h): false means that answers are under way.
 */
#ifndef EM_LISTS_ASK_H
#define EM_LISTS_ASK_H

#include "dns/questions.h"
#include "lists/board.h"
#include "lists/judge.h"
#include "util/arena.h"

/* A listing. */
struct list_hit {
    const struct list_zone *zone;
    enum list_use use;
    enum finding_id finding; /* what it is found as */
    struct span asked;       /* the address or name that is listed, of the arena */
    const char *code, *means;
    bool is_certain;
    struct list_hit *next;
};

struct list_hits {
    struct list_hit *first;
    size_t count;
    bool is_incomplete; /* not all was asked that could be, or answered: too much, too late */
};

/* Who asks whom. */
struct list_query {
    const struct list_zones *zones;
    struct list_board *board; /* NULL: no zone is believed, none is asked */
    const struct list_subject *subjects;
    size_t subject_count;
    size_t most;           /* questions, at most; what comes first is asked first */
    bool forgives_silence; /* what was not answered is not the zone's fault */
};

/* Puts the questions under way. */
void lists_begin(const struct list_query *query, struct dns_questions *questions);
/*
 * What they say. When it returns true, and only then, the board has learnt of the answers. Texts
 * are the arena's; where that is full the hits that found no room are left out.
 */
bool lists_ask(const struct list_query *query, struct dns_questions *questions, struct arena *arena,
               struct list_hits *hits_r);

/* What a test of a zone came to. */
struct list_test {
    bool is_passed, is_silent; /* is_silent: no answer at all */
    char why[LIST_WHY_MAX];    /* not passed: for an administrator; holds no key */
};
/* Does it list its test entry, and not the other one (RFC 5782 5)? */
bool lists_test(const struct list_zone *zone, struct dns_questions *questions,
                struct list_test *test_r);
/* All of them at once, waiting until end_ns (clock_mono) at most; the board goes by the results.
 * For programs without a watch. tests_r: zones->count of them. */
void lists_test_all(const struct list_zones *zones, struct list_board *board,
                    struct dns_resolver *resolver, uint64_t end_ns, struct list_test *tests_r);

#endif
