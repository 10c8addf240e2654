/*
 * fuzz_takeover: any bytes as what a program before this one handed over.
 *
 * They are taken or refused with a word, once, and what is taken holds together. A check that is
 * asked beforehand understands exactly those that are taken.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/takeover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_takeover: %s\n", what);
        abort();
    }
}

static void check(const struct takeover *takeover)
{
    for (size_t i = 0; i < takeover->sockets.count; i++) {
        const struct bound *bound = &takeover->sockets.milter[i];
        demand(bound->spec != NULL && bound->spec[0] != '\0', "a socket without a name");
        demand(bound->listener.fd >= -1, "a descriptor below none");
    }
    for (size_t i = 0; i < takeover->process_count; i++) {
        const struct process *process = &takeover->processes[i];
        demand(process->pid > 1 && process->is_adopted, "a process that is none");
        demand(process->slot == PROCESS_NO_SLOT || process->slot < takeover->sockets.count,
               "a process of a socket that is not there");
        demand(process->state <= PROCESS_RETIRING, "a state that is none");
    }
}

/* Without closing descriptors that are the fuzzer's. */
static void release(struct takeover *takeover)
{
    for (size_t i = 0; i < takeover->sockets.count; i++)
        takeover->sockets.milter[i].listener.fd = -1;
    takeover->sockets.control.listener.fd = -1;
    sockets_close(&takeover->sockets, false);
    free(takeover->processes);
}

/* Its descriptor, which is in the variable too. */
static int offer(const char *variable, const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    char number[16];

    snprintf(number, sizeof(number), "%d", fd);
    demand(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0,
           "no memory for the text");
    setenv(variable, number, 1);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct takeover takeover;
    struct error error = { "" };
    bool is_understood;
    int fd;

    offer(TAKEOVER_QUESTION, data, size);
    is_understood = takeover_answer(&error);
    demand(is_understood || error.text[0] != '\0', "not understood without a word");
    error.text[0] = '\0';
    fd = offer("EGRESS_MILTER_TAKEOVER", data, size);
    if (takeover_take(&takeover, &error)) {
        demand(is_understood, "taken and not understood");
        check(&takeover);
    } else {
        demand(!is_understood, "understood and not taken");
        demand(error.text[0] != '\0', "refused without a word");
        close(fd);
    }
    demand(!takeover_is_offered(), "offered twice");
    release(&takeover);
    return 0;
}
