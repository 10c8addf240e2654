/*
 * log_causes: why deliveries failed, counted over logs: by cause, and by the provider that
 * answered.
 */
#ifndef EM_CTL_LOG_CAUSES_H
#define EM_CTL_LOG_CAUSES_H

#include <stddef.h>
#include <stdint.h>

#include "feedback/cause.h"
#include "feedback/maillog_event.h"

enum { LOG_CAUSE_TEXT_MAX = 240 };

struct log_cause {
    uint64_t bounced;  /* recipients that failed for good */
    uint64_t deferred; /* attempts that are made again */
    uint64_t by_provider[CAUSE_PROVIDER_COUNT];
    const char *advice; /* of the row that told the text below; NULL: none was told yet */
    char text[LOG_CAUSE_TEXT_MAX]; /* what was said first, as it stands in the log */
};

/* About 10 KB. All zero is empty. */
struct log_causes {
    uint64_t delivered; /* recipients that have it, or a host of ours that took it */
    uint64_t bounced, deferred;
    uint64_t by_class[CAUSE_CLASS_COUNT]; /* bounced */
    struct log_cause at[CAUSE_COUNT];
};

/* An event of a log; whatever is no attempt at delivery counts nothing. */
void log_causes_take(struct log_causes *causes, const struct maillog_event *event);
/* The causes that were met, most bounced first, then most deferred, then by number; *count_r. */
void log_causes_order(const struct log_causes *causes, enum cause order_r[CAUSE_COUNT],
                      size_t *count_r);

#endif
