/*
 * mapped: the fault comes in the thread that reads, within the instruction that does, so the way
 * out is a jump. The handler is the process's own, and where a thread may jump to is the thread's:
 * one of the few things that are.
 */
#include "util/mapped.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

static _Thread_local sigjmp_buf *way_out;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sigaction before;

static void handle(int number, siginfo_t *info, void *context)
{
    sigjmp_buf *to = way_out;
    (void)context;
    if (to != NULL && info->si_code > 0) {
        way_out = NULL;
        siglongjmp(*to, 1);
    }
    sigaction(number, &before, NULL);
    if (info->si_code <= 0) {
        raise(number); /* somebody sent it: it does not come by itself again */
    }
}

static void install(void)
{
    struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &before);
}

bool mapped_try(void (*work)(void *context), void *context)
{
    sigjmp_buf here;
    pthread_once(&once, install);
    /* With the mask: in the handler the signal is held back, and a jump alone would leave it so. */
    if (sigsetjmp(here, 1) != 0) {
        return false;
    }
    way_out = &here;
    work(context);
    way_out = NULL;
    return true;
}
