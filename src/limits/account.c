/*
 * account: names put together and taken apart. They are keys of what is on disk, so neither the
 * words nor the way a long name is cut may change.
 */
#include "limits/account.h"

#include <stdio.h>

#include "state/store.h"
#include "util/siphash.h"

#define NAME_WHOLE_MAX 200
#define DIGEST_ROOM 34 /* ~, 32 hexadecimal digits, NUL */
#define ACCOUNT_ROOM 272

_Static_assert(ACCOUNT_ROOM >= sizeof("principal/submission/") + NAME_WHOLE_MAX + DIGEST_ROOM,
               "the longest fits");
_Static_assert(ACCOUNT_OCTETS_MAX ==
                   sizeof("principal/submission/") - 1 + NAME_WHOLE_MAX + DIGEST_ROOM - 1,
               "the longest is so long");
_Static_assert(ACCOUNT_ROOM < STORE_KEY_MAX, "an account is a key, with room for more");

static const struct span kinds[LIMIT_BY_COUNT] = {
    [LIMIT_BY_PRINCIPAL] = SPAN("principal/"), [LIMIT_BY_PLAN] = SPAN("plan/"),
    [LIMIT_BY_DOMAIN] = SPAN("domain/"),       [LIMIT_BY_NETWORK] = SPAN("network/"),
    [LIMIT_BY_PROVIDER] = SPAN("provider/"),   [LIMIT_BY_SITE] = SPAN("site/"),
};

/* Of all of the name. It guards nothing: who finds two long names of one digest shares a count
 * between them. */
static void digest(struct span name, char out[static DIGEST_ROOM])
{
    static const uint64_t keys[2][2] = { { 1, 0x6c6f6e67206e616d }, { 2, 0x6c6f6e67206e616d } };
    snprintf(out, DIGEST_ROOM, "~%016llx%016llx", (unsigned long long)siphash(keys[0], name),
             (unsigned long long)siphash(keys[1], name));
}

struct text {
    char at[ACCOUNT_ROOM];
    size_t size;
};

static void add(struct text *text, struct span part)
{
    if (part.size > 0) {
        memcpy(text->at + text->size, part.at, part.size);
        text->size += part.size;
    }
}

/* No whole name is as long as one that was cut, so none is taken for the other. */
static void add_name(struct text *text, struct span name)
{
    char end[DIGEST_ROOM] = "";
    if (name.size > NAME_WHOLE_MAX) {
        digest(name, end);
    }
    add(text, span_first(name, NAME_WHOLE_MAX));
    add(text, span_of(end));
}

struct span account_name(enum limit_by by, enum mail_class mail_class, struct span name,
                         struct arena *arena)
{
    struct text text = { .size = 0 };
    add(&text, kinds[by]);
    if (by == LIMIT_BY_PRINCIPAL) {
        add(&text, span_of(mail_class_name(mail_class)));
        add(&text, SPAN("/"));
    }
    if (by != LIMIT_BY_SITE) {
        add_name(&text, name);
    }
    return arena_copy(arena, (struct span){ text.at, text.size });
}

/* Takes `word` from the front. */
static bool take(struct span *from, struct span word)
{
    if (!span_is_equal(span_first(*from, word.size), word)) {
        return false;
    }
    *from = span_from(*from, word.size);
    return true;
}

static bool take_class(struct span *from, enum mail_class *mail_class_r)
{
    for (int i = 0; i < CLASS_COUNT; i++) {
        struct span rest = *from;
        if (take(&rest, span_of(mail_class_name(i))) && take(&rest, SPAN("/"))) {
            *from = rest;
            *mail_class_r = i;
            return true;
        }
    }
    return false;
}

bool account_parse(struct span account, enum limit_by *by_r, enum mail_class *mail_class_r,
                   struct span *name_r)
{
    int by = 0;
    while (by < LIMIT_BY_COUNT && !take(&account, kinds[by])) {
        by++;
    }
    enum mail_class mail_class = CLASS_SUBMISSION;
    if (by == LIMIT_BY_COUNT || (by == LIMIT_BY_PRINCIPAL && !take_class(&account, &mail_class)) ||
        (by == LIMIT_BY_SITE && account.size > 0)) {
        return false;
    }
    *by_r = by;
    *mail_class_r = mail_class;
    *name_r = account;
    return true;
}
