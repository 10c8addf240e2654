/*
 * report_limits_private: what the files report_limits*.c share.
 */
#ifndef EM_CONTROL_REPORT_LIMITS_PRIVATE_H
#define EM_CONTROL_REPORT_LIMITS_PRIVATE_H

#include "control/report_limits.h"
#include "control/report_private.h"
#include "limits/choose.h"
#include "limits/ledger.h"
#include "log/field.h"
#include "site/limit_value.h"
#include "util/arena.h"

/* One request about limits. */
struct limits_inquiry {
    const struct control_host *host; /* with a store and a ledger */
    const struct site *site;
    const struct control_asker *asker;
    const struct span *args; /* behind the subject */
    size_t arg_count;
    bool is_json;
    struct buffer *out;
    struct json json;
    struct arena *arena;
    int64_t wall_s;
};

/* Ends an inquiry with a line of text; nothing else was written. */
enum control_exit inquiry_refuse(struct limits_inquiry *inquiry, enum control_exit code,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "limits row at FILE:LINE", "exception at FILE:LINE until ... (month end)", "override by root
 * until
 * ... (month end)", "built-in". */
void inquiry_text_source(struct limits_inquiry *inquiry, const struct limit *limit,
                         const struct limit_value *value, struct buffer *out);
/* The same as the member "source". */
void inquiry_json_source(struct limits_inquiry *inquiry, const struct limit *limit,
                         const struct limit_value *value);
/* Members of the object that is open. */
void inquiry_json_override(struct json *json, const struct override *override);
void inquiry_json_exception(struct json *json, const struct exception_settings *exception);
void inquiry_json_limit(struct json *json, const struct limit *limit);
/* "500", "unlimited". */
void inquiry_text_max(uint64_t max, struct buffer *out);
/* "1h" */
void inquiry_text_per(const struct limit *limit, struct buffer *out);
/* NAME as counts have it: the name of a network as it is, "bounce" too, all else a login in its one
 * form. Absent: no memory. */
struct span inquiry_principal(struct limits_inquiry *inquiry, struct span name);
/* Was anything counted for it? */
bool inquiry_has_account(struct limits_inquiry *inquiry, enum mail_class mail_class,
                         struct span principal);
/* The network of this name; NULL. */
const struct network_settings *inquiry_network(const struct limits_inquiry *inquiry,
                                               struct span name);
/* The domain of a principal where it is one of ours; else absent. */
struct span inquiry_domain(const struct limits_inquiry *inquiry, struct span principal);
/* The class whose mail a network's is. */
enum mail_class inquiry_class_of_network(const struct network_settings *network);

/* "audit: did=WHAT by=ASKER user=NAME", and into the log with what was added (notice). */
void inquiry_audit_begin(const struct limits_inquiry *inquiry, const char *what,
                         struct span principal, struct log_fields *line);
void inquiry_audit_end(const struct log_fields *line);

/* In `user show`: that he is suspended, or was released lately; nothing else. */
void inquiry_tell_suspension(struct limits_inquiry *inquiry, struct span principal);

/* In `user show`: how an account behaves; nothing where no profile is there. */
void inquiry_tell_behaviour(struct limits_inquiry *inquiry, struct span account);

enum control_exit report_limits_list(struct limits_inquiry *inquiry);
enum control_exit report_limits_user(struct limits_inquiry *inquiry);
enum control_exit report_limits_top(struct limits_inquiry *inquiry);
enum control_exit report_limits_set(struct limits_inquiry *inquiry);
enum control_exit report_limits_clear(struct limits_inquiry *inquiry);
enum control_exit report_limits_reset(struct limits_inquiry *inquiry);
enum control_exit report_user_suspend(struct limits_inquiry *inquiry);
enum control_exit report_user_release(struct limits_inquiry *inquiry);
enum control_exit report_user_suspended(struct limits_inquiry *inquiry);
enum control_exit report_user_history(struct limits_inquiry *inquiry);

#endif
