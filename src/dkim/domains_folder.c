/*
 * domains_folder: `domains = "dir:PATH"`: every PATH/DOMAIN/SELECTOR.pem is a key of DOMAIN. Dot
 * files and files without .pem are passed over; a folder whose name is no domain is a warning,
 * since somebody meant something by it.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dkim/domains_private.h"
#include "util/domain.h"
#include "util/error.h"
#include "util/file.h"

#define SUFFIX SPAN(".pem")

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_key_file(const struct dirent *entry)
{
    struct span name = span_of(entry->d_name);
    return is_visible(entry) && name.size > SUFFIX.size && span_has_suffix_nocase(name, SUFFIX);
}

static void free_names(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

static void complain_unreadable(const char *path, int why, const struct config_place *place,
                                enum config_severity severity, struct config_report *report)
{
    struct error error;
    file_explain_access(path, why, &error);
    config_complain(report, severity, place, "domains", "%s", error.text);
}

/* The files as settings; names that are no selector are passed over. False: out of memory. */
static bool make_keys(struct dkim_domains *domains, const char *path, struct dirent **files,
                      int count, struct domain_settings *settings, struct config_report *report)
{
    struct key_settings *keys = arena_array(domains->arena, (size_t)count, sizeof(*keys));
    size_t kept = 0;
    bool is_good = keys != NULL;
    for (int i = 0; is_good && i < count; i++) {
        struct span file = span_of(files[i]->d_name);
        struct span selector = span_first(file, file.size - SUFFIX.size);
        struct key_settings *key = &keys[kept];
        key->place = settings->place;
        key->is_path = true;
        key->selector = arena_copy(domains->arena, selector).at;
        key->file = arena_printf(domains->arena, "%s/%s", path, files[i]->d_name);
        is_good = key->selector != NULL && key->file != NULL;
        if (is_good && domains_selector_is_valid(key->selector)) {
            kept++;
        } else if (is_good) {
            config_complain(report, CONFIG_WARNING, &settings->place, "domains",
                            "%s: \"%s\" is no selector; valid: letters, digits and inner hyphens",
                            key->file, key->selector);
        }
    }
    settings->keys = (struct config_list){ keys, kept };
    return is_good || domains_out_of_memory(report);
}

/* One folder as an entry. One that cannot be read is an entry too: its mail must not go unsigned
 * as if nobody had wanted otherwise. */
static bool add_folder(struct dkim_domains *domains, const char *path, const char *name,
                       const struct config_place *place, struct config_report *report)
{
    struct domain_settings settings = { .name = name,
                                        .subdomains = true,
                                        .on_failure = DKIM_ON_FAILURE_DEFER,
                                        .on_unpublished = DKIM_ON_FAILURE_PASS,
                                        .place = *place };
    struct dirent **files = NULL;
    if (!domains_watch(domains, path)) {
        return domains_out_of_memory(report);
    }
    int count = scandir(path, &files, is_key_file, alphasort);
    if (count < 0) {
        complain_unreadable(path, errno, place, CONFIG_WARNING, report);
        settings.is_degraded = true;
        return domains_add(domains, &settings, path, report);
    }
    bool is_good = make_keys(domains, path, files, count, &settings, report);
    free_names(files, count);
    if (is_good && settings.keys.count == 0) {
        config_complain(report, CONFIG_WARNING, place, "domains", "%s holds no SELECTOR.pem", path);
        return true;
    }
    return is_good && domains_add(domains, &settings, path, report);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool domains_read_folder(struct dkim_domains *domains, const struct config_place *place,
                         struct config_report *report)
{
    if (!domains_watch(domains, domains->folder)) {
        return domains_out_of_memory(report);
    }
    domains->fingerprint = domains_fingerprint(domains->folder);
    struct dirent **names;
    int count = scandir(domains->folder, &names, is_visible, alphasort);
    if (count < 0) {
        complain_unreadable(domains->folder, errno, place, CONFIG_ERROR, report);
        return false;
    }
    bool good = true;
    for (int i = 0; good && i < count; i++) {
        char ascii[DOMAIN_MAX];
        const char *path = arena_printf(domains->arena, "%s/%s", domains->folder, names[i]->d_name);
        if (path == NULL) {
            good = domains_out_of_memory(report);
        } else if (!is_folder(path)) {
            continue;
        } else if (!domain_to_ascii(span_of(names[i]->d_name), ascii)) {
            config_complain(report, CONFIG_WARNING, place, "domains",
                            "%s: the folder's name is no domain", path);
        } else {
            good = add_folder(domains, path, names[i]->d_name, place, report);
        }
    }
    free_names(names, count);
    return good;
}

static void mix(uint64_t *hash, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) { /* FNV-1a: only our own folder is compared with itself */
        *hash = (*hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    }
}

/* Owner and mode count too: a key that could not be read may be readable after chown or chmod. */
static void mix_status(uint64_t *hash, const struct stat *status)
{
    mix(hash, &status->st_ino, sizeof(status->st_ino));
    mix(hash, &status->st_mode, sizeof(status->st_mode));
    mix(hash, &status->st_uid, sizeof(status->st_uid));
    mix(hash, &status->st_gid, sizeof(status->st_gid));
    if (S_ISREG(status->st_mode)) {
        mix(hash, &status->st_mtim, sizeof(status->st_mtim));
        mix(hash, &status->st_size, sizeof(status->st_size));
    }
}

static void mix_folder(uint64_t *hash, const char *path, int depth)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        char below[PATH_MAX];
        struct stat status;
        snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
        if (stat(below, &status) != 0) {
            continue;
        }
        mix(hash, names[i]->d_name, strlen(names[i]->d_name) + 1);
        mix_status(hash, &status);
        if (S_ISDIR(status.st_mode) && depth > 0) {
            mix_folder(hash, below, depth - 1);
        }
    }
    free_names(names, count);
}

uint64_t domains_fingerprint(const char *folder)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    mix_folder(&hash, folder, 1);
    return hash;
}
