/*
 * test_ctl_support: runs egressctl in the process, in a directory of its own, and keeps what it
 * printed.
 */
#ifndef EM_TEST_CTL_SUPPORT_H
#define EM_TEST_CTL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/settings.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"

#define NOW_S 1795478400 /* in November 2026 */
#define WORDS_MAX 32

static const struct ctl_command *const test_commands[] = {
    &cmd_check,           &cmd_explain,         &cmd_status,
    &cmd_health,          &cmd_reload,          &cmd_key_new,
    &cmd_key_list,        &cmd_key_show,        &cmd_key_prove,
    &cmd_key_rotate,      &cmd_key_retire,      &cmd_would,
    &cmd_learn_owners,    &cmd_owners,          &cmd_help,
    &cmd_settings,        &cmd_import_opendkim, &cmd_top,
    &cmd_user_show,       &cmd_user_suspend,    &cmd_user_release,
    &cmd_user_suspended,  &cmd_user_history,    &cmd_user_messages,
    &cmd_limit_list,      &cmd_limit_set,       &cmd_limit_clear,
    &cmd_limit_reset,     &cmd_plans,           &cmd_replay,
    &cmd_hold_list,       &cmd_hold_show,       &cmd_hold_release,
    &cmd_hold_delete,     &cmd_suppress_list,   &cmd_suppress_add,
    &cmd_suppress_remove, &cmd_suppress_export, &cmd_lists,
    &cmd_feedback,        &cmd_causes,          &cmd_log_summary,
};

struct stage {
    char directory[64];
    char config[128]; /* path of the configuration; there once stage_config() wrote it */
    struct clock_fixed clock;
    struct dns_resolver *resolver; /* NULL: DNS is not asked */
    struct ctl_audit audit;
    struct buffer audited; /* lines, from all calls */
    struct ctl ctl;
};

static inline char *stage_path(const struct stage *stage, const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", stage->directory, name);
    return path;
}

static inline void stage_write(const struct stage *stage, const char *name, const void *bytes,
                               size_t size)
{
    FILE *file = fopen(stage_path(stage, name), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void stage_config(const struct stage *stage, const char *text)
{
    stage_write(stage, "egress-milter.conf", text, strlen(text));
}

static inline void stage_audit(struct ctl_audit *audit, const char *facility, struct span line)
{
    struct stage *stage = (struct stage *)(void *)((char *)audit - offsetof(struct stage, audit));

    buffer_printf(&stage->audited, "%s: ", facility);
    buffer_add_span(&stage->audited, line);
    buffer_add_char(&stage->audited, '\n');
}

static inline int stage_setup(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    assert_non_null(stage);
    strcpy(stage->directory, "/tmp/egress-ctl.XXXXXX");
    assert_non_null(mkdtemp(stage->directory));
    snprintf(stage->config, sizeof(stage->config), "%s/egress-milter.conf", stage->directory);
    clock_fixed_init(&stage->clock, NOW_S);
    stage->audit.write = stage_audit;
    *state = stage;
    return 0;
}

static inline int stage_remove(const char *path, const struct stat *status, int type,
                               struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline int stage_teardown(void **state)
{
    struct stage *stage = *state;

    buffer_free(&stage->ctl.out);
    buffer_free(&stage->ctl.err);
    buffer_free(&stage->audited);
    nftw(stage->directory, stage_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(stage);
    return 0;
}

/* egressctl -c CONFIG WORD...; ended by NULL. The answer is in stage->ctl until the next call. */
static inline enum ctl_exit stage_run(struct stage *stage, ...)
{
    const char *words[WORDS_MAX] = { "egressctl", "-c", stage->config };
    int count = 3;
    va_list args;

    buffer_free(&stage->ctl.out);
    buffer_free(&stage->ctl.err);
    stage->ctl = (struct ctl){
        .commands = test_commands,
        .command_count = sizeof(test_commands) / sizeof(test_commands[0]),
        .tables = all_config_tables(),
        .clock = &stage->clock.clock,
        .audit = &stage->audit,
        .resolver = stage->resolver,
    };
    va_start(args, stage);
    while (count < WORDS_MAX && (words[count] = va_arg(args, const char *)) != NULL)
        count++;
    va_end(args);
    return ctl_run(&stage->ctl, count, words);
}

static inline const char *stage_out(const struct stage *stage)
{
    return buffer_text(&stage->ctl.out);
}

static inline const char *stage_err(const struct stage *stage)
{
    return buffer_text(&stage->ctl.err);
}

#define assert_has(text, piece)                                                                    \
    do {                                                                                           \
        if (strstr((text), (piece)) == NULL)                                                       \
            fail_msg("\"%s\" is not in:\n%s", (piece), (text));                                    \
    } while (0)
#define assert_has_not(text, piece)                                                                \
    do {                                                                                           \
        if (strstr((text), (piece)) != NULL)                                                       \
            fail_msg("\"%s\" is in:\n%s", (piece), (text));                                        \
    } while (0)

#endif
