/*
 * hold: list, show, release, delete against tools that stand for Postfix's: what they were called
 * with, what came of it, and that records follow the quarantine. Ids are queue ids and nothing
 * else.
 */
#include "tests/unit/test_ctl_support.h"

#include <fcntl.h>
#include <sys/file.h>

#include "hold/held.h"
#include "state/store.h"

#define POSTQUEUE                                                                                  \
    "#!/bin/sh\ncd ${0%/*}\n[ -e broken ] && { echo 'postqueue: fatal: no queue' >&2; exit 69; "   \
    "}\n"                                                                                          \
    "echo \"postqueue $*\" >>calls\n"                                                              \
    "for id in $(cat held); do\n"                                                                  \
    "printf '{\"queue_name\": \"hold\", \"queue_id\": \"%s\", \"sender\": "                        \
    "\"{\\\\\"queue_name\\\\\""                                                                    \
    ": \\\\\"hold\\\\\"}\"}\\n' $id\ndone\n"                                                       \
    "echo '{\"queue_name\": \"active\", \"queue_id\": \"ACTIVE1\"}'\n"
#define POSTSUPER                                                                                  \
    "#!/bin/sh\ncd ${0%/*}\necho \"postsuper $*\" >>calls\n"                                       \
    "while read id; do echo \"< $id\" >>calls\n[ $id = STUCK1 ] || {\n"                            \
    "grep -vx $id held >held.new; mv held.new held; }\ndone\n"
#define POSTCAT                                                                                    \
    "#!/bin/sh\ncd ${0%/*}\necho \"postcat $*\" >>calls\nprintf 'Subject: hello\\033[2J\\n'\n"

static void write_script(const struct stage *stage, const char *name, const char *text)
{
    stage_write(stage, name, text, strlen(text));
    assert_int_equal(chmod(stage_path(stage, name), 0755), 0);
}

static void add(struct store *store, const char *id, const char *principal, int64_t held_s)
{
    const struct hold_settings caps = { .per_principal = 100, .total = 100 };
    struct held held = { .queue_id = span_of(id),
                         .held_s = held_s,
                         .seen_s = held_s,
                         .recipients = 2,
                         .size_bytes = 500,
                         .mail_class = SPAN("submission"),
                         .principal = span_of(principal),
                         .finding = SPAN("from-not-owned"),
                         .reason = SPAN("from-not-owned: no"),
                         .sender = SPAN("a\x1b@example.org"),
                         .message_id = SPAN("<1@example.org>") };

    assert_int_equal(held_add(store, &caps, &held), HELD_DONE);
    assert_true(held_set_charge(store, held.queue_id, SPAN("charge")));
}

static struct store *open_store(const struct stage *stage)
{
    char directory[256];
    struct store *store;

    snprintf(directory, sizeof(directory), "%s/state", stage->directory);
    store = store_open(directory);
    assert_true(store != NULL && store_is_shared(store));
    return store;
}

/* AAAAA1 to AAAAA3 of alice, BBBBB1 of bob, all but AAAAA3 in the quarantine, with one of others.
 */
static int hold_setup(void **state)
{
    struct stage *stage;
    struct store *store;
    char text[600];

    stage_setup(state);
    stage = *state;
    snprintf(text, sizeof(text),
             "socket = \"unix:%s/m.sock\";\nstate = { directory = \"%s/state\"; };\n"
             "hold = { command = [ \"%s/postsuper\", \"-c\", \"/etc/x\" ]; };\n",
             stage->directory, stage->directory, stage->directory);
    stage_config(stage, text);
    write_script(stage, "postqueue", POSTQUEUE);
    write_script(stage, "postsuper", POSTSUPER);
    write_script(stage, "postcat", POSTCAT);
    stage_write(stage, "held", "AAAAA1\nAAAAA2\nBBBBB1\nOTHER1\n", 28);
    store = open_store(stage);
    add(store, "AAAAA1", "alice@example.org", NOW_S - 300);
    add(store, "AAAAA2", "alice@example.org", NOW_S - 200);
    add(store, "AAAAA3", "alice@example.org", NOW_S - 100);
    add(store, "BBBBB1", "bob@example.org", NOW_S - 150);
    store_close(&store);
    return 0;
}

static bool has(const char *text, const char *piece)
{
    return strstr(text, piece) != NULL;
}

static void must_have(const char *text, const char *piece)
{
    if (!has(text, piece)) {
        fail_msg("\"%s\" is missing in: %s", piece, text);
    }
}

static const char *read_file(const struct stage *stage, const char *name)
{
    static char text[4000];
    FILE *file = fopen(stage_path(stage, name), "r");
    size_t size = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;

    text[size] = '\0';
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

static uint64_t count(const struct stage *stage)
{
    struct store *store = open_store(stage);
    uint64_t count = held_count(store);

    store_close(&store);
    return count;
}

static void listed(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "hold", "list", NULL), CTL_GOOD);
    must_have(stage_out(stage), "AAAAA2  2026-11-23 23:56:40  ");
    must_have(stage_out(stage), "alice@example.org  from-not-owned  2 rcpts  500 octets  "
                                "<a\\x1b@example.org>\n");
    assert_true(strstr(stage_out(stage), "BBBBB1") < strstr(stage_out(stage), "AAAAA1"));
    assert_false(has(stage_out(stage), "AAAAA3"));
    must_have(stage_out(stage), "3 of 3 held, of at most 5000\n");
    must_have(buffer_text(&stage->ctl.err), "1 more were gone from the mail server's quarantine");
    must_have(buffer_text(&stage->ctl.err), "1 more in the mail server's quarantine are not ours");
    assert_int_equal(count(stage), 3);
    must_have(read_file(stage, "calls"), "postqueue -c /etc/x -j\n");
}

static void chosen(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "--json", "hold", "list", "--user", "BOB@example.org", NULL),
                     CTL_GOOD);
    must_have(stage_out(stage), "\"held\":[{\"id\":\"BBBBB1\"");
    must_have(stage_out(stage), "\"chosen\":1,\"total\":3");
    assert_false(has(stage_out(stage), "AAAAA1"));
    assert_int_equal(stage_run(stage, "--json", "hold", "list", "--since", "250s", NULL), CTL_GOOD);
    must_have(stage_out(stage), "\"chosen\":2");
    assert_int_equal(stage_run(stage, "--json", "hold", "list", "--limit", "1", NULL), CTL_GOOD);
    must_have(stage_out(stage), "\"held\":[{\"id\":\"BBBBB1\"");
    must_have(stage_out(stage), "\"chosen\":3");
    assert_int_equal(stage_run(stage, "--json", "hold", "list", "--rule", "nul-byte", NULL),
                     CTL_GOOD);
    must_have(stage_out(stage), "\"held\":[],\"chosen\":0");
    assert_int_equal(stage_run(stage, "hold", "list", "--rule", "no-such", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "hold", "list", "--since", "soon", NULL), CTL_USAGE);
}

/* Records are shown, and none is taken for gone. */
static void without_the_tool(void **state)
{
    struct stage *stage = *state;

    stage_write(stage, "broken", "", 0);
    assert_int_equal(stage_run(stage, "hold", "list", NULL), CTL_WARNING);
    must_have(stage_out(stage), "AAAAA3");
    must_have(buffer_text(&stage->ctl.err), "not compared with the mail server: ");
    must_have(buffer_text(&stage->ctl.err), "ended with code 69: postqueue: fatal: no queue");
    assert_int_equal(stage_run(stage, "hold", "release", "AAAAA1", NULL), CTL_UNREACHABLE);
    assert_int_equal(count(stage), 4);
}

/* One that was noted a moment ago may not be in the queue yet. */
static void a_young_one_stays(void **state)
{
    struct stage *stage = *state;

    stage->clock.now_s = NOW_S - 100 + 60;
    assert_int_equal(stage_run(stage, "hold", "list", NULL), CTL_GOOD);
    must_have(stage_out(stage), "AAAAA3");
    assert_int_equal(count(stage), 4);
}

static void shown(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "hold", "show", "AAAAA1", NULL), CTL_GOOD);
    must_have(stage_out(stage), "alice@example.org");
    must_have(stage_out(stage), "\nSubject: hello\\x1b[2J\n");
    must_have(read_file(stage, "calls"), "postcat -c /etc/x -qh AAAAA1\n");
    assert_int_equal(stage_run(stage, "--json", "hold", "show", "AAAAA1", NULL), CTL_GOOD);
    must_have(stage_out(stage), "\"rule\":\"from-not-owned\"");
    must_have(stage_out(stage), "\"ours\":true,\"header\":\"Subject: hello\\u001b[2J\\u000a\"");
}

static void no_ids(void **state)
{
    static const char *const words[] = { "ALL", "-", "../x12", "AAAAA1\nALL", "AAAAA 1", "x" };
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_int_equal(stage_run(stage, "hold", "release", "--", words[i], NULL), CTL_USAGE);
        assert_int_equal(stage_run(stage, "hold", "delete", "--yes", "--", words[i], NULL),
                         CTL_USAGE);
        assert_int_equal(stage_run(stage, "hold", "show", "--", words[i], NULL), CTL_USAGE);
    }
    assert_int_equal(stage_run(stage, "hold", "release", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "hold", "release", "AAAAA1", "--all", NULL), CTL_USAGE);
    assert_string_equal(read_file(stage, "calls"), "");
    assert_int_equal(stage->audited.size, 0);
}

static void released(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "hold", "release", "AAAAA1", "OTHER1", "AAAAA3", NULL),
                     CTL_NO);
    must_have(stage_out(stage), "AAAAA1 released\n");
    must_have(stage_out(stage), "OTHER1 released\n");
    must_have(stage_out(stage), "AAAAA3 is not held\n");
    must_have(read_file(stage, "calls"), "postsuper -c /etc/x -H -\n< AAAAA1\n< OTHER1\n");
    assert_string_equal(read_file(stage, "held"), "AAAAA2\nBBBBB1\n");
    assert_int_equal(count(stage), 2);
    must_have(buffer_text(&stage->audited), "mail: hold: released by uid ");
    must_have(buffer_text(&stage->audited), ": AAAAA1 OTHER1\n");
}

static void of_a_user(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "hold", "release", "--user", "alice@example.org", NULL),
                     CTL_NO);
    must_have(stage_out(stage), "AAAAA1 is held\nAAAAA2 is held\n");
    must_have(buffer_text(&stage->ctl.err),
              "nothing was done: 2 messages would be released; --yes does it");
    assert_false(has(read_file(stage, "calls"), "postsuper"));
    assert_int_equal(
        stage_run(stage, "--json", "hold", "release", "--user", "alice@example.org", "--yes", NULL),
        CTL_GOOD);
    must_have(stage_out(stage), "\"done\":true,\"released\":[\"AAAAA1\",\"AAAAA2\"],\"left\":[]");
    assert_string_equal(read_file(stage, "held"), "BBBBB1\nOTHER1\n");
}

static bool note_charge(struct span queue_id, struct span charge, void *context)
{
    (void)charge;
    snprintf(context, 64, "%.*s", SPAN_ARG(queue_id));
    return true;
}

static void deleted(void **state)
{
    struct stage *stage = *state;
    struct store *store;
    char charged[64] = "";

    assert_int_equal(stage_run(stage, "hold", "delete", "AAAAA1", NULL), CTL_NO);
    assert_int_equal(stage_run(stage, "hold", "delete", "AAAAA1", "--yes", NULL), CTL_GOOD);
    must_have(read_file(stage, "calls"), "postsuper -c /etc/x -d - hold\n< AAAAA1\n");
    must_have(buffer_text(&stage->audited), "hold: deleted by uid ");
    store = open_store(stage);
    assert_true(held_walk_charges(store, note_charge, charged));
    store_close(&store);
    assert_string_equal(charged, "AAAAA1");
    /* What the tool lets lie is not believed to be gone. */
    stage_write(stage, "held", "STUCK1\n", 7);
    assert_int_equal(stage_run(stage, "hold", "delete", "STUCK1", "--yes", NULL), CTL_NO);
    must_have(stage_out(stage), "STUCK1 is still held\n0 deleted\n");
}

/* --- Sendmail -------------------------------------------------------------------------------- */

/* Lists a queue of one directory, and its files q/hfID and q/dfID; -Q renames them. */
#define SENDMAIL                                                                                   \
    "#!/bin/sh\ncd ${0%/*}\necho \"sendmail $*\" >>calls\n"                                        \
    "if [ \"$3\" = -bp ]; then\n"                                                                  \
    "printf '\\t\\t%s/q (2 requests)\\n-----Q-ID----- --Size-- -----Q-Time-----\\n' $PWD\n"        \
    "for f in q/hf*; do printf '%sX    12 Sun Nov 29 11:19 <a@example.org>\\n' ${f#q/hf}\n"        \
    "printf '     QUARANTINE: 6ATFORGED00001 x\\n\\t\\t\\t <b@example.org>\\n'; done\n"            \
    "printf '\\t\\tTotal requests: 2\\n'; exit 0; fi\n"                                            \
    "for word; do case $word in -qI*) mv q/hf${word#-qI} q/qf${word#-qI};; esac; done\n"

static int sendmail_setup(void **state)
{
    struct stage *stage;
    struct store *store;
    char text[600];

    stage_setup(state);
    stage = *state;
    snprintf(text, sizeof(text),
             "socket = \"unix:%s/m.sock\";\nstate = { directory = \"%s/state\"; };\n"
             "hold = { command = [ \"%s/sendmail\", \"-C\", \"/etc/x\" ]; };\n",
             stage->directory, stage->directory, stage->directory);
    stage_config(stage, text);
    write_script(stage, "sendmail", SENDMAIL);
    assert_int_equal(mkdir(stage_path(stage, "q"), 0755), 0);
    stage_write(stage, "q/hf6ATBUiaX024198",
                "V8\nqreason\nH?P?Return-Path: <x>\nHSubject: a\n\tb\n"
                "Hx\n.\n",
                51);
    stage_write(stage, "q/df6ATBUiaX024198", "x", 1);
    stage_write(stage, "q/hf6ATBUiaZ024199", "V8\n", 3);
    store = open_store(stage);
    add(store, "6ATBUiaX024198", "alice@example.org", NOW_S - 300);
    add(store, "6ATBUiaZ024197", "alice@example.org", NOW_S - 300);
    store_close(&store);
    return 0;
}

static bool is_there(const struct stage *stage, const char *name)
{
    return access(stage_path(stage, name), F_OK) == 0;
}

static void sendmail_lists(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "--json", "hold", "list", NULL), CTL_GOOD);
    must_have(stage_out(stage), "\"held\":[{\"id\":\"6ATBUiaX024198\"");
    must_have(stage_out(stage), "\"total\":1");
    must_have(stage_out(stage), "\"gone\":1,\"others\":1");
    must_have(read_file(stage, "calls"), "sendmail -C /etc/x -bp -qQ\n");
    assert_int_equal(stage_run(stage, "hold", "show", "6ATBUiaX024198", NULL), CTL_GOOD);
    must_have(stage_out(stage), "\nReturn-Path: <x>\nSubject: a\n\\x09b\nx\n");
}

static void sendmail_releases(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "hold", "release", "6ATBUiaX024198", "6ATBUiaZ024199", NULL),
                     CTL_GOOD);
    must_have(read_file(stage, "calls"),
              "sendmail -C /etc/x -qQ -qI6ATBUiaX024198 -qI6ATBUiaZ024199 -Q\n");
    assert_true(is_there(stage, "q/qf6ATBUiaX024198"));
    assert_int_equal(count(stage), 0);
}

static void sendmail_deletes(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "hold", "delete", "--yes", "6ATBUiaX024198", NULL), CTL_GOOD);
    assert_false(is_there(stage, "q/hf6ATBUiaX024198"));
    assert_false(is_there(stage, "q/df6ATBUiaX024198"));
    assert_true(is_there(stage, "q/hf6ATBUiaZ024199"));
    assert_int_equal(count(stage), 0);
}

/* One that sendmail is at work on stays. */
static void sendmail_has_locked_it(void **state)
{
    struct stage *stage = *state;
    int fd = open(stage_path(stage, "q/hf6ATBUiaX024198"), O_RDWR);

    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(stage_run(stage, "hold", "delete", "--yes", "6ATBUiaX024198", NULL), CTL_NO);
    must_have(stage_out(stage), "6ATBUiaX024198 is still held\n");
    assert_true(is_there(stage, "q/df6ATBUiaX024198"));
    assert_int_equal(count(stage), 1);
    close(fd);
}

int main(void)
{
#define AT_SENDMAIL(name) cmocka_unit_test_setup_teardown(name, sendmail_setup, stage_teardown)
#define CASE(name) cmocka_unit_test_setup_teardown(name, hold_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        CASE(listed),
        CASE(chosen),
        CASE(without_the_tool),
        CASE(a_young_one_stays),
        CASE(shown),
        CASE(no_ids),
        CASE(released),
        CASE(of_a_user),
        CASE(deleted),
        AT_SENDMAIL(sendmail_lists),
        AT_SENDMAIL(sendmail_releases),
        AT_SENDMAIL(sendmail_deletes),
        AT_SENDMAIL(sendmail_has_locked_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
