/*
 * automatic: by the fields that autoresponders write. Auto-Submitted is the standard's (RFC 3834
 * 5); the others are what older programs have instead.
 */
#include "message/automatic.h"

/* The keyword, without comments and parameters behind it (RFC 3834 5.2). */
static struct span keyword_of(const struct header_field *field, struct arena *arena)
{
    struct span text = header_unfold(field, arena);
    size_t end = 0;
    while (end < text.size && text.at[end] > ' ' && text.at[end] != ';' && text.at[end] != '(') {
        end++;
    }
    return span_first(text, end);
}

static bool has_keyword(const struct message *message, struct span name, struct span keyword,
                        struct arena *arena)
{
    const struct header_field *field = header_find(&message->headers, name);
    return field != NULL && span_is_equal_nocase(keyword_of(field, arena), keyword);
}

/* There, and not in order to say "no". */
static bool has_mark(const struct message *message, struct span name, struct arena *arena)
{
    const struct header_field *field = header_find(&message->headers, name);
    return field != NULL && !span_is_equal_nocase(keyword_of(field, arena), SPAN("no")) &&
           !span_is_equal_nocase(keyword_of(field, arena), SPAN("false"));
}

static bool is_report(const struct message *message, struct arena *arena)
{
    const struct header_field *field = header_first(&message->headers, HEADER_CONTENT_TYPE);
    return field != NULL &&
           span_is_equal_nocase(keyword_of(field, arena), SPAN("multipart/report"));
}

static bool is_reply(const struct message *message, struct arena *arena)
{
    const struct header_list *headers = &message->headers;
    const struct header_field *field = header_first(headers, HEADER_AUTO_SUBMITTED);
    if (field != NULL) {
        struct span keyword = keyword_of(field, arena);
        bool names_other =
            headers->counts[HEADER_IN_REPLY_TO] > 0 || headers->counts[HEADER_REFERENCES] > 0;
        return span_is_equal_nocase(keyword, SPAN("auto-replied")) ||
               (span_is_equal_nocase(keyword, SPAN("auto-generated")) && names_other);
    }
    return has_mark(message, SPAN("X-Autoreply"), arena) ||
           has_mark(message, SPAN("X-Autorespond"), arena) ||
           has_keyword(message, SPAN("Precedence"), SPAN("auto_reply"), arena);
}

enum automatic message_automatic(const struct message *message, struct arena *arena)
{
    const struct header_list *headers = &message->headers;
    if (headers->counts[HEADER_LIST_ID] > 0 || headers->counts[HEADER_LIST_POST] > 0) {
        return AUTOMATIC_NO;
    }
    if (is_report(message, arena)) {
        return AUTOMATIC_REPORT;
    }
    return is_reply(message, arena) ? AUTOMATIC_REPLY : AUTOMATIC_NO;
}
