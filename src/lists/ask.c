/*
 * ask: see ask.h. Each pass asks the same questions in the same order; what the answers mean, and
 * what the board is told, is the business of the last one.
 */
#include "lists/ask.h"

/* One question of a query; false ends the walk. */
typedef bool each_question(const struct list_zone *zone, const struct list_subject *subject,
                           const char *question, void *context);

/* False: there was more than may be asked. */
static bool walk(const struct list_query *query, each_question *each, void *context)
{
    size_t asked = 0;
    char question[LIST_QUESTION_MAX];
    for (size_t i = 0; i < query->subject_count; i++) {
        for (size_t k = 0; k < query->zones->count; k++) {
            const struct list_zone *zone = &query->zones->at[k];
            if (!list_question(zone, &query->subjects[i], question) ||
                !list_board_is_on(query->board, zone)) {
                continue;
            }
            if (asked++ == query->most || !each(zone, &query->subjects[i], question, context)) {
                return false;
            }
        }
    }
    return true;
}

struct asking {
    struct dns_questions *questions;
    struct arena *arena;
    bool is_under_way;
    struct list_board *board;
    bool forgives_silence;
    struct list_hits *hits;
    struct list_hit *last;
};

static bool ask(const struct list_zone *zone, const struct list_subject *subject,
                const char *question, void *context)
{
    struct asking *asking = context;
    (void)zone;
    (void)subject;
    if (dns_questions_ask(asking->questions, span_of(question), DNS_A) == NULL) {
        asking->is_under_way = true;
    }
    return true;
}

void lists_begin(const struct list_query *query, struct dns_questions *questions)
{
    struct asking asking = { .questions = questions };
    (void)walk(query, ask, &asking);
}

static enum finding_id finding_of(const struct list_zone *zone, enum list_use use)
{
    static const enum finding_id by_use[LIST_USE_COUNT] = {
        [LIST_USE_CLIENT] = FINDING_CLIENT_LISTED,
        [LIST_USE_LINKS] = FINDING_LINK_LISTED,
        [LIST_USE_SENDER_DOMAIN] = FINDING_DOMAIN_LISTED,
        [LIST_USE_OWN] = FINDING_DOMAIN_LISTED,
    };
    return zone->rule >= 0 ? (enum finding_id)zone->rule : by_use[use];
}

static void add_hit(struct asking *asking, const struct list_zone *zone,
                    const struct list_subject *subject, const struct list_judgement *judgement)
{
    char room[IP_TEXT_MAX];
    struct list_hit *hit = arena_alloc(asking->arena, sizeof(*hit));
    struct span code = arena_copy(asking->arena, span_of(judgement->code));
    struct span asked = arena_copy(asking->arena, list_asked(zone, subject, room));
    if (hit == NULL || code.at == NULL || asked.at == NULL) {
        asking->hits->is_incomplete = true;
        return;
    }
    *hit = (struct list_hit){ .zone = zone,
                              .use = subject->use,
                              .finding = finding_of(zone, subject->use),
                              .asked = asked,
                              .code = code.at,
                              .means = judgement->what->means,
                              .is_certain = judgement->what->is_certain };
    if (asking->last != NULL) {
        asking->last->next = hit;
    } else {
        asking->hits->first = hit;
    }
    asking->last = hit;
    asking->hits->count++;
}

static bool take(const struct list_zone *zone, const struct list_subject *subject,
                 const char *question, void *context)
{
    struct asking *asking = context;
    struct list_judgement judgement;
    const struct dns_answer *answer =
        dns_questions_ask(asking->questions, span_of(question), DNS_A);
    if (answer == NULL) {
        return true;
    }
    list_judge(zone, subject->use, answer, &judgement);
    if (judgement.verdict != LIST_SILENT || !asking->forgives_silence) {
        list_board_note(asking->board, zone, &judgement);
    }
    if (judgement.verdict == LIST_LISTED) {
        add_hit(asking, zone, subject, &judgement);
    } else if (judgement.verdict != LIST_CLEAN) {
        asking->hits->is_incomplete = true;
    }
    return true;
}

/* What a zone said before it was found out of order may be as wrong as the rest. */
static void drop_unbelieved(struct list_board *board, struct list_hits *hits)
{
    struct list_hit **link = &hits->first;
    while (*link != NULL) {
        if (list_board_is_on(board, (*link)->zone)) {
            link = &(*link)->next;
        } else {
            *link = (*link)->next;
            hits->count--;
        }
    }
}

bool lists_ask(const struct list_query *query, struct dns_questions *questions, struct arena *arena,
               struct list_hits *hits_r)
{
    struct asking asking = { .questions = questions,
                             .arena = arena,
                             .board = query->board,
                             .forgives_silence = query->forgives_silence,
                             .hits = hits_r };
    *hits_r = (struct list_hits){ .first = NULL };
    if (query->board == NULL) {
        return true;
    }
    (void)walk(query, ask, &asking);
    if (asking.is_under_way) {
        return false;
    }
    if (!walk(query, take, &asking)) {
        hits_r->is_incomplete = true;
    }
    drop_unbelieved(query->board, hits_r);
    return true;
}
