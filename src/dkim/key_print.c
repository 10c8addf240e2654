/*
 * key_print: makes keys and writes them: the private one as PKCS#8 PEM, the public one as the TXT
 * value to publish (RFC 6376 3.6.1, RFC 8463 4).
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "dkim/base64.h"
#include "dkim/key.h"
#include "dkim/key_private.h"

struct dkim_key *dkim_key_generate(enum dkim_algorithm algorithm, unsigned bits,
                                   struct error *error)
{
    EVP_PKEY *pkey;
    if (algorithm == DKIM_RSA_SHA256) {
        if (bits < 1024 || bits > DKIM_SIGNATURE_MAX * 8) {
            error_set(error, "an RSA key has 1024 to %d bits, not %u", DKIM_SIGNATURE_MAX * 8,
                      bits);
            return NULL;
        }
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    } else {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    if (pkey == NULL) {
        key_openssl_error("OpenSSL cannot make a key", error);
        return NULL;
    }
    return key_wrap(pkey, false, error);
}

bool dkim_key_print_private(const struct dkim_key *key, struct buffer *out)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    bool is_written = bio != NULL &&
                      PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
    if (is_written) {
        long size = BIO_get_mem_data(bio, &text);
        buffer_add(out, text, (size_t)size);
    }
    BIO_free(bio);
    ERR_clear_error();
    return is_written && !buffer_has_failed(out);
}

static bool print_rsa(const struct dkim_key *key, struct buffer *out)
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key->pkey, &der);
    if (size > 0) {
        buffer_add_text(out, "v=DKIM1; k=rsa; p=");
        base64_print(der, (size_t)size, out);
    }
    OPENSSL_free(der);
    return size > 0;
}

static bool print_ed25519(const struct dkim_key *key, struct buffer *out)
{
    unsigned char raw[32];
    size_t size = sizeof(raw);
    if (EVP_PKEY_get_raw_public_key(key->pkey, raw, &size) != 1) {
        return false;
    }
    buffer_add_text(out, "v=DKIM1; k=ed25519; p=");
    base64_print(raw, size, out);
    return true;
}

bool dkim_key_print_record(const struct dkim_key *key, struct buffer *out)
{
    bool is_printed =
        key->algorithm == DKIM_RSA_SHA256 ? print_rsa(key, out) : print_ed25519(key, out);
    ERR_clear_error();
    return is_printed && !buffer_has_failed(out);
}
