/*
 * check: one question about a message. One file check_<name>.c holds its heading, its option rows,
 * its run function and one exported definition; one row in table.c makes it part of the product.
 *
 * A check reads const structures, does no I/O, logs nothing and keeps no state. What it finds goes
 * into the list; whether that matters is policy's business.
 */
#ifndef EM_CHECKS_CHECK_H
#define EM_CHECKS_CHECK_H

#include <stddef.h>

#include "checks/evidence.h"
#include "config/row.h"
#include "finding/finding.h"

struct check {
    const char *name; /* the file's name without check_ */
    unsigned needs;   /* enum evidence_need */
    /* About single recipients: runs also when one has come, with the evidence of him alone, and
     * what is found may refuse him. */
    bool is_about_recipients;
    const struct config_table *settings; /* its own option rows, or NULL */
    /* `settings` is what the rows filled, NULL without rows. Memory comes from findings->arena. */
    void (*run)(const struct evidence *evidence, const void *settings,
                struct finding_list *findings);
};

/* All checks in the order they run. */
extern const struct check *const check_table[];
extern const size_t check_count;

#endif
