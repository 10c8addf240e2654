/*
 * domains_look: what a look at each kind of record shows: its text, and what is wrong with it; and
 * that what DNS cannot tell is nobody's fault.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "dns/scripted.h"
#include "util/buffer.h"
#include "watch/domains_look.h"

static struct clock_fixed fixed;

typedef bool look_fn(const struct domains_subject *subject, struct dns_questions *questions,
                     struct arena *arena, struct domains_look *look_r);

/* The first two addresses, where a row names none. */
#define OURS "192.0.2.1 2001:db8::1"
#define GOOD_MX "m.example.org A 192.0.2.9\nexample.org MX 10 m.example.org\n"

struct row {
    const char *name;
    look_fn *look;
    const char *zone;
    const char *domain; /* NULL: example.org */
    const char *addresses;
    const char *text;   /* NULL: not known */
    const char *faults; /* "weight code; ..." by what they begin with; NULL: not known */
};

static const struct row rows[] = {
    { "spf: good", domains_look_spf,
      "example.org TXT \"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all\"\n"
      "example.org TXT \"something else\"\n",
      NULL, OURS, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all", "" },
    { "spf: an address is not in it", domains_look_spf,
      "example.org TXT \"v=spf1 ip4:192.0.2.1 -all\"\n", NULL, OURS, "v=spf1 ip4:192.0.2.1 -all",
      "grave spf-address 2001:db8::1" },
    { "spf: nor softly", domains_look_spf, "example.org TXT \"v=spf1 ip4:192.0.2.9 ~all\"\n", NULL,
      OURS, "v=spf1 ip4:192.0.2.9 ~all",
      "fault spf-address 192.0.2.1; fault spf-address 2001:db8::1" },
    { "spf: none", domains_look_spf, "example.org TXT \"google-site\"\n", NULL, OURS, "",
      "fault spf-missing" },
    { "spf: no domain", domains_look_spf, "", NULL, OURS, "", "fault spf-missing" },
    { "spf: several, in any order", domains_look_spf,
      "example.org TXT \"v=spf1 b -all\"\nexample.org TXT \"v=spf1 a -all\"\n", NULL, OURS,
      "v=spf1 a -all | v=spf1 b -all", "grave spf-several" },
    { "spf: syntax", domains_look_spf, "example.org TXT \"v=spf1 ip4:192.0.2.1 ipv6:: -all\"\n",
      NULL, OURS, "v=spf1 ip4:192.0.2.1 ipv6:: -all", "grave spf " },
    { "spf: an include that is broken behind our addresses", domains_look_spf,
      "example.org TXT \"v=spf1 ip4:192.0.2.1 include:x.example -all\"\n", NULL, "192.0.2.1",
      "v=spf1 ip4:192.0.2.1 include:x.example -all", "fault spf " },
    { "spf: an include that is broken before them", domains_look_spf,
      "example.org TXT \"v=spf1 include:x.example ip4:192.0.2.1 -all\"\n", NULL, "192.0.2.1",
      "v=spf1 include:x.example ip4:192.0.2.1 -all", "grave spf " },
    { "spf: everybody", domains_look_spf, "example.org TXT \"v=spf1 +all\"\n", NULL, OURS,
      "v=spf1 +all", "fault spf " },
    { "spf: no addresses, a fault all the same", domains_look_spf,
      "example.org TXT \"v=spf1 include:x.example -all\"\n", NULL, "",
      "v=spf1 include:x.example -all", "grave spf " },
    { "spf: ptr", domains_look_spf, "example.org TXT \"v=spf1 ip4:192.0.2.1 ptr -all\"\n", NULL,
      "192.0.2.1", "v=spf1 ip4:192.0.2.1 ptr -all", "fault spf " },
    { "spf: the servers fail", domains_look_spf, "example.org TXT SERVFAIL\n", NULL, OURS, NULL,
      NULL },
    { "spf: those of an include fail: only the text is known", domains_look_spf,
      "example.org TXT \"v=spf1 include:x.example -all\"\nx.example TXT TIMEOUT\n", NULL, OURS,
      "v=spf1 include:x.example -all", NULL },
    { "spf: bytes that are no text", domains_look_spf,
      "example.org TXT \"v=spf1 ip4:192.0.2.1 -all \\010\\200\"\n", NULL, "192.0.2.1",
      "v=spf1 ip4:192.0.2.1 -all \\x0a\\xc8", "grave spf " },

    { "dmarc: good", domains_look_dmarc,
      "_dmarc.example.org TXT \"v=DMARC1; p=reject; rua=mailto:d@example.org\"\n", NULL, OURS,
      "v=DMARC1; p=reject; rua=mailto:d@example.org", "" },
    { "dmarc: p=none is only a note", domains_look_dmarc,
      "_dmarc.example.org TXT \"v=DMARC1; p=none\"\n", NULL, OURS, "v=DMARC1; p=none",
      "note dmarc-none" },
    { "dmarc: none", domains_look_dmarc, "example.org A 192.0.2.1\n", NULL, OURS, "",
      "fault dmarc-missing" },
    { "dmarc: several", domains_look_dmarc,
      "_dmarc.example.org TXT \"v=DMARC1; p=none\"\n_dmarc.example.org TXT \"v=DMARC1; "
      "p=reject\"\n",
      NULL, OURS, "", "grave dmarc-unreadable" },
    { "dmarc: p is nothing", domains_look_dmarc, "_dmarc.example.org TXT \"v=DMARC1; p=deny\"\n",
      NULL, OURS, "v=DMARC1; p=deny", "grave dmarc-unreadable" },
    { "dmarc: rua is no address", domains_look_dmarc,
      "_dmarc.example.org TXT \"v=DMARC1; p=reject; rua=postmaster\"\n", NULL, OURS,
      "v=DMARC1; p=reject; rua=postmaster", "fault dmarc-odd" },
    { "dmarc: above, looked at itself", domains_look_dmarc,
      "_dmarc.example.org TXT \"v=DMARC1; p=reject\"\nnews.example.org A 192.0.2.1\n",
      "news.example.org", OURS, "that of example.org", "" },
    { "dmarc: above, not looked at itself", domains_look_dmarc,
      "_dmarc.example.net TXT \"v=DMARC1; p=reject\"\nnews.example.net A 192.0.2.1\n",
      "news.example.net", OURS, "v=DMARC1; p=reject, of example.net", "" },
    { "dmarc: no answer", domains_look_dmarc, "* * TIMEOUT\n", NULL, OURS, NULL, NULL },

    { "mx: good, by preference and name", domains_look_mx,
      "example.org MX 20 b.example.org\nexample.org MX 10 a.example.org\n"
      "a.example.org A 192.0.2.1\nb.example.org AAAA 2001:db8::1\n",
      NULL, OURS, "10 a.example.org, 20 b.example.org", "" },
    { "mx: none, but an address", domains_look_mx, "example.org A 192.0.2.1\n", NULL, OURS, "",
      "fault mx-missing" },
    { "mx: none, and no address", domains_look_mx, "example.org TXT x\n", NULL, OURS, "",
      "grave mx-missing" },
    { "mx: no domain", domains_look_mx, "", NULL, OURS, "", "grave mx-no-domain" },
    { "mx: null", domains_look_mx, "example.org MX 0 .\n", NULL, OURS, "0 .", "grave mx-null" },
    { "mx: null beside others", domains_look_mx, GOOD_MX "example.org MX 0 .\n", NULL, OURS,
      "0 ., 10 m.example.org", "fault mx-null" },
    { "mx: one of them leads nowhere", domains_look_mx, GOOD_MX "example.org MX 20 x.example.org\n",
      NULL, OURS, "10 m.example.org, 20 x.example.org", "fault mx-address x.example.org" },
    { "mx: all of them", domains_look_mx, "example.org MX 20 x.example.org\n", NULL, OURS,
      "20 x.example.org", "fault mx-address x.example.org; grave mx-dead" },
    { "mx: an address where a name belongs", domains_look_mx,
      GOOD_MX "example.org MX 20 192.0.2.1\n", NULL, OURS, "10 m.example.org, 20 192.0.2.1",
      "fault mx-literal 192.0.2.1" },
    { "mx: an alias", domains_look_mx,
      "example.org MX 10 x.example.org\nx.example.org CNAME m.example.org\n"
      "m.example.org A 192.0.2.9\n",
      NULL, OURS, "10 x.example.org", "fault mx-alias x.example.org" },
    { "mx: one that nobody can tell about", domains_look_mx,
      "example.org MX 20 x.example.org\nx.example.org * SERVFAIL\n", NULL, OURS, "20 x.example.org",
      NULL },
    { "mx: the servers fail", domains_look_mx, "example.org MX SERVFAIL\n", NULL, OURS, NULL,
      NULL },

    { "ptr: good", domains_look_ptr,
      "1.2.0.192.in-addr.arpa PTR m.example.org\nm.example.org A 192.0.2.1\n", "192.0.2.1",
      "192.0.2.1", "m.example.org", "" },
    { "ptr: none", domains_look_ptr, "", "192.0.2.1", "192.0.2.1", "", "grave ptr-missing" },
    { "ptr: leads elsewhere", domains_look_ptr,
      "1.2.0.192.in-addr.arpa PTR m.example.org\nm.example.org A 192.0.2.2\n", "192.0.2.1",
      "192.0.2.1", "m.example.org", "grave ptr-unconfirmed" },
    { "ptr: one of two leads back", domains_look_ptr,
      "1.2.0.192.in-addr.arpa PTR m.example.org\n1.2.0.192.in-addr.arpa PTR a.example.org\n"
      "m.example.org A 192.0.2.1\n",
      "192.0.2.1", "192.0.2.1", "a.example.org, m.example.org", "note ptr-several" },
    { "ptr: of IPv6", domains_look_ptr,
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR m.example.org\n"
      "m.example.org AAAA 2001:db8::1\n",
      "2001:db8::1", "2001:db8::1", "m.example.org", "" },
    { "ptr: forward cannot be told", domains_look_ptr,
      "1.2.0.192.in-addr.arpa PTR m.example.org\nm.example.org A TIMEOUT\n", "192.0.2.1",
      "192.0.2.1", "m.example.org", NULL },
    { "ptr: no answer", domains_look_ptr, "* * TIMEOUT\n", "192.0.2.1", "192.0.2.1", NULL, NULL },

    { "helo: leads to the address", domains_look_helo,
      "m.example.net A 192.0.2.1\nm.example.net TXT \"v=spf1 a -all\"\n", "m.example.net",
      "192.0.2.1", "192.0.2.1, v=spf1 a -all", "" },
    { "helo: without SPF is a note", domains_look_helo, "m.example.net A 192.0.2.1\n",
      "m.example.net", "192.0.2.1", "192.0.2.1", "note helo-spf" },
    { "helo: is the name of the other address", domains_look_helo,
      "m.example.net A 192.0.2.1\nm.example.net TXT \"v=spf1 a ip4:192.0.2.2 -all\"\n"
      "2.2.0.192.in-addr.arpa PTR m.example.net\n",
      "m.example.net", "192.0.2.1 192.0.2.2", "192.0.2.1, v=spf1 a ip4:192.0.2.2 -all", "" },
    { "helo: leads elsewhere", domains_look_helo, "m.example.net A 192.0.2.3\n", "m.example.net",
      "192.0.2.1", "192.0.2.3", "fault helo-other 192.0.2.1; note helo-spf" },
    { "helo: leads nowhere", domains_look_helo, "", "m.example.net", "192.0.2.1", "",
      "fault helo-other 192.0.2.1; fault helo-address; note helo-spf" },
    { "helo: SPF does not let it", domains_look_helo,
      "m.example.net A 192.0.2.1\nm.example.net TXT \"v=spf1 -all\"\n", "m.example.net",
      "192.0.2.1", "192.0.2.1, v=spf1 -all", "fault helo-sender 192.0.2.1" },
    { "helo: SPF in error", domains_look_helo,
      "m.example.net A 192.0.2.1\nm.example.net TXT \"v=spf1 nonsense -all\"\n", "m.example.net",
      "192.0.2.1", "192.0.2.1, v=spf1 nonsense -all", "fault helo-error" },
    { "helo: a domain of ours, whose SPF is told there", domains_look_helo,
      "example.org A 192.0.2.1\nexample.org TXT \"v=spf1 a -all\"\n", "example.org", "192.0.2.1",
      "192.0.2.1", "" },
    { "helo: no answer", domains_look_helo, "* * TIMEOUT\n", "m.example.net", "192.0.2.1", NULL,
      NULL },
};

#define ADDRESSES_MAX 32
struct setting {
    struct ip addresses[ADDRESSES_MAX];
    struct egress egress;
    struct domains_subject subject;
    struct hash_table *watched;
    struct arena *arena;
    struct domains_look look;
};

static void add_addresses(struct setting *setting, const char *addresses)
{
    struct span rest = span_of(addresses);
    struct span word;
    while (span_cut(&rest, ' ', &word)) {
        if (word.size > 0) {
            assert_true(ip_parse(word, &setting->addresses[setting->egress.address_count++]));
        }
    }
}

static void open_setting(struct setting *setting, const char *domain, const char *addresses,
                         size_t arena_bytes)
{
    *setting = (struct setting){ .watched = hash_table_new(), .arena = arena_new(arena_bytes) };
    setting->egress.name = "";
    setting->egress.addresses = setting->addresses;
    add_addresses(setting, addresses);
    assert_true(hash_table_put(setting->watched, SPAN("example.org"), setting, NULL));
    setting->subject =
        (struct domains_subject){ span_of(domain), &setting->egress, setting->watched };
}

static void look(struct setting *setting, look_fn *fn, const char *zone)
{
    struct error error;
    struct dns_resolver *resolver = dns_scripted_new(span_of(zone), &fixed.clock, &error);
    struct dns_questions *questions = dns_questions_new(resolver, 200);
    assert_non_null(resolver);
    while (!fn(&setting->subject, questions, setting->arena, &setting->look)) {
        assert_true(dns_questions_wait(questions, 0));
    }
    dns_questions_free(&questions);
    dns_resolver_free(&resolver);
}

static void close_setting(struct setting *setting)
{
    hash_table_free(&setting->watched);
    arena_free(&setting->arena);
}

static void print_faults(const struct domains_look *look, struct buffer *out)
{
    static const char *const weights[] = { "note", "fault", "grave" };
    for (size_t i = 0; i < look->fault_count; i++) {
        buffer_printf(out, "%s%s %.*s", i > 0 ? "; " : "", weights[look->faults[i].weight],
                      SPAN_ARG(look->faults[i].code));
    }
}

/* Of a code that ends in a blank only the beginning is compared, here and in the table. */
static bool is_as_expected(const char *expected, const char *found)
{
    size_t size = strlen(expected);
    bool is_prefix = size > 0 && expected[size - 1] == ' ';
    return is_prefix ? strncmp(expected, found, size) == 0 : strcmp(expected, found) == 0;
}

static bool check(const struct row *row, const struct setting *setting)
{
    struct buffer found = BUFFER_EMPTY;
    const struct domains_look *look = &setting->look;
    print_faults(look, &found);
    bool good = look->is_text_known == (row->text != NULL) &&
                look->are_faults_known == (row->faults != NULL) &&
                (row->text == NULL || span_is_equal(look->text, span_of(row->text))) &&
                (row->faults == NULL || is_as_expected(row->faults, buffer_text(&found)));
    if (!good) {
        print_error("%s: text %d \"%.*s\", faults %d \"%s\"\n", row->name, look->is_text_known,
                    SPAN_ARG(look->text), look->are_faults_known, buffer_text(&found));
    }
    buffer_free(&found);
    return good;
}

static void test_rows(void **state)
{
    int bad = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *domain = rows[i].domain != NULL ? rows[i].domain : "example.org";
        struct setting setting;
        open_setting(&setting, domain, rows[i].addresses, 1 << 20);
        look(&setting, rows[i].look, rows[i].zone);
        bad += !check(&rows[i], &setting);
        close_setting(&setting);
    }
    assert_int_equal(bad, 0);
}

/* Without memory nothing is known, and nothing is anybody's fault. */
static void test_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct setting setting;
        open_setting(&setting, "example.org", "192.0.2.1", 16);
        look(&setting, rows[i].look, rows[i].zone);
        assert_false(setting.look.is_text_known);
        assert_false(setting.look.are_faults_known);
        assert_int_equal(setting.look.fault_count, 0);
        close_setting(&setting);
    }
}

/* More faults than are listed: the last says so, whatever it was. */
static void test_many_faults(void **state)
{
    struct buffer addresses = BUFFER_EMPTY;
    struct setting setting;
    (void)state;
    for (int i = 0; i < ADDRESSES_MAX; i++) {
        buffer_printf(&addresses, "192.0.2.%d ", i);
    }
    open_setting(&setting, "example.org", buffer_text(&addresses), 1 << 20);
    look(&setting, domains_look_spf, "example.org TXT \"v=spf1 -all\"\n");
    assert_int_equal(setting.look.fault_count, DOMAINS_FAULTS_MAX);
    assert_string_equal(setting.look.faults[DOMAINS_FAULTS_MAX - 1].code.at, "more");
    assert_string_equal(setting.look.faults[0].code.at, "spf-address 192.0.2.0");
    close_setting(&setting);
    buffer_free(&addresses);
}

/* What is longer than is kept changes also where it is not shown. */
static void test_long_text(void **state)
{
    struct buffer zone = BUFFER_EMPTY;
    struct span texts[2];
    struct setting settings[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        buffer_clear(&zone);
        buffer_add_text(&zone, "example.org TXT \"v=spf1 ");
        for (int k = 0; k < 200; k++) {
            buffer_printf(&zone, "ip4:192.0.2.%d ", k);
        }
        buffer_printf(&zone, "%call\"\n", i == 0 ? '-' : '~');
        open_setting(&settings[i], "example.org", "192.0.2.1", 1 << 20);
        look(&settings[i], domains_look_spf, buffer_text(&zone));
        texts[i] = settings[i].look.text;
        assert_true(texts[i].size < DOMAINS_TEXT_MAX);
    }
    assert_true(span_is_equal(span_first(texts[0], 1000), span_first(texts[1], 1000)));
    assert_false(span_is_equal(texts[0], texts[1]));
    close_setting(&settings[0]);
    close_setting(&settings[1]);
    buffer_free(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_many_faults),
        cmocka_unit_test(test_long_text),
    };
    clock_fixed_init(&fixed, 1772366400);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
