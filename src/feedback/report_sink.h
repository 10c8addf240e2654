/*
 * report_sink: who is told of reports that came in by mail.
 */
#ifndef EM_FEEDBACK_REPORT_SINK_H
#define EM_FEEDBACK_REPORT_SINK_H

#include <stdint.h>

#include "feedback/report.h"
#include "message/message.h"

/* A message that was taken in and is a report. All of it lives until take() returns. */
struct report_event {
    const struct report *report;   /* never REPORT_NONE */
    const struct message *message; /* the one that brought it: its client, envelope and header */
    int64_t at_s;                  /* wall time */
};

struct report_sink {
    /* Told in the session's own thread, several at once; does not wait. Whether the report is true
     * is not known yet (report_join.h). */
    void (*take)(struct report_sink *sink, const struct report_event *event);
};

#endif
