/*
 * maillog_line: one line of a mail server's log, taken apart as far as all programs write alike:
 * when, on which host, by which program of which mail server; and whether it is one of ours.
 *
 * Times are those of finding/logread.h: syslog files (RFC 3164 4.1), RFC 3339, the file that
 * Postfix writes itself (postlogd), journalctl's short forms. Any bytes are taken: a line that was
 * cut is read as far as it goes, control bytes stay in the values (whoever prints them escapes
 * them), a line longer than MAILLOG_LINE_MAX is nobody's.
 */
#ifndef EM_FEEDBACK_MAILLOG_LINE_H
#define EM_FEEDBACK_MAILLOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "finding/logread.h"
#include "util/span.h"

#define MAILLOG_LINE_MAX ((size_t)16 << 10) /* octets; no mail server writes as much in one */

enum maillog_writer {
    MAILLOG_NOBODY,   /* of no program we read */
    MAILLOG_OURS,     /* egress-milter */
    MAILLOG_POSTFIX,  /* NAME/.../daemon[pid] */
    MAILLOG_SENDMAIL, /* sendmail, sm-mta, sm-msp-queue and their like */
    MAILLOG_LOGGER    /* what keeps logs: journald, rsyslogd */
};

/*
 * How the mail servers of this host call themselves: Postfix's syslog_name and Sendmail's -L. Names
 * end with NULL; a name of Postfix is the part before the daemon's and may have parts more behind
 * it ("postfix" also stands for "postfix/submission"). NULL: what begins with "postfix" or
 * has a daemon of Postfix behind its last '/'; "sendmail", and what begins with "sm-".
 */
struct maillog_names {
    const char *const *postfix, *const *sendmail;
};

/* All spans point into the line. */
struct maillog_line {
    enum maillog_writer writer;
    struct log_entry entry; /* when, on which host; for logread_message() */
    struct span instance; /* "postfix", "postfix-out", "sm-mta": one queue, whatever the service */
    struct span service;  /* of Postfix, "submission" in "postfix/submission/smtpd"; else empty */
    struct span daemon;   /* "smtpd"; of Sendmail the same as instance */
    struct span text;     /* trimmed */
};

/* False: the line is nobody's, and *line_r says nothing but when. Linear, allocates nothing. */
bool maillog_line_read(struct logread *reader, const struct maillog_names *names, struct span bytes,
                       struct maillog_line *line_r);

#endif
