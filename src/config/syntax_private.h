/*
 * syntax: the grammar of libconfig, checked before libconfig reads the text.
 *
 * libconfig alone would say "syntax error", lose the place of an entry, wrap numbers silently, stop
 * at a setting given twice, and leak memory with most faults. What passes here it reads without
 * fault.
 */
#ifndef EM_CONFIG_SYNTAX_PRIVATE_H
#define EM_CONFIG_SYNTAX_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "util/buffer.h"
#include "util/span.h"

/* Stand in the prepared text for integers out of range, which are reported already; no integer that
 * is in range has these values. */
#define SYNTAX_REPORTED_INT INT32_MIN
#define SYNTAX_REPORTED_INT64 INT64_MIN

struct syntax {
    /* For libconfig: the text without comments, and without the settings that repeat an earlier one
     * of their group. */
    struct buffer prepared;
    /* The line of every setting and every entry of a list or array, in the order of their
     * beginnings. */
    unsigned *lines;
    size_t line_count, line_room;
};

/*
 * Reports into `report` what is wrong in `text`, which is called `file` there: the first fault of
 * grammar, and up to there every integer out of range and every setting given twice. False: a fault
 * of grammar or memory is out, the text cannot be read on. Call syntax_free() in either case.
 */
bool syntax_read(const char *file, struct span text, struct config_report *report,
                 struct syntax *syntax_r);
void syntax_free(struct syntax *syntax);

#endif
