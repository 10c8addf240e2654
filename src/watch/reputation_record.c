/*
 * reputation_record: the kept form of a listing: one line each, texts at their ends.
 *
 *     1 SINCE LOOKED CODE LF MEANS LF PAGE LF TEXT
 */
#include <inttypes.h>
#include <stdio.h>

#include "watch/reputation.h"

#define LAYOUT 1

void reputation_record_write(const struct reputation_record *record, struct buffer *out)
{
    buffer_printf(out, "%d %" PRId64 " %" PRId64 " %s\n%s\n%s\n%s", LAYOUT, record->since_s,
                  record->looked_s, record->code, record->means, record->page, record->text);
}

static void take(struct span *rest, char *out, size_t room)
{
    struct span line = { NULL, 0 };
    (void)span_cut(rest, '\n', &line);
    snprintf(out, room, "%.*s", SPAN_ARG(line));
}

bool reputation_record_read(struct span bytes, struct reputation_record *record_r)
{
    char head[120];
    int layout = 0;
    *record_r = (struct reputation_record){ .since_s = 0 };
    take(&bytes, head, sizeof(head));
    if (sscanf(head, "%d %" SCNd64 " %" SCNd64 " %15s", &layout, &record_r->since_s,
               &record_r->looked_s, record_r->code) != 4 ||
        layout != LAYOUT) {
        return false;
    }
    take(&bytes, record_r->means, sizeof(record_r->means));
    take(&bytes, record_r->page, sizeof(record_r->page));
    take(&bytes, record_r->text, sizeof(record_r->text));
    return true;
}

bool reputation_key_read(struct span key, struct span *zone_r, struct span *name_r)
{
    struct span prefix = SPAN(REPUTATION_KEY_PREFIX);
    if (!span_has_prefix_nocase(key, prefix)) {
        return false;
    }
    key = span_from(key, prefix.size);
    ptrdiff_t slash = span_find(key, '/');
    if (slash <= 0) {
        return false;
    }
    *zone_r = span_first(key, (size_t)slash);
    *name_r = span_from(key, (size_t)slash + 1);
    return name_r->size > 0;
}
