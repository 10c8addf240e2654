/*
 * dmarc_align: which identifiers count for a From domain (RFC 9989 4.4, 4.10.2); and every pair
 * that libopendmarc passes and should not.
 */
#include "auth/organization.h"
#include "test_auth_support.h"

#define V "v=DMARC1;"
#define AT(name) "_dmarc." name " TXT \"" V "p=reject\"\n"

static const struct {
    const char *name;
    const char *zone;
    const char *from, *authenticated;
    bool is_strict;
    enum dmarc_alignment expected;
} rows[] = {
    { "equal", AT("example.com"), "example.com", "example.com", false, DMARC_ALIGNED },
    { "equal, strict", AT("example.com"), "example.com", "example.com", true, DMARC_ALIGNED },
    { "case", AT("example.com"), "example.com", "Example.COM", true, DMARC_ALIGNED },
    { "case, below", AT("example.com"), "example.com", "Mail.Example.COM", false, DMARC_ALIGNED },
    { "final dot", AT("example.com"), "example.com", "example.com.", true, DMARC_ALIGNED },
    { "parent", AT("example.com"), "mail.example.com", "example.com", false, DMARC_ALIGNED },
    { "child", AT("example.com"), "example.com", "mail.example.com", false, DMARC_ALIGNED },
    { "sibling", AT("example.com"), "a.example.com", "b.example.com", false, DMARC_ALIGNED },
    { "sibling with its own record", AT("example.com") AT("b.example.com"), "a.example.com",
      "b.example.com", false, DMARC_ALIGNED },
    { "sibling with psd=n", AT("example.com") "_dmarc.b.example.com TXT \"" V "p=none; psd=n\"\n",
      "a.example.com", "x.b.example.com", false, DMARC_NOT_ALIGNED },
    { "From with psd=n, parent",
      AT("example.com") "_dmarc.b.example.com TXT \"" V "p=none; psd=n\"\n", "b.example.com",
      "example.com", false, DMARC_NOT_ALIGNED },
    { "From with psd=n, child",
      AT("example.com") "_dmarc.b.example.com TXT \"" V "p=none; psd=n\"\n", "b.example.com",
      "c.b.example.com", false, DMARC_ALIGNED },
    { "the parent has no record", AT("mail.example.com"), "mail.example.com", "example.com", false,
      DMARC_NOT_ALIGNED },
    { "another domain", AT("example.com"), "example.com", "example.net", false, DMARC_NOT_ALIGNED },
    { "another under one suffix", AT("a.co.uk") AT("b.co.uk"), "a.co.uk", "b.co.uk", false,
      DMARC_NOT_ALIGNED },
    { "suffix trap", AT("example.com") AT("notexample.com"), "example.com", "notexample.com", false,
      DMARC_NOT_ALIGNED },
    { "nothing", AT("example.com"), "example.com", "", false, DMARC_NOT_ALIGNED },
    { "nothing, strict", AT("example.com"), "example.com", "", true, DMARC_NOT_ALIGNED },
    { "a dot", AT("example.com"), "example.com", ".", false, DMARC_NOT_ALIGNED },
    /* the passes of libopendmarc that are none */
    { "one-letter label", AT("x.com") AT("evil.com"), "x.com", "evil.com", false,
      DMARC_NOT_ALIGNED },
    { "one-letter label, the other way", AT("x.com") AT("evil.com"), "evil.com", "x.com", false,
      DMARC_NOT_ALIGNED },
    { "one-letter suffix", AT("t.co") AT("evil.co"), "t.co", "evil.co", false, DMARC_NOT_ALIGNED },
    { "one-letter first label, strict", AT("example.com"), "a.example.com", "example.com", true,
      DMARC_NOT_ALIGNED },
    { "below, strict", AT("example.com"), "example.com", "mail.example.com", true,
      DMARC_NOT_ALIGNED },
    { "a top-level domain", AT("example.com"), "example.com", "com", false, DMARC_NOT_ALIGNED },
    { "a public suffix", AT("example.co.uk"), "example.co.uk", "co.uk", false, DMARC_NOT_ALIGNED },
    { "a wildcard's suffix", AT("foo.bar.ck"), "foo.bar.ck", "baz.bar.ck", false,
      DMARC_NOT_ALIGNED },
    /* public suffixes */
    { "a suffix that says psd=y", AT("example.com") "_dmarc.com TXT \"" V "p=reject; psd=y\"\n",
      "example.com", "com", false, DMARC_NOT_ALIGNED },
    { "equal, though a suffix", AT("co.uk"), "co.uk", "co.uk", false, DMARC_ALIGNED },
    { "registrations below psd=y",
      "_dmarc.bank.example TXT \"" V "p=reject; psd=y\"\n" AT("giant.bank.example"),
      "giant.bank.example", "mail.mega.bank.example", false, DMARC_NOT_ALIGNED },
    { "one registration below psd=y",
      "_dmarc.bank.example TXT \"" V "p=reject; psd=y\"\n" AT("giant.bank.example"),
      "giant.bank.example", "mail.giant.bank.example", false, DMARC_ALIGNED },
    /* RFC 9989 B.4.2 */
    { "a deep name", AT("example.com") AT("signing.example.com"),
      "a.b.c.d.e.f.g.h.i.j.k.example.com", "signing.example.com", false, DMARC_ALIGNED },
    /* DNS cannot tell */
    { "equal all the same", "* * TIMEOUT", "example.com", "example.com", false, DMARC_ALIGNED },
    { "strict all the same", "* * TIMEOUT", "example.com", "a.example.com", true,
      DMARC_NOT_ALIGNED },
    { "another top-level domain all the same", "* * TIMEOUT", "example.com", "example.net", false,
      DMARC_NOT_ALIGNED },
    { "nobody knows", "* * TIMEOUT", "example.com", "a.example.com", false,
      DMARC_ALIGNMENT_UNKNOWN },
    { "its own organization is not known", AT("example.com") "_dmarc.a.example.com TXT TIMEOUT\n",
      "example.com", "a.example.com", false, DMARC_ALIGNMENT_UNKNOWN },
};

static enum dmarc_alignment zone_align(struct zone *zone, const struct dmarc_policy *policy,
                                       const char *from, const char *authenticated, bool is_strict)
{
    enum dmarc_alignment seen;
    while (!dmarc_align(policy, span_of(from), span_of(authenticated), is_strict, zone->questions,
                        &seen)) {
        zone_wait(zone);
    }
    return seen;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone zone;
        enum dmarc_alignment seen;
        zone_open(&zone, rows[i].zone);
        struct dmarc_policy policy = zone_discover(&zone, rows[i].from);
        seen = zone_align(&zone, &policy, rows[i].from, rows[i].authenticated, rows[i].is_strict);
        if (seen != rows[i].expected)
            fail_msg("%s: %s and %s: %d", rows[i].name, rows[i].from, rows[i].authenticated,
                     (int)seen);
        zone_close(&zone);
    }
}

/* The record does not say that it is a suffix; the list does. */
static void test_suffix(void **state)
{
    struct zone zone;
    (void)state;
    zone_open(&zone, AT("com"));
    struct dmarc_policy policy = zone_discover(&zone, "example.com");
    assert_span(policy.organization, "com", "organization");
    assert_int_equal(zone_align(&zone, &policy, "example.com", "com", false),
                     organization_is_known() ? DMARC_ALIGNMENT_UNKNOWN : DMARC_ALIGNED);
    zone_close(&zone);
}

/* What the names alone tell is not asked for. */
static const struct {
    const char *from, *authenticated;
    bool is_strict;
    unsigned more; /* questions beyond those of the From domain */
} asked[] = {
    { "example.com", "example.com", false, 0 },     { "example.com", "a.example.com", true, 0 },
    { "example.com", "example.net", false, 0 },     { "example.com", "other.com", false, 0 },
    { "a.example.com", "example.com", false, 0 },   { "example.com", "a.example.com", false, 1 },
    { "example.com", "a.b.example.com", false, 2 },
};

static void test_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++) {
        struct zone zone;
        zone_open(&zone, AT("example.com"));
        struct dmarc_policy policy = zone_discover(&zone, asked[i].from);
        unsigned before = dns_questions_count(zone.questions);
        zone_align(&zone, &policy, asked[i].from, asked[i].authenticated, asked[i].is_strict);
        assert_int_equal(dns_questions_count(zone.questions) - before, asked[i].more);
        zone_close(&zone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_suffix),
        cmocka_unit_test(test_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
