/*
 * ask: one question to the running daemon.
 */
#ifndef EM_CTL_ASK_H
#define EM_CTL_ASK_H

#include "ctl/args.h"
#include "ctl/ctl.h"
#include "util/buffer.h"

/*
 * Sends `word` to the daemon's control socket: --socket, else control.socket of the configuration,
 * else its default. Prints the answer and returns what it says, or CTL_UNREACHABLE with a line that
 * names the socket and the remedy.
 */
enum ctl_exit ask_daemon(struct ctl *ctl, const struct ctl_args *args, const char *word);

/* The same for a request with arguments (control/words.h): the first word, and what follows it. */
enum ctl_exit ask_daemon_words(struct ctl *ctl, const struct ctl_args *args,
                               const struct span *words, size_t count);

/* For commands that ask more than once: where to ask, and what was read to know it. */
struct config;
struct config_report;
struct ask {
    const char *socket;
    struct config *config; /* NULL: not needed, or not readable without errors */
    struct config_report *report;
};
void ask_open(struct ctl *ctl, const struct ctl_args *args, struct ask *ask_r);
void ask_close(struct ask *ask);
/* Asks, prints nothing but that nobody answers (CTL_UNREACHABLE), and appends the answer. */
enum ctl_exit ask_words(struct ctl *ctl, const struct ask *ask, const struct span *words,
                        size_t count, struct buffer *answer);

/* The same for what need not be answered: the answer is not printed, and that nobody could be asked
 * is a note. True: the daemon took it up. */
bool ask_in_passing(struct ctl *ctl, const struct ctl_args *args, const char *word);

/* The options of every command that asks. */
extern const struct ctl_option ask_options[];

#endif
