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
void report_print_time(int64_t wall_s, char out[static TIME_TEXT_MAX]);

/* report_keys.c: keys whose records are not as they should be, and the store. */
void report_judge_keys(const struct control_host *host, const struct site *site,
                       struct reasons *reasons);
/* ", active since ..." behind what is said of a key; nothing where nothing is known. */
void report_text_key(const struct control_host *host, const struct dkim_domain *domain,
                     const struct dkim_domain_key *key, struct buffer *out);
void report_json_key(const struct control_host *host, const struct dkim_domain *domain,
                     const struct dkim_domain_key *key, struct json *json);

#endif
