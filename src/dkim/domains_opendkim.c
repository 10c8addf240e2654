/*
 * domains_opendkim: `domains = "opendkim:KEYTABLE,SIGNINGTABLE"`: OpenDKIM's own tables, read as
 * they are and read again when they change.
 *
 * A row of the SigningTable becomes an entry with the key it names. A table that cannot be read or
 * is no table refuses the configuration, so that a running snapshot keeps what it read before; what
 * is wrong with one row degrades that row's mail and is warned of with file and line. Identities
 * (i=) are not written.
 */
#include "dkim/domains_opendkim_private.h"

#include <string.h>

#include "util/file.h"

enum { MAX_BYTES = 64 << 20, SETTLE_S = 1 };

bool opendkim_read_rows(struct opendkim_builder *builder, struct span text, const char *path,
                        struct opendkim_rows *rows_r)
{
    struct error error;
    struct config_place place = { path, 0 };
    if (opendkim_rows_read(text, builder->domains->arena, rows_r, &place.line, &error)) {
        return true;
    }
    if (place.line > 0) {
        config_complain(builder->report, builder->severity, &place, NULL, "%s", error.text);
    } else {
        config_complain(builder->report, builder->severity, builder->place, "domains", "%s: %s",
                        path, error.text);
    }
    return false;
}

/* --- from rows to entries -------------------------------------------------------------------- */

static void warn_unaligned(struct opendkim_builder *builder, const struct opendkim_row *row,
                           const struct dkim_domain *entry)
{
    if (entry->d == NULL ||
        (!domains_is_any(entry->name) && domains_is_aligned(entry->d, entry->name))) {
        return;
    }
    opendkim_warn(builder, builder->signing_path, row->line,
                  "\"%s\" signs as %s, which is not aligned with %s, so DMARC does not count the "
                  "signature",
                  row->key.at, entry->d,
                  domains_is_any(entry->name) ? "every From domain" : entry->name);
}

/*
 * With MultipleSignatures rows of one pattern and one d= are one entry with several keys. NULL:
 * memory is out.
 */
static struct dkim_domain *entry_of(struct opendkim_builder *builder,
                                    const struct opendkim_form *form, const struct key_row *key,
                                    const char *d, bool *is_new_r)
{
    struct arena *arena = builder->domains->arena;
    const char *name = arena_printf(arena, "%s\n%s", form->pattern.at, d != NULL ? d : "%");
    struct dkim_domain *entry = name != NULL ? hash_table_get(builder->seen, span_of(name)) : NULL;
    *is_new_r = entry == NULL;
    if (entry != NULL || name == NULL) {
        return entry;
    }
    struct span local = span_first(form->pattern, form->pattern.size - form->domain.size);
    bool is_whole =
        form->is_one && span_is_equal(local, builder->opendkim->is_pattern ? SPAN("*@") : SPAN(""));
    entry = opendkim_new_entry(builder, key, form->name, d, is_whole ? NULL : form->pattern.at);
    bool is_kept = entry != NULL && hash_table_put(builder->seen, span_of(name), entry, NULL);
    return is_kept ? entry : NULL;
}

/* The d= of a key for a row; *d_r NULL: the From domain. False: memory is out. */
static bool domain_of(struct opendkim_builder *builder, const struct key_row *key,
                      const struct opendkim_form *form, const char **d_r)
{
    char ascii[DOMAIN_MAX];
    bool is_from = key->fault != NULL || !domain_to_ascii(key->key.domain, ascii);
    *d_r = is_from && form->is_one ? form->name : NULL;
    if (!is_from) {
        *d_r = arena_copy(builder->domains->arena, span_of(ascii)).at;
    }
    return is_from || *d_r != NULL;
}

/* What signs for the row into it; with neither entry nor table nothing new. False: memory is out.
 */
static bool answer(struct opendkim_builder *builder, const struct opendkim_row *row,
                   const struct opendkim_form *form, struct key_row *key, struct sender_row *sender)
{
    const char *d;
    bool is_new;
    if (!domain_of(builder, key, form, &d)) {
        return false;
    }
    bool is_filled = key->fault == NULL && d == NULL && span_find(key->key.file, '%') >= 0;
    if (is_filled) {
        sender->by_domain = opendkim_filled_keys(builder, key);
        return sender->by_domain != NULL;
    }
    struct dkim_domain *entry = entry_of(builder, form, key, d, &is_new);
    if (entry == NULL || !opendkim_add_key(builder, key, entry, span_of(d != NULL ? d : ""))) {
        return false;
    }
    if (is_new) {
        entry->line = row->line;
        warn_unaligned(builder, row, entry);
        sender->entry = entry;
    }
    return true;
}

/* The key is not there: the row's mail waits, as it does with OpenDKIM. */
static bool answer_without_key(struct opendkim_builder *builder, const struct opendkim_row *row,
                               const struct opendkim_form *form, struct span name,
                               struct sender_row *sender)
{
    opendkim_warn(builder, builder->signing_path, row->line,
                  "\"%s\": %s has no key \"%.*s\", so its mail cannot be signed", row->key.at,
                  builder->keys_path, SPAN_ARG(name));
    struct dkim_domain *entry = opendkim_new_entry(
        builder, NULL, form->name, form->is_one ? form->name : NULL, form->pattern.at);
    if (entry == NULL) {
        return false;
    }
    entry->line = row->line;
    sender->entry = entry;
    return true;
}

/* Is there a row with the same pattern that alone counts? */
static bool is_repeated(struct opendkim_builder *builder, const struct opendkim_row *row,
                        const struct opendkim_form *form)
{
    const struct opendkim *opendkim = builder->opendkim;
    if (hash_table_get(builder->seen, form->pattern) == NULL ||
        (opendkim->is_multiple && opendkim->is_pattern)) {
        return false;
    }
    opendkim_warn(builder, builder->signing_path, row->line,
                  "\"%s\" stands here a second time; only the first counts", row->key.at);
    return true;
}

static bool add_row(struct opendkim_builder *builder, const struct opendkim_row *row)
{
    struct arena *arena = builder->domains->arena;
    struct sender_row *sender = arena_alloc(arena, sizeof(*sender));
    struct opendkim_form form;
    struct span name, signer;
    bool is_good = true;
    if (!opendkim_name_read(row->value, &name, &signer)) {
        config_complain(builder->report, builder->severity,
                        &(struct config_place){ builder->signing_path, row->line }, NULL,
                        "\"%s\" names no key", row->key.at);
        return false;
    }
    if (signer.size > 0 && builder->signers.count++ == 0) {
        builder->signers.line = row->line;
    }
    if (row->key.size >= OPENDKIM_KEY_ROOM) {
        opendkim_warn(builder, builder->signing_path, row->line, "longer than any address");
        return true;
    }
    if (sender == NULL || !opendkim_read_form(builder, row->key, &form)) {
        return sender == NULL && domains_out_of_memory(builder->report);
    }
    if (opendkim_is_idle(builder, row, &form) || is_repeated(builder, row, &form)) {
        return true;
    }
    *sender =
        (struct sender_row){ .pattern = form.pattern, .domain = form.domain, .line = row->line };
    bool is_percent = span_is_equal(name, SPAN("%"));
    struct key_row *key = opendkim_find_key(builder, is_percent ? span_of(form.name) : name);
    if (is_percent && !form.is_one) {
        sender->by_domain = opendkim_named_keys(builder);
        is_good = sender->by_domain != NULL;
    } else if (key == NULL) {
        is_good =
            answer_without_key(builder, row, &form, is_percent ? span_of(form.name) : name, sender);
    } else {
        is_good = answer(builder, row, &form, key, sender);
    }
    bool is_filed = sender->entry != NULL || sender->by_domain != NULL;
    return is_good && ((hash_table_put(builder->seen, form.pattern, sender, NULL) &&
                        (!is_filed || opendkim_file_row(builder->opendkim, arena, sender))) ||
                       domains_out_of_memory(builder->report));
}

static bool read_signing(struct opendkim_builder *builder, struct span text)
{
    struct opendkim_rows rows;
    bool is_good = opendkim_read_rows(builder, text, builder->signing_path, &rows);
    for (size_t i = 0; is_good && i < rows.count; i++) {
        is_good = add_row(builder, &rows.at[i]);
    }
    if (builder->signers.count > 0) {
        opendkim_warn(builder, builder->signing_path, builder->signers.line,
                      "%u rows, this one first, name an identity of the signer; i= is not written",
                      builder->signers.count);
    }
    return is_good;
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool prepare(struct opendkim_builder *builder, const struct opendkim_spec *spec)
{
    struct opendkim *opendkim = builder->opendkim;
    struct arena *arena = builder->domains->arena;
    opendkim->is_pattern = spec->signing.is_pattern;
    opendkim->is_multiple = spec->is_multiple;
    opendkim->by_address = hash_table_new();
    opendkim->by_ending = hash_table_new();
    opendkim->by_domain = hash_table_new();
    builder->key_by_name = hash_table_new();
    builder->seen = hash_table_new();
    builder->keys_path = arena_copy(arena, spec->keys.path).at;
    builder->signing_path = arena_copy(arena, spec->signing.path).at;
    return (opendkim->by_address != NULL && opendkim->by_ending != NULL &&
            opendkim->by_domain != NULL && builder->key_by_name != NULL && builder->seen != NULL &&
            builder->keys_path != NULL && builder->signing_path != NULL) ||
           domains_out_of_memory(builder->report);
}

/* Nothing is known of who signs, so whatever would be signed waits. False: memory is out. */
static bool break_tables(struct opendkim_builder *builder)
{
    struct opendkim *opendkim = builder->opendkim;
    builder->domains->count = 0;
    opendkim->broken = opendkim_new_entry(builder, NULL, "*", NULL, NULL);
    bool is_watched =
        (opendkim->keys.path != NULL || table_source_watch(&opendkim->keys, builder->keys_path)) &&
        (opendkim->signing.path != NULL ||
         table_source_watch(&opendkim->signing, builder->signing_path));
    return (opendkim->broken != NULL && is_watched) || domains_out_of_memory(builder->report);
}

static bool build_tables(struct opendkim_builder *builder, const struct opendkim_spec *spec,
                         struct span keys, struct span signing)
{
    return opendkim_read_keys(builder, &spec->keys, keys) && read_signing(builder, signing);
}

/* The bytes of a table; false: complained of. */
static bool read_table(struct opendkim_builder *builder, struct table_source *source,
                       const char *path, struct buffer *text)
{
    struct error error;
    if (table_source_read(source, path, MAX_BYTES, SOURCE_FREE, text, &error)) {
        return true;
    }
    config_complain(builder->report, builder->severity, builder->place, "domains", "%s",
                    error.text);
    return false;
}

static bool begin(struct opendkim_builder *builder, const struct opendkim_spec *spec)
{
    struct dkim_domains *domains = builder->domains;
    builder->opendkim = domains->opendkim = arena_alloc(domains->arena, sizeof(struct opendkim));
    return builder->opendkim != NULL ? prepare(builder, spec)
                                     : domains_out_of_memory(builder->report);
}

static void finish(struct opendkim_builder *builder)
{
    hash_table_free(&builder->key_by_name);
    hash_table_free(&builder->seen);
}

bool domains_read_opendkim(struct dkim_domains *domains, const char *source, bool is_kept,
                           const struct config_place *place, struct config_report *report)
{
    struct opendkim_spec spec;
    struct error error;
    struct buffer keys = BUFFER_EMPTY, signing = BUFFER_EMPTY;
    struct opendkim_builder builder = { .domains = domains,
                                        .report = report,
                                        .place = place,
                                        .severity = is_kept ? CONFIG_WARNING : CONFIG_ERROR };
    if (!opendkim_spec_read(span_of(source), &spec, &error)) { /* its row has accepted it */
        config_complain(report, CONFIG_ERROR, place, "domains", "%s", error.text);
        return false;
    }
    bool is_ready = begin(&builder, &spec);
    bool is_good =
        is_ready && read_table(&builder, &builder.opendkim->keys, builder.keys_path, &keys) &&
        read_table(&builder, &builder.opendkim->signing, builder.signing_path, &signing) &&
        build_tables(&builder, &spec, buffer_span(&keys), buffer_span(&signing));
    buffer_free(&keys);
    buffer_free(&signing);
    finish(&builder);
    return is_good || (is_ready && is_kept && break_tables(&builder));
}

bool domains_read_opendkim_texts(struct dkim_domains *domains, const struct opendkim_spec *spec,
                                 struct span keys, struct span signing,
                                 struct config_report *report)
{
    const struct config_place place = { "texts", 1 };
    struct opendkim_builder builder = {
        .domains = domains, .report = report, .place = &place, .severity = CONFIG_ERROR
    };
    bool is_good = begin(&builder, spec) && build_tables(&builder, spec, keys, signing);
    finish(&builder);
    return is_good;
}

void domains_drop_opendkim(struct opendkim **opendkim)
{
    struct opendkim *dropped = *opendkim;
    *opendkim = NULL;
    if (dropped == NULL) {
        return;
    }
    for (struct owned_table *owned = dropped->owned; owned != NULL; owned = owned->next) {
        hash_table_free(&owned->table);
    }
    hash_table_free(&dropped->by_address);
    hash_table_free(&dropped->by_ending);
    hash_table_free(&dropped->by_domain);
    table_source_free(&dropped->keys);
    table_source_free(&dropped->signing);
}

/* --- changes --------------------------------------------------------------------------------- */

/* Has nobody written to it for a moment? Times ahead of ours are of another clock. */
static bool has_settled(const struct table_source *source)
{
    struct key_stamp stamp = key_stamp_take(source->path);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age_ns = ((int64_t)now.tv_sec - stamp.changed.tv_sec) * 1000000000 + now.tv_nsec -
                     stamp.changed.tv_nsec;
    return age_ns < 0 || age_ns >= (int64_t)SETTLE_S * 1000000000;
}

bool domains_opendkim_is_settled(const struct opendkim *opendkim)
{
    return has_settled(&opendkim->keys) && has_settled(&opendkim->signing);
}

bool domains_opendkim_is_stale(const struct opendkim *opendkim)
{
    return table_source_is_stale(&opendkim->keys) || table_source_is_stale(&opendkim->signing);
}

uint64_t domains_opendkim_mark(const struct opendkim *opendkim)
{
    return file_mark_join(table_source_mark(&opendkim->keys),
                          table_source_mark(&opendkim->signing));
}
