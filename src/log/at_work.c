/*
 * at_work: one record a thread. It is valid within one callback only; sessions that change threads
 * between callbacks leave nothing behind in it.
 */
#include "log/at_work.h"

#include <string.h>
#include <unistd.h>

static _Thread_local struct {
    const char *step; /* NULL: none */
    struct span what;
} at_work;

void at_work_begin(const char *step, struct span what)
{
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
