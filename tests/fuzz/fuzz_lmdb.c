/*
 * fuzz_lmdb: any bytes as the file of an lmdb table. Walking ends, stays within the file, and hands
 * out no more than could lie there.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "state/lmdb_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct span file;
    size_t rows;
    unsigned sum;
};

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_lmdb: %s\n", what);
        abort();
    }
}

static void look(struct seen *seen, struct span text)
{
    demand(text.at >= seen->file.at && text.size <= seen->file.size &&
               (size_t)(text.at - seen->file.at) <= seen->file.size - text.size,
           "a text outside the file");
    for (size_t i = 0; i < text.size; i++) {
        seen->sum += (uint8_t)text.at[i];
    }
}

static bool take(void *context, struct span key, struct span value)
{
    struct seen *seen = context;
    look(seen, key);
    look(seen, value);
    seen->rows++;
    return true;
}

/* What is read lies in memory of the reader's. */
static bool take_copy(void *context, struct span key, struct span value)
{
    struct seen *seen = context;
    for (size_t i = 0; i < key.size; i++) {
        seen->sum += (uint8_t)key.at[i];
    }
    for (size_t i = 0; i < value.size; i++) {
        seen->sum += (uint8_t)value.at[i];
    }
    return true;
}

struct bytes {
    struct lmdb_source source;
    const char *at;
};

static bool read_bytes(const struct lmdb_source *source, size_t at, char *bytes_r, size_t size,
                       struct error *error)
{
    (void)error;
    demand(at <= source->size && size <= source->size - at, "a read outside the file");
    memcpy(bytes_r, ((const struct bytes *)source)->at + at, size);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = { .file = { (const char *)data, size } };
    struct error error = { "" };
    if (size > 0) {
        bool good = lmdb_pages_walk(seen.file, take, &seen, &error);
        demand(good || error.text[0] != '\0', "refused without a word");
        demand(seen.rows <= size / 2, "more rows than there is room for");
        struct bytes bytes = { .source = { .size = size, .read = read_bytes }, .at = seen.file.at };
        if (lmdb_pages_extent(seen.file) < size) {
            bytes.source.size = lmdb_pages_extent(seen.file);
        }
        bool sound = lmdb_pages_are_sound(&bytes.source, take_copy, &seen, &error);
        demand(!sound || good, "sound, and cannot be walked");
    }
    return 0;
}
