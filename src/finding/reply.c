/*
 * reply: what a refused client reads. See reply.h for the form.
 */
#include "finding/reply.h"

#include <stdio.h>
#include <string.h>

#include "log/field.h"

static const char *const codes[FINDING_COUNT][2] = {
#define FINDING_CODE(id, name, submission, others, lists, code, enhanced)                          \
    [FINDING_##id] = { code, enhanced },
    FINDING_ROWS(FINDING_CODE)
#undef FINDING_CODE
};

/*
 * Sendmail turns a reply with '%' into a generic permanent refusal and Postfix eats the sign, so it
 * is spelled as the log spells what it cannot print.
 */
static void copy_text(const char *raw, char *out, size_t room)
{
    char printable[sizeof(((struct reply *)0)->text)];
    log_escape(span_of(raw), true, printable, sizeof(printable));
    size_t at = 0;
    for (const char *c = printable; *c != '\0' && at + 5 < room; c++) {
        if (*c == '%') {
            at += (size_t)snprintf(out + at, room - at, "\\x25");
        } else {
            out[at++] = *c;
        }
    }
    out[at] = '\0';
}

void reply_build(const struct finding *finding, enum action action, struct reply *reply_r)
{
    memset(reply_r, 0, sizeof(*reply_r));
    if (action != ACTION_REJECT && action != ACTION_DEFER) {
        return;
    }
    const char *enhanced = codes[finding->id][1];
    bool is_permanent = action == ACTION_REJECT;
    snprintf(reply_r->code, sizeof(reply_r->code), "%s",
             is_permanent ? codes[finding->id][0] : "451");
    snprintf(reply_r->enhanced, sizeof(reply_r->enhanced), "%c%s", is_permanent ? '5' : '4',
             enhanced + 1);
    char raw[400];
    snprintf(raw, sizeof(raw), "%s: %s%s%s", finding_name(finding->id), finding->seen,
             finding->advice != NULL ? "; " : "", finding->advice != NULL ? finding->advice : "");
    copy_text(raw, reply_r->text, sizeof(reply_r->text));
}
