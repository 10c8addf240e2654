/*
 * fuzz_header: any bytes as a message file. The header read must agree with plain counts, both ways
 * to keep the space behind the colon must find the same fields, and a header written out again
 * reads back as it was; then edits are made, and undone.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/builder.h"
#include "message/edit.h"
#include "util/buffer.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define FIELDS_MODELLED 300 /* plain counts are quadratic */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_header: %s\n", what);
        abort();
    }
}

struct reading {
    struct header_list headers;
    struct buffer body;
};

static void collect(void *context, const void *bytes, size_t size)
{
    demand(size > 0, "an empty piece of body");
    buffer_add(context, bytes, size);
}

static struct reading read_file(struct span file, bool keeps_space, struct arena *arena)
{
    struct reading reading = { .body = BUFFER_EMPTY };

    header_list_init(&reading.headers, keeps_space);
    demand(message_read(file, arena, &reading.headers, collect, &reading.body), "memory");
    demand(!buffer_has_failed(&reading.body), "memory");
    return reading;
}

static bool has_octet(struct span text, char octet)
{
    return span_find(text, octet) >= 0;
}

static bool has_8bit(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.at[i] >= 0x80)
            return true;
    }
    return false;
}

/* Instances, identifiers and counts as they come out of looking at every pair of fields. */
static void check_counts(const struct header_list *list)
{
    uint32_t counts[HEADER_COUNT] = { 0 };

    for (size_t i = 0; i < list->count && i < FIELDS_MODELLED; i++) {
        const struct header_field *field = &list->fields[i];
        uint32_t instance = 0;

        for (size_t j = 0; j <= i; j++)
            instance += span_is_equal_nocase(list->fields[j].name, field->name);
        demand(field->instance == instance, "instance");
        demand(field->id == header_id_of(field->name), "identifier");
        counts[field->id]++;
    }
    if (list->count <= FIELDS_MODELLED)
        demand(memcmp(counts, list->counts, sizeof(counts)) == 0, "counts");
}

static void check_facts(const struct header_list *list)
{
    bool eight = false, nul = false, cr = false;
    size_t bytes = 0, longest = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct header_field *field = &list->fields[i];
        struct span rest = field->value, line;
        size_t line_size = field->name.size + 1 + (list->keeps_space ? 0 : 1);

        eight |= has_8bit(field->value) || has_8bit(field->name);
        nul |= has_octet(field->value, '\0');
        cr |= has_octet(field->value, '\r');
        while (span_cut(&rest, '\n', &line)) {
            line_size += line.size;
            longest = line_size > longest ? line_size : longest;
            bytes += line_size + 2;
            line_size = 0;
        }
    }
    demand(list->has_8bit == eight && list->has_nul == nul && list->has_bare_cr == cr, "octets");
    demand(list->bytes == bytes && list->longest_line == longest, "sizes");
    demand((list->longest_field != NULL) == (list->count > 0), "longest field");
}

/* What message_read() promises of a name and a value: printable, folds only. */
static void check_fields(const struct header_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct span name = list->fields[i].name, value = list->fields[i].value;

        demand(name.size > 0, "an empty name");
        for (size_t j = 0; j < name.size; j++)
            demand(name.at[j] > ' ' && name.at[j] < 0x7f && name.at[j] != ':', "octet in a name");
        for (size_t j = 0; j < value.size; j++)
            demand(value.at[j] != '\n' ||
                       (j + 1 < value.size && (value.at[j + 1] == ' ' || value.at[j + 1] == '\t')),
                   "a line end that folds nothing");
    }
}

static void check_list(const struct header_list *list)
{
    check_counts(list);
    check_facts(list);
    check_fields(list);
}

static bool is_same_field(const struct header_field *a, const struct header_field *b)
{
    return span_is_equal(a->name, b->name) && span_is_equal(a->value, b->value) && a->id == b->id &&
           a->instance == b->instance;
}

static bool is_same_list(const struct header_list *a, const struct header_list *b)
{
    if (a->count != b->count || a->bytes != b->bytes)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!is_same_field(&a->fields[i], &b->fields[i]))
            return false;
    }
    return memcmp(a->counts, b->counts, sizeof(a->counts)) == 0;
}

/* The two forms differ by the first blank of each value. */
static void check_space(const struct header_list *kept, const struct header_list *dropped)
{
    demand(kept->count == dropped->count, "the space decides about fields");
    for (size_t i = 0; i < kept->count; i++) {
        struct span value = kept->fields[i].value;

        if (value.size > 0 && value.at[0] == ' ')
            value = span_from(value, 1);
        demand(span_is_equal(value, dropped->fields[i].value), "the space decides about a value");
    }
}

/* Written with CRLF and read again: the same fields, the same body. */
static void check_written(const struct reading *reading, struct arena *arena)
{
    struct buffer file = BUFFER_EMPTY;
    struct reading again;

    for (size_t i = 0; i < reading->headers.count; i++) {
        struct span rest = reading->headers.fields[i].value, line;

        buffer_add_span(&file, reading->headers.fields[i].name);
        buffer_add_char(&file, ':');
        while (span_cut(&rest, '\n', &line)) {
            buffer_add_span(&file, line);
            buffer_add_text(&file, "\r\n");
        }
    }
    buffer_add_text(&file, "\r\n");
    buffer_add_span(&file, buffer_span(&reading->body));
    demand(!buffer_has_failed(&file), "memory");
    again = read_file(buffer_span(&file), true, arena);
    demand(is_same_list(&reading->headers, &again.headers), "written fields differ");
    demand(span_is_equal(buffer_span(&reading->body), buffer_span(&again.body)),
           "written body differs");
    buffer_free(&file);
    buffer_free(&again.body);
}

static void add_edit(struct edit_list *edits, struct arena *arena, enum edit_kind kind,
                     const struct header_field *field, struct span value, uint32_t instance)
{
    demand(edit_add(edits, arena, kind, field->name, value, instance) != NULL, "memory");
}

/*
 * A copy of a field put on top and one of another at the end, then both taken away again by the
 * numbers they have in the view: the header is as it was. Every third field is replaced and put
 * back on the way.
 */
static void check_edits(const struct header_list *list, const uint8_t *seed, size_t seed_size,
                        struct arena *arena)
{
    size_t draw = seed_size > 0 ? seed[seed_size / 2] : 0;
    struct edit_list there, back;
    struct header_list view, again;
    const struct header_field *top, *bottom;

    if (list->count == 0)
        return;
    top = &list->fields[draw % list->count];
    bottom = &list->fields[draw / 2 % list->count];
    edit_list_init(&there);
    edit_list_init(&back);
    add_edit(&there, arena, EDIT_PREPEND, top, SPAN(" top"), 0);
    add_edit(&there, arena, EDIT_APPEND, bottom, SPAN(" bottom"), 0);
    for (size_t i = draw % 3; i < list->count; i += 3)
        add_edit(&there, arena, EDIT_REPLACE, &list->fields[i], SPAN(" replaced"),
                 list->fields[i].instance);
    demand(edit_view(list, &there, arena, &view), "memory");
    demand(view.count == list->count + 2, "fields of the view");
    check_list(&view);
    add_edit(&back, arena, EDIT_DELETE, bottom, SPAN(""), view.fields[view.count - 1].instance);
    for (size_t i = draw % 3; i < list->count; i += 3)
        add_edit(&back, arena, EDIT_REPLACE, &list->fields[i], list->fields[i].value,
                 view.fields[i + 1].instance);
    add_edit(&back, arena, EDIT_DELETE, top, SPAN(""), 1);
    demand(edit_view(&view, &back, arena, &again), "memory");
    demand(is_same_list(list, &again), "edits undone are not what was before");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span file = { (const char *)data, size };
    struct arena *arena = arena_new(ARENA_BYTES);
    struct reading kept, dropped;

    demand(arena != NULL, "memory");
    kept = read_file(file, true, arena);
    dropped = read_file(file, false, arena);
    check_list(&kept.headers);
    check_list(&dropped.headers);
    check_space(&kept.headers, &dropped.headers);
    demand(span_is_equal(buffer_span(&kept.body), buffer_span(&dropped.body)),
           "the space decides about the body");
    check_written(&kept, arena);
    check_edits(&kept.headers, data, size, arena);
    buffer_free(&kept.body);
    buffer_free(&dropped.body);
    arena_free(&arena);
    return 0;
}
