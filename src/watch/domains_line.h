/*
 * domains_line: what there is to tell about a record of ours, as one line of the log.
 */
#ifndef EM_WATCH_DOMAINS_LINE_H
#define EM_WATCH_DOMAINS_LINE_H

#include "log/log.h"
#include "util/buffer.h"
#include "watch/domains_record.h"

/* Appends the line. False: there is nothing to tell. */
bool domains_line(enum domains_kind kind, struct span name, const struct domains_record *record,
                  const struct domains_event *event, enum log_level *level_r, struct buffer *out);
/* Appends `"OLD" is now "NEW"`: of long texts what is about the first difference. */
void domains_line_change(const struct domains_record *record, struct buffer *out);
#define DOMAINS_TIME_MAX 32
/* "2026-03-01T12:00:00Z" */
void domains_line_time(int64_t wall_s, char out[static DOMAINS_TIME_MAX]);

#endif
