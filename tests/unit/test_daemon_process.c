/*
 * process: a fork with a link and a voice; how an end is told, with the last words on one line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/process.h"

static void expect_end(const struct process *process, int status, const char *expected)
{
    char text[PROCESS_WORDS_MAX + 100];

    process_describe_end(process, status, text, sizeof(text));
    assert_string_equal(text, expected);
}

static void test_ends(void **state)
{
    static struct process process;

    (void)state;
    expect_end(&process, 0, "ended with code 0");
    expect_end(&process, 70 << 8, "ended with code 70");
    expect_end(&process, SIGSEGV, "died of signal 11 (Segmentation fault)");
    process_note_words(&process, "one\ntwo\n\r\n", 10);
    expect_end(&process, SIGABRT, "died of signal 6 (Aborted); last words: one | two");
    expect_end(&process, 3 << 8, "ended with code 3; last words: one | two");
    expect_end(&process, 0, "ended with code 0"); /* these were none */
    process_note_words(&process, "three", 5);
    expect_end(&process, 3 << 8, "ended with code 3; last words: one | two | \r | three");
    process.words_size = 0;
    process_note_words(&process, " \n\n", 3);
    expect_end(&process, 3 << 8, "ended with code 3");
}

/* The last of them count, in what is kept and in what is told. */
static void test_last_count(void **state)
{
    static struct process process;
    char line[32], small[80], expected[80];

    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(line, sizeof(line), "line %d\n", i);
        process_note_words(&process, line, strlen(line));
        assert_true(process.words_size <= PROCESS_WORDS_MAX);
        assert_int_equal(strlen(process.words), process.words_size);
    }
    assert_int_equal(process.words_size, PROCESS_WORDS_MAX);
    assert_string_equal(process.words + process.words_size - 9, "line 299\n");
    for (size_t size = 40; size <= sizeof(small); size++) {
        const char *words;
        process_describe_end(&process, 3 << 8, small, size);
        assert_true(strlen(small) < size);
        words = strstr(small, "last words: ") + 12;
        snprintf(expected, sizeof(expected), "line 297 | line 298 | line 299");
        if (strlen(words) < strlen(expected))
            assert_string_equal(words, expected + strlen(expected) - strlen(words));
    }
    process_describe_end(&process, 3 << 8, small, 25); /* no room for any */
    assert_string_equal(small, "ended with code 3");
}

static void test_much_at_once(void **state)
{
    static struct process process;
    static char much[3 * PROCESS_WORDS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(much); i++)
        much[i] = (char)('a' + i % 26);
    process_note_words(&process, "before", 6);
    process_note_words(&process, much, sizeof(much));
    assert_int_equal(process.words_size, PROCESS_WORDS_MAX);
    assert_memory_equal(process.words, much + sizeof(much) - PROCESS_WORDS_MAX, PROCESS_WORDS_MAX);
    process_note_words(&process, "z", 1);
    assert_int_equal(process.words_size, PROCESS_WORDS_MAX);
    assert_int_equal(process.words[PROCESS_WORDS_MAX - 1], 'z');
}

/* The parent hears link and voice; the child's end of the voice never makes it wait. */
static void test_fork(void **state)
{
    struct process process;
    struct child_link link;
    char text[LINK_TEXT_MAX + 1];
    enum link_word word;
    int status;
    pid_t pid = process_fork(3, true, &process, &link);

    (void)state;
    if (pid == 0) {
        char block[4096];
        memset(block, 'x', sizeof(block));
        child_link_ready(&link);
        child_link_reload_others(&link);
        while (write(link.voice_fd, block, sizeof(block)) > 0)
            ;
        _exit(link.slot == 3 ? 5 : 6);
    }
    assert_true(pid > 0);
    assert_int_equal(process.pid, pid);
    assert_int_equal(process.slot, 3);
    assert_int_equal(process.state, PROCESS_STARTING);
    assert_int_equal(fcntl(process.link_fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(process.voice_fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 5 << 8);
    assert_int_equal(link_hear(process.link_fd, &word, text), LINK_WORD);
    assert_int_equal(word, LINK_READY);
    assert_int_equal(link_hear(process.link_fd, &word, text), LINK_WORD);
    assert_int_equal(word, LINK_RELOADS);
    assert_int_equal(link_hear(process.link_fd, &word, text), LINK_ENDED);
    process_hear_voice(&process);
    assert_int_equal(process.voice_fd, -1);
    assert_int_equal(process.words_size, PROCESS_WORDS_MAX);
    process_close(&process);
    assert_int_equal(process.link_fd, -1);
}

static void test_fork_without_voice(void **state)
{
    struct process process;
    struct child_link link;
    int status;
    pid_t pid = process_fork(0, false, &process, &link);

    (void)state;
    if (pid == 0)
        _exit(link.voice_fd == -1 ? 0 : 1);
    assert_int_equal(process.voice_fd, -1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    process_close(&process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_last_count),
        cmocka_unit_test(test_much_at_once),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_fork_without_voice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
