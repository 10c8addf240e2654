/*
 * load: a file and its conf.d, from the disk to the structs of the tables. Fails with a report; the
 * checks of the tables run unless a file could not be parsed, when they would miss what is there.
 */
#include "config/load_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/kept_private.h"
#include "config/report_private.h"

/* A configuration of a size that no machine should be asked to hold. */
#define MEMORY_BYTES_MAX ((size_t)1 << 30)

/* The parsed files, the main file first. */
struct sources {
    struct source *at;
    size_t count, room;
};

/* --- helpers of all steps --- */

void *loader_array(struct loader *loader, struct arena *arena, size_t count, size_t size)
{
    void *at = arena_array(arena, count, size);
    loader->out_of_memory |= at == NULL;
    return at;
}

static void name_print(const struct setting_name *name, struct buffer *out)
{
    if (name == NULL) {
        return;
    }
    name_print(name->parent, out);
    if (name->name == NULL) {
        buffer_printf(out, "[%zu]", name->index);
    } else {
        buffer_printf(out, "%s%s", out->size > 0 ? "." : "", name->name);
    }
}

void loader_complain(struct loader *loader, struct config_place place,
                     const struct setting_name *name, const char *format, ...)
{
    struct buffer setting = BUFFER_EMPTY, text = BUFFER_EMPTY;
    name_print(name, &setting);
    va_list args;
    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    config_complain(loader->report, CONFIG_ERROR, &place, buffer_text(&setting), "%s",
                    buffer_text(&text));
    buffer_free(&setting);
    buffer_free(&text);
}

bool record_init(struct loader *loader, struct record *record_r, const struct config_row *rows,
                 void *at, struct config_place place)
{
    struct arena *arena = loader->config->arena;
    size_t count = 0;
    bool has_list = false;
    for (; rows[count].name != NULL; count++) {
        has_list |= rows[count].type == CONFIG_LIST || rows[count].type == CONFIG_GROUP;
    }
    *record_r = (struct record){ .rows = rows, .row_count = count, .at = at, .place = place };
    record_r->places = loader_array(loader, arena, count, sizeof(struct config_place));
    record_r->found = loader_array(loader, loader->scratch, count, sizeof(struct found_list));
    if (has_list) {
        record_r->entries = loader_array(loader, arena, count, sizeof(struct record *));
    }
    return !loader->out_of_memory;
}

void *record_member(const struct record *record, const struct config_row *row)
{
    return record->at + row->offset;
}

struct span table_child(struct span path, const struct config_table *table)
{
    struct span whole = span_of(table->path);
    if (whole.size <= path.size || memcmp(whole.at, path.at, path.size) != 0) {
        return SPAN("");
    }
    struct span rest = span_from(whole, path.size);
    if (path.size > 0) {
        if (rest.at[0] != '.') {
            return SPAN("");
        }
        rest = span_from(rest, 1);
    }
    ptrdiff_t end = span_find(rest, '.');
    return end < 0 ? rest : span_first(rest, (size_t)end);
}

/* --- the configuration --- */

void config_free(struct config **config)
{
    if (*config != NULL) {
        arena_free(&(*config)->arena);
        buffer_free(&(*config)->kept);
        free(*config);
        *config = NULL;
    }
}

static bool add_tables(struct loader *loader, const struct config_table *const *tables)
{
    struct config *config = loader->config;
    while (tables[config->table_count] != NULL) {
        config->table_count++;
    }
    config->tables =
        loader_array(loader, config->arena, config->table_count, sizeof(*config->tables));
    config->records =
        loader_array(loader, config->arena, config->table_count, sizeof(struct record));
    for (size_t i = 0; i < config->table_count && !loader->out_of_memory; i++) {
        config->tables[i] = tables[i];
        void *at = loader_array(loader, config->arena, 1, tables[i]->size);
        record_init(loader, &config->records[i], tables[i]->rows, at,
                    (struct config_place){ NULL, 0 });
    }
    return !loader->out_of_memory;
}

static bool loader_open(struct loader *loader, const struct config_table *const *tables,
                        struct config_report *report)
{
    *loader = (struct loader){ .report = report, .is_whole = true };
    loader->config = calloc(1, sizeof(struct config));
    loader->scratch = arena_new(MEMORY_BYTES_MAX);
    if (loader->config != NULL) {
        loader->config->arena = arena_new(MEMORY_BYTES_MAX);
    }
    if (loader->config == NULL || loader->config->arena == NULL || loader->scratch == NULL) {
        loader->out_of_memory = true;
        return false;
    }
    return add_tables(loader, tables);
}

/* Ends loading: the configuration, or NULL when the report counts more than `errors_before`. */
static struct config *loader_close(struct loader *loader, size_t errors_before)
{
    struct config *config = loader->config;
    if (loader->out_of_memory) {
        config_complain(loader->report, CONFIG_ERROR, NULL, NULL,
                        "out of memory while reading the configuration");
    }
    for (size_t i = 0; config != NULL && config->records != NULL && i < config->table_count; i++) {
        config->records[i].found = NULL;
    }
    arena_free(&loader->scratch);
    if (config_report_count(loader->report, CONFIG_ERROR) > errors_before) {
        config_free(&config);
    }
    return config;
}

static void run_checks(struct loader *loader)
{
    const struct config *config = loader->config;
    for (size_t i = 0; i < config->table_count; i++) {
        if (config->tables[i]->check != NULL) {
            config->tables[i]->check(config, config->records[i].at, loader->report);
        }
    }
}

/* The sources are only needed until this returns. */
static void load_sources(struct loader *loader, const struct sources *sources,
                         const char *main_file)
{
    struct config *config = loader->config;
    for (size_t i = 0; i < sources->count && !loader->out_of_memory; i++) {
        bind_source(loader, &sources->at[i]);
    }
    for (size_t i = 0; i < config->table_count && !loader->out_of_memory; i++) {
        struct setting_name path = { .name = config->tables[i]->path };
        if (config->records[i].place.file == NULL) {
            config->records[i].place = (struct config_place){ main_file, 1 };
        }
        fill_record(loader, &config->records[i], path.name[0] != '\0' ? &path : NULL);
    }
    if (loader->is_whole && !loader->out_of_memory) {
        run_checks(loader);
    }
}

/* --- files --- */

/* Room for one more; NULL: memory is out. */
static struct source *sources_next(struct loader *loader, struct sources *sources)
{
    if (sources->count == sources->room) {
        size_t room = sources->room > 0 ? sources->room * 2 : 8;
        struct source *grown = reallocarray(sources->at, room, sizeof(struct source));
        if (grown == NULL) {
            loader->out_of_memory = true;
            return NULL;
        }
        sources->at = grown;
        sources->room = room;
    }
    return &sources->at[sources->count];
}

static void sources_free(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        source_free(&sources->at[i]);
    }
    free(sources->at);
}

/* `file` must live as long as the configuration. */
static void sources_add(struct loader *loader, struct sources *sources, const char *file)
{
    struct source *source = sources_next(loader, sources);
    if (source == NULL) {
        return;
    }
    report_expect_file(loader->report, file);
    if (source_read(source, file, &loader->config->kept, loader->report)) {
        sources->count++;
    } else {
        loader->is_whole = false;
    }
}

static int is_conf_file(const struct dirent *entry)
{
    struct span name = span_of(entry->d_name);
    struct span suffix = SPAN(".conf");
    return entry->d_name[0] != '.' && name.size > suffix.size &&
           span_is_equal(span_from(name, name.size - suffix.size), suffix);
}

/* By bytes, so that the order is the same in every locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_folder(struct loader *loader, struct sources *sources, const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_conf_file, compare_names);
    if (count < 0 && errno != ENOENT) {
        config_complain(loader->report, CONFIG_ERROR, NULL, folder,
                        "cannot list this directory: %m");
        loader->is_whole = false;
    }
    for (int i = 0; i < count; i++) {
        const char *file = arena_printf(loader->config->arena, "%s/%s", folder, names[i]->d_name);
        loader->out_of_memory |= file == NULL;
        if (file != NULL) {
            sources_add(loader, sources, file);
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
}

static void read_files(struct loader *loader, struct sources *sources, const char *path)
{
    struct span parent = span_of(path);
    parent = span_first(parent, (size_t)(span_find_last(parent, '/') + 1)); /* with its slash */
    const char *folder = arena_printf(loader->scratch, "%.*sconf.d", SPAN_ARG(parent));
    if (folder == NULL) {
        loader->out_of_memory = true;
        return;
    }
    sources_add(loader, sources, path);
    read_folder(loader, sources, folder);
}

struct config *config_load(const char *path, const struct config_table *const *tables,
                           struct config_report *report)
{
    size_t errors_before = config_report_count(report, CONFIG_ERROR);
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        config_complain(report, CONFIG_ERROR, NULL, path,
                        "there is no such file; write it, or name another one with -c");
        return NULL;
    }
    struct loader loader;
    if (loader_open(&loader, tables, report)) {
        struct sources sources = { NULL, 0, 0 };
        const char *file = arena_copy(loader.config->arena, span_of(path)).at;
        loader.out_of_memory |= file == NULL;
        if (file != NULL) {
            read_files(&loader, &sources, file);
            load_sources(&loader, &sources, file);
        }
        sources_free(&sources);
    }
    return loader_close(&loader, errors_before);
}

struct config *config_load_text(const char *name, struct span text,
                                const struct config_table *const *tables,
                                struct config_report *report)
{
    size_t errors_before = config_report_count(report, CONFIG_ERROR);
    struct loader loader;
    if (loader_open(&loader, tables, report)) {
        struct source source;
        const char *file = arena_copy(loader.config->arena, span_of(name)).at;
        loader.out_of_memory |= file == NULL;
        if (file != NULL && source_parse(&source, file, text, report)) {
            struct sources sources = { &source, 1, 1 };
            load_sources(&loader, &sources, file);
            source_free(&source);
        }
    }
    return loader_close(&loader, errors_before);
}

/* --- from what was kept --- */

static bool add_kept(struct loader *loader, struct sources *sources, struct span name,
                     struct span text)
{
    struct source *source = sources_next(loader, sources);
    const char *file = arena_copy(loader->config->arena, name).at;
    loader->out_of_memory |= file == NULL;
    if (source == NULL || file == NULL) {
        return false;
    }
    report_expect_file(loader->report, file);
    kept_add(&loader->config->kept, file, text);
    if (!source_parse(source, file, text, loader->report)) {
        return false;
    }
    sources->count++;
    return true;
}

static void load_kept(struct loader *loader, struct span kept)
{
    struct sources sources = { NULL, 0, 0 };
    struct span name, text;
    bool is_good = kept.size > 0;
    while (is_good && kept_next(&kept, &name, &text)) {
        is_good = add_kept(loader, &sources, name, text);
    }
    if (!is_good || kept.size > 0) {
        config_complain(loader->report, CONFIG_ERROR, NULL, NULL,
                        "what was kept of the configuration cannot be read");
    } else {
        load_sources(loader, &sources, sources.at[0].file);
    }
    sources_free(&sources);
}

struct config *config_load_kept(struct span kept, const struct config_table *const *tables,
                                struct config_report *report)
{
    size_t errors_before = config_report_count(report, CONFIG_ERROR);
    struct loader loader;
    if (loader_open(&loader, tables, report)) {
        load_kept(&loader, kept);
    }
    return loader_close(&loader, errors_before);
}

struct span config_kept(const struct config *config)
{
    return buffer_has_failed(&config->kept) ? SPAN("") : buffer_span(&config->kept);
}

/* --- looking at it --- */

static const struct record *find_record(const struct config *config,
                                        const struct config_table *table)
{
    for (size_t i = 0; i < config->table_count; i++) {
        if (config->tables[i] == table) {
            return &config->records[i];
        }
    }
    return NULL;
}

const void *config_settings(const struct config *config, const struct config_table *table)
{
    const struct record *record = find_record(config, table);
    return record != NULL ? record->at : NULL;
}

struct config_place config_where(const struct config *config, const struct config_table *table,
                                 const char *name)
{
    const struct record *record = find_record(config, table);
    for (size_t i = 0; record != NULL && i < record->row_count; i++) {
        if (record->places[i].file != NULL && strcmp(record->rows[i].name, name) == 0) {
            return record->places[i];
        }
    }
    return (struct config_place){ NULL, 0 };
}

bool config_is_set(const struct config *config, const struct config_table *table, const char *name)
{
    return config_where(config, table, name).file != NULL;
}
