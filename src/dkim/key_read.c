/*
 * key_read: from a PEM file to a key, or one line that says what the file holds instead and what to
 * do (RFC 7468; RFC 8301 3.2 for sizes; RFC 8410 for Ed25519).
 *
 * OpenSSL's reader of "any key" tries all types it knows, at three times the cost, and reports only
 * that nothing fitted. So the label and the algorithm are looked at here.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "dkim/base64.h"
#include "dkim/key.h"
#include "dkim/key_private.h"
#include "util/file.h"

#define KEY_FILE_MAX 65536
#define RSA_LEAST_BITS 1024
#define RSA_MOST_BITS (DKIM_SIGNATURE_MAX * 8)

/* One block of a PEM file; the strings are OpenSSL's. */
struct block {
    char *label, *header;
    unsigned char *der;
    long size;
};

static void block_free(struct block *block)
{
    OPENSSL_free(block->label);
    OPENSSL_free(block->header);
    OPENSSL_clear_free(block->der, (size_t)block->size);
    *block = (struct block){ NULL, NULL, NULL, 0 };
}

/* Labels that are no unencrypted RSA or Ed25519 private key, and what to do about it. */
static const struct {
    const char *label, *advice;
} other_labels[] = {
    { "ENCRYPTED PRIVATE KEY", "the key is encrypted and there is nobody to ask for the "
                               "passphrase; \"openssl pkey -in OLD -out NEW\" writes it in clear" },
    { "PUBLIC KEY", "it holds a public key; the private one is needed" },
    { "RSA PUBLIC KEY", "it holds a public key; the private one is needed" },
    { "CERTIFICATE", "it holds a certificate; a private key is needed" },
    { "CERTIFICATE REQUEST", "it holds a certificate request; a private key is needed" },
    { "OPENSSH PRIVATE KEY",
      "it is in the form of OpenSSH; make a key with \"egressctl key new\"" },
    { "EC PRIVATE KEY", "it holds an EC key; DKIM knows RSA and Ed25519 only" },
    { "DSA PRIVATE KEY", "it holds a DSA key; DKIM knows RSA and Ed25519 only" },
};

static bool is_private_label(const char *label)
{
    return strcmp(label, "PRIVATE KEY") == 0 || strcmp(label, "RSA PRIVATE KEY") == 0;
}

/* Parameters before an EC key and certificates around a key are passed over; the error is about the
 * first block that explains anything. */
static void explain_label(const char *label, struct error *error)
{
    if (error->text[0] != '\0') {
        return;
    }
    for (size_t i = 0; i < sizeof(other_labels) / sizeof(other_labels[0]); i++) {
        if (strcmp(label, other_labels[i].label) == 0) {
            error_set(error, "%s", other_labels[i].advice);
            return;
        }
    }
}

static void explain_no_block(struct span pem, struct error *error)
{
    if (error->text[0] != '\0') {
        return;
    }
    if (pem.size == 0) {
        error_set(error, "it is empty; a private key in PEM is needed");
    } else if ((unsigned char)pem.at[0] == 0x30) {
        error_set(error, "it looks like DER; \"openssl pkey -inform DER -in OLD -out NEW\" writes "
                         "the PEM that is needed");
    } else if (memmem(pem.at, pem.size, "-----BEGIN ", 11) != NULL) {
        error_set(error, "its PEM block is damaged or cut short");
    } else {
        error_set(error, "it holds no PEM block (-----BEGIN PRIVATE KEY-----)");
    }
}

/* The first private key in the text. */
static bool find_block(struct span pem, struct block *block, struct error *error)
{
    BIO *bio = BIO_new_mem_buf(pem.size > 0 ? pem.at : "", (int)pem.size);
    error->text[0] = '\0';
    bool is_found = false;
    while (bio != NULL && !is_found &&
           PEM_read_bio(bio, &block->label, &block->header, &block->der, &block->size) == 1) {
        is_found = is_private_label(block->label);
        if (!is_found) {
            explain_label(block->label, error);
            block_free(block);
        }
    }
    BIO_free(bio);
    ERR_clear_error();
    if (!is_found) {
        explain_no_block(pem, error);
    }
    return is_found;
}

/* The algorithm inside PKCS#8: EVP_PKEY_RSA, EVP_PKEY_ED25519, or 0 with *error filled. */
static int pkcs8_type(const struct block *block, struct error *error)
{
    const unsigned char *at = block->der;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, block->size);
    const ASN1_OBJECT *algorithm = NULL;
    int type = 0;
    if (info == NULL || PKCS8_pkey_get0(&algorithm, NULL, NULL, NULL, info) != 1) {
        error_set(error, "its PEM block holds no PKCS#8 private key");
    } else {
        int nid = OBJ_obj2nid(algorithm);
        type = nid == NID_rsaEncryption ? EVP_PKEY_RSA : nid == NID_ED25519 ? EVP_PKEY_ED25519 : 0;
        if (type == 0) {
            error_set(error, "it holds a key of type %s; DKIM knows RSA and Ed25519 only",
                      nid == NID_undef ? "unknown" : OBJ_nid2ln(nid));
        }
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    return type;
}

static EVP_PKEY *block_decode(const struct block *block, struct error *error)
{
    if (block->header[0] != '\0') { /* "Proc-Type: 4,ENCRYPTED" (RFC 1421) is the only use */
        explain_label("ENCRYPTED PRIVATE KEY", error);
        return NULL;
    }
    int type =
        strcmp(block->label, "RSA PRIVATE KEY") == 0 ? EVP_PKEY_RSA : pkcs8_type(block, error);
    if (type == 0) {
        return NULL;
    }
    const unsigned char *at = block->der;
    EVP_PKEY *pkey = d2i_PrivateKey_ex(type, NULL, &at, block->size, NULL, NULL);
    if (pkey == NULL) {
        error_set(error, "its PEM block cannot be read as a private key: it is damaged");
    }
    return pkey;
}

static bool size_is_usable(const EVP_PKEY *pkey, struct error *error)
{
    int bits = EVP_PKEY_get_bits(pkey);
    if (EVP_PKEY_is_a(pkey, "RSA") && (bits < RSA_LEAST_BITS || bits > RSA_MOST_BITS)) {
        error_set(error,
                  "the RSA key has %d bits; at least %d are needed (2048 are usual), at "
                  "most %d are supported",
                  bits, RSA_LEAST_BITS, RSA_MOST_BITS);
        return false;
    }
    return true;
}

/* Takes over the key. */
static struct dkim_key *finish(EVP_PKEY *pkey, struct error *error)
{
    ERR_clear_error();
    if (pkey == NULL || !size_is_usable(pkey, error)) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    struct dkim_key *key = key_wrap(pkey, false, error);
    if (key != NULL && !key_proves_pair(key, error)) {
        dkim_key_unref(&key);
    }
    return key;
}

static struct dkim_key *parse(struct span pem, struct error *error)
{
    struct block block = { NULL, NULL, NULL, 0 };
    if (!find_block(pem, &block, error)) {
        return NULL;
    }
    error->text[0] = '\0'; /* what was passed over before the key is no matter */
    EVP_PKEY *pkey = block_decode(&block, error);
    block_free(&block);
    return finish(pkey, error);
}

/* --- keys in one line ------------------------------------------------------------------------ */

/* What stands between "-----BEGIN ...-----" and "-----END ...-----"; without them, all of it. */
static struct span line_letters(struct span line)
{
    static const char dashes[] = "-----";
    if (line.size < 5 || memcmp(line.at, dashes, 5) != 0) {
        return line;
    }
    const char *end = memmem(line.at + 5, line.size - 5, dashes, 5);
    struct span rest = end != NULL ? span_from(line, (size_t)(end - line.at) + 5) : line;
    ptrdiff_t next = span_find(rest, '-');
    return next >= 0 ? span_first(rest, (size_t)next) : rest;
}

static EVP_PKEY *decode_der(const unsigned char *der, size_t size, struct error *error)
{
    const unsigned char *at = der;
    EVP_PKEY *pkey = d2i_AutoPrivateKey_ex(NULL, &at, (long)size, NULL, NULL);
    if (pkey != NULL && (EVP_PKEY_is_a(pkey, "RSA") || EVP_PKEY_is_a(pkey, "ED25519"))) {
        return pkey;
    }
    error_set(error, pkey != NULL
                         ? "it holds a key of another type; DKIM knows RSA and Ed25519 only"
                         : "it is neither a path nor base64 of a private key");
    EVP_PKEY_free(pkey);
    return NULL;
}

struct dkim_key *dkim_key_parse_line(struct span line, const char *name, struct error *error)
{
    struct span letters = line_letters(line);
    size_t room = letters.size / 4 * 3 + 3, size;
    unsigned char *der = letters.size <= KEY_FILE_MAX ? OPENSSL_malloc(room) : NULL;
    struct dkim_key *key = NULL;
    if (der == NULL) {
        error_set(error, "it is no private key, or memory is out");
    } else if (!base64_decode(letters, der, room, &size)) {
        error_set(error, "it is neither a path nor base64 of a private key");
    } else {
        EVP_PKEY *pkey = decode_der(der, size, error);
        key = finish(pkey, error);
    }
    OPENSSL_clear_free(der, room);
    if (key == NULL) {
        error_prefix(error, "%s", name);
    }
    return key;
}

struct dkim_key *dkim_key_parse(struct span pem, const char *name, struct error *error)
{
    if (pem.size > KEY_FILE_MAX) {
        error_set(error, "%s: larger than %d bytes, no private key", name, KEY_FILE_MAX);
        return NULL;
    }
    struct dkim_key *key = parse(pem, error);
    if (key == NULL) {
        error_prefix(error, "%s", name);
    }
    return key;
}

struct dkim_key *dkim_key_read(const char *path, struct error *error)
{
    if (!file_is_private(path, "private key", error)) {
        return NULL;
    }
    struct buffer buffer = BUFFER_EMPTY;
    struct dkim_key *key = NULL;
    if (file_read(path, KEY_FILE_MAX, &buffer, error)) {
        key = dkim_key_parse(buffer_span(&buffer), path, error);
    }
    if (buffer.at != NULL) {
        OPENSSL_cleanse(buffer.at, buffer.room);
    }
    buffer_free(&buffer);
    return key;
}
