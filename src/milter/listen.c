/*
 * listen: sockets from specifications, and the settings about them.
 *
 * unix(7), ip(7), ipv6(7). Leaves to the daemon who may connect (access is handed in), and to
 * libmilter what is said there.
 */
#include "milter/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- unix sockets -------------------------------------------------------------------------- */

static struct sockaddr_un unix_address(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    memcpy(address.sun_path, path, strlen(path) + 1); /* listen_path_accepts() saw to the room */
    return address;
}

/* The directory a path is in, on the heap. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash > path ? (size_t)(slash - path) : 1;

    return strndup(path, size);
}

static bool directory_denies(const char *directory, const struct stat *status, struct error *error)
{
    const struct passwd *user = getpwuid(geteuid());
    const struct passwd *owner;
    char user_name[64];

    snprintf(user_name, sizeof(user_name), "%s", user != NULL ? user->pw_name : "the daemon");
    owner = getpwuid(status->st_uid);
    error_set(error,
              "directory %s is not writable for %s (owner %s, mode %04o): run chown %s %s, "
              "or choose another path",
              directory, user_name, owner != NULL ? owner->pw_name : "unknown",
              (unsigned)status->st_mode & 07777, user_name, directory);
    return false;
}

/* The directory of a socket: there, and writable. */
static bool directory_is_usable(const char *directory, struct error *error)
{
    struct stat status;

    if (stat(directory, &status) < 0) {
        if (errno == ENOENT)
            error_set(error, "directory %s is missing: run mkdir -p %s, or choose another path",
                      directory, directory);
        else
            error_set(error, "directory %s: %m", directory);
        return false;
    }
    if (!S_ISDIR(status.st_mode)) {
        error_set(error, "%s is no directory: choose another path", directory);
        return false;
    }
    if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0)
        return true;
    if (errno == EACCES)
        return directory_denies(directory, &status, error);
    error_set(error, "directory %s: %m: choose another path", directory); /* EROFS */
    return false;
}

enum occupant { OCCUPANT_NONE, OCCUPANT_STALE, OCCUPANT_ALIVE, OCCUPANT_UNCLEAR };

/* Connects, without waiting: a full queue (EAGAIN) is a living owner as well. */
static enum occupant probe_socket(const char *path, struct error *error)
{
    struct sockaddr_un address = unix_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int result, why;

    if (fd < 0) {
        error_set(error, "socket: %m");
        return OCCUPANT_UNCLEAR;
    }
    result = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    why = errno;
    close(fd);
    if (result == 0 || why == EAGAIN || why == EPROTOTYPE)
        return OCCUPANT_ALIVE;
    if (why == ECONNREFUSED)
        return OCCUPANT_STALE;
    if (why == ENOENT)
        return OCCUPANT_NONE;
    errno = why;
    error_set(error, "cannot tell whether %s is in use: %m: remove it if not", path);
    return OCCUPANT_UNCLEAR;
}

static enum occupant path_occupant(const char *path, struct error *error)
{
    struct stat status;

    if (lstat(path, &status) < 0) {
        if (errno == ENOENT)
            return OCCUPANT_NONE;
        error_set(error, "%s: %m", path);
        return OCCUPANT_UNCLEAR;
    }
    if (!S_ISSOCK(status.st_mode)) {
        error_set(error, "%s is there and is no socket: remove it, or choose another path", path);
        return OCCUPANT_UNCLEAR;
    }
    return probe_socket(path, error);
}

/* Makes room for the socket: a stale one goes. */
static bool path_clear(const char *path, struct error *error)
{
    switch (path_occupant(path, error)) {
    case OCCUPANT_NONE:
        return true;
    case OCCUPANT_ALIVE:
        error_set(error, "another process answers at %s: stop it, or choose another path", path);
        return false;
    case OCCUPANT_UNCLEAR:
        return false;
    case OCCUPANT_STALE:
        break;
    }
    if (unlink(path) == 0 || errno == ENOENT)
        return true;
    error_set(error, "cannot remove the stale socket %s: %m", path);
    return false;
}

/* The name appears with its final mode (umask is the only way to that), then gets its owner; nobody
 * can connect before listen(). The process is single-threaded here. */
static bool bind_unix(int fd, const char *path, const struct listen_access *access,
                      struct error *error)
{
    struct sockaddr_un address = unix_address(path);
    mode_t before = umask(0777 & ~access->mode);
    int result = bind(fd, (const struct sockaddr *)&address, sizeof(address));

    umask(before);
    if (result < 0) {
        error_set(error, "cannot make the socket %s: %m", path);
        return false;
    }
    if (access->uid == (uid_t)-1 && access->gid == (gid_t)-1)
        return true;
    if (lchown(path, access->uid, access->gid) == 0)
        return true;
    error_set(error,
              "cannot give the socket %s to its owner and group: %m: start as root, or choose "
              "a group of the user that starts it",
              path);
    unlink(path);
    return false;
}

static bool open_unix(const char *wanted, const struct listen_access *access,
                      struct listener *listener, struct error *error)
{
    const char *path = listener->path = strdup(wanted);
    char *directory = path != NULL ? directory_of(path) : NULL;
    struct stat status;
    bool usable;

    if (directory == NULL) {
        error_set(error, "out of memory");
        return false;
    }
    usable = directory_is_usable(directory, error);
    free(directory);
    if (!usable || !path_clear(path, error) || !bind_unix(listener->fd, path, access, error))
        return false;
    if (lstat(path, &status) < 0) {
        error_set(error, "socket %s: %m", path);
        unlink(path);
        return false;
    }
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
    return true;
}

bool listen_path_is_usable(const char *path, struct error *error)
{
    char *directory = directory_of(path);
    bool usable = directory != NULL && directory_is_usable(directory, error);

    if (directory == NULL)
        error_set(error, "out of memory");
    free(directory);
    return usable && path_occupant(path, error) != OCCUPANT_UNCLEAR;
}

/* --- inet sockets -------------------------------------------------------------------------- */

static socklen_t inet_address(const struct listen_spec *spec, struct sockaddr_storage *address_r)
{
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address_r;
    struct sockaddr_in *four = (struct sockaddr_in *)address_r;

    memset(address_r, 0, sizeof(*address_r));
    if (spec->family == LISTEN_INET6) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(spec->port);
        memcpy(&six->sin6_addr, spec->address.bytes, 16);
        return sizeof(*six);
    }
    four->sin_family = AF_INET;
    four->sin_port = htons(spec->port);
    memcpy(&four->sin_addr, spec->address.bytes, 4);
    return sizeof(*four);
}

static void explain_bind(const struct listen_spec *spec, int why, struct error *error)
{
    char address[IP_TEXT_MAX];
    unsigned port = spec->port;

    ip_print(&spec->address, address);
    errno = why;
    switch (why) {
    case EADDRINUSE:
        error_set(error,
                  "port %u at %s is in use by another process: stop it, or choose another "
                  "port",
                  port, address);
        break;
    case EADDRNOTAVAIL:
        error_set(error, "this machine has no address %s: choose one it has", address);
        break;
    case EACCES:
        error_set(error, "port %u needs root: start as root, or choose a port above 1023", port);
        break;
    default:
        error_set(error, "cannot listen at port %u of %s: %m", port, address);
    }
}

static bool open_inet(const struct listen_spec *spec, int fd, struct error *error)
{
    struct sockaddr_storage address;
    socklen_t size = inet_address(spec, &address);
    int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        (spec->family == LISTEN_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)) {
        error_set(error, "setsockopt: %m");
        return false;
    }
    if (bind(fd, (const struct sockaddr *)&address, size) < 0) {
        explain_bind(spec, errno, error);
        return false;
    }
    return true;
}

/* --- both ---------------------------------------------------------------------------------- */

static int socket_domain(enum listen_family family)
{
    switch (family) {
    case LISTEN_UNIX:
        return AF_UNIX;
    case LISTEN_INET:
        return AF_INET;
    case LISTEN_INET6:
        break;
    }
    return AF_INET6;
}

bool listener_open(const struct listen_spec *spec, const struct listen_access *access,
                   struct listener *listener_r, struct error *error)
{
    bool opened;

    *listener_r = (struct listener){ .fd = -1 };
    listener_r->fd = socket(socket_domain(spec->family), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener_r->fd < 0) {
        error_set(error, "socket: %m");
        return false;
    }
    if (spec->family == LISTEN_UNIX)
        opened = open_unix(spec->path, access, listener_r, error);
    else
        opened = open_inet(spec, listener_r->fd, error);
    if (opened && listen(listener_r->fd, SOMAXCONN) < 0) {
        if (spec->family != LISTEN_UNIX) /* the address can also be taken only now */
            explain_bind(spec, errno, error);
        else
            error_set(error, "cannot listen at %s: %m", spec->path);
        opened = false;
    }
    if (!opened)
        listener_close(listener_r, true);
    return opened;
}

bool listener_is_in_place(const struct listener *listener)
{
    struct stat status;

    return listener->path == NULL ||
           (lstat(listener->path, &status) == 0 && status.st_dev == listener->device &&
            status.st_ino == listener->inode);
}

bool listener_set_access(const struct listener *listener, const struct listen_access *access)
{
    return listener->path == NULL || (lchown(listener->path, access->uid, access->gid) == 0 &&
                                      chmod(listener->path, access->mode) == 0);
}

void listener_close(struct listener *listener, bool remove)
{
    if (remove && listener->path != NULL && listener_is_in_place(listener))
        unlink(listener->path);
    if (listener->fd >= 0)
        close(listener->fd);
    free(listener->path);
    *listener = (struct listener){ .fd = -1 };
}
