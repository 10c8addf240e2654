/*
 * zones: rows, and what is known of the lists they name, to zones that can be asked; with the keys
 * of paid feeds, which are in questions to DNS and nowhere else.
 */
#include "lists/zone.h"

#include <stdio.h>
#include <stdlib.h>

#include "lists/known.h"
#include "lists/settings.h"
#include "util/buffer.h"
#include "util/domain.h"
#include "util/file.h"

enum { KEY_FILE_MAX = 4096, KEY_MAX = 63 /* a label, RFC 1035 2.3.4 */ };

struct owned_zone {
    char name[DOMAIN_MAX];
    char *suffix, *key;
    struct list_code *codes, *errors;
};

struct owned_zones {
    struct list_zones zones; /* first: a struct list_zones * is also one of these */
    struct list_zone *at;
    struct owned_zone *owned;
    struct hash_table *never;
};

static void wipe(char **text)
{
    if (*text != NULL) {
        explicit_bzero(*text, strlen(*text));
        free(*text);
        *text = NULL;
    }
}

void list_zones_free(struct list_zones **zones)
{
    struct owned_zones *all = (struct owned_zones *)*zones;
    *zones = NULL;
    if (all == NULL) {
        return;
    }
    for (size_t i = 0; all->owned != NULL && i < all->zones.count; i++) {
        wipe(&all->owned[i].suffix);
        wipe(&all->owned[i].key);
        free(all->owned[i].codes);
        free(all->owned[i].errors);
    }
    hash_table_free(&all->never);
    free(all->owned);
    free(all->at);
    free(all);
}

/* --- keys ------------------------------------------------------------------------------------ */

static bool is_label(struct span text)
{
    bool is_good = text.size > 0 && text.size <= KEY_MAX;
    for (size_t i = 0; i < text.size; i++) {
        char c = ascii_lower(text.at[i]);
        is_good &= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }
    return is_good;
}

/* What is wrong is said without a word of what the file holds. */
static char *read_key(const char *path, struct error *error)
{
    struct buffer text = BUFFER_EMPTY;
    char *key = NULL;
    if (!file_is_private(path, "key of the list", error)) {
        return NULL;
    }
    if (file_read(path, KEY_FILE_MAX, &text, error)) {
        struct span word = span_trim(buffer_span(&text));
        if (!is_label(word)) {
            error_set(error,
                      "%s: holds no key; valid: one word of letters, digits and '-', up to "
                      "%d",
                      path, KEY_MAX);
        } else if ((key = span_strdup(word)) == NULL) {
            error_set(error, "%s: out of memory", path);
        }
    }
    if (text.at != NULL) {
        explicit_bzero(text.at, text.room);
    }
    buffer_free(&text);
    return key;
}

static bool take_key(const struct list_settings *row, size_t at, struct owned_zone *owned,
                     struct config_report *report)
{
    struct error error;
    if (row->key_file == NULL) {
        return true;
    }
    owned->key = read_key(row->key_file, &error);
    if (owned->key == NULL) {
        char setting[64];
        snprintf(setting, sizeof(setting), "lists[%zu].key_file", at);
        config_complain(report, CONFIG_ERROR, &row->place, setting, "%s", error.text);
    }
    return owned->key != NULL;
}

static bool make_suffix(struct owned_zone *owned)
{
    size_t room = strlen(owned->name) + (owned->key != NULL ? strlen(owned->key) : 0) + 2;
    owned->suffix = malloc(room);
    if (owned->suffix != NULL) {
        snprintf(owned->suffix, room, "%s%s%s", owned->key != NULL ? owned->key : "",
                 owned->key != NULL ? "." : "", owned->name);
    }
    return owned->suffix != NULL;
}

/* --- codes ----------------------------------------------------------------------------------- */

/* Of a known zone a policy code stays one, whatever a row calls it. */
static bool is_known_policy(const struct list_known *known, const struct list_code *code)
{
    bool is_policy = false;
    for (size_t i = 0; known != NULL && code->bit == 0 && i < known->code_count; i++) {
        is_policy |= known->codes[i].is_policy && known->codes[i].first <= code->last &&
                     known->codes[i].last >= code->first;
    }
    return is_policy;
}

static bool take_codes(const struct list_settings *row, const struct list_known *known,
                       struct owned_zone *owned, struct list_zone *zone)
{
    const struct list_code_settings *settings = row->codes.at;
    if (row->codes.count == 0) {
        zone->codes = known->codes;
        zone->code_count = known->code_count;
        return true;
    }
    owned->codes = calloc(row->codes.count, sizeof(*owned->codes));
    for (size_t i = 0; owned->codes != NULL && i < row->codes.count; i++) {
        struct list_code *code = &owned->codes[i];
        if (settings[i].code != NULL) {
            list_code_read(span_of(settings[i].code), code); /* the row's own check accepted it */
        }
        code->bit = (uint8_t)settings[i].bit;
        code->means = settings[i].means;
        code->is_certain = settings[i].certain;
        code->is_policy = settings[i].policy || is_known_policy(known, code);
    }
    zone->codes = owned->codes;
    zone->code_count = row->codes.count;
    return owned->codes != NULL;
}

/* Those known and those set; what everybody uses is known to the judge. */
static bool take_errors(const struct list_settings *row, const struct list_known *known,
                        struct owned_zone *owned, struct list_zone *zone)
{
    size_t count = known != NULL ? known->error_count : 0;
    owned->errors = calloc(count + row->errors.count + 1, sizeof(*owned->errors));
    if (owned->errors == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        owned->errors[i] = known->errors[i];
    }
    for (size_t i = 0; i < row->errors.count; i++) {
        list_code_read(span_of(row->errors.at[i]), &owned->errors[count]);
        owned->errors[count++].means = "it does not answer whoever asks";
    }
    zone->errors = owned->errors;
    zone->error_count = count;
    return true;
}

/* --- zones ----------------------------------------------------------------------------------- */

static void take_facts(const struct list_settings *row, const struct list_known *known,
                       struct list_zone *zone)
{
    zone->kind = known != NULL ? known->kind : (enum list_kind)row->kind;
    zone->level = row->level >= 0 ? (enum list_level)row->level
                  : known != NULL ? known->level
                                  : LIST_LEVEL_HOST;
    zone->uses = list_uses_read(&row->use);
    zone->removal = row->removal != NULL ? row->removal : known != NULL ? known->removal : NULL;
    zone->rule = row->rule >= 0 ? list_rule_findings[row->rule] : -1;
    bool is_of_domains = zone->kind == LIST_OF_DOMAINS;
    zone->listed_point = is_of_domains ? LIST_LISTED_DOMAIN : LIST_LISTED_ADDRESS;
    zone->clean_point = is_of_domains ? LIST_CLEAN_DOMAIN : LIST_CLEAN_ADDRESS;
    if (known != NULL && known->listed_point != NULL) {
        zone->listed_point = known->listed_point;
    }
    if (known != NULL && known->clean_point != NULL) {
        zone->clean_point = known->clean_point;
    }
}

static bool build_zone(const struct list_settings *row, size_t at, struct owned_zone *owned,
                       struct list_zone *zone, struct config_report *report)
{
    const struct list_known *known = list_known_find(span_of(row->zone));
    if (!domain_to_ascii(span_of(row->zone), owned->name) ||
        (known == NULL && (row->kind < 0 || row->codes.count == 0))) {
        return false; /* the row's check has said so */
    }
    if (!take_key(row, at, owned, report)) {
        return false;
    }
    take_facts(row, known, zone);
    if (!take_codes(row, known, owned, zone) || !take_errors(row, known, owned, zone) ||
        !make_suffix(owned)) {
        config_complain(report, CONFIG_ERROR, &row->place, "lists", "out of memory");
        return false;
    }
    zone->name = owned->name;
    zone->suffix = owned->suffix;
    zone->key = owned->key;
    return true;
}

static bool build_never(struct owned_zones *all, const struct config_texts *names)
{
    all->never = hash_table_new();
    for (size_t i = 0; all->never != NULL && i < names->count; i++) {
        char name[DOMAIN_MAX];
        if (domain_to_ascii(span_of(names->at[i]), name) &&
            !hash_table_put(all->never, span_of(name), all, NULL)) {
            return false;
        }
    }
    all->zones.never = all->never;
    return all->never != NULL;
}

struct list_zones *list_zones_build(const struct config *config, struct config_report *report)
{
    const struct lists_settings *settings = config_settings(config, &lists_table);
    const struct list_settings *rows = settings->rows.at;
    size_t count = settings->rows.count;
    struct owned_zones *all = calloc(1, sizeof(*all));
    if (all == NULL) {
        config_complain(report, CONFIG_ERROR, NULL, "lists", "out of memory");
        return NULL;
    }
    struct list_zones *zones = &all->zones;
    zones->settings = config_settings(config, &listings_table);
    all->at = calloc(count + 1, sizeof(*all->at));
    all->owned = calloc(count + 1, sizeof(*all->owned));
    bool is_good =
        all->at != NULL && all->owned != NULL && build_never(all, &zones->settings->never);
    if (!is_good) {
        config_complain(report, CONFIG_ERROR, NULL, "lists", "out of memory");
    }
    zones->at = all->at;
    zones->count = is_good ? count : 0;
    for (size_t i = 0; i < zones->count; i++) {
        is_good = build_zone(&rows[i], i, &all->owned[i], &all->at[i], report) && is_good;
    }
    if (!is_good) {
        list_zones_free(&zones);
    }
    return zones;
}

bool list_zones_use(const struct list_zones *zones, enum list_use use)
{
    bool is_used = false;
    for (size_t i = 0; i < zones->count; i++) {
        is_used |= (zones->at[i].uses & 1u << use) != 0;
    }
    return is_used;
}

bool list_zones_never(const struct list_zones *zones, struct span domain)
{
    while (domain.size > 0 && hash_table_get(zones->never, domain) == NULL) {
        ptrdiff_t dot = span_find(domain, '.');
        domain = dot < 0 ? (struct span){ NULL, 0 } : span_from(domain, (size_t)dot + 1);
    }
    return domain.size > 0;
}

const struct list_zone *list_zones_find(const struct list_zones *zones, struct span name)
{
    for (size_t i = 0; i < zones->count; i++) {
        if (span_is_equal_nocase(name, span_of(zones->at[i].name))) {
            return &zones->at[i];
        }
    }
    return NULL;
}
