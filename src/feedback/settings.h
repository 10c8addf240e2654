/*
 * settings: the rows of `suppression`: when an address that refuses mail is written to no more; and
 * of `feedback`: where the mail server's log is.
 */
#ifndef EM_FEEDBACK_SETTINGS_H
#define EM_FEEDBACK_SETTINGS_H

#include <stdint.h>

#include "config/row.h"

struct suppression_settings {
    int64_t after;   /* hard bounces of different messages */
    int64_t apart_s; /* between each of them and the next */
    int64_t keep_s;  /* how long a bounce counts, and what bounces bring holds */
    int64_t max;     /* records */
};

extern const struct config_table suppression_table; /* path `suppression` */

struct feedback_settings {
    struct config_texts log;               /* files; none: nothing is followed */
    struct config_texts postfix, sendmail; /* their names in the log; none: the usual ones */
    int64_t lifetime_s;                    /* of a message in the mail server's queue */
    int64_t messages;                      /* under way at once */
    int64_t remembered;                    /* by Message-ID, for reports */
};

extern const struct config_table feedback_table; /* path `feedback` */

#endif
