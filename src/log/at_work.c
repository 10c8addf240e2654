/*
 * at_work: one record a thread. It is valid within one callback only; sessions that change threads
 * between callbacks leave nothing behind in it. libmilter's threads are known to nobody before
 * their first callback, so that is where each gets its spare stack, within its thread-local memory;
 * the pages are not there until somebody stands on them.
 */
#include "log/at_work.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static _Thread_local struct {
    const char *step; /* NULL: none */
    struct span what;
} at_work;

enum { SPARE_BYTES = 32 * 1024 /* the unwinder alone needs ten */ };
static _Thread_local char spare_stack[SPARE_BYTES];
static _Thread_local bool has_spare_stack;

/* A sanitizer may have provided one; it wants to take away what is there in the end. */
void at_work_prepare(void)
{
    stack_t spare = { .ss_sp = spare_stack, .ss_size = SPARE_BYTES }, present;

    if (has_spare_stack)
        return;
    has_spare_stack = true;
    if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE) != 0)
        sigaltstack(&spare, NULL); /* without it there is one kind of crash that says nothing */
}

void at_work_begin(const char *step, struct span what)
{
    at_work_prepare();
    at_work.what = what;
    at_work.step = step;
}

void at_work_end(void)
{
    at_work.step = NULL;
}

static void say(int fd, const char *text, size_t size)
{
    ssize_t ignored = write(fd, text, size);

    (void)ignored; /* these are last words: nobody is left to try again */
}

void at_work_tell(int fd)
{
    if (at_work.step == NULL) {
        say(fd, "at no message", 13);
        return;
    }
    say(fd, "at work on ", 11);
    say(fd, at_work.step, strlen(at_work.step));
    say(fd, " of ", 4);
    if (at_work.what.size > 0)
        say(fd, at_work.what.at, at_work.what.size < 100 ? at_work.what.size : 100);
    else
        say(fd, "a message without queue id", 26);
}
