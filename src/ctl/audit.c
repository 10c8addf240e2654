/*
 * audit: words for the log; escaped, since names of files and domains come from outside.
 */
#include "ctl/audit.h"

#include <stdarg.h>

#include "ctl/print.h"

void audit_tell(const struct ctl *ctl, const struct site *site, const char *format, ...)
{
    struct buffer text = BUFFER_EMPTY, line = BUFFER_EMPTY;
    va_list args;

    if (ctl->audit == NULL)
        return;
    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    print_escaped(&line, buffer_span(&text), text.size);
    ctl->audit->write(ctl->audit, site->log->facility, buffer_span(&line));
    buffer_free(&text);
    buffer_free(&line);
}
