/*
 * mail: every byte that came from elsewhere was made printable ASCII before (digest.c's lines, the
 * settings by their rows), so nothing in it can begin a field or needs an encoded word.
 */
#include "notice/mail.h"

#include <inttypes.h>

#include "message/date.h"
#include "notice/notice.h"

static void add_recipients(const struct config_texts *admin, struct buffer *out)
{
    buffer_add_text(out, "To: ");
    for (size_t i = 0; i < admin->count; i++) {
        buffer_printf(out, "%s%s", i > 0 ? ",\n " : "", admin->at[i]);
    }
    buffer_add_char(out, '\n');
}

static void add_header(const struct notice_mail *mail, const struct clock *clock,
                       struct buffer *out)
{
    const struct notice_settings *settings = mail->settings;
    uint64_t count = mail->digest->lines + mail->digest->more;
    const char *title = notice_kinds[mail->kind].title;
    char date[DATE_TEXT_MAX];
    int64_t now_s = clock_wall_s(clock);

    date_print(now_s, clock->utc_offset_s(clock, now_s), date);
    buffer_printf(out, "From: egress-milter <%s>\n",
                  settings->from != NULL ? settings->from : settings->admin.at[0]);
    add_recipients(&settings->admin, out);
    if (count == 1) {
        buffer_printf(out, "Subject: egress-milter: %s\n", title);
    } else {
        buffer_printf(out, "Subject: egress-milter: %s (%" PRIu64 ")\n", title, count);
    }
    buffer_printf(out, "Date: %s\nMessage-ID: <%s@%.*s>\n", date, mail->id, SPAN_ARG(mail->host));
    buffer_add_text(out, "Auto-Submitted: auto-generated\nPrecedence: bulk\n");
    if (mail->token != NULL) {
        buffer_printf(out, NOTICE_FIELD ": %s\n", mail->token);
    }
    buffer_add_text(out, "MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n"
                         "Content-Transfer-Encoding: 7bit\n\n");
}

static const char *advice_of(enum notice_kind kind)
{
    switch (kind) {
    case NOTICE_HELD:
        return "Look: egressctl hold list; egressctl hold show ID\n"
               "Then: egressctl hold release ID, or egressctl hold delete ID\n";
    default:
        return "Look: egressctl user show NAME; egressctl limit list\n";
    }
}

void notice_mail_write(const struct notice_mail *mail, const struct clock *clock,
                       struct buffer *out)
{
    add_header(mail, clock, out);
    buffer_printf(out, "On %.*s:\n\n", SPAN_ARG(mail->host));
    buffer_add_span(out, mail->digest->text);
    if (mail->digest->more > 0) {
        buffer_printf(out, "... and %" PRIu64 " more; the log has them all\n", mail->digest->more);
    }
    buffer_printf(out, "\n%s", advice_of(mail->kind));
}
