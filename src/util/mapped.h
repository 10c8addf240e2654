/*
 * mapped: work with files that somebody else has mapped into memory, a library that knows no other
 * way. Where such a file is cut meanwhile, or its disk fails, the kernel ends the process (SIGBUS);
 * here the work is given up instead.
 */
#ifndef EM_UTIL_MAPPED_H
#define EM_UTIL_MAPPED_H

#include <stdbool.h>

/*
 * Does the work. False: it was broken off in the midst by such a fault: what it had in hand is as
 * it was left, and the objects of that library are good for nothing but to be closed, by another
 * call of this. The work takes no lock and writes no map, or others would find them broken. Not
 * within itself. Handlers of SIGBUS that were there before its first use hear of all other faults.
 */
bool mapped_try(void (*work)(void *context), void *context);

#endif
