/*
 * doors: see doors.h.
 *
 * dup3() exchanges what a descriptor number means while libmilter's listener may sleep in poll() on
 * what it meant before. Linux asks the number anew when it wakes, so a connection to the old socket
 * does not end that sleep, and new connections would stay unseen for libmilter's five seconds. A
 * signal to its thread ends it: poll() returns EINTR, upon which libmilter begins anew. A signal
 * that comes while it does not sleep is not needed, for the number is changed before.
 *
 * The same signal tells that the exchange is complete: its handler runs between two calls of that
 * thread, the only one that accepts, so no accept() from the old socket is under way any more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "log/log.h"
#include "milter/connection.h"

enum {
    BACKLOG = 64,        /* the fan is dialled one after the other */
    DIAL_S = 2,          /* for a place in that queue */
    ROOM = 4,            /* descriptors that must be free again before doors open again */
    WAKE_SIGNAL = SIGURG /* ignored by default: nobody uses it otherwise */
};

static void note_wake(int number, siginfo_t *info, void *context)
{
    const uint64_t one = 1;
    int kept = errno;
    (void)number;
    (void)context;
    if (info->si_code == SI_QUEUE && info->si_pid == getpid()) {
        ssize_t ignored = write(info->si_value.sival_int, &one, sizeof(one));
        (void)ignored; /* doors_mind() asks again */
    }
    errno = kept;
}

/* The calling thread is the one that will be in libmilter. */
static void expect_wake(struct doors *doors)
{
    struct sigaction action = { .sa_sigaction = note_wake, .sa_flags = SA_RESTART | SA_SIGINFO };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, WAKE_SIGNAL);
    sigaction(WAKE_SIGNAL, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    doors->listener = pthread_self();
}

/* Ends its sleep, upon which woken_fd is readable. */
static void wake_listener(const struct doors *doors)
{
    union sigval value = { .sival_int = doors->woken_fd };
    if (pthread_sigqueue(doors->listener, WAKE_SIGNAL, value) != 0) {
        pthread_kill(doors->listener, WAKE_SIGNAL);
    }
}

/* libmilter's number means this from now on. False with errno set: what it did. */
static bool replace_socket(const struct doors *doors, int fd)
{
    uint64_t earlier;
    while (dup3(fd, doors->listen_fd, O_CLOEXEC) < 0) {
        if (errno != EINTR && errno != EBUSY) {
            return false;
        }
    }
    ssize_t ignored = read(doors->woken_fd, &earlier, sizeof(earlier));
    (void)ignored;
    wake_listener(doors);
    return true;
}

/* What libmilter gets when nothing is to be accepted: it is never readable, and has no name by
 * which somebody could come in. -1 with errno set. */
static int idle_descriptor(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* A listening socket that nobody is told of: with a name of no file (Linux: autobind), or at a port
 * of loopback. -1 with errno set. */
static int private_socket(int family)
{
    struct sockaddr_storage any = { .ss_family = (sa_family_t)family };
    socklen_t size = sizeof(any.ss_family);
    if (family == AF_INET) {
        ((struct sockaddr_in *)&any)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        size = sizeof(struct sockaddr_in);
    } else if (family == AF_INET6) {
        ((struct sockaddr_in6 *)&any)->sin6_addr = in6addr_loopback;
        size = sizeof(struct sockaddr_in6);
    }
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&any, size) != 0 || listen(fd, BACKLOG) != 0)) {
        int kept = errno;
        close(fd);
        errno = kept;
        return -1;
    }
    return fd;
}

static bool begin_by_fd(struct doors *doors)
{
    char where[32];
    int fd = private_socket(AF_UNIX);
    if (fd < 0) {
        return false;
    }
    snprintf(where, sizeof(where), "fd:%d", fd);
    if (!library_listen(where) || !socket_name_of(fd, &doors->private_name)) {
        close(fd);
        return false;
    }
    doors->listen_fd = fd;
    return true;
}

/* A port on loopback that is free at this moment. */
static bool find_port(int family, struct socket_name *name_r)
{
    int fd = private_socket(family);
    bool is_good = fd >= 0 && socket_name_of(fd, name_r);
    if (fd >= 0) {
        close(fd);
    }
    return is_good;
}

static bool listen_on_port(struct doors *doors)
{
    enum { TRIES = 5 /* somebody else may be faster */ };
    int family = socket_name_family(&doors->real_name);
    for (int i = 0; i < TRIES; i++) {
        char where[64];
        struct socket_name *name = &doors->private_name;
        if (!find_port(family, name)) {
            return false;
        }
        bool is_inet = family == AF_INET;
        int port = ntohs(is_inet ? ((struct sockaddr_in *)&name->address)->sin_port
                                 : ((struct sockaddr_in6 *)&name->address)->sin6_port);
        snprintf(where, sizeof(where), is_inet ? "inet:%d@127.0.0.1" : "inet6:%d@::1", port);
        if (library_listen(where)) {
            return true;
        }
    }
    return false;
}

/* In a folder that only this user enters, made and removed by the caller. */
static bool listen_on_path(struct doors *doors, const char *folder)
{
    char where[64];
    struct sockaddr_un *address = (struct sockaddr_un *)&doors->private_name.address;
    snprintf(where, sizeof(where), "unix:%s/own", folder);
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof(address->sun_path), "%s", where + 5);
    doors->private_name.size =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address->sun_path) + 1);
    return library_listen(where);
}

static bool begin_by_address(struct doors *doors)
{
    bool is_good;
    if (socket_name_family(&doors->real_name) == AF_UNIX) {
        char *folder = doors->folder;
        snprintf(folder, sizeof(doors->folder), "/tmp/egress-milter.XXXXXX");
        if (mkdtemp(folder) == NULL) {
            folder[0] = '\0';
            return false;
        }
        is_good = listen_on_path(doors, folder);
    } else {
        is_good = listen_on_port(doors);
    }
    doors->listen_fd = is_good ? own_socket_find(&doors->private_name, true) : -1;
    return doors->listen_fd >= 0;
}

/* The private socket is not dialled any more. */
static void forget_private(struct doors *doors)
{
    if (doors->folder[0] != '\0') {
        unlink(((struct sockaddr_un *)&doors->private_name.address)->sun_path);
        rmdir(doors->folder);
        doors->folder[0] = '\0';
    }
}

bool doors_begin(struct doors *doors, int real_fd, struct error *error)
{
    int flags = fcntl(real_fd, F_GETFL);
    doors->real_fd = real_fd;
    /* Several processes may accept from it: who comes too late must not wait in accept(). */
    if (!socket_name_of(real_fd, &doors->real_name) || flags < 0 ||
        fcntl(real_fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        error_set(error, "no listening socket: %s", strerror(errno));
        return false;
    }
    if ((doors->avoids_fd || !begin_by_fd(doors)) && !begin_by_address(doors)) {
        forget_private(doors);
        error_set(error, "libmilter listens neither on a socket of ours nor on one of its own: %s",
                  strerror(errno));
        return false;
    }
    doors->woken_fd = idle_descriptor();
    if (doors->woken_fd < 0) {
        forget_private(doors);
        error_set(error, "no descriptor is left: %s", strerror(errno));
        return false;
    }
    expect_wake(doors);
    atomic_store(&doors->is_guarded, true);
    doors->state = DOORS_PRIVATE;
    return true;
}

int doors_dial(const struct doors *doors)
{
    const struct socket_name *name = &doors->private_name;
    int one = 1;
    struct timeval most = { .tv_sec = DIAL_S };
    int fd = socket(socket_name_family(name), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) { /* else connect() waits for as long as the queue is full */
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
    }
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&name->address, name->size) != 0) {
        int kept = errno;
        close(fd);
        errno = kept;
        return -1;
    }
    if (fd >= 0 && socket_name_family(name) != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* slower without, no worse */
    }
    return fd;
}

bool doors_open(struct doors *doors)
{
    if (!replace_socket(doors, doors->real_fd)) {
        return false;
    }
    forget_private(doors);
    if (doors->idle_fd < 0) {
        doors->idle_fd = idle_descriptor(); /* now, while there are descriptors */
    }
    doors->state = DOORS_OPEN;
    return true;
}

bool doors_go_private(struct doors *doors)
{
    int fd = private_socket(socket_name_family(&doors->private_name));
    bool is_good = fd >= 0 && socket_name_of(fd, &doors->private_name);
    if (is_good) {
        atomic_store(&doors->is_guarded, true); /* before anybody can come in */
        is_good = replace_socket(doors, fd);
    }
    if (is_good) {
        doors->state = DOORS_PRIVATE;
    }
    if (fd >= 0) {
        close(fd);
    }
    return is_good;
}

void doors_guard(struct doors *doors)
{
    uint64_t woken;
    if (!atomic_load(&doors->is_guarded)) {
        return;
    }
    /* The listener accepts from one socket after the other: once it was woken after another one had
     * been put in place, nobody comes in by the private one any more, and who has is found here. */
    bool is_last = doors->state != DOORS_PRIVATE &&
                   read(doors->woken_fd, &woken, sizeof(woken)) == sizeof(woken);
    if (socket_name_family(&doors->private_name) == AF_UNIX) {
        own_sockets_drop_strangers(&doors->private_name);
    }
    if (is_last) {
        atomic_store(&doors->is_guarded, false);
    }
}

/* Whoever came in and says nothing; and a wake that could not be sent. */
static void mind_guard(struct doors *doors)
{
    doors_guard(doors);
    if (atomic_load(&doors->is_guarded) && doors->state != DOORS_PRIVATE) {
        wake_listener(doors);
    }
}

/* Could `count` descriptors be had? */
static bool has_room(const struct doors *doors, int count)
{
    int taken[ROOM], used = 0;
    while (used < count && (taken[used] = fcntl(doors->listen_fd, F_DUPFD_CLOEXEC, 0)) >= 0) {
        used++;
    }
    for (int i = 0; i < used; i++) {
        close(taken[i]);
    }
    return used == count;
}

void doors_mind(struct doors *doors)
{
    if (doors->state == DOORS_NONE) {
        return;
    }
    mind_guard(doors);
    if (doors->state == DOORS_OPEN && doors->idle_fd >= 0 && !has_room(doors, 1)) {
        if (replace_socket(doors, doors->idle_fd)) {
            doors->state = DOORS_FULL;
            log_write(LOG_LEVEL_ERR, "no descriptor is left: new connections wait until sessions "
                                     "end; raise LimitNOFILE= of the unit, or ulimit -n");
        }
    } else if (doors->state == DOORS_FULL && has_room(doors, ROOM)) {
        if (replace_socket(doors, doors->real_fd)) {
            doors->state = DOORS_OPEN;
            log_write(LOG_LEVEL_INFO, "there are descriptors again: connections are accepted");
        }
    }
}

bool doors_close(struct doors *doors)
{
    bool is_listening_now = doors->state == DOORS_PRIVATE || doors->state == DOORS_OPEN;
    int idle = doors->idle_fd >= 0 ? doors->idle_fd : is_listening_now ? idle_descriptor() : -1;
    bool is_good = !is_listening_now || (idle >= 0 && replace_socket(doors, idle));
    if (idle >= 0) {
        close(idle);
    }
    doors->idle_fd = -1;
    forget_private(doors);
    if (doors->real_fd >= 0) {
        close(doors->real_fd);
        doors->real_fd = -1;
    }
    doors->state = DOORS_CLOSED;
    return is_good;
}

bool doors_have_sessions(const struct doors *doors)
{
    return doors->real_name.size > 0 && own_socket_find(&doors->real_name, false) >= 0;
}
