/*
 * threads: one key and one SHA-256 serve all threads at once, and what each of
 * them signs is right. Says most under ThreadSanitizer.
 */
#include <pthread.h>
#include <string.h>

#include "dkim/hash.h"
#include "test_dkim_support.h"

#define THREADS 8
#define ROUNDS 200

/* What one thread found; cmocka's assertions are for the main thread only. */
struct worker {
    pthread_t thread;
    pthread_barrier_t *start;
    struct dkim_key *keys[2]; /* references of its own */
    unsigned number;
    unsigned failures;
};

/* A digest nobody else signs, so that an exchanged buffer would show. */
static void make_digest(const struct worker *worker, unsigned round, uint8_t *digest)
{
    memset(digest, (int)worker->number, DKIM_DIGEST_SIZE);
    memcpy(digest, &round, sizeof(round));
}

static bool sign_once(struct worker *worker, enum dkim_algorithm algorithm, unsigned round)
{
    uint8_t digest[DKIM_DIGEST_SIZE], signature[DKIM_SIGNATURE_MAX];
    size_t size;
    struct error error;
    make_digest(worker, round, digest);
    bool is_right = dkim_key_sign(worker->keys[algorithm], digest, signature, &size, &error) &&
                    dkim_key_verify(worker->keys[algorithm], digest, signature, size);
    digest[0] ^= 1;
    return is_right && !dkim_key_verify(worker->keys[algorithm], digest, signature, size);
}

/* An empty body has one hash in each form, whoever asks. */
static bool hash_once(void)
{
    static const uint8_t first[] = { [CANONICAL_SIMPLE] = 0x7e, [CANONICAL_RELAXED] = 0xe3 };
    struct dkim_body_hash *hash = dkim_body_hash_new(3);
    bool is_right = hash != NULL && dkim_body_hash_finish(hash);
    for (enum canonical form = CANONICAL_SIMPLE; is_right && form <= CANONICAL_RELAXED; form++) {
        is_right = dkim_body_hash_digest(hash, form)[0] == first[form];
    }
    if (hash != NULL) {
        dkim_body_hash_free(&hash);
    }
    return is_right;
}

static void *work(void *context)
{
    struct worker *worker = context;
    pthread_barrier_wait(worker->start);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (enum dkim_algorithm i = DKIM_RSA_SHA256; i <= DKIM_ED25519_SHA256; i++) {
            worker->failures += !sign_once(worker, i, round);
        }
        worker->failures += !hash_once();
    }
    for (enum dkim_algorithm i = DKIM_RSA_SHA256; i <= DKIM_ED25519_SHA256; i++) {
        dkim_key_unref(&worker->keys[i]); /* whoever is last frees */
    }
    return NULL;
}

static void test_one_key_many_threads(void **state)
{
    static struct worker workers[THREADS];
    struct dkim_key *keys[2];
    pthread_barrier_t start;
    struct error error;
    (void)state;
    for (enum dkim_algorithm i = DKIM_RSA_SHA256; i <= DKIM_ED25519_SHA256; i++) {
        keys[i] = dkim_key_generate(i, 1024, &error);
        assert_non_null(keys[i]);
    }
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (unsigned n = 0; n < THREADS; n++) {
        workers[n] = (struct worker){ .start = &start, .number = n };
        workers[n].keys[DKIM_RSA_SHA256] = dkim_key_ref(keys[DKIM_RSA_SHA256]);
        workers[n].keys[DKIM_ED25519_SHA256] = dkim_key_ref(keys[DKIM_ED25519_SHA256]);
        assert_int_equal(pthread_create(&workers[n].thread, NULL, work, &workers[n]), 0);
    }
    dkim_key_unref(&keys[DKIM_RSA_SHA256]); /* as a reload does, while they sign */
    dkim_key_unref(&keys[DKIM_ED25519_SHA256]);
    for (unsigned n = 0; n < THREADS; n++) {
        assert_int_equal(pthread_join(workers[n].thread, NULL), 0);
        assert_int_equal(workers[n].failures, 0);
    }
    pthread_barrier_destroy(&start);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_one_key_many_threads) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
