/*
 * start_private: what the two ways into the parent's life share. Not for others.
 *
 *   start.c       from nothing; what the supervisor calls
 *   successor.c   in place of another program, and what is handed to the next
 */
#ifndef EM_DAEMON_START_PRIVATE_H
#define EM_DAEMON_START_PRIVATE_H

#include "daemon/detach.h"
#include "daemon/plan.h"
#include "daemon/sockets.h"
#include "daemon/start.h"
#include "daemon/supervisor.h"
#include "daemon/takeover.h"

#define COUNTER_ROWS_MAX (SUPERVISOR_PROCESSES_MAX + 1)

struct start {
    const struct daemon_options *options;
    struct plan plan;
    char *plan_path; /* absolute */
    bool is_in_place;
    bool has_plan; /* false: children cannot be started; see successor.c for when */
    struct sockets sockets;
    /* Of the program before this one, until all of ours serve. */
    struct plan former_plan;
    bool has_former_plan;
    struct sockets former; /* those that ours did not take */
    struct error refusal; /* why a restart comes to nothing from the beginning; empty: it may not */
    struct runner_seat seat;
    struct takeover takeover;
    struct detach detach;
    int last_good_fd; /* last_good.h */
    int plan_fd;      /* plan_keep(); not for children */
    int64_t started_s;
    pid_t parent;                      /* the supervisor */
    const char *probe[7], *replace[6]; /* command lines, ended by NULL */
};

/* The log as the plan wants it. False: told in the report. */
bool start_open_log(const struct start *start, struct config_report *report);
/* Where requests for commands will wait; without it there are none. */
void start_open_seat(struct start *start);
/* Both command lines of the program on disk: for its check, and to become it. */
void start_make_command_lines(struct start *start);
/* Until the end; returns what the program ends with. */
int start_supervise(struct start *start);

/* Instead of a start from nothing, when takeover_is_offered(). */
int start_in_place(struct start *start, struct config_report *report);

/* As struct supervisor_job wants them; the context is a struct start. */
bool successor_prepare(void *context, struct error *error);
int successor_write_down(void *context, const struct process *const *processes, size_t count,
                         struct error *error);
void successor_exec(void *context, const struct process *const *processes, size_t count,
                    struct error *error);
size_t successor_go_back(void *context);
void successor_taken_over(void *context);

#endif
