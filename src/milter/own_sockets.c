/*
 * own_sockets: see own_sockets.h.
 */
#include "milter/own_sockets.h"

#include <dirent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 1 << 20 /* what Linux allows a process by default */ };

/* --- names ----------------------------------------------------------------------------------- */

bool socket_name_of(int fd, struct socket_name *name_r)
{
    name_r->size = sizeof(name_r->address);
    return getsockname(fd, (struct sockaddr *)&name_r->address, &name_r->size) == 0;
}

int socket_name_family(const struct socket_name *name)
{
    return name->address.ss_family;
}

/* By path or port: an accepted connection has its listener's, but perhaps a narrower address. */
static bool is_same_name(const struct socket_name *a, const struct socket_name *b)
{
    if (socket_name_family(a) != socket_name_family(b)) {
        return false;
    }
    switch (socket_name_family(a)) {
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

/* --- descriptors ----------------------------------------------------------------------------- */

/* Of one descriptor; false ends the walk. */
typedef bool look(int fd, void *context);

/* Where the list of descriptors cannot be read, as when none is left for it. */
static void look_at_numbers(look *wants_more, void *context)
{
    struct rlimit limit;
    int end = DESCRIPTORS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < DESCRIPTORS_MAX) {
        end = (int)limit.rlim_max;
    }
    for (int fd = 0; fd < end && wants_more(fd, context); fd++) {
    }
}

static void look_at_all(look *wants_more, void *context)
{
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        look_at_numbers(wants_more, context);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.' && !wants_more(atoi(entry->d_name), context)) {
            break;
        }
    }
    closedir(folder);
}

static bool has_name(int fd, const struct socket_name *name)
{
    struct socket_name other;
    return socket_name_of(fd, &other) && is_same_name(name, &other);
}

/* --- questions ------------------------------------------------------------------------------- */

struct search {
    const struct socket_name *name;
    bool listening;
    int found;
};

static bool is_listening(int fd)
{
    int is_so = 0;
    socklen_t size = sizeof(is_so);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_so, &size) == 0 && is_so != 0;
}

static bool look_for(int fd, void *context)
{
    struct search *search = context;
    if (has_name(fd, search->name) && is_listening(fd) == search->listening) {
        search->found = fd;
    }
    return search->found < 0;
}

int own_socket_find(const struct socket_name *name, bool listening)
{
    struct search search = { .name = name, .listening = listening, .found = -1 };
    look_at_all(look_for, &search);
    return search.found;
}

/* Who connected; of a listening socket who made it listen. The kernel keeps what was true then, so
 * nobody passes for us by handing a descriptor on. */
static bool drop_stranger(int fd, void *context)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (has_name(fd, context) &&
        (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid != getpid())) {
        shutdown(fd, SHUT_RDWR);
    }
    return true;
}

void own_sockets_drop_strangers(const struct socket_name *name)
{
    struct socket_name copy = *name;
    look_at_all(drop_stranger, &copy);
}
