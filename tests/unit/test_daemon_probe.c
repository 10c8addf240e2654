/*
 * probe: programs that would start, that refuse with words, that crash, that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/probe.h"
#include "daemon/takeover.h"

/* What a program of ours does when it is asked. */
#define ANSWERS "eval \"echo understood by egress-milter 9 >&$" TAKEOVER_QUESTION "\"\n"
#define READS "eval \"cat <&$" TAKEOVER_QUESTION " >/dev/null\"\n"

struct yard {
    char directory[48], program[64];
};

static int yard_open(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));

    strcpy(yard->directory, "/tmp/egress-probe.XXXXXX");
    assert_non_null(mkdtemp(yard->directory));
    snprintf(yard->program, sizeof(yard->program), "%s/program", yard->directory);
    *state = yard;
    return 0;
}

static int yard_close(void **state)
{
    struct yard *yard = *state;

    unlink(yard->program);
    rmdir(yard->directory);
    free(yard);
    return 0;
}

static void write_program(const struct yard *yard, const char *text, mode_t mode)
{
    FILE *file = fopen(yard->program, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(yard->program, mode), 0);
}

/* As the supervisor does it, with one argument. */
static bool ask(const char *program, struct probe *probe, const char **why_r)
{
    const char *const argv[] = { program, "-t", NULL };
    struct takeover nothing = { .counters_fd = -1, .last_good_fd = -1, .sockets = SOCKETS_NONE };
    struct error error;
    int status;

    *why_r = NULL;
    assert_true(probe_start(probe, argv, takeover_write(&nothing, &error), 1000));
    assert_int_equal(probe->until_ms, 1000 + PROBE_LONGEST_MS);
    while (probe->fd >= 0) {
        struct pollfd look = { probe->fd, POLLIN, 0 };
        assert_int_equal(poll(&look, 1, 20000), 1);
        probe_hear(probe);
    }
    assert_int_equal(waitpid(probe->pid, &status, 0), probe->pid);
    return probe_ended(probe, status, why_r);
}

static void test_programs(void **state)
{
    struct yard *yard = *state;
    static const struct {
        const char *text;
        mode_t mode;
        const char *says; /* NULL: it would start */
        bool cannot_run;
    } cases[] = {
        { "#!/bin/sh\n" READS ANSWERS "[ \"$1\" = -t ] && [ $# = 1 ]\n", 0755, NULL, false },
        { "#!/bin/sh\n" READS ANSWERS "echo words do not matter then\n", 0755, NULL, false },
        { "#!/bin/sh\n" READS ANSWERS "exit 78\n", 0755, "its check ended with code 78", false },
        { "#!/bin/sh\nexit 0\n", 0755,
          "/program is no egress-milter that can take over from this one: another program, or "
          "another version; to change to it, end the daemon and start it",
          false },
        { "#!/bin/sh\n" READS "eval \"echo begun >&$" TAKEOVER_QUESTION "\"\n", 0755,
          "/program is no egress-milter that can take over", false },
        { "#!/bin/sh\necho x.conf:7: mode: no >&2\necho and more\nexit 78\n", 0755,
          "x.conf:7: mode: no\nand more\n", false },
        { "#!/bin/sh\nexit 70\n", 0755, "its check ended with code 70", false },
        { "#!/bin/sh\necho oh dear\nkill -SEGV $$\n", 0755,
          "oh dear\nits check died of signal 11 (Segmentation fault)", false },
        { "#!/bin/sh\nexec 1>&- 2>&-\nkill -KILL $$\n", 0755, "its check died of signal 9 (Killed)",
          false },
        { "\177ELF and then nothing", 0755, "Exec format error\n", true },
        { "#!/bin/sh\n", 0644, "Permission denied\n", true },
        { "#!/no/such/shell\n", 0755, "No such file or directory\n", true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct probe probe;
        const char *why;
        char expected[300] = "";
        write_program(yard, cases[i].text, cases[i].mode);
        assert_int_equal(ask(yard->program, &probe, &why), cases[i].says == NULL);
        if (cases[i].says != NULL) {
            if (cases[i].cannot_run)
                snprintf(expected, sizeof(expected), "cannot run %s: ", yard->program);
            strcat(expected, cases[i].says);
            if (cases[i].says[0] == '/')
                assert_non_null(strstr(why, expected));
            else
                assert_string_equal(why, expected);
        }
        assert_int_equal(probe.pid, 0);
        probe_free(&probe);
        assert_int_equal(probe.fd, -1);
    }
}

static void test_missing(void **state)
{
    struct yard *yard = *state;
    struct probe probe;
    const char *why;

    assert_false(ask(yard->program, &probe, &why));
    assert_non_null(strstr(why, yard->program));
    assert_non_null(strstr(why, strerror(ENOENT)));
    probe_free(&probe);
}

/* Of one that never stops talking the first kilobytes are kept, and it ends all the same. */
static void test_talks_much(void **state)
{
    struct yard *yard = *state;
    struct probe probe;
    const char *why;

    write_program(yard, "#!/bin/sh\nyes 0123456789 | head -c 1000000\nexit 78\n", 0755);
    assert_false(ask(yard->program, &probe, &why));
    assert_in_range(strlen(why), 1000, 4096);
    assert_memory_equal(why, "0123456789\n0123456789\n", 22);
    probe_free(&probe);
}

/* The signals that the parent has blocked are not blocked for it, and it cannot wait for input. */
static void test_surroundings(void **state)
{
    struct yard *yard = *state;
    struct probe probe;
    const char *why;
    sigset_t blocked, before;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    write_program(yard, "#!/bin/sh\nread line && exit 1\nkill -TERM $$\nexit 2\n", 0755);
    assert_false(ask(yard->program, &probe, &why));
    assert_string_equal(why, "its check died of signal 15 (Terminated)");
    probe_free(&probe);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* What was added to its words when it was ended stands before how it ended. */
static void test_too_long(void **state)
{
    struct yard *yard = *state;
    const char *const argv[] = { yard->program, NULL };
    struct probe probe;
    const char *why;
    int status;

    write_program(yard, "#!/bin/sh\nexec sleep 1000\n", 0755);
    assert_true(probe_start(&probe, argv, open("/dev/null", O_RDWR | O_CLOEXEC), 0));
    buffer_add_text(&probe.said, "its check took too long and was ended; ");
    kill(probe.pid, SIGKILL);
    assert_int_equal(waitpid(probe.pid, &status, 0), probe.pid);
    assert_false(probe_ended(&probe, status, &why));
    assert_string_equal(why, "its check took too long and was ended; its check died of signal 9 "
                             "(Killed)");
    probe_free(&probe);
}

#define IN_YARD(test) cmocka_unit_test_setup_teardown(test, yard_open, yard_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_YARD(test_programs),     IN_YARD(test_missing),  IN_YARD(test_talks_much),
        IN_YARD(test_surroundings), IN_YARD(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
