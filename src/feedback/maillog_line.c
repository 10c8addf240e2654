/*
 * maillog_line: see maillog_line.h. Who wrote a line is told by its tag alone.
 */
#include "feedback/maillog_line.h"

static bool begins_with(struct span text, struct span prefix)
{
    return text.size >= prefix.size && memcmp(text.at, prefix.at, prefix.size) == 0;
}

/* Of Postfix, whatever it calls itself. */
static bool is_daemon(struct span daemon)
{
    static const char *const daemons[] = { "smtp",   "smtpd",   "cleanup",    "qmgr",
                                           "bounce", "lmtp",    "local",      "pickup",
                                           "error",  "virtual", "pipe",       "discard",
                                           "oqmgr",  "nqmgr",   "postscreen", "postsuper" };
    for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++) {
        if (span_is_equal(daemon, span_of(daemons[i]))) {
            return true;
        }
    }
    return false;
}

/* "NAME/daemon" or "NAME/service/daemon", cut behind the name; 0: it is none of that name. */
static size_t name_size(struct span program, struct span daemon, const char *const *names)
{
    ptrdiff_t slash = span_find(program, '/');
    if (names == NULL) {
        bool is_postfix = begins_with(program, SPAN("postfix")) || is_daemon(daemon);
        return slash > 0 && is_postfix ? (size_t)slash : 0;
    }
    for (size_t i = 0; names[i] != NULL; i++) {
        struct span name = span_of(names[i]);
        if (name.size > 0 && name.size < program.size && program.at[name.size] == '/' &&
            begins_with(program, name)) {
            return name.size;
        }
    }
    return 0;
}

static bool take_postfix(struct span program, const struct maillog_names *names,
                         struct maillog_line *line)
{
    ptrdiff_t last = span_find_last(program, '/');
    struct span daemon = span_from(program, last < 0 ? program.size : (size_t)last + 1);
    size_t size = name_size(program, daemon, names != NULL ? names->postfix : NULL);
    if (size == 0 || daemon.size == 0) {
        return false;
    }
    line->writer = MAILLOG_POSTFIX;
    line->instance = span_first(program, size);
    line->daemon = daemon;
    if ((size_t)last > size) {
        line->service = span_from(span_first(program, (size_t)last), size + 1);
    }
    return true;
}

static bool take_sendmail(struct span program, const struct maillog_names *names,
                          struct maillog_line *line)
{
    const char *const *own = names != NULL ? names->sendmail : NULL;
    bool is_sendmail = own == NULL && (span_is_equal(program, SPAN("sendmail")) ||
                                       begins_with(program, SPAN("sm-")));
    for (size_t i = 0; own != NULL && own[i] != NULL && !is_sendmail; i++) {
        is_sendmail = span_is_equal(program, span_of(own[i]));
    }
    if (is_sendmail) {
        line->writer = MAILLOG_SENDMAIL;
        line->instance = line->daemon = program;
    }
    return is_sendmail;
}

static bool is_logger(struct span program)
{
    return span_is_equal(program, SPAN("systemd-journald")) ||
           span_is_equal(program, SPAN("systemd-journal")) ||
           span_is_equal(program, SPAN("journal")) || span_is_equal(program, SPAN("rsyslogd"));
}

bool maillog_line_read(struct logread *reader, const struct maillog_names *names, struct span bytes,
                       struct maillog_line *line_r)
{
    struct span program;
    *line_r = (struct maillog_line){ .writer = MAILLOG_NOBODY };
    if (bytes.size > MAILLOG_LINE_MAX) {
        return false;
    }
    logread_entry(reader, bytes, &line_r->entry);
    line_r->text = span_trim(line_r->entry.text);
    program = line_r->entry.program;
    if (program.size == 0) {
        return false;
    }
    if (take_postfix(program, names, line_r) || take_sendmail(program, names, line_r)) {
        return true;
    }
    if (span_is_equal(program, LOGREAD_PROGRAM)) {
        line_r->writer = MAILLOG_OURS;
    } else if (is_logger(program)) {
        line_r->writer = MAILLOG_LOGGER;
    } else {
        return false;
    }
    line_r->instance = line_r->daemon = program;
    return true;
}
