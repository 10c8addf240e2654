/*
 * report: the faults of a configuration, kept in the order a person reads the files: by file, by
 * line, then as they were added; faults without a place come last.
 *
 * Fails by a mark: a fault that found no memory still counts as one error, so that a configuration
 * is never taken for good because its faults could not be written down.
 */
#include "config/report_private.h"

#include <stdarg.h>
#include <stdlib.h>

#include "config/text_private.h"

struct report_entry {
    struct config_fault fault;
    size_t file_rank; /* index in files; SIZE_MAX: no place */
    unsigned line;
};

struct config_report {
    struct report_entry *entries;
    size_t count, room;
    char **files;
    size_t file_count, file_room;
    bool has_lost; /* memory was out */
};

static const struct config_fault fault_lost = { CONFIG_ERROR, "out of memory" };

struct config_report *config_report_new(void)
{
    return calloc(1, sizeof(struct config_report));
}

void config_report_free(struct config_report **report)
{
    if (*report == NULL) {
        return;
    }
    for (size_t i = 0; i < (*report)->count; i++) {
        free((char *)(*report)->entries[i].fault.text);
    }
    for (size_t i = 0; i < (*report)->file_count; i++) {
        free((*report)->files[i]);
    }
    free((*report)->entries);
    free((*report)->files);
    free(*report);
    *report = NULL;
}

size_t config_report_count(const struct config_report *report, enum config_severity severity)
{
    size_t count = severity == CONFIG_ERROR && report->has_lost ? 1 : 0;
    for (size_t i = 0; i < report->count; i++) {
        count += report->entries[i].fault.severity == severity;
    }
    return count;
}

size_t config_report_size(const struct config_report *report)
{
    return report->count + (report->has_lost ? 1 : 0);
}

const struct config_fault *config_report_fault(const struct config_report *report, size_t index)
{
    if (index < report->count) {
        return &report->entries[index].fault;
    }
    return report->has_lost && index == report->count ? &fault_lost : NULL;
}

/* Makes room for one more; false: memory is out. */
static bool grow(void **array, size_t count, size_t *room_io, size_t element_size)
{
    if (count < *room_io) {
        return true;
    }
    size_t room = *room_io > 0 ? *room_io * 2 : 16;
    void *grown = reallocarray(*array, room, element_size);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *room_io = room;
    return true;
}

static size_t file_rank(struct config_report *report, const char *file)
{
    /* From the end: faults come mostly from the file being read. */
    for (size_t i = report->file_count; i > 0; i--) {
        if (strcmp(report->files[i - 1], file) == 0) {
            return i - 1;
        }
    }
    void *files = report->files;
    char *copy = strdup(file);
    if (copy == NULL || !grow(&files, report->file_count, &report->file_room, sizeof(char *))) {
        free(copy);
        report->has_lost = true;
        return SIZE_MAX;
    }
    report->files = files;
    report->files[report->file_count] = copy;
    return report->file_count++;
}

void report_expect_file(struct config_report *report, const char *file)
{
    file_rank(report, file);
}

static bool is_after(const struct report_entry *a, const struct report_entry *b)
{
    return a->file_rank != b->file_rank ? a->file_rank > b->file_rank : a->line > b->line;
}

static void entry_insert(struct config_report *report, struct report_entry entry)
{
    void *entries = report->entries;
    if (!grow(&entries, report->count, &report->room, sizeof(struct report_entry))) {
        free((char *)entry.fault.text);
        report->has_lost = true;
        return;
    }
    report->entries = entries;
    size_t at = report->count++;
    while (at > 0 && is_after(&report->entries[at - 1], &entry)) {
        at--;
    }
    memmove(&report->entries[at + 1], &report->entries[at],
            (report->count - 1 - at) * sizeof(struct report_entry));
    report->entries[at] = entry;
}

/* "FILE:LINE: setting: " as far as known. */
static void add_place(struct buffer *line, const struct config_place *place, const char *setting)
{
    if (place != NULL && place->file != NULL) {
        buffer_printf(line, "%s:%u: ", place->file, place->line);
    }
    if (setting != NULL && setting[0] != '\0') {
        buffer_printf(line, "%s: ", setting);
    }
}

void config_complain(struct config_report *report, enum config_severity severity,
                     const struct config_place *place, const char *setting, const char *format, ...)
{
    struct buffer raw = BUFFER_EMPTY, line = BUFFER_EMPTY;
    add_place(&raw, place, setting);
    va_list args;
    va_start(args, format);
    buffer_vprintf(&raw, format, args);
    va_end(args);
    text_add_printable(&line, buffer_span(&raw));
    if (buffer_has_failed(&raw) || buffer_has_failed(&line)) {
        report->has_lost = true;
        buffer_free(&line);
    } else {
        struct report_entry entry = { .fault = { severity, line.at }, .file_rank = SIZE_MAX };
        if (place != NULL && place->file != NULL) {
            entry.file_rank = file_rank(report, place->file);
            entry.line = place->line;
        }
        entry_insert(report, entry); /* owns line.at from here */
    }
    buffer_free(&raw);
}
