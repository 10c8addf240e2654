/*
 * socketmap_reply: "5:OK ab," and its kin. Strict where Postfix is: no blanks in front, no length
 * above the limit, no unknown status word.
 */
#include "tables/socketmap_reply.h"

#define LENGTH_DIGITS_MAX 6

static const struct {
    const char *word;
    enum socketmap_status status;
    bool needs_text; /* a blank has to follow */
} words[] = {
    { "OK", SOCKETMAP_OK, true },      { "NOTFOUND", SOCKETMAP_NOTFOUND, false },
    { "TEMP", SOCKETMAP_TEMP, false }, { "TIMEOUT", SOCKETMAP_TIMEOUT, false },
    { "PERM", SOCKETMAP_PERM, false },
};

/* The digits and the colon. */
static enum socketmap_status length_parse(struct span received, size_t *length_r, size_t *begin_r)
{
    size_t length = 0, at = 0;
    for (; at < received.size && received.at[at] >= '0' && received.at[at] <= '9'; at++) {
        if (at == LENGTH_DIGITS_MAX || (at > 0 && length == 0)) {
            return SOCKETMAP_GARBAGE; /* too many, or a leading zero */
        }
        length = length * 10 + (size_t)(received.at[at] - '0');
    }
    if (length > SOCKETMAP_REPLY_MAX) {
        return SOCKETMAP_GARBAGE;
    }
    if (at == received.size) {
        return SOCKETMAP_MORE;
    }
    if (at == 0 || received.at[at] != ':') {
        return SOCKETMAP_GARBAGE;
    }
    *length_r = length;
    *begin_r = at + 1;
    return SOCKETMAP_OK;
}

static enum socketmap_status payload_parse(struct span payload, struct span *text_r)
{
    ptrdiff_t blank = span_find(payload, ' ');
    struct span word = blank < 0 ? payload : span_first(payload, (size_t)blank);
    struct span text = blank < 0 ? SPAN("") : span_from(payload, (size_t)blank + 1);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (span_is_equal(word, span_of(words[i].word))) {
            if ((words[i].needs_text && blank < 0) || span_find(text, '\0') >= 0) {
                return SOCKETMAP_GARBAGE;
            }
            *text_r = text;
            return words[i].status;
        }
    }
    return SOCKETMAP_GARBAGE;
}

enum socketmap_status socketmap_reply_parse(struct span received, struct socketmap_reply *reply_r)
{
    size_t length, begin;
    *reply_r = (struct socketmap_reply){ { NULL, 0 }, 0 };
    enum socketmap_status status = length_parse(received, &length, &begin);
    if (status != SOCKETMAP_OK) {
        return status;
    }
    if (received.size - begin <= length) {
        return SOCKETMAP_MORE;
    }
    if (received.at[begin + length] != ',') {
        return SOCKETMAP_GARBAGE;
    }
    status = payload_parse(span_first(span_from(received, begin), length), &reply_r->text);
    if (status != SOCKETMAP_GARBAGE) {
        reply_r->used = begin + length + 1;
    }
    return status;
}

void socketmap_request_write(struct buffer *buffer, struct span map, struct span key)
{
    buffer_printf(buffer, "%zu:", map.size + 1 + key.size);
    buffer_add_span(buffer, map);
    buffer_add_char(buffer, ' ');
    buffer_add_span(buffer, key);
    buffer_add_char(buffer, ',');
}
