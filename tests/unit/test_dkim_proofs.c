/* proofs: which keys of a domain sign, by what is known of each; from many threads at once. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "dkim/proof.h"
#include "test_dkim_support.h"

#define KEYS 4

/* Rows "r1 r2 e1 e2": two of RSA, two of Ed25519, of which the first so many are used. */
static struct dkim_domain_key rows[KEYS];
static struct dkim_domain domain = { .name = "example.org", .d = "example.org", .keys = rows };

static int make_rows(void **state)
{
    static const char *const selectors[KEYS] = { "r1", "r2", "e1", "e2" };
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        rows[i].selector = selectors[i];
        rows[i].key = test_key(i < 2 ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256);
    }
    domain.key_count = KEYS;
    return 0;
}

static void set(struct key_proofs *proofs, const char *selector, enum key_state state, bool is_lost,
                int64_t seen_good_s)
{
    struct key_record record = { .state = state, .is_lost = is_lost, .seen_good_s = seen_good_s };
    char name[64];
    snprintf(name, sizeof(name), "%s._domainkey.example.org", selector);
    assert_true(key_proofs_set(proofs, span_of(name), &record));
}

/* "r1=active r2=lost": NEW for those that are not named; "absent" has no key. */
static void set_all(struct key_proofs *proofs, const char *text)
{
    struct span rest = span_of(text), word;
    make_rows(NULL);
    while (span_cut(&rest, ' ', &word) && word.size > 0) {
        char selector[3] = { word.at[0], word.at[1], '\0' };
        struct span what = span_from(word, 3);
        int number = (selector[0] == 'e' ? 2 : 0) + (selector[1] - '1');
        if (span_is_equal(what, SPAN("absent"))) {
            rows[number].key = NULL;
        } else if (span_is_equal(what, SPAN("lost"))) {
            set(proofs, selector, KEY_ACTIVE, true, 1);
        } else if (span_is_equal(what, SPAN("gone"))) {
            set(proofs, selector, KEY_RETIRING, true, 1);
        } else {
            enum key_state state = KEY_NEW;
            while (!span_is_equal(what, span_of(key_state_name(state)))) {
                assert_true(++state <= KEY_REVOKED);
            }
            set(proofs, selector, state, false, 10 - number);
        }
    }
}

static const struct {
    const char *known;
    const char *uses, *uses_proven; /* without and with require_published; "lost", "none yet" */
} choices[] = {
    { "", "r1 r2 e1 e2", "none yet" },
    { "r1=new e1=published", "r1 r2 e1 e2", "none yet" },
    { "r1=active", "r1", "r1" },
    { "r1=active r2=published e1=active", "r1 e1", "r1 e1" },
    { "r1=active r2=active e1=active e2=active", "r1 r2 e1 e2", "r1 r2 e1 e2" },
    { "r1=retiring r2=active", "r2", "r2" },
    { "r1=lost r2=active", "r2", "r2" },
    { "r1=lost", "lost", "lost" },
    { "r1=lost r2=lost e1=lost e2=lost", "lost", "lost" },
    { "r1=lost r2=published e1=new", "lost", "lost" },
    { "r1=lost e1=active", "e1", "e1" },
    /* few receivers verify Ed25519: RSA waits for nobody but RSA */
    { "e1=active", "r1 r2 e1", "e1" },
    { "e1=lost", "r1 r2", "lost" },
    { "e1=active r1=active", "r1 e1", "r1 e1" },
    /* the one that took over is gone: the last proven of those before it */
    { "r1=retiring r2=lost", "r1", "r1" },
    { "r1=retiring e1=retiring r2=lost", "r1", "r1" },
    { "r1=gone e1=retiring r2=lost", "e1", "e1" },
    { "r1=gone r2=lost", "lost", "lost" },
    { "r1=revoked r2=active", "r2", "r2" },
    { "r1=revoked", "lost", "lost" },
    { "r1=revoked r2=retiring", "r2", "r2" },
    /* keys that cannot be loaded */
    { "r1=absent", "r2 e1 e2", "none yet" },
    { "r1=absent r2=active", "r2", "r2" },
};

static void assert_choice(struct key_proofs *proofs, bool require_published, const char *known,
                          const char *wanted)
{
    bool uses[KEYS];
    struct buffer said = BUFFER_EMPTY;
    enum key_choice choice =
        key_proofs_choose(proofs, &domain, SPAN("example.org"), require_published, uses);
    for (size_t i = 0; i < domain.key_count; i++) {
        if (uses[i]) {
            buffer_printf(&said, "%s%s", said.size > 0 ? " " : "", rows[i].selector);
        }
    }
    if (choice != KEY_CHOICE_SIGN) {
        assert_int_equal(said.size, 0);
        buffer_add_text(&said, choice == KEY_CHOICE_LOST ? "lost" : "none yet");
    }
    if (strcmp(buffer_text(&said), wanted) != 0) {
        fail_msg("%s: \"%s\" instead of \"%s\"", known, buffer_text(&said), wanted);
    }
    buffer_free(&said);
}

static void test_choices(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(choices); i++) {
        struct key_proofs *proofs = key_proofs_new();
        set_all(proofs, choices[i].known);
        assert_choice(proofs, false, choices[i].known, choices[i].uses);
        assert_choice(proofs, true, choices[i].known, choices[i].uses_proven);
        key_proofs_free(&proofs);
    }
}

static void test_without_proofs(void **state)
{
    (void)state;
    make_rows(NULL);
    rows[1].key = NULL;
    assert_choice(NULL, true, "no proofs", "r1 e1 e2");
}

static void test_names_in_any_case(void **state)
{
    (void)state;
    struct key_proofs *proofs = key_proofs_new();
    bool uses[KEYS];
    set_all(proofs, "r2=active");
    rows[1].selector = "R2";
    assert_int_equal(key_proofs_choose(proofs, &domain, SPAN("EXAMPLE.org"), true, uses),
                     KEY_CHOICE_SIGN);
    assert_true(uses[1] && !uses[0]);
    key_proofs_free(&proofs);
}

/* --- names that are met, and messages that got nothing -------------------------------------------
 */

static void test_met_names(void **state)
{
    (void)state;
    struct key_proofs *proofs = key_proofs_new();
    struct dkim_domain any = { .name = "*", .keys = rows, .key_count = 1 };
    struct span name;
    bool uses[KEYS], has_record;
    size_t position = 0;
    make_rows(NULL);
    key_proofs_choose(proofs, &domain, SPAN("example.org"), false, uses);
    assert_false(key_proofs_next(proofs, &position, &name, &has_record)); /* its d is fixed */
    for (int i = 0; i < KEY_NAMES_NOTED_MAX + 10; i++) {
        char d[32];
        snprintf(d, sizeof(d), "c%d.example", i);
        assert_int_equal(key_proofs_choose(proofs, &any, span_of(d), false, uses), KEY_CHOICE_SIGN);
    }
    assert_true(key_proofs_next(proofs, &position, &name, &has_record));
    assert_true(span_is_equal(name, SPAN("r1._domainkey.c0.example")));
    assert_false(has_record);
    struct key_record record = { .state = KEY_ACTIVE };
    assert_false(key_proofs_get(proofs, name, &record));
    assert_true(key_proofs_set(proofs, name, &record));
    position = 0;
    assert_true(key_proofs_next(proofs, &position, &name, &has_record));
    assert_true(has_record);
    size_t count = 1;
    while (key_proofs_next(proofs, &position, &name, &has_record)) {
        count++;
    }
    assert_int_equal(count, KEY_NAMES_NOTED_MAX);
    key_proofs_free(&proofs);
}

static void test_lost_messages(void **state)
{
    (void)state;
    struct key_proofs *proofs = key_proofs_new();
    struct span name;
    bool uses[KEYS];
    unsigned messages;
    size_t position = 0;
    set_all(proofs, "r1=lost r2=new");
    for (int i = 0; i < 3; i++) {
        key_proofs_choose(proofs, &domain, SPAN("example.org"), false, uses);
    }
    assert_true(key_proofs_take_lost(proofs, &position, &name, &messages));
    assert_true(span_is_equal(name, SPAN("r1._domainkey.example.org")));
    assert_int_equal(messages, 3);
    assert_false(key_proofs_take_lost(proofs, &position, &name, &messages));
    position = 0;
    assert_false(key_proofs_take_lost(proofs, &position, &name, &messages));
    key_proofs_free(&proofs);
}

/* --- threads -------------------------------------------------------------------------------------
 */

#define NAMES 3000
#define READERS 3

static atomic_bool is_over;

static void *choose_on(void *proofs)
{
    struct dkim_domain any = { .name = "*", .keys = rows, .key_count = 2 };
    uintptr_t faults = 0;
    for (unsigned i = 0; !atomic_load(&is_over); i++) {
        bool uses[KEYS];
        char d[32];
        snprintf(d, sizeof(d), "c%u.example", i % (2 * NAMES));
        faults += key_proofs_choose(proofs, &any, span_of(d), false, uses) != KEY_CHOICE_SIGN;
    }
    return (void *)faults;
}

/* While the table grows, those who look find what was there, and note what was not. */
static void test_threads(void **state)
{
    (void)state;
    struct key_proofs *proofs = key_proofs_new();
    struct key_record record = { .state = KEY_ACTIVE, .reason = "proven" };
    pthread_t threads[READERS];
    make_rows(NULL);
    atomic_store(&is_over, false);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, choose_on, proofs), 0);
    }
    for (int i = 0; i < NAMES; i++) {
        char name[48];
        snprintf(name, sizeof(name), "r%d._domainkey.c%d.example", 1 + i % 2, i);
        assert_true(key_proofs_set(proofs, span_of(name), &record));
        assert_true(key_proofs_get(proofs, span_of(name), &record));
        assert_string_equal(record.reason, "proven");
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < READERS; i++) {
        void *faults;
        pthread_join(threads[i], &faults);
        assert_null(faults);
    }
    key_proofs_free(&proofs);
}

/* --- what it costs: told, not judged
 * --------------------------------------------------------------- */

static void test_cost(void **state)
{
    (void)state;
    enum { LOOKS = 1000000 };
    struct key_proofs *proofs = key_proofs_new();
    struct key_record record = { .state = KEY_ACTIVE };
    struct dkim_domain one = domain;
    struct timespec begin, end;
    bool uses[KEYS];
    size_t signs = 0;
    make_rows(NULL);
    one.key_count = 1;
    for (int i = 0; i < 10000; i++) {
        char name[64];
        snprintf(name, sizeof(name), "r1._domainkey.customer%d.hosting.example", i);
        assert_true(key_proofs_set(proofs, span_of(name), &record));
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    for (int i = 0; i < LOOKS; i++) {
        signs += key_proofs_choose(proofs, &one, SPAN("customer4711.hosting.example"), true,
                                   uses) == KEY_CHOICE_SIGN;
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    assert_int_equal(signs, LOOKS);
    print_message("one key: %.0f ns\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
                                         (double)(end.tv_nsec - begin.tv_nsec)) /
                                            LOOKS);
    key_proofs_free(&proofs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_without_proofs),
        cmocka_unit_test(test_names_in_any_case),
        cmocka_unit_test(test_met_names),
        cmocka_unit_test(test_lost_messages),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests(tests, make_rows, NULL);
}
