/* Sending one event of a script and printing what came back; between script.h and its commands. */
#ifndef TESTS_BENCH_SCRIPT_EXCHANGE_H
#define TESTS_BENCH_SCRIPT_EXCHANGE_H

#include "script.h"

#define TALLY_WORDS 8

/* Answers to many events of one kind, counted by their first word. */
struct tally {
    struct {
        char word[32];
        unsigned long count;
    } row[TALLY_WORDS];
};

/* Connects and negotiates unless that is done. False: the script must end, its status is set. */
bool script_ensure_session(struct script *script);
bool script_connect(struct script *script);
bool script_negotiate(struct script *script, uint32_t version, uint32_t actions, uint32_t steps);
/* How long an answer is waited for, after is_free, patience_ms or timeout_s have changed. */
bool script_set_patience(struct script *script);
/* Closes, with QUIT if `politely`. */
void script_disconnect(struct script *script, bool politely);

/*
 * Sends macros and the event with its data, as far as the filter wants it, and takes the answers.
 * They are printed under the event's name, or counted in `tally`. False: the script must end, its
 * status is set.
 */
bool script_event(struct script *script, enum wire_command event, const void *data, size_t length,
                  struct tally *tally);

/* A frame with any letter, without macros and rules. */
bool script_frame(struct script *script, char letter, bool is_answered, const void *data,
                  size_t length);

void tally_print(const char *label, const struct tally *tally);

#endif
