/*
 * ticket_secret: see ticket_secret.h. Each secret is kept as a MAC context with the key in it,
 * which every use duplicates: looking the algorithm up and hashing the key happen once.
 */
#include "site/ticket_secret.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "util/buffer.h"
#include "util/file.h"

#define SECRET_FILE_MAX 16384
#define HOW_TO_MAKE "make one with: openssl rand -base64 32 > %s"

struct ticket_secret {
    EVP_MAC_CTX *templates[TICKET_SECRETS_MAX];
    size_t count;
};

struct ticket_mac {
    EVP_MAC_CTX *context;
    bool has_failed;
};

static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_MAC *fetched;

static void fetch(void)
{
    fetched = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

static EVP_MAC_CTX *new_template(struct span key)
{
    char digest[] = "SHA2-256";
    const OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                                       digest, 0),
                                      OSSL_PARAM_construct_end() };
    pthread_once(&fetch_once, fetch);
    EVP_MAC_CTX *context = fetched != NULL ? EVP_MAC_CTX_new(fetched) : NULL;
    if (context != NULL &&
        EVP_MAC_init(context, (const unsigned char *)key.at, key.size, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    return context;
}

static bool take_line(struct ticket_secret *secret, struct span line, size_t number,
                      const char *name, struct error *error)
{
    if (line.size < TICKET_SECRET_BYTES_MIN) {
        error_set(error, "%s: line %zu has %zu bytes; a secret has at least %d, " HOW_TO_MAKE, name,
                  number, line.size, TICKET_SECRET_BYTES_MIN, name);
        return false;
    }
    if (secret->count == TICKET_SECRETS_MAX) {
        error_set(error, "%s: more than %d secrets; take old ones out", name, TICKET_SECRETS_MAX);
        return false;
    }
    secret->templates[secret->count] = new_template(line);
    if (secret->templates[secret->count] == NULL) {
        error_set(error, "%s: OpenSSL cannot make an HMAC with SHA-256", name);
        return false;
    }
    secret->count++;
    return true;
}

static bool take_lines(struct ticket_secret *secret, struct span text, const char *name,
                       struct error *error)
{
    struct span line;
    for (size_t number = 1; span_cut(&text, '\n', &line); number++) {
        line = span_trim(line);
        if (line.size > 0 && !take_line(secret, line, number, name, error)) {
            return false;
        }
    }
    if (secret->count == 0) {
        error_set(error, "%s: holds no secret; " HOW_TO_MAKE, name, name);
    }
    return secret->count > 0;
}

struct ticket_secret *ticket_secret_parse(struct span text, const char *name, struct error *error)
{
    struct ticket_secret *secret = calloc(1, sizeof(*secret));
    if (secret == NULL) {
        error_set(error, "%s: out of memory", name);
        return NULL;
    }
    if (!take_lines(secret, text, name, error)) {
        ticket_secret_free(&secret);
    }
    return secret;
}

struct ticket_secret *ticket_secret_read(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0 && errno == ENOENT) {
        error_set(error, "%s is not there; " HOW_TO_MAKE, path, path);
        return NULL;
    }
    if (!file_is_private(path, "secret of the tickets", error)) {
        return NULL;
    }
    struct buffer text = BUFFER_EMPTY;
    struct ticket_secret *secret = NULL;
    if (file_read(path, SECRET_FILE_MAX, &text, error)) {
        secret = ticket_secret_parse(buffer_span(&text), path, error);
    }
    if (text.at != NULL) {
        OPENSSL_cleanse(text.at, text.room);
    }
    buffer_free(&text);
    return secret;
}

void ticket_secret_free(struct ticket_secret **secret)
{
    if (*secret == NULL) {
        return;
    }
    for (size_t i = 0; i < (*secret)->count; i++) {
        EVP_MAC_CTX_free((*secret)->templates[i]); /* wipes the key */
    }
    free(*secret);
    *secret = NULL;
}

size_t ticket_secret_count(const struct ticket_secret *secret)
{
    return secret->count;
}

struct ticket_mac *ticket_mac_begin(const struct ticket_secret *secret, size_t index)
{
    struct ticket_mac *mac = calloc(1, sizeof(*mac));
    if (mac != NULL) {
        mac->context = EVP_MAC_CTX_dup(secret->templates[index]);
    }
    if (mac != NULL && mac->context == NULL) {
        free(mac);
        mac = NULL;
    }
    return mac;
}

void ticket_mac_add(void *context, const void *bytes, size_t size)
{
    struct ticket_mac *mac = context;
    if (size > 0 && EVP_MAC_update(mac->context, bytes, size) != 1) {
        mac->has_failed = true;
    }
}

bool ticket_mac_end(struct ticket_mac **mac, uint8_t mac_r[static TICKET_MAC_SIZE])
{
    size_t size = 0;
    bool is_good = !(*mac)->has_failed &&
                   EVP_MAC_final((*mac)->context, mac_r, &size, TICKET_MAC_SIZE) == 1 &&
                   size == TICKET_MAC_SIZE;
    EVP_MAC_CTX_free((*mac)->context);
    free(*mac);
    *mac = NULL;
    return is_good;
}

bool ticket_mac_is_equal(const uint8_t a[static TICKET_MAC_SIZE],
                         const uint8_t b[static TICKET_MAC_SIZE])
{
    return CRYPTO_memcmp(a, b, TICKET_MAC_SIZE) == 0;
}
