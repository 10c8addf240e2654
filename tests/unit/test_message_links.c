/*
 * links: what is a link, which host it has, and that the answer is the same however the body was
 * cut. Told in the words of link_view.h.
 */
#include "test_message_support.h"

#include "tests/support/link_view.h"

struct story {
    const char *body, *wanted;
};

static void check_one(const char *type, const char *encoding, struct span body, const char *wanted)
{
    static const size_t steps[] = { 1, 2, 3, 7, 61, 100000 };

    for (size_t i = 0; i < COUNT(steps); i++) {
        struct arena *arena = arena_new(CEILING_BYTES);
        struct buffer shown = BUFFER_EMPTY;

        assert_non_null(arena);
        link_view_show(link_view_read(arena, span_of(type), span_of(encoding), body, steps[i]),
                       &shown);
        if (strcmp(buffer_text(&shown), wanted) != 0) {
            fail_msg("%s in steps of %zu\n  has    %s\n  wanted %s", body.at, steps[i],
                     buffer_text(&shown), wanted);
        }
        buffer_free(&shown);
        arena_free(&arena);
    }
}

static void check(const char *type, const struct story *stories, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_one(type, "", span_of(stories[i].body), stories[i].wanted);
    }
}

static void test_text(void **state)
{
    static const struct story stories[] = {
        { "", "" },
        { "no link. At all: 3.5, a@b, x:y", "" },
        { "see http://example.com/x.", "example.com t" },
        { "(https://Example.COM:443?x)", "example.com t" },
        { "ftp://user:password@example.com/", "example.com t" },
        { "http://a.example,http://b.example;c", "a.example t, b.example t" },
        { "http://www.example.com/a.example.net/b", "www.example.com t" },
        { "www.example.com. And", "www.example.com t" },
        { "at example.com/login now", "example.com t" },
        { "example.com:8080", "example.com t" },
        { "user@example.com", "example.com m" },
        { "mailto:user@example.com?subject=x", "example.com m" },
        { "<user@example.com>, http://example.com", "example.com tm" },
        { "cid://part.example.com", "" },
        { "http://localhost/ http://-x.com http://x..com", "" },
        { "the end.In the beginning", "" },
        { "setup.py, read.md; 5.is", "" },
        { "setup.py? (setup.py) setup.py/.", "" },
        { "setup.py/x and www.setup.py", "setup.py t, www.setup.py t" },
        { "see...example.com", "example.com t" },
        { "file.unknowntld", "" },
        { "10.1.1.1 but http://10.1.1.1/", "10.1.1.1 ta" },
        { "http://example.com/?q=http://target.example/x", "example.com t, target.example r" },
        { "http://example.com/?q=http%253A%252F%252Ftarget.example%252F",
          "example.com t, target.example r" },
    };

    (void)state;
    check("text/plain; charset=utf-8", stories, COUNT(stories));
}

static void test_hosts(void **state)
{
    static const struct story stories[] = {
        { "http://0x7f.1/", "127.0.0.1 ta" },
        { "http://0177.0.0.1/", "127.0.0.1 ta" },
        { "http://2130706433/", "127.0.0.1 ta" },
        { "http://256.1.1.1/ http://1.2.3.4.5/ http://0x100000000/", "" },
        { "http://[2001:db8::0:1]:80/", "2001:db8::1 ta" },
        { "http://[::1/ http://[x]/", "" },
        { "http://%77ww.example%2ecom/", "www.example.com t" },
        { "http:\\\\example.com\\x", "example.com t" },
        { "http:////example.com", "example.com t" },
        { "http://good.example@evil.example/", "evil.example t" },
        { "http://exam\xc2\xadple.com", "example.com t" },
        { "http://ex\xe2\x80\x8b"
          "ample.com",
          "example.com t" },
        { "http://\xef\xbd\x85xample\xe3\x80\x82"
          "com/",
          "example.com t" },
        { "example\xef\xbc\x8e"
          "com",
          "example.com t" },
        { "http://example.com\xe3\x81\xb8", "example.com t" }, /* Japanese needs no blank */
        { "\xe3\x81\xafwww.example.com\xe3\x81\xb8", "www.example.com t" },
        { "http://xn--mnchen-3ya.de", "xn--mnchen-3ya.de t" },
        { "http://example.com\xff/", "example.com t" },
    };

    (void)state;
    check("text/plain; charset=utf-8", stories, COUNT(stories));
}

#ifdef HAVE_IDN
static void test_idn(void **state)
{
    static const struct story stories[] = {
        { "http://m\xc3\xbcnchen.de/", "xn--mnchen-3ya.de t" },
        { "www.m\xc3\xbcnchen.de", "www.xn--mnchen-3ya.de t" },
        { "M\xc3\x9cNCHEN.de", "xn--mnchen-3ya.de t" },
        { "x@m\xc3\xbcnchen.de", "xn--mnchen-3ya.de m" },
    };

    (void)state;
    check("text/plain; charset=utf-8", stories, COUNT(stories));
    check_one("text/plain; charset=iso-8859-1", "", SPAN("http://m\xfcnchen.de/"),
              "xn--mnchen-3ya.de t");
    check_one("text/plain; charset=koi8-r", "", SPAN("http://\xd4\xc5\xd3\xd4.\xd2\xc6/"),
              "xn--e1aybc.xn--p1ai t");
}
#endif

static void test_html(void **state)
{
    static const struct story stories[] = {
        { "<a href=\"http://example.com/\">x</a>", "example.com h" },
        { "<A HREF = 'http://example.com/' >x</A>", "example.com h" },
        { "<a href=http://example.com/>x</a>", "example.com h" },
        { "<a title='a>b' href=\"//example.com\">", "example.com h" },
        { "<a/href=\"http://example.com\"/>", "example.com h" },
        { "<a href=\" ht\ttp://exam\r\nple.com \">", "example.com h" },
        { "<a href=\"http:\\/example.com\">", "example.com h" },
        { "<a href=\"http:example.com\">", "example.com h" },
        { "<a href=\"h&#116;tp&colon;&sol;/example&period;com&amp;x\">", "example.com h" },
        { "<a href=\"&#x68;ttp://a.example/?x=1&lt=2\">", "a.example h" },
        { "<a href=mailto:a@a.com,b@b.com?cc=c@c.com>", "a.com m, b.com m" },
        { "<a href=\"javascript:x()//a.example\">", "" },
        { "<a href=\"page.html\"><a href=\"#top\"><a href=\"/x.example.com\">", "" },
        { "<a href=www.example.com/x>", "www.example.com h" },
        { "<img src=http://a.example/x><form action='http://b.example'><body "
          "background=http://c.example>",
          "a.example h, b.example h, c.example h" },
        { "<base href=http://example.com/><a href=x>", "example.com h" },
        { "<meta http-equiv=refresh content=\"0; URL='http://example.com/'\">", "example.com h" },
        { "<meta name=x content=\"http://example.com/\">", "" },
        { "<p>www.<b>exam</b>ple.com</p>", "www.example.com t" },
        { "<td>www</td><td>.example.com</td>", "example.com t" },
        { "www.example&#46;com &amp; a&period;b", "www.example.com t" },
        { "a &lt; b <3 & c www.example.com", "www.example.com t" },
        { "&lt;http://example.com&gt;", "example.com t" },
        { "<script>x='http://a.example'</script><style>u(http://b.example)</style >www.c.com",
          "www.c.com t" },
        { "<script>'</scrip'</script>www.c.com", "www.c.com t" },
        { "<!-- http://a.example <a href=http://b.example> -->www.c.com", "www.c.com t" },
        { "<!-->www.c.com<!---> www.d.com <!-- -- --!>www.e.com",
          "www.c.com t, www.d.com t, www.e.com t" },
        { "<!DOCTYPE html \"http://a.example\"><?x http://b.example?>www.c.com", "www.c.com t" },
        { "<![CDATA[ http://a.example ]]>www.c.com", "www.c.com t" },
        { "<!--[if mso]><a href=http://a.example>x</a><![endif]-->", "a.example h" },
        { "<a href=\"http://example.com", "" },
        { "<a href=data:text/html,http://a.example>", "" },
    };

    (void)state;
    check("text/html; charset=utf-8", stories, COUNT(stories));
}

static void test_mismatch(void **state)
{
    static const struct story stories[] = {
        { "<a href=http://evil.example/>https://www.bank.com/</a>",
          "evil.example h!www.bank.com, www.bank.com t" },
        { "<a href=http://evil.example/><b>www.bank</b>.com",
          "evil.example h!www.bank.com, www.bank.com t" },
        { "<a href=http://www.bank.com/>bank.com</a>", "www.bank.com h, bank.com t" },
        { "<a href=http://click.bank.com/>www.bank.com</a>", "click.bank.com h, www.bank.com t" },
        { "<a href=http://a.example/>click here</a> www.bank.com", "a.example h, www.bank.com t" },
        { "<a href=http://a.example/>me@bank.com</a>", "a.example h, bank.com m" },
        { "<a href=\"http://a.example/?u=http://www.bank.com\">www.bank.com</a>",
          "a.example h, www.bank.com tr" },
        { "<a href=http://a.example/>x</a><a>www.bank.com</a>", "a.example h, www.bank.com t" },
    };

    (void)state;
    check("text/html", stories, COUNT(stories));
}

static void test_redirectors(void **state)
{
    static const struct story stories[] = {
        { "https://www.google.com/url?q=evil.com/x&sa=D", "www.google.com t, evil.com r" },
        { "https://www.google.com/amp/s/evil.com/x", "www.google.com t, evil.com r" },
        { "https://l.facebook.com/l.php?u=https%3A%2F%2Fevil.com%2Fx",
          "l.facebook.com t, evil.com r" },
        { "https://eur01.safelinks.protection.outlook.com/?url=http%3A%2F%2Fevil.com",
          "eur01.safelinks.protection.outlook.com t, evil.com r" },
        { "https://urldefense.proofpoint.com/v2/url?u=http-3A__www.evil.com_x&d=DwMF",
          "urldefense.proofpoint.com t, www.evil.com r" },
        { "https://urldefense.com/v3/__http://evil.com/__;!!x", "urldefense.com t, evil.com r" },
        { "https://www-evil-com.translate.goog/x",
          "www-evil-com.translate.goog t, www.evil.com r" },
        { "https://notgoogle.com/url?q=evil.com", "notgoogle.com t" },
        { "https://google.com/x?q=evil.com", "google.com t" },
    };

    (void)state;
    check("text/plain", stories, COUNT(stories));
}

static void test_joined(void **state)
{
    (void)state;
    check_one("text/plain; format=flowed; delsp=yes", "", SPAN("http://exam \r\nple.com/"),
              "example.com t");
    check_one("text/plain; format=flowed", "", SPAN("www.example.com \r\n/x"), "www.example.com t");
    check_one("text/plain; format=flowed; delsp=yes", "", SPAN("www.exam  \r\n ple.com"),
              "ple.com t");
    check_one("text/calendar", "", SPAN("URL:http://exam\r\n ple.com/\r\nX:www.a.com\r\n"),
              "example.com t, www.a.com t");
    check_one("text/plain", "quoted-printable", SPAN("http://exam=\r\nple=2Ecom/"),
              "example.com t");
    check_one("text/plain", "base64", SPAN("d3d3LmV4\r\nYW1wbGUuY29t"), "www.example.com t");
}

static void test_charsets(void **state)
{
    (void)state;
    check_one("text/plain; charset=utf-16le", "", SPAN("w\0w\0w\0.\0a\0.\0c\0o\0m\0"),
              "www.a.com t");
    check_one("text/plain; charset=utf-16", "", SPAN("\0w\0w\0w\0.\0a\0.\0c\0o\0m"), "www.a.com t");
    check_one("text/html", "", SPAN("\xff\xfe<\0a\0 \0h\0r\0e\0f\0=\0/\0/\0a\0.\0d\0e\0>\0"),
              "a.de h");
    check_one("text/plain; charset=iso-2022-jp", "",
              SPAN("\x1b$B%\"www.b.com\x1b(Bwww.a.com\x1b$B%\"\x1b(B"), "www.a.com t");
    check_one("text/plain; charset=utf-8", "", SPAN("\xef\xbb\xbfwww.a.com"), "www.a.com t");
    check_one("text/plain; charset=utf-16", "", SPAN("x"), "");
}

static void test_parts(void **state)
{
    static const char body[] = "--b\r\nContent-Type: application/octet-stream; name=x.HTM\r\n\r\n"
                               "<a href=http://a.example>\r\n"
                               "--b\r\nContent-Type: image/png\r\n\r\nhttp://b.example\r\n"
                               "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nX: www.c.com\r\n"
                               "--b\r\nContent-Type: message/rfc822\r\n\r\n\r\nwww.d.com\r\n"
                               "--b\r\n\r\nhttp://exam\r\n--b\r\n\r\nple.com\r\n--b--";

    (void)state;
    check_one("multipart/mixed; boundary=b", "", span_of(body),
              "a.example h, www.d.com t, ple.com t");
}

static struct link_list read_all(struct arena *arena, const char *type, const struct buffer *body)
{
    return *link_view_read(arena, span_of(type), SPAN(""), buffer_span(body), 4096);
}

static void test_bounds(void **state)
{
    struct buffer body = BUFFER_EMPTY;
    struct link_list list;

    for (int i = 0; i <= LINKS_MAX; i++) {
        buffer_printf(&body, "http://h%d.example.com/\r\n", i);
    }
    list = read_all(*state, "text/plain", &body);
    assert_int_equal(list.count, LINKS_MAX);
    assert_int_equal(list.cuts, LINK_CUT_COUNT);

    buffer_clear(&body);
    while (body.size < LINKS_PART_MAX) {
        buffer_add_text(&body, "a line of text without links\r\n");
    }
    buffer_add_text(&body, "www.example.com");
    list = read_all(*state, "text/plain", &body);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.cuts, LINK_CUT_OCTETS);
    body.size = LINKS_FILE_MAX;
    memcpy(body.at + body.size - 16, " www.example.com", 16);
    list = read_all(*state, "text/csv; name=x.csv", &body);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.cuts, 0);
    buffer_add_text(&body, "\r\n");
    list = read_all(*state, "text/csv; name=x.csv", &body);
    assert_int_equal(list.cuts, LINK_CUT_OCTETS);

    buffer_clear(&body);
    for (int i = 0; i <= LINKS_PARTS_MAX; i++) {
        buffer_add_text(&body, "--b\r\n\r\nx\r\n");
    }
    list = read_all(*state, "multipart/mixed; boundary=b", &body);
    assert_int_equal(list.cuts, LINK_CUT_PARTS);

    buffer_clear(&body);
    for (int i = 0; i < 20000; i++) {
        buffer_add_text(&body, "x");
    }
    buffer_add_text(&body, " www.example.com <a href=\"");
    for (int i = 0; i < 20000; i++) {
        buffer_add_text(&body, "y");
    }
    buffer_add_text(&body, "\">www.a.com");
    list = read_all(*state, "text/html", &body);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.cuts, 0);
    buffer_free(&body);
}

static void test_no_memory(void **state)
{
    struct arena *arena;
    size_t room;
    bool was_cut = false;

    (void)state;
    for (room = 1000; room < 200000; room += 500) {
        const struct link_list *list;
        bool is_whole;

        arena = arena_new(room);
        list = link_view_read(arena, SPAN("text/plain"), SPAN(""), SPAN("www.example.com"), 5);
        is_whole = list != NULL && list->count == 1;
        was_cut |= list == NULL || list->cuts == LINK_CUT_MEMORY;
        assert_true(is_whole || list == NULL || list->cuts == LINK_CUT_MEMORY);
        arena_free(&arena);
        if (is_whole) {
            break;
        }
    }
    assert_true(was_cut && room < 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_hosts),
#ifdef HAVE_IDN
        cmocka_unit_test(test_idn),
#endif
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_mismatch),
        cmocka_unit_test(test_redirectors),
        cmocka_unit_test(test_joined),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_parts),
        cmocka_unit_test_setup_teardown(test_bounds, arena_setup, arena_teardown),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("message/links", tests, NULL, NULL);
}
