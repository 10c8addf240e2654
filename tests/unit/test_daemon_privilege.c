/*
 * privilege: who is found, and that the change is final. The change itself needs root; without it
 * the process stays who it is, which is tested instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/privilege.h"

static void test_find(void **state)
{
    struct identity identity;
    struct error error = { "" };

    (void)state;
    assert_true(identity_find("nobody", &identity, &error));
    if (geteuid() != 0) {
        assert_false(identity.changes);
        assert_int_equal(identity.uid, geteuid());
        assert_true(identity_find("no-such-user", &identity, &error)); /* nobody asks */
        return;
    }
    assert_true(identity.changes);
    assert_string_equal(identity.name, "nobody");
    assert_int_equal(identity.uid, 65534);
    assert_false(identity_find("no-such-user", &identity, &error));
    assert_non_null(strstr(error.text, "\"no-such-user\""));
    assert_non_null(strstr(error.text, "useradd"));
}

static int become_nobody(void)
{
    struct identity identity;
    struct error error;
    gid_t groups[16];
    int count;

    if (!identity_find("nobody", &identity, &error) || !identity_assume(&identity, &error))
        return 1;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 2;
    if (getuid() != identity.uid || geteuid() != identity.uid || getegid() != identity.gid)
        return 3;
    count = getgroups(16, groups);
    for (int i = 0; i < count && identity.changes; i++) {
        if (groups[i] == 0)
            return 4;
    }
    if (identity.changes && (setuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0))
        return 5;
    return 0;
}

static void test_assume(void **state)
{
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0)
        _exit(become_nobody());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_group(void **state)
{
    struct error error = { "" };
    gid_t gid = 99;

    (void)state;
    assert_true(group_find("root", &gid, &error));
    assert_int_equal(gid, 0);
    assert_false(group_find("no-such-group", &gid, &error));
    assert_non_null(strstr(error.text, "\"no-such-group\""));
    assert_non_null(strstr(error.text, "groupadd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_assume),
        cmocka_unit_test(test_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
