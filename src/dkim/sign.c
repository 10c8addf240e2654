/*
 * sign: which fields are signed, and the text of the signature field (RFC 6376 section 5).
 *
 * The text is composed once, with b= empty and last; that text is what is hashed, and the signature
 * is appended to it. Fails with a reason when the header cannot be signed, when memory is out or
 * when OpenSSL or the key fails; nothing half signed is ever handed out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dkim/base64.h"
#include "dkim/header_digest.h"
#include "dkim/sign.h"

#define FIELD_NAME "DKIM-Signature"
#define COLUMNS 78 /* RFC 5322 2.1.1 */
#define TAB_COLUMNS 8
#define VALUE_MAX 60000 /* a milter cannot insert a field above 64 KiB */
#define NUMBER_MAX 24

/* Never more often than there are such fields; once more than there are: nobody can add another. */
enum mention { MENTION_PRESENT, MENTION_OVERSIGN };

/*
 * What is signed, in the order of h=: RFC 6376 5.4.1, the fields that say how the body is read,
 * Message-ID, and what one-click unsubscription rests on (RFC 8058 4). Sender and List-* are for
 * mailing lists to set, so they are never oversigned, and Sender is not signed at all.
 */
static const struct {
    enum header_id id;
    enum mention mention;
} signed_set[] = {
    { HEADER_FROM, MENTION_OVERSIGN },
    { HEADER_TO, MENTION_OVERSIGN },
    { HEADER_CC, MENTION_OVERSIGN },
    { HEADER_SUBJECT, MENTION_OVERSIGN },
    { HEADER_DATE, MENTION_OVERSIGN },
    { HEADER_MESSAGE_ID, MENTION_OVERSIGN },
    { HEADER_REPLY_TO, MENTION_OVERSIGN },
    { HEADER_MIME_VERSION, MENTION_OVERSIGN },
    { HEADER_CONTENT_TYPE, MENTION_OVERSIGN },
    { HEADER_CONTENT_TRANSFER_ENCODING, MENTION_OVERSIGN },
    { HEADER_IN_REPLY_TO, MENTION_PRESENT },
    { HEADER_REFERENCES, MENTION_PRESENT },
    { HEADER_RESENT_DATE, MENTION_PRESENT },
    { HEADER_RESENT_FROM, MENTION_PRESENT },
    { HEADER_RESENT_TO, MENTION_PRESENT },
    { HEADER_RESENT_CC, MENTION_PRESENT },
    { HEADER_LIST_ID, MENTION_PRESENT },
    { HEADER_LIST_HELP, MENTION_PRESENT },
    { HEADER_LIST_UNSUBSCRIBE, MENTION_PRESENT },
    { HEADER_LIST_UNSUBSCRIBE_POST, MENTION_PRESENT },
    { HEADER_LIST_SUBSCRIBE, MENTION_PRESENT },
    { HEADER_LIST_POST, MENTION_PRESENT },
    { HEADER_LIST_OWNER, MENTION_PRESENT },
    { HEADER_LIST_ARCHIVE, MENTION_PRESENT },
};

#define SIGNED_SET_SIZE (sizeof(signed_set) / sizeof(signed_set[0]))

bool dkim_signs(enum header_id id)
{
    for (size_t row = 0; row < SIGNED_SET_SIZE; row++) {
        if (signed_set[row].id == id) {
            return true;
        }
    }
    return false;
}

/*
 * May the MTA still add this field after us? Both MTAs add Date and Message-ID where they lack, and
 * a recipient field where there is none (Bcc does not count: it is removed). Sendmail with its
 * EightBitMode of mime says of 8-bit mail without MIME-Version what it is, by all three fields, and
 * leaves the body alone; where MIME-Version stands it adds nothing. Postfix adds none of the three
 * but where it makes the body 7-bit, and then no signature stands anyway.
 */
static bool may_still_come(enum header_id id, const struct dkim_request *request,
                           const struct header_list *view)
{
    switch (id) {
    case HEADER_DATE:
    case HEADER_MESSAGE_ID:
        return true;
    case HEADER_TO:
    case HEADER_CC:
        return view->counts[HEADER_TO] == 0 && view->counts[HEADER_CC] == 0;
    case HEADER_MIME_VERSION:
    case HEADER_CONTENT_TYPE:
    case HEADER_CONTENT_TRANSFER_ENCODING:
        return view->counts[HEADER_MIME_VERSION] == 0 && (request->is_body_8bit || view->has_8bit);
    default:
        return false;
    }
}

static bool is_oversigned(size_t row, const struct dkim_request *request,
                          const struct header_list *view)
{
    enum header_id id = signed_set[row].id;
    if (signed_set[row].mention != MENTION_OVERSIGN) {
        return false;
    }
    return view->counts[id] > 0 ||
           (!request->no_absent_oversign && !may_still_come(id, request, view));
}

/* The field's value while it grows. */
struct text {
    char *at;
    size_t size, room;
    size_t column;
    bool is_cut; /* something did not fit */
};

static void text_add(struct text *text, struct span piece)
{
    if (piece.size > text->room - text->size) {
        text->is_cut = true;
        return;
    }
    memcpy(text->at + text->size, piece.at, piece.size);
    text->size += piece.size;
    text->column += piece.size;
}

static void text_fold(struct text *text)
{
    text_add(text, SPAN("\n\t"));
    text->column = TAB_COLUMNS;
}

/* What follows has `size` octets: goes to a new line where it does not fit, else puts `gap` before.
 */
static void text_begin_token(struct text *text, struct span gap, size_t size)
{
    if (text->column == TAB_COLUMNS) {
        return; /* begins a line anyway */
    }
    if (text->column + gap.size + size > COLUMNS) {
        text_fold(text);
    } else {
        text_add(text, gap);
    }
}

static void text_add_tag(struct text *text, struct span name, struct span value)
{
    text_begin_token(text, SPAN(" "), name.size + value.size + 1);
    text_add(text, name);
    text_add(text, value);
    text_add(text, SPAN(";"));
}

static void text_add_number(struct text *text, struct span name, int64_t value)
{
    char number[NUMBER_MAX];
    snprintf(number, sizeof(number), "%" PRId64, value);
    text_add_tag(text, name, span_of(number));
}

/* How often h= mentions a row: once for each field in the first round, once more in the second. */
static uint32_t mentions(size_t row, bool is_second_round, const struct dkim_request *request,
                         const struct header_list *view)
{
    if (is_second_round) {
        return is_oversigned(row, request, view) ? 1 : 0;
    }
    return view->counts[signed_set[row].id];
}

/* The names of h=, colons between. */
static void text_add_names(struct text *text, const struct dkim_request *request,
                           const struct header_list *view)
{
    bool is_first = true;
    for (int round = 0; round < 2; round++) {
        for (size_t row = 0; row < SIGNED_SET_SIZE && !text->is_cut; row++) {
            struct span name = header_name(signed_set[row].id);
            uint32_t times = mentions(row, round == 1, request, view);
            for (uint32_t i = 0; i < times && !text->is_cut; i++) {
                if (!is_first) {
                    text_add(text, SPAN(":"));
                    text_begin_token(text, SPAN(""), name.size + 1);
                }
                text_add(text, name);
                is_first = false;
            }
        }
    }
}

static enum canonical header_form(const struct dkim_request *request,
                                  const struct header_list *view)
{
    /* Simple hashes what stood between colon and value, which only a session with leading spaces
     * tells. */
    return view->keeps_space ? request->header_form : CANONICAL_RELAXED;
}

static struct span form_names(enum canonical header, enum canonical body)
{
    static const struct span names[2][2] = {
        [CANONICAL_SIMPLE] = { [CANONICAL_SIMPLE] = { "simple/simple", 13 },
                               [CANONICAL_RELAXED] = { "simple/relaxed", 14 } },
        [CANONICAL_RELAXED] = { [CANONICAL_SIMPLE] = { "relaxed/simple", 14 },
                                [CANONICAL_RELAXED] = { "relaxed/relaxed", 15 } },
    };
    return names[header][body];
}

/* Everything up to and with "b=". *names_r: the value of h=. */
static void compose(struct text *text, const struct dkim_request *request,
                    const struct header_list *view, const uint8_t *body_digest,
                    struct span *names_r)
{
    char body_hash[BASE64_SIZE(DKIM_DIGEST_SIZE)];
    base64_encode(body_digest, DKIM_DIGEST_SIZE, body_hash);
    text->column = sizeof(FIELD_NAME ":") - 1;
    text_add_tag(text, SPAN("v="), SPAN("1"));
    text_add_tag(text, SPAN("a="), span_of(dkim_algorithm_name(dkim_key_algorithm(request->key))));
    text_add_tag(text, SPAN("c="), form_names(header_form(request, view), request->body_form));
    text_add_tag(text, SPAN("d="), request->domain);
    text_add_tag(text, SPAN("s="), request->selector);
    text_add_number(text, SPAN("t="), request->signed_at_s);
    if (request->expire_s > 0) {
        text_add_number(text, SPAN("x="), request->signed_at_s + request->expire_s);
    }
    text_begin_token(text, SPAN(" "), sizeof("h=From:") - 1);
    text_add(text, SPAN("h="));
    names_r->at = text->at + text->size;
    text_add_names(text, request, view);
    names_r->size = (size_t)(text->at + text->size - names_r->at);
    text_add(text, SPAN(";"));
    text_fold(text);
    text_add_tag(text, SPAN("bh="), (struct span){ body_hash, sizeof(body_hash) });
    text_fold(text);
    text_add(text, SPAN("b="));
}

static void append_signature(struct text *text, const uint8_t *signature, size_t size)
{
    char letters[BASE64_SIZE(DKIM_SIGNATURE_MAX)];
    base64_encode(signature, size, letters);
    struct span rest = { letters, BASE64_SIZE(size) };
    while (rest.size > 0 && !text->is_cut) {
        if (text->column >= COLUMNS) {
            text_fold(text);
        }
        struct span line = span_first(rest, COLUMNS - text->column);
        text_add(text, line);
        rest = span_from(rest, line.size);
    }
}

/* An upper bound of the value's size: every mention may begin a line. */
static size_t value_room(const struct dkim_request *request, const struct header_list *view)
{
    size_t room = 256 + request->domain.size + request->selector.size +
                  BASE64_SIZE(DKIM_DIGEST_SIZE) + 2 * BASE64_SIZE(DKIM_SIGNATURE_MAX);
    for (size_t row = 0; row < SIGNED_SET_SIZE; row++) {
        size_t times = (size_t)view->counts[signed_set[row].id] + 1;
        room += times * (header_name(signed_set[row].id).size + sizeof(":\n\t"));
    }
    return room < VALUE_MAX ? room : VALUE_MAX;
}

static bool is_signable(const struct header_list *view, const uint8_t *body_digest,
                        struct error *error)
{
    if (view->counts[HEADER_FROM] != 1) {
        error_set(error, "the message has %u From fields; a signature needs exactly one",
                  (unsigned)view->counts[HEADER_FROM]);
        return false;
    }
    if (body_digest == NULL) {
        error_set(error, "the body was not hashed in the form to be signed");
        return false;
    }
    return true;
}

static bool sign_text(struct text *text, const struct dkim_request *request,
                      const struct header_list *view, struct span names, struct error *error)
{
    const struct header_digest_request what = {
        .view = view,
        .form = header_form(request, view),
        .names = names,
        .signature_name = SPAN(FIELD_NAME),
        .signature_value = { text->at, text->size },
    };
    uint8_t digest[DKIM_DIGEST_SIZE];
    uint8_t signature[DKIM_SIGNATURE_MAX];
    size_t size;
    if (!header_digest(&what, digest)) {
        error_set(error, "OpenSSL cannot hash the header");
        return false;
    }
    if (!dkim_key_sign(request->key, digest, signature, &size, error)) {
        return false;
    }
    append_signature(text, signature, size);
    return true;
}

bool dkim_sign(const struct dkim_request *request, const struct header_list *view,
               const struct dkim_body_hash *body, struct arena *arena, struct span *value_r,
               struct error *error)
{
    const uint8_t *body_digest = dkim_body_hash_digest(body, request->body_form);
    if (!is_signable(view, body_digest, error)) {
        return false;
    }
    struct text text = { .room = value_room(request, view) };
    text.at = arena_alloc(arena, text.room);
    if (text.at == NULL) {
        error_set(error, "no memory left for the signature within the ceiling of a message");
        return false;
    }
    struct span names;
    compose(&text, request, view, body_digest, &names);
    if (!text.is_cut && !sign_text(&text, request, view, names, error)) {
        return false;
    }
    if (text.is_cut) {
        error_set(error,
                  "the header repeats so many fields that the signature would exceed %d "
                  "octets",
                  VALUE_MAX);
        return false;
    }
    *value_r = (struct span){ text.at, text.size };
    return true;
}
