/*
 * Measures signing, hashing and canonicalisation (RFC 6376 section 3.4, RFC 8463). See
 * floor_work.h.
 *
 * The canonicalisation is the straightforward one: one pass over the bytes, a small buffer in front
 * of the hash. Keys are parsed and contexts prepared before the clock starts; what is measured is
 * what each message costs.
 */
#include "floor_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define BATCHES 5
#define BATCH_NS 3000000u

struct bench {
    const struct floor_work *work;
    const char *body;
    EVP_MD *sha256;
    EVP_MD_CTX *hash;
    EVP_PKEY *rsa;
    EVP_PKEY *ed25519;
    EVP_PKEY_CTX *sign_template;
    EVP_PKEY_CTX *verify_template;
    unsigned char digest[32];
    unsigned char signature[512];
    size_t signature_length;
    bool failed;
};

/* --- canonical forms --------------------------------------------------- */

struct canonical {
    EVP_MD_CTX *hash;
    char out[16384];
    size_t length;
    size_t empty_lines; /* not yet given to the hash */
    bool has_blank;     /* a run of blanks was seen */
    bool has_text;      /* on this line */
};

static void flush(struct canonical *canonical)
{
    EVP_DigestUpdate(canonical->hash, canonical->out, canonical->length);
    canonical->length = 0;
}

static void put(struct canonical *canonical, const char *bytes, size_t count)
{
    if (canonical->length + count > sizeof canonical->out)
        flush(canonical);
    if (count > sizeof canonical->out) {
        EVP_DigestUpdate(canonical->hash, bytes, count);
        return;
    }
    memcpy(canonical->out + canonical->length, bytes, count);
    canonical->length += count;
}

static void end_line(struct canonical *canonical)
{
    canonical->has_blank = false;
    if (canonical->has_text)
        put(canonical, "\r\n", 2);
    else
        canonical->empty_lines++;
    canonical->has_text = false;
}

static void put_word(struct canonical *canonical, const char *word, size_t length)
{
    for (; canonical->empty_lines; canonical->empty_lines--)
        put(canonical, "\r\n", 2);
    if (canonical->has_blank)
        put(canonical, " ", 1);
    canonical->has_blank = false;
    canonical->has_text = true;
    put(canonical, word, length);
}

static void relaxed_body(struct canonical *canonical, const char *body, size_t size)
{
    size_t i = 0;

    while (i < size) {
        size_t start = i;

        if (body[i] == '\r' && i + 1 < size && body[i + 1] == '\n') {
            end_line(canonical);
            i += 2;
        } else if (body[i] == ' ' || body[i] == '\t') {
            canonical->has_blank = true;
            i++;
        } else {
            do
                i++;
            while (i < size && body[i] != ' ' && body[i] != '\t' && body[i] != '\r');
            put_word(canonical, body + start, i - start);
        }
    }
    if (canonical->has_text)
        end_line(canonical);
    flush(canonical);
}

static void simple_body(EVP_MD_CTX *hash, const char *body, size_t size)
{
    while (size >= 4 && memcmp(body + size - 4, "\r\n\r\n", 4) == 0)
        size -= 2;
    EVP_DigestUpdate(hash, body, size);
    if (size < 2 || memcmp(body + size - 2, "\r\n", 2) != 0)
        EVP_DigestUpdate(hash, "\r\n", 2);
}

static void relaxed_field(struct canonical *canonical, const char *name, const char *value)
{
    canonical->has_blank = canonical->has_text = false;
    for (; *name; name++)
        put(canonical, (char[]){ *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20) : *name }, 1);
    put(canonical, ":", 1);
    while (*value) {
        size_t blanks = strspn(value, " \t\r\n");
        size_t length = strcspn(value + blanks, " \t\r\n");

        canonical->has_blank = blanks && canonical->has_text;
        if (length)
            put_word(canonical, value + blanks, length);
        value += blanks + length;
    }
    put(canonical, "\r\n", 2);
}

static void simple_field(EVP_MD_CTX *hash, const char *name, const char *value)
{
    EVP_DigestUpdate(hash, name, strlen(name));
    EVP_DigestUpdate(hash, ": ", 2);
    EVP_DigestUpdate(hash, value, strlen(value));
    EVP_DigestUpdate(hash, "\r\n", 2);
}

/* --- what is measured -------------------------------------------------- */

static void hash_body(struct bench *bench)
{
    struct canonical canonical = { .hash = bench->hash };

    EVP_DigestInit_ex2(bench->hash, bench->sha256, NULL);
    if (bench->work->is_body_relaxed)
        relaxed_body(&canonical, bench->body, bench->work->size);
    else
        simple_body(bench->hash, bench->body, bench->work->size);
    EVP_DigestFinal_ex(bench->hash, bench->digest, NULL);
}

static void hash_bytes(struct bench *bench)
{
    EVP_DigestInit_ex2(bench->hash, bench->sha256, NULL);
    EVP_DigestUpdate(bench->hash, bench->body, bench->work->size);
    EVP_DigestFinal_ex(bench->hash, bench->digest, NULL);
}

static void hash_header(struct bench *bench)
{
    /* The signature's own field is hashed last, with an empty b=. */
    static const char own[] =
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s2026a;\n\tt=1795430000; "
        "x=1796034800; h=From:From:To:To:Cc:Subject:Subject:Date:Date:\n\tMessage-ID:Reply-To:"
        "MIME-Version:Content-Type:Content-Transfer-Encoding:\n\tIn-Reply-To:References:"
        "Content-Language;\n\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\n\tb=";
    struct canonical canonical = { .hash = bench->hash };
    char value[512];

    EVP_DigestInit_ex2(bench->hash, bench->sha256, NULL);
    for (unsigned i = 0; i <= LOAD_FIELDS; i++) {
        const char *name = "DKIM-Signature";
        const char *text = own;

        if (i < LOAD_FIELDS) {
            name = load_field(i, 4711, "alice@example.org", "bob@example.net", value, sizeof value);
            text = value;
        }
        if (bench->work->is_header_relaxed)
            relaxed_field(&canonical, name, text);
        else
            simple_field(bench->hash, name, text);
    }
    if (bench->work->is_header_relaxed)
        flush(&canonical);
    EVP_DigestFinal_ex(bench->hash, bench->digest, NULL);
}

static void make_fields(struct bench *bench)
{
    char value[512];

    for (unsigned i = 0; i < LOAD_FIELDS; i++)
        if (!load_field(i, 4711, "alice@example.org", "bob@example.net", value, sizeof value))
            bench->failed = true;
}

static void sign_rsa(struct bench *bench)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(bench->sign_template);

    bench->signature_length = sizeof bench->signature;
    if (EVP_PKEY_sign(context, bench->signature, &bench->signature_length, bench->digest,
                      sizeof bench->digest) != 1)
        bench->failed = true;
    EVP_PKEY_CTX_free(context);
}

static void verify_rsa(struct bench *bench)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(bench->verify_template);

    if (EVP_PKEY_verify(context, bench->signature, bench->signature_length, bench->digest,
                        sizeof bench->digest) != 1)
        bench->failed = true;
    EVP_PKEY_CTX_free(context);
}

static void sign_ed25519(struct bench *bench)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[64];
    size_t length = sizeof signature;

    if (!context || EVP_DigestSignInit(context, NULL, NULL, NULL, bench->ed25519) != 1 ||
        EVP_DigestSign(context, signature, &length, bench->digest, sizeof bench->digest) != 1)
        bench->failed = true;
    EVP_MD_CTX_free(context);
}

/* --- measuring --------------------------------------------------------- */

static uint64_t thread_cpu_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

static double measure(struct bench *bench, void (*step)(struct bench *))
{
    double batch_ns[BATCHES];

    step(bench); /* caches and lazy initialisation */
    for (int i = 0; i < BATCHES; i++) {
        uint64_t start_ns = thread_cpu_ns();
        uint64_t now_ns;
        unsigned count = 0;

        do {
            step(bench);
            count++;
            now_ns = thread_cpu_ns();
        } while (now_ns - start_ns < BATCH_NS);
        batch_ns[i] = (double)(now_ns - start_ns) / count;
    }
    qsort(batch_ns, BATCHES, sizeof *batch_ns, compare_doubles);
    return batch_ns[BATCHES / 2];
}

static EVP_PKEY *load_key(const char *path, const char *algorithm)
{
    EVP_PKEY *key;
    FILE *file;

    if (!path)
        return strcmp(algorithm, "RSA") == 0 ? EVP_RSA_gen(2048)
                                             : EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
    file = fopen(path, "r");
    if (!file)
        return NULL;
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    return key;
}

static EVP_PKEY_CTX *make_template(EVP_PKEY *key, EVP_MD *hash, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    if (context && init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(context, hash) == 1)
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

static bool prepare(struct bench *bench, const struct floor_work *work)
{
    bench->work = work;
    bench->body = load_body_new(work->body, work->size);
    bench->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    bench->hash = EVP_MD_CTX_new();
    bench->rsa = load_key(work->rsa_key, "RSA");
    bench->ed25519 = load_key(work->ed25519_key, "ED25519");
    if (!bench->body || !bench->sha256 || !bench->hash || !bench->rsa || !bench->ed25519)
        return false;
    bench->sign_template = make_template(bench->rsa, bench->sha256, EVP_PKEY_sign_init);
    bench->verify_template = make_template(bench->rsa, bench->sha256, EVP_PKEY_verify_init);
    return bench->sign_template && bench->verify_template;
}

static void dismiss(struct bench *bench)
{
    EVP_PKEY_CTX_free(bench->sign_template);
    EVP_PKEY_CTX_free(bench->verify_template);
    EVP_PKEY_free(bench->rsa);
    EVP_PKEY_free(bench->ed25519);
    EVP_MD_CTX_free(bench->hash);
    EVP_MD_free(bench->sha256);
    free((char *)bench->body);
}

bool floor_work_measure(const struct floor_work *work, struct floor_figures *figures_r)
{
    struct bench bench = { 0 };
    bool done = prepare(&bench, work);

    if (done) {
        figures_r->body_ns = measure(&bench, hash_body);
        figures_r->body_hash_ns = measure(&bench, hash_bytes);
        figures_r->header_ns = measure(&bench, hash_header) - measure(&bench, make_fields);
        figures_r->rsa_sign_ns = measure(&bench, sign_rsa);
        figures_r->rsa_verify_ns = measure(&bench, verify_rsa);
        figures_r->ed25519_sign_ns = measure(&bench, sign_ed25519);
        done = !bench.failed;
    }
    if (!done)
        fprintf(stderr, "floor: OpenSSL did not do its part (keys?)\n");
    dismiss(&bench);
    return done;
}
