/* What the tests of src/dkim share: keys made once, PEM in every form, and messages from text. */
#ifndef TESTS_UNIT_TEST_DKIM_SUPPORT_H
#define TESTS_UNIT_TEST_DKIM_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dkim/key_private.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "message/builder.h"
#include "util/arena.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CEILING_BYTES ((size_t)64 << 20)

enum pem_form { PEM_PKCS8, PEM_PKCS1, PEM_ENCRYPTED, PEM_ENCRYPTED_OLD, PEM_PUBLIC };

/* The key in this form, appended. */
static inline void print_pem(EVP_PKEY *pkey, enum pem_form form, struct buffer *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    int done = 0;
    switch (form) {
    case PEM_PKCS8:
        done = PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
        break;
    case PEM_PKCS1:
        done = PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL);
        break;
    case PEM_ENCRYPTED:
        done = PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_128_cbc(), "pass", 4, NULL, NULL);
        break;
    case PEM_ENCRYPTED_OLD:
        done = PEM_write_bio_PrivateKey_traditional(bio, pkey, EVP_aes_128_cbc(),
                                                    (const unsigned char *)"pass", 4, NULL, NULL);
        break;
    case PEM_PUBLIC:
        done = PEM_write_bio_PUBKEY(bio, pkey);
        break;
    }
    assert_int_equal(done, 1);
    long size = BIO_get_mem_data(bio, &text);
    buffer_add(out, text, (size_t)size);
    assert_false(buffer_has_failed(out));
    BIO_free(bio);
}

/* RSA of 1024 bits, quick to make, and Ed25519; one of each for the life of the program. */
static inline struct dkim_key *test_key(enum dkim_algorithm algorithm)
{
    static struct dkim_key *keys[2];
    struct error error;
    if (keys[algorithm] == NULL) {
        keys[algorithm] = dkim_key_generate(algorithm, 1024, &error);
        assert_non_null(keys[algorithm]);
    }
    return keys[algorithm];
}

static inline void write_file(const char *path, const void *bytes, size_t size, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static inline void write_key(const char *path, const struct dkim_key *key)
{
    struct buffer pem = BUFFER_EMPTY;
    assert_true(dkim_key_print_private(key, &pem));
    write_file(path, pem.at, pem.size, 0600);
    buffer_free(&pem);
}

/* A message read whole: header as a milter gets it, body hashed in both forms. */
struct read_message {
    struct arena *arena;
    struct header_list headers;
    struct dkim_body_hash *body;
};

static inline void read_message_body(void *context, const void *bytes, size_t size)
{
    dkim_body_hash_feed(context, bytes, size);
}

static inline struct read_message read_message(struct span file, bool keeps_space)
{
    struct read_message message = { .arena = arena_new(CEILING_BYTES) };
    assert_non_null(message.arena);
    message.body = dkim_body_hash_new(3);
    assert_non_null(message.body);
    header_list_init(&message.headers, keeps_space);
    assert_true(
        message_read(file, message.arena, &message.headers, read_message_body, message.body));
    assert_true(dkim_body_hash_finish(message.body));
    return message;
}

static inline void free_message(struct read_message *message)
{
    dkim_body_hash_free(&message->body);
    arena_free(&message->arena);
}

/* Adds the signature to the message; the field it became. */
static inline const struct header_field *attach(struct read_message *message, struct span value)
{
    assert_true(header_list_add(&message->headers, message->arena, SPAN("DKIM-Signature"), value));
    return &message->headers.fields[message->headers.count - 1];
}

#endif
