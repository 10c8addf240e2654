/*
 * The owners table that is proposed: who teaches and who does not, what may stand in a row, and
 * that the table can be loaded as it is.
 */
#include "test_ctl_support.h"

#include "tables/table.h"

#define ALICE "alice@example.org"
#define BOB "bob@example.org"

struct sent {
    int count;
    const char *fields; /* would= and the like, before class */
    const char *mail_class;
    const char *user; /* and " rules=..." */
    const char *by;
    const char *from, *hfrom; /* as they stand in the log; NULL: no such field */
};

static void sent_add(struct buffer *log, const struct sent *sent)
{
    for (int i = 0; i < sent->count; i++) {
        buffer_printf(log, "Nov %d 10:00:00 mx egress-milter[9]: 1: %s class=%s user=%s by=%s",
                      10 + i % 10, sent->fields != NULL ? sent->fields : "verdict=accept",
                      sent->mail_class != NULL ? sent->mail_class : "submission", sent->user,
                      sent->by != NULL ? sent->by : "-");
        if (sent->from != NULL)
            buffer_printf(log, " from=<%s>", sent->from);
        if (sent->hfrom != NULL)
            buffer_printf(log, " hfrom=%s", sent->hfrom);
        buffer_add_char(log, '\n');
    }
}

/* The path of a log with what was sent. */
static const char *stage_log(const struct stage *stage, const struct sent *sent, size_t count)
{
    static char path[512];
    struct buffer log = BUFFER_EMPTY;

    for (size_t i = 0; i < count; i++)
        sent_add(&log, &sent[i]);
    stage_write(stage, "log", buffer_text(&log), log.size);
    buffer_free(&log);
    snprintf(path, sizeof(path), "%s", stage_path(stage, "log"));
    return path;
}

/* The lines of what was printed that are no comment, a ';' behind each. */
static const char *rows_of(const char *text)
{
    static char rows[8192];
    struct span rest = span_of(text), line;
    size_t size = 0;

    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 0 && line.at[0] != '#')
            size += (size_t)snprintf(rows + size, sizeof(rows) - size, "%.*s;", SPAN_ARG(line));
    }
    rows[size] = '\0';
    return rows;
}

struct row_case {
    struct sent sent;
    const char *rows; /* those proposed */
    const char *says; /* part of the output */
};

static const struct row_case row_cases[] = {
    /* an address of somebody else, by envelope, by header, by both: one message each */
    { { 3, NULL, NULL, ALICE, NULL, "sales@example.org", ALICE },
      "sales@example.org\t" ALICE ";",
      "# 3 messages, last 2026-11-12: " ALICE " 3\n" },
    { { 3, NULL, NULL, ALICE, NULL, ALICE, "sales@example.org" },
      "sales@example.org\t" ALICE ";",
      "# 3 messages" },
    { { 3, NULL, NULL, ALICE, NULL, "Sales@Example.ORG", "sales@example.org" },
      "sales@example.org\t" ALICE ";",
      "# 3 messages" },
    { { 3, NULL, NULL, ALICE, NULL, "", "sales@example.org" },
      "sales@example.org\t" ALICE ";",
      "# 3 messages" },
    { { 3, NULL, NULL, ALICE, NULL, NULL, "sales@example.org" },
      "sales@example.org\t" ALICE ";",
      "# 3 messages" },
    { { 3, NULL, NULL, "alice", NULL, "alice@example.org", NULL },
      "alice@example.org\talice;",
      "# 3 messages" }, /* without a realm it is not known whose that is */
    { { 3, NULL, NULL, "EX\\x5cal", NULL, "a@example.org", NULL }, "a@example.org\tEX\\al;", "" },
    /* too seldom */
    { { 2, NULL, NULL, ALICE, NULL, "sales@example.org", NULL }, "", "too seldom: 1\n" },
    /* its own */
    { { 9, NULL, NULL, ALICE, NULL, ALICE, ALICE }, "", "# 0 lines, 0 commented out" },
    { { 9, NULL, NULL, ALICE, NULL, "ALICE@example.org", "alice+news@example.org" },
      "",
      "# 0 lines, 0 commented out" },
    { { 3, NULL, NULL, ALICE, NULL, "alice@example.net", NULL },
      "alice@example.net\t" ALICE ";",
      "" },
    /* what observe would have stopped for the owner alone teaches */
    { { 3, "verdict=accept would=reject", NULL, ALICE, "sender-not-owned", "s@example.org", NULL },
      "s@example.org\t" ALICE ";",
      "" },
    { { 3, "verdict=accept would=reject", NULL, ALICE, "from-not-owned", "s@example.org", NULL },
      "s@example.org\t" ALICE ";",
      "" },
    { { 3, "verdict=accept would=defer", NULL, ALICE, "owners-unavailable", "s@example.org", NULL },
      "s@example.org\t" ALICE ";",
      "" },
    { { 3, "verdict=accept would=reject", NULL,
        ALICE " rules=sender-not-owned:reject,date-missing:repair,line-too-long:observe",
        "sender-not-owned", "s@example.org", NULL },
      "s@example.org\t" ALICE ";",
      "" },
    /* all else that is stopped does not */
    { { 9, "verdict=accept would=reject", NULL,
        ALICE " rules=sender-not-owned:reject,limit-exceeded:defer", "sender-not-owned",
        "s@example.org", NULL },
      "",
      "# 9 messages taught nothing" },
    { { 9, "verdict=accept would=reject", NULL, ALICE, "from-missing", "s@example.org", NULL },
      "",
      "# 9 messages taught nothing" },
    { { 9, "verdict=accept would=hold", NULL, ALICE, "link-listed", "s@example.org", NULL },
      "",
      "# 9 messages taught nothing" },
    { { 9, "verdict=accept would=defer", NULL, ALICE, "limit-exceeded", "s@example.org", NULL },
      "",
      "# 9 messages taught nothing" },
    { { 9, "verdict=reject", NULL, ALICE, "sender-not-owned", "s@example.org", NULL },
      "",
      "# 9 messages taught nothing" },
    { { 9, "verdict=hold", NULL, ALICE, "x", "s@example.org", NULL },
      "",
      "# 9 messages taught nothing" },
    { { 9, "verdict=defer", NULL, ALICE, "x", "s@example.org", NULL },
      "",
      "# 9 messages taught nothing" },
    { { 9, "verdict=aborted", NULL, ALICE, NULL, "s@example.org", NULL },
      "",
      "# 9 messages taught nothing" },
    /* what would mean something else in a table is not written into it */
    { { 9, NULL, NULL, ALICE, NULL, "@example.org", NULL }, "", "# 9 senders were no addresses" },
    { { 9, NULL, NULL, ALICE, NULL, "example.org", NULL }, "", "# 9 senders were no addresses" },
    { { 9, NULL, NULL, ALICE, NULL, "a@", NULL }, "", "# 9 senders were no addresses" },
    { { 9, NULL, NULL, ALICE, NULL, "a\\x20b@example.org", NULL }, "", "by hand: a b@example.org" },
    { { 9, NULL, NULL, ALICE, NULL, "a@b\\x0aceo@example.org\\x09" ALICE, NULL },
      "",
      "by hand: a@b\\x0aceo@example.org\\x09" ALICE },
    { { 9, NULL, NULL, ALICE, NULL, "\\x23a@example.org", NULL }, "", "by hand: #a@example.org" },
    { { 9, NULL, NULL, ALICE, NULL, "a@[192.0.2.1]", NULL }, "", "by hand: a@[192.0.2.1]" },
    { { 9, NULL, NULL, ALICE, NULL, "\\xc3\\xbc@example.org", NULL },
      "",
      "by hand: \\xc3\\xbc@example.org" },
    { { 9, NULL, NULL, "*", NULL, "a@example.org", NULL }, "", "of a redacted log" },
    { { 9, NULL, NULL, "group:sales", NULL, "a@example.org", NULL },
      "",
      "by hand: a@example.org\n# 9 messages, last 2026-11-18: group:sales 9\n" },
    { { 9, NULL, NULL, "a,b", NULL, "a@example.org", NULL }, "", "by hand: a@example.org" },
    { { 9, NULL, NULL, "a\\x20b", NULL, "a@example.org", NULL }, "", "by hand: a@example.org" },
};

static void test_rows(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(row_cases) / sizeof(row_cases[0]); i++) {
        const struct row_case *c = &row_cases[i];
        const char *log = stage_log(stage, &c->sent, 1);

        print_message("%s as %s, %s\n", c->sent.user, c->sent.from != NULL ? c->sent.from : "-",
                      c->sent.hfrom != NULL ? c->sent.hfrom : "-");
        stage_run(stage, "learn", "owners", log, NULL);
        assert_string_equal(rows_of(stage_out(stage)), c->rows);
        assert_has(stage_out(stage), c->says);
    }
}

static const struct sent house[] = {
    { 4, NULL, NULL, ALICE, NULL, "sales@example.org", "sales@example.org" },
    { 3, NULL, NULL, BOB, NULL, "sales@example.org", "sales@example.org" },
    { 2, NULL, NULL, "eve@example.org", NULL, "sales@example.org", NULL },
    /* bob's own address, used by alice too: he stays in the row, however little he sent */
    { 5, NULL, NULL, ALICE, NULL, BOB, BOB },
    { 1, NULL, NULL, BOB, NULL, BOB, BOB },
    /* one address of too many, one login of a whole domain */
    { 3, NULL, NULL, "u1@example.org", NULL, "info@example.org", NULL },
    { 3, NULL, NULL, "u2@example.org", NULL, "info@example.org", NULL },
    { 3, NULL, NULL, "u3@example.org", NULL, "info@example.org", NULL },
    { 3, NULL, NULL, "shop", NULL, "a@shop.example", NULL },
    { 3, NULL, NULL, "shop", NULL, "b@shop.example", NULL },
    { 3, NULL, NULL, "shop", NULL, "c@shop.example", NULL },
    { 3, NULL, NULL, "shop", NULL, "d@shop.example", NULL },
    { 3, NULL, NULL, "shop", NULL, "e@shop.example", NULL },
    { 3, NULL, NULL, "shop", NULL, "a@example.com", NULL },
    { 3, NULL, NULL, "shop", NULL, "b@example.com", NULL },
    { 3, NULL, NULL, "shop", NULL, "c@example.com", NULL },
    { 3, NULL, NULL, "shop", NULL, "d@example.com", NULL },
    { 2, NULL, NULL, "shop", NULL, "e@example.com", NULL }, /* too seldom to be a fifth */
    /* other classes own nothing */
    { 9, NULL, "local", "www", NULL, "web@example.org", NULL },
    { 9, NULL, "relay", "printers", NULL, "web@example.org", NULL },
};
#define HOUSE (sizeof(house) / sizeof(house[0]))

static void test_house(void **state)
{
    struct stage *stage = *state;
    const char *log = stage_log(stage, house, HOUSE);
    struct error error = { "" };
    struct arena *arena;
    struct table *table;
    char spec[600];

    assert_int_equal(stage_run(stage, "learn", "owners", "--max-logins", "2", log, NULL), CTL_GOOD);
    assert_string_equal(stage_err(stage), "");
    assert_string_equal(rows_of(stage_out(stage)),
                        "a@example.com\tshop;b@example.com\tshop;c@example.com\tshop;"
                        "d@example.com\tshop;"
                        "bob@example.org\t" ALICE ", " BOB ";sales@example.org\t" ALICE ", " BOB ";"
                        "a@shop.example\tshop;b@shop.example\tshop;c@shop.example\tshop;"
                        "d@shop.example\tshop;e@shop.example\tshop;");
    assert_has(stage_out(stage), "what a\n# stolen account sent in that time is in it");
    assert_has(stage_out(stage),
               "\n# 7 messages, last 2026-11-13: " ALICE " 4, " BOB " 3; not believed: 1\nsales@");
    assert_has(stage_out(stage), "\n# 3 logins: shared, or forged?");
    assert_has(stage_out(stage),
               "\n#info@example.org\tu1@example.org, u2@example.org, u3@example.org\n");
    assert_has(stage_out(stage), "\n# 5 addresses of it: shop\n#@shop.example\tshop\n");
    assert_has_not(stage_out(stage), "@example.com of it");
    assert_has_not(stage_out(stage), "#@example.com");
    assert_has_not(stage_out(stage), "web@");
    /* as it is, it is a table */
    stage_write(stage, "owners", stage->ctl.out.at, stage->ctl.out.size);
    snprintf(spec, sizeof(spec), "file:%s", stage_path(stage, "owners"));
    table = table_open(spec, NULL, &error);
    assert_string_equal(error.text, "");
    assert_non_null(table);
    arena = arena_new(65536);
    assert_true(span_is_equal(table_ask(table, SPAN("bob@example.org"), arena).value,
                              SPAN(ALICE ", " BOB)));
    assert_int_equal(table_ask(table, SPAN("info@example.org"), arena).result, TABLE_ABSENT);
    arena_free(&arena);
    table_free(&table);
}

/* The order of the log does not show, nor how often it is asked. */
static void test_deterministic(void **state)
{
    struct stage *stage = *state;
    struct sent turned[HOUSE];
    char *first;

    for (size_t i = 0; i < HOUSE; i++)
        turned[i] = house[HOUSE - 1 - i];
    stage_run(stage, "learn", "owners", stage_log(stage, house, HOUSE), NULL);
    first = strdup(stage_out(stage));
    stage_run(stage, "learn", "owners", stage_log(stage, turned, HOUSE), NULL);
    assert_string_equal(stage_out(stage), first);
    free(first);
}

static void test_options(void **state)
{
    struct stage *stage = *state;
    const char *log = stage_log(stage, house, HOUSE);

    assert_int_equal(stage_run(stage, "learn", "owners", "--min", "4", log, NULL), CTL_GOOD);
    assert_string_equal(rows_of(stage_out(stage)),
                        "bob@example.org\t" ALICE ", " BOB ";sales@example.org\t" ALICE ";");
    assert_int_equal(stage_run(stage, "learn", "owners", "--min", "1", log, NULL), CTL_GOOD);
    assert_has(stage_out(stage), "\nsales@example.org\t" ALICE ", " BOB ", eve@example.org\n");
    assert_has(stage_out(stage), "\ninfo@example.org\tu1@");
    assert_int_equal(stage_run(stage, "learn", "owners", "--since", "2026-11-14", log, NULL),
                     CTL_GOOD);
    assert_string_equal(rows_of(stage_out(stage)), "");
    assert_int_equal(stage_run(stage, "learn", "owners", "--min", "0", log, NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "learn", "owners", "--max-logins", "x", log, NULL),
                     CTL_USAGE);
    assert_int_equal(stage_run(stage, "learn", "owners", "--since", "x", log, NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "learn", NULL), CTL_USAGE);
    assert_has(stage_err(stage), "learn what? there are: learn owners");
}

/* With a configuration, a login without a domain has the address of its name at internal domains,
 * and the extension is what the configuration says. */
static void test_configured(void **state)
{
    static const struct sent sent[] = {
        { 3, NULL, NULL, "carol", NULL, "carol@example.org", "carol-x@example.org" },
        { 3, NULL, NULL, "carol", NULL, "carol@example.net", "carol+x@example.org" },
    };
    struct stage *stage = *state;
    const char *log = stage_log(stage, sent, 2);

    stage_config(stage, "socket = \"unix:/tmp/m\"; logins = { delimiter = \"-\"; };\n"
                        "outgoing = { internal = [ \"example.org\" ]; };\n");
    assert_int_equal(stage_run(stage, "learn", "owners", log, NULL), CTL_GOOD);
    assert_string_equal(rows_of(stage_out(stage)),
                        "carol@example.net\tcarol;carol+x@example.org\tcarol;");
}

static void test_redacted(void **state)
{
    static const struct sent sent[] = {
        { 3, NULL, NULL, "*@example.org", NULL, "*@example.org", "*@example.net" },
        { 3, NULL, NULL, ALICE, NULL, "s@example.org", NULL },
    };
    struct stage *stage = *state;
    const char *log = stage_log(stage, sent, 2);

    assert_int_equal(stage_run(stage, "learn", "owners", log, NULL), CTL_WARNING);
    assert_has(stage_err(stage), "3 messages are of a redacted log (log.redact)");
    assert_has(stage_out(stage), "# 3 messages of a redacted log (log.redact) name nobody");
    assert_string_equal(rows_of(stage_out(stage)), "s@example.org\t" ALICE ";");
    log = stage_log(stage, &house[HOUSE - 1], 1);
    assert_int_equal(stage_run(stage, "learn", "owners", log, NULL), CTL_WARNING);
    assert_has(stage_err(stage), "no message of class submission");
    log = stage_log(stage, NULL, 0);
    assert_int_equal(stage_run(stage, "learn", "owners", log, NULL), CTL_WARNING);
    assert_has(stage_err(stage), "no line of a message");
}

static void test_json(void **state)
{
    static const struct sent sent[] = {
        { 3, NULL, NULL, ALICE, NULL, "sales@example.org", NULL },
        { 1, NULL, NULL, BOB, NULL, "sales@example.org", NULL },
        { 9, "verdict=reject", NULL, BOB, "x", "other@example.org", NULL },
    };
    struct stage *stage = *state;
    const char *log = stage_log(stage, sent, 3);

    assert_int_equal(stage_run(stage, "--json", "learn", "owners", log, NULL), CTL_GOOD);
    assert_string_equal(
        stage_out(stage),
        "{\"schema\":1,\"log\":{\"lines\":13,\"messages\":13,\"undated\":0,\"long_lines\":0,"
        "\"first\":\"2026-11-10\",\"last\":\"2026-11-18\"},\"complete\":true,\"submissions\":13,"
        "\"stopped\":9,\"redacted\":0,\"strange\":0,\"owners\":[{\"address\":\"sales@example.org\","
        "\"state\":\"proposed\",\"messages\":3,\"last\":\"2026-11-12\",\"logins\":["
        "{\"login\":\"alice@example.org\",\"messages\":3,\"believed\":true,\"last\":\"2026-11-12\"}"
        ","
        "{\"login\":\"bob@example.org\",\"messages\":1,\"believed\":false,\"last\":\"2026-11-10\"}]"
        "}"
        "],\"rare\":1,\"domains\":[]}\n");
    assert_int_equal(
        stage_run(stage, "--json", "learn", "owners", stage_log(stage, house, HOUSE), NULL),
        CTL_GOOD);
    assert_has(stage_out(stage),
               "\"domains\":[{\"domain\":\"shop.example\",\"login\":\"shop\",\"addresses\":5}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_house, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_deterministic, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_options, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_configured, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_redacted, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_json, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
