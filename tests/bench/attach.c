/*
 * attach: what it costs to look at attachments, in process: CPU time of all that signing does with
 * a body (facts, MIME parts, canonical form and digest) without the reader and with it, in turns,
 * the median of nine. Prints one line for each kind of message; takes no arguments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/hash.h"
#include "message/attachment.h"
#include "message/body.h"
#include "tests/bench/cpu_clock.h"
#include "util/buffer.h"

#define PIECE_BYTES 65535 /* what libmilter gives at once */
#define ROUNDS 9

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

struct sample {
    const char *name;
    const char *type;
    struct buffer body;
    size_t found; /* attachments that something is said about */
    int times;
};

/* One message: nanoseconds of CPU. */
static uint64_t read_once(const struct sample *sample, bool looks)
{
    uint64_t began = cpu_ns();
    struct arena *arena = arena_new((size_t)2 << 20);
    struct attachment_reader *reader = looks ? attachment_reader_new(NULL, NULL) : NULL;
    struct dkim_body_hash *hash = dkim_body_hash_new(1U << CANONICAL_RELAXED);
    struct content_tap tap;
    struct mime_scan mime;
    struct body_scan body;
    content_tap_init(&tap);
    if (looks) {
        content_tap_add(&tap, attachment_reader_content(reader));
    }
    if (arena == NULL || hash == NULL || (looks && reader == NULL)) {
        die("no memory");
    }
    body_scan_init(&body);
    mime_scan_init(&mime, span_of(sample->type), SPAN("7bit"), arena, content_tap_handler(&tap));
    for (size_t at = 0; at < sample->body.size; at += PIECE_BYTES) {
        struct span piece = span_first(span_from(buffer_span(&sample->body), at), PIECE_BYTES);
        body_scan_feed(&body, piece.at, piece.size);
        mime_scan_feed(&mime, piece.at, piece.size);
        dkim_body_hash_feed(hash, piece.at, piece.size);
    }
    mime_scan_finish(&mime, false);
    if (looks) {
        size_t found = 0;
        const struct attachment *at = attachment_reader_found(reader)->first;
        for (; at != NULL; at = at->next) {
            found++;
        }
        if (found != sample->found) {
            die("another number of attachments than there are");
        }
    }
    dkim_body_hash_free(&hash);
    attachment_reader_free(&reader);
    arena_free(&arena);
    return cpu_ns() - began;
}

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void bench(struct sample *sample)
{
    double without[ROUNDS], with[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t spent[2] = { 0, 0 };
        for (int i = 0; i < sample->times; i++) {
            spent[0] += read_once(sample, false);
            spent[1] += read_once(sample, true);
        }
        without[round] = (double)spent[0] / sample->times / 1000;
        with[round] = (double)spent[1] / sample->times / 1000;
    }
    qsort(without, ROUNDS, sizeof(*without), compare);
    qsort(with, ROUNDS, sizeof(*with), compare);
    printf("%-34s %9.1f us without, %9.1f us with, %.2f times\n", sample->name, without[ROUNDS / 2],
           with[ROUNDS / 2], with[ROUNDS / 2] / without[ROUNDS / 2]);
    buffer_free(&sample->body);
}

static void add_base64(struct buffer *out, const char *head, size_t head_size, size_t size,
                       const struct buffer *end)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t draw = 1;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t group = 0;
        for (size_t k = i; k < i + 3; k++) {
            draw = draw * 1664525u + 1013904223u;
            unsigned char octet = (unsigned char)(draw >> 24);
            if (k < head_size) {
                octet = (unsigned char)head[k];
            } else if (k < size && k >= size - end->size) {
                octet = (unsigned char)end->at[k - (size - end->size)];
            }
            group = group << 8 | octet;
        }
        for (int shift = 18; shift >= 0; shift -= 6) {
            buffer_add_char(out, digits[group >> shift & 0x3f]);
        }
        if (i % 57 == 54) {
            buffer_add_text(out, "\r\n");
        }
    }
}

static void add_number(struct buffer *out, uint64_t number, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++) {
        buffer_add_char(out, (char)(i < 8 ? number >> (8 * i) : 0));
    }
}

/* A directory of so many files. */
static struct buffer zip_end(unsigned count)
{
    struct buffer end = BUFFER_EMPTY;
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "folder/file-%05u.txt", i);
        buffer_add(&end, "PK\1\2", 4);
        add_number(&end, 0, 16);
        add_number(&end, 100, 4);
        add_number(&end, 100, 4);
        add_number(&end, strlen(name), 2);
        add_number(&end, 0, 16);
        buffer_add_text(&end, name);
    }
    size_t size = end.size;
    buffer_add(&end, "PK\5\6", 4);
    add_number(&end, 0, 4);
    add_number(&end, count, 2);
    add_number(&end, count, 2);
    add_number(&end, size, 4);
    add_number(&end, 0, 6);
    return end;
}

static const char zip_head[] = "PK\3\4\x14\0\x08\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0"
                               "a.txt";
static const char pe_head[] =
    "MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0@\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0PE\0\0";
/* Its directory is at the end, where programs write it. */
static const char ole_head[52] =
    "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x3e\0\x03\0\xfe\xff\x09\0"
    "\x06\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\x07";

static void bench_file(const char *name, const char *file, const char *head, size_t head_size,
                       size_t size, unsigned members, size_t found)
{
    struct buffer end = BUFFER_EMPTY;
    struct sample sample = { name, "multipart/mixed; boundary=\"=_bench\"", BUFFER_EMPTY, found,
                             size > 2000000 ? 5 : 50 };
    if (members > 0) {
        end = zip_end(members);
    }
    buffer_printf(&sample.body,
                  "--=_bench\r\nContent-Type: text/plain\r\n\r\nSee attached.\r\n--=_bench\r\n"
                  "Content-Type: application/octet-stream; name=%s\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n",
                  file);
    add_base64(&sample.body, head, head_size, size, &end);
    buffer_add_text(&sample.body, "\r\n--=_bench--\r\n");
    buffer_free(&end);
    bench(&sample);
}

static void bench_text(const char *name, const char *type, size_t size)
{
    struct sample sample = { name, type, BUFFER_EMPTY, 0, size > 2000000 ? 5 : 2000 };
    while (sample.body.size < size) {
        buffer_add_text(&sample.body,
                        "Dear Bob, these are the minutes of the meeting that began late.\r\n");
    }
    bench(&sample);
}

int main(void)
{
    enum { MILLION = 1000000 };
#define HEAD(head) head, sizeof(head) - 1
    bench_text("text, 10 KB", "text/plain", 10000);
    bench_text("page, 10 KB", "text/html", 10000);
    bench_text("text, 10 MB", "text/plain", 10 * MILLION);
    bench_file("zip, 10 MB, 3 files", "a.zip", HEAD(zip_head), 10 * MILLION, 3, 0);
    bench_file("zip, 10 MB, 3000 files", "a.zip", HEAD(zip_head), 10 * MILLION, 3000, 0);
    bench_file("zip, 1 MB, 100 files", "a.zip", HEAD(zip_head), MILLION, 100, 0);
    bench_file("zip, 200 KB, 30 files", "a.zip", HEAD(zip_head), MILLION / 5, 30, 0);
    bench_file("pdf, 10 MB", "a.pdf", HEAD("%PDF-1.7\n"), 10 * MILLION, 0, 0);
    bench_file("pdf, 200 KB", "a.pdf", HEAD("%PDF-1.7\n"), MILLION / 5, 0, 0);
    bench_file("exe, 10 MB", "a.exe", HEAD(pe_head), 10 * MILLION, 0, 1);
    bench_file("unknown, 10 MB", "a.bin", HEAD("\1\2\3\0"), 10 * MILLION, 0, 0);
    bench_file("doc, 10 MB", "a.doc", HEAD(ole_head), 10 * MILLION, 0, 0);
    bench_file("doc, 1 MB", "a.doc", HEAD(ole_head), MILLION, 0, 0);
    bench_file("page, 200 KB", "a.html", HEAD("<html>"), MILLION / 5, 0, 0);
    return 0;
}
