/*
 * suppression_private: what the files of the list share.
 */
#ifndef EM_FEEDBACK_SUPPRESSION_PRIVATE_H
#define EM_FEEDBACK_SUPPRESSION_PRIVATE_H

#include "feedback/suppression.h"

/* suppression_record.c: the octets of the table. False: an address, a domain or a value that cannot
 * be one. */
bool suppression_key_write(struct span address, struct span domain,
                           char room[static SUPPRESSION_KEY_MAX], struct span *key_r);
bool suppression_value_write(const struct suppression *suppression, struct buffer *value);
/* As much of the text as there is room for; a NUL ends it, too. */
void suppression_text_take(struct span text, char *out, size_t room);

/* May one more record be put? */
bool suppression_has_room(struct store *store, const struct suppression_settings *settings);

#endif
