/*
 * need: what is foreseen for an account, case by case; and that no account of a ledger that is used
 * as much as limits allow takes more, nor all of them together.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "limits/account.h"
#include "limits/bill.h"
#include "limits/ledger.h"
#include "limits/ledger_sets.h"
#include "limits/need.h"
#include "limits/provider.h"
#include "limits/record.h"

/* --- what is foreseen ------------------------------------------------------------------------ */

struct policy {
    struct config *config;
    struct limit_set *limits;
};

static void read_policy(const char *rows, struct policy *policy)
{
    static const struct config_table *const tables[] = { &limits_table, NULL };
    struct config_report *report = config_report_new();
    struct buffer text = BUFFER_EMPTY;
    buffer_printf(&text, "limits = ( %s );", rows);
    policy->config = config_load_text("t", buffer_span(&text), tables, report);
    if (policy->config == NULL) {
        fail_msg("%s", config_report_fault(report, 0)->text);
    }
    policy->limits = limit_set_new(config_settings(policy->config, &limits_table));
    assert_non_null(policy->limits);
    buffer_free(&text);
    config_report_free(&report);
}

static void drop_policy(struct policy *policy)
{
    limit_set_free(&policy->limits);
    config_free(&policy->config);
}

/* "3 meters, 50, 10000, memory": of how many meters there is a record, how many addresses are in
 * which sets, is there a memory of those written to? */
static uint64_t bytes_of(const char *shape)
{
    struct span rest = span_of(shape), word;
    uint64_t bytes = 0;
    while (span_cut(&rest, ',', &word) && word.size > 0) {
        uint64_t number = strtoull(span_trim(word).at, NULL, 10);
        bytes += span_has_suffix_nocase(word, SPAN("memory"))
                     ? store_bytes_for(1, LEDGER_SET_KEY_MAX, NOVELTY_OCTETS_MAX)
                 : span_has_suffix_nocase(word, SPAN("meters"))
                     ? store_bytes_for(1, ACCOUNT_OCTETS_MAX, RECORD_OCTETS_MAX(number))
                     : store_bytes_for(1, LEDGER_SET_KEY_MAX, UNIQUE_OCTETS_MAX(number));
    }
    return bytes;
}

#define PEOPLE "{ name = \"people\"; count = \"unique-recipients\"; per = \"1h\"; max = "
#define PRO "{ name = \"pro\"; count = \"unique-recipients\"; per = \"1h\"; max = "
#define LONGER "{ name = \"longer\"; count = \"unique-recipients\"; per = \"6h\"; max = "
#define NEW(name) "{ name = \"" name "\"; count = \"new-recipients\"; max = 9; per = "

static void test_accounts(void **state)
{
    static const struct {
        const char *rows;
        enum need_kind kind;
        const char *common, *named;
        uint64_t names;
        struct need_exception exception; /* of limit "people" */
        bool is_lenient;
    } cases[] = {
        /* What is shipped is there without a word. */
        { .rows = "", .kind = NEED_LOGIN, .common = "1 meters" },
        { .rows = "", .kind = NEED_PRINCIPAL, .common = "1 meters" },
        { .rows = "", .kind = NEED_DOMAIN, .common = "" },
        { .rows = "", .kind = NEED_SITE, .common = "" },
        /* A set is as large as its limit where that stops, else at least 10000. */
        { .rows = PEOPLE "50; }", .kind = NEED_LOGIN, .common = "2 meters, 50" },
        { .rows = PEOPLE "50; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 10000",
          .is_lenient = true },
        { .rows = PEOPLE "50; }", .kind = NEED_PRINCIPAL, .common = "2 meters, 10000" },
        { .rows = PEOPLE "50; action = \"reject\"; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 50" },
        { .rows = PEOPLE "50; action = \"hold\"; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 10000" },
        { .rows = PEOPLE "0; }", .kind = NEED_LOGIN, .common = "2 meters, 10000" },
        { .rows = PEOPLE "20000; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 20000",
          .is_lenient = true },
        { .rows = PEOPLE "50; by = \"domain\"; }",
          .kind = NEED_DOMAIN,
          .common = "1 meters, 10000" },
        { .rows = PEOPLE "50; by = \"site\"; }", .kind = NEED_SITE, .common = "1 meters, 10000" },
        { .rows = PEOPLE "50; }, " LONGER "70; recipients = \"all\"; }",
          .kind = NEED_LOGIN,
          .common = "3 meters, 50, 70" },
        /* Rows that count the same share it, and the largest tells. */
        { .rows = PEOPLE "50; }, " PRO "900; plan = \"pro\"; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 900" },
        /* Those of other classes. */
        { .rows = PEOPLE "50; class = \"relay\"; }", .kind = NEED_LOGIN, .common = "1 meters" },
        { .rows = PEOPLE "50; class = [ \"relay\", \"submission\" ]; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 50" },
        { .rows = PEOPLE "50; class = \"submission\"; }",
          .kind = NEED_PRINCIPAL,
          .common = "1 meters" },
        /* One memory, however many limits look at it. */
        { .rows = NEW("a") "60; }, " NEW("b") "120; }",
          .kind = NEED_LOGIN,
          .common = "3 meters, memory" },
        /* Who is named is counted by himself. */
        { .rows = PEOPLE "9000; principal = [ \"a@x\", \"b@x\" ]; }",
          .kind = NEED_LOGIN,
          .common = "1 meters",
          .named = "2 meters, 9000",
          .names = 2 },
        { .rows = PEOPLE "9000; principal = [ \"a@x\", \"@y\" ]; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 9000" },
        { .rows = PEOPLE "50; by = \"domain\"; domain = [ \"x\", \"y\", \"z\" ]; }",
          .kind = NEED_DOMAIN,
          .common = "",
          .named = "1 meters, 10000",
          .names = 3 },
        { .rows = PEOPLE "50; by = \"network\"; network = \"x\"; }",
          .kind = NEED_NETWORK,
          .common = "",
          .named = "1 meters, 10000",
          .names = 1 },
        { .rows = PEOPLE "50; by = \"plan\"; plan = \"x\"; }",
          .kind = NEED_PLAN,
          .common = "",
          .named = "1 meters, 10000",
          .names = 1 },
        { .rows = PEOPLE "50; by = \"provider\"; domain = \"x\"; }",
          .kind = NEED_PROVIDER,
          .common = "1 meters, 10000" },
        { .rows = PEOPLE "50; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 50",
          .named = "2 meters, 700",
          .names = 1,
          .exception = { .max = 700, .is_named = true } },
        { .rows = PEOPLE "50; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 700",
          .exception = { .max = 700, .is_named = false } },
        { .rows = PEOPLE "50; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 50",
          .names = 1,
          .exception = { .max = 20, .is_named = true } },
        /* Who is named adds what is his, and nothing for rows that count what all have. */
        { .rows = PEOPLE "50; }, { name = \"own\"; count = \"recipients\"; max = 9; per = \"1h\"; "
                         "principal = [ \"a\", \"b\", \"c\" ]; }",
          .kind = NEED_LOGIN,
          .common = "2 meters, 50",
          .names = 1,
          .named = "2 meters, 700",
          .exception = { .max = 700, .is_named = true } },
        { .rows = NEW("a") "60; principal = [ \"a\", \"b\" ]; }, " NEW("b") "120; principal = "
                                                                            "\"c\"; }",
          .kind = NEED_LOGIN,
          .common = "1 meters",
          .names = 3,
          .named = "3 meters, memory" },
        { .rows = PEOPLE "50; class = \"relay\"; }",
          .kind = NEED_LOGIN,
          .common = "1 meters",
          .exception = { .max = 700, .is_named = true } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct need_exception exception = cases[i].exception;
        struct need_facts facts = { .is_lenient = cases[i].is_lenient, .exceptions = &exception };
        struct policy policy;
        struct need need;
        read_policy(cases[i].rows, &policy);
        exception.limit = limit_set_find(policy.limits, SPAN("people"));
        facts.exception_count = exception.max > 0 ? 1 : 0;
        need_of(policy.limits, &facts, &need);
        uint64_t common = need.of[cases[i].kind].common_bytes;
        uint64_t named = need.of[cases[i].kind].named_bytes;
        uint64_t more =
            cases[i].named != NULL ? bytes_of(cases[i].named) - bytes_of(cases[i].common) : 0;
        if (common != bytes_of(cases[i].common) || named != cases[i].names * more) {
            fail_msg("case %zu, %s: %" PRIu64 " and %" PRIu64 " for all who are named", i,
                     cases[i].rows, common, named);
        }
        drop_policy(&policy);
    }
}

/* --- all of them ----------------------------------------------------------------------------- */

static void test_together(void **state)
{
    const struct need_facts facts = { .is_lenient = false };
    struct policy policy;
    struct need need;
    struct need_share share;
    uint64_t each = bytes_of("1 meters");
    (void)state;
    read_policy("", &policy);
    need_of(policy.limits, &facts, &need);
    assert_int_equal(need_bytes(&need, 0), 0);
    assert_int_equal(need_bytes(&need, 1000), 1100 * each);
    assert_int_equal(need_shared(1000), 100);
    assert_int_equal(need_shared(1001), 101);
    drop_policy(&policy);
    read_policy(PEOPLE "20000; principal = \"news\"; }, " LONGER "50; by = \"site\"; }", &policy);
    need_of(policy.limits, &facts, &need);
    share = need_largest(&need, 100);
    assert_string_equal(share.row->name, "people");
    assert_int_equal(share.kind, NEED_LOGIN);
    assert_true(share.is_named);
    share = need_largest(&need, 100000);
    assert_string_equal(share.row->name, "default");
    assert_false(share.is_named);
    drop_policy(&policy);
}

/* Accounts have most of it, and it grows with the store. */
static void test_room(void **state)
{
    uint64_t before = 0;
    (void)state;
    for (uint64_t size = 16 << 20; size <= UINT64_C(32) << 30; size *= 2) {
        uint64_t room = need_room(size);
        assert_in_range(room, size / 3 * 2, size);
        assert_true(room > before);
        before = room;
    }
    assert_in_range(need_typical_bytes(), 300, 600); /* "about half a kilobyte" */
}

/* --- what a ledger takes --------------------------------------------------------------------- */

enum { LOGINS = 20, GROUPS = LOGINS / 10, STEPS = 12, LOGIN_RECIPIENTS = 2000, MANY = 10000 };

#define STEP_NS (UINT64_C(3900) * 1000000000) /* an hour, and a slot of it: then it is over */
static const char fullest[] =
    "{ name = \"default\"; count = \"recipients\"; by = \"principal\"; max = 0;"
    " per = \"1h\"; action = \"observe\"; },"
    "{ name = \"paced\"; count = \"recipients\"; by = \"principal\"; max = \"1G\"; burst = \"1M\";"
    " per = \"1d\"; action = \"defer\"; },"
    "{ name = \"bytes\"; count = \"bytes\"; by = \"principal\"; max = \"131072G\";"
    " per = \"31d\"; action = \"defer\"; },"
    "{ name = \"failed\"; count = \"failed-recipients\"; by = \"principal\"; max = 1;"
    " per = \"1h\"; action = \"observe\"; },"
    "{ name = \"people\"; count = \"unique-recipients\"; by = \"principal\"; max = 2000;"
    " per = \"1h\"; action = \"defer\"; },"
    "{ name = \"longer\"; count = \"unique-recipients\"; by = \"principal\"; max = 50;"
    " per = \"6h\"; action = \"observe\"; },"
    "{ name = \"news\"; count = \"unique-recipients\"; by = \"principal\"; max = 5000;"
    " per = \"2h\"; action = \"observe\"; principal = \"news@example.org\"; },"
    "{ name = \"strangers\"; count = \"new-recipients\"; by = \"principal\"; max = 9;"
    " per = \"1d\"; action = \"observe\"; },"
    "{ name = \"domain\"; count = \"unique-recipients\"; by = \"domain\"; max = 9;"
    " per = \"1h\"; action = \"observe\"; },"
    "{ name = \"network\"; count = \"messages\"; by = \"network\"; max = 9;"
    " per = \"1d\"; action = \"observe\"; },"
    "{ name = \"provider\"; count = \"recipients\"; by = \"provider\"; max = 9;"
    " per = \"1d\"; action = \"observe\"; },"
    "{ name = \"site\"; count = \"messages\"; by = \"site\"; max = 9;"
    " per = \"1d\"; action = \"observe\"; }";

struct yard {
    char path[64];
    struct clock_fixed clock;
    struct store *store;
    struct ledger *ledger;
    struct policy policy;
    struct need need;
    struct charge charge;
    struct charge_recipient recipients[MANY];
    uint64_t people;
};

/* A message that costs what no other has cost, to people nobody has written to. */
static void send(struct yard *yard, const struct limit_subject *subject, size_t recipients)
{
    struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < recipients; i++) {
        yard->people++;
        yard->recipients[i] = (struct charge_recipient){
            .fingerprint = yard->people * UINT64_C(0x9e3779b97f4a7c15),
            .provider = (uint8_t)(yard->people % PROVIDER_COUNT),
        };
    }
    struct bill_facts facts = { .subject = *subject,
                                .client = subject->network,
                                .size_bytes = UINT64_C(1) << 30,
                                .recipients = yard->recipients,
                                .recipient_count = recipients,
                                .failed = UINT64_C(1) << 40 };
    memset(&yard->charge, 0, sizeof(yard->charge));
    yard->charge.now_ms = ledger_now_ms(yard->ledger);
    assert_true(bill_write(yard->policy.limits, &facts, &yard->charge, arena));
    enum charge_answer answer = ledger_charge(yard->ledger, &yard->charge);
    if (answer != CHARGE_DONE) {
        const struct charge_line *line = charge_reason(&yard->charge);
        fail_msg("%d: %s", (int)answer, line != NULL ? line->limit->name : "");
    }
    arena_free(&arena);
}

/* Each login as much as stops nobody, and a client of each network as much as it likes. */
static void send_step(struct yard *yard)
{
    char name[260], group[32];
    for (int i = 0; i < LOGINS; i++) {
        snprintf(name, sizeof(name), i > 0 ? "%0230d@example.org" : "news@example.org", i);
        snprintf(group, sizeof(group), "g%d.example.org", i / 10);
        struct limit_subject subject = { .mail_class = CLASS_SUBMISSION,
                                         .principal = span_of(name),
                                         .domain = span_of(group),
                                         .network = span_of(group) };
        send(yard, &subject, LOGIN_RECIPIENTS);
        if (i % 10 == 0) {
            subject.mail_class = CLASS_RELAY;
            subject.principal = subject.network;
            send(yard, &subject, MANY);
        }
    }
}

/* What rows of one kind of accounts have, as they stand in the store. */
struct rows {
    uint64_t records, octets, largest_record, largest_set, largest_memory;
};

static enum need_kind kind_of(struct span account)
{
    static const enum need_kind kinds[LIMIT_BY_COUNT] = {
        [LIMIT_BY_PRINCIPAL] = NEED_LOGIN,   [LIMIT_BY_PLAN] = NEED_PLAN,
        [LIMIT_BY_DOMAIN] = NEED_DOMAIN,     [LIMIT_BY_NETWORK] = NEED_NETWORK,
        [LIMIT_BY_PROVIDER] = NEED_PROVIDER, [LIMIT_BY_SITE] = NEED_SITE,
    };
    enum limit_by by;
    enum mail_class mail_class;
    struct span name;
    assert_true(account_parse(account, &by, &mail_class, &name));
    return by == LIMIT_BY_PRINCIPAL && mail_class != CLASS_SUBMISSION ? NEED_PRINCIPAL : kinds[by];
}

static bool note_row(struct span key, struct span value, void *context)
{
    struct rows *rows = context;
    bool is_set = span_has_prefix_nocase(key, SPAN(LEDGER_UNIQUE_MARK));
    bool is_memory = span_has_prefix_nocase(key, SPAN(LEDGER_NOVELTY_MARK));
    struct span account = is_set || is_memory ? span_from(key, 3) : key, rest = account;
    if (key.at[0] == '!' && !is_set && !is_memory) {
        return true; /* the ledger's own */
    }
    if (is_set) {
        assert_true(span_cut(&rest, '\0', &account));
    }
    rows += kind_of(account);
    uint64_t *largest = is_set      ? &rows->largest_set
                        : is_memory ? &rows->largest_memory
                                    : &rows->largest_record;
    *largest = value.size > *largest ? value.size : *largest;
    rows->records += !is_set && !is_memory;
    rows->octets += key.size + value.size;
    return true;
}

/* `addresses`: in the larger one of its sets. */
static void check_kind(const struct yard *yard, const struct rows *rows, enum need_kind kind,
                       const char *shape, uint64_t addresses)
{
    uint64_t foreseen = yard->need.of[kind].common_bytes, meters = strtoull(shape, NULL, 10);
    uint64_t memory = strstr(shape, "memory") != NULL ? NOVELTY_OCTETS_MAX : 0;
    rows += kind;
    assert_int_equal(foreseen, bytes_of(shape));
    assert_in_range(rows->octets, rows->records * 30, rows->records * foreseen);
    assert_in_range(rows->largest_record, 20 * meters, RECORD_OCTETS_MAX(meters));
    assert_in_range(rows->largest_memory, memory / 2, memory);
    assert_in_range(rows->largest_set, addresses * 8,
                    addresses > 0 ? UNIQUE_OCTETS_MAX(addresses) : 0);
}

static void check_ledger(struct yard *yard, struct store *store)
{
    const struct need_facts facts = { .is_lenient = false };
    struct rows rows[NEED_KIND_COUNT] = { 0 };
    yard->store = store;
    clock_fixed_init(&yard->clock, 1772366400);
    yard->clock.now_ns = UINT64_C(1) << 57; /* years */
    yard->ledger = ledger_new(store, &yard->clock.clock);
    assert_non_null(yard->ledger);
    for (int step = 0; step < STEPS; step++) {
        yard->clock.now_ns += STEP_NS;
        send_step(yard);
    }
    need_of(yard->policy.limits, &facts, &yard->need);
    assert_true(store_walk(store, STORE_LIMITS, SPAN(""), note_row, rows));
    assert_int_equal(rows[NEED_LOGIN].records, LOGINS);
    assert_int_equal(rows[NEED_PRINCIPAL].records, GROUPS);
    assert_int_equal(yard->need.of[NEED_LOGIN].named_bytes,
                     bytes_of("8 meters, 10000") - bytes_of("7 meters"));
    check_kind(yard, rows, NEED_LOGIN, "7 meters, 2000, 10000, memory", 10000);
    check_kind(yard, rows, NEED_PRINCIPAL, "7 meters, 10000, 10000, memory", 10000);
    check_kind(yard, rows, NEED_DOMAIN, "1 meters, 10000", 10000);
    check_kind(yard, rows, NEED_NETWORK, "1 meters", 0);
    check_kind(yard, rows, NEED_PROVIDER, "1 meters", 0);
    check_kind(yard, rows, NEED_SITE, "1 meters", 0);
    uint64_t foreseen = need_bytes(&yard->need, LOGINS);
    assert_in_range(store_used(store), foreseen / 2, foreseen);
    print_message("%" PRIu64 " octets foreseen, %" PRIu64 " used\n", foreseen, store_used(store));
    ledger_free(&yard->ledger);
    store_close(&store);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static void test_never_more(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));
    (void)state;
    snprintf(yard->path, sizeof(yard->path), "/tmp/test_limits_need.XXXXXX");
    assert_non_null(mkdtemp(yard->path));
    read_policy(fullest, &yard->policy);
    check_ledger(yard, store_open(yard->path));
    check_ledger(yard, store_in_memory());
    nftw(yard->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    drop_policy(&yard->policy);
    free(yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_never_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
