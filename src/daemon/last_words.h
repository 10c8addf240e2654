/*
 * last_words: a process that dies of its own fault says on stderr of which signal, at which message
 * and where in the code; the parent listens there and logs it.
 */
#ifndef EM_DAEMON_LAST_WORDS_H
#define EM_DAEMON_LAST_WORDS_H

/* For the process, before its threads. Core dumps and exit status are as without it. */
void last_words_prepare(void);

#endif
