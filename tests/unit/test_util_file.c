/*
 * file: whole files in, whole files out, nothing that blocks.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/file.h"

static int enter_directory(void **state)
{
    static char directory[] = "/tmp/test_util_file.XXXXXX";

    *state = mkdtemp(directory);
    return *state != NULL ? chdir(*state) : -1;
}

static int leave_directory(void **state)
{
    DIR *here = opendir(".");
    const struct dirent *entry;

    while ((entry = readdir(here)) != NULL)
        unlink(entry->d_name); /* "." and ".." refuse */
    closedir(here);
    rmdir("directory");
    return chdir("/") == 0 ? rmdir(*state) : -1;
}

static void make_file(const char *name, size_t size)
{
    FILE *file = fopen(name, "w");

    for (size_t i = 0; i < size; i++)
        putc('a' + (int)(i % 26), file);
    fclose(file);
}

static size_t count_entries(void)
{
    DIR *here = opendir(".");
    size_t count = 0;

    while (readdir(here) != NULL)
        count++;
    closedir(here);
    return count - 2;
}

static void test_read_sizes(void **state)
{
    static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 100000 };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct buffer buffer = BUFFER_EMPTY;
        struct error error = { "" };

        make_file("sized", sizes[i]);
        buffer_add_text(&buffer, "head:");
        assert_true(file_read("sized", sizes[i], &buffer, &error));
        assert_int_equal(buffer.size, sizes[i] + 5);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(buffer.at[5 + j], 'a' + j % 26);
        assert_string_equal(error.text, "");
        buffer_clear(&buffer);
        if (sizes[i] > 0) {
            buffer_add_text(&buffer, "head:");
            assert_false(file_read("sized", sizes[i] - 1, &buffer, &error));
            assert_string_equal(buffer_text(&buffer), "head:");
            assert_non_null(strstr(error.text, "cannot read sized: larger than "));
        }
        buffer_free(&buffer);
    }
}

/* Each of these would block, or be no file; opening must return at once. */
static void test_read_refuses(void **state)
{
    static const struct {
        const char *path, *text;
    } cases[] = {
        { "fifo", "cannot read fifo: it is no regular file" },
        { "directory", "cannot read directory: it is no regular file" },
        { "/dev/zero", "cannot read /dev/zero: it is no regular file" },
        { "socket", "cannot read socket: No such device or address" },
        { "absent", "cannot read absent: No such file or directory" },
        { "file/below", "cannot read file/below: Not a directory" },
        { "loop", "cannot read loop: Too many levels of symbolic links" },
        { "", "cannot read : No such file or directory" },
    };
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(mkdir("directory", 0700), 0);
    assert_int_equal(symlink("loop", "loop"), 0);
    make_file("file", 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer buffer = BUFFER_EMPTY;
        struct error error;

        assert_false(file_read(cases[i].path, 1000, &buffer, &error));
        assert_string_equal(error.text, cases[i].text);
        assert_int_equal(buffer.size, 0);
        buffer_free(&buffer);
    }
    close(fd);
}

static void test_write(void **state)
{
    struct buffer buffer = BUFFER_EMPTY;
    struct error error = { "" };
    struct stat status;
    size_t before = count_entries();

    (void)state;
    umask(077); /* the mode is the one asked for, whatever the umask */
    assert_true(file_write_atomic("written", "one\0two", 7, 0644, false, &error));
    assert_int_equal(stat("written", &status), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
    assert_true(file_read("written", 100, &buffer, &error));
    assert_int_equal(buffer.size, 7);
    assert_memory_equal(buffer.at, "one\0two", 7);

    assert_false(file_write_atomic("written", "x", 1, 0600, false, &error));
    assert_string_equal(error.text, "cannot write written: File exists");
    assert_true(file_write_atomic("written", "", 0, 0600, true, &error));
    assert_int_equal(stat("written", &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_size, 0);
    assert_int_equal(count_entries(), before + 1); /* nothing temporary stays */
    buffer_free(&buffer);
}

static void test_write_fails(void **state)
{
    char path[5000];
    struct error error;
    size_t before;

    (void)state;
    assert_false(file_write_atomic("absent/file", "x", 1, 0600, true, &error));
    assert_string_equal(error.text, "cannot write absent/file: no file can be made beside it: No "
                                    "such file or directory");
    mkdir("directory", 0700);
    before = count_entries();
    assert_false(file_write_atomic("directory", "x", 1, 0600, true, &error));
    assert_string_equal(error.text, "cannot write directory: Is a directory");
    assert_int_equal(count_entries(), before);
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_false(file_write_atomic(path, "x", 1, 0600, true, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_sizes),
        cmocka_unit_test(test_read_refuses),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_fails),
    };

    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
