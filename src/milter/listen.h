/*
 * listen: binds what the daemon listens on. Used by the parent, before anything is served; knows
 * nothing of libmilter.
 *
 * A unix socket is made with its final mode and owner before it listens, so nobody slips in
 * between. What a dead process left behind is removed; what answers, or is no socket, is never
 * touched. Every failure is one line that names the thing and what to do.
 */
#ifndef EM_MILTER_LISTEN_H
#define EM_MILTER_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "util/ip.h"

enum listen_family { LISTEN_UNIX, LISTEN_INET, LISTEN_INET6 };

struct listen_spec {
    enum listen_family family;
    const char *path;  /* unix: absolute, points into the text that was parsed */
    struct ip address; /* inet, inet6 */
    uint16_t port;
};

/* "unix:/path", "inet:port@address", "inet6:port@address"; the address numeric or "localhost". */
bool listen_parse(const char *text, struct listen_spec *spec_r, struct error *error);
/* "/absolute/path" short enough for a unix socket. */
bool listen_path_accepts(const char *path, struct error *error);
/* Three or four octal digits, at most 0777. */
bool listen_mode_parse(const char *text, mode_t *mode_r);

/* Of a unix socket; (uid_t)-1 and (gid_t)-1 leave what the process has. */
struct listen_access {
    mode_t mode;
    uid_t uid;
    gid_t gid;
};

struct listener {
    int fd;     /* bound and listening, close-on-exec; -1: closed */
    char *path; /* of a unix socket; NULL else */
    dev_t device;
    ino_t inode;
};

/* `access` is for a unix socket. False: nothing is left open or lying about. */
bool listener_open(const struct listen_spec *spec, const struct listen_access *access,
                   struct listener *listener_r, struct error *error);
/* Is a unix socket still to be reached by its name? Others always are. */
bool listener_is_in_place(const struct listener *listener);
/* Gives an open unix socket other rights; others have none. False: errno. */
bool listener_set_access(const struct listener *listener, const struct listen_access *access);
/* Closes; with `remove` a unix socket's name goes too, if it still is the one that was made. */
void listener_close(struct listener *listener, bool remove);
/* Could a unix socket be made here by this process? Makes nothing; a socket that is served passes.
 * For `egress-milter -t`. */
bool listen_path_is_usable(const char *path, struct error *error);

#endif
