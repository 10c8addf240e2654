/*
 * body: facts of a body from chunks of any size.
 *
 * Every octet of every mail comes by here next to a SHA-256 over the same octets, so two quick
 * looks are taken at each chunk. One goes over vectors of 16 and asks for octets: 8-bit, NUL, CR
 * and LF that are no pair, and the number of pairs. The other asks whether a line is longer than
 * the longest so far, and jumps: a line end found by searching backwards from where the line would
 * have become too long lets it skip all before. Vectors are the compilers' own, not one machine's.
 */
#include "message/body.h"

#include <string.h>

#define CR 13
#define LF 10
#define LANES 16
#define COUNT_MAX 255 /* what a lane can count to */

typedef unsigned char octets __attribute__((vector_size(LANES)));

/* The first four are non-zero in some lane when such an octet was seen. */
struct marks {
    octets high, nul, bare_cr, bare_lf;
    octets line_ends; /* number of them in each lane */
};

void body_scan_init(struct body_scan *scan)
{
    *scan = (struct body_scan){ .line_number = 1, .facts = { .ends_in_line_end = true } };
}

static inline octets load(const unsigned char *at)
{
    octets loaded;

    memcpy(&loaded, at, sizeof(loaded));
    return loaded;
}

static bool is_marked(octets mark)
{
    uint64_t halves[2];

    memcpy(halves, &mark, sizeof(halves));
    return (halves[0] | halves[1]) != 0;
}

static uint64_t sum_lanes(octets lanes)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < LANES; i++)
        sum += lanes[i];
    return sum;
}

/* `now` and the octets that follow each of them. */
static inline void mark_pairs(struct marks *marks, octets now, octets next)
{
    octets is_cr = (octets)(now == CR);
    octets is_lf_next = (octets)(next == LF);

    marks->high |= now;
    marks->nul |= (octets)(now == 0);
    marks->bare_cr |= is_cr & ~is_lf_next;
    marks->bare_lf |= ~is_cr & is_lf_next;
    marks->line_ends -= is_cr & is_lf_next; /* a hit is all ones: -1 */
}

/* The last few of a chunk, in a copy filled up with blanks. */
static void mark_rest(struct marks *marks, const unsigned char *bytes, size_t size)
{
    unsigned char rest[LANES + 1];

    memset(rest, ' ', sizeof(rest));
    memcpy(rest, bytes, size);
    /* What follows the last octet is not known here; scan_ends() judges a CR in that place. */
    if (rest[size - 1] == CR)
        rest[size - 1] = ' ';
    mark_pairs(marks, load(rest), load(rest + 1));
}

/* All octets of a chunk but the last, each with its successor. Gives the number of line ends. */
static uint64_t scan_pairs(struct body_facts *facts, const unsigned char *bytes, size_t size)
{
    struct marks marks = { { 0 }, { 0 }, { 0 }, { 0 }, { 0 } };
    uint64_t line_ends = 0;
    size_t i = 0;

    while (i + LANES < size) {
        size_t stop = size - i > LANES * COUNT_MAX ? i + LANES * COUNT_MAX : size - LANES;

        for (; i < stop; i += LANES)
            mark_pairs(&marks, load(bytes + i), load(bytes + i + 1));
        line_ends += sum_lanes(marks.line_ends);
        marks.line_ends = (octets){ 0 };
    }
    if (i + 1 < size)
        mark_rest(&marks, bytes + i, size - i);
    facts->has_8bit |= is_marked(marks.high & 0x80);
    facts->has_nul |= is_marked(marks.nul);
    facts->has_bare_cr |= is_marked(marks.bare_cr);
    facts->has_bare_lf |= is_marked(marks.bare_lf);
    return line_ends + sum_lanes(marks.line_ends);
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

static void end_line(struct body_facts *facts, uint64_t size, uint64_t number)
{
    if (size > facts->longest_line || facts->longest_line_number == 0) {
        facts->longest_line = size;
        facts->longest_line_number = number;
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
        end_line(&scan->facts, scan->line_size + (uint64_t)(line - bytes) - 2, scan->line_number++);
    return line;
}

/* The lines that begin in [line, end); the one that does not end is left in scan->line_size. */
static void scan_lines(struct body_scan *scan, const unsigned char *line, const unsigned char *end)
{
    const unsigned char *counted = line, *next;
    uint64_t number = scan->line_number;

    while ((uint64_t)(end - line) >= scan->facts.longest_line + 2) {
        const unsigned char *limit = line + scan->facts.longest_line + 2;

        next = last_line(line, limit);
        if (next == NULL) {
            /* Longer than all before, if it ends here; its CR may be the last octet before. */
            next = next_line(limit, end);
            if (next == NULL)
                break;
            number += count_lines(counted, line);
            counted = line;
            end_line(&scan->facts, (uint64_t)(next - line) - 2, number);
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
        end_line(&scan->facts, scan->line_size, scan->line_number);
    return &scan->facts;
}
