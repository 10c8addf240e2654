/* The watch in its thread: it begins, is hurried, and ends when it is told to, while others sign.
 */
#include "tests/unit/test_watch_support.h"

#include <pthread.h>
#include <stdatomic.h>

#define ONE_KEY                                                                                    \
    "domains = ( { name = \"example.org\"; keys = ( { selector = \"a\"; file = \"$F/a.pem\"; } "   \
    "); "                                                                                          \
    "} );\nsigning = { prove_every = \"1s\"; };\n"
#define A "a._domainkey.example.org"

static void *run(void *watch)
{
    watch_run(watch);
    return NULL;
}

static atomic_bool is_over;

static void *sign(void *context)
{
    struct scene *scene = context;
    struct site *site = site_holder_get(scene->holder);
    const struct dkim_domain *domain = dkim_domains_find(site->domains, SPAN("example.org"));
    bool uses[1];
    while (!atomic_load(&is_over)) {
        key_proofs_choose(scene->proofs, domain, SPAN("example.org"), false, uses);
    }
    site_unref(&site);
    return NULL;
}

static void quiet(struct log_sink *sink, enum log_level level, struct span line)
{
    (void)sink;
    (void)level;
    (void)line;
}

static bool is_active(struct scene *scene)
{
    struct key_record record;
    return key_proofs_get(scene->proofs, SPAN(A), &record) && record.state == KEY_ACTIVE;
}

static void test_life(void **state)
{
    (void)state;
    struct scene *scene = scene_new(ONE_KEY, NULL);
    struct log_sink sink = { quiet };
    struct watch_setup setup = { .holder = scene->holder,
                                 .resolver = &scene->dns.base,
                                 .store = scene->store,
                                 .proofs = scene->proofs,
                                 .clock = &clock_system,
                                 .log = &sink,
                                 .is_leader = true };
    pthread_t watcher, signer;
    scene_dns(scene, A " TXT \"$A\"\n");
    scene->watch = watch_new(&setup);
    atomic_store(&is_over, false);
    assert_int_equal(pthread_create(&watcher, NULL, run, scene->watch), 0);
    assert_int_equal(pthread_create(&signer, NULL, sign, scene), 0);
    for (int i = 0; i < 1000 && !is_active(scene); i++) {
        watch_hurry(scene->watch);
        usleep(10000);
    }
    assert_true(is_active(scene));
    site_holder_swap(scene->holder, scene_site(scene, ONE_KEY));
    watch_hurry(scene->watch);
    watch_stop(scene->watch);
    pthread_join(watcher, NULL);
    atomic_store(&is_over, true);
    pthread_join(signer, NULL);
    scene_free(&scene);
}

static void test_stop_before_run(void **state)
{
    (void)state;
    struct scene *scene = scene_new(ONE_KEY, NULL);
    scene_start(scene, true);
    watch_stop(scene->watch);
    watch_run(scene->watch);
    assert_int_equal(scene->dns.asked[DNS_WAY_CACHE], 0);
    scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_stop_before_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
