/* published: what stands in DNS where a key record of ours should be. */
#include "dkim/published.h"
#include "dkim/base64.h"
#include "test_dkim_support.h"

#define TEXTS_MAX 3
#define NAME SPAN("s2026a._domainkey.example.org")

static struct dkim_key *ours, *ours_ed, *other, *strong;
static char rsa[512], rsa_pkcs1[512], raw[64], ed_der[80], foreign[512];

static void encode(unsigned char *der, int size, char *out)
{
    assert_true(size > 0);
    base64_encode(der, (size_t)size, out);
    out[BASE64_SIZE((size_t)size)] = '\0';
    OPENSSL_free(der);
}

static int make_keys(void **state)
{
    struct error error;
    unsigned char *der = NULL, bytes[32];
    size_t size = sizeof(bytes);
    (void)state;
    ours = test_key(DKIM_RSA_SHA256);
    ours_ed = test_key(DKIM_ED25519_SHA256);
    other = dkim_key_generate(DKIM_RSA_SHA256, 1024, &error);
    strong = dkim_key_generate(DKIM_RSA_SHA256, 2048, &error);
    int length = i2d_PUBKEY(ours->pkey, &der);
    encode(der, length, rsa);
    der = NULL;
    length = i2d_PublicKey(ours->pkey, &der);
    encode(der, length, rsa_pkcs1);
    der = NULL;
    length = i2d_PUBKEY(other->pkey, &der);
    encode(der, length, foreign);
    der = NULL;
    length = i2d_PUBKEY(ours_ed->pkey, &der);
    encode(der, length, ed_der);
    assert_int_equal(EVP_PKEY_get_raw_public_key(ours_ed->pkey, bytes, &size), 1);
    base64_encode(bytes, size, raw);
    raw[BASE64_SIZE(sizeof(bytes))] = '\0';
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    dkim_key_unref(&other);
    dkim_key_unref(&strong);
    return 0;
}

/* $R our RSA key, $1 the same as RSAPublicKey, $E our Ed25519 key, $D the same as
 * SubjectPublicKeyInfo, $O another RSA key. */
static void expand(const char *text, struct buffer *out)
{
    for (; *text != '\0'; text++) {
        if (text[0] != '$') {
            buffer_add_char(out, text[0]);
            continue;
        }
        text++;
        buffer_add_text(out, *text == 'R'   ? rsa
                             : *text == '1' ? rsa_pkcs1
                             : *text == 'E' ? raw
                             : *text == 'D' ? ed_der
                                            : foreign);
    }
}

static const struct {
    const char *texts[TEXTS_MAX];
    enum key_seen seen;
    bool for_ed25519;
    const char *why; /* within it; NULL: nothing is said but that the key is short */
} cases[] = {
    { { "v=DKIM1; k=rsa; p=$R" }, KEY_SEEN_GOOD, false, NULL },
    { { "v=DKIM1;p=$R" }, KEY_SEEN_GOOD, false, NULL },
    { { "p=$R" }, KEY_SEEN_GOOD, false, NULL },
    { { "v=DKIM1; k=rsa; p=$1" }, KEY_SEEN_GOOD, false, NULL },
    { { " v = DKIM1 ; n=of 2026=; g=*; k = rsa ; p = $R ; " }, KEY_SEEN_GOOD, false, NULL },
    { { "v=DKIM1; h=sha1:sha256; s=email; p=$R" }, KEY_SEEN_GOOD, false, NULL },
    { { "v=DKIM1; s=*; t=s; p=$R" }, KEY_SEEN_GOOD, false, NULL },
    { { "k=rsa; p=$R; v=DKIM1" }, KEY_SEEN_GOOD, false, NULL },
    { { "v=spf1 -all", "v=DKIM1; p=$R", "p as in nothing" }, KEY_SEEN_GOOD, false, NULL },
    { { "v=DKIM1; k=ed25519; p=$E" }, KEY_SEEN_GOOD, true, "" },
    { { "v=DKIM1; t=y; p=$R" }, KEY_SEEN_GOOD, false, "t=y" },
    { { "v=DKIM1; p=$R", "v=DKIM1; p=$O" }, KEY_SEEN_GOOD, false, "several key records" },
    { { "v=DKIM1; p=$O", "v=DKIM1; p=$R" }, KEY_SEEN_GOOD, false, "several key records" },
    /* nothing of the kind */
    { { NULL }, KEY_SEEN_NOTHING, false, "no such" },
    { { "v=spf1 -all" }, KEY_SEEN_NOTHING, false, "no key record" },
    { { "v=DKIM2; p=$R" }, KEY_SEEN_NOTHING, false, "no key record" },
    { { "v=dkim1; p=$R" }, KEY_SEEN_NOTHING, false, "no key record" },
    { { "" }, KEY_SEEN_NOTHING, false, "no key record" },
    /* revoked */
    { { "v=DKIM1; p=" }, KEY_SEEN_REVOKED, false, "p= is empty" },
    { { "v=DKIM1; k=rsa; p= ;" }, KEY_SEEN_REVOKED, false, "p= is empty" },
    /* another, or none that could be ours */
    { { "v=DKIM1; p=$O" }, KEY_SEEN_OTHER, false, NULL },
    { { "v=DKIM1; p=$R" }, KEY_SEEN_OTHER, true, NULL },
    { { "v=DKIM1; k=ed25519; p=$E" }, KEY_SEEN_OTHER, false, NULL },
    { { "v=DKIM1" }, KEY_SEEN_OTHER, false, "no p=" },
    { { "v=DKIM1; p=\"$R\"" }, KEY_SEEN_OTHER, false, "no base64" },
    { { "v=DKIM1; p=AAAA$R" }, KEY_SEEN_OTHER, false, NULL },
    { { "v=DKIM1; p=", "v=DKIM1; p=$O" }, KEY_SEEN_OTHER, false, "several" },
    /* ours, and yet */
    { { "v=DKIM1; h=sha1; p=$R" }, KEY_SEEN_UNFIT, false, "h= does not list sha256" },
    { { "v=DKIM1; s=tlsrpt; p=$R" }, KEY_SEEN_UNFIT, false, "s= lists neither" },
    { { "v=DKIM1; k=ed25519; p=$R" }, KEY_SEEN_UNFIT, false, "k= says something else" },
    { { "v=DKIM1; p=$E" }, KEY_SEEN_UNFIT, true, "k= does not say so" },
    { { "v=DKIM1; k=ed25519; p=$D" }, KEY_SEEN_UNFIT, true, "32 octets" },
    { { "v=DKIM1; k=rsa; k=rsa; p=$R" }, KEY_SEEN_UNFIT, false, "twice" },
    { { "v=DKIM1; nonsense; p=$R" }, KEY_SEEN_UNFIT, false, "no tag" },
    { { "v=DKIM1; h=sha1; p=$R", "v=DKIM1; p=$O" }, KEY_SEEN_UNFIT, false, "h= does not" },
};

static void judge(const char *const *texts, const struct dkim_key *key,
                  struct dkim_published *published_r)
{
    struct buffer expanded[TEXTS_MAX] = { BUFFER_EMPTY, BUFFER_EMPTY, BUFFER_EMPTY };
    struct dns_record records[TEXTS_MAX];
    struct dns_answer answer = { .result = DNS_NXDOMAIN, .records = records };
    for (size_t i = 0; i < TEXTS_MAX && texts[i] != NULL; i++) {
        expand(texts[i], &expanded[i]);
        records[answer.count++] = (struct dns_record){ .data = buffer_span(&expanded[i]) };
        answer.result = DNS_FOUND;
    }
    dkim_published_judge(&answer, NAME, key, published_r);
    for (size_t i = 0; i < TEXTS_MAX; i++) {
        buffer_free(&expanded[i]);
    }
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dkim_published published;
        judge(cases[i].texts, cases[i].for_ed25519 ? ours_ed : ours, &published);
        const char *why = cases[i].why != NULL             ? cases[i].why
                          : cases[i].seen == KEY_SEEN_GOOD ? "shorter than 2048"
                                                           : "";
        bool is_said =
            why[0] == '\0' ? published.why[0] == '\0' : strstr(published.why, why) != NULL;
        if (published.seen != cases[i].seen || !is_said) {
            fail_msg("case %zu (%s): %s, \"%s\"", i, cases[i].texts[0],
                     key_seen_name(published.seen), published.why);
        }
    }
}

static void test_flags(void **state)
{
    (void)state;
    struct dkim_published published;
    judge((const char *[]){ "v=DKIM1; t=s:y; p=$R", NULL }, ours, &published);
    assert_true(published.is_testing && published.is_subdomain_bound);
    assert_false(published.is_ambiguous || published.is_large);
    assert_memory_equal(published.found, "v=DKIM1; t=s:y; p=MI", 20);
    judge((const char *[]){ "v=DKIM1; p=$R", "v=DKIM1; p=$R", NULL }, ours, &published);
    assert_true(published.is_ambiguous);
    assert_false(published.is_testing || published.is_subdomain_bound);
    judge((const char *[]){ "v=DKIM1; p=$O\n\x01\xff", NULL }, ours, &published);
    assert_non_null(strstr(published.found, "\\x0a\\x01\\xff"));
}

/* A record of 2048 bits is fit for everything. */
static void test_nothing_to_say(void **state)
{
    (void)state;
    struct buffer text = BUFFER_EMPTY;
    struct dkim_published published;
    assert_true(dkim_key_print_record(strong, &text));
    judge((const char *[]){ buffer_text(&text), NULL }, strong, &published);
    assert_int_equal(published.seen, KEY_SEEN_GOOD);
    assert_string_equal(published.why, "");
    buffer_free(&text);
}

static void test_large(void **state)
{
    (void)state;
    struct error error;
    struct dkim_key *huge = dkim_key_generate(DKIM_RSA_SHA256, 8192, &error);
    struct buffer text = BUFFER_EMPTY;
    struct dkim_published published;
    assert_true(dkim_key_print_record(huge, &text));
    judge((const char *[]){ buffer_text(&text), NULL }, huge, &published);
    assert_int_equal(published.seen, KEY_SEEN_GOOD);
    assert_true(published.is_large);
    assert_non_null(strstr(published.why, "UDP"));
    buffer_free(&text);
    dkim_key_unref(&huge);
}

static void test_no_answer(void **state)
{
    (void)state;
    static const enum dns_result failures[] = { DNS_SERVFAIL, DNS_BOGUS, DNS_TIMEOUT };
    for (size_t i = 0; i < COUNT(failures); i++) {
        struct dns_answer answer = { .result = failures[i] };
        struct dkim_published published;
        dkim_published_judge(&answer, NAME, ours, &published);
        assert_int_equal(published.seen, KEY_SEEN_CANNOT);
        assert_string_equal(published.why, dns_result_name(failures[i]));
    }
    struct dns_answer nothing = { .result = DNS_NODATA };
    struct dkim_published published;
    dkim_published_judge(&nothing, NAME, ours, &published);
    assert_int_equal(published.seen, KEY_SEEN_NOTHING);
}

static void test_ids(void **state)
{
    (void)state;
    uint64_t ids[] = { dkim_key_id(ours), dkim_key_id(ours_ed), dkim_key_id(other) };
    assert_true(ids[0] != 0 && ids[0] == dkim_key_id(ours));
    assert_true(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),          cmocka_unit_test(test_flags),
        cmocka_unit_test(test_nothing_to_say), cmocka_unit_test(test_large),
        cmocka_unit_test(test_no_answer),      cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
