/*
 * token: see token.c. Whoever has the store's token may have one message pass; nobody else can make
 * one.
 */
#ifndef EM_NOTICE_TOKEN_H
#define EM_NOTICE_TOKEN_H

#include <stdbool.h>

#include "state/store.h"
#include "util/clock.h"
#include "util/span.h"

#define TOKEN_TEXT_MAX 40

/* A random word that means nothing yet. */
void token_text(const struct clock *clock, char out[static TOKEN_TEXT_MAX]);
/* One that is good from now on. False: the store failed. */
bool token_make(struct store *store, const struct clock *clock, char out[static TOKEN_TEXT_MAX]);
bool token_is_good(struct store *store, const struct clock *clock, struct span token);
void token_spend(struct store *store, struct span token);

#endif
