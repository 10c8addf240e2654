/*
 * misfortune: what can befall a daemon, on demand; loaded before its libraries (LD_PRELOAD).
 *
 * EGRESS_MISFORTUNE names a directory; a file in it brings about what it is called:
 *
 *   stillborn   a process that begins to serve aborts, whenever there is one
 *   doomed      the first process to find it (the file goes with it) waits there until "doom", and
 *               aborts; "waiting" appears meanwhile
 *   slow        it waits there until the file is gone; "waiting" appears meanwhile
 *   sign        the next signature aborts; the file goes with it
 *   overflow    the next signature needs more stack than there is; the file goes with it
 *   old-library libmilter does not know "fd:N"
 *   late        the next answer to a message that was changed is written a second later, by a
 * thread that is at work meanwhile, as one that is not let run would be; the file goes first
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <openssl/evp.h>

#pragma GCC diagnostic ignored "-Winfinite-recursion"

static const char *path_of(const char *name)
{
    static _Thread_local char path[512];
    const char *directory = getenv("EGRESS_MISFORTUNE");

    snprintf(path, sizeof(path), "%s/%s", directory != NULL ? directory : "/nowhere", name);
    return path;
}

static int is_wanted(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

int smfi_register(struct smfiDesc description)
{
    int (*real)(struct smfiDesc) = (int (*)(struct smfiDesc))dlsym(RTLD_NEXT, "smfi_register");

    if (is_wanted("stillborn")) {
        fputs("misfortune: stillborn\n", stderr);
        abort();
    }
    if (is_wanted("doomed") && unlink(path_of("doomed")) == 0) {
        close(open(path_of("waiting"), O_WRONLY | O_CREAT, 0600));
        while (!is_wanted("doom"))
            poll(NULL, 0, 10);
        fputs("misfortune: doomed\n", stderr);
        abort();
    }
    if (is_wanted("slow"))
        close(open(path_of("waiting"), O_WRONLY | O_CREAT, 0600));
    while (is_wanted("slow"))
        poll(NULL, 0, 10);
    return real(description);
}

int smfi_setconn(char *where)
{
    int (*real)(char *) = (int (*)(char *))dlsym(RTLD_NEXT, "smfi_setconn");

    if (is_wanted("old-library") && strncmp(where, "fd:", 3) == 0)
        return MI_FAILURE;
    return real(where);
}

/* Deeper and deeper. */
static int fall(const unsigned char *data)
{
    volatile unsigned char frame[1024] = { *data };

    return fall((const unsigned char *)frame) + frame[1];
}

int EVP_PKEY_sign(EVP_PKEY_CTX *context, unsigned char *signature, size_t *size,
                  const unsigned char *data, size_t data_size)
{
    int (*real)(EVP_PKEY_CTX *, unsigned char *, size_t *, const unsigned char *, size_t) =
        (int (*)(EVP_PKEY_CTX *, unsigned char *, size_t *, const unsigned char *, size_t))dlsym(
            RTLD_NEXT, "EVP_PKEY_sign");

    if (is_wanted("sign") && unlink(path_of("sign")) == 0) {
        fputs("misfortune: a library that gives up\n", stderr);
        abort();
    }
    if (is_wanted("overflow") && unlink(path_of("overflow")) == 0)
        return fall(data);
    return real(context, signature, size, data, data_size);
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* libmilter's way out: length, command; data. */
ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t (*real)(int, const struct iovec *, int) =
        (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    static _Thread_local int has_changed;
    char command = count > 0 && parts[0].iov_len == 5 ? ((const char *)parts[0].iov_base)[4] : '\0';

    if ((command == 'c' || command == 'a') && has_changed && unlink(path_of("late")) == 0) {
        double end = now_s() + 1;
        while (now_s() < end)
            ;
    }
    has_changed = command == 'i' || (has_changed && command == 'h');
    return real(fd, parts, count);
}
