/*
 * last_words: handlers of the deadly signals. Everything they call is async-signal-safe, or
 * (backtrace) was called once before, so that its library is loaded. A sanitizer says more by
 * itself and is left alone.
 *
 * The handler runs on the thread's spare stack (log/at_work.h), so an exhausted stack is told like
 * any other crash: in the main thread, the attendant, and whichever of libmilter's threads has ever
 * worked on a message. Elsewhere it ends the process without a word.
 */
#include "daemon/last_words.h"

#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "daemon/child_private.h"
#include "log/at_work.h"

/* The first two are the handler and what the kernel calls it by. All of it is to fit into one line
 * of the log with what was said before. */
enum { FRAMES_MAX = 10, FRAMES_OF_OURS = 2 };

static void say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));

    (void)ignored;
}

static const char *name_of(int number)
{
    switch (number) {
    case SIGSEGV:
        return "invalid memory access";
    case SIGBUS:
        return "bus error";
    case SIGFPE:
        return "arithmetic error";
    case SIGILL:
        return "illegal instruction";
    default:
        return "abort";
    }
}

/* The signal is raised again with its default action, for the exit status and the core. */
static void handle(int number)
{
    void *frames[FRAMES_MAX];
    int count;

    say(name_of(number));
    say(" ");
    at_work_tell(STDERR_FILENO);
    say("\n");
    count = backtrace(frames, FRAMES_MAX);
    if (count > FRAMES_OF_OURS)
        backtrace_symbols_fd(frames + FRAMES_OF_OURS, count - FRAMES_OF_OURS, STDERR_FILENO);
    raise(number);
}

void last_words_prepare(void)
{
    static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    struct sigaction action = { .sa_handler = handle,
                                .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK) };
    void *frame[1];

    if (CHILD_IS_SANITIZED)
        return;
    backtrace(frame, 1);
    at_work_prepare();
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        sigaction(deadly[i], &action, NULL);
}
