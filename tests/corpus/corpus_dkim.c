/*
 * corpus_dkim: vectors of other signers and verifiers against ours: canonical forms, signatures
 * that must come out bit for bit, and verdicts on signed messages.
 *
 * Where we differ from a vector for good, `argued` says why; any other difference fails, and so
 * does an argument that nothing needs any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "dkim/base64.h"
#include "dkim/header_digest.h"
#include "dkim/key_private.h"
#include "dkim/verify.h"
#include "jsonl.h"
#include "message/builder.h"
#include "util/file.h"

#define ARENA_BYTES ((size_t)256 << 20)
#define FILE_BYTES ((size_t)16 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define BARE_LF                                                                                    \
    "RFC 6376 3.4.3: only CRLF ends a line; bare CR and LF are signed as they travel. The signer " \
    "that turns them into CRLF first (5.3) is the MTA"
#define LENGTH                                                                                     \
    "RFC 6376 8.2: with l= anybody can add to the body, so such a signature is never taken for "   \
    "one of ours that still stands"

static const struct {
    const char *subject, *why;
} argued[] = {
    { "canonical relaxed body 0, chasquid",
      "RFC 6376 3.4.4 b: empty lines at the end go, and nothing is left to end in CRLF" },
    { "canonical simple body 18, go-msgauth", BARE_LF },
    { "signer opendkim-t-test90", BARE_LF },
    { "signer opendkim-t-test91", BARE_LF },
    { "signed/mail-dkim__good_ietf01_1.eml 1",
      "RFC 6376 3.5: v= must be there; this is a signature of a draft" },
    { "signed/opendkim__t-test28.eml 1", LENGTH },
    { "signed/opendkim__t-test29.eml 1", LENGTH },
    { "signed/opendkim__t-test31.eml 1", LENGTH },
};
static unsigned argued_hits[COUNT(argued)];

static struct {
    struct arena *arena; /* of one row or file */
    const char *corpus;
    unsigned agreed, argued, differing; /* in this part */
    bool has_failed;
} run;

static void judge(bool agrees, const char *subject, const char *what)
{
    if (agrees) {
        run.agreed++;
        return;
    }
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (strcmp(argued[i].subject, subject) == 0) {
            argued_hits[i]++;
            run.argued++;
            return;
        }
    }
    printf("%s: %s\n", subject, what);
    run.differing++;
    run.has_failed = true;
}

/* Begins a part; prints what the one before came to. */
static void print_part(const char *part)
{
    printf("%s: %u agree, %u argued, %u differ\n", part, run.agreed, run.argued, run.differing);
    run.agreed = 0;
    run.argued = 0;
    run.differing = 0;
}

static struct buffer read_all(const char *name)
{
    char path[1024];
    struct buffer file = BUFFER_EMPTY;
    struct error error;
    snprintf(path, sizeof(path), "%s/dkim/%s", run.corpus, name);
    if (!file_read(path, FILE_BYTES, &file, &error)) {
        judge(false, name, error.text);
    }
    return file;
}

static void renew_arena(void)
{
    arena_free(&run.arena);
    run.arena = arena_new(ARENA_BYTES);
    if (run.arena == NULL) {
        abort();
    }
}

static void add_bytes(void *context, const void *bytes, size_t size)
{
    buffer_add(context, bytes, size);
}

/* A message as it travels, taken apart; canonical bodies by form. */
struct taken {
    struct header_list headers;
    struct buffer body;
    struct dkim_body_hash *hash;
};

static struct taken take(struct span file)
{
    struct taken taken = { .hash = dkim_body_hash_new(3) };
    header_list_init(&taken.headers, true);
    if (taken.hash == NULL ||
        !message_read(file, run.arena, &taken.headers, add_bytes, &taken.body)) {
        abort();
    }
    dkim_body_hash_feed(taken.hash, taken.body.at, taken.body.size);
    if (!dkim_body_hash_finish(taken.hash)) {
        abort();
    }
    return taken;
}

static void drop(struct taken *taken)
{
    dkim_body_hash_free(&taken->hash);
    buffer_free(&taken->body);
}

static struct buffer canonical_body_of(enum canonical form, struct span body)
{
    struct buffer out = BUFFER_EMPTY;
    struct canonical_body stream;
    canonical_body_init(&stream, form, add_bytes, &out);
    canonical_body_feed(&stream, body.at, body.size);
    canonical_body_finish(&stream);
    return out;
}

static struct buffer canonical_header_of(enum canonical form, struct span header)
{
    struct buffer out = BUFFER_EMPTY;
    struct taken taken = take(header);
    for (size_t i = 0; i < taken.headers.count; i++) {
        const struct header_field *field = &taken.headers.fields[i];
        canonical_header(form, field->name, field->value, false, add_bytes, &out);
    }
    drop(&taken);
    return out;
}

static enum canonical form_of(struct span name)
{
    return span_is_equal(name, SPAN("relaxed")) ? CANONICAL_RELAXED : CANONICAL_SIMPLE;
}

static void judge_canonical(const struct jsonl *row, unsigned number)
{
    struct span part = jsonl_text(row, "part"), mode = jsonl_text(row, "mode");
    struct span input = jsonl_text(row, "input");
    struct buffer seen = span_is_equal(part, SPAN("body"))
                             ? canonical_body_of(form_of(mode), input)
                             : canonical_header_of(form_of(mode), input);
    const char *subject =
        arena_printf(run.arena, "canonical %.*s %.*s %u", SPAN_ARG(mode), SPAN_ARG(part), number);
    judge(span_is_equal(buffer_span(&seen), jsonl_text(row, "rfc_reading")), subject,
          "not as the RFC is read");
    for (const struct jsonl *origin = jsonl_get(row, "expect")->first; origin != NULL;
         origin = origin->next) {
        judge(span_is_equal(buffer_span(&seen), origin->text),
              arena_printf(run.arena, "%s, %.*s", subject, SPAN_ARG(origin->name)),
              "not as the origin has it");
    }
    buffer_free(&seen);
}

/* Calls `judge_row` for each line of JSON. */
static void judge_rows(const char *name, void (*judge_row)(const struct jsonl *, unsigned))
{
    struct buffer file = read_all(name);
    struct span rest = buffer_span(&file), line;
    for (unsigned number = 0; span_cut(&rest, '\n', &line) && line.size > 0; number++) {
        renew_arena();
        const struct jsonl *row = jsonl_parse(line, true, run.arena);
        if (row == NULL) {
            judge(false, name, "a line that is no JSON");
        } else {
            judge_row(row, number);
        }
    }
    buffer_free(&file);
    print_part(name);
}

static struct span decode(struct span text)
{
    uint8_t *out = arena_alloc(run.arena, text.size);
    size_t size;
    if (out == NULL || !base64_decode(text, out, text.size, &size)) {
        return SPAN("");
    }
    return (struct span){ (const char *)out, size };
}

/* The value of a field as it travels (CRLF) in the form of message/header.h. */
static struct span fold_in_lf(struct span value)
{
    char *out = arena_alloc(run.arena, value.size + 1);
    size_t used = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] != '\r') {
            out[used++] = value.at[i];
        }
    }
    return (struct span){ out, used };
}

static struct span without(struct span whole, struct span part)
{
    size_t before = (size_t)(part.at - whole.at);
    return span_of(arena_printf(run.arena, "%.*s%.*s", (int)before, whole.at,
                                (int)(whole.size - before - part.size), part.at + part.size));
}

/* b= made anew with this key over this header; `skipped` as in header_digest.h. */
static bool comes_out_again(const struct header_list *view, const struct header_field *skipped,
                            struct span value, const struct dkim_tags *tags, struct dkim_key *key)
{
    const struct header_digest_request request = {
        .view = view,
        .skipped = skipped,
        .form = tags->header_form,
        .names = tags->signed_names,
        .signature_name = SPAN("DKIM-Signature"),
        .signature_value = without(value, tags->signature),
    };
    uint8_t digest[DKIM_DIGEST_SIZE], signature[DKIM_SIGNATURE_MAX];
    size_t size;
    struct error error;
    struct span wanted = decode(tags->signature);
    return header_digest(&request, digest) &&
           dkim_key_sign(key, digest, signature, &size, &error) && size == wanted.size &&
           memcmp(signature, wanted.at, size) == 0;
}

/* The number behind "l=", SIZE_MAX where there is none. */
static size_t length_tag(struct span value)
{
    for (size_t i = 0; i + 3 < value.size; i++) {
        if (memcmp(value.at + i, "\tl=", 3) == 0 || memcmp(value.at + i, " l=", 3) == 0) {
            return strtoul(value.at + i + 3, NULL, 10);
        }
    }
    return SIZE_MAX;
}

static bool body_hash_comes_out(struct span body, struct span value, const struct dkim_tags *tags)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size;
    struct span wanted = decode(tags->body_hash);
    struct buffer canonical = canonical_body_of(tags->body_form, body);
    struct span text = span_first(buffer_span(&canonical), length_tag(value));
    bool is_sha1 = span_has_suffix_nocase(tags->algorithm, SPAN("sha1"));
    bool is_same = EVP_Digest(text.at, text.size, digest, &size,
                              is_sha1 ? EVP_sha1() : EVP_sha256(), NULL) == 1 &&
                   size == wanted.size && memcmp(digest, wanted.at, size) == 0;
    buffer_free(&canonical);
    return is_same;
}

/* The body as it travels: message_read would mend bare line ends. */
static struct span raw_body(struct span message)
{
    const char *end = memmem(message.at, message.size, "\r\n\r\n", 4);
    return end != NULL ? span_from(message, (size_t)(end - message.at) + 4) : SPAN("");
}

/* Every bare CR and LF made CRLF. */
static struct span mend(struct span text)
{
    char *out = arena_alloc(run.arena, 2 * text.size);
    size_t used = 0;
    for (size_t i = 0; out != NULL && i < text.size; i++) {
        bool is_cr = text.at[i] == '\r';
        if (is_cr || text.at[i] == '\n') {
            i += is_cr && i + 1 < text.size && text.at[i + 1] == '\n';
            out[used++] = '\r';
            out[used++] = '\n';
        } else {
            out[used++] = text.at[i];
        }
    }
    return (struct span){ out, used };
}

static struct dkim_key *opendkim_key;

static void judge_signer(const struct jsonl *row, unsigned number)
{
    (void)number;
    struct span message = decode(jsonl_text(row, "message_b64"));
    struct span value = fold_in_lf(jsonl_text(row, "signature_value"));
    const char *subject = arena_printf(run.arena, "signer %.*s", SPAN_ARG(jsonl_text(row, "id")));
    const struct jsonl *is_bare = jsonl_get(row, "bare_lf_or_cr_in_message");
    struct dkim_tags tags;
    value = span_of(arena_printf(run.arena, " %.*s", SPAN_ARG(value)));
    if (!dkim_tags_parse(value, &tags)) {
        judge(false, subject, "its tags are refused");
        return;
    }
    judge(body_hash_comes_out(raw_body(message), value, &tags), subject, "bh= differs");
    if (is_bare != NULL && is_bare->kind == JSONL_TRUE) {
        judge(body_hash_comes_out(mend(raw_body(message)), value, &tags),
              arena_printf(run.arena, "%s, mended", subject), "bh= differs");
    }
    struct taken taken = take(message);
    if (span_is_equal(tags.algorithm, SPAN("rsa-sha256"))) {
        judge(comes_out_again(&taken.headers, NULL, value, &tags, opendkim_key), subject,
              "b= differs");
    }
    drop(&taken);
}

static void judge_signers(void)
{
    struct buffer pem = read_all("opendkim-test.private.pem");
    struct error error;
    opendkim_key = dkim_key_parse(buffer_span(&pem), "opendkim-test.private.pem", &error);
    buffer_free(&pem);
    if (opendkim_key == NULL) {
        judge(false, "signer-exact.jsonl", error.text);
        return;
    }
    judge_rows("signer-exact.jsonl", judge_signer);
    dkim_key_unref(&opendkim_key);
}

static struct dkim_key *appendix_key(enum dkim_algorithm algorithm)
{
    struct error error;
    struct buffer file = read_all(algorithm == DKIM_RSA_SHA256 ? "rfc8463/private-rsa.key"
                                                               : "rfc8463/private-ec.key");
    struct dkim_key *key = NULL;
    if (algorithm == DKIM_RSA_SHA256) {
        key = dkim_key_parse(buffer_span(&file), "private-rsa.key", &error);
    } else {
        struct span seed = decode(buffer_span(&file));
        EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                                      (const unsigned char *)seed.at, seed.size);
        key = pkey != NULL ? key_wrap(pkey, false, &error) : NULL;
    }
    buffer_free(&file);
    return key;
}

static void judge_appendix(void)
{
    renew_arena();
    struct buffer file = read_all("rfc8463/signed.eml");
    struct taken taken = take(buffer_span(&file));
    for (size_t i = 0; i < taken.headers.count; i++) {
        const struct header_field *field = &taken.headers.fields[i];
        struct dkim_tags tags;
        if (field->id != HEADER_DKIM_SIGNATURE || !dkim_tags_parse(field->value, &tags)) {
            continue;
        }
        struct dkim_key *key =
            appendix_key(tags.algorithm.at[0] == 'r' ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256);
        const char *subject = arena_printf(run.arena, "RFC 8463 A, %.*s", SPAN_ARG(tags.algorithm));
        judge(key != NULL && comes_out_again(&taken.headers, field, field->value, &tags, key),
              subject, "b= differs");
        judge(key != NULL && dkim_verify(&taken.headers, field, &tags, taken.hash, key, 0,
                                         run.arena) == DKIM_VALID,
              subject, "is not valid");
        dkim_key_unref(&key);
    }
    judge(run.agreed == 4, "RFC 8463 A", "not two signatures");
    drop(&taken);
    buffer_free(&file);
    print_part("rfc8463");
}

/* The value of a tag of a key record, or absent. */
static struct span record_tag(struct span record, const char *name)
{
    struct span piece, tag;
    while (span_cut(&record, ';', &piece)) {
        if (span_cut(&piece, '=', &tag) && span_is_equal(span_trim(tag), span_of(name))) {
            return piece.at != NULL ? span_trim(piece) : SPAN("");
        }
    }
    return (struct span){ NULL, 0 };
}

/* The record of s._domainkey.d in dns.tsv; .at == NULL: none. */
static struct span find_record(struct span dns, struct span selector, struct span domain)
{
    struct span name = span_of(
        arena_printf(run.arena, "%.*s._domainkey.%.*s", SPAN_ARG(selector), SPAN_ARG(domain)));
    struct span line, first;
    while (span_cut(&dns, '\n', &line)) {
        if (span_cut(&line, '\t', &first) && span_is_equal_nocase(first, name)) {
            return line;
        }
    }
    return (struct span){ NULL, 0 };
}

/* A key that verifies only, from p= as SubjectPublicKeyInfo or bare (RFC 6376 3.6.1, RFC 8463 4).
 */
static struct dkim_key *public_key(struct span record)
{
    struct span type = record_tag(record, "k"), bytes = decode(record_tag(record, "p"));
    const unsigned char *at = (const unsigned char *)bytes.at, *again = at;
    struct error error;
    EVP_PKEY *pkey;
    if (bytes.size == 0) {
        return NULL;
    }
    if (span_is_equal(type, SPAN("ed25519"))) {
        pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, at, bytes.size);
    } else {
        pkey = d2i_PUBKEY(NULL, &at, (long)bytes.size);
        if (pkey == NULL) {
            pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &again, (long)bytes.size);
        }
    }
    return pkey != NULL ? key_wrap(pkey, true, &error) : NULL;
}

enum column { C_FILE, C_POSITION, C_A, C_C, C_D, C_S, C_BH, C_BODY_HASH, C_RECHECK, C_COUNT };

static const struct header_field *signature_at(const struct header_list *view, long position)
{
    const struct header_field *field = header_first(view, HEADER_DKIM_SIGNATURE);
    for (long i = 1; field != NULL && i < position; i++) {
        field = header_next(view, field);
    }
    return field;
}

/* dkim_verify without a clock: what these messages expire at is long past. */
static void judge_signature(const struct span *column, struct span dns)
{
    char name[300];
    snprintf(name, sizeof(name), "signed/%.*s", SPAN_ARG(column[C_FILE]));
    struct buffer file = read_all(name);
    struct taken taken = take(buffer_span(&file));
    struct dkim_key *key = public_key(find_record(dns, column[C_S], column[C_D]));
    const struct header_field *field =
        signature_at(&taken.headers, strtol(column[C_POSITION].at, NULL, 10));
    struct dkim_tags tags;
    bool is_valid =
        key != NULL && field != NULL && dkim_tags_parse(field->value, &tags) &&
        dkim_verify(&taken.headers, field, &tags, taken.hash, key, 0, run.arena) == DKIM_VALID;
    judge(is_valid == span_is_equal(column[C_RECHECK], SPAN("pass")),
          arena_printf(run.arena, "%s %.*s", name, SPAN_ARG(column[C_POSITION])),
          is_valid ? "is valid here only" : "is not valid here");
    dkim_key_unref(&key);
    drop(&taken);
    buffer_free(&file);
}

static void judge_signed(void)
{
    struct buffer rows = read_all("expected.tsv"), dns = read_all("dns.tsv");
    struct span rest = buffer_span(&rows), line;
    unsigned sha1 = 0, without_key = 0;
    while (span_cut(&rest, '\n', &line)) {
        struct span column[C_COUNT];
        size_t count = 0;
        while (count < C_COUNT && span_cut(&line, '\t', &column[count])) {
            count++;
        }
        if (count < C_COUNT || column[C_FILE].at[0] == '#') {
            continue;
        }
        renew_arena();
        if (!span_has_suffix_nocase(column[C_A], SPAN("sha256"))) {
            sha1++;
        } else if (!span_is_equal(column[C_RECHECK], SPAN("pass")) &&
                   !span_is_equal(column[C_RECHECK], SPAN("fail"))) {
            without_key++;
        } else {
            judge_signature(column, buffer_span(&dns));
        }
    }
    buffer_free(&rows);
    buffer_free(&dns);
    printf("signed: left out %u with SHA-1 (RFC 8301 3.1); no key for %u\n", sha1, without_key);
    print_part("signed");
}

static void judge_arguments(void)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("%s: argued for nothing\n", argued[i].subject);
            run.has_failed = true;
        }
    }
}

int main(void)
{
    char path[1024];
    struct stat status;
    run.corpus = getenv("EGRESS_CORPUS") != NULL ? getenv("EGRESS_CORPUS") : "../shared/corpus";
    snprintf(path, sizeof(path), "%s/dkim/expected.tsv", run.corpus);
    if (stat(path, &status) != 0) {
        puts("SKIP: corpus absent");
        return 77;
    }
    judge_rows("canonicalization.jsonl", judge_canonical);
    judge_signers();
    judge_appendix();
    judge_signed();
    judge_arguments();
    arena_free(&run.arena);
    return run.has_failed ? 1 : 0;
}
