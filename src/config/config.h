/*
 * config: one file (and its conf.d) read against tables of rows into structs; every semantic fault
 * reported, not only the first, as "FILE:LINE: setting: what is wrong and what is valid".
 *
 * The main file is FILE; then every FILE_DIR/conf.d/NAME.conf in name order, each parsed alone.
 * Groups merge, lists are joined; a scalar set twice, or two list entries of one name, is an error
 * naming both places. Unknown names, wrong types and values out of range are errors. Integers are
 * scanned again in the text, since libconfig wraps them silently. What it leaves to others: the
 * meaning of any setting.
 */
#ifndef EM_CONFIG_CONFIG_H
#define EM_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "config/row.h"
#include "util/buffer.h"
#include "util/span.h"

struct config;

enum config_severity { CONFIG_WARNING, CONFIG_ERROR };

struct config_fault {
    enum config_severity severity;
    const char *text; /* the whole line, without newline */
};

/* Collects faults; owned by whoever loads. */
struct config_report;
struct config_report *config_report_new(void);
void config_report_free(struct config_report **report);
size_t config_report_count(const struct config_report *report, enum config_severity severity);
/* All faults by file in the order of reading, by line, then as they were added; those without a
 * place come last. NULL past the end. */
const struct config_fault *config_report_fault(const struct config_report *report, size_t index);
size_t config_report_size(const struct config_report *report);
/* place or its file may be NULL: then the line begins with the setting; setting NULL or "": left
 * out. Control bytes and what is no UTF-8 become \xNN. List entries are named
 * domains[0].keys[1].file, counted over all files. */
void config_complain(struct config_report *report, enum config_severity severity,
                     const struct config_place *place, const char *setting, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * Reads `path` against `tables` (pointers, ended by NULL).
 * Returns the configuration, or NULL with at least one CONFIG_ERROR in the report. Runs every
 * table's check, also after errors, but not when a file could not be read or parsed. Syntax faults:
 * only the first of each file is known. The result is immutable and owns every struct, text and
 * list.
 */
struct config *config_load(const char *path, const struct config_table *const *tables,
                           struct config_report *report);
/* The same from a text in memory, named `name` in complaints; no conf.d. For tests and fuzzing. */
struct config *config_load_text(const char *name, struct span text,
                                const struct config_table *const *tables,
                                struct config_report *report);
/*
 * The files that config_load() read, as one text to be kept; lives as long as config, empty where
 * memory ran out. config_load_kept() makes a configuration out of it again, whatever the disk holds
 * by then; what the settings name (keys, tables) is not part of it.
 */
struct span config_kept(const struct config *config);
struct config *config_load_kept(struct span kept, const struct config_table *const *tables,
                                struct config_report *report);
void config_free(struct config **config);

/* The struct that `table` filled. Never NULL for a table that was handed to config_load. */
const void *config_settings(const struct config *config, const struct config_table *table);
/* Was the setting written in a file? name as in the row. */
bool config_is_set(const struct config *config, const struct config_table *table, const char *name);
/* Where; file NULL when it was not set. Paths live as long as the config. */
struct config_place config_where(const struct config *config, const struct config_table *table,
                                 const char *name);
/* Prints the effective configuration (defaults included, marked by a comment) in the file's own
 * syntax. */
void config_print(const struct config *config, struct buffer *out);
/* Is it one of them? */
bool config_texts_have(const struct config_texts *texts, struct span text);

#endif
