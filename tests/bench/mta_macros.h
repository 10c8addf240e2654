/*
 * The macros of one session and message, and which of them an MTA sends with which command.
 *
 * Knows when Postfix 3.7 and Sendmail 8.17 have a value (the queue id!), which names they send
 * unasked, and that a list asked for by the filter replaces the MTA's own for that stage.
 */
#ifndef TESTS_BENCH_MTA_MACROS_H
#define TESTS_BENCH_MTA_MACROS_H

#include "milter_wire.h"

enum mta_kind { MTA_POSTFIX, MTA_SENDMAIL };

#define MTA_MACROS_MAX 64

struct mta_macro {
    char *name;      /* as on the wire: one letter, or a word in braces */
    char *value;     /* NULL: not set, not sent */
    unsigned stages; /* bit n: known at enum wire_stage n */
};

struct mta_macros {
    enum mta_kind kind;
    size_t count;
    struct mta_macro macro[MTA_MACROS_MAX];
};

#define MTA_STAGES_ALL 0x7fu

/* Sets what an authenticated submission over TLS has on this MTA, except queue id and recipient. */
void mta_macros_init(struct mta_macros *macros, enum mta_kind kind);
void mta_macros_free(struct mta_macros *macros);

/* Sets or, with a NULL value, removes one; name with or without braces. False when the table is
 * full. */
bool mta_macros_set(struct mta_macros *macros, const char *name, const char *value,
                    unsigned stages);

/* The queue id, known from where this MTA knows it (Postfix: after the first accepted recipient).
 */
bool mta_macros_set_queue_id(struct mta_macros *macros, const char *id);
/* Whose session it is: what AUTH told. */
bool mta_macros_set_login(struct mta_macros *macros, const char *login);
/* Address without <>, host behind its @. Postfix: mailer smtp. */
bool mta_macros_set_sender(struct mta_macros *macros, const char *address);
bool mta_macros_set_recipient(struct mta_macros *macros, const char *address);

/*
 * Appends the macro frame this MTA sends before `command`, or nothing if it sends none there.
 * `offer` may hold lists the filter asked for. `has_recipient`: a recipient was accepted before.
 */
void mta_macros_put(struct wire_buffer *buffer, const struct mta_macros *macros,
                    const struct wire_offer *offer, enum wire_command command, bool has_recipient);

#endif
