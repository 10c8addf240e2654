/*
 * mail: the message that tells of notices (RFC 5322, in ASCII; RFC 3834 5: made by a machine).
 */
#ifndef EM_NOTICE_MAIL_H
#define EM_NOTICE_MAIL_H

#include <stdint.h>

#include "notice/digest.h"
#include "notice/settings.h"
#include "util/buffer.h"
#include "util/clock.h"

struct notice_mail {
    const struct notice_settings *settings;
    enum notice_kind kind;
    const struct digest *digest;
    struct span host;  /* for Message-ID and the text */
    const char *token; /* hexadecimal; NULL: without the field */
    const char *id;    /* of Message-ID, before the @ */
};

/* Appends it, lines ended by LF as sendmail(1) reads them. */
void notice_mail_write(const struct notice_mail *mail, const struct clock *clock,
                       struct buffer *out);

#endif
