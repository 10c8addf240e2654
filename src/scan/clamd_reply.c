/*
 * clamd_reply: a reply counts when its NUL is there; one that was cut never does, for "stream: OK"
 * may have been about to go on.
 */
#include "scan/clamd_reply.h"

static bool cut_suffix(struct span *text_io, struct span suffix)
{
    if (text_io->size <= suffix.size ||
        !span_is_equal(span_from(*text_io, text_io->size - suffix.size), suffix)) {
        return false;
    }
    *text_io = span_first(*text_io, text_io->size - suffix.size);
    return true;
}

static bool cut_prefix(struct span *text_io, struct span prefix)
{
    if (!span_is_equal(span_first(*text_io, prefix.size), prefix)) {
        return false;
    }
    *text_io = span_from(*text_io, prefix.size);
    return true;
}

/* The size complaint comes before there is any "stream:". */
static enum clamd_status judge(struct span text, struct span *text_r)
{
    bool is_of_stream = cut_prefix(&text, SPAN("stream: "));
    if (is_of_stream && span_is_equal(text, SPAN("OK"))) {
        return CLAMD_CLEAN;
    }
    if (is_of_stream && cut_suffix(&text, SPAN(" FOUND"))) {
        *text_r = text;
        return CLAMD_FOUND;
    }
    if (cut_suffix(&text, SPAN(" ERROR"))) {
        *text_r = text;
        return span_is_equal(text, SPAN("INSTREAM size limit exceeded.")) ? CLAMD_TOO_LARGE
                                                                          : CLAMD_ERROR;
    }
    return CLAMD_GARBAGE;
}

enum clamd_status clamd_reply_parse(struct span received, struct span *text_r)
{
    *text_r = (struct span){ NULL, 0 };
    ptrdiff_t end = span_find(span_first(received, CLAMD_REPLY_MAX), '\0');
    if (end < 0) {
        return received.size < CLAMD_REPLY_MAX ? CLAMD_MORE : CLAMD_GARBAGE;
    }
    return judge(span_first(received, (size_t)end), text_r);
}

bool clamd_name_is_mild(struct span name)
{
    return span_has_prefix_nocase(name, SPAN("Heuristics.")) ||
           span_has_prefix_nocase(name, SPAN("PUA."));
}
