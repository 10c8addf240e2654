/*
 * jsonl: reads the lines of JSON the corpus consists of (RFC 8259, one value per line).
 *
 * Tolerant: it takes what it knows to be well-formed and checks only what it needs in order to stop
 * in time. Text is UTF-8; \u0000 to \u00FF become octets of that value where the reader is told so.
 */
#ifndef TESTS_CORPUS_JSONL_H
#define TESTS_CORPUS_JSONL_H

#include <stdbool.h>

#include "util/arena.h"
#include "util/span.h"

enum jsonl_kind {
    JSONL_NULL,
    JSONL_FALSE,
    JSONL_TRUE,
    JSONL_NUMBER,
    JSONL_TEXT,
    JSONL_ARRAY,
    JSONL_OBJECT
};

struct jsonl {
    enum jsonl_kind kind;
    struct span name; /* of a member of an object */
    struct span text; /* of TEXT, unescaped; of NUMBER, as written */
    const struct jsonl *first, *next;
};

/* NULL: the line is no JSON, or memory is out. With `octets`, \u0080 to \u00FF are single octets.
 */
const struct jsonl *jsonl_parse(struct span line, bool octets, struct arena *arena);
/* A member of an object; NULL when there is none (or `value` is NULL or no object). */
const struct jsonl *jsonl_get(const struct jsonl *value, const char *name);
/* The text of a member; absent when there is none or it is null. */
struct span jsonl_text(const struct jsonl *value, const char *name);
/* The number of a member, or `otherwise`. */
long jsonl_number(const struct jsonl *value, const char *name, long otherwise);
size_t jsonl_count(const struct jsonl *value);

/* A file below the folder EGRESS_CORPUS names. False: it is not there, or memory is out. */
bool corpus_read(const char *path, struct arena *arena, struct span *file_r);

#endif
