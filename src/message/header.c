/*
 * header: what is known of a field is found out when it is added; all else here is looking up.
 *
 * Fails by the arena only. What a value means is for others (address, checks).
 */
#include "message/header.h"
#include "message/header_private.h"
#include "message/name_count_private.h"

#include <stdint.h>

#define ROOM_FIRST 32 /* more fields than most mail has */

static const struct span names[HEADER_COUNT] = {
#define HEADER_NAME(id, name) [HEADER_##id] = { name, sizeof(name) - 1 },
    HEADER_ROWS(HEADER_NAME)
#undef HEADER_NAME
};

/* The identifiers by the length of their names; 0 (HEADER_OTHER) ends a row. */
static const uint8_t ids_by_size[][5] = {
    [2] = { HEADER_TO, HEADER_CC },
    [3] = { HEADER_BCC },
    [4] = { HEADER_FROM, HEADER_DATE },
    [6] = { HEADER_SENDER },
    [7] = { HEADER_SUBJECT, HEADER_LIST_ID },
    [8] = { HEADER_RECEIVED, HEADER_REPLY_TO },
    [9] = { HEADER_RESENT_TO, HEADER_RESENT_CC, HEADER_LIST_HELP, HEADER_LIST_POST },
    [10] = { HEADER_MESSAGE_ID, HEADER_REFERENCES, HEADER_CONTENT_ID, HEADER_LIST_OWNER },
    [11] = { HEADER_IN_REPLY_TO, HEADER_RETURN_PATH, HEADER_RESENT_DATE, HEADER_RESENT_FROM },
    [12] = { HEADER_MIME_VERSION, HEADER_CONTENT_TYPE, HEADER_LIST_ARCHIVE },
    [13] = { HEADER_RESENT_SENDER },
    [14] = { HEADER_DKIM_SIGNATURE, HEADER_AUTO_SUBMITTED, HEADER_LIST_SUBSCRIBE },
    [15] = { HEADER_EGRESS_TICKET },
    [16] = { HEADER_LIST_UNSUBSCRIBE },
    [17] = { HEADER_RESENT_MESSAGE_ID },
    [19] = { HEADER_CONTENT_DESCRIPTION },
    [21] = { HEADER_LIST_UNSUBSCRIBE_POST },
    [22] = { HEADER_AUTHENTICATION_RESULTS },
    [25] = { HEADER_CONTENT_TRANSFER_ENCODING },
};

enum header_id header_id_of(struct span name)
{
    const uint8_t *row;

    if (name.size >= sizeof(ids_by_size) / sizeof(ids_by_size[0]))
        return HEADER_OTHER;
    row = ids_by_size[name.size];
    while (*row != HEADER_OTHER && !span_is_equal_nocase(names[*row], name))
        row++;
    return *row;
}

struct span header_name(enum header_id id)
{
    return names[id];
}

void header_list_init(struct header_list *list, bool keeps_space)
{
    *list = (struct header_list){ .keeps_space = keeps_space };
}

/* Room for one field more. The array moves, and longest_field with it. */
static bool make_room(struct header_list *list, struct arena *arena)
{
    size_t room = list->room > 0 ? list->room * 2 : ROOM_FIRST;
    struct header_field *fields;

    if (list->count < list->room)
        return true;
    fields = arena_array(arena, room, sizeof(*fields));
    if (fields == NULL)
        return false;
    if (list->count > 0)
        memcpy(fields, list->fields, list->count * sizeof(*fields));
    if (list->longest_field != NULL)
        list->longest_field = fields + (list->longest_field - list->fields);
    list->fields = fields;
    list->room = room;
    return true;
}

static bool next_instance(struct header_list *list, struct arena *arena, struct header_field *field)
{
    if (field->id == HEADER_OTHER) {
        uint32_t *count = name_count(&list->names, arena, field->name);

        if (count == NULL)
            return false;
        field->instance = ++*count;
        list->counts[HEADER_OTHER]++;
    } else {
        field->instance = ++list->counts[field->id];
    }
    return true;
}

#define EVERY_OCTET(octet) (UINT64_C(0x0101010101010101) * (octet))

/* A mark (0x80) in some octet if one of the eight is 0. */
static uint64_t mark_zero(uint64_t word)
{
    return (word - EVERY_OCTET(0x01)) & ~word & EVERY_OCTET(0x80);
}

struct octet_marks {
    uint64_t high, nul, cr;
};

static void mark_octets(struct octet_marks *marks, uint64_t word)
{
    marks->high |= word & EVERY_OCTET(0x80);
    marks->nul |= mark_zero(word);
    marks->cr |= mark_zero(word ^ EVERY_OCTET('\r'));
}

static void note_octets(struct header_list *list, struct span text)
{
    struct octet_marks marks = { 0, 0, 0 };
    uint64_t word;
    size_t i;

    for (i = 0; i + sizeof(word) <= text.size; i += sizeof(word)) {
        memcpy(&word, text.at + i, sizeof(word));
        mark_octets(&marks, word);
    }
    if (i < text.size) {
        word = EVERY_OCTET(' ');
        memcpy(&word, text.at + i, text.size - i);
        mark_octets(&marks, word);
    }
    list->has_8bit |= marks.high != 0;
    list->has_nul |= marks.nul != 0;
    list->has_bare_cr |= marks.cr != 0;
}

static void note_line(struct header_list *list, const struct header_field *field, size_t size)
{
    uint32_t octets = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;

    list->bytes += size + 2;
    if (octets > list->longest_line) {
        list->longest_line = octets;
        list->longest_field = field;
    }
}

static void note_lines(struct header_list *list, const struct header_field *field)
{
    struct span rest = field->value, line;
    /* Without leading spaces the MTA has eaten the one after the colon and will add one. */
    size_t before = field->name.size + 1 + (list->keeps_space ? 0 : 1);

    while (span_cut(&rest, '\n', &line)) {
        note_line(list, field, before + line.size);
        before = 0;
    }
}

bool header_list_attach(struct header_list *list, struct arena *arena, struct span name,
                        struct span value)
{
    struct header_field field = { .name = name, .value = value, .id = header_id_of(name) };
    struct header_field *place;

    if (value.at == NULL)
        field.value = SPAN("");
    if (!make_room(list, arena) || !next_instance(list, arena, &field))
        return false;
    place = (struct header_field *)list->fields + list->count++;
    *place = field;
    note_octets(list, place->name);
    note_octets(list, place->value);
    note_lines(list, place);
    return true;
}

bool header_list_add(struct header_list *list, struct arena *arena, struct span name,
                     struct span value)
{
    size_t size;
    char *copy;

    /* Room first: a field that does not get in leaves no trace but used memory. */
    if (!make_room(list, arena) || __builtin_add_overflow(name.size + 2, value.size, &size))
        return false;
    copy = arena_alloc(arena, size);
    if (copy == NULL)
        return false;
    if (name.size > 0)
        memcpy(copy, name.at, name.size);
    name.at = copy;
    copy += name.size + 1;
    if (value.size > 0)
        memcpy(copy, value.at, value.size);
    value.at = copy;
    return header_list_attach(list, arena, name, value);
}

const struct header_field *header_first(const struct header_list *list, enum header_id id)
{
    if (list->counts[id] == 0)
        return NULL;
    for (size_t i = 0; i < list->count; i++) {
        if (list->fields[i].id == id)
            return &list->fields[i];
    }
    return NULL;
}

static bool is_same_name(const struct header_field *a, const struct header_field *b)
{
    return a->id == b->id && (a->id != HEADER_OTHER || span_is_equal_nocase(a->name, b->name));
}

const struct header_field *header_next(const struct header_list *list,
                                       const struct header_field *after)
{
    const struct header_field *end = list->fields + list->count;

    for (const struct header_field *field = after + 1; field < end; field++) {
        if (is_same_name(field, after))
            return field;
    }
    return NULL;
}

const struct header_field *header_find(const struct header_list *list, struct span name)
{
    enum header_id id = header_id_of(name);

    if (id != HEADER_OTHER)
        return header_first(list, id);
    for (size_t i = 0; i < list->count; i++) {
        if (list->fields[i].id == id && span_is_equal_nocase(list->fields[i].name, name))
            return &list->fields[i];
    }
    return NULL;
}

struct span header_unfold(const struct header_field *field, struct arena *arena)
{
    struct span rest = span_trim(field->value), line;
    struct span text = { arena_alloc(arena, rest.size + 1), 0 };
    char *end = (char *)text.at;

    if (text.at == NULL)
        return text;
    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 0)
            memcpy(end, line.at, line.size);
        end += line.size;
    }
    text.size = (size_t)(end - text.at);
    return text;
}
