/*
 * report_suppress_private: what the files report_suppress*.c share.
 */
#ifndef EM_CONTROL_REPORT_SUPPRESS_PRIVATE_H
#define EM_CONTROL_REPORT_SUPPRESS_PRIVATE_H

#include "control/report_private.h"
#include "control/report_suppress.h"
#include "feedback/suppression.h"

/* One request about the list. */
struct suppress_inquiry {
    const struct control_host *host; /* with a store */
    const struct suppression_settings *settings;
    const struct control_asker *asker;
    const struct span *args; /* behind the subject */
    size_t arg_count;
    bool is_json;
    struct buffer *out;
    struct json json;
    int64_t wall_s;
};

/* Ends an inquiry with a line of text; nothing else was written. */
enum control_exit suppress_refuse(struct suppress_inquiry *inquiry, enum control_exit code,
                                  const char *format, ...) __attribute__((format(printf, 3, 4)));

enum control_exit report_suppress_list(struct suppress_inquiry *inquiry);
enum control_exit report_suppress_export(struct suppress_inquiry *inquiry);
enum control_exit report_suppress_add(struct suppress_inquiry *inquiry);
enum control_exit report_suppress_remove(struct suppress_inquiry *inquiry);

#endif
