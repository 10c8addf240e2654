/*
 * signing: what h= names, how the field is folded, and that what is signed verifies and what was
 * changed does not.
 */
#include <stdlib.h>
#include <string.h>

#include "test_dkim_support.h"

#define NOW_S 1772366400
#define OWN_BODY "\r\nHello,\r\n\r\nbody \r\n"
#define USUAL                                                                                      \
    "From: A <a@d.example>\r\nTo: b@x.example\r\nSubject: s\r\nDate: now\r\n"                      \
    "Message-ID: <1@d.example>\r\n"

static struct dkim_request make_request(enum dkim_algorithm algorithm)
{
    return (struct dkim_request){
        .key = test_key(algorithm),
        .domain = SPAN("d.example"),
        .selector = SPAN("s1"),
        .header_form = CANONICAL_RELAXED,
        .body_form = CANONICAL_RELAXED,
        .signed_at_s = NOW_S,
        .expire_s = 3600,
    };
}

static struct span sign(const struct dkim_request *request, struct read_message *message)
{
    struct span value;
    struct error error;
    if (!dkim_sign(request, &message->headers, message->body, message->arena, &value, &error)) {
        fail_msg("%s", error.text);
    }
    return value;
}

/* A span without its white space; in the arena. */
static const char *squeeze(struct span text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.size + 1);
    size_t used = 0;
    assert_non_null(out);
    for (size_t i = 0; i < text.size; i++) {
        if (strchr(" \t\n", text.at[i]) == NULL) {
            out[used++] = text.at[i];
        }
    }
    return out;
}

#define LATER "Subject:Reply-To:MIME-Version:Content-Type:Content-Transfer-Encoding"

static const struct {
    const char *header;
    bool no_absent_oversign;
    const char *names;
} names_table[] = {
    /* all there: every field once, then each once more */
    { USUAL, false,
      "From:To:Subject:Date:Message-ID:From:To:Cc:Subject:Date:Message-ID:Reply-To:MIME-Version:"
      "Content-Type:Content-Transfer-Encoding" },
    { USUAL, true, "From:To:Subject:Date:Message-ID:From:To:Subject:Date:Message-ID" },
    /* what the MTA may still add is not oversigned: Date, Message-ID, To and Cc where neither is */
    { "From: a\r\n", false, "From:From:" LATER },
    { "From: a\r\n", true, "From:From" },
    { "From: a\r\nBcc: c\r\n", false, "From:From:" LATER },
    { "From: a\r\nCc: c\r\n", false, "From:Cc:From:To:Cc:" LATER },
    { "From: a\r\nDate: d\r\n", false,
      "From:Date:From:Subject:Date:Reply-To:MIME-Version:"
      "Content-Type:Content-Transfer-Encoding" },
    /* duplicates: each once */
    { "Subject: 1\r\nFrom: a\r\nsubject: 2\r\nSUBJECT: 3\r\n", true,
      "From:Subject:Subject:Subject:From:Subject" },
    /* never oversigned, never signed */
    { "From: a\r\nReferences: r\r\nIn-Reply-To: i\r\nSender: s\r\nReceived: x\r\nX-Own: y\r\n"
      "List-Unsubscribe: <u>\r\nList-Unsubscribe-Post: p\r\nList-Id: l\r\nReturn-Path: <>\r\n"
      "DKIM-Signature: v=1\r\nAuthentication-Results: h\r\nResent-To: t\r\nResent-Sender: t\r\n",
      true,
      "From:In-Reply-To:References:Resent-To:List-Id:List-Unsubscribe:List-Unsubscribe-Post:"
      "From" },
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names_table); i++) {
        struct read_message message = read_message(span_of(names_table[i].header), true);
        struct dkim_request request = make_request(DKIM_ED25519_SHA256);
        struct dkim_tags tags;
        request.no_absent_oversign = names_table[i].no_absent_oversign;
        assert_true(dkim_tags_parse(sign(&request, &message), &tags));
        assert_string_equal(squeeze(tags.signed_names, message.arena), names_table[i].names);
        free_message(&message);
    }
}

/* Octets above 127 somewhere: an MTA may say that this is MIME, where nothing does. */
static const struct {
    const char *header;
    bool is_body_8bit;
    const char *names;
} names_8bit_table[] = {
    { "From: a\r\nTo: b\r\n", true, "From:To:From:To:Cc:Subject:Reply-To" },
    { "From: a\r\nTo: b\r\n", false, "From:To:From:To:Cc:" LATER },
    { "From: a\r\nTo: \xfc\r\n", false, "From:To:From:To:Cc:Subject:Reply-To" },
    { "From: a\r\nTo: b\r\nContent-Type: text/plain\r\n", true,
      "From:To:Content-Type:From:To:Cc:Subject:Reply-To:Content-Type" },
    { "From: a\r\nTo: b\r\nMIME-Version: 1.0\r\n", true, "From:To:MIME-Version:From:To:Cc:" LATER },
};

static void test_names_8bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names_8bit_table); i++) {
        struct read_message message = read_message(span_of(names_8bit_table[i].header), true);
        struct dkim_request request = make_request(DKIM_ED25519_SHA256);
        struct dkim_tags tags;
        request.is_body_8bit = names_8bit_table[i].is_body_8bit;
        assert_true(dkim_tags_parse(sign(&request, &message), &tags));
        assert_string_equal(squeeze(tags.signed_names, message.arena), names_8bit_table[i].names);
        free_message(&message);
    }
}

/* The whole text but for the hashes. */
static void test_text(void **state)
{
    static const char wanted[] =
        " v=1; a=ed25519-sha256; c=relaxed/simple; d=d.example; s=s1;\n"
        "\tt=1772366400; x=1772370000; h=From:To:Subject:Date:Message-ID:From:To:\n"
        "\tSubject:Date:Message-ID;\n"
        "\tbh=";
    (void)state;
    struct read_message message = read_message(SPAN(USUAL OWN_BODY), true);
    struct dkim_request request = make_request(DKIM_ED25519_SHA256);
    request.body_form = CANONICAL_SIMPLE;
    request.no_absent_oversign = true;
    struct span value = sign(&request, &message);
    assert_true(value.size > sizeof(wanted));
    assert_memory_equal(value.at, wanted, sizeof(wanted) - 1);
    request.expire_s = 0;
    struct dkim_tags tags;
    assert_true(dkim_tags_parse(sign(&request, &message), &tags));
    assert_int_equal(tags.signed_at_s, NOW_S);
    assert_int_equal(tags.expires_at_s, -1);
    free_message(&message);
}

static void check_columns(struct span value)
{
    size_t column = strlen("DKIM-Signature:");
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] == '\n') {
            assert_true(i + 1 < value.size && value.at[i + 1] == '\t');
            column = 0;
            continue;
        }
        column = value.at[i] == '\t' ? 8 : column + 1;
        if (column > 78) {
            fail_msg("column %zu in \"%.*s\"", column, SPAN_ARG(value));
        }
    }
}

static void test_columns(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 59; size++) { /* one more and d= alone is too long */
        char domain[80];
        struct buffer text = BUFFER_EMPTY;
        memset(domain, 'd', size);
        memcpy(domain + size, ".example", sizeof(".example"));
        buffer_add_text(&text, "From: a\r\n");
        for (size_t i = 0; i < size % 30; i++) {
            buffer_add_text(&text, i % 3 == 0 ? "To: t\r\n" : "Subject: s\r\n");
        }
        struct read_message message = read_message(buffer_span(&text), true);
        struct dkim_request request =
            make_request(size % 2 == 0 ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256);
        request.domain = span_of(domain);
        check_columns(sign(&request, &message));
        free_message(&message);
        buffer_free(&text);
    }
}

/* Signed as `signed_text`, verified over `seen_text` with the same field. */
static enum dkim_verdict verify_other(const struct dkim_request *request, struct span signed_text,
                                      struct span seen_text, int64_t now_s)
{
    struct read_message message = read_message(signed_text, true);
    struct read_message seen = read_message(seen_text, true);
    struct span value = sign(request, &message);
    struct dkim_tags tags;
    const struct header_field *field = attach(&seen, value);
    assert_true(dkim_tags_parse(field->value, &tags));
    enum dkim_verdict verdict =
        dkim_verify(&seen.headers, field, &tags, seen.body, request->key, now_s, seen.arena);
    free_message(&message);
    free_message(&seen);
    return verdict;
}

static const struct {
    struct span signed_text, seen_text;
    enum dkim_verdict simple, relaxed;
} changes[] = {
    { SPAN(USUAL OWN_BODY), SPAN(USUAL OWN_BODY), DKIM_VALID, DKIM_VALID },
    /* what relaxed lets pass */
    { SPAN(USUAL OWN_BODY), SPAN(USUAL "\r\nHello,\r\n\r\nbody\r\n"), DKIM_BODY_DIFFERS,
      DKIM_VALID },
    { SPAN("From: a\r\nSubject: a b\r\n" OWN_BODY),
      SPAN("from:a\r\nSubject:  a\r\n b \r\n" OWN_BODY), DKIM_SIGNATURE_WRONG, DKIM_VALID },
    /* what both let pass */
    { SPAN(USUAL OWN_BODY), SPAN(USUAL OWN_BODY "\r\n\r\n"), DKIM_VALID, DKIM_VALID },
    { SPAN(USUAL OWN_BODY), SPAN("X-New: 1\r\nReceived: x\r\nSender: b\r\n" USUAL OWN_BODY),
      DKIM_VALID, DKIM_VALID },
    { SPAN("From: a\r\n" OWN_BODY),
      SPAN("Date: d\r\nMessage-ID: m\r\nTo: t\r\nFrom: a\r\n" OWN_BODY), DKIM_VALID, DKIM_VALID },
    /* what neither does */
    { SPAN(USUAL OWN_BODY), SPAN(USUAL OWN_BODY "more\r\n"), DKIM_BODY_DIFFERS, DKIM_BODY_DIFFERS },
    { SPAN(USUAL OWN_BODY), SPAN("Subject: other\r\n" USUAL OWN_BODY), DKIM_SIGNATURE_WRONG,
      DKIM_SIGNATURE_WRONG },
    { SPAN(USUAL OWN_BODY), SPAN(USUAL "From: other\r\n" OWN_BODY), DKIM_SIGNATURE_WRONG,
      DKIM_SIGNATURE_WRONG },
    { SPAN(USUAL OWN_BODY), SPAN(USUAL "Reply-To: other\r\n" OWN_BODY), DKIM_SIGNATURE_WRONG,
      DKIM_SIGNATURE_WRONG },
    { SPAN("From: a\r\nSubject: s\r\n" OWN_BODY), SPAN("From: a\r\n" OWN_BODY),
      DKIM_SIGNATURE_WRONG, DKIM_SIGNATURE_WRONG },
    /* of several fields of one name each has its place, from the lowest up */
    { SPAN("Subject: 1\r\nFrom: a\r\nSubject: 2\r\n" OWN_BODY),
      SPAN("Subject: 1\r\nSubject: 2\r\nFrom: a\r\n" OWN_BODY), DKIM_VALID, DKIM_VALID },
    { SPAN("Subject: 1\r\nFrom: a\r\nSubject: 2\r\n" OWN_BODY),
      SPAN("Subject: 2\r\nFrom: a\r\nSubject: 1\r\n" OWN_BODY), DKIM_SIGNATURE_WRONG,
      DKIM_SIGNATURE_WRONG },
};

static void test_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        for (enum dkim_algorithm a = DKIM_RSA_SHA256; a <= DKIM_ED25519_SHA256; a++) {
            struct dkim_request request = make_request(a);
            enum dkim_verdict seen =
                verify_other(&request, changes[i].signed_text, changes[i].seen_text, NOW_S);
            if (seen != changes[i].relaxed) {
                fail_msg("relaxed %zu: verdict %d", i, (int)seen);
            }
            request.header_form = CANONICAL_SIMPLE;
            request.body_form = CANONICAL_SIMPLE;
            seen = verify_other(&request, changes[i].signed_text, changes[i].seen_text, NOW_S);
            if (seen != changes[i].simple) {
                fail_msg("simple %zu: verdict %d", i, (int)seen);
            }
        }
    }
}

static void test_expiry(void **state)
{
    struct dkim_request request = make_request(DKIM_ED25519_SHA256);
    (void)state;
    struct span text = SPAN(USUAL OWN_BODY);
    assert_int_equal(verify_other(&request, text, text, NOW_S + 3600), DKIM_VALID);
    assert_int_equal(verify_other(&request, text, text, NOW_S + 3601), DKIM_EXPIRED);
    request.expire_s = 0;
    assert_int_equal(verify_other(&request, text, text, NOW_S * 2L), DKIM_VALID);
}

/* The verdict on a field that was changed after signing: `from` becomes `to` in its text. */
static enum dkim_verdict verify_edited(const char *from, const char *to, enum dkim_algorithm with)
{
    struct read_message message = read_message(SPAN(USUAL OWN_BODY), true);
    struct dkim_request request = make_request(DKIM_ED25519_SHA256);
    struct span value = sign(&request, &message);
    const char *at = memmem(value.at, value.size, from, strlen(from));
    assert_non_null(at);
    struct span before = span_first(value, (size_t)(at - value.at));
    struct span after = span_from(value, before.size + strlen(from));
    struct buffer edited = BUFFER_EMPTY;
    buffer_add_span(&edited, before);
    buffer_add_text(&edited, to);
    buffer_add_span(&edited, after);
    const struct header_field *field = attach(&message, buffer_span(&edited));
    buffer_free(&edited);
    struct dkim_tags tags;
    enum dkim_verdict verdict = DKIM_UNUSABLE;
    if (dkim_tags_parse(field->value, &tags)) {
        verdict = dkim_verify(&message.headers, field, &tags, message.body, test_key(with), NOW_S,
                              message.arena);
    }
    free_message(&message);
    return verdict;
}

static const struct {
    const char *from, *to;
    enum dkim_verdict verdict;
} edits[] = {
    { "v=1", "v=1", DKIM_VALID },
    { "\n\tb=", "\n\tb= \n ", DKIM_VALID }, /* white space in b= is no part of what is signed */
    { "\n\tbh=", "\n \tbh=", DKIM_VALID },  /* relaxed */
    { "\n\tbh=", " \n\tbh=", DKIM_VALID },
    { "t=1772366400", "t=1772366401", DKIM_SIGNATURE_WRONG },
    { "d=d.example", "d=e.example", DKIM_SIGNATURE_WRONG },
    { "h=From:To:", "h=From:Cc:", DKIM_SIGNATURE_WRONG },
    { "c=relaxed/relaxed", "c=simple/relaxed", DKIM_SIGNATURE_WRONG },
    { "c=relaxed/relaxed", "c=relaxed/simple", DKIM_BODY_DIFFERS },
    { "\n\tb=", "\n\tb=AAAA", DKIM_SIGNATURE_WRONG },
    { "\n\tb=", "\n\tb=-", DKIM_SIGNATURE_WRONG },
    { "bh=", "bh=AAAA", DKIM_BODY_DIFFERS },
    { "bh=", "bh=!", DKIM_BODY_DIFFERS },
    { "x=1772370000", "x=1772366401", DKIM_SIGNATURE_WRONG },
    { "s=s1;", "s=s1; l=0;", DKIM_UNUSABLE },
    { "a=ed25519-sha256", "a=rsa-sha256", DKIM_UNUSABLE },
    { "a=ed25519-sha256", "a=ed25519-sha1", DKIM_UNUSABLE },
    { "v=1", "v=2", DKIM_UNUSABLE },
};

static void test_edited_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(edits); i++) {
        enum dkim_verdict seen = verify_edited(edits[i].from, edits[i].to, DKIM_ED25519_SHA256);
        if (seen != edits[i].verdict) {
            fail_msg("\"%s\" to \"%s\": verdict %d", edits[i].from, edits[i].to, (int)seen);
        }
    }
    assert_int_equal(verify_edited("v=1", "v=1", DKIM_RSA_SHA256), DKIM_UNUSABLE);
}

/* A field that is not among h=: From, and a body that was not hashed in this form. */
static void test_unusable(void **state)
{
    struct read_message message = read_message(SPAN(USUAL OWN_BODY), true);
    struct dkim_request request = make_request(DKIM_ED25519_SHA256);
    struct dkim_tags tags;
    (void)state;
    const struct header_field *field = attach(&message, sign(&request, &message));
    struct dkim_body_hash *simple = dkim_body_hash_new(1u << CANONICAL_SIMPLE);
    assert_true(dkim_body_hash_finish(simple));
    assert_true(dkim_tags_parse(field->value, &tags));
    assert_int_equal(
        dkim_verify(&message.headers, field, &tags, simple, request.key, NOW_S, message.arena),
        DKIM_UNUSABLE);
    dkim_body_hash_free(&simple);
    tags.signed_names = SPAN("To:Subject");
    assert_int_equal(dkim_verify(&message.headers, field, &tags, message.body, request.key, NOW_S,
                                 message.arena),
                     DKIM_UNUSABLE);
    free_message(&message);
}

/* Without leading spaces nobody knows what simple would hash: relaxed it is, and simple is no
 * signature of ours. */
static void test_leading_spaces_unknown(void **state)
{
    struct read_message message = read_message(SPAN(USUAL OWN_BODY), false);
    struct dkim_request request = make_request(DKIM_RSA_SHA256);
    struct dkim_tags tags;
    (void)state;
    request.header_form = CANONICAL_SIMPLE;
    request.body_form = CANONICAL_SIMPLE;
    const struct header_field *field = attach(&message, sign(&request, &message));
    assert_true(dkim_tags_parse(field->value, &tags));
    assert_int_equal(tags.header_form, CANONICAL_RELAXED);
    assert_int_equal(tags.body_form, CANONICAL_SIMPLE);
    assert_int_equal(dkim_verify(&message.headers, field, &tags, message.body, request.key, NOW_S,
                                 message.arena),
                     DKIM_VALID);
    tags.header_form = CANONICAL_SIMPLE;
    assert_int_equal(dkim_verify(&message.headers, field, &tags, message.body, request.key, NOW_S,
                                 message.arena),
                     DKIM_UNUSABLE);
    free_message(&message);
}

static void check_unsigned(struct read_message *message, const struct dkim_body_hash *body,
                           const char *wanted)
{
    struct dkim_request request = make_request(DKIM_ED25519_SHA256);
    struct span value = SPAN("untouched");
    struct error error;
    assert_false(dkim_sign(&request, &message->headers, body, message->arena, &value, &error));
    assert_string_equal(error.text, wanted);
    assert_true(span_is_equal(value, SPAN("untouched")));
}

static void test_refusals(void **state)
{
    (void)state;
    struct read_message none = read_message(SPAN("To: a\r\n\r\n"), true);
    struct read_message two = read_message(SPAN("From: a\r\nFROM: b\r\n\r\n"), true);
    struct read_message one = read_message(SPAN(USUAL OWN_BODY), true);
    check_unsigned(&none, none.body,
                   "the message has 0 From fields; a signature needs exactly one");
    check_unsigned(&two, two.body, "the message has 2 From fields; a signature needs exactly one");
    struct dkim_body_hash *simple = dkim_body_hash_new(1u << CANONICAL_SIMPLE);
    assert_true(dkim_body_hash_finish(simple));
    check_unsigned(&one, simple, "the body was not hashed in the form to be signed");
    dkim_body_hash_free(&simple);
    while (arena_alloc(one.arena, 100000) != NULL) {
    }
    while (arena_alloc(one.arena, 64) != NULL) {
    }
    check_unsigned(&one, one.body,
                   "no memory left for the signature within the ceiling of a message");
    free_message(&none);
    free_message(&two);
    free_message(&one);
}

static struct read_message read_repeated(const char *field, size_t times)
{
    struct buffer text = BUFFER_EMPTY;
    buffer_add_text(&text, "From: a\r\n");
    for (size_t i = 0; i < times; i++) {
        buffer_add_text(&text, field);
    }
    struct read_message message = read_message(buffer_span(&text), true);
    buffer_free(&text);
    return message;
}

static void test_many_fields(void **state)
{
    (void)state;
    struct dkim_request request = make_request(DKIM_RSA_SHA256);
    struct dkim_tags tags;
    struct read_message message = read_repeated("Subject: s\r\n", 5000);
    struct span value = sign(&request, &message);
    assert_true(value.size < 65536);
    check_columns(value);
    const struct header_field *field = attach(&message, value);
    assert_true(dkim_tags_parse(field->value, &tags));
    assert_int_equal(dkim_verify(&message.headers, field, &tags, message.body, request.key, NOW_S,
                                 message.arena),
                     DKIM_VALID);
    free_message(&message);
    message = read_repeated("Subject: s\r\n", 9000);
    check_unsigned(&message, message.body,
                   "the header repeats so many fields that the signature would exceed 60000 "
                   "octets");
    free_message(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_8bit),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_edited_fields),
        cmocka_unit_test(test_unusable),
        cmocka_unit_test(test_leading_spaces_unknown),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_many_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
