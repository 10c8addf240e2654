/* tags: which values of a DKIM-Signature field are read, and as what (RFC 6376 3.2, 3.5). */
#include <string.h>

#include "dkim/base64.h"
#include "test_dkim_support.h"

#define REST " d=d.example; s=s; h=From; bh=AAAA; b=BBBB"
#define MINIMAL "v=1; a=rsa-sha256;" REST

static const struct {
    const char *value;
    bool is_good;
} lists[] = {
    { MINIMAL, true },
    { MINIMAL ";", true },
    { MINIMAL "; \n\t", true },
    { "\n\tv\n = \n\t1 ; a = rsa-sha256 ;" REST, true },
    { MINIMAL "; unknown=anything at all = even this", true },
    { MINIMAL "; x_1=", true },
    { MINIMAL "; V=1", true }, /* names are case-sensitive: another tag */
    { MINIMAL "; z=From:a@b|To:=3B", true },
    { MINIMAL "; i=\xc3\xa4@d.example", true },
    { "", false },
    { " ", false },
    { ";", false },
    { "v", false },
    { MINIMAL ";;", false },
    { MINIMAL ";; x=1", false },
    { ";" MINIMAL, false },
    { MINIMAL "; junk", false },
    { MINIMAL "; junk; x=1", false },
    { MINIMAL "; =1", false },
    { MINIMAL "; 1x=1", false },
    { MINIMAL "; _x=1", false },
    { MINIMAL "; x-y=1", false },
    { MINIMAL "; x y=1", false },
    { MINIMAL "; d=d.example", false }, /* twice */
    { MINIMAL "; y=1; y=1", false },
    { MINIMAL "; y=\x01", false },
    { MINIMAL "; y=\x7f", false },
    /* required tags */
    { "a=rsa-sha256;" REST, false },
    { "v=1;" REST, false },
    { "v=2; a=rsa-sha256;" REST, false },
    { "v=1.0; a=rsa-sha256;" REST, false },
    { "v=; a=rsa-sha256;" REST, false },
    { "v=1; a=;" REST, false },
    { "v=1; a=rsa sha256;" REST, false },
    { "v=1; a=a; s=s; h=From; bh=AAAA; b=BBBB", false },
    { "v=1; a=a; d=d.example; h=From; bh=AAAA; b=BBBB", false },
    { "v=1; a=a; d=d.example; s=s; bh=AAAA; b=BBBB", false },
    { "v=1; a=a; d=d.example; s=s; h=; bh=AAAA; b=BBBB", false },
    { "v=1; a=a; d=d.example; s=s; h=From:; bh=AAAA; b=BBBB", false },
    { "v=1; a=a; d=d.example; s=s; h=:From; bh=AAAA; b=BBBB", false },
    { "v=1; a=a; d=d.example; s=s; h=From::To; bh=AAAA; b=BBBB", false },
    { "v=1; a=a; d=d.example; s=s; h=From; b=BBBB", false },
    { "v=1; a=a; d=d.example; s=s; h=From; bh= ; b=BBBB", false },
    { "v=1; a=a; d=d.example; s=s; h=From; bh=AAAA", false },
    { "v=1; a=a; d=d.example; s=s; h=From; bh=AAAA; b=", false },
    { "v=1; a=a; d=d example; s=s; h=From; bh=AAAA; b=BBBB", false },
    /* c= */
    { MINIMAL "; c=relaxed", true },
    { MINIMAL "; c= Simple/RELAXED ", true },
    { MINIMAL "; c=", false },
    { MINIMAL "; c=relaxed/", false },
    { MINIMAL "; c=/simple", false },
    { MINIMAL "; c=nofws", false },
    { MINIMAL "; c=relaxed/simple/simple", false },
    { MINIMAL "; c=relaxed /simple", false },
    /* q= */
    { MINIMAL "; q=dns/txt", true },
    { MINIMAL "; q=other : DNS/TXT", true },
    { MINIMAL "; q=", false },
    { MINIMAL "; q=dns", false },
    /* i= */
    { MINIMAL "; i=@d.example", true },
    { MINIMAL "; i=u@D.Example", true },
    { MINIMAL "; i=\"a@b\"@sub.d.example", true },
    { MINIMAL "; i=u@other.example", false },
    { MINIMAL "; i=u@xd.example", false },
    { MINIMAL "; i=d.example", false },
    { MINIMAL "; i=", false },
    /* t= and x= */
    { MINIMAL "; t=0; x=999999999999", true },
    { MINIMAL "; x=5", true },
    { MINIMAL "; t=5; x=5", false },
    { MINIMAL "; t=6; x=5", false },
    { MINIMAL "; t=", false },
    { MINIMAL "; t=-1", false },
    { MINIMAL "; t=1 0", false },
    { MINIMAL "; t=1000000000000", false },
    { MINIMAL "; x=0x10", false },
};

static void test_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lists); i++) {
        struct dkim_tags tags;
        if (dkim_tags_parse(span_of(lists[i].value), &tags) != lists[i].is_good) {
            fail_msg("\"%s\" is %s", lists[i].value, lists[i].is_good ? "refused" : "taken");
        }
    }
    struct dkim_tags tags;
    assert_false(dkim_tags_parse(SPAN(MINIMAL "; y=a\0b"), &tags));
    assert_false(dkim_tags_parse((struct span){ NULL, 0 }, &tags));
}

static void check_value(struct span seen, const char *wanted)
{
    if (!span_is_equal(seen, span_of(wanted))) {
        fail_msg("saw \"%.*s\", wanted \"%s\"", SPAN_ARG(seen), wanted);
    }
}

static void test_values(void **state)
{
    struct dkim_tags tags;
    (void)state;
    assert_true(dkim_tags_parse(SPAN(" v=1; a=ed25519-sha256; c=simple/relaxed; d= d.example ;\n\t"
                                     "s=a.b; t=12; x=13; l=0; i=u@d.example;\n\th=From : To\n\t:Cc"
                                     ";\n\tbh=AA AA; b=\n\tBB\n\tBB "),
                                &tags));
    check_value(tags.domain, "d.example");
    check_value(tags.selector, "a.b");
    check_value(tags.algorithm, "ed25519-sha256");
    check_value(tags.signed_names, "From : To\n\t:Cc");
    check_value(tags.body_hash, "AA AA");
    check_value(tags.signature, "\n\tBB\n\tBB ");
    check_value(tags.identity, "u@d.example");
    assert_int_equal(tags.header_form, CANONICAL_SIMPLE);
    assert_int_equal(tags.body_form, CANONICAL_RELAXED);
    assert_int_equal(tags.signed_at_s, 12);
    assert_int_equal(tags.expires_at_s, 13);
    assert_true(tags.has_length);
}

static void test_defaults(void **state)
{
    struct dkim_tags tags;
    (void)state;
    assert_true(dkim_tags_parse(SPAN(MINIMAL), &tags));
    assert_int_equal(tags.header_form, CANONICAL_SIMPLE);
    assert_int_equal(tags.body_form, CANONICAL_SIMPLE);
    assert_int_equal(tags.signed_at_s, -1);
    assert_int_equal(tags.expires_at_s, -1);
    assert_false(tags.has_length);
    assert_null(tags.identity.at);
    assert_true(dkim_tags_parse(SPAN(MINIMAL "; c=relaxed"), &tags));
    assert_int_equal(tags.header_form, CANONICAL_RELAXED);
    assert_int_equal(tags.body_form, CANONICAL_SIMPLE);
}

/* 64 tags are read, 65 are not. */
static void test_many_tags(void **state)
{
    struct buffer list = BUFFER_EMPTY;
    struct dkim_tags tags;
    (void)state;
    buffer_add_text(&list, MINIMAL);
    for (int i = 7; i < 64; i++) {
        buffer_printf(&list, "; n%d=", i);
    }
    assert_true(dkim_tags_parse(buffer_span(&list), &tags));
    buffer_add_text(&list, "; n=");
    assert_false(dkim_tags_parse(buffer_span(&list), &tags));
    buffer_free(&list);
}

static const struct {
    const char *text;
    const char *bytes; /* NULL: no base64 */
} base64_texts[] = {
    { "", "" },
    { "YQ==", "a" },
    { "YWI=", "ab" },
    { "YWJj", "abc" },
    { "YWJjZA==", "abcd" },
    { " Y\r\n\tW J\tj ", "abc" },
    { "Y Q = =", "a" },
    { "YQ=", NULL },
    { "YQ", NULL },
    { "Y", NULL },
    { "YQ===", NULL },
    { "====", NULL },
    { "=", NULL },
    { "YR==", NULL },
    { "YWJ=", NULL },
    { "YQ==YQ==", NULL },
    { "YW=j", NULL },
    { "Y-==", NULL },
    { "Y_==", NULL },
    { "YWJj\x80", NULL },
    { "YWJjZGVmZ2hpag==", NULL }, /* ten octets into eight */
};

static void test_base64(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(base64_texts); i++) {
        uint8_t bytes[8];
        size_t size = 99;
        const char *wanted = base64_texts[i].bytes;
        bool is_good = base64_decode(span_of(base64_texts[i].text), bytes, sizeof(bytes), &size);
        if (is_good != (wanted != NULL)) {
            fail_msg("\"%s\"", base64_texts[i].text);
        }
        if (is_good) {
            assert_int_equal(size, strlen(wanted));
            assert_memory_equal(bytes, wanted, size);
        }
    }
    for (size_t size = 0; size <= 100; size++) {
        uint8_t bytes[100], again[100];
        char text[BASE64_SIZE(100)];
        size_t back;
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)(i * 37 + size * 11);
        }
        base64_encode(bytes, size, text);
        assert_true(
            base64_decode((struct span){ text, BASE64_SIZE(size) }, again, sizeof(again), &back));
        assert_int_equal(back, size);
        assert_memory_equal(again, bytes, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),    cmocka_unit_test(test_values),
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_many_tags),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
