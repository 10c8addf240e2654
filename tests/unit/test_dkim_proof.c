/* proof: the states of a key, rule by rule, and the form in which they are kept. */
#include "dkim/proof_store.h"
#include "test_dkim_support.h"

#define LOST_AFTER 600
#define T0 INT64_C(1764400000)

static const struct key_rules rules = { .lost_after_s = LOST_AFTER, .retire_after_s = 12 * 86400 };

/* --- looks one after another ----------------------------------------------------------------- */

struct step {
    int64_t after_s; /* since T0 */
    enum key_seen seen;
    bool is_at_zone;
    enum key_event event;
    enum key_state state;
    bool is_lost;
};

#define END                                                                                        \
    {                                                                                              \
        -1, KEY_SEEN_GOOD, false, KEY_EVENT_NONE, KEY_NEW, false                                   \
    }
#define CACHE false
#define ZONE true

static const struct {
    const char *what;
    struct step steps[10];
} stories[] = {
    { "published and proven",
      { { 0, KEY_SEEN_NOTHING, CACHE, KEY_EVENT_NONE, KEY_NEW, false },
        { 60, KEY_SEEN_GOOD, CACHE, KEY_EVENT_PUBLISHED, KEY_PUBLISHED, false },
        { 61, KEY_SEEN_GOOD, CACHE, KEY_EVENT_NONE, KEY_PUBLISHED, false },
        { 62, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PROVEN, KEY_ACTIVE, false },
        { 9999, KEY_SEEN_GOOD, CACHE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        END } },
    { "one look is no proof, even in the zone",
      { { 0, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PUBLISHED, KEY_PUBLISHED, false },
        { 1, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PROVEN, KEY_ACTIVE, false },
        END } },
    { "withdrawn before it was proven",
      { { 0, KEY_SEEN_GOOD, CACHE, KEY_EVENT_PUBLISHED, KEY_PUBLISHED, false },
        { 1, KEY_SEEN_OTHER, CACHE, KEY_EVENT_NONE, KEY_PUBLISHED, false },
        { 2, KEY_SEEN_OTHER, ZONE, KEY_EVENT_WITHDRAWN, KEY_NEW, false },
        { 3, KEY_SEEN_GOOD, CACHE, KEY_EVENT_PUBLISHED, KEY_PUBLISHED, false },
        END } },
    { "no answer changes nothing",
      { { 0, KEY_SEEN_CANNOT, ZONE, KEY_EVENT_NONE, KEY_NEW, false },
        { 1, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PUBLISHED, KEY_PUBLISHED, false },
        { 2, KEY_SEEN_CANNOT, ZONE, KEY_EVENT_NONE, KEY_PUBLISHED, false },
        { 3, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PROVEN, KEY_ACTIVE, false },
        { 4, KEY_SEEN_CANNOT, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        { 99999, KEY_SEEN_CANNOT, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        END } },
    { "lost after two looks, and back",
      { { 0, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PUBLISHED, KEY_PUBLISHED, false },
        { 1, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PROVEN, KEY_ACTIVE, false },
        { 100, KEY_SEEN_NOTHING, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        { 100 + LOST_AFTER - 1, KEY_SEEN_NOTHING, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        { 100 + LOST_AFTER, KEY_SEEN_NOTHING, ZONE, KEY_EVENT_LOST, KEY_ACTIVE, true },
        { 100 + 2 * LOST_AFTER, KEY_SEEN_NOTHING, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, true },
        { 2000, KEY_SEEN_GOOD, CACHE, KEY_EVENT_NONE, KEY_ACTIVE, true },
        { 2001, KEY_SEEN_GOOD, ZONE, KEY_EVENT_BACK, KEY_ACTIVE, false },
        { 2002, KEY_SEEN_NOTHING, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        END } },
    { "what a cache says is no loss",
      { { 0, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PUBLISHED, KEY_PUBLISHED, false },
        { 1, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PROVEN, KEY_ACTIVE, false },
        { 100, KEY_SEEN_REVOKED, CACHE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        { 5000, KEY_SEEN_REVOKED, CACHE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        END } },
    { "a good look in between, and another fault, begin anew",
      { { 0, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PUBLISHED, KEY_PUBLISHED, false },
        { 1, KEY_SEEN_GOOD, ZONE, KEY_EVENT_PROVEN, KEY_ACTIVE, false },
        { 100, KEY_SEEN_OTHER, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        { 200, KEY_SEEN_GOOD, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        { 100 + LOST_AFTER, KEY_SEEN_OTHER, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        { 200 + LOST_AFTER, KEY_SEEN_REVOKED, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        { 200 + 2 * LOST_AFTER, KEY_SEEN_UNFIT, ZONE, KEY_EVENT_NONE, KEY_ACTIVE, false },
        { 200 + 3 * LOST_AFTER, KEY_SEEN_UNFIT, ZONE, KEY_EVENT_LOST, KEY_ACTIVE, true },
        END } },
};

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(stories); i++) {
        struct key_record record = { .state = KEY_NEW };
        for (const struct step *step = stories[i].steps; step->after_s >= 0; step++) {
            enum key_event event =
                key_advance(&record, step->seen, step->is_at_zone, &rules, T0 + step->after_s);
            if (event != step->event || record.state != step->state ||
                record.is_lost != step->is_lost) {
                fail_msg("%s, after %d s: event %d, state %s%s", stories[i].what,
                         (int)step->after_s, event, key_state_name(record.state),
                         record.is_lost ? ", lost" : "");
            }
        }
    }
}

static void test_times(void **state)
{
    (void)state;
    struct key_record record = { .state = KEY_NEW };
    key_advance(&record, KEY_SEEN_OTHER, false, &rules, T0);
    assert_int_equal(record.bad, KEY_SEEN_OTHER);
    assert_int_equal(record.bad_since_s, T0);
    assert_int_equal(record.looked_s, T0);
    assert_int_equal(record.seen_good_s, 0);
    key_advance(&record, KEY_SEEN_GOOD, false, &rules, T0 + 5);
    assert_int_equal(record.bad_since_s, 0);
    assert_int_equal(record.since_s, T0 + 5);
    assert_int_equal(record.seen_good_s, T0 + 5);
    key_advance(&record, KEY_SEEN_CANNOT, true, &rules, T0 + 9);
    assert_int_equal(record.looked_s, T0 + 5);
}

static void test_retiring(void **state)
{
    (void)state;
    struct key_record record = { .state = KEY_ACTIVE };
    key_retire(&record, &rules, T0, "s2 took over");
    assert_int_equal(record.state, KEY_RETIRING);
    assert_int_equal(record.retire_s, T0 + rules.retire_after_s);
    assert_string_equal(record.reason, "s2 took over");
    assert_int_equal(key_advance(&record, KEY_SEEN_GOOD, true, &rules, T0 + 86400), KEY_EVENT_NONE);
    assert_int_equal(key_advance(&record, KEY_SEEN_CANNOT, true, &rules, record.retire_s),
                     KEY_EVENT_NONE);
    assert_int_equal(key_advance(&record, KEY_SEEN_NOTHING, true, &rules, record.retire_s),
                     KEY_EVENT_REVOKED);
    assert_int_equal(record.state, KEY_REVOKED);
    assert_int_equal(key_advance(&record, KEY_SEEN_GOOD, true, &rules, record.retire_s + 1),
                     KEY_EVENT_NONE);
    assert_int_equal(record.state, KEY_REVOKED);
}

static void test_gone_too_soon(void **state)
{
    (void)state;
    struct key_record record = { .state = KEY_ACTIVE };
    key_retire(&record, &rules, T0, "s2 took over");
    key_advance(&record, KEY_SEEN_NOTHING, true, &rules, T0 + 1);
    assert_int_equal(key_advance(&record, KEY_SEEN_NOTHING, true, &rules, T0 + 1 + LOST_AFTER),
                     KEY_EVENT_LOST);
    assert_int_equal(record.state, KEY_RETIRING);
}

/* --- the kept form ------------------------------------------------------------------------------
 */

static const struct key_record kept = {
    .state = KEY_RETIRING,
    .since_s = T0,
    .seen_good_s = T0 + 1,
    .looked_s = T0 + 2,
    .bad = KEY_SEEN_REVOKED,
    .bad_since_s = T0 + 3,
    .is_lost = true,
    .is_testing = true,
    .is_subdomain_bound = true,
    .retire_s = T0 + 4,
    .key_id = UINT64_C(0xfedcba9876543210),
    .replaced_by = "s2027a",
    .reason = "the zone has a revoked key",
};
#define KEPT                                                                                       \
    "1 3 1764400000 1764400001 1764400002 2 1764400003 1 1 1 1764400004 fedcba9876543210 s2027a "  \
    "the zone has a revoked key"

static void test_kept_form(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_EMPTY;
    struct key_record back;
    assert_true(key_record_write(&kept, &bytes));
    assert_string_equal(buffer_text(&bytes), KEPT);
    assert_true(key_record_read(buffer_span(&bytes), &back));
    assert_int_equal(back.state, kept.state);
    assert_int_equal(back.bad, kept.bad);
    assert_int_equal(back.looked_s, kept.looked_s);
    assert_true(back.is_lost && back.is_testing && back.is_subdomain_bound);
    assert_true(back.key_id == kept.key_id);
    assert_string_equal(back.replaced_by, kept.replaced_by);
    assert_string_equal(back.reason, kept.reason);
    buffer_clear(&bytes);
    struct key_record empty = { .state = KEY_NEW };
    assert_true(key_record_write(&empty, &bytes));
    assert_true(key_record_read(buffer_span(&bytes), &back));
    assert_string_equal(back.replaced_by, "");
    assert_string_equal(back.reason, "");
    buffer_free(&bytes);
}

static const char *const unreadable[] = {
    "",
    "1",
    "2 3 1 1 1 2 1 1 1 1 1 fedcba9876543210 s2027a r",
    "1 5 1 1 1 2 1 1 1 1 1 fedcba9876543210 s2027a r",
    "1 3 1 1 1 6 1 1 1 1 1 fedcba9876543210 s2027a r",
    "1 -3 1 1 1 2 1 1 1 1 1 fedcba9876543210 s2027a r",
    "1 3 1 1 1 2 1 1 1 1 1 fedcba987654321 s2027a r",
    "1 3 1 1 1 2 1 1 1 1 1 fedcba9876543210 s2027a",
    "1 3 x 1 1 2 1 1 1 1 1 fedcba9876543210 s2027a r",
    "1 3  1 1 2 1 1 1 1 1 fedcba9876543210 s2027a r",
    /* A selector of 64 octets. */
    ("1 3 1 1 1 2 1 1 1 1 1 fedcba9876543210 "
     "a123456789012345678901234567890123456789012345678901234567890123 r"),
};

static void test_unreadable(void **state)
{
    (void)state;
    struct key_record record;
    for (size_t i = 0; i < COUNT(unreadable); i++) {
        if (key_record_read(span_of(unreadable[i]), &record)) {
            fail_msg("read: %s", unreadable[i]);
        }
    }
    for (size_t size = 0; size + sizeof("the zone has a revoked key") < sizeof(KEPT); size++) {
        assert_false(key_record_read(span_first(SPAN(KEPT), size), &record));
    }
}

/* --- the store ----------------------------------------------------------------------------------
 */

static bool to_active(struct key_record *record_io, bool is_found, void *context)
{
    *(bool *)context = is_found;
    record_io->state = KEY_ACTIVE;
    return true;
}

static bool list(struct span name, const struct key_record *record, void *context)
{
    buffer_printf(context, "%.*s %s; ", SPAN_ARG(name), key_state_name(record->state));
    return true;
}

static void test_store(void **state)
{
    (void)state;
    struct store *store = store_in_memory();
    struct buffer listed = BUFFER_EMPTY;
    struct key_record record;
    char name[KEY_NAME_ROOM];
    bool was_there;
    assert_true(key_name(SPAN("S2026A"), SPAN("Example.ORG"), name));
    assert_string_equal(name, "s2026a._domainkey.example.org");
    assert_int_equal(key_record_load(store, span_of(name), &record), STORE_ABSENT);
    assert_true(key_record_update(store, span_of(name), STORE_SOON, to_active, &was_there));
    assert_false(was_there);
    assert_true(key_record_save(store, SPAN("a._domainkey.b.example"), &kept, STORE_SOON));
    assert_true(key_record_update(store, span_of(name), STORE_SOON, to_active, &was_there));
    assert_true(was_there);
    assert_int_equal(key_record_load(store, span_of(name), &record), STORE_FOUND);
    assert_int_equal(record.state, KEY_ACTIVE);
    store_put(store, STORE_KEYS, SPAN("b._domainkey.b.example"), SPAN("9 newer"), STORE_SOON);
    assert_int_equal(key_record_load(store, SPAN("b._domainkey.b.example"), &record), STORE_FAILED);
    assert_false(key_record_update(store, SPAN("b._domainkey.b.example"), STORE_SOON, to_active,
                                   &was_there));
    assert_true(key_record_walk(store, list, &listed));
    assert_string_equal(buffer_text(&listed), "a._domainkey.b.example retiring; "
                                              "s2026a._domainkey.example.org active; ");
    buffer_free(&listed);
    store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),   cmocka_unit_test(test_times),
        cmocka_unit_test(test_retiring),  cmocka_unit_test(test_gone_too_soon),
        cmocka_unit_test(test_kept_form), cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
