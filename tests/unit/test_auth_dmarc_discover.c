/*
 * dmarc_discover: where the record stands, which policy of it holds, what the organization is (RFC
 * 9989 4.10), and what an administrator is told.
 */
#include "auth/organization.h"
#include "test_auth_support.h"

#define V "v=DMARC1;"

static const struct {
    const char *name;
    const char *zone;
    const char *from;
    enum dmarc_state state;
    const char *domain; /* where the record stands */
    const char *organization;
    enum dmarc_action p, action;
    const char *why;
    const char *difference;
} rows[] = {
    { "nothing anywhere", "", "example.org", DMARC_NONE, NULL, "example.org", DMARC_ACTION_NONE,
      DMARC_ACTION_NONE, NULL, NULL },
    { "its own", "_dmarc.example.org TXT \"" V "p=reject; sp=none\"", "example.org",
      DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT, DMARC_ACTION_REJECT, NULL,
      NULL },
    { "strings are joined", "_dmarc.example.org TXT \"v=DM\" \"ARC1; p=re\" \"ject\"",
      "example.org", DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT,
      DMARC_ACTION_REJECT, NULL, NULL },
    { "sp for what is below",
      "_dmarc.example.org TXT \"" V "p=reject; sp=quarantine\"\na.example.org A 192.0.2.1",
      "a.example.org", DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT,
      DMARC_ACTION_QUARANTINE, NULL, NULL },
    { "p where sp is not told", "_dmarc.example.org TXT \"" V "p=reject\"", "a.b.example.org",
      DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT, DMARC_ACTION_REJECT, NULL,
      NULL },
    { "its own before its organization's",
      "_dmarc.example.org TXT \"" V "p=none\"\n_dmarc.a.example.org TXT \"" V "p=reject\"",
      "a.example.org", DMARC_PUBLISHED, "a.example.org", "example.org", DMARC_ACTION_REJECT,
      DMARC_ACTION_REJECT, NULL, NULL },
    { "the organization's before one between",
      "_dmarc.example.org TXT \"" V "p=none\"\n_dmarc.b.example.org TXT \"" V "p=reject\"",
      "a.b.example.org", DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_NONE,
      DMARC_ACTION_NONE, NULL, NULL },
    { "psd=n ends the walk",
      "_dmarc.example.org TXT \"" V "p=none\"\n_dmarc.b.example.org TXT \"" V "p=reject; psd=n\"",
      "a.b.example.org", DMARC_PUBLISHED, "b.example.org", "b.example.org", DMARC_ACTION_REJECT,
      DMARC_ACTION_REJECT, NULL, "take example.org for the organization and apply none" },
    { "psd=y: one label below is the organization",
      "_dmarc.bank.example TXT \"" V "p=reject; psd=y\"\n_dmarc.giant.bank.example TXT \"" V
      "p=quarantine\"",
      "mail.giant.bank.example", DMARC_PUBLISHED, "giant.bank.example", "giant.bank.example",
      DMARC_ACTION_QUARANTINE, DMARC_ACTION_QUARANTINE, NULL,
      "take bank.example for the organization and apply reject" },
    { "psd=y holds where the organization has none",
      "_dmarc.bank.example TXT \"" V "p=none; sp=reject; psd=y\"\nx.mega.bank.example A 192.0.2.1",
      "x.mega.bank.example", DMARC_PUBLISHED, "bank.example", "mega.bank.example",
      DMARC_ACTION_NONE, DMARC_ACTION_REJECT, NULL, "take bank.example for the organization, " },
    { "psd=y of the From domain itself", "_dmarc.bank.example TXT \"" V "p=reject; psd=y\"",
      "bank.example", DMARC_PUBLISHED, "bank.example", "bank.example", DMARC_ACTION_REJECT,
      DMARC_ACTION_REJECT, NULL, NULL },
    { "a suffix without psd= is the organization", "_dmarc.org TXT \"" V "p=none; sp=reject\"",
      "a.example.org", DMARC_PUBLISHED, "org", "org", DMARC_ACTION_NONE, DMARC_ACTION_REJECT, NULL,
      "take example.org for the organization and apply none" },
    { "np where the name does not exist",
      "_dmarc.example.org TXT \"" V "p=reject; sp=quarantine; np=none\"", "ghost.example.org",
      DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT, DMARC_ACTION_NONE, NULL,
      "and apply quarantine" },
    { "np is not for what is below with any record",
      "_dmarc.example.org TXT \"" V "p=reject; sp=quarantine; np=none\"\nmail.example.org MX 1 "
      "mx.example.org",
      "mail.example.org", DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT,
      DMARC_ACTION_QUARANTINE, NULL, NULL },
    { "what has something below it exists",
      "_dmarc.example.org TXT \"" V "p=reject; np=none\"\n_dmarc.a.example.org TXT \"junk\"",
      "a.example.org", DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT,
      DMARC_ACTION_REJECT, "does not begin with v=DMARC1", NULL },
    { "whether it exists is not known",
      "_dmarc.example.org TXT \"" V "p=reject; sp=quarantine; np=reject\"\na.example.org TXT "
      "TIMEOUT\n_dmarc.a.example.org TXT NXDOMAIN",
      "a.example.org", DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT,
      DMARC_ACTION_QUARANTINE, "whether the domain exists", NULL },
    { "np of the organization itself",
      "_dmarc.example.org TXT \"" V "p=reject; sp=none; np=none\"\n", "example.org",
      DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT, DMARC_ACTION_REJECT, NULL,
      NULL },
    { "t takes one step off reject", "_dmarc.example.org TXT \"" V "p=reject; t=y\"", "example.org",
      DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT, DMARC_ACTION_QUARANTINE,
      NULL, "and apply reject" },
    { "t takes one step off quarantine",
      "_dmarc.example.org TXT \"" V "p=none; sp=quarantine; t=y\"\na.example.org A 192.0.2.1",
      "a.example.org", DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_NONE,
      DMARC_ACTION_NONE, NULL, "and apply quarantine" },
    { "t leaves none", "_dmarc.example.org TXT \"" V "p=none; t=y\"", "example.org",
      DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_NONE, DMARC_ACTION_NONE, NULL,
      NULL },
    { "two records are none",
      "_dmarc.example.org TXT \"" V "p=reject\"\n_dmarc.example.org TXT \"" V "p=reject\"",
      "example.org", DMARC_NONE, NULL, "example.org", DMARC_ACTION_NONE, DMARC_ACTION_NONE,
      "_dmarc.example.org has 2 DMARC records", NULL },
    { "two records: further up",
      "_dmarc.a.example.org TXT \"" V "p=none\"\n_dmarc.a.example.org TXT \"" V
      "p=none\"\n_dmarc.example.org TXT \"" V "p=reject\"",
      "a.example.org", DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT,
      DMARC_ACTION_REJECT, "_dmarc.a.example.org has 2 DMARC records", "and apply none" },
    { "one among other texts",
      "_dmarc.example.org TXT \"v=spf1 -all\"\n_dmarc.example.org TXT \"" V "p=reject\"",
      "example.org", DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT,
      DMARC_ACTION_REJECT, NULL, NULL },
    { "a wildcard's text", "*.example.org TXT \"v=spf1 -all\"", "a.example.org", DMARC_NONE, NULL,
      "a.example.org", DMARC_ACTION_NONE, DMARC_ACTION_NONE,
      "the TXT record at _dmarc.a.example.org does not begin with v=DMARC1", NULL },
    { "p is bad", "_dmarc.example.org TXT \"" V "p=bob; rua=mailto:a@example.org\"",
      "a.example.org", DMARC_DEFECTIVE, "example.org", "example.org", DMARC_ACTION_NONE,
      DMARC_ACTION_NONE, "the DMARC record of example.org: p= is none of", NULL },
    { "sp is bad, even for the domain itself", "_dmarc.example.org TXT \"" V "p=reject; sp=bad\"",
      "example.org", DMARC_DEFECTIVE, "example.org", "example.org", DMARC_ACTION_NONE,
      DMARC_ACTION_NONE, "sp= is none of", NULL },
    { "a bad record of its own is not passed over",
      "_dmarc.a.example.org TXT \"" V "p=bob\"\n_dmarc.example.org TXT \"" V "p=reject\"",
      "a.example.org", DMARC_DEFECTIVE, "a.example.org", "example.org", DMARC_ACTION_NONE,
      DMARC_ACTION_NONE, "the DMARC record of a.example.org: p= is none of", NULL },
    { "no p but rua", "_dmarc.example.org TXT \"" V "rua=mailto:a@example.org\"", "example.org",
      DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_NONE, DMARC_ACTION_NONE,
      "p= is missing", NULL },
    { "twice", "_dmarc.example.org TXT \"" V "p=reject; p=reject\"", "example.org", DMARC_DEFECTIVE,
      "example.org", "example.org", DMARC_ACTION_NONE, DMARC_ACTION_NONE, "twice", NULL },
    { "its own cannot be asked", "_dmarc.example.org TXT SERVFAIL", "example.org", DMARC_UNKNOWN,
      NULL, NULL, DMARC_ACTION_NONE, DMARC_ACTION_NONE, "_dmarc.example.org: ", NULL },
    { "further up cannot be asked",
      "_dmarc.example.org TXT TIMEOUT\n_dmarc.b.example.org TXT \"" V "p=reject\"",
      "a.b.example.org", DMARC_UNKNOWN, NULL, NULL, DMARC_ACTION_NONE, DMARC_ACTION_NONE,
      "_dmarc.example.org: ", NULL },
    { "its own holds all the same",
      "_dmarc.org TXT BOGUS\n_dmarc.example.org TXT \"" V "p=reject; aspf=s\"", "example.org",
      DMARC_PUBLISHED, "example.org", NULL, DMARC_ACTION_REJECT, DMARC_ACTION_REJECT, NULL, NULL },
    { "above psd=n nothing matters",
      "_dmarc.org TXT TIMEOUT\n_dmarc.example.org TXT \"" V "p=reject; psd=n\"", "a.example.org",
      DMARC_PUBLISHED, "example.org", "example.org", DMARC_ACTION_REJECT, DMARC_ACTION_REJECT, NULL,
      NULL },
    { "dead", "* * TIMEOUT", "example.org", DMARC_UNKNOWN, NULL, NULL, DMARC_ACTION_NONE,
      DMARC_ACTION_NONE, "_dmarc.example.org: ", NULL },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone zone;
        zone_open(&zone, rows[i].zone);
        struct dmarc_policy policy = zone_discover(&zone, rows[i].from);
        if (policy.state != rows[i].state || policy.p != rows[i].p ||
            policy.action != rows[i].action)
            fail_msg("%s: state %d p=%s, %s applies (%s)", rows[i].name, (int)policy.state,
                     dmarc_action_name(policy.p), dmarc_action_name(policy.action),
                     policy.why != NULL ? policy.why : "-");
        assert_span(policy.domain, rows[i].domain, rows[i].name);
        assert_span(policy.organization, rows[i].organization, rows[i].name);
        assert_line(policy.why, rows[i].why, rows[i].name);
        if (organization_is_known())
            assert_line(policy.difference, rows[i].difference, rows[i].name);
        else
            assert_null(policy.difference);
        zone_close(&zone);
    }
}

/* 4.10: the names that are asked, by the number of labels. */
static const struct {
    const char *from;
    unsigned queries;
    const char *last_but_start; /* the longest name behind the first that is asked; NULL: none */
} walks[] = {
    { "org", 1, NULL },
    { "example.org", 2, "org" },
    { "a.b.c.d.e.example.org", 7, "b.c.d.e.example.org" },
    { "a.b.c.d.e.f.example.org", 8, "b.c.d.e.f.example.org" },
    { "a.b.c.d.e.f.g.example.org", 8, "c.d.e.f.g.example.org" },
    { "a.b.c.d.e.f.g.h.i.j.mail.example.com", 8, "g.h.i.j.mail.example.com" },
};

static void test_walks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(walks); i++) {
        struct zone zone;
        struct dmarc_walk walk;
        zone_open(&zone, "");
        assert_true(dmarc_walk(span_of(walks[i].from), zone.questions, &walk));
        assert_int_equal(walk.asked, walks[i].queries);
        assert_int_equal(dns_scripted_count(zone.resolver), walks[i].queries);
        if (walks[i].last_but_start != NULL)
            assert_span(walk.steps[1].domain, walks[i].last_but_start, walks[i].from);
        assert_int_equal(zone_discover(&zone, walks[i].from).queries, walks[i].queries);
        zone_close(&zone);
    }
}

/* Between the name and its last seven labels nothing is looked at. */
static void test_shortcut(void **state)
{
    struct zone zone;
    (void)state;
    zone_open(&zone, "_dmarc.b.c.d.e.f.g.h.example.org TXT \"v=DMARC1; p=reject\"");
    assert_int_equal(zone_discover(&zone, "a.b.c.d.e.f.g.h.example.org").state, DMARC_NONE);
    zone_close(&zone);
}

static void make_long_name(char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        name[i] = i % 50 == 49 ? '.' : 'a';
    }
    memcpy(name + size - 12, ".example.org", 12);
    name[size] = '\0';
}

/* "_dmarc." before it would make it longer than a name may be: it has no record, its parents have.
 */
static void test_long_name(void **state)
{
    struct zone zone;
    char name[254];
    (void)state;
    make_long_name(name, 250);
    zone_open(&zone, "_dmarc.example.org TXT \"v=DMARC1; p=reject; np=none\"");
    struct dmarc_policy policy = zone_discover(&zone, name);
    assert_int_equal(policy.state, DMARC_PUBLISHED);
    assert_int_equal(policy.action, DMARC_ACTION_NONE);
    zone_close(&zone);
}

static void test_ttl(void **state)
{
    struct zone zone;
    (void)state;
    zone_open(&zone, "example.org TTL 300\n_dmarc.example.org TTL 60\n"
                     "_dmarc.example.org TXT \"v=DMARC1; p=reject\"");
    assert_int_equal(zone_discover(&zone, "example.org").ttl_s, 60);
    zone_close(&zone);
}

/* Without memory nothing is claimed. */
static void test_no_memory(void **state)
{
    (void)state;
    for (size_t ceiling = 0; ceiling < 4096; ceiling += 16) {
        struct zone zone;
        struct dmarc_policy policy;
        zone_open(&zone, "_dmarc.example.org TXT \"v=DMARC1; p=reject; adkim=x\"");
        struct arena *small = arena_new(ceiling);
        assert_non_null(small);
        assert_true(dmarc_discover(SPAN("a.example.org"), zone.questions, small, &policy));
        if (policy.state == DMARC_PUBLISHED)
            assert_span(policy.record, "v=DMARC1; p=reject; adkim=x", "record");
        else
            assert_int_equal(policy.state, DMARC_UNKNOWN);
        assert_non_null(policy.why);
        arena_free(&small);
        zone_close(&zone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),     cmocka_unit_test(test_walks),
        cmocka_unit_test(test_shortcut), cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_ttl),      cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
