/*
 * key_next: the state of a key in words: what it is, since when, what DNS last showed, and what is
 * to be done or awaited next.
 */
#ifndef EM_CTL_KEY_NEXT_H
#define EM_CTL_KEY_NEXT_H

#include "ctl/ctl.h"
#include "ctl/key_set.h"
#include "ctl/key_states.h"
#include "util/buffer.h"
#include "util/json.h"

/* One word: new, published, active, lost, retiring, revoked; "unknown": nothing is known of it;
 * "fault": there is a key, which cannot be used. */
const char *key_state_word(const struct key_entry *entry);
/* Appends "2026-11-20, its record was seen twice"; nothing where nothing is known. */
void key_since_print(const struct ctl *ctl, const struct key_entry *entry, struct buffer *out);
/* Appends "our key on 2026-11-28"; nothing while nobody has looked. */
void key_seen_print(const struct ctl *ctl, const struct key_entry *entry, struct buffer *out);
/* Appends what is to be done next, or awaited; never nothing. */
void key_next_print(const struct ctl *ctl, const struct key_entry *entry, struct buffer *out);
/* state, since, reason, seen, signs, next, ...: members of the object that is open. */
void key_state_json(const struct ctl *ctl, const struct key_entry *entry, struct json *json);
/* "note: ..." into ctl->err where states are not known. */
void key_states_note(struct ctl *ctl, const struct key_states *states);

#endif
