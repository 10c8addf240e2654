/*
 * spf_macro: macro-strings (RFC 7208 7): their grammar and what they expand to.
 */
#ifndef EM_AUTH_SPF_MACRO_H
#define EM_AUTH_SPF_MACRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/ip.h"
#include "util/span.h"

#define SPF_LETTER(c) (UINT32_C(1) << ((c) - 'a'))

struct spf_macro_use {
    uint32_t letters; /* bit 0 is 'a' */
    unsigned count;   /* of %{...} */
};

/*
 * Is `text` a macro-string, or with is_domain a domain-spec (12)? NULL: it is; adds to *use_io.
 * Else what is wrong, static text that goes on from the name of the term.
 */
const char *spf_macro_check(struct span text, bool is_domain, struct spf_macro_use *use_io);

struct spf_macro_values {
    struct span local, sender_domain; /* of the sender: l, o, s */
    struct span domain;               /* d: whose record it is */
    struct span helo;                 /* h */
    struct span validated;            /* p */
    struct ip client;                 /* i, v */
};

/*
 * What a text that spf_macro_check() took comes to as the name of a question: no final dot, cut
 * from the left, label by label, to 253 octets (7.3); any byte. .at == NULL: memory.
 */
struct span spf_macro_expand(struct span text, const struct spf_macro_values *values,
                             struct arena *arena);

#endif
