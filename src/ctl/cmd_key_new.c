/*
 * key new: makes a signing key, and says what is left to do: publish the record, name the key in
 * the configuration.
 *
 * The key is DIRECTORY/DOMAIN/SELECTOR.pem. It never replaces a file, and is never readable by
 * anyone but its owner and the daemon's group.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/key_record.h"
#include "ctl/key_row.h"
#include "ctl/key_set.h"
#include "ctl/load.h"
#include "ctl/print.h"
#include "util/file.h"

#define RSA_BITS_DEFAULT 2048
#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX 8192

struct new_key {
    char domain[DOMAIN_MAX];
    char selector[DOMAIN_MAX];
    enum dkim_algorithm algorithm;
    unsigned bits;
    struct buffer directory; /* DIRECTORY */
    struct buffer path;      /* DIRECTORY/DOMAIN/SELECTOR.pem */
    gid_t group;             /* of the daemon */
    bool has_group;          /* it exists, and we may give the file to it */
    struct buffer hint;      /* what the caller has to do about access; empty: nothing */
};

static bool algorithm_read(struct ctl *ctl, const struct ctl_args *args, struct new_key *key)
{
    const char *name = args_value(args, "algorithm"), *bits = args_value(args, "bits");
    char *end = NULL;
    unsigned long number;

    key->algorithm = DKIM_RSA_SHA256;
    key->bits = RSA_BITS_DEFAULT;
    if (name != NULL && strcmp(name, "ed25519") == 0) {
        key->algorithm = DKIM_ED25519_SHA256;
    } else if (name != NULL && strcmp(name, "rsa") != 0) {
        ctl_fail(ctl, CTL_USAGE, "--algorithm is rsa or ed25519");
        return false;
    }
    if (bits == NULL)
        return true;
    errno = 0;
    number = strtoul(bits, &end, 10);
    if (errno != 0 || *end != '\0' || number < RSA_BITS_MIN || number > RSA_BITS_MAX ||
        key->algorithm != DKIM_RSA_SHA256) {
        ctl_fail(ctl, CTL_USAGE, "--bits is %d to %d, for rsa only", RSA_BITS_MIN, RSA_BITS_MAX);
        return false;
    }
    key->bits = (unsigned)number;
    return true;
}

static void path_make(struct new_key *key)
{
    buffer_clear(&key->path);
    buffer_printf(&key->path, "%s/%s/%s.pem", buffer_text(&key->directory), key->domain,
                  key->selector);
}

static int year_of(const struct clock *clock)
{
    time_t now = (time_t)clock_wall_s(clock);
    struct tm utc;

    return gmtime_r(&now, &utc) != NULL ? utc.tm_year + 1900 : 1970;
}

/* s2026a, s2026b, ...: the first whose file is not there; e2026a for Ed25519. */
static bool selector_choose(struct ctl *ctl, struct new_key *key)
{
    char first = key->algorithm == DKIM_ED25519_SHA256 ? 'e' : 's';
    struct stat status;

    for (char letter = 'a'; letter <= 'z'; letter++) {
        snprintf(key->selector, sizeof(key->selector), "%c%d%c", first, year_of(ctl->clock),
                 letter);
        path_make(key);
        if (lstat(buffer_text(&key->path), &status) == 0)
            continue;
        if (errno == ENOENT)
            return true;
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s: %s", buffer_text(&key->path), strerror(errno));
        return false;
    }
    ctl_fail(ctl, CTL_CANNOT_WRITE, "%s/%s holds this year's selectors a to z; give --selector",
             buffer_text(&key->directory), key->domain);
    return false;
}

static bool selector_read(struct ctl *ctl, const struct ctl_args *args, struct new_key *key)
{
    const char *given = args_value(args, "selector");

    if (given == NULL)
        return selector_choose(ctl, key);
    if (!key_selector_is_valid(given)) {
        ctl_fail(ctl, CTL_USAGE, "--selector %s: letters, digits, hyphens and dots only", given);
        return false;
    }
    snprintf(key->selector, sizeof(key->selector), "%s", given);
    path_make(key);
    return true;
}

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
static void access_plan(struct ctl *ctl, struct new_key *key)
{
    struct buffer user = BUFFER_EMPTY;
    const struct passwd *entry;

    user_find(ctl, &user);
    entry = getpwnam(buffer_text(&user));
    if (entry != NULL && geteuid() == 0) {
        key->group = entry->pw_gid;
        key->has_group = entry->pw_gid != 0;
    } else if (entry == NULL || geteuid() != entry->pw_uid) {
        const char *directory = buffer_text(&key->directory);

        buffer_printf(&key->hint, "user %s %s; %s: chgrp -R %s %s && chmod -R g+rX %s",
                      buffer_text(&user), entry == NULL ? "is not there yet" : "cannot read it yet",
                      entry == NULL ? "afterwards" : "as root", buffer_text(&user), directory,
                      directory);
    }
    buffer_free(&user);
}

/* What goes into the configuration must not depend on where we stand. */
static void path_make_absolute(struct new_key *key)
{
    char *absolute = realpath(buffer_text(&key->directory), NULL);

    if (absolute == NULL)
        return;
    buffer_clear(&key->directory);
    buffer_add_text(&key->directory, absolute);
    path_make(key);
    free(absolute);
}

/* A directory that somebody else made may keep the daemon out; whose business that is, we tell. */
static void directory_judge(struct new_key *key, const char *path, const struct stat *status)
{
    bool is_open = (status->st_mode & S_IXOTH) != 0 ||
                   ((status->st_mode & S_IXGRP) != 0 && status->st_gid == key->group);

    if (key->has_group && !is_open && key->hint.size == 0)
        buffer_printf(&key->hint, "the daemon cannot enter %s: chgrp %u %s && chmod g+rx %s", path,
                      (unsigned)key->group, path, path);
}

/* mkdir, or it is there already. */
static bool directory_make(struct ctl *ctl, struct new_key *key, const char *path)
{
    if (mkdir(path, 0700) != 0) {
        struct stat status;

        if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
            directory_judge(key, path, &status);
            return true;
        }
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s: %s", path, strerror(errno));
        return false;
    }
    if (key->has_group && (chown(path, (uid_t)-1, key->group) != 0 || chmod(path, 0750) != 0)) {
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

static bool directories_make(struct ctl *ctl, struct new_key *key)
{
    struct buffer path = BUFFER_EMPTY;
    bool is_done = directory_make(ctl, key, buffer_text(&key->directory));

    buffer_printf(&path, "%s/%s", buffer_text(&key->directory), key->domain);
    is_done = is_done && directory_make(ctl, key, buffer_text(&path));
    buffer_free(&path);
    return is_done;
}

static bool file_write(struct ctl *ctl, const struct new_key *key, const struct dkim_key *made)
{
    struct buffer pem = BUFFER_EMPTY;
    struct error error = { "" };
    const char *path = buffer_text(&key->path);
    bool is_done = false;

    if (!dkim_key_print_private(made, &pem) || buffer_has_failed(&pem))
        ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    else if (!file_write_atomic(path, pem.at, pem.size, 0600, false, &error))
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s", error.text);
    else if (key->has_group && (chown(path, (uid_t)-1, key->group) != 0 || chmod(path, 0640) != 0))
        ctl_fail(ctl, CTL_CANNOT_WRITE, "%s is written, but: %s", path, strerror(errno));
    else
        is_done = true;
    if (pem.at != NULL)
        explicit_bzero(pem.at, pem.size);
    buffer_free(&pem);
    return is_done;
}

static void print_text(struct ctl *ctl, const struct new_key *key, const struct dkim_key *made,
                       const struct key_record *record, const struct buffer *row,
                       const struct buffer *where)
{
    struct buffer *out = &ctl->out;

    print_escaped(out, buffer_span(&key->path), 4096);
    buffer_printf(out, "\n%s, %u bits\n", dkim_algorithm_name(key->algorithm), dkim_key_bits(made));
    if (key->hint.size > 0)
        buffer_printf(out, "note: %s\n", buffer_text(&key->hint));
    buffer_add_text(out, "\n1. publish this record (\"egressctl key show\" has other forms):\n\n");
    key_record_print_zone(record, out);
    if (row->size > 0) {
        buffer_printf(out, "\n2. add to %s in %s:\n\n    ", buffer_text(where), ctl->config_path);
        print_escaped(out, buffer_span(row), row->size);
        buffer_add_char(out, '\n');
    } else {
        buffer_printf(out, "\n2. %s finds it already\n", ctl->config_path);
    }
    buffer_add_text(out, "\n3. egressctl check && egressctl reload\n");
}

static void print_json(struct ctl *ctl, const struct new_key *key, const struct dkim_key *made,
                       const struct key_record *record, const struct buffer *row)
{
    struct json json = json_new(&ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "domain", span_of(key->domain));
    json_text(&json, "selector", span_of(key->selector));
    json_text(&json, "algorithm", span_of(dkim_algorithm_name(key->algorithm)));
    json_number(&json, "bits", dkim_key_bits(made));
    json_text(&json, "file", buffer_span(&key->path));
    if (row->size > 0)
        json_text(&json, "row", buffer_span(row));
    if (key->hint.size > 0)
        json_text(&json, "note", buffer_span(&key->hint));
    key_record_json(record, &json);
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}

static enum ctl_exit key_make(struct ctl *ctl, struct new_key *key)
{
    struct error error = { "" };
    struct dkim_key *made = dkim_key_generate(key->algorithm, key->bits, &error);
    struct key_record record = { BUFFER_EMPTY, BUFFER_EMPTY };
    struct buffer row = BUFFER_EMPTY, where = BUFFER_EMPTY;
    enum ctl_exit code = CTL_CANNOT_WRITE;

    if (made == NULL)
        return ctl_fail(ctl, CTL_INTERNAL, "%s", error.text);
    if (!key_record_make(&record, made, span_of(key->selector), span_of(key->domain))) {
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    } else if (directories_make(ctl, key) && file_write(ctl, key, made)) {
        path_make_absolute(key);
        key_row_make(ctl,
                     &(struct key_place){ key->domain, key->selector, buffer_text(&key->directory),
                                          buffer_text(&key->path) },
                     &row, &where);
        if (ctl->is_json)
            print_json(ctl, key, made, &record, &row);
        else
            print_text(ctl, key, made, &record, &row, &where);
        code = CTL_GOOD;
    }
    key_record_free(&record);
    buffer_free(&row);
    buffer_free(&where);
    dkim_key_unref(&made);
    return code;
}

static void directory_find(struct ctl *ctl, const char *given, struct new_key *key)
{
    struct site *site;

    if (given != NULL) {
        buffer_add_text(&key->directory, given);
        return;
    }
    site = load_site_quietly(ctl);
    load_key_directory(ctl, site, &key->directory);
    site_unref(&site);
}

static enum ctl_exit key_new_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct new_key key = { .domain = "" };
    struct stat status;
    enum ctl_exit code = CTL_USAGE;

    if (!key_domain_read(ctl, args->operands[0], key.domain) || !algorithm_read(ctl, args, &key))
        return CTL_USAGE;
    directory_find(ctl, args_value(args, "directory"), &key);
    if (selector_read(ctl, args, &key)) {
        access_plan(ctl, &key);
        if (lstat(buffer_text(&key.path), &status) == 0)
            code = ctl_fail(ctl, CTL_CANNOT_WRITE, "%s exists; keys are never replaced",
                            buffer_text(&key.path));
        else
            code = key_make(ctl, &key);
    }
    buffer_free(&key.directory);
    buffer_free(&key.path);
    buffer_free(&key.hint);
    return code;
}

static const struct ctl_option key_new_options[] = {
    { .name = "selector",
      .argument = "S",
      .brief = "selector (s2026a, s2026b, ...; e2026a for ed25519)" },
    { .name = "algorithm", .argument = "ALGORITHM", .brief = "rsa (default) or ed25519" },
    { .name = "bits", .argument = "N", .brief = "bits of an RSA key, 1024 to 8192 (2048)" },
    { .name = "directory",
      .argument = "DIR",
      .brief = "where keys lie (as configured, or keys beside FILE)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_key_new = {
    .name = "key new",
    .operands = "DOMAIN",
    .operands_min = 1,
    .operands_max = 1,
    .options = key_new_options,
    .brief = "make a signing key",
    .details =
        "Writes DIR/DOMAIN/SELECTOR.pem, never over a file that is there, and prints the DNS\n"
        "record to publish and the row to add to the configuration.",
    .run = key_new_run,
};
