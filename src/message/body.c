/*
 * body: facts of a body from chunks of any size.
 *
 * Every octet of every mail comes by here next to a SHA-256 over the same octets, so two quick
 * looks are taken at each chunk. One goes over vectors of 16 and asks for octets: 8-bit, NUL, CR
 * and LF that are no pair, and the number of pairs. The other asks whether a line is longer than
 * the longest so far (and than 998, below which nobody asks), and jumps: a line end found by
 * searching backwards from where the line would have become too long lets it skip all before.
 * Vectors are the compilers' own, not one machine's.
 */
#include "message/body.h"

#include <string.h>

#define CR 13
#define LF 10
#define COUNT_MAX 255 /* what a lane can count to */

/* What a look over some octets found; the counter is of line ends (CRLF). */
struct octet_marks {
    bool high, nul, bare_cr, bare_lf;
    uint64_t line_ends;
};

void body_scan_init(struct body_scan *scan)
{
    *scan = (struct body_scan){ .line_number = 1,
                                .line_limit = BODY_LINE_LIMIT,
                                .facts = { .ends_in_line_end = true } };
}

/*
 * The look over vectors, for one width: all octets of [bytes, bytes + size) that fill whole
 * vectors, each with its successor. Gives how many were looked at. A macro, since each width is
 * compiled for another machine.
 */
#define DEFINE_LOOK(name, lanes, attribute)                                                        \
    attribute static size_t name(const unsigned char *bytes, size_t size,                          \
                                 struct octet_marks *found)                                        \
    {                                                                                              \
        typedef unsigned char octets __attribute__((vector_size(lanes)));                          \
        octets high = { 0 }, nul = { 0 }, bare_cr = { 0 }, bare_lf = { 0 };                        \
        size_t i = 0;                                                                              \
        while (i + (lanes) < size) {                                                               \
            size_t most = (size_t)(lanes)*COUNT_MAX;                                               \
            size_t stop = size - i > most ? i + most : size - (lanes);                             \
            octets line_ends = { 0 };                                                              \
            for (; i < stop; i += (lanes)) {                                                       \
                octets now, next;                                                                  \
                memcpy(&now, bytes + i, sizeof(now));                                              \
                memcpy(&next, bytes + i + 1, sizeof(next));                                        \
                octets is_cr = (octets)(now == CR), is_lf_next = (octets)(next == LF);             \
                octets is_pair = is_cr & is_lf_next;                                               \
                high |= now;                                                                       \
                nul |= (octets)(now == 0);                                                         \
                bare_cr |= is_cr ^ is_pair;                                                        \
                bare_lf |= is_lf_next ^ is_pair;                                                   \
                line_ends -= is_pair; /* a hit is all ones: -1 */                                  \
            }                                                                                      \
            for (unsigned lane = 0; lane < (lanes); lane++)                                        \
                found->line_ends += line_ends[lane];                                               \
        }                                                                                          \
        for (unsigned lane = 0; lane < (lanes); lane++) {                                          \
            found->high |= high[lane] >= 0x80;                                                     \
            found->nul |= nul[lane] != 0;                                                          \
            found->bare_cr |= bare_cr[lane] != 0;                                                  \
            found->bare_lf |= bare_lf[lane] != 0;                                                  \
        }                                                                                          \
        return i;                                                                                  \
    }

DEFINE_LOOK(look_narrow, 16, )
#if defined(__x86_64__)
DEFINE_LOOK(look_wide, 32, __attribute__((target("avx2"))))
#endif

static size_t look(const unsigned char *bytes, size_t size, struct octet_marks *found)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return look_wide(bytes, size, found);
#endif
    return look_narrow(bytes, size, found);
}

/* All octets of a chunk but the last, each with its successor. Gives the number of line ends. */
static uint64_t scan_pairs(struct body_facts *facts, const unsigned char *bytes, size_t size)
{
    struct octet_marks found = { 0 };

    for (size_t i = look(bytes, size, &found); i + 1 < size; i++) {
        bool is_cr = bytes[i] == CR, is_lf_next = bytes[i + 1] == LF;
        found.high |= bytes[i] >= 0x80;
        found.nul |= bytes[i] == 0;
        found.bare_cr |= is_cr && !is_lf_next;
        found.bare_lf |= !is_cr && is_lf_next;
        found.line_ends += is_cr && is_lf_next;
    }
    facts->has_8bit |= found.high;
    facts->has_nul |= found.nul;
    facts->has_bare_cr |= found.bare_cr;
    facts->has_bare_lf |= found.bare_lf;
    return found.line_ends;
}

/* The first octet with what came before it, and the last, whose successor may come later. */
static void scan_ends(struct body_scan *scan, const unsigned char *bytes, size_t size)
{
    unsigned char last = bytes[size - 1];

    scan->facts.has_bare_cr |= scan->after_cr && bytes[0] != LF;
    scan->facts.has_bare_lf |= !scan->after_cr && bytes[0] == LF;
    scan->facts.has_8bit |= last >= 0x80;
    scan->facts.has_nul |= last == 0;
}

/* Behind the first line end in [at, end), where `at` may be the LF of a CR at[-1]; NULL: none. */
static const unsigned char *next_line(const unsigned char *at, const unsigned char *end)
{
    while ((at = memchr(at, LF, (size_t)(end - at))) != NULL) {
        at++;
        if (at[-2] == CR)
            return at;
    }
    return NULL;
}

/* Behind the last line end in [start, end); NULL: none. */
static const unsigned char *last_line(const unsigned char *start, const unsigned char *end)
{
    if (end - start >= 2 && end[-1] == LF && end[-2] == CR)
        return end; /* even lines, as of base64 */
    while (end - start >= 2 && (end = memrchr(start + 1, LF, (size_t)(end - start - 1))) != NULL) {
        if (end[-1] == CR)
            return end + 1;
    }
    return NULL;
}

static uint64_t count_lines(const unsigned char *at, const unsigned char *end)
{
    uint64_t count = 0;

    while (end - at >= 2 && (at = next_line(at + 1, end)) != NULL)
        count++;
    return count;
}

/* A line of up to so many octets tells nothing new. */
static uint64_t line_of_interest(const struct body_scan *scan)
{
    return scan->facts.longest_line > scan->line_limit ? scan->facts.longest_line
                                                       : scan->line_limit;
}

static void end_line(struct body_scan *scan, uint64_t size, uint64_t number)
{
    if (size > line_of_interest(scan)) {
        scan->facts.longest_line = size;
        scan->facts.longest_line_number = number;
    }
}

/* Ends the line that earlier chunks began; gives the start of the next one, NULL: it goes on. */
static const unsigned char *finish_first_line(struct body_scan *scan, const unsigned char *bytes,
                                              size_t size)
{
    const unsigned char *line;

    if (scan->after_cr && bytes[0] == LF)
        line = bytes + 1;
    else
        line = size >= 2 ? next_line(bytes + 1, bytes + size) : NULL;
    if (line == NULL)
        scan->line_size += size;
    else
        end_line(scan, scan->line_size + (uint64_t)(line - bytes) - 2, scan->line_number++);
    return line;
}

/* The lines that begin in [line, end); the one that does not end is left in scan->line_size. */
static void scan_lines(struct body_scan *scan, const unsigned char *line, const unsigned char *end)
{
    const unsigned char *counted = line, *next;
    uint64_t number = scan->line_number;

    while ((uint64_t)(end - line) >= line_of_interest(scan) + 2) {
        const unsigned char *limit = line + line_of_interest(scan) + 2;

        next = last_line(line, limit);
        if (next == NULL) {
            /* Longer than all before, if it ends here; its CR may be the last octet before. */
            next = next_line(limit, end);
            if (next == NULL)
                break;
            number += count_lines(counted, line);
            counted = line;
            end_line(scan, (uint64_t)(next - line) - 2, number);
        }
        line = next;
    }
    next = last_line(line, end);
    scan->line_size = (uint64_t)(end - (next != NULL ? next : line));
}

void body_scan_feed(struct body_scan *scan, const void *bytes, size_t size)
{
    const unsigned char *start = bytes, *line;
    uint64_t line_ends;

    if (size == 0)
        return;
    scan->facts.size += size;
    scan_ends(scan, start, size);
    line_ends = scan_pairs(&scan->facts, start, size);
    line_ends += scan->after_cr && start[0] == LF;
    line = finish_first_line(scan, start, size);
    if (line != NULL) {
        scan_lines(scan, line, start + size);
        scan->line_number += line_ends - 1;
    }
    scan->after_cr = start[size - 1] == CR;
}

const struct body_facts *body_scan_finish(struct body_scan *scan)
{
    scan->facts.ends_in_line_end = scan->line_size == 0;
    scan->facts.has_bare_cr |= scan->after_cr;
    if (scan->line_size > 0)
        end_line(scan, scan->line_size, scan->line_number);
    return &scan->facts;
}
