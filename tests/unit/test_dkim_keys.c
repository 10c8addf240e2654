/* keys: what is read, what is refused and in which words, what is printed, what is signed. */
#include <stdlib.h>
#include <string.h>

#include "dkim/base64.h"
#include "test_dkim_support.h"

static const uint8_t some_digest[DKIM_DIGEST_SIZE] = { 1, 2, 3 };

static EVP_PKEY *make_rsa(size_t bits)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
    assert_non_null(pkey);
    return pkey;
}

static struct dkim_key *parse(EVP_PKEY *pkey, enum pem_form form, struct error *error)
{
    struct buffer pem = BUFFER_EMPTY;
    print_pem(pkey, form, &pem);
    struct dkim_key *key = dkim_key_parse(buffer_span(&pem), "key.pem", error);
    buffer_free(&pem);
    return key;
}

static void check_usable(struct dkim_key *key, enum dkim_algorithm algorithm, unsigned bits,
                         const struct error *error)
{
    if (key == NULL) {
        fail_msg("%s", error->text);
    }
    uint8_t signature[DKIM_SIGNATURE_MAX];
    size_t size;
    struct error why;
    assert_int_equal(dkim_key_algorithm(key), algorithm);
    assert_int_equal(dkim_key_bits(key), bits);
    assert_true(dkim_key_sign(key, some_digest, signature, &size, &why));
    assert_int_equal(size, algorithm == DKIM_RSA_SHA256 ? bits / 8 : 64);
    assert_true(dkim_key_verify(key, some_digest, signature, size));
    signature[size / 2] ^= 1;
    assert_false(dkim_key_verify(key, some_digest, signature, size));
    assert_false(dkim_key_verify(key, some_digest, signature, size - 1));
    dkim_key_unref(&key);
    assert_null(key);
}

static void test_forms(void **state)
{
    (void)state;
    struct error error;
    EVP_PKEY *rsa = make_rsa(2048);
    EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    check_usable(parse(rsa, PEM_PKCS8, &error), DKIM_RSA_SHA256, 2048, &error);
    check_usable(parse(rsa, PEM_PKCS1, &error), DKIM_RSA_SHA256, 2048, &error);
    check_usable(parse(ed25519, PEM_PKCS8, &error), DKIM_ED25519_SHA256, 256, &error);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ed25519);
}

static void test_sizes(void **state)
{
    (void)state;
    struct error error;
    EVP_PKEY *small = make_rsa(768), *weak = make_rsa(1024);
    assert_null(parse(small, PEM_PKCS8, &error));
    assert_string_equal(error.text,
                        "key.pem: the RSA key has 768 bits; at least 1024 are needed (2048 are "
                        "usual), at most 8192 are supported");
    struct dkim_key *key = parse(weak, PEM_PKCS1, &error);
    assert_non_null(key);
    assert_non_null(strstr(dkim_key_warning(key), "shorter than 2048 bits"));
    check_usable(key, DKIM_RSA_SHA256, 1024, &error);
    key = dkim_key_generate(DKIM_RSA_SHA256, 2048, &error);
    assert_null(dkim_key_warning(key));
    dkim_key_unref(&key);
    assert_null(dkim_key_warning(test_key(DKIM_ED25519_SHA256)));
    assert_null(dkim_key_generate(DKIM_RSA_SHA256, 1023, &error));
    assert_string_equal(error.text, "an RSA key has 1024 to 8192 bits, not 1023");
    assert_null(dkim_key_generate(DKIM_RSA_SHA256, 8193, &error));
    EVP_PKEY_free(small);
    EVP_PKEY_free(weak);
}

static void check_refused(struct span pem, const char *wanted)
{
    struct error error;
    struct dkim_key *key = dkim_key_parse(pem, "key.pem", &error);
    assert_null(key);
    if (strncmp(error.text, "key.pem: ", 9) != 0 || strcmp(error.text + 9, wanted) != 0) {
        fail_msg("saw \"%s\", wanted \"%s\"", error.text, wanted);
    }
}

static void check_form_refused(EVP_PKEY *pkey, enum pem_form form, const char *wanted)
{
    struct buffer pem = BUFFER_EMPTY;
    print_pem(pkey, form, &pem);
    check_refused(buffer_span(&pem), wanted);
    buffer_free(&pem);
}

#define ENCRYPTED                                                                                  \
    "the key is encrypted and there is nobody to ask for the passphrase; \"openssl pkey -in OLD "  \
    "-out NEW\" writes it in clear"

static void test_other_keys(void **state)
{
    (void)state;
    EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    EVP_PKEY *rsa = test_key(DKIM_RSA_SHA256)->pkey;
    check_form_refused(rsa, PEM_ENCRYPTED, ENCRYPTED);
    check_form_refused(rsa, PEM_ENCRYPTED_OLD, ENCRYPTED);
    check_form_refused(rsa, PEM_PUBLIC, "it holds a public key; the private one is needed");
    check_form_refused(ec, PEM_PKCS1, "it holds an EC key; DKIM knows RSA and Ed25519 only");
    check_form_refused(ec, PEM_PKCS8,
                       "it holds a key of type id-ecPublicKey; DKIM knows RSA and Ed25519 only");
    check_form_refused(x25519, PEM_PKCS8,
                       "it holds a key of type X25519; DKIM knows RSA and Ed25519 only");
    EVP_PKEY_free(ec);
    EVP_PKEY_free(x25519);
}

static const struct {
    struct span text;
    const char *error;
} garbage[] = {
    { SPAN(""), "it is empty; a private key in PEM is needed" },
    { SPAN("hello\n"), "it holds no PEM block (-----BEGIN PRIVATE KEY-----)" },
    { SPAN("\0\0\0"), "it holds no PEM block (-----BEGIN PRIVATE KEY-----)" },
    { SPAN("0\x82\x04\xbd"), "it looks like DER; \"openssl pkey -inform DER -in OLD -out NEW\" "
                             "writes the PEM that is needed" },
    { SPAN("-----BEGIN PRIVATE KEY-----\nAAAA"), "its PEM block is damaged or cut short" },
    { SPAN("-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n"),
      "its PEM block is damaged or cut short" },
    { SPAN("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
      "its PEM block holds no PKCS#8 private key" },
    { SPAN("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"),
      "its PEM block cannot be read as a private key: it is damaged" },
    { SPAN("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
      "it holds a certificate; a private key is needed" },
    { SPAN("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"),
      "it is in the form of OpenSSH; make a key with \"egressctl key new\"" },
};

static void test_garbage(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(garbage); i++) {
        check_refused(garbage[i].text, garbage[i].error);
    }
    char *large = calloc(1, 65537);
    check_refused((struct span){ large, 65537 }, "larger than 65536 bytes, no private key");
    free(large);
}

/* A private key behind other blocks and other text is found. */
static void test_key_among_others(void **state)
{
    (void)state;
    struct error error;
    struct buffer pem = BUFFER_EMPTY;
    buffer_add_text(&pem, "made by hand\n");
    print_pem(test_key(DKIM_RSA_SHA256)->pkey, PEM_PUBLIC, &pem);
    print_pem(test_key(DKIM_ED25519_SHA256)->pkey, PEM_PKCS8, &pem);
    struct dkim_key *key = dkim_key_parse(buffer_span(&pem), "key.pem", &error);
    check_usable(key, DKIM_ED25519_SHA256, 256, &error);
    buffer_free(&pem);
}

/*
 * One letter changed (of every second): refused, or (in a part that says nothing) the same key
 * still. A key that loads and signs what its record does not verify would be found out by receivers
 * only.
 */
static void check_damage(struct dkim_key *whole, enum pem_form form)
{
    struct buffer pem = BUFFER_EMPTY;
    print_pem(whole->pkey, form, &pem);
    size_t first = (size_t)(strchr(pem.at, '\n') - pem.at);
    size_t last = (size_t)(strstr(pem.at, "-----END") - pem.at);
    for (size_t i = first; i < last; i += 2) {
        char kept = pem.at[i];
        struct error error;
        if (kept == '\n' || kept == '=') {
            continue;
        }
        pem.at[i] = kept == 'A' ? 'B' : 'A';
        struct dkim_key *key = dkim_key_parse(buffer_span(&pem), "key.pem", &error);
        pem.at[i] = kept;
        if (key == NULL) {
            continue;
        }
        uint8_t signature[DKIM_SIGNATURE_MAX];
        size_t size;
        assert_true(dkim_key_sign(key, some_digest, signature, &size, &error));
        if (whole->algorithm == DKIM_RSA_SHA256) {
            assert_true(dkim_key_verify(whole, some_digest, signature, size));
        }
        dkim_key_unref(&key);
    }
    buffer_free(&pem);
}

static void test_damage(void **state)
{
    (void)state;
    check_damage(test_key(DKIM_RSA_SHA256), PEM_PKCS8);
    check_damage(test_key(DKIM_RSA_SHA256), PEM_PKCS1);
    check_damage(test_key(DKIM_ED25519_SHA256), PEM_PKCS8);
}

static void check_file_refused(const char *path, const char *wanted)
{
    struct error error;
    char whole[512];
    assert_null(dkim_key_read(path, &error));
    snprintf(whole, sizeof(whole), "%s: %s", path, wanted);
    assert_string_equal(error.text, whole);
}

static void test_files(void **state)
{
    char folder[] = "/tmp/test_dkim_keys.XXXXXX", path[64], wanted[256];
    struct error error;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/s.pem", folder);
    write_key(path, test_key(DKIM_RSA_SHA256));
    struct dkim_key *key = dkim_key_read(path, &error);
    check_usable(key, DKIM_RSA_SHA256, 1024, &error);
    static const struct {
        mode_t mode, wanted;
    } modes[] = { { 0644, 0640 }, { 0604, 0600 }, { 0602, 0600 }, { 0666, 0640 }, { 0601, 0600 } };
    for (size_t i = 0; i < COUNT(modes); i++) {
        assert_int_equal(chmod(path, modes[i].mode), 0);
        snprintf(wanted, sizeof(wanted),
                 "mode %04o opens the private key to every user of this machine; at most 0640 is "
                 "wanted: chmod %04o %s",
                 (unsigned)modes[i].mode, (unsigned)modes[i].wanted, path);
        check_file_refused(path, wanted);
    }
    assert_int_equal(chmod(path, 0640), 0);
    key = dkim_key_read(path, &error);
    check_usable(key, DKIM_RSA_SHA256, 1024, &error);
    write_file(path, "", 0, 0600);
    check_file_refused(path, "it is empty; a private key in PEM is needed");
    unlink(path);
    assert_null(dkim_key_read(path, &error));
    assert_non_null(strstr(error.text, path));
    assert_non_null(strstr(error.text, "No such file or directory"));
    assert_null(dkim_key_read(folder, &error));
    assert_non_null(strstr(error.text, folder));
    assert_non_null(strstr(error.text, "regular file"));
    rmdir(folder);
}

/* The record as a receiver reads it, and the key that it then has. */
static void check_record(const struct dkim_key *key, const char *prefix)
{
    struct buffer record = BUFFER_EMPTY;
    uint8_t bytes[2000], signature[DKIM_SIGNATURE_MAX];
    const unsigned char *at = bytes;
    size_t size;
    struct error error;
    assert_true(dkim_key_print_record(key, &record));
    assert_int_equal(strncmp(record.at, prefix, strlen(prefix)), 0);
    struct span text = span_from(buffer_span(&record), strlen(prefix));
    assert_true(base64_decode(text, bytes, sizeof(bytes), &size));
    EVP_PKEY *pkey = key->algorithm == DKIM_RSA_SHA256
                         ? d2i_PUBKEY(NULL, &at, (long)size)
                         : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, size);
    assert_non_null(pkey);
    struct dkim_key *public_key = key_wrap(pkey, true, &error);
    assert_non_null(public_key);
    assert_true(dkim_key_sign((struct dkim_key *)key, some_digest, signature, &size, &error));
    assert_true(dkim_key_verify(public_key, some_digest, signature, size));
    assert_false(dkim_key_sign(public_key, some_digest, signature, &size, &error));
    dkim_key_unref(&public_key);
    buffer_free(&record);
}

static void test_records(void **state)
{
    (void)state;
    check_record(test_key(DKIM_RSA_SHA256), "v=DKIM1; k=rsa; p=");
    check_record(test_key(DKIM_ED25519_SHA256), "v=DKIM1; k=ed25519; p=");
}

static void test_private_round_trip(void **state)
{
    (void)state;
    for (enum dkim_algorithm i = DKIM_RSA_SHA256; i <= DKIM_ED25519_SHA256; i++) {
        struct buffer pem = BUFFER_EMPTY, first = BUFFER_EMPTY, second = BUFFER_EMPTY;
        struct error error;
        assert_true(dkim_key_print_private(test_key(i), &pem));
        assert_int_equal(strncmp(pem.at, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
        struct dkim_key *again = dkim_key_parse(buffer_span(&pem), "again", &error);
        assert_non_null(again);
        assert_true(dkim_key_print_record(test_key(i), &first));
        assert_true(dkim_key_print_record(again, &second));
        assert_string_equal(buffer_text(&first), buffer_text(&second));
        dkim_key_unref(&again);
        buffer_free(&pem);
        buffer_free(&first);
        buffer_free(&second);
    }
}

static void test_references(void **state)
{
    (void)state;
    struct error error;
    struct dkim_key *one = dkim_key_generate(DKIM_ED25519_SHA256, 0, &error);
    struct dkim_key *two = dkim_key_ref(one);
    assert_ptr_equal(one, two);
    dkim_key_unref(&one);
    assert_null(one);
    check_usable(two, DKIM_ED25519_SHA256, 256, &error);
}

/* A key whose signatures its record would not verify: what it makes is caught before it leaves, RSA
 * each time, Ed25519 the first time and every 64th. */
static void test_wrong_signatures_stay(void **state)
{
    (void)state;
    for (enum dkim_algorithm i = DKIM_RSA_SHA256; i <= DKIM_ED25519_SHA256; i++) {
        uint8_t signature[DKIM_SIGNATURE_MAX];
        size_t size;
        struct error error;
        struct dkim_key *key = dkim_key_generate(i, 1024, &error);
        struct dkim_key *other = test_key(i);
        assert_non_null(key);
        EVP_PKEY_CTX *rsa = key->rsa_verify;
        EVP_MD_CTX *ed25519 = key->ed25519_verify;
        key->rsa_verify = other->rsa_verify;
        key->ed25519_verify = other->ed25519_verify;
        for (unsigned use = 0; use <= 128; use++) {
            bool is_looked_at = i == DKIM_RSA_SHA256 || use % 64 == 0;
            error.text[0] = '\0';
            assert_int_equal(dkim_key_sign(key, some_digest, signature, &size, &error),
                             !is_looked_at);
            assert_int_equal(strstr(error.text, "does not verify") != NULL, is_looked_at);
        }
        key->rsa_verify = rsa;
        key->ed25519_verify = ed25519;
        dkim_key_unref(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_key_among_others),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_private_round_trip),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_wrong_signatures_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
