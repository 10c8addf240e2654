/*
 * plan: users, groups and paths out of a configuration, and faults with the place they stand at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/last_good.h"
#include "daemon/plan.h"
#include "util/file.h"

struct yard {
    char directory[48];
    char path[64];
};

static int yard_open(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));

    strcpy(yard->directory, "/tmp/egress-plan.XXXXXX");
    assert_non_null(mkdtemp(yard->directory));
    snprintf(yard->path, sizeof(yard->path), "%s/t.conf", yard->directory);
    *state = yard;
    return 0;
}

static int yard_close(void **state)
{
    struct yard *yard = *state;

    unlink(yard->path);
    rmdir(yard->directory);
    free(yard);
    return 0;
}

static void write_config(const struct yard *yard, const char *text)
{
    struct error error;

    if (!file_write_atomic(yard->path, text, strlen(text), 0644, true, &error))
        fail_msg("%s", error.text);
}

/* The report as printed. */
static char *printed(const struct config_report *report, bool with_warnings)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    faults_print(report, with_warnings, out);
    fclose(out);
    return text;
}

#define SOCKET "socket = \"unix:/run/x.sock\";\n"

static void test_good(void **state)
{
    struct yard *yard = *state;
    struct config_report *report = config_report_new();
    struct plan plan;

    write_config(yard,
                 SOCKET "socket_mode = \"0606\"; user = \"nobody\"; socket_group = \"root\";\n"
                        "control = { read_group = \"daemon\"; };\n");
    assert_true(plan_make(yard->path, &plan, report));
    assert_int_equal(config_report_size(report), 0);
    assert_string_equal(plan.config_path, yard->path);
    assert_true(plan.is_identity_known);
    assert_int_equal(plan.milter_access.mode, 0606);
    assert_int_equal(plan.milter_access.gid, 0);
    assert_int_equal(plan.control_socket_access.mode, 0660);
    assert_true(plan.control_access.has_read_group);
    assert_int_equal(plan.control_access.read_group, plan.control_socket_access.gid);
    assert_int_equal(plan.control_access.owner, plan.identity.uid);
    if (geteuid() == 0) {
        assert_int_equal(plan.identity.uid, 65534);
        assert_int_equal(plan.milter_access.uid, 65534);
    } else {
        assert_int_equal(plan.identity.uid, geteuid());
        assert_int_equal(plan.milter_access.uid, (uid_t)-1);
    }
    plan_free(&plan);
    config_report_free(&report);
}

/* Without a group of its own a unix socket has that of the user; without a group nobody may look.
 */
static void test_defaults(void **state)
{
    struct yard *yard = *state;
    struct config_report *report = config_report_new();
    struct plan plan;

    write_config(yard, SOCKET "user = \"nobody\";\n");
    assert_true(plan_make(yard->path, &plan, report));
    assert_int_equal(plan.milter_access.mode, 0660);
    assert_int_equal(plan.milter_access.gid, geteuid() == 0 ? 65534 : (gid_t)-1);
    assert_false(plan.control_access.has_read_group);
    plan_free(&plan);
    config_report_free(&report);
}

static void test_relative_path(void **state)
{
    struct yard *yard = *state;
    struct config_report *report = config_report_new();
    struct plan plan;
    char before[512];

    write_config(yard, SOCKET "user = \"nobody\";\n");
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(yard->directory), 0);
    assert_true(plan_make("t.conf", &plan, report));
    assert_int_equal(chdir(before), 0);
    assert_string_equal(plan.config_path, yard->path);
    plan_free(&plan);
    config_report_free(&report);
}

/* Every one of them, each at its line. */
static void test_unknown_names(void **state)
{
    struct yard *yard = *state;
    struct config_report *report = config_report_new();
    struct plan plan;
    char *text, place[160];

    write_config(yard, SOCKET "user = \"no-such-user\";\nsocket_group = \"no-such-group\";\n"
                              "control = { read_group = \"no-such-group\"; };\n");
    assert_false(plan_make(yard->path, &plan, report));
    assert_non_null(plan.config);
    text = printed(report, true);
    snprintf(place, sizeof(place), "%s:3: socket_group: no group \"no-such-group\"", yard->path);
    assert_non_null(strstr(text, place));
    snprintf(place, sizeof(place), "%s:4: control.read_group: no group", yard->path);
    assert_non_null(strstr(text, place));
    snprintf(place, sizeof(place), "%s:2: user: no user \"no-such-user\"", yard->path);
    assert_int_equal(strstr(text, place) != NULL, geteuid() == 0); /* others stay who they are */
    assert_int_equal(plan.is_identity_known, geteuid() != 0);
    free(text);
    plan_free(&plan);
    config_report_free(&report);
}

static void test_no_file(void **state)
{
    struct yard *yard = *state;
    struct config_report *report = config_report_new();
    struct plan plan;
    char *text;

    assert_false(plan_make(yard->path, &plan, report));
    assert_null(plan.config);
    text = printed(report, true);
    assert_non_null(strstr(text, yard->path));
    free(text);
    plan_free(&plan);
    config_report_free(&report);
}

static void test_faults(void **state)
{
    struct config_report *report = config_report_new();
    struct config_place place = { "f", 7 };
    char *text;

    (void)state;
    assert_false(faults_are_fatal(report, true));
    config_complain(report, CONFIG_WARNING, &place, "a", "odd");
    assert_false(faults_are_fatal(report, false));
    assert_true(faults_are_fatal(report, true));
    config_complain(report, CONFIG_ERROR, &place, "b", "wrong");
    assert_true(faults_are_fatal(report, false));
    text = printed(report, true);
    assert_string_equal(text, "f:7: a: odd (warning)\nf:7: b: wrong\n");
    free(text);
    text = printed(report, false);
    assert_string_equal(text, "f:7: b: wrong\n");
    free(text);
    config_report_free(&report);
}

/* The plan comes back as it was made, whatever has become of the file. */
static void test_kept(void **state)
{
    struct yard *yard = *state;
    struct config_report *report = config_report_new();
    struct plan plan, kept;
    int fd = last_good_open();

    assert_false(plan_make_kept(-1, &kept, report));
    plan_free(&kept);
    assert_false(plan_make_kept(fd, &kept, report));
    plan_free(&kept);
    write_config(yard, "socket = [ \"unix:/x\", \"inet:1@127.0.0.1\" ];\nsocket_mode = \"0604\";\n"
                       "user = \"daemon\";\nlog = { facility = \"local3\"; };\n");
    assert_true(plan_make(yard->path, &plan, report));
    plan_keep(&plan, fd);
    write_config(yard, "nonsense");
    assert_true(plan_make_kept(fd, &kept, report));
    assert_string_equal(kept.config_path, yard->path);
    assert_int_equal(kept.sockets->socket.count, 2);
    assert_string_equal(kept.sockets->socket.at[1], "inet:1@127.0.0.1");
    assert_int_equal(kept.milter_access.mode, 0604);
    assert_int_equal(kept.identity.uid, plan.identity.uid);
    assert_string_equal(kept.log->facility, "local3");
    plan_free(&kept);
    plan_free(&plan);
    config_report_free(&report);
    close(fd);
}

#define WITH_YARD(test) cmocka_unit_test_setup_teardown(test, yard_open, yard_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_YARD(test_good),          WITH_YARD(test_defaults),      WITH_YARD(test_relative_path),
        WITH_YARD(test_kept),          WITH_YARD(test_unknown_names), WITH_YARD(test_no_file),
        cmocka_unit_test(test_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
