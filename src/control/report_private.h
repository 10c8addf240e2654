/*
 * report_private: what the files report*.c share.
 */
#ifndef EM_CONTROL_REPORT_PRIVATE_H
#define EM_CONTROL_REPORT_PRIVATE_H

#include "control/report.h"
#include "util/json.h"

#define TIME_TEXT_MAX 32

struct reasons {
    struct buffer lines; /* "warning: ..." or "critical: ...", each ended by LF */
    enum control_exit worst;
};

void report_add_reason(struct reasons *reasons, enum control_exit level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Control bytes are replaced. */
void report_add_printable(struct buffer *out, struct span text);
/* "3d 4h", "5m 6s": the two largest units; nothing is below 0. */
void report_add_duration(int64_t seconds, struct buffer *out);
void report_print_time(int64_t wall_s, char out[static TIME_TEXT_MAX]);

/* report_hold.c: how much mail is held, commands that failed. */
void report_judge_hold(const struct control_host *host, const struct site *site,
                       struct reasons *reasons);
void report_text_hold(const struct control_host *host, const struct site *site, struct buffer *out);
void report_json_hold(const struct control_host *host, const struct site *site, struct json *json);

/* report_fleet.c: the servers that a fleet counts in; nothing where there is none. */
void report_judge_fleet(const struct control_host *host, struct reasons *reasons);
void report_text_fleet(const struct control_host *host, struct buffer *out);
void report_json_fleet(const struct control_host *host, struct json *json);

/* report_scan.c: whether the virus scanner answers; nothing where there is none. */
void report_judge_scan(const struct control_host *host, const struct site *site,
                       struct reasons *reasons);
void report_text_scan(const struct site *site, struct buffer *out);
void report_json_scan(const struct control_host *host, const struct site *site, struct json *json);

/* report_store.c: how much is kept, and room for how many more; nothing where nothing is kept. */
void report_judge_store(const struct control_host *host, struct reasons *reasons);
void report_text_store(const struct control_host *host, const struct site *site,
                       struct buffer *out);
void report_json_store(const struct control_host *host, const struct site *site, struct json *json);

/* report_user_suspend.c: who is suspended. */
void report_text_suspended(const struct control_host *host, struct buffer *out);
void report_json_suspended(const struct control_host *host, struct json *json);

/* report_suppress.c: how many addresses are suppressed, and that the list is full. */
void report_judge_suppressed(const struct control_host *host, const struct site *site,
                             struct reasons *reasons);
void report_text_suppressed(const struct control_host *host, const struct site *site,
                            struct buffer *out);
void report_json_suppressed(const struct control_host *host, const struct site *site,
                            struct json *json);

/* report_feedback.c: logs of the mail server, how far they teach, and which cannot be read. */
void report_judge_feedback(const struct control_host *host, const struct site *site,
                           struct reasons *reasons);
void report_text_feedback(const struct control_host *host, const struct site *site,
                          struct buffer *out);
void report_json_feedback(const struct control_host *host, const struct site *site,
                          struct json *json);

/* report_lists.c: DNS lists that are off, and what of ours is listed; nothing without lists. */
void report_judge_lists(const struct control_host *host, const struct site *site,
                        struct reasons *reasons);
void report_text_lists(const struct control_host *host, const struct site *site,
                       struct buffer *out);
void report_json_lists(const struct control_host *host, const struct site *site, struct json *json);

/* report_keys.c: keys whose records are not as they should be, and the store. */
void report_judge_keys(const struct control_host *host, const struct site *site,
                       struct reasons *reasons);
/* ", active since ..." behind what is said of a key; nothing where nothing is known. */
void report_text_key(const struct control_host *host, const struct dkim_domain *domain,
                     const struct dkim_domain_key *key, struct buffer *out);
void report_json_key(const struct control_host *host, const struct dkim_domain *domain,
                     const struct dkim_domain_key *key, struct json *json);

#endif
