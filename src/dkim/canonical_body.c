/*
 * canonical_body: body canonicalization (RFC 6376 sections 3.4.3 and 3.4.4).
 *
 * Both forms end in the same last step: everything goes out but the run of CRLFs that may turn out
 * to be the end of the body. Simple is that step alone, so it looks only at the end of each chunk.
 * Relaxed puts one step before it, which reduces white space. That step hands long clean stretches
 * on in place; where text keeps changing it copies into a small buffer, so that a digest behind the
 * sink gets few large updates in either case. It cannot fail and takes no heap.
 */
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "dkim/canonical.h"

#define GATHER_SIZE 4096
#define IN_PLACE_SIZE 512   /* from here on handing on in place beats copying */
#define IN_PLACE_MOST 16384 /* so that the digest finds the bytes in the first cache still */
#define QUIET_COPY_SIZE 256 /* copied without a change: look for a long clean stretch again */
#define BLOCK 16

/* Reduced bytes on their way to the last step, within one feed. */
struct gather {
    struct canonical_body *body;
    size_t used;
    char bytes[GATHER_SIZE];
};

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

static void emit(struct canonical_body *body, const char *at, size_t size)
{
    body->emitted += size;
    body->sink(body->context, at, size);
}

#define LINES_8 "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"

/* The pending lines turned out to be inside the body. */
static void release_lines(struct canonical_body *body)
{
    static const char lines[] = LINES_8 LINES_8 LINES_8 LINES_8 LINES_8 LINES_8 LINES_8 LINES_8;
    const uint64_t most = (sizeof(lines) - 1) / 2;
    while (body->pending_lines > 0) {
        uint64_t now = body->pending_lines < most ? body->pending_lines : most;
        emit(body, lines, (size_t)now * 2);
        body->pending_lines -= now;
    }
}

/* The last step of both forms. */
static void feed_lines(struct canonical_body *body, const char *at, size_t size)
{
    if (size == 0) {
        return;
    }
    if (body->after_cr) {
        body->after_cr = false;
        if (at[0] == '\n') {
            body->pending_lines++;
            at++;
            size--;
        } else {
            release_lines(body);
            emit(body, "\r", 1);
        }
    }
    if (size > 0 && at[size - 1] == '\r') {
        body->after_cr = true;
        size--;
    }
    uint64_t lines = 0;
    while (size >= 2 && at[size - 1] == '\n' && at[size - 2] == '\r') {
        lines++;
        size -= 2;
    }
    if (size > 0) {
        release_lines(body);
        emit(body, at, size);
    }
    body->pending_lines += lines;
}

static void gather_flush(struct gather *gather)
{
    feed_lines(gather->body, gather->bytes, gather->used);
    gather->used = 0;
}

/* Keeps a block of room, so that a block may always be stored. */
static void gather_make_room(struct gather *gather)
{
    if (gather->used > GATHER_SIZE - BLOCK) {
        gather_flush(gather);
    }
}

static void gather_add(struct gather *gather, char c)
{
    gather_make_room(gather);
    gather->bytes[gather->used++] = c;
}

#ifdef __SSE2__
/* Where relaxed may change something: at a TAB, at a SP before a SP or control byte. Reads one
 * octet beyond the block. */
static inline __m128i block_changes(const char *at)
{
    const __m128i space = _mm_set1_epi8(' ');
    __m128i here = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(at + 1));
    __m128i next_ends = _mm_cmpeq_epi8(_mm_min_epu8(next, space), next);
    return _mm_or_si128(_mm_cmpeq_epi8(here, _mm_set1_epi8('\t')),
                        _mm_and_si128(_mm_cmpeq_epi8(here, space), next_ends));
}

/* The part of clean_run that whole blocks can tell. */
static size_t clean_blocks(const char *at, size_t size)
{
    size_t i = 0;
    for (; i + 4 * BLOCK + 1 <= size; i += 4 * BLOCK) {
        __m128i changes = _mm_or_si128(
            _mm_or_si128(block_changes(at + i), block_changes(at + i + BLOCK)),
            _mm_or_si128(block_changes(at + i + 2 * BLOCK), block_changes(at + i + 3 * BLOCK)));
        if (_mm_movemask_epi8(changes) != 0) {
            break;
        }
    }
    for (; i + BLOCK + 1 <= size; i += BLOCK) {
        unsigned changes = (unsigned)_mm_movemask_epi8(block_changes(at + i));
        if (changes != 0) {
            return i + (unsigned)__builtin_ctz(changes);
        }
    }
    return i;
}
#else
static size_t clean_blocks(const char *at, size_t size)
{
    (void)at;
    (void)size;
    return 0;
}
#endif

/*
 * How many octets from `at` on are the same in relaxed form. Ends early now and then (at a SP
 * before a control byte), never late; a SP at the very end is not known to stay.
 */
static size_t clean_run(const char *at, size_t size)
{
    size_t i = clean_blocks(at, size);
    for (; i < size; i++) {
        if (at[i] == '\t' || (at[i] == ' ' && (i + 1 == size || (unsigned char)at[i + 1] <= ' '))) {
            break;
        }
    }
    return i;
}

/* A run of white space was begun (here or in an earlier chunk): one SP, or nothing before CRLF. */
static const char *end_white(struct gather *gather, const char *at, const char *end)
{
    while (at < end && is_white(*at)) {
        at++;
    }
    if (at == end) {
        gather->body->held = CANONICAL_HELD_SPACE;
        return end;
    }
    if (*at == '\r') {
        if (at + 1 == end) {
            gather->body->held = CANONICAL_HELD_SPACE_CR;
            return end;
        }
        if (at[1] == '\n') {
            return at;
        }
    }
    gather_add(gather, ' ');
    return at;
}

/* Settles what the chunk before left open; needs at least one octet. */
static const char *resume(struct gather *gather, const char *at, const char *end)
{
    enum canonical_held held = gather->body->held;
    gather->body->held = CANONICAL_HELD_NONE;
    if (held == CANONICAL_HELD_SPACE) {
        return end_white(gather, at, end);
    }
    if (held == CANONICAL_HELD_SPACE_CR) {
        if (*at != '\n') {
            gather_add(gather, ' ');
        }
        gather_add(gather, '\r');
    }
    return at;
}

#ifdef __SSE2__
/*
 * Stores the block at `at` with every TAB as SP. A bit of the result stands for white space that
 * more white space or a CR follows: only what stands before the first of them is right. Reads one
 * octet beyond the block.
 */
static unsigned copy_block(char *to, const char *at)
{
    const __m128i space = _mm_set1_epi8(' ');
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i cr = _mm_set1_epi8('\r');
    __m128i here = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(at + 1));
    __m128i tabs = _mm_cmpeq_epi8(here, tab);
    __m128i white = _mm_or_si128(tabs, _mm_cmpeq_epi8(here, space));
    __m128i next_ends =
        _mm_or_si128(_mm_cmpeq_epi8(next, cr),
                     _mm_or_si128(_mm_cmpeq_epi8(next, space), _mm_cmpeq_epi8(next, tab)));
    __m128i reduced = _mm_xor_si128(here, _mm_and_si128(tabs, _mm_xor_si128(space, tab)));
    _mm_storeu_si128((__m128i *)(void *)to, reduced);
    return (unsigned)_mm_movemask_epi8(_mm_and_si128(white, next_ends));
}
#endif

/* Reduces into the buffer, until nothing had to change for a while. */
static const char *copy_reduced(struct gather *gather, const char *at, const char *end)
{
    size_t quiet = 0;
#ifdef __SSE2__
    while (end - at > BLOCK && quiet < QUIET_COPY_SIZE) {
        gather_make_room(gather);
        unsigned changes = copy_block(gather->bytes + gather->used, at);
        if (changes == 0) { /* a jump, so that the next block need not wait for the count of bits */
            gather->used += BLOCK;
            at += BLOCK;
            quiet += BLOCK;
            continue;
        }
        unsigned right = (unsigned)__builtin_ctz(changes);
        gather->used += right;
        at = end_white(gather, at + right, end);
        quiet = 0;
    }
#endif
    while (at < end && quiet < QUIET_COPY_SIZE) {
        if (is_white(*at)) {
            at = end_white(gather, at, end);
            quiet = 0;
        } else {
            gather_add(gather, *at++);
            quiet++;
        }
    }
    return at;
}

static void feed_relaxed(struct canonical_body *body, const char *at, size_t size)
{
    struct gather gather;
    gather.body = body;
    gather.used = 0;
    const char *end = at + size;
    at = resume(&gather, at, end);
    while (at < end) {
        size_t left = (size_t)(end - at);
        size_t clean = clean_run(at, left < IN_PLACE_MOST ? left : IN_PLACE_MOST);
        if (clean >= IN_PLACE_SIZE) {
            gather_flush(&gather);
            feed_lines(body, at, clean);
            at += clean;
            if (clean == IN_PLACE_MOST) {
                continue;
            }
        }
        at = copy_reduced(&gather, at, end);
    }
    gather_flush(&gather);
}

void canonical_body_init(struct canonical_body *body, enum canonical form, canonical_sink *sink,
                         void *context)
{
    *body = (struct canonical_body){ .form = form, .sink = sink, .context = context };
}

void canonical_body_feed(struct canonical_body *body, const void *bytes, size_t size)
{
    if (size == 0) {
        return;
    }
    if (body->form == CANONICAL_RELAXED) {
        feed_relaxed(body, bytes, size);
    } else {
        feed_lines(body, bytes, size);
    }
}

void canonical_body_finish(struct canonical_body *body)
{
    /* White space at the very end ends a line and goes; before a bare CR it stays. */
    if (body->held == CANONICAL_HELD_SPACE_CR) {
        feed_lines(body, " \r", 2);
    }
    body->held = CANONICAL_HELD_NONE;
    if (body->after_cr) {
        body->after_cr = false;
        release_lines(body);
        emit(body, "\r", 1);
    }
    body->pending_lines = 0;
    if (body->form == CANONICAL_SIMPLE || body->emitted > 0) {
        emit(body, "\r\n", 2);
    }
}
