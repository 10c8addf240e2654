/*
 * server: answers at the control socket, on the io loop (see protocol.h). Starts nothing, decides
 * nothing: what it tells it reads from the snapshot and the counters, a reload it only asks for.
 */
#ifndef EM_CONTROL_SERVER_H
#define EM_CONTROL_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "control/report.h"
#include "io/loop.h"

struct control_server;

/* Who may ask. root and `owner` may everything, members of `read_group` may look. */
struct control_access {
    uid_t owner;
    bool has_read_group;
    gid_t read_group;
};

enum control_right { CONTROL_MAY_NOTHING, CONTROL_MAY_LOOK, CONTROL_MAY_ACT };

/* A peer as the kernel tells it (SO_PEERCRED, SO_PEERGROUPS). */
struct control_peer {
    uid_t uid;
    gid_t gid;
    const gid_t *groups; /* supplementary */
    size_t group_count;
};

enum control_right control_right_of(const struct control_access *access,
                                    const struct control_peer *peer);

/* Of whoever is at the other end of this connected socket. One that cannot be told may nothing. */
enum control_right control_right_of_socket(const struct control_access *access, int fd);

/*
 * Serves clients of the listening socket listen_fd (-1: none, only control_server_adopt), which
 * stays the caller's. `host` and its context outlive the server. Call before loop_run() or in its
 * thread. NULL: out of memory or of descriptors.
 */
struct control_server *control_server_new(struct loop *loop, int listen_fd,
                                          const struct control_access *access,
                                          const struct control_host *host);
/* After loop_run() has ended: drops all clients. Clears the pointer. */
void control_server_free(struct control_server **server);
/* Serves this connected socket as if it had been accepted; takes it over. In the loop's thread. */
void control_server_adopt(struct control_server *server, int fd);
/* Takes no new clients any more; those that are there are served. In the loop's thread. */
void control_server_close(struct control_server *server);
/* In the loop's thread: the restart that clients wait for has ended; see report_restart(). */
void control_server_restart_ended(struct control_server *server, bool is_done, const char *text);
/* From any thread: a reload has ended; clients that wait for one are answered. */
void control_server_reload_ended(struct control_server *server);

#endif
