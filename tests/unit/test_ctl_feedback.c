/*
 * feedback and causes: what reports in files say, and what is known of causes and providers' codes.
 */
#include "test_ctl_support.h"

static const char bounce[] =
    "From: MAILER-DAEMON@mx.here.example\nSubject: Undelivered Mail\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    "--b\nContent-Type: message/delivery-status\n\n"
    "Reporting-MTA: dns; mx.here.example\nX-Postfix-Queue-ID: 4Bzx9KLmNp2c\n\n"
    "Final-Recipient: rfc822; ann@gmail.com\nAction: failed\nStatus: 5.7.26\n"
    "Remote-MTA: dns; gmail-smtp-in.l.google.com\n"
    "Diagnostic-Code: smtp; 550 5.7.26 an SPF record with a hard fail policy \x1b[31m\n\n"
    "--b\nContent-Type: message/rfc822\n\n"
    "Message-ID: <1@here.example>\nFrom: bob@here.example\n\nhello\n--b--\n";
static const char complaint[] =
    "From: fbl@away.example\nSubject: complaint\n"
    "Content-Type: multipart/report; boundary=b\n\n"
    "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
    "Source-IP: 192.0.2.1\nOriginal-Rcpt-To: ann@away.example\n\n--b--\n";

static void put(struct stage *stage, const char *name, const char *text)
{
    stage_write(stage, name, text, strlen(text));
}

static void has(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL)
        fail_msg("\"%s\" is not in:\n%s", wanted, text);
}

static void test_text(void **state)
{
    struct stage *stage = *state;

    put(stage, "bounce", bounce);
    assert_int_equal(stage_run(stage, "feedback", stage_path(stage, "bounce"), NULL), CTL_GOOD);
    has(stage_out(stage), "/bounce: delivery report (dsn)\n"
                          "    reported by: mx.here.example\n"
                          "  ann@gmail.com: failed, 5.7.26\n"
                          "    host: gmail-smtp-in.l.google.com\n"
                          "    said: 550 5.7.26 an SPF record with a hard fail policy [31m\n"
                          "    cause: auth-spf (sender-identity)\n"
                          "    Google: SPF fails, and the record ends in -all\n"
                          "    to do: ");
    has(stage_out(stage), "  about the message\n    from: bob@here.example\n"
                          "    Message-ID: 1@here.example\n"
                          "    queue id: 4Bzx9KLmNp2c of mx.here.example\n");
}

static void test_json(void **state)
{
    struct stage *stage = *state;

    put(stage, "bounce", bounce);
    put(stage, "complaint", complaint);
    char *first = strdup(stage_path(stage, "bounce"));
    assert_int_equal(
        stage_run(stage, "--json", "feedback", first, stage_path(stage, "complaint"), NULL),
        CTL_GOOD);
    free(first);
    has(stage_out(stage), "{\"schema\":1,\"reports\":[{\"file\":");
    has(stage_out(stage), "\"kind\":\"delivery\",\"format\":\"dsn\"");
    has(stage_out(stage), "\"address\":\"ann@gmail.com\",\"action\":\"failed\",\"class\":5,"
                          "\"status\":\"5.7.26\",\"reply\":\"550\"");
    has(stage_out(stage), "\"cause\":\"auth-spf\",\"cause_class\":\"sender-identity\","
                          "\"hard\":false,\"advice\":\"Put every address");
    has(stage_out(stage), "\"message_ids\":[\"1@here.example\"],"
                          "\"queue_ids\":[{\"id\":\"4Bzx9KLmNp2c\",\"host\":\"mx.here.example\"}]");
    has(stage_out(stage), "\"kind\":\"complaint\",\"format\":\"arf\",\"feedback_type\":\"abuse\","
                          "\"source_ip\":\"192.0.2.1\"");
    has(stage_out(stage), "\"recipients\":[{\"address\":\"ann@away.example\"}]");
}

static void test_others(void **state)
{
    struct stage *stage = *state;

    put(stage, "letter", "From: ann@away.example\nSubject: hello\n\nhello\n");
    put(stage, "empty", "");
    assert_int_equal(stage_run(stage, "feedback", stage_path(stage, "letter"), NULL), CTL_NO);
    has(stage_out(stage), "/letter: no report\n");
    assert_int_equal(stage_run(stage, "feedback", stage_path(stage, "empty"), NULL), CTL_NO);
    assert_int_equal(stage_run(stage, "feedback", stage_path(stage, "absent"), NULL), CTL_INPUT);
    has(stage_err(stage), "absent");
    assert_int_equal(stage_run(stage, "feedback", NULL), CTL_USAGE);
}

static void test_causes(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "causes", NULL), CTL_GOOD);
    has(stage_out(stage), "recipient-unknown (recipient)\n  Correct the address");
    has(stage_out(stage), "unknown (remote)\n");
    assert_null(strstr(stage_out(stage), "Google"));

    assert_int_equal(stage_run(stage, "causes", "tls-required", NULL), CTL_GOOD);
    has(stage_out(stage), "tls-required (policy)\n");
    has(stage_out(stage), "  Google x.7.29: the mail came without TLS [tls-required]\n");
    has(stage_out(stage), "Google: as of 20");
    assert_null(strstr(stage_out(stage), "x.7.26"));

    assert_int_equal(stage_run(stage, "causes", "microsoft", NULL), CTL_GOOD);
    has(stage_out(stage), "  Microsoft 5.7.606-649: the address is banned [reputation-ip]\n");
    assert_null(strstr(stage_out(stage), "Google"));
}

static void test_codes(void **state)
{
    static const struct {
        const char *code, *wanted;
    } codes[] = {
        { "4.7.28", "  Google x.7.28: an unusual rate" },
        { "x.7.28", "  Google x.7.28: an unusual rate" },
        { "5.7.620", "  Microsoft 5.7.606-649: the address is banned" },
        { "tss04", "  Yahoo TSS04: unexpected volume" },
        { "TSS99", "  Yahoo TSS*: mail of this address is put off" },
        { "S3150", "  Microsoft S3150: the network" },
    };
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_int_equal(stage_run(stage, "causes", codes[i].code, NULL), CTL_GOOD);
        has(stage_out(stage), codes[i].wanted);
    }
    assert_int_equal(stage_run(stage, "causes", "TSS04", NULL), CTL_GOOD);
    assert_null(strstr(stage_out(stage), "TSS*"));
    assert_int_equal(stage_run(stage, "causes", "9.9.9", NULL), CTL_NO);
    has(stage_err(stage), "no code of a provider");
    assert_int_equal(stage_run(stage, "--json", "causes", "S3150", NULL), CTL_GOOD);
    has(stage_out(stage), "{\"schema\":1,\"causes\":[],\"codes\":[{\"provider\":\"microsoft\","
                          "\"code\":\"S3150\",\"cause\":\"reputation-ip\",\"means\":");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_json, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_others, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_causes, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_codes, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
