/*
 * plan: what the parent takes from the configuration and from the system's users: where to listen,
 * with which access, as whom. It reads no key, no table and nothing a stranger wrote.
 */
#ifndef EM_DAEMON_PLAN_H
#define EM_DAEMON_PLAN_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"
#include "control/server.h"
#include "control/settings.h"
#include "daemon/privilege.h"
#include "milter/listen.h"
#include "milter/milter.h"
#include "site/settings.h"

struct plan {
    char *config_path; /* absolute */
    struct config *config;
    const struct socket_settings *sockets;
    const struct control_settings *control;
    const struct log_settings *log;
    bool is_identity_known;
    struct identity identity;
    struct listen_access milter_access; /* of the unix sockets of the milter */
    struct listen_access control_socket_access;
    struct control_access control_access;
};

/*
 * `path` may be relative to the working directory. False: the report holds at least one error. With
 * plan->config set the configuration itself could be read, and with is_identity_known the user was
 * found. plan_free() in all cases.
 */
bool plan_make(const char *path, struct plan *plan_r, struct config_report *report);
/*
 * Puts what the plan was made from into `fd` (last_good_open()); plan_make_kept() makes it again
 * whatever the disk holds by then, but for users and groups, which are looked up anew. Only root
 * may ever write there: children do not get the descriptor.
 */
void plan_keep(const struct plan *plan, int fd);
/* False: there is nothing whole, or as with plan_make(). plan_free() in all cases. */
bool plan_make_kept(int fd, struct plan *plan_r, struct config_report *report);
void plan_free(struct plan *plan);
/* A fault about the setting, at the place it stands. */
void plan_complain(const struct plan *plan, struct config_report *report,
                   const struct config_table *table, const char *name, const struct error *error);

/* The process log to syslog, with the facility configured. False: unknown facility. */
bool plan_open_syslog(const struct plan *plan, struct error *error);
/* Will the start make the directory of this socket? Only the built-in one, only as root: /run is
 * empty after a boot, and not every system makes our directory there. */
bool plan_makes_directory(const char *path);

/* True when this report ends a start: errors, or with `strict` warnings. */
bool faults_are_fatal(const struct config_report *report, bool strict);
/* One line each, errors and warnings (marked as such), or errors alone. */
void faults_print(const struct config_report *report, bool with_warnings, FILE *out);
/* The same to the log: errors as err, warnings as warning. */
void faults_log(const struct config_report *report);

#endif
