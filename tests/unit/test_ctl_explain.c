/*
 * A saved message explained: class, findings, verdict, edits, signatures, exit code; and that no
 * byte of a message reaches the terminal as it is.
 */
#include "test_ctl_support.h"

#include "feedback/suppression.h"
#include "util/file.h"

#define HEAD "From: Alice <alice@example.org>\nTo: Bob <bob@example.net>\nSubject: x\n"
#define DATED HEAD "Date: Mon, 23 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n"

/* A configuration with one key of each algorithm. */
static void configure(struct stage *stage, const char *more)
{
    char config[2048];

    stage_config(stage, "socket = \"unix:/tmp/m\";");
    if (access(stage_path(stage, "keys"), F_OK) != 0) {
        assert_int_equal(stage_run(stage, "key", "new", "example.org", NULL), CTL_GOOD);
        assert_int_equal(
            stage_run(stage, "key", "new", "example.org", "--algorithm", "ed25519", NULL),
            CTL_GOOD);
    }
    snprintf(config, sizeof(config),
             "socket = \"unix:/tmp/m\";\n"
             "domains = ( { name = \"example.org\"; keys = (\n"
             "  { selector = \"s2026a\"; file = \"%s/keys/{d}/{selector}.pem\"; },\n"
             "  { selector = \"e2026a\"; file = \"%s/keys/{d}/{selector}.pem\"; } ); } );\n%s\n"
             "logins = { realm = \"example.org\"; }; state = { directory = \"%s/state\"; };\n",
             stage->directory, stage->directory, more, stage->directory);
    stage_config(stage, config);
}

static enum ctl_exit explain(struct stage *stage, const char *message, const char *option,
                             const char *value)
{
    stage_write(stage, "m.eml", message, strlen(message));
    return stage_run(stage, "explain", stage_path(stage, "m.eml"), option, value, NULL);
}

struct explain_case {
    const char *name, *more, *message, *option, *value;
    enum ctl_exit code;
    const char *has[6];
    const char *has_not;
};

static const struct explain_case cases[] = {
    { "observe changes nothing",
      "",
      HEAD "\nbody\n",
      "--login",
      "alice@example.org",
      CTL_GOOD,
      { "class       submission: the client logged in as alice@example.org",
        "principal   alice@example.org", "observe", "date-missing: repair",
        "signatures  none: observe", "verdict=accept" },
      "DKIM-Signature" },
    { "enforce repairs and signs",
      "mode = \"enforce\";",
      HEAD "\nbody\n",
      "--login",
      "alice@example.org",
      CTL_GOOD,
      { "date-missing: repair (default of class submission)",
        "  + Date: ", "  + DKIM-Signature: v=1;", "d=example.org s=s2026a a=rsa-sha256",
        "d=example.org s=e2026a a=ed25519-sha256", "signed=example.org/s2026a,example.org/e2026a" },
      NULL },
    { "a recipient is refused, and nobody is left",
      "mode = \"enforce\"; rules = { recipient-typo = \"reject\"; };",
      "From: Alice <alice@example.org>\nTo: <bob@gmial.com>\n\nbody\n",
      "--login",
      "alice@example.org",
      CTL_NO,
      { "refused     1 of the recipients, for what is found about them", "recipient-typo: reject",
        "verdict     reject, by recipient-typo",
        "550 5.1.2 recipient-typo: gmial.com is a common misspelling; did you mean gmail.com?" },
      "date-missing" },
    { "a recipient that nobody was given",
      "mode = \"enforce\"; behaviour = { honeypots = [ \"trap@example.net\" ]; };",
      "From: Alice <alice@example.org>\nTo: <trap@example.net>\n\nbody\n",
      "--login",
      "alice@example.org",
      CTL_NO,
      { "recipient-honeypot: hold", "verdict     hold, by recipient-honeypot" },
      NULL },
    { "no From is refused",
      "mode = \"enforce\";",
      "To: bob@example.net\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nMessage-ID: <1@x>\n\nbody\n",
      "--login",
      "alice@example.org",
      CTL_NO,
      { "from        <> (the header has no From address)", "from-missing: reject",
        "verdict     reject, by from-missing",
        "reply       550 5.7.1 from-missing: ", "reply=\"550 5.7.1 from-missing: " },
      "DKIM-Signature" },
    { "the place of a rule",
      "mode = \"enforce\";\nrules = { date-missing = \"reject\"; };",
      HEAD "Message-ID: <1@x>\n\nbody\n",
      "--login",
      "alice@example.org",
      CTL_NO,
      { "date-missing: reject (rules.date-missing (", "egress-milter.conf:6))" },
      NULL },
    { "the lesser case of a finding",
      "mode = \"enforce\";",
      DATED "References: <2@x>\nReferences: <3@x>\n\nbody\n",
      "--login",
      "alice@example.org",
      CTL_GOOD,
      { "header-duplicate: observe (default of the lesser case)" },
      NULL },
    { "a rule is for the lesser case too",
      "mode = \"enforce\";\nrules = { header-duplicate = \"reject\"; };",
      DATED "References: <2@x>\nReferences: <3@x>\n\nbody\n",
      "--login",
      "alice@example.org",
      CTL_NO,
      { "header-duplicate: reject (rules.header-duplicate (", "egress-milter.conf:6))" },
      NULL },
    { "the grave case of a finding",
      "mode = \"enforce\";",
      DATED "Subject: y\n\nbody\n",
      "--login",
      "alice@example.org",
      CTL_NO,
      { "header-duplicate: reject (default of class submission)" },
      NULL },
    { "held is not accepted",
      "mode = \"enforce\";\nrules = { date-missing = \"hold\"; };",
      HEAD "Message-ID: <1@x>\n\nbody\n",
      "--login",
      "alice@example.org",
      CTL_NO,
      { "verdict     hold, by date-missing", "reason      date-missing: ", "DKIM-Signature" },
      "reply       " },
    { "a reject that reaches nobody",
      "mode = \"enforce\";\nrules = { date-missing = \"reject\"; };",
      "From: a@example.com\nTo: b@example.net\nMessage-ID: <1@x>\n\nbody\n",
      "--sendmail",
      NULL,
      CTL_NO,
      { "class       local: sendmail(1)", "verdict     hold, by date-missing",
        "nobody reads a reply: held instead" },
      NULL },
    { "a network",
      "mode = \"enforce\"; outgoing = { networks = ( { name = \"printers\"; address = "
      "\"192.0.2.0/24\"; } ); };",
      DATED "\nbody\n",
      "--client",
      "192.0.2.7",
      CTL_GOOD,
      { "class       relay: client 192.0.2.7 is in outgoing.networks as printers (",
        "principal   printers: the network's name", "findings    none" },
      NULL },
    { "a stranger",
      "mode = \"enforce\";",
      DATED "\nbody\n",
      "--client",
      "198.51.100.1",
      CTL_GOOD,
      { "class       inbound: no login, client 198.51.100.1 in no row", "no line for this class" },
      "DKIM-Signature" },
    { "nothing given",
      "mode = \"enforce\";",
      DATED "\nbody\n",
      NULL,
      NULL,
      CTL_GOOD,
      { "note        give --login", "class       inbound: " },
      NULL },
    { "a foreign domain",
      "mode = \"enforce\";",
      "From: a@example.com\nTo: b@example.net\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n"
      "Message-ID: <1@x>\n\nbody\n",
      "--login",
      "a@example.com",
      CTL_GOOD,
      { "signatures  none: no-key", "signed=none reason=no-key", "edits       none" },
      NULL },
    { "somebody else's address",
      "mode = \"enforce\";",
      DATED "\nbody\n",
      "--login",
      "mallory@example.com",
      CTL_NO,
      { "from-not-owned: reject (default of class submission; this login owns no address at all",
        "550 5.7.1 sender-not-owned: mallory@example.com may not send as alice@example.org" },
      NULL },
    { "an exception and a stage",
      "mode = \"enforce\"; plans = { default = \"free\"; };\n"
      "rules = { sender-not-owned = { action = \"reject\"; plans = \"pro\"; otherwise = "
      "\"observe\"; }; };\n"
      "exceptions = ( { principal = \"mallory@example.org\"; rule = \"from-not-owned\"; "
      "action = \"off\"; } );",
      DATED "\nbody\n",
      "--login",
      "mallory",
      CTL_GOOD,
      { "sender-not-owned: observe (rules.sender-not-owned (", ":6), on the plan free)",
        "from-not-owned: off (exception for mallory@example.org (", ":7))" },
      NULL },
    { "terminal codes",
      "mode = \"enforce\";",
      "From: \"\033[31mred\" <\033]0;x\a@example.org>\nTo: \"\033[2J\" <b@example.net>\n\nbody\n",
      "--login",
      "al\033[2Jice",
      CTL_NO,
      { "al\\x1b[2Jice", "from-invalid: reject" },
      "\033" },
};

static void test_cases(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct explain_case *c = &cases[i];
        enum ctl_exit code;

        print_message("%s\n", c->name);
        configure(stage, c->more);
        code = explain(stage, c->message, c->option, c->value);
        if (code != c->code)
            fail_msg("%s: ended %d: %s%s", c->name, code, stage_err(stage), stage_out(stage));
        for (size_t k = 0; k < 6 && c->has[k] != NULL; k++)
            assert_has(stage_out(stage), c->has[k]);
        if (c->has_not != NULL)
            assert_has_not(stage_out(stage), c->has_not);
    }
}

static void test_enforce(void **state)
{
    struct stage *stage = *state;

    configure(stage, "");
    stage_write(stage, "m.eml", HEAD "\nbody\n", strlen(HEAD "\nbody\n"));
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice",
                               "--enforce", NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "enforce: by --enforce");
    assert_has(stage_out(stage), "+ DKIM-Signature:");
}

static void test_envelope(void **state)
{
    struct stage *stage = *state;
    static const char message[] = DATED "Cc: carol@example.net, dave@dept.internal\n\nbody\n";

    configure(stage, "outgoing = { internal = [ \"dept.internal\" ]; };");
    assert_int_equal(explain(stage, message, "--login", "alice"), CTL_GOOD);
    assert_has(stage_out(stage), "from        <alice@example.org> (header From)");
    assert_has(stage_out(stage), "<bob@example.net> (header To, Cc, Bcc; unknown");
    assert_has(stage_out(stage), "<dave@dept.internal> (header To, Cc, Bcc; internal)");
    assert_has(stage_out(stage), "rcpts=3 external=2");
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice",
                               "--from", "<>", "--rcpt", "x@example.com", "--rcpt",
                               "<y@example.com>", "--mailer", "smtp", NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "from        <> (--from)");
    assert_has(stage_out(stage), "<y@example.com> (--rcpt; external)");
    assert_has(stage_out(stage), "rcpts=2 external=2");
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "m.eml"), "--sendmail", NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "class       local: sendmail(1)");
    assert_has(stage_out(stage), "from        alice@example.org (header From)");
}

static void test_unusable(void **state)
{
    struct stage *stage = *state;

    configure(stage, "");
    assert_int_equal(explain(stage, "Subject: x\n\nbody\n", "--login", "alice"), CTL_USAGE);
    assert_has(stage_err(stage), "give --rcpt");
    assert_int_equal(explain(stage, DATED "\n", "--client", "nowhere"), CTL_USAGE);
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "none.eml"), NULL), CTL_INPUT);
    assert_has(stage_err(stage), "none.eml");
    stage_config(stage, "socket = \"unix:/tmp/m\";\nmode = \"strict\";\n");
    assert_int_equal(explain(stage, DATED "\n", "--login", "alice"), CTL_CONFIG);
    assert_has(stage_err(stage), "egress-milter.conf:2: mode: ");
    assert_int_equal(stage_run(stage, "check", NULL), CTL_CONFIG);
    assert_has(stage_err(stage), "egress-milter.conf:2: mode: ");
}

/* The message as it would leave is the message with the fields that were announced. */
static void test_output(void **state)
{
    struct stage *stage = *state;
    struct buffer written = BUFFER_EMPTY;
    struct error error = { "" };
    char path[128];
    static const char crlf[] = "From: alice@example.org\r\nTo: bob@example.net\r\nSubject: a\r\n"
                               "\tb\r\n\r\nbody\r\n.\r\nno end";

    configure(stage, "mode = \"enforce\";");
    snprintf(path, sizeof(path), "%s/left.eml", stage->directory);
    stage_write(stage, "m.eml", crlf, strlen(crlf));
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice",
                               "--output", path, NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "written     ");
    assert_true(file_read(path, 65536, &written, &error));
    assert_memory_equal(written.at, "DKIM-Signature: v=1;", 20);
    assert_has(buffer_text(&written), "\r\nFrom: alice@example.org\r\nTo: bob@example.net\r\n"
                                      "Subject: a\r\n\tb\r\n");
    assert_has(buffer_text(&written), "\r\nMessage-ID: <");
    assert_has(buffer_text(&written), "\r\n\r\nbody\r\n.\r\nno end");
    assert_int_equal(written.at[written.size - 1], 'd');
    buffer_clear(&written);
    stage_write(stage, "m.eml", DATED "\nbody\n", strlen(DATED "\nbody\n"));
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice",
                               "--output", path, NULL),
                     CTL_GOOD);
    assert_true(file_read(path, 65536, &written, &error));
    assert_null(memchr(written.at, '\r', written.size));
    assert_has(buffer_text(&written), "\n" DATED "\nbody\n");
    buffer_free(&written);
}

static void suppress(struct stage *stage, const char *address)
{
    static const struct suppression_settings settings = { .max = 100 };
    struct suppression suppression = { .domain = "*",
                                       .source = SUPPRESSED_BY_COMMAND,
                                       .set_s = INT64_C(1793577600),
                                       .because = "left in May" };
    struct store *store = store_open(stage_path(stage, "state"));

    snprintf(suppression.address, sizeof(suppression.address), "%s", address);
    assert_int_equal(suppression_put(store, &settings, &suppression), SUPPRESSION_DONE);
    store_close(&store);
}

/* What the daemon keeps is read, where it is there and can be. */
static void test_suppressed(void **state)
{
    struct stage *stage = *state;
    static const char message[] = DATED "Cc: carol@example.net\n\nbody\n";

    configure(stage, "");
    assert_int_equal(explain(stage, message, "--login", "alice"), CTL_GOOD);
    assert_has(stage_out(stage), "findings    none");
    assert_has_not(stage_out(stage), "suppression");
    suppress(stage, "bob@example.net");
    assert_int_equal(explain(stage, message, "--login", "alice"), CTL_GOOD);
    assert_has(stage_out(stage), "recipient-suppressed: observe (default");
    configure(stage, "mode = \"enforce\"; rules = { recipient-suppressed = \"reject\"; };");
    assert_int_equal(explain(stage, message, "--login", "alice"), CTL_GOOD);
    assert_has(stage_out(stage), "refused     1 of the recipients");
    assert_has(stage_out(stage), "recipient-suppressed: reject (rules.recipient-suppressed (");
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice",
                               "--rcpt", "Bob@example.net", NULL),
                     CTL_NO);
    assert_has(stage_out(stage), "550 5.1.1 recipient-suppressed: Bob@example.net is on the "
                                 "suppression list since 2026-11-02: left in May; correct");
    stage_write(stage, "state/" STORE_FILE_NAME, "no store", 8);
    assert_int_equal(explain(stage, message, "--login", "alice"), CTL_GOOD);
    assert_has(stage_out(stage), "note        the suppression list was not asked: ");
}

/* What one listener left is what the next one is shown. */
static void test_ticket(void **state)
{
    static const char secret[] = "a secret for nothing but this test";
    struct stage *stage = *state;
    char config[900], path[128];

    stage_write(stage, "secret", secret, strlen(secret));
    assert_int_equal(chmod(stage_path(stage, "secret"), 0600), 0);
    snprintf(config, sizeof(config),
             "mode = \"enforce\";\noutgoing = { listeners = ( { daemon = \"IN\"; role = \"check\"; "
             "}, { daemon = \"BACK\"; role = \"sign\"; } ); ticket_file = \"%s\"; };",
             stage_path(stage, "secret"));
    configure(stage, config);
    snprintf(path, sizeof(path), "%s/left.eml", stage->directory);
    stage_write(stage, "m.eml", HEAD "\nbody\n", strlen(HEAD "\nbody\n"));
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice",
                               "--daemon", "IN", "--output", path, NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "signatures  none: ticket");
    assert_int_equal(stage_run(stage, "explain", path, "--daemon", "BACK", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "class       submission: the listener BACK has the role sign, and "
                                 "the message has a valid ticket");
    assert_has(stage_out(stage), "principal   alice@example.org: the ticket says so");
    assert_has(stage_out(stage), "d=example.org s=s2026a");
    assert_int_equal(
        stage_run(stage, "explain", path, "--daemon", "BACK", "--from", "b@x.example", NULL),
        CTL_GOOD);
    assert_has(stage_out(stage), "inbound: the listener BACK has the role sign, and the ticket is "
                                 "forged, or of another sender, From, Date or Message-ID");
    assert_has_not(stage_out(stage), secret);
    assert_int_equal(
        stage_run(stage, "explain", stage_path(stage, "m.eml"), "--daemon", "BACK", NULL),
        CTL_GOOD);
    assert_has(stage_out(stage), "has the role sign, and the message has no ticket");
}

static void test_no_output(void **state)
{
    struct stage *stage = *state;
    char path[128];

    configure(stage, "mode = \"enforce\";");
    snprintf(path, sizeof(path), "%s/left.eml", stage->directory);
    stage_write(stage, "m.eml", "To: b@example.net\n\n", 19);
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice",
                               "--output", path, NULL),
                     CTL_NO);
    assert_has(stage_out(stage), "nothing was written");
    assert_int_not_equal(access(path, F_OK), 0);
    stage_write(stage, "m.eml", DATED "\n", strlen(DATED "\n"));
    assert_int_equal(stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice",
                               "--output", "/nowhere/at/all", NULL),
                     CTL_CANNOT_WRITE);
}

static void test_json(void **state)
{
    struct stage *stage = *state;

    configure(stage, "mode = \"enforce\";");
    stage_write(stage, "m.eml", HEAD "\nbody\n", strlen(HEAD "\nbody\n"));
    assert_int_equal(
        stage_run(stage, "--json", "explain", stage_path(stage, "m.eml"), "--login", "alice", NULL),
        CTL_GOOD);
    assert_has(stage_out(stage), "{\"schema\":1,");
    assert_has(stage_out(stage), "\"class\":\"submission\"");
    assert_has(stage_out(stage), "\"accepted\":true,\"verdict\":\"accept\"");
    assert_has(stage_out(stage), "{\"d\":\"example.org\",\"s\":\"s2026a\",\"a\":\"rsa-sha256\"}");
    assert_has(stage_out(stage), "\"kind\":\"prepend\",\"name\":\"DKIM-Signature\"");
    assert_has(stage_out(stage), "\"log\":\"NOQUEUE: verdict=accept");
}

/* Ten megabytes in one field, and a header without end: answers, not crashes. */
static void test_huge(void **state)
{
    struct stage *stage = *state;
    struct buffer message = BUFFER_EMPTY;

    configure(stage, "mode = \"enforce\";");
    buffer_add_text(&message, "From: alice@example.org\nTo: bob@example.net\nX-Long: ");
    for (size_t i = 0; i < 10u << 20; i++)
        buffer_add_char(&message, (char)(i % 251));
    buffer_add_text(&message, "\n\nbody\n");
    stage_write(stage, "m.eml", message.at, message.size);
    stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice", NULL);
    assert_in_range(stage->ctl.out.size, 1, 65536);
    for (size_t i = 0; i < stage->ctl.out.size; i++)
        assert_true(stage->ctl.out.at[i] == '\n' ||
                    (stage->ctl.out.at[i] >= 0x20 && stage->ctl.out.at[i] < 0x7f));
    buffer_clear(&message);
    buffer_add_text(&message, "From: alice@example.org\nTo: bob@example.net\nX-Long: ");
    for (size_t i = 0; i < 10u << 20; i++)
        buffer_add_char(&message, 'x');
    buffer_add_text(&message, "\n\nbody\n");
    stage_write(stage, "m.eml", message.at, message.size);
    assert_int_equal(
        stage_run(stage, "explain", stage_path(stage, "m.eml"), "--login", "alice", NULL), CTL_NO);
    assert_has(stage_out(stage), "libmilter ends the session at 64 KiB");
    assert_has(stage_out(stage), "message-ceiling: reject");
    assert_has(stage_out(stage), "552 5.3.4");
    buffer_free(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cases, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_enforce, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_envelope, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_unusable, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_output, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_suppressed, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_ticket, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_no_output, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_json, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_huge, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
