/*
 * key_make: selector, access and file of a new key.
 *
 * A selector is used once, whatever became of its key: caches and verifiers keep what they have
 * seen under it. So a file that is there, one that was retired ("SELECTOR.pem.retired") and what
 * the caller knows otherwise all take it.
 */
#include "ctl/key_make.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/file.h"

void key_making_free(struct key_making *making)
{
    buffer_free(&making->directory);
    buffer_free(&making->folder);
    buffer_free(&making->path);
    buffer_free(&making->hint);
}

void key_making_place(struct key_making *making, struct span directory)
{
    buffer_add_span(&making->directory, directory);
    buffer_add_span(&making->folder, directory);
    buffer_printf(&making->folder, "/%s", making->domain);
}

void key_making_place_beside(struct key_making *making, struct span folder)
{
    ptrdiff_t slash = span_find_last(folder, '/');

    buffer_add_span(&making->directory, span_first(folder, slash > 0 ? (size_t)slash : 0));
    buffer_add_span(&making->folder, folder);
}

/* --- selectors ------------------------------------------------------------------------------- */

static void path_make(struct key_making *making)
{
    buffer_clear(&making->path);
    buffer_printf(&making->path, "%s/%s.pem", buffer_text(&making->folder), making->selector);
}

enum use { USE_NONE, USE_FILE, USE_RETIRED, USE_KNOWN, USE_UNKNOWN };

static enum use file_use(const char *path, enum use use)
{
    struct stat status;

    if (lstat(path, &status) == 0)
        return use;
    return errno == ENOENT ? USE_NONE : USE_UNKNOWN;
}

/* Of the selector of `making`; errno says why it is unknown. */
static enum use selector_use(struct key_making *making, const struct key_set *used)
{
    struct buffer retired = BUFFER_EMPTY;
    enum use use;

    path_make(making);
    use = file_use(buffer_text(&making->path), USE_FILE);
    buffer_printf(&retired, "%s" KEY_RETIRED_SUFFIX, buffer_text(&making->path));
    if (use == USE_NONE)
        use = file_use(buffer_text(&retired), USE_RETIRED);
    buffer_free(&retired);
    for (size_t i = 0; use == USE_NONE && i < used->count; i++) {
        if (span_is_equal_nocase(span_of(used->at[i].selector), span_of(making->selector)))
            use = USE_KNOWN;
    }
    return use;
}

static bool complain_used(struct ctl *ctl, const struct key_making *making, enum use use)
{
    const char *path = buffer_text(&making->path);

    if (use == USE_UNKNOWN)
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s: %s", path, strerror(errno));
    else if (use == USE_FILE)
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s exists; keys are never replaced", path);
    else if (use == USE_RETIRED)
        ctl_fail(ctl, CTL_CANNOT_WRITE,
                 "%s" KEY_RETIRED_SUFFIX " exists; a selector is not used twice", path);
    else
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s has a key with selector %s; it is not used twice",
                 making->domain, making->selector);
    return false;
}

bool key_making_name(struct ctl *ctl, struct key_making *making, const char *selector,
                     const struct key_set *used)
{
    enum use use;

    snprintf(making->selector, sizeof(making->selector), "%s", selector);
    use = selector_use(making, used);
    return use == USE_NONE || complain_used(ctl, making, use);
}

static int year_of(const struct clock *clock)
{
    time_t now = (time_t)clock_wall_s(clock);
    struct tm utc;

    return gmtime_r(&now, &utc) != NULL ? utc.tm_year + 1900 : 1970;
}

bool key_making_choose_name(struct ctl *ctl, struct key_making *making, const struct key_set *used)
{
    char first = making->algorithm == DKIM_ED25519_SHA256 ? 'e' : 's';

    for (char letter = 'a'; letter <= 'z'; letter++) {
        enum use use;

        snprintf(making->selector, sizeof(making->selector), "%c%d%c", first, year_of(ctl->clock),
                 letter);
        use = selector_use(making, used);
        if (use == USE_NONE)
            return true;
        if (use == USE_UNKNOWN)
            return complain_used(ctl, making, use);
    }
    ctl_fail(ctl, CTL_CANNOT_WRITE, "%s has used this year's selectors a to z; give --selector",
             making->domain);
    return false;
}

/* --- access ---------------------------------------------------------------------------------- */

/* The user the daemon takes on, as the configuration says; the built-in one where it says nothing
 * or cannot be read. Into the buffer. */
static void user_find(struct ctl *ctl, struct buffer *user)
{
    struct config_report *report = config_report_new();
    struct config *config =
        report != NULL ? config_load(ctl->config_path, ctl->tables, report) : NULL;
    const struct general_settings *general =
        config != NULL ? config_settings(config, &site_general_table) : NULL;

    buffer_add_text(user, general != NULL && general->user != NULL ? general->user : EM_USER);
    config_free(&config);
    config_report_free(&report);
}

/* The daemon's group reads the key, where there is one and we may give the file to it. */
static void access_plan(struct ctl *ctl, struct key_making *making)
{
    struct buffer user = BUFFER_EMPTY;
    const struct passwd *entry;

    user_find(ctl, &user);
    entry = getpwnam(buffer_text(&user));
    if (entry != NULL && geteuid() == 0) {
        making->group = entry->pw_gid;
        making->has_group = entry->pw_gid != 0;
    } else if (entry == NULL || geteuid() != entry->pw_uid) {
        const char *directory = buffer_text(&making->directory);

        buffer_printf(&making->hint, "user %s %s; %s: chgrp -R %s %s && chmod -R g+rX %s",
                      buffer_text(&user), entry == NULL ? "is not there yet" : "cannot read it yet",
                      entry == NULL ? "afterwards" : "as root", buffer_text(&user), directory,
                      directory);
    }
    buffer_free(&user);
}

/* A directory that somebody else made may keep the daemon out; whose business that is, we tell. */
static void directory_judge(struct key_making *making, const char *path, const struct stat *status)
{
    bool is_open = (status->st_mode & S_IXOTH) != 0 ||
                   ((status->st_mode & S_IXGRP) != 0 && status->st_gid == making->group);

    if (making->has_group && !is_open && making->hint.size == 0)
        buffer_printf(&making->hint, "the daemon cannot enter %s: chgrp %u %s && chmod g+rx %s",
                      path, (unsigned)making->group, path, path);
}

/* mkdir, or it is there already. */
static bool directory_make(struct ctl *ctl, struct key_making *making, const char *path)
{
    if (mkdir(path, 0700) != 0) {
        struct stat status;

        if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
            directory_judge(making, path, &status);
            return true;
        }
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s: %s", path, strerror(errno));
        return false;
    }
    if (making->has_group &&
        (chown(path, (uid_t)-1, making->group) != 0 || chmod(path, 0750) != 0)) {
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

/* --- the file -------------------------------------------------------------------------------- */

static bool file_write(struct ctl *ctl, const struct key_making *making, const struct dkim_key *key)
{
    struct buffer pem = BUFFER_EMPTY;
    struct error error = { "" };
    const char *path = buffer_text(&making->path);
    bool is_done = false;

    if (!dkim_key_print_private(key, &pem) || buffer_has_failed(&pem))
        ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    else if (!file_write_atomic(path, pem.at, pem.size, 0600, false, &error))
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s", error.text);
    else if (making->has_group &&
             (chown(path, (uid_t)-1, making->group) != 0 || chmod(path, 0640) != 0))
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s is written, but: %s", path, strerror(errno));
    else
        is_done = true;
    if (pem.at != NULL)
        explicit_bzero(pem.at, pem.size);
    buffer_free(&pem);
    return is_done;
}

static void make_absolute(struct buffer *path)
{
    char *absolute = realpath(buffer_text(path), NULL);

    if (absolute == NULL)
        return;
    buffer_clear(path);
    buffer_add_text(path, absolute);
    free(absolute);
}

struct dkim_key *key_make(struct ctl *ctl, struct key_making *making, enum ctl_exit *code_r)
{
    struct error error = { "" };
    struct dkim_key *key = dkim_key_generate(making->algorithm, making->bits, &error);

    if (key == NULL) {
        *code_r = ctl_fail(ctl, CTL_INTERNAL, "%s", error.text);
        return NULL;
    }
    access_plan(ctl, making);
    *code_r = CTL_CANNOT_WRITE;
    if (!directory_make(ctl, making, buffer_text(&making->directory)) ||
        !directory_make(ctl, making, buffer_text(&making->folder)) ||
        !file_write(ctl, making, key)) {
        dkim_key_unref(&key);
        return NULL;
    }
    *code_r = CTL_GOOD;
    /* What goes into the configuration must not depend on where we stand. */
    make_absolute(&making->directory);
    make_absolute(&making->folder);
    path_make(making);
    return key;
}
