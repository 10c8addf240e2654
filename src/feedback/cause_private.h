/*
 * cause_private: the tables that cause.c walks; each ends with a row of CAUSE_COUNT.
 */
#ifndef EM_FEEDBACK_CAUSE_PRIVATE_H
#define EM_FEEDBACK_CAUSE_PRIVATE_H

#include "feedback/cause.h"

extern const struct cause_rule *const cause_provider_rules[CAUSE_PROVIDER_COUNT];
extern const struct cause_rule cause_plain_codes[];   /* mean one thing, whoever says it */
extern const struct cause_rule cause_plain_texts[];   /* beat a code about the address */
extern const struct cause_rule cause_texts[];         /* of mail servers */
extern const struct cause_rule cause_general_codes[]; /* where the text said nothing */
extern const struct cause_rule cause_replies[];       /* .code is a reply code */

/* What is left of a text for comparing: lower case, one blank between words, codes dropped; ends in
 * NUL. */
struct cause_words {
    char text[CAUSE_TEXT_MAX + 2];
    size_t size;
    uint64_t pairs[64]; /* which two octets stand side by side, by the lower six bits of each: most
                           patterns are out by them, without a search */
};
void cause_words_of(struct span text, struct cause_words *words_r);
bool cause_words_have(const struct cause_words *words, const char *pattern);
bool cause_words_have_mark(const struct cause_words *words, const char *mark);

#endif
