/*
 * Files on the disk: a main file and its conf.d, joined; and every way a file can be missing.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "test_config_schema.h"
#include "util/buffer.h"
#include "util/file.h"

enum { FILES_MAX = 6 };

/* A file of the scene; text NULL: a directory. */
struct scene_file {
    const char *path; /* below the scene's directory */
    const char *text;
};

struct scene {
    const char *what;
    struct scene_file files[FILES_MAX];
    const char *faults; /* DIR/ left out; each line ended by a newline */
};

#define SOCKET "socket = \"unix:/s\";\n"
#define DOMAIN(name) "domains = ( { name = \"" name "\"; } );\n"

static const struct scene scenes[] = {
    { "no file at all",
      { { NULL, NULL } },
      "main.conf: there is no such file; write it, or name another one with -c\n" },
    { "a directory instead",
      { { "main.conf", NULL } },
      "cannot read main.conf: it is no regular file\n" },
    { "no conf.d", { { "main.conf", SOCKET } }, "" },
    { "an empty conf.d", { { "main.conf", SOCKET }, { "conf.d", NULL } }, "" },
    { "conf.d is a file",
      { { "main.conf", SOCKET }, { "conf.d", "" } },
      "conf.d: cannot list this directory: Not a directory\n" },
    { "a fragment is a directory",
      { { "main.conf", SOCKET }, { "conf.d", NULL }, { "conf.d/a.conf", NULL } },
      "cannot read conf.d/a.conf: it is no regular file\n" },
    { "what is no fragment is not read",
      { { "main.conf", SOCKET },
        { "conf.d", NULL },
        { "conf.d/.conf", "banana" },
        { "conf.d/.hidden.conf", "banana" },
        { "conf.d/a.conf~", "banana" },
        { "conf.d/README", "banana" } },
      "" },
    { "groups merge, the required stands in a fragment",
      { { "main.conf", "log = { facility = \"mail\"; };\n" },
        { "conf.d", NULL },
        { "conf.d/a.conf", "log = { inbound = true; };\n" SOCKET } },
      "" },
    { "a scalar twice",
      { { "main.conf", SOCKET "\nmode = \"observe\";\n" },
        { "conf.d", NULL },
        { "conf.d/a.conf", "mode = \"enforce\";\n" } },
      "conf.d/a.conf:1: mode: already set at main.conf:3\n" },
    { "a scalar of a group twice, in two fragments",
      { { "main.conf", SOCKET },
        { "conf.d", NULL },
        { "conf.d/b.conf", "\nlog = { remote = { port = 1; }; };" },
        { "conf.d/a.conf", "log = { remote = {\nport = 2; }; };" } },
      "conf.d/b.conf:2: log.remote.port: already set at conf.d/a.conf:2\n" },
    { "entries of one name in two files",
      { { "main.conf", SOCKET DOMAIN("a") DOMAIN("b") },
        { "conf.d", NULL },
        { "conf.d/a.conf", "\n" DOMAIN("c") },
        { "conf.d/b.conf", DOMAIN("a") } },
      "main.conf:3: domains: already set at main.conf:2\n"
      "conf.d/b.conf:1: domains[2].name: \"a\" already set at main.conf:2\n" },
    { "a single text is no list to be joined",
      { { "main.conf", SOCKET }, { "conf.d", NULL }, { "conf.d/a.conf", SOCKET } },
      "conf.d/a.conf:1: socket: already set at main.conf:1\n" },
    { "a single text and a list",
      { { "main.conf", SOCKET },
        { "conf.d", NULL },
        { "conf.d/a.conf", "socket = [ \"unix:/t\" ];\n" } },
      "conf.d/a.conf:1: socket: already set at main.conf:1\n" },
    { "alternatives in two files",
      { { "main.conf", SOCKET "domains = \"dir:/keys\";" },
        { "conf.d", NULL },
        { "conf.d/a.conf", DOMAIN("a") } },
      "conf.d/a.conf:1: domains: already set at main.conf:2\n" },
    { "each file's first fault of grammar, and what can be said of the others",
      { { "main.conf", "mode = ;\nuser = ;\n" },
        { "conf.d", NULL },
        { "conf.d/a.conf", "log = { inbound = 1; };\n" },
        { "conf.d/b.conf", "user = ;\n" } },
      "main.conf:1: mode: a value is missing here\n"
      "conf.d/a.conf:1: log.inbound: cannot be a number; valid: true or false\n"
      "conf.d/b.conf:1: user: a value is missing here\n" },
    { "faults of several files, in the order of reading",
      { { "main.conf", SOCKET "user = 1;\n" },
        { "conf.d", NULL },
        { "conf.d/10.conf", "internal = 5;\n" },
        { "conf.d/09.conf", "log = { facility = 1; };\n" DOMAIN("") "banana = 1;\n" } },
      "main.conf:2: user: cannot be a number; valid: a text in quotes\n"
      "conf.d/09.conf:1: log.facility: cannot be a number; valid: a text in quotes\n"
      "conf.d/09.conf:3: banana: unknown setting; valid here: socket, mode, socket_open, user, "
      "domains, internal, role, log, ceilings\n"
      "conf.d/10.conf:1: internal: cannot be a number; valid: a text in quotes or a list [ ] of "
      "texts\n" },
    { "entries are counted over all files",
      { { "main.conf", SOCKET DOMAIN("a") },
        { "conf.d", NULL },
        { "conf.d/a.conf", "domains = ( { name = \"b\";\nkeys = ( { } ); } );" } },
      "conf.d/a.conf:2: domains[1].keys[0].selector: must be set: a text in quotes\n"
      "conf.d/a.conf:2: domains[1].keys[0].file: must be set: a text in quotes\n" },
};

/* --- a directory of our own --- */

static char directory[PATH_MAX];

static int enter_directory(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof(directory), "%s/test_config.XXXXXX",
             parent != NULL ? parent : "/tmp");
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static void full_path(const char *name, char out[static PATH_MAX])
{
    assert_true(snprintf(out, PATH_MAX, "%s/%s", directory, name) < PATH_MAX);
}

static void file_make(const struct scene_file *file)
{
    char path[PATH_MAX];
    struct error error;
    full_path(file->path, path);
    if (file->text == NULL) {
        assert_int_equal(mkdir(path, 0700), 0);
    } else if (!file_write_atomic(path, file->text, strlen(file->text), 0600, true, &error)) {
        fail_msg("%s", error.text);
    }
}

static void file_remove(const struct scene_file *file)
{
    char path[PATH_MAX];
    full_path(file->path, path);
    assert_int_equal(remove(path), 0);
}

static int leave_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

/* The text without any "DIRECTORY/". */
static void add_relative(struct buffer *out, const char *text)
{
    size_t size = strlen(directory);
    while (*text != '\0') {
        if (strncmp(text, directory, size) == 0 && text[size] == '/') {
            text += size + 1;
        } else {
            buffer_add_char(out, *text++);
        }
    }
}

static struct config *load_main(struct buffer *faults)
{
    char path[PATH_MAX];
    full_path("main.conf", path);
    struct config_report *report = config_report_new();
    assert_non_null(report);
    struct config *config = config_load(path, schema_tables, report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        add_relative(faults, config_report_fault(report, i)->text);
        buffer_add_char(faults, '\n');
    }
    assert_int_equal(config == NULL, config_report_count(report, CONFIG_ERROR) > 0);
    config_report_free(&report);
    return config;
}

static bool run_scene(const struct scene *scene)
{
    int count = 0;
    while (count < FILES_MAX && scene->files[count].path != NULL) {
        file_make(&scene->files[count++]);
    }
    struct buffer faults = BUFFER_EMPTY;
    struct config *config = load_main(&faults);
    config_free(&config);
    while (count > 0) {
        file_remove(&scene->files[--count]);
    }
    bool is_good = strcmp(buffer_text(&faults), scene->faults) == 0;
    if (!is_good) {
        print_error("%s\nexpected:\n%sgot:\n%s", scene->what, scene->faults, buffer_text(&faults));
    }
    buffer_free(&faults);
    return is_good;
}

static void test_scenes(void **state)
{
    (void)state;
    size_t failed = 0;
    for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
        failed += !run_scene(&scenes[i]);
    }
    assert_int_equal(failed, 0);
}

static void expect_place(struct config_place place, const char *name, unsigned line)
{
    char path[PATH_MAX];
    full_path(name, path);
    assert_string_equal(place.file, path);
    assert_int_equal(place.line, line);
}

/* Lists come together in the order of names; groups merge. */
static void test_joined(void **state)
{
    (void)state;
    static const struct scene_file files[] = {
        { "main.conf",
          "socket = [ \"unix:/1\" ];\nlog = { facility = \"local0\"; };\n" DOMAIN("m") },
        { "conf.d", NULL },
        { "conf.d/b.conf", DOMAIN("b") "socket = ( \"unix:/4\" );\n" },
        { "conf.d/a.conf", "\nsocket = ( \"unix:/2\", \"unix:/3\" );\n" DOMAIN("a") },
        { "conf.d/B.conf", "log = { inbound = true; };" },
    };
    enum { COUNT = sizeof(files) / sizeof(files[0]) };
    for (int i = 0; i < COUNT; i++) {
        file_make(&files[i]);
    }
    struct buffer faults = BUFFER_EMPTY;
    struct config *config = load_main(&faults);
    for (int i = COUNT; i > 0; i--) {
        file_remove(&files[i - 1]);
    }
    assert_string_equal(buffer_text(&faults), "");
    const struct schema_top *top = config_settings(config, &schema_top);
    assert_int_equal(top->sockets.count, 4);
    for (int i = 0; i < 4; i++) {
        char expected[] = { 'u', 'n', 'i', 'x', ':', '/', (char)('1' + i), '\0' };
        assert_string_equal(top->sockets.at[i], expected);
    }
    const struct schema_domain *domains = top->domains.at;
    assert_int_equal(top->domains.count, 3);
    assert_string_equal(domains[0].name, "m");
    assert_string_equal(domains[1].name, "a");
    assert_string_equal(domains[2].name, "b");
    expect_place(domains[1].place, "conf.d/a.conf", 3);
    const struct schema_log *log = config_settings(config, &schema_log);
    assert_string_equal(log->facility, "local0");
    assert_true(log->inbound);
    expect_place(config_where(config, &schema_log, "inbound"), "conf.d/B.conf", 1);
    expect_place(config_where(config, &schema_top, "socket"), "main.conf", 1);
    config_free(&config);
    buffer_free(&faults);
}

/* A path without a directory: conf.d is the one of the working directory. */
static void test_relative(void **state)
{
    (void)state;
    static const struct scene_file files[] = {
        { "main.conf", SOCKET },
        { "conf.d", NULL },
        { "conf.d/a.conf", "mode = 1;" },
    };
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof(before)));
    for (int i = 0; i < 3; i++) {
        file_make(&files[i]);
    }
    assert_int_equal(chdir(directory), 0);
    struct config_report *report = config_report_new();
    assert_null(config_load("main.conf", schema_tables, report));
    assert_int_equal(chdir(before), 0);
    for (int i = 3; i > 0; i--) {
        file_remove(&files[i - 1]);
    }
    assert_int_equal(config_report_size(report), 1);
    assert_string_equal(config_report_fault(report, 0)->text,
                        "conf.d/a.conf:1: mode: cannot be a number; valid: \"observe\", "
                        "\"enforce\"");
    config_report_free(&report);
}

/* A file too large is refused by its size, whatever stands in it. */
static void test_too_large(void **state)
{
    (void)state;
    const struct scene_file file = { "main.conf", SOCKET };
    char path[PATH_MAX];
    file_make(&file);
    full_path("main.conf", path);
    assert_int_equal(truncate(path, (off_t)17 << 20), 0);
    struct buffer faults = BUFFER_EMPTY;
    struct config *config = load_main(&faults);
    file_remove(&file);
    assert_null(config);
    assert_string_equal(buffer_text(&faults),
                        "cannot read main.conf: larger than 16777216 bytes\n");
    buffer_free(&faults);
}

/* What was read can be read again when the disk holds something else, with the same places. */
static void test_kept(void **state)
{
    (void)state;
    const struct scene_file files[] = { { "main.conf", SOCKET "mode = \"enforce\";\n" DOMAIN("a") },
                                        { "conf.d", NULL },
                                        { "conf.d/a.conf", "\n" DOMAIN("b") } };
    for (size_t i = 0; i < 3; i++)
        file_make(&files[i]);
    struct buffer faults = BUFFER_EMPTY, before = BUFFER_EMPTY, after = BUFFER_EMPTY;
    struct config *config = load_main(&faults);
    assert_non_null(config);
    for (size_t i = 3; i > 0; i--)
        file_remove(&files[i - 1]);
    struct span kept = config_kept(config);
    struct config_report *report = config_report_new();
    struct config *again = config_load_kept(kept, schema_tables, report);
    assert_non_null(again);
    config_print(config, &before);
    config_print(again, &after);
    assert_string_equal(buffer_text(&before), buffer_text(&after));
    assert_int_equal(config_kept(again).size, kept.size);
    config_free(&again);
    size_t loaded = 0;
    for (size_t size = 0; size < kept.size; size++) { /* cut anywhere but between the files */
        again = config_load_kept(span_first(kept, size), schema_tables, report);
        loaded += again != NULL;
        config_free(&again);
    }
    assert_int_equal(loaded, 1);
    config_report_free(&report);
    config_free(&config);
    buffer_free(&faults);
    buffer_free(&before);
    buffer_free(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scenes, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(test_joined, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(test_relative, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(test_kept, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(test_too_large, enter_directory, leave_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
