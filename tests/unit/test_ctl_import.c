/*
 * test_ctl_import: what opendkim.conf becomes, that it loads, and what is said of the rest.
 */
#include "test_ctl_support.h"

#include "dkim/key.h"
#include "site/site.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* "$" in a text is the directory of the stage. */
static void fill(const struct stage *stage, const char *text, struct buffer *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '$') {
            buffer_add_text(out, stage->directory);
        } else {
            buffer_add_char(out, *text);
        }
    }
}

static void write_filled(const struct stage *stage, const char *name, const char *text)
{
    struct buffer out = BUFFER_EMPTY;
    fill(stage, text, &out);
    stage_write(stage, name, buffer_text(&out), out.size);
    buffer_free(&out);
}

static int setup(void **state)
{
    struct error error;
    struct buffer pem = BUFFER_EMPTY;
    struct dkim_key *key = dkim_key_generate(DKIM_ED25519_SHA256, 0, &error);
    assert_int_equal(stage_setup(state), 0);
    assert_non_null(key);
    assert_true(dkim_key_print_private(key, &pem));
    stage_write(*state, "a.pem", pem.at, pem.size);
    assert_int_equal(chmod(stage_path(*state, "a.pem"), 0600), 0);
    buffer_free(&pem);
    dkim_key_unref(&key);
    return 0;
}

static bool has(const struct stage *stage, const struct buffer *seen, const char *wanted)
{
    struct buffer text = BUFFER_EMPTY;
    fill(stage, wanted, &text);
    bool is_there = strstr(buffer_text(seen), buffer_text(&text)) != NULL;
    buffer_free(&text);
    return is_there;
}

#define TABLES "KeyTable $/K\nSigningTable refile:$/S\n"
#define ONE "Domain a.example\nSelector s\nKeyFile $/a.pem\n"
#define KEYS                                                                                       \
    "a a.example:s:$/a.pem\nb b.example:t:$/a.pem\nfrom %:f:$/a.pem\n"                             \
    "path %:p:$/keys/%.pem\nc.example c.example:n:$/a.pem\n"

static const struct {
    const char *conf, *signing; /* the table S, NULL: none */
    const char *options;        /* "--live", or NULL */
    const char *out[4];         /* in the configuration; "!": not in it */
    const char *err[3];         /* what is said */
    int code;
} cases[] = {
    /* one key */
    { ONE,
      NULL,
      NULL,
      { "name = \"a.example\"; subdomains = false; \n    keys = ( { selector = \"s\"; file = "
        "\"$/a.pem\"; } ); }",
        "mode = \"observe\";", "in_observe = true;", "socket = \"unix:/run/egress-milter/" },
      { NULL },
      0 },
    { ONE "SubDomains yes\n", NULL, NULL, { "!subdomains" }, { NULL }, 0 },
    { "Domain a.example, b.example ,*\nSelector s # here\nKeyFile $/a.pem\n",
      NULL,
      NULL,
      { "name = \"a.example\"", "name = \"b.example\"", "name = \"*\"" },
      { NULL },
      0 },
    { "Domain file:$/D\nSelector s\nKeyFile $/a.pem\n",
      NULL,
      NULL,
      { "name = \"x.example\"" },
      { "$/D:3: Domain *.y.example: no domain" },
      1 },
    { "BaseDirectory $\nDomain a.example\nSelector s\nKeyFile a.pem\n",
      NULL,
      NULL,
      { "file = \"$/a.pem\"" },
      { NULL },
      0 },
    { "Domain a.example\nSelector s\n",
      NULL,
      NULL,
      { "!domains" },
      { "conf:1: Domain a.example: Domain, Selector and KeyFile belong together" },
      1 },
    /* sockets */
    { "Socket inet:8891@localhost\n" ONE, NULL, NULL, { "\"inet:8891@127.0.0.1\"" }, { NULL }, 0 },
    { "Socket inet6:8891@[::1]\n" ONE, NULL, NULL, { "\"inet6:8891@::1\"" }, { NULL }, 0 },
    { "Socket inet:8891\n" ONE,
      NULL,
      NULL,
      { "\"inet:8891@127.0.0.1\"" },
      { "conf:1: Socket inet:8891: without an address" },
      1 },
    { "Socket inet:8891@192.0.2.1\n" ONE,
      NULL,
      NULL,
      { "\"inet:8891@192.0.2.1\"", "socket_open = true;" },
      { "can claim any login" },
      1 },
    { "Socket local:/var/spool/postfix/opendkim/s.sock\nUMask 007\nUserID opendkim:mail\n" ONE,
      NULL,
      NULL,
      { "socket = \"unix:/var/spool/postfix/opendkim/s.sock\";", "socket_mode = \"0660\";",
        "socket_group = \"mail\";" },
      { "conf:3: UserID opendkim:mail: it runs as its own user" },
      1 },
    { "Socket local:/run/opendkim/opendkim.sock\n" ONE,
      NULL,
      NULL,
      { "socket = \"unix:/run/egress-milter/milter.sock\";" },
      { "the folder is OpenDKIM's" },
      1 },
    /* signatures and log */
    { "Canonicalization relaxed/simple\nSignatureTTL 86400\nSyslogFacility daemon\n" ONE,
      NULL,
      NULL,
      { "canonicalization = \"relaxed/simple\";", "expire = \"86400s\";",
        "log = { facility = \"daemon\"; };" },
      { NULL },
      0 },
    { "canonicalization RELAXED\n" ONE, NULL, NULL, { "\"relaxed/simple\"" }, { NULL }, 0 },
    { "Canonicalization nowsp\nSignatureTTL 60\nSyslogFacility nowhere\n" ONE,
      NULL,
      NULL,
      { "!canonicalization", "expire = \"1h\";" },
      { "conf:1: Canonicalization nowsp: neither", "conf:2: SignatureTTL 60: mail waits longer",
        "conf:3: SyslogFacility nowhere" },
      1 },
    { "Mode sv\nOn-SignatureError accept\n" ONE,
      NULL,
      NULL,
      { "on_failure = \"pass\";" },
      { "conf:1: Mode sv: mail from outside is not verified here" },
      1 },
    { "On-Default quarantine\nMode s\n" ONE, NULL, NULL, { "\"hold\"" }, { NULL }, 0 },
    { "On-SignatureError reject\n" ONE,
      NULL,
      NULL,
      { "!on_failure" },
      { "mail that cannot be signed is deferred" },
      1 },
    /* networks */
    { "InternalHosts 127.0.0.1, 192.0.2.0/24, 2001:db8::/32, [192.0.2.7], ::1\n" ONE,
      NULL,
      NULL,
      { "{ name = \"192.0.2.0/24\"; address = \"192.0.2.0/24\"; kind = \"relay\"; }",
        "address = \"2001:db8::/32\"", "address = \"192.0.2.7\"", "!loopback" },
      { NULL },
      0 },
    { "InternalHosts 127.0.0.0/8, 127.0.0.2\n" ONE,
      NULL,
      NULL,
      { "{ name = \"127.0.0.2\"; address = \"127.0.0.2\"; kind = \"relay\"; }", "!127.0.0.0/8",
        "!loopback" },
      { NULL },
      0 },
    { "InternalHosts refile:$/H\n" ONE,
      NULL,
      NULL,
      { "address = \"192.0.2.1\"", "loopback = \"inbound\";", "local = false;" },
      { "$/H:2: InternalHosts !192.0.2.9: networks have no exceptions",
        "$/H:3: InternalHosts host.example: clients are known by address",
        "$/H:4: InternalHosts 192.0.2.1/24: has bits beyond the network; write 192.0.2.0/24" },
      1 },
    { "InternalHosts dsn:mysql://h/d\n" ONE,
      NULL,
      NULL,
      { "!networks" },
      { "a data set of type \"dsn\" cannot be read" },
      1 },
    /* the rest */
    { "Include $/I\n" ONE, NULL, NULL, { "expire = \"7200s\"" }, { "$/I:1: LogWhy yes:" }, 0 },
    { "SignHeaders From\nPeerList 192.0.2.1\nNoSuch x\nLDAPTimeout 5\nMacroList {x}\n" ONE,
      NULL,
      NULL,
      { NULL },
      { "conf:1: SignHeaders From: the header fields that are signed",
        "conf:3: NoSuch x: no setting of OpenDKIM", "conf:4: LDAPTimeout 5: tables are files" },
      1 },
    { "SignatureTTL 3600\nSignatureTTL 7200\n" ONE,
      NULL,
      NULL,
      { "7200s", "!3600s" },
      { "conf:1: SignatureTTL 3600: a later line counts" },
      0 },
    /* tables */
    { TABLES,
      "*@a.example a\n",
      NULL,
      { "name = \"a.example\"; subdomains = false; \n    keys = ( { selector = \"s\"; " },
      { NULL },
      0 },
    { TABLES, "*@a.example a\n*@*.a.example a\n", NULL, { "!subdomains" }, { NULL }, 0 },
    { TABLES,
      "*@*.a.example a\n",
      NULL,
      { "!domains" },
      { "$/S:1: *@*.a.example: an entry of domains covers subdomains only with their parent" },
      1 },
    { TABLES,
      "u@a.example a\n*@a.example a\n",
      NULL,
      { "a.example" },
      { "$/S:1: u@a.example: entries of domains are for domains" },
      1 },
    { TABLES,
      "*@x.example b\n",
      NULL,
      { "name = \"x.example\"; d = \"b.example\"; third_party = true; " },
      { "$/S:1: \"*@x.example\" signs as b.example, which is not aligned" },
      0 },
    { TABLES,
      "*@* from\n*@a.example a\n",
      NULL,
      { "name = \"*\"; \n", "!a.example" },
      { "$/S:2: a.example: an earlier row counts for its mail" },
      1 },
    { TABLES, "*@a.example from\n", NULL, { "name = \"a.example\"; subdomains" }, { NULL }, 0 },
    { TABLES, "*@* %\n", NULL, { "name = \"c.example\"; subdomains" }, { NULL }, 0 },
    { TABLES "MultipleSignatures yes\n",
      "*@a.example a\n*@a.example b\n",
      NULL,
      { "name = \"a.example\"" },
      { "$/S:2: a.example: one entry signs as one domain" },
      1 },
    { TABLES,
      "*@a.example none\n",
      NULL,
      { "!domains" },
      { "has no key \"none\"", "$/S:1: *@a.example: " },
      1 },
    { TABLES "Domain x.example\n",
      "*@a.example a\n",
      NULL,
      { "a.example" },
      { "conf:3: Domain x.example: KeyTable counts" },
      0 },
    { TABLES,
      "u@a.example a\n",
      "--live",
      { "domains = \"opendkim:$/K,refile:$/S\";" },
      { NULL },
      0 },
    { TABLES "MultipleSignatures Yes\n",
      "u@a.example a\n",
      "--live",
      { "domains = \"opendkim:$/K,refile:$/S,MultipleSignatures\";" },
      { NULL },
      0 },
    { "KeyTable dsn:x\nSigningTable $/S\n",
      "a.example a\n",
      "--live",
      { "!domains" },
      { "conf:1: KeyTable dsn:x: only tables of type file: and refile:" },
      1 },
};

static void check_loads(struct stage *stage, const char *text)
{
    struct config_report *report = config_report_new();
    struct site *site = site_load_text("t", span_of(text), all_config_tables(), report);
    if (site == NULL) {
        fail_msg("%s\n%s", text, config_report_fault(report, 0)->text);
    }
    site_unref(&site);
    config_report_free(&report);
    (void)stage;
}

static void test_cases(void **state)
{
    struct stage *stage = *state;
    write_filled(stage, "K", KEYS);
    write_filled(stage, "D", "x.example\n# no\n*.y.example\n");
    write_filled(stage, "H", "192.0.2.1\n!192.0.2.9\nhost.example\n192.0.2.1/24\n");
    write_filled(stage, "I", "LogWhy yes\nSignatureTTL 7200\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[200];
        write_filled(stage, "conf", cases[i].conf);
        write_filled(stage, "S", cases[i].signing != NULL ? cases[i].signing : "");
        snprintf(path, sizeof(path), "%s/conf", stage->directory);
        int code = stage_run(stage, "import", "opendkim", path, cases[i].options, NULL);
        if (code != cases[i].code) {
            fail_msg("%zu: ended %d\n%s\n%s\n%s", i, code, cases[i].conf,
                     buffer_text(&stage->ctl.out), buffer_text(&stage->ctl.err));
        }
        for (size_t k = 0; k < COUNT(cases[i].out) && cases[i].out[k] != NULL; k++) {
            bool is_wanted = cases[i].out[k][0] != '!';
            if (has(stage, &stage->ctl.out, cases[i].out[k] + !is_wanted) != is_wanted) {
                fail_msg("%s: %s\n%s", cases[i].conf, cases[i].out[k],
                         buffer_text(&stage->ctl.out));
            }
        }
        for (size_t k = 0; k < COUNT(cases[i].err) && cases[i].err[k] != NULL; k++) {
            if (!has(stage, &stage->ctl.err, cases[i].err[k])) {
                fail_msg("%s: %s\n%s", cases[i].conf, cases[i].err[k],
                         buffer_text(&stage->ctl.err));
            }
        }
        check_loads(stage, buffer_text(&stage->ctl.out));
    }
}

static void test_refused(void **state)
{
    struct stage *stage = *state;
    char path[200];
    snprintf(path, sizeof(path), "%s/conf", stage->directory);
    assert_int_equal(stage_run(stage, "import", "opendkim", path, NULL), CTL_INPUT);
    write_filled(stage, "conf", "Domain\n");
    assert_int_equal(stage_run(stage, "import", "opendkim", path, NULL), CTL_INPUT);
    assert_true(has(stage, &stage->ctl.err, "$/conf:1: Domain has no value"));
    write_filled(stage, "conf", "Include $/conf\n");
    assert_int_equal(stage_run(stage, "import", "opendkim", path, NULL), CTL_INPUT);
    assert_true(has(stage, &stage->ctl.err, "levels deep"));
    write_filled(stage, "conf", TABLES);
    write_filled(stage, "K", "half\n");
    write_filled(stage, "S", "*@a.example a\n");
    assert_int_equal(stage_run(stage, "import", "opendkim", path, NULL), CTL_INPUT);
    assert_true(has(stage, &stage->ctl.err, "$/K:1: \"half\" has no value"));
    assert_int_equal(stage->ctl.out.size, 0);
    assert_int_equal(stage_run(stage, "import", "opendkim", path, "--live", NULL), CTL_CONFIG);
    assert_int_equal(stage->ctl.out.size, 0);
}

static void test_output(void **state)
{
    struct stage *stage = *state;
    char path[200], output[200], option[256];
    snprintf(path, sizeof(path), "%s/conf", stage->directory);
    snprintf(output, sizeof(output), "%s/new.conf", stage->directory);
    snprintf(option, sizeof(option), "--output=%s", output);
    write_filled(stage, "conf", ONE);
    assert_int_equal(stage_run(stage, "import", "opendkim", option, path, NULL), 0);
    assert_int_equal(stage->ctl.out.size, 0);
    assert_int_equal(access(output, R_OK), 0);
    assert_int_equal(stage_run(stage, "import", "opendkim", option, path, NULL), CTL_CANNOT_WRITE);
}

static void test_json(void **state)
{
    struct stage *stage = *state;
    char path[200];
    snprintf(path, sizeof(path), "%s/conf", stage->directory);
    write_filled(stage, "conf", ONE "PeerList 192.0.2.1\n");
    assert_int_equal(stage_run(stage, "--json", "import", "opendkim", path, NULL), CTL_WARNING);
    assert_true(has(stage, &stage->ctl.out, "{\"schema\":1,\"configuration\":\"# Made by "));
    assert_true(has(stage, &stage->ctl.out,
                    "\"not_carried\":[{\"file\":\"$/conf\",\"line\":4,\"setting\":\"PeerList\","
                    "\"value\":\"192.0.2.1\",\"why\":\"no client is left out; "));
    assert_true(has(stage, &stage->ctl.out, "\"loss\":true}],\"faults\":["));
    assert_int_equal(stage->ctl.err.size, 0);
}

/* What Debian ships, with a domain filled in. */
static void test_debian(void **state)
{
    struct stage *stage = *state;
    char path[200];
    snprintf(path, sizeof(path), "%s/conf", stage->directory);
    write_filled(stage, "conf",
                 "Syslog\t\t\tyes\nSyslogSuccess\t\tyes\n#LogWhy\t\t\tno\n"
                 "Canonicalization\trelaxed/simple\nOversignHeaders\t\tFrom\n" ONE
                 "UserID\t\t\topendkim\nUMask\t\t\t007\nSocket\t\t\tlocal:/run/opendkim/o.sock\n"
                 "PidFile\t\t\t/run/opendkim/opendkim.pid\n"
                 "TrustAnchorFile\t\t/usr/share/dns/root.key\n");
    assert_int_equal(stage_run(stage, "import", "opendkim", path, NULL), CTL_WARNING);
    assert_true(has(stage, &stage->ctl.out,
                    "# Made by egressctl import opendkim out of $/conf.\n\n"
                    "socket = \"unix:/run/egress-milter/milter.sock\";\n"
                    "socket_mode = \"0660\";\n"
                    "# observe changes nothing; signing goes on in it as with OpenDKIM.\n"
                    "mode = \"observe\";\n"
                    "signing = {\n  in_observe = true;\n"
                    "  canonicalization = \"relaxed/simple\";\n};\n\n"
                    "domains = (\n"
                    "  { name = \"a.example\"; subdomains = false; \n"
                    "    keys = ( { selector = \"s\"; file = \"$/a.pem\"; } ); }\n);\n"));
    assert_true(has(stage, &stage->ctl.err, "not carried over:\n$/conf:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cases, setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_output, setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_json, setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_debian, setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
