/*
 * links: what it costs to find the links of a message, in process, from the octets as they come
 * from the MTA to the list of hosts. Takes no arguments.
 *
 * One line of names and figures, CPU time: megabytes a second of base64 alone, of a base64 part
 * with text in it, of plain text, of HTML (all as they come, the walk over the parts included);
 * microseconds for a text message of 10 KB; what a message of 10 MB takes with the walk and a
 * reader of links beside its body hash alone, for a file and for a text that are attached; the
 * octets of the message's arena that are taken.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dkim/hash.h"
#include "message/links.h"
#include "tests/bench/cpu_clock.h"
#include "util/buffer.h"

enum { ROUNDS = 9, PIECE = 65535, TEXT_BYTES = 700 << 10, LARGE_BYTES = 10 << 20 };

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "links: %s\n", what);
    exit(2);
}

/* --- material -------------------------------------------------------------------------------- */

/* A paragraph with a link in each. */
static void add_plain(struct buffer *out, size_t size)
{
    static const char *const words[] = { "the",     "minutes", "of",       "our",   "meeting",
                                         "are",     "below.",  "Please",   "read,", "and",
                                         "answer:", "nobody",  "objected", "so",    "far." };
    unsigned number = 1;

    for (size_t line = 0; out->size < size; line++) {
        size_t end = out->size + 66;
        while (out->size < end) {
            number = number * 1103515245u + 12345u;
            buffer_printf(out, "%s ", words[(number >> 16) % 15]);
        }
        if (line % 8 == 7) {
            buffer_printf(out, "\r\nhttps://www.example%u.com/path/of/page?id=%u", number % 50,
                          number);
        }
        buffer_add_text(out, "\r\n");
    }
}

/* As newsletters are written. */
static void add_html(struct buffer *out, size_t size)
{
    buffer_add_text(out, "<html><head><style>td { padding: 0 }</style></head><body>\r\n");
    for (unsigned row = 0; out->size < size; row++) {
        buffer_printf(out,
                      "<table width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" "
                      "style=\"font-family: Arial, sans-serif; color: #333333\"><tr>\r\n"
                      "<td align=\"left\" style=\"padding: 10px 20px; font-size: 14px\">Dear "
                      "reader,&nbsp;these are the news of this week, and some more.<br/>\r\n"
                      "<a href=\"https://www.example%u.com/news?id=%u&amp;user=1\" "
                      "style=\"color: #0000ee\">Read on</a> <img "
                      "src=\"https://cdn.example%u.com/image%u.png\" width=\"100\"/></td>\r\n"
                      "</tr></table>\r\n",
                      row % 50, row, row % 7, row);
    }
    buffer_add_text(out, "</body></html>\r\n");
}

static void add_base64(struct buffer *out, struct span octets)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i + 3 <= octets.size; i += 3) {
        const unsigned char *at = (const unsigned char *)octets.at + i;
        unsigned quad = (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];

        for (int shift = 18; shift >= 0; shift -= 6) {
            buffer_add_char(out, set[quad >> shift & 63]);
        }
        if (i / 3 % 19 == 18) {
            buffer_add_text(out, "\r\n");
        }
    }
}

/* --- measuring ------------------------------------------------------------------------------- */

static size_t arena_bytes;

/* The way of a body in the milter; gives the number of hosts. */
static size_t find_links(const char *type, const char *encoding, struct span body)
{
    struct arena *arena = arena_new((size_t)2 << 20);
    struct links *links = arena != NULL ? links_new(arena) : NULL;
    struct content_reader reader;
    struct content_tap tap;
    struct mime_scan scan;
    size_t count;

    if (links == NULL) {
        fail("out of memory");
    }
    reader = links_reader(links);
    content_tap_init(&tap);
    content_tap_add(&tap, &reader);
    mime_scan_init(&scan, span_of(type), span_of(encoding), arena, content_tap_handler(&tap));
    for (size_t at = 0; at < body.size; at += PIECE) {
        struct span piece = span_first(span_from(body, at), PIECE);
        mime_scan_feed(&scan, piece.at, piece.size);
    }
    mime_scan_finish(&scan, false);
    count = links_found(links)->count;
    arena_bytes = arena_used(arena);
    arena_free(&arena);
    return count;
}

static void hash_body(struct span body)
{
    struct dkim_body_hash *hash = dkim_body_hash_new(1u << CANONICAL_RELAXED);

    if (hash == NULL) {
        fail("out of memory");
    }
    for (size_t at = 0; at < body.size; at += PIECE) {
        struct span piece = span_first(span_from(body, at), PIECE);
        dkim_body_hash_feed(hash, piece.at, piece.size);
    }
    if (!dkim_body_hash_finish(hash)) {
        fail("OpenSSL");
    }
    dkim_body_hash_free(&hash);
}

static int by_size(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static double median(double *figures)
{
    qsort(figures, ROUNDS, sizeof(*figures), by_size);
    return figures[ROUNDS / 2];
}

/* Microseconds of one, of as many as are wanted in a round. */
static double links_us(const char *type, const char *encoding, struct span body, unsigned count)
{
    double rounds[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        double began = cpu_us();
        for (unsigned j = 0; j < count; j++) {
            if (find_links(type, encoding, body) == 0) {
                fail("no links");
            }
        }
        rounds[i] = (cpu_us() - began) / count;
    }
    return median(rounds);
}

static double hash_us(struct span body)
{
    double rounds[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        double began = cpu_us();
        hash_body(body);
        rounds[i] = cpu_us() - began;
    }
    return median(rounds);
}

static double decode_us(struct span text)
{
    double rounds[ROUNDS];
    char *out = malloc(text.size + TRANSFER_HELD_MAX);

    if (out == NULL) {
        fail("out of memory");
    }
    for (int i = 0; i < ROUNDS; i++) {
        struct transfer transfer;
        double began = cpu_us();
        transfer_init(&transfer, ENCODING_BASE64);
        transfer_decode(&transfer, text.at, text.size, out);
        rounds[i] = cpu_us() - began;
    }
    free(out);
    return median(rounds);
}

/* A short text and something large behind it. */
static double attached_ratio(const char *type, const struct buffer *content)
{
    struct buffer body = BUFFER_EMPTY;
    double alone, together;

    buffer_printf(&body,
                  "--b\r\n\r\nsee www.example.com\r\n--b\r\nContent-Type: %s\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n",
                  type);
    while (body.size < LARGE_BYTES) {
        buffer_add(&body, content->at, content->size);
    }
    buffer_add_text(&body, "\r\n--b--\r\n");
    alone = hash_us(buffer_span(&body));
    together = alone + links_us("multipart/mixed; boundary=b", "", buffer_span(&body), 1);
    buffer_free(&body);
    return together / alone;
}

int main(void)
{
    struct buffer plain = BUFFER_EMPTY, html = BUFFER_EMPTY, base64 = BUFFER_EMPTY;
    struct buffer small = BUFFER_EMPTY;

    add_plain(&plain, TEXT_BYTES);
    add_html(&html, TEXT_BYTES);
    add_base64(&base64, buffer_span(&plain));
    add_plain(&small, (size_t)10 << 10);
    printf("base64_alone_mb_s %.0f", (double)base64.size / decode_us(buffer_span(&base64)));
    printf(" base64_mb_s %.0f",
           (double)base64.size / links_us("text/plain", "base64", buffer_span(&base64), 4));
    printf(" plain_mb_s %.0f",
           (double)plain.size / links_us("text/plain", "", buffer_span(&plain), 4));
    printf(" html_mb_s %.0f", (double)html.size / links_us("text/html", "", buffer_span(&html), 4));
    printf(" message_us %.1f", links_us("text/plain", "", buffer_span(&small), 500));
    printf(" arena_bytes %zu", arena_bytes);
    printf(" file_ratio %.2f", attached_ratio("application/pdf", &base64));
    printf(" text_ratio %.2f\n", attached_ratio("text/csv; name=x.csv", &base64));
    buffer_free(&plain);
    buffer_free(&html);
    buffer_free(&base64);
    buffer_free(&small);
    return 0;
}
