/*
 * questions: a list in the order of asking, and an index of it by type and name.
 *
 * What a waiter gave up is answered for good: the work that runs over these questions must see the
 * same answers in each of its passes.
 */
#include "dns/questions.h"

#include <stdlib.h>
#include <string.h>

#include "dns/answer_private.h"
#include "util/hash_table.h"

struct question {
    struct dns_request *request;
    const struct dns_answer *answer; /* NULL: under way */
    struct question *next_pending;   /* of those that were under way when they were asked first */
};

struct dns_questions {
    struct dns_resolver *resolver;
    unsigned limit, count;
    struct hash_table *index; /* "TYPE NAME" to struct question */
    struct question *pending;
    bool has_news; /* an answer came for something that a pass went on without */
};

struct dns_questions *dns_questions_new(struct dns_resolver *resolver, unsigned limit)
{
    struct dns_questions *questions = calloc(1, sizeof(*questions));
    if (questions != NULL) {
        questions->resolver = resolver;
        questions->limit = limit;
    }
    return questions;
}

static void question_free(struct question *question)
{
    dns_forget(&question->request);
    free(question);
}

void dns_questions_free(struct dns_questions **questions)
{
    if (*questions == NULL) {
        return;
    }
    size_t position = 0;
    void *value;
    while ((*questions)->index != NULL &&
           hash_table_next((*questions)->index, &position, NULL, &value)) {
        question_free(value);
    }
    hash_table_free(&(*questions)->index);
    free(*questions);
    *questions = NULL;
}

/* "x NAME", x the type: the key of the index. */
struct question_key {
    char text[DNS_NAME_MAX + 1];
};

static struct span key_of(const char *name, enum dns_type type, struct question_key *key)
{
    size_t size = strlen(name);
    key->text[0] = (char)type;
    memcpy(key->text + 1, name, size);
    return (struct span){ key->text, size + 1 };
}

/* Adds it and sends it on its way; NULL: out of memory. */
static struct question *question_begin(struct dns_questions *questions, struct span key,
                                       struct span name, enum dns_type type)
{
    struct question *question = calloc(1, sizeof(*question));
    if (questions->index == NULL) {
        questions->index = hash_table_new();
    }
    if (question == NULL || questions->index == NULL ||
        !hash_table_put(questions->index, key, question, NULL)) {
        free(question);
        return NULL;
    }
    questions->count++;
    question->request = dns_ask(questions->resolver, name, type);
    question->answer = dns_peek(question->request);
    if (question->answer == NULL) {
        question->next_pending = questions->pending;
        questions->pending = question;
    }
    return question;
}

/* The answer of something asked before, by now perhaps. */
static const struct dns_answer *look_again(struct dns_questions *questions,
                                           struct question *question)
{
    if (question->answer == NULL) {
        question->answer = dns_peek(question->request);
        questions->has_news = questions->has_news || question->answer != NULL;
    }
    return question->answer;
}

const struct dns_answer *dns_questions_ask(struct dns_questions *questions, struct span name,
                                           enum dns_type type)
{
    char normal[DNS_NAME_MAX];
    struct question_key key_room;
    if (questions == NULL || questions->resolver == NULL) {
        return &dns_answer_timeout;
    }
    if (!dns_name_normal(name, normal)) {
        return &dns_answer_no_name;
    }
    struct span key = key_of(normal, type, &key_room);
    struct question *question =
        questions->index != NULL ? hash_table_get(questions->index, key) : NULL;
    if (question != NULL) {
        return look_again(questions, question);
    }
    if (questions->count >= questions->limit) {
        return &dns_answer_timeout;
    }
    /* The root as it is written: the empty name is none. */
    struct span asked = normal[0] != '\0' ? span_of(normal) : SPAN(".");
    question = question_begin(questions, key, asked, type);
    return question != NULL ? question->answer : &dns_answer_timeout;
}

bool dns_questions_wait(struct dns_questions *questions, uint64_t deadline_ns)
{
    bool is_late = false;
    if (questions == NULL) {
        return false;
    }
    bool has_news = questions->has_news;
    for (struct question *question = questions->pending; question != NULL;
         question = question->next_pending) {
        if (question->answer != NULL) {
            continue;
        }
        /* Whom the first did not reach in time, all others are not waited for either. */
        question->answer =
            is_late ? dns_peek(question->request) : dns_collect(question->request, deadline_ns);
        is_late = is_late || dns_peek(question->request) == NULL;
        if (question->answer == NULL) {
            question->answer = &dns_answer_timeout;
        }
        has_news = true;
    }
    questions->pending = NULL;
    questions->has_news = false;
    return has_news;
}

unsigned dns_questions_count(const struct dns_questions *questions)
{
    return questions != NULL ? questions->count : 0;
}
