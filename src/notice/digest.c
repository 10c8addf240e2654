/*
 * digest: one record a kind: a line of numbers, its first the layout, and the lines.
 */
#include "notice/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LAYOUT "1"
#define HEAD_MAX 160
#define TEXT_MAX (DIGEST_LINES_MAX * (DIGEST_LINE_MAX + 1))

static struct span key_of(enum notice_kind kind, char out[static 64])
{
    int size = snprintf(out, 64, "digest/%s", notice_kinds[kind].name);

    return (struct span){ out, (size_t)size };
}

/* Of another layout, or damaged: as if nothing were there. */
static struct digest read_digest(struct span bytes)
{
    struct digest digest = { 0 };
    struct span rest = bytes, head;
    char text[HEAD_MAX];

    if (!span_cut(&rest, '\n', &head) || head.size >= sizeof(text)) {
        return digest;
    }
    snprintf(text, sizeof(text), "%.*s", SPAN_ARG(head));
    if (sscanf(text, LAYOUT " %" SCNd64 " %" SCNd64 " %u %" SCNu64 " %" SCNu64, &digest.mailed_s,
               &digest.hour_s, &digest.mails, &digest.lines, &digest.more) != 5) {
        return (struct digest){ 0 };
    }
    digest.text = rest;
    if (digest.lines > DIGEST_LINES_MAX || rest.size > TEXT_MAX) {
        return (struct digest){ 0 }; /* it would never fit into a mail */
    }
    return digest;
}

/* `digest->text` may lie in `out`. */
static bool write_digest(const struct digest *digest, struct span last, struct buffer *out)
{
    struct buffer bytes = BUFFER_EMPTY;

    buffer_printf(&bytes, LAYOUT " %" PRId64 " %" PRId64 " %u %" PRIu64 " %" PRIu64 "\n",
                  digest->mailed_s, digest->hour_s, digest->mails, digest->lines, digest->more);
    buffer_add_span(&bytes, digest->text);
    buffer_add_span(&bytes, last);
    if (buffer_has_failed(&bytes)) {
        buffer_free(&bytes);
        return false;
    }
    buffer_free(out);
    *out = bytes;
    return true;
}

struct noting {
    struct span line; /* with its LF */
};

static bool add_line(struct buffer *value_io, bool is_found, void *context)
{
    const struct noting *noting = context;
    struct digest digest = read_digest(buffer_span(value_io));
    struct span last = noting->line;

    (void)is_found;
    if (digest.lines < DIGEST_LINES_MAX) {
        digest.lines++;
    } else {
        digest.more++;
        last = SPAN("");
    }
    return write_digest(&digest, last, value_io);
}

bool digest_note(struct store *store, enum notice_kind kind, struct span line)
{
    char key[64], text[DIGEST_LINE_MAX + 2];
    int size = snprintf(text, sizeof(text), "%.*s\n", SPAN_ARG(span_first(line, DIGEST_LINE_MAX)));
    struct noting noting = { { text, (size_t)size } };

    return store_update(store, STORE_NOTICES, key_of(kind, key), STORE_SOON, add_line, &noting);
}

bool digest_load(struct store *store, enum notice_kind kind, struct buffer *bytes,
                 struct digest *digest_r)
{
    char key[64];

    if (store_get(store, STORE_NOTICES, key_of(kind, key), bytes) != STORE_FOUND) {
        return false;
    }
    *digest_r = read_digest(buffer_span(bytes));
    return digest_r->lines > 0;
}

/* A wall clock that was set back must not keep mail for longer than a pause. */
static bool has_passed(int64_t since_s, int64_t span_s, int64_t now_s)
{
    return now_s < since_s || now_s - since_s >= span_s;
}

bool digest_is_due(const struct digest *digest, enum notice_kind kind, int64_t now_s)
{
    const struct notice_kind_row *row = &notice_kinds[kind];

    return digest->lines > 0 && has_passed(digest->mailed_s, row->pause_s, now_s) &&
           (digest->mails < row->hourly || has_passed(digest->hour_s, DIGEST_HOUR_S, now_s));
}

struct mailing {
    const struct digest *sent;
    int64_t now_s;
};

static bool drop_sent(struct buffer *value_io, bool is_found, void *context)
{
    const struct mailing *mailing = context;
    struct digest digest = read_digest(buffer_span(value_io));

    (void)is_found;
    if (has_passed(digest.hour_s, DIGEST_HOUR_S, mailing->now_s)) {
        digest.hour_s = mailing->now_s;
        digest.mails = 0;
    }
    digest.mails++;
    digest.mailed_s = mailing->now_s;
    digest.lines -= mailing->sent->lines < digest.lines ? mailing->sent->lines : digest.lines;
    digest.more -= mailing->sent->more < digest.more ? mailing->sent->more : digest.more;
    digest.text = span_from(digest.text, mailing->sent->text.size);
    return write_digest(&digest, SPAN(""), value_io);
}

bool digest_mailed(struct store *store, enum notice_kind kind, const struct digest *digest,
                   int64_t now_s)
{
    struct mailing mailing = { digest, now_s };
    char key[64];

    return store_update(store, STORE_NOTICES, key_of(kind, key), STORE_SOON, drop_sent, &mailing);
}
