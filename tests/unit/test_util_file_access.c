/*
 * file_access: the component that denies is named, and the remedy told is the one that helps.
 *
 * As root each case is tried as another user on files of root, and the remedy is run to see that it
 * opens the file. Without root only the case of the own directory can be.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"

#define OTHER 65534 /* nobody, nogroup */

static char base[64];
static char other_user[64], other_group[64];

static int make_base(void **state)
{
    const struct passwd *user = getpwuid(OTHER);
    const struct group *group = getgrgid(OTHER);

    (void)state;
    snprintf(other_user, sizeof(other_user), "%s", user != NULL ? user->pw_name : "65534");
    snprintf(other_group, sizeof(other_group), "%s", group != NULL ? group->gr_name : "65534");
    snprintf(base, sizeof(base), "/tmp/test_util_file_access.XXXXXX");
    return mkdtemp(base) != NULL ? chmod(base, 0755) : -1;
}

static int remove_base(void **state)
{
    char command[160];

    (void)state;
    snprintf(command, sizeof(command), "chmod -R u+rwx %s && rm -r %s", base, base);
    return system(command);
}

static void become_other(void)
{
    assert_int_equal(setgroups(0, NULL), 0);
    assert_int_equal(setegid(OTHER), 0);
    assert_int_equal(seteuid(OTHER), 0);
}

static void become_root(void)
{
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
}

/* Directories d, d/e and file d/e/key.pem, links and a name with blanks, as the case wants them. */
static void build(unsigned d, unsigned e, unsigned key, int key_uid, int key_gid)
{
    char command[1024];

    snprintf(command, sizeof(command),
             "cd %s && rm -rf d link rlink && mkdir d 'd/e' && echo secret > d/e/key.pem && "
             "ln -s %s/d/e link && ln -s d/../d rlink && cp d/e/key.pem \"d/it's\" && "
             "chown %d:%d d/e/key.pem && chmod %04o d/e/key.pem \"d/it's\" && chmod %04o d/e && "
             "chmod %04o d",
             base, base, key_uid, key_gid, key, e, d);
    assert_int_equal(system(command), 0);
}

/* Replaces @ by base, % by the other user, ^ by its group. */
static void expand(const char *pattern, char out[static 1024])
{
    size_t size = 0;

    for (; *pattern != '\0'; pattern++) {
        const char *text = *pattern == '@'   ? base
                           : *pattern == '%' ? other_user
                           : *pattern == '^' ? other_group
                                             : NULL;

        if (text != NULL)
            size += (size_t)sprintf(out + size, "%s", text);
        else
            out[size++] = *pattern;
    }
    out[size] = '\0';
}

static void test_denials(void **state)
{
    static const struct {
        unsigned d, e, key;
        int key_uid, key_gid;
        const char *path;
        const char *text;
    } cases[] = {
        { 0700, 0755, 0644, 0, 0, "@/d/e/key.pem",
          "cannot read @/d/e/key.pem as user %: directory @/d is root:root 0700; "
          "run: chmod 0750 @/d; chgrp ^ @/d" },
        { 0755, 0750, 0644, 0, 0, "@/d/e/key.pem",
          "cannot read @/d/e/key.pem as user %: directory @/d/e is root:root 0750; "
          "run: chgrp ^ @/d/e" },
        { 0755, 0755, 0600, 0, 0, "@/d/e/key.pem",
          "cannot read @/d/e/key.pem as user %: file @/d/e/key.pem is root:root 0600; "
          "run: chmod 0640 @/d/e/key.pem; chgrp ^ @/d/e/key.pem" },
        { 0755, 0755, 0600, 0, OTHER, "@/d/e/key.pem",
          "cannot read @/d/e/key.pem as user %: file @/d/e/key.pem is root:^ 0600; "
          "run: chmod 0640 @/d/e/key.pem" },
        { 0755, 0755, 0200, OTHER, 0, "@/d/e/key.pem",
          "cannot read @/d/e/key.pem as user %: file @/d/e/key.pem is %:root 0200; "
          "run: chmod 0600 @/d/e/key.pem" },
        /* an absolute link: what denies lies in its target */
        { 0711, 0700, 0644, 0, 0, "@/link/key.pem",
          "cannot read @/link/key.pem as user %: directory @/d/e is root:root 0700; "
          "run: chmod 0750 @/d/e; chgrp ^ @/d/e" },
        { 0700, 0755, 0644, 0, 0, "@/link/key.pem",
          "cannot read @/link/key.pem as user %: directory @/d is root:root 0700; "
          "run: chmod 0750 @/d; chgrp ^ @/d" },
        /* a relative link, and slashes that mean nothing */
        { 0755, 0755, 0600, 0, 0, "@//rlink///e/./key.pem",
          "cannot read @//rlink///e/./key.pem as user %: file @/d/../d/e/./key.pem is root:root "
          "0600; run: chmod 0640 @/d/../d/e/./key.pem; chgrp ^ @/d/../d/e/./key.pem" },
        { 0755, 0755, 0600, 0, 0, "@/d/it's",
          "cannot read @/d/it's as user %: file @/d/it's is root:root 0600; "
          "run: chmod 0640 '@/d/it'\\''s'; chgrp ^ '@/d/it'\\''s'" },
    };

    (void)state;
    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer buffer = BUFFER_EMPTY;
        struct error error;
        char path[1024], text[1024];
        bool ok;

        build(cases[i].d, cases[i].e, cases[i].key, cases[i].key_uid, cases[i].key_gid);
        expand(cases[i].path, path);
        expand(cases[i].text, text);
        become_other();
        ok = file_read(path, 100, &buffer, &error);
        become_root();
        assert_false(ok);
        assert_string_equal(error.text, text);

        assert_int_equal(system(strstr(error.text, "run: ") + 5), 0);
        become_other();
        ok = file_read(path, 100, &buffer, &error);
        become_root();
        if (!ok)
            fail_msg("case %zu: the remedy leaves: %s", i, error.text);
        buffer_free(&buffer);
    }
}

/* A relative path is looked at from the working directory. */
static void test_relative(void **state)
{
    char expected[1024];
    struct error error;

    (void)state;
    if (geteuid() != 0)
        skip();
    build(0755, 0700, 0600, 0, 0);
    assert_int_equal(chdir(base), 0);
    become_other();
    file_explain_access("d/e/key.pem", EACCES, &error);
    become_root();
    expand("cannot read d/e/key.pem as user %: directory ./d/e is root:root 0700; "
           "run: chmod 0750 ./d/e; chgrp ^ ./d/e",
           expected);
    assert_string_equal(error.text, expected);
    become_other();
    file_explain_access("link/key.pem", EACCES, &error);
    become_root();
    expand("cannot read link/key.pem as user %: directory @/d/e is root:root 0700; "
           "run: chmod 0750 @/d/e; chgrp ^ @/d/e",
           expected);
    assert_string_equal(error.text, expected);
    assert_int_equal(chdir("/"), 0);
}

static void test_own_directory(void **state)
{
    bool was_root = geteuid() == 0;
    char directory[128], path[160], expected[1024], tail[400];
    struct error error;

    (void)state;
    snprintf(directory, sizeof(directory), "%s/own", base);
    snprintf(path, sizeof(path), "%s/key", directory);
    assert_int_equal(mkdir(directory, 0700), 0);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(chmod(directory, 0), 0);
    if (was_root) {
        assert_int_equal(chown(directory, OTHER, OTHER), 0);
        become_other();
    }
    file_explain_access(path, EACCES, &error);
    if (was_root)
        become_root();
    snprintf(expected, sizeof(expected), "cannot read %s as user ", path);
    assert_memory_equal(error.text, expected, strlen(expected));
    snprintf(tail, sizeof(tail), " 0000; run: chmod 0500 %s", directory);
    assert_string_equal(error.text + strlen(error.text) - strlen(tail), tail);
}

/* Nothing found that denies: say where else to look instead of a wrong remedy. */
static void test_no_culprit(void **state)
{
    struct error error;

    (void)state;
    file_explain_access("/dev/null", EACCES, &error);
    assert_non_null(strstr(error.text, "permission denied, although all modes allow it"));
    file_explain_access("/no/such/file", EACCES, &error);
    assert_non_null(strstr(error.text, "cannot read /no/such/file as user "));
    file_explain_access("/no/such/file", EIO, &error);
    assert_string_equal(error.text, "cannot read /no/such/file: Input/output error");
}

/* What others may do, in whatever way, counts; a file that cannot be looked at is no matter here.
 */
static void test_private(void **state)
{
    static const struct {
        unsigned mode, wanted; /* wanted 0: private as it is */
    } cases[] = { { 0600, 0 },    { 0640, 0 },    { 0660, 0 },    { 0644, 0640 },
                  { 0604, 0600 }, { 0602, 0600 }, { 0777, 0640 }, { 0441, 0440 } };
    char path[128], expected[500];
    struct error error;

    (void)state;
    snprintf(path, sizeof(path), "%s/private", base);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(chmod(path, cases[i].mode), 0);
        assert_int_equal(file_is_private(path, "secret", &error), cases[i].wanted == 0);
        if (cases[i].wanted == 0)
            continue;
        snprintf(expected, sizeof(expected),
                 "%s: mode %04o opens the secret to every user of this machine; at most 0640 is "
                 "wanted: chmod %04o %s",
                 path, cases[i].mode, cases[i].wanted, path);
        assert_string_equal(error.text, expected);
    }
    assert_true(file_is_private("/no/such/file", "secret", &error));
    assert_true(file_is_private("/dev/null", "secret", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_denials),       cmocka_unit_test(test_relative),
        cmocka_unit_test(test_own_directory), cmocka_unit_test(test_no_culprit),
        cmocka_unit_test(test_private),
    };

    return cmocka_run_group_tests(tests, make_base, remove_base);
}
