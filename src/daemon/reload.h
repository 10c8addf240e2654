/*
 * reload: takes a new snapshot in place of the running one, or keeps it and says why.
 *
 * One thread reloads; any thread asks for one and looks at the last result.
 */
#ifndef EM_DAEMON_RELOAD_H
#define EM_DAEMON_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "control/report.h"
#include "site/site.h"
#include "util/clock.h"

struct reloader;

/* What a reloader works with; all of it outlives the reloader. */
struct reload_setup {
    const char *config_path;
    const struct config_table *const *tables;
    const struct config *at_start; /* what the parent acts on: no reload changes that */
    const struct clock *clock;
    bool to_syslog;        /* log.facility is followed */
    int last_good_fd;      /* where the configuration in force is kept (last_good.h); -1: nowhere */
    bool writes_last_good; /* one process of all does */
};

struct reloader *reloader_new(const struct reload_setup *setup);
void reloader_free(struct reloader **reloader);

/*
 * The first load of a process. The report (the caller's) gets every fault. NULL when there was an
 * error. The log follows the snapshot's settings from here on.
 */
struct site *reloader_first(struct reloader *reloader, struct config_report *report);
/* In place of a first load that failed: with the configuration last in force. NULL: there is none,
 * or it does not load either; the report (another one) tells. */
struct site *reloader_last_good(struct reloader *reloader, struct config_report *report);
/*
 * Loads again and swaps, logging each fault, then one line about the outcome. True: the new
 * snapshot is in force. `is_retry`: nobody asked, and nothing of it is logged or counted when it is
 * refused for the same faults as the last time.
 */
bool reloader_run(struct reloader *reloader, struct site_holder *holder, bool is_retry);

/* Another process writes what is in force from now on. From any thread. */
void reloader_leave_good(struct reloader *reloader);
/* Writes it again: another process wrote meanwhile what did not come into force. From any thread.
 */
void reloader_keep_good(struct reloader *reloader, struct site_holder *holder);

/* Before somebody makes reloader_run() run: the ticket that will then be reached. */
uint64_t reloader_ask(struct reloader *reloader);
/* The highest ticket whose reload has ended. */
uint64_t reloader_reached(struct reloader *reloader);
/* A copy of the last result; load_result_free() it. False: out of memory. */
bool reloader_last(struct reloader *reloader, struct load_result *result_r);

#endif
