/*
 * doors: see doors.h.
 *
 * dup3() exchanges what a descriptor number means while libmilter's listener may sleep in poll() on
 * what it meant before. Linux asks the number anew when it wakes, so a connection to the old socket
 * does not end that sleep, and new connections would stay unseen for libmilter's five seconds. A
 * signal to its thread ends it: poll() returns EINTR, upon which libmilter begins anew. A signal
 * that comes while it does not sleep is not needed, for the number is changed before.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "log/log.h"
#include "milter/connection.h"

enum {
    BACKLOG = 64,        /* the fan is dialled one after the other */
    ROOM = 4,            /* descriptors that must be free again before doors open again */
    WAKE_SIGNAL = SIGURG /* ignored by default: nobody uses it otherwise */
};

static void ignore(int number)
{
    (void)number;
}

/* The calling thread is the one that will be in libmilter. */
static void expect_wake(struct doors *doors)
{
    struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, WAKE_SIGNAL);
    sigaction(WAKE_SIGNAL, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    doors->listener = pthread_self();
}

static bool name_of(int fd, struct socket_name *name_r)
{
    name_r->size = sizeof(name_r->address);
    return getsockname(fd, (struct sockaddr *)&name_r->address, &name_r->size) == 0;
}

static int family_of(const struct socket_name *name)
{
    return name->address.ss_family;
}

/* By path or port: an accepted connection has its listener's, but perhaps a narrower address. */
static bool is_same_name(const struct socket_name *a, const struct socket_name *b)
{
    if (family_of(a) != family_of(b)) {
        return false;
    }
    switch (family_of(a)) {
    case AF_INET:
        return ((const struct sockaddr_in *)&a->address)->sin_port ==
               ((const struct sockaddr_in *)&b->address)->sin_port;
    case AF_INET6:
        return ((const struct sockaddr_in6 *)&a->address)->sin6_port ==
               ((const struct sockaddr_in6 *)&b->address)->sin6_port;
    default:
        return a->size == b->size && memcmp(&a->address, &b->address, a->size) == 0;
    }
}

static bool is_listening(int fd)
{
    int is_so = 0;
    socklen_t size = sizeof(is_so);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_so, &size) == 0 && is_so != 0;
}

/*
 * The lowest open socket of this process with that name, listening or not; -1: none, or the list
 * of descriptors cannot be read.
 */
static int find_socket(const struct socket_name *name, bool listening)
{
    int found = -1;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return -1;
    }
    for (const struct dirent *entry; found < 0 && (entry = readdir(folder)) != NULL;) {
        struct socket_name other;
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && name_of(fd, &other) && is_same_name(name, &other) &&
            is_listening(fd) == listening) {
            found = fd;
        }
    }
    closedir(folder);
    return found;
}

/* A listening socket with a name of no file (Linux: autobind); -1 with errno set. */
static int nameless_socket(void)
{
    struct sockaddr address = { .sa_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 &&
        (bind(fd, &address, sizeof(address.sa_family)) != 0 || listen(fd, BACKLOG) != 0)) {
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
    int fd = nameless_socket();
    if (fd < 0) {
        return false;
    }
    snprintf(where, sizeof(where), "fd:%d", fd);
    if (!library_listen(where) || !name_of(fd, &doors->private_name)) {
        close(fd);
        return false;
    }
    doors->listen_fd = fd;
    return true;
}

/* A port on loopback that is free at this moment. */
static bool find_port(int family, struct socket_name *name_r)
{
    struct socket_name any = { .address = { .ss_family = (sa_family_t)family } };
    if (family == AF_INET) {
        ((struct sockaddr_in *)&any.address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        any.size = sizeof(struct sockaddr_in);
    } else {
        ((struct sockaddr_in6 *)&any.address)->sin6_addr = in6addr_loopback;
        any.size = sizeof(struct sockaddr_in6);
    }
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_good =
        fd >= 0 && bind(fd, (struct sockaddr *)&any.address, any.size) == 0 && name_of(fd, name_r);
    if (fd >= 0) {
        close(fd);
    }
    return is_good;
}

static bool listen_on_port(struct doors *doors)
{
    enum { TRIES = 5 /* somebody else may be faster */ };
    int family = family_of(&doors->real_name);
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
    if (family_of(&doors->real_name) == AF_UNIX) {
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
    doors->listen_fd = is_good ? find_socket(&doors->private_name, true) : -1;
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
    if (!name_of(real_fd, &doors->real_name) || flags < 0 ||
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
    expect_wake(doors);
    doors->state = DOORS_PRIVATE;
    return true;
}

int doors_dial(const struct doors *doors)
{
    const struct socket_name *name = &doors->private_name;
    int one = 1;
    int fd = socket(family_of(name), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&name->address, name->size) != 0) {
        int kept = errno;
        close(fd);
        errno = kept;
        return -1;
    }
    if (fd >= 0 && family_of(name) != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* slower without, no worse */
    }
    return fd;
}

bool doors_open(struct doors *doors)
{
    if (dup3(doors->real_fd, doors->listen_fd, O_CLOEXEC) < 0) {
        return false;
    }
    pthread_kill(doors->listener, WAKE_SIGNAL);
    forget_private(doors);
    doors->idle_fd = nameless_socket(); /* now, while there are descriptors */
    doors->state = DOORS_OPEN;
    return true;
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
    if (doors->state == DOORS_OPEN && doors->idle_fd >= 0 && !has_room(doors, 1)) {
        if (dup3(doors->idle_fd, doors->listen_fd, O_CLOEXEC) >= 0) {
            doors->state = DOORS_FULL;
            log_write(LOG_LEVEL_ERR, "no descriptor is left: new connections wait until sessions "
                                     "end; raise LimitNOFILE= of the unit, or ulimit -n");
        }
    } else if (doors->state == DOORS_FULL && has_room(doors, ROOM)) {
        if (dup3(doors->real_fd, doors->listen_fd, O_CLOEXEC) >= 0) {
            doors->state = DOORS_OPEN;
            pthread_kill(doors->listener, WAKE_SIGNAL);
            log_write(LOG_LEVEL_INFO, "there are descriptors again: connections are accepted");
        }
    }
}

bool doors_close(struct doors *doors)
{
    bool is_listening_now = doors->state == DOORS_PRIVATE || doors->state == DOORS_OPEN;
    int idle = doors->idle_fd >= 0 ? doors->idle_fd : is_listening_now ? nameless_socket() : -1;
    bool is_good = !is_listening_now || (idle >= 0 && dup3(idle, doors->listen_fd, O_CLOEXEC) >= 0);
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
    return doors->real_name.size > 0 && find_socket(&doors->real_name, false) >= 0;
}
