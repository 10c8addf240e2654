/*
 * opendkim_conf: a name, blanks, a value; '#' begins a comment wherever it stands. Fails at a line
 * without a value, as OpenDKIM does, naming file and line.
 */
#include "ctl/opendkim_conf.h"

#include <string.h>

#include "util/buffer.h"
#include "util/file.h"

enum { LEVELS_MAX = 5, FILE_MAX_BYTES = 16 << 20, SETTINGS_FIRST = 64 };

/* What is being read. */
struct reader {
    struct opendkim_conf *conf;
    const char *file;
    unsigned line;
    bool includes;
    unsigned level;
    struct error *error;
};

static bool read_file(struct reader *reader);

/* NULL: no memory, or too many. */
static struct opendkim_setting *add(struct opendkim_conf *conf)
{
    if (conf->count == OPENDKIM_SETTINGS_MAX) {
        return NULL;
    }
    if (conf->count == conf->room) {
        size_t room = conf->room > 0 ? conf->room * 2 : SETTINGS_FIRST;
        struct opendkim_setting *grown = arena_array(conf->arena, room, sizeof(*grown));
        if (grown == NULL) {
            return NULL;
        }
        if (conf->count > 0) {
            memcpy(grown, conf->at, conf->count * sizeof(*grown));
        }
        conf->at = grown;
        conf->room = room;
    }
    return &conf->at[conf->count++];
}

static bool take(struct reader *reader, struct span name, struct span value)
{
    struct opendkim_conf *conf = reader->conf;
    const char *kept_name = arena_copy(conf->arena, name).at;
    const char *kept_value = arena_copy(conf->arena, value).at;
    if (reader->includes && span_is_equal_nocase(name, SPAN("Include")) && kept_value != NULL) {
        struct reader inner = *reader;
        inner.file = opendkim_conf_path(conf, value);
        inner.level++;
        return inner.file != NULL && read_file(&inner);
    }
    struct opendkim_setting *setting = kept_name != NULL && kept_value != NULL ? add(conf) : NULL;
    if (setting == NULL) {
        error_set(reader->error, "%s:%u: more settings than can be read", reader->file,
                  reader->line);
        return false;
    }
    *setting = (struct opendkim_setting){ kept_name, kept_value, reader->file, reader->line };
    return true;
}

static struct span without_comment(struct span line)
{
    ptrdiff_t hash = span_find(line, '#');
    return span_trim(hash >= 0 ? span_first(line, (size_t)hash) : line);
}

static size_t word_size(struct span text)
{
    size_t size = 0;
    while (size < text.size && text.at[size] != ' ' && text.at[size] != '\t') {
        size++;
    }
    return size;
}

static bool parse(struct reader *reader, struct span text)
{
    struct span line;
    if (text.size > 0 && memchr(text.at, '\0', text.size) != NULL) {
        error_set(reader->error, "%s: a NUL byte; this is no text file", reader->file);
        return false;
    }
    for (reader->line = 1; span_cut(&text, '\n', &line); reader->line++) {
        struct span row = without_comment(line);
        struct span name = span_first(row, word_size(row));
        struct span value = span_trim(span_from(row, name.size));
        if (name.size == 0) {
            continue;
        }
        if (value.size == 0) {
            error_set(reader->error, "%s:%u: %.*s has no value", reader->file, reader->line,
                      (int)(name.size < 80 ? name.size : 80), name.at);
            return false;
        }
        if (!take(reader, name, value)) {
            return false;
        }
    }
    return true;
}

static bool read_file(struct reader *reader)
{
    struct buffer text = BUFFER_EMPTY;
    if (reader->level > LEVELS_MAX) {
        error_set(reader->error, "%s: included more than %d levels deep", reader->file, LEVELS_MAX);
        return false;
    }
    bool is_good = file_read(reader->file, FILE_MAX_BYTES, &text, reader->error) &&
                   parse(reader, buffer_span(&text));
    buffer_free(&text);
    return is_good;
}

bool opendkim_conf_parse(struct opendkim_conf *conf, const char *file, struct span text,
                         bool includes, struct error *error)
{
    struct reader reader = { conf, file, 0, includes, 0, error };
    return parse(&reader, text);
}

bool opendkim_conf_read(struct opendkim_conf *conf, const char *path, struct error *error)
{
    struct reader reader = { conf, path, 0, true, 0, error };
    return read_file(&reader);
}

const struct opendkim_setting *opendkim_conf_get(const struct opendkim_conf *conf, const char *name)
{
    for (size_t i = conf->count; i > 0; i--) {
        if (span_is_equal_nocase(span_of(conf->at[i - 1].name), span_of(name))) {
            return &conf->at[i - 1];
        }
    }
    return NULL;
}

bool opendkim_conf_is_true(const struct opendkim_conf *conf, const char *name)
{
    const struct opendkim_setting *setting = opendkim_conf_get(conf, name);
    return setting != NULL && strchr("TtYy1", setting->value[0]) != NULL;
}

const char *opendkim_conf_path(const struct opendkim_conf *conf, struct span path)
{
    const struct opendkim_setting *base = opendkim_conf_get(conf, "BaseDirectory");
    if (base == NULL || (path.size > 0 && path.at[0] == '/')) {
        return arena_copy(conf->arena, path).at;
    }
    return arena_printf(conf->arena, "%s/%.*s", base->value, SPAN_ARG(path));
}

/* --- data sets ------------------------------------------------------------------------------- */

static bool take_item(struct reader *reader, const struct opendkim_setting *setting,
                      struct span item)
{
    return item.size == 0 || take(reader, span_of(setting->name), item);
}

static bool read_list(struct reader *reader, const struct opendkim_setting *setting,
                      struct span list)
{
    struct span item;
    while (span_cut(&list, ',', &item)) {
        if (!take_item(reader, setting, span_trim(item))) {
            return false;
        }
    }
    return true;
}

static bool read_items(struct reader *reader, const struct opendkim_setting *setting,
                       struct span text)
{
    struct span line;
    for (reader->line = 1; span_cut(&text, '\n', &line); reader->line++) {
        struct span row = without_comment(line);
        if (!take_item(reader, setting, span_first(row, word_size(row)))) {
            return false;
        }
    }
    return true;
}

/* Types of data sets that nobody but OpenDKIM reads. What else has a colon may be an address. */
static bool is_other_type(struct span type)
{
    static const char *const types[] = { "db",  "dsn", "ldap",     "ldaps",  "ldapi",
                                         "lua", "mdb", "memcache", "erlang", "socket" };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (span_is_equal_nocase(type, span_of(types[i]))) {
            return true;
        }
    }
    return false;
}

bool opendkim_conf_items(const struct opendkim_conf *conf, const struct opendkim_setting *setting,
                         struct opendkim_conf *items_r, struct error *error)
{
    struct span value = span_of(setting->value);
    ptrdiff_t colon = span_find(value, ':');
    struct span type = span_first(value, colon > 0 ? (size_t)colon : 0);
    bool is_list = span_is_equal_nocase(type, SPAN("csl"));
    bool has_type = is_list || span_is_equal_nocase(type, SPAN("file")) ||
                    span_is_equal_nocase(type, SPAN("refile"));
    *items_r = (struct opendkim_conf){ .arena = conf->arena };
    struct reader reader = { items_r, setting->file, setting->line, false, 0, error };
    if (is_other_type(type)) {
        error_set(error, "a data set of type \"%.*s\" cannot be read", (int)type.size, type.at);
        return false;
    }
    struct span rest = has_type ? span_from(value, type.size + 1) : value;
    if (is_list || (!has_type && value.at[0] != '/')) {
        return read_list(&reader, setting, rest);
    }
    struct buffer text = BUFFER_EMPTY;
    reader.file = opendkim_conf_path(conf, rest);
    bool is_good = reader.file != NULL && file_read(reader.file, FILE_MAX_BYTES, &text, error) &&
                   read_items(&reader, setting, buffer_span(&text));
    buffer_free(&text);
    return is_good;
}
