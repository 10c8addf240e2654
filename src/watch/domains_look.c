/*
 * domains_look: what is common to all looks: names of the kinds, faults, and the one text.
 */
#include "watch/domains_look.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/buffer.h"
#include "util/siphash.h"
#include "watch/domains_private.h"

#define SHOWN_MAX 120

const char *domains_kind_name(enum domains_kind kind)
{
    static const char *const names[DOMAINS_KIND_COUNT] = { "spf", "dmarc", "mx", "ptr", "helo" };
    return names[kind];
}

const char *domains_kind_title(enum domains_kind kind)
{
    static const char *const titles[DOMAINS_KIND_COUNT] = { "SPF", "DMARC", "MX", "PTR", "HELO" };
    return titles[kind];
}

#define ESCAPE_SIZE 4 /* \\xNN */

static bool is_plain(char c)
{
    return c >= 0x20 && c <= 0x7e && c != '\\';
}

/* Printable and at most max - 1 octets; .at NULL: memory. */
static struct span make_printable(struct arena *arena, struct span text, size_t max)
{
    char *out = arena_alloc(arena, max);
    size_t size = 0;
    if (out == NULL) {
        return (struct span){ NULL, 0 };
    }
    for (size_t i = 0; i < text.size && size + ESCAPE_SIZE < max; i++) {
        if (is_plain(text.at[i])) {
            out[size++] = text.at[i];
        } else {
            size += (size_t)snprintf(out + size, ESCAPE_SIZE + 1, "\\x%02x",
                                     (unsigned)(unsigned char)text.at[i]);
        }
    }
    return (struct span){ out, size };
}

const char *domains_shown(struct span text, struct arena *arena)
{
    struct span shown = make_printable(arena, text, SHOWN_MAX);
    return shown.at != NULL ? shown.at : "?";
}

static struct span make_code(struct arena *arena, const char *kind, const char *about)
{
    const char *code =
        about != NULL ? arena_printf(arena, "%s %s", kind, about) : arena_printf(arena, "%s", kind);
    return make_printable(arena, span_of(code), DOMAINS_CODE_MAX);
}

void domains_look_add(struct domains_look *look, struct arena *arena, enum domains_weight weight,
                      const char *kind, const char *about, const char *format, ...)
{
    va_list args;
    if (look->fault_count == DOMAINS_FAULTS_MAX) {
        look->more++;
        return;
    }
    va_start(args, format);
    const char *text = arena_vprintf(arena, format, args);
    va_end(args);
    look->faults[look->fault_count++] = (struct domains_fault){
        .weight = weight,
        .code = make_code(arena, kind, about),
        .text = make_printable(arena, span_of(text), DOMAINS_REMARK_MAX),
    };
}

static int compare(const void *a, const void *b)
{
    const struct span *one = a;
    const struct span *other = b;
    size_t size = one->size < other->size ? one->size : other->size;
    int order = size > 0 ? memcmp(one->at, other->at, size) : 0;
    return order != 0 ? order : (one->size > other->size) - (one->size < other->size);
}

/* What is too long to be kept ends in a number for the whole, so that a change behind the cut is
 * one, too. */
static struct span cut(struct arena *arena, struct span text)
{
    static const uint64_t key[2] = { 0, 0 };
    struct span printable = make_printable(arena, text, text.size * ESCAPE_SIZE + ESCAPE_SIZE + 1);
    if (printable.size < DOMAINS_TEXT_MAX) {
        return printable;
    }
    const char *out =
        arena_printf(arena, "%.*s~ (%zu octets, %016" PRIx64 ")", DOMAINS_TEXT_MAX - 60,
                     printable.at, text.size, siphash(key, text));
    return span_of(out);
}

void domains_look_tell(struct domains_look *look, struct arena *arena, const struct span *parts,
                       size_t count, const char *separator)
{
    struct span *sorted = arena_array(arena, count + 1, sizeof(*sorted));
    struct buffer text = BUFFER_EMPTY;
    look->is_text_known = true;
    if (sorted == NULL || parts == NULL) {
        return; /* domains_look_end() sees it */
    }
    if (count > 0) {
        memcpy(sorted, parts, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), compare);
    }
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(&text, i > 0 ? separator : "");
        buffer_add_span(&text, sorted[i]);
    }
    look->text = cut(arena, buffer_span(&text));
    look->is_text_known = !buffer_has_failed(&text);
    buffer_free(&text);
}

struct span *domains_data(const struct dns_answer *answer, struct arena *arena)
{
    struct span *data = arena_array(arena, answer->count + 1, sizeof(*data));
    for (size_t i = 0; data != NULL && i < answer->count; i++) {
        data[i] = answer->records[i].data;
    }
    return data;
}

bool domains_look_end(struct domains_look *look, const struct arena *arena)
{
    if (arena_is_exhausted(arena)) {
        *look = (struct domains_look){ .is_text_known = false };
    } else if (look->more > 0) {
        /* The last makes room for the count, which is no other fault when it grows. */
        struct domains_fault *last = &look->faults[DOMAINS_FAULTS_MAX - 1];
        *last = (struct domains_fault){ .weight = DOMAINS_FAULT,
                                        .code = SPAN("more"),
                                        .text = SPAN("more is wrong than is listed") };
    }
    return true;
}
