/*
 * gist: words, rows of words, and the lowest numbers of rows.
 *
 * Letters are those of ASCII and every octet above it, so a word of any script in UTF-8 is one, and
 * text in another charset is taken as it is.
 */
#include "message/gist.h"

#include <string.h>

#include "util/span.h"

/* splitmix64's finisher: spreads every bit over all. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void gist_init(struct gist *gist, uint64_t key)
{
    memset(gist, 0, sizeof(*gist));
    gist->key = key;
    for (int i = 0; i < GIST_LOWEST; i++) {
        gist->lowest[i] = UINT64_MAX;
    }
}

/* Each number once. */
static void keep_lowest(struct gist *gist, uint64_t number)
{
    for (int i = 0; i < GIST_LOWEST; i++) {
        if (number == gist->lowest[i]) {
            return;
        }
        if (number < gist->lowest[i]) {
            memmove(&gist->lowest[i + 1], &gist->lowest[i],
                    (size_t)(GIST_LOWEST - 1 - i) * sizeof(number));
            gist->lowest[i] = number;
            return;
        }
    }
}

static void add_row(struct gist *gist)
{
    uint64_t row = gist->key;
    for (unsigned i = 0; i < GIST_WORDS; i++) {
        row = mix(row + gist->last[(gist->count + i) % GIST_WORDS]);
    }
    keep_lowest(gist, row);
}

static void end_word(struct gist *gist)
{
    if (gist->letters > 0 && !gist->is_spoilt) {
        gist->last[gist->count % GIST_WORDS] = gist->word;
        gist->count++;
        gist->all = mix(gist->all ^ gist->word ^ gist->key);
        if (gist->count >= GIST_WORDS) {
            add_row(gist);
        }
    }
    gist->word = 0;
    gist->letters = 0;
    gist->is_spoilt = false;
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static void feed_octet(struct gist *gist, unsigned char c)
{
    if (gist->is_in_tag) {
        gist->is_in_tag = c != '>';
    } else if (is_letter(c)) {
        gist->word = mix(gist->word + (unsigned char)ascii_lower((char)c) + 1);
        gist->letters++;
    } else if ((c >= '0' && c <= '9') || c == '@') {
        gist->is_spoilt = true;
        gist->letters++;
    } else {
        end_word(gist);
        gist->is_in_tag = c == '<';
    }
}

void gist_feed(struct gist *gist, const void *bytes, size_t size)
{
    const unsigned char *octets = bytes;
    size_t left = GIST_OCTETS_MAX - gist->octets;
    size = size < left ? size : left;
    gist->octets += (uint32_t)size;
    for (size_t i = 0; i < size; i++) {
        feed_octet(gist, octets[i]);
    }
}

void gist_end_part(struct gist *gist)
{
    end_word(gist);
    gist->is_in_tag = false;
}

uint64_t gist_finish(struct gist *gist)
{
    uint64_t number = gist->key;
    gist_end_part(gist);
    if (gist->count == 0) {
        return 0;
    }
    if (gist->count < GIST_WORDS) {
        number = mix(gist->all);
    }
    for (int i = 0; i < GIST_LOWEST && gist->count >= GIST_WORDS; i++) {
        number = mix(number ^ gist->lowest[i]);
    }
    return number != 0 ? number : 1;
}

/* --- content --------------------------------------------------------------------------------- */

static bool part_begin(void *context, const struct mime_part *part)
{
    struct gist *gist = context;
    return span_is_equal(part->type, SPAN("text")) && gist->octets < GIST_OCTETS_MAX;
}

static bool part_data(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    struct gist *gist = context;
    (void)part;
    gist_feed(gist, bytes, size);
    return gist->octets < GIST_OCTETS_MAX;
}

static void part_end(void *context, const struct mime_part *part)
{
    (void)part;
    gist_end_part(context);
}

struct content_reader gist_reader(struct gist *gist)
{
    return (struct content_reader){
        .begin = part_begin, .data = part_data, .end = part_end, .context = gist
    };
}
