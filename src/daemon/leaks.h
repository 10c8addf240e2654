/*
 * leaks: the look for leaked memory that exit() would make, for processes that end by _exit().
 *
 * Only a build with LeakSanitizer knows how to; elsewhere nothing happens. What it finds goes to
 * stderr, and one line says whether it found anything.
 */
#ifndef EM_DAEMON_LEAKS_H
#define EM_DAEMON_LEAKS_H

void leaks_look(void);

#endif
