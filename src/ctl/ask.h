/*
 * ask: one question to the running daemon.
 */
#ifndef EM_CTL_ASK_H
#define EM_CTL_ASK_H

#include "ctl/args.h"
#include "ctl/ctl.h"

/*
 * Sends `word` to the daemon's control socket: --socket, else control.socket of the configuration,
 * else its default. Prints the answer and returns what it says, or CTL_UNREACHABLE with a line that
 * names the socket and the remedy.
 */
enum ctl_exit ask_daemon(struct ctl *ctl, const struct ctl_args *args, const char *word);

/* The same for a request with arguments (control/words.h): the first word, and what follows it. */
enum ctl_exit ask_daemon_words(struct ctl *ctl, const struct ctl_args *args,
                               const struct span *words, size_t count);

/* The same for what need not be answered: the answer is not printed, and that nobody could be asked
 * is a note. True: the daemon took it up. */
bool ask_in_passing(struct ctl *ctl, const struct ctl_args *args, const char *word);

/* The options of every command that asks. */
extern const struct ctl_option ask_options[];

#endif
