/*
 * corpus_date: dates as their origin reads them, against ours: what it reads must be the same
 * instant in the same zone, what it cannot read must be broken.
 *
 * Where we and the origin differ for good, the table `argued` says why; any other difference fails,
 * and so does an argument that nothing needs any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "jsonl.h"
#include "message/date.h"

#define ARENA_BYTES ((size_t)16 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *input_begins, *why;
} argued[] = {
    { " 4 8 15 16 23 42, 4 8 15", "RFC 5322 3.3: a time-of-day has colons, and 4.3 gives none "
                                  "away; six numbers in a row are no "
                                  "date" },
    { "by 2002:aa7:cd10",
      "RFC 5322 3.6.7: the date of a Received field stands behind its last ';', and whoever reads "
      "such a field cuts there; a Date field that begins like this is none (3.6.1)" },
};

static unsigned argued_hits[COUNT(argued)];
static unsigned same, told;

static bool is_argued(struct span input)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (span_has_prefix_nocase(input, span_of(argued[i].input_begins))) {
            argued_hits[i]++;
            return true;
        }
    }
    return false;
}

/* The instant, counted in another way than ours: by the C library. */
static bool is_same(const struct date *seen, const struct jsonl *expected)
{
    struct tm tm = { .tm_year = (int)jsonl_number(expected, "year", 0) - 1900,
                     .tm_mon = (int)jsonl_number(expected, "month", 0) - 1,
                     .tm_mday = (int)jsonl_number(expected, "day", 0),
                     .tm_hour = (int)jsonl_number(expected, "hour", 0),
                     .tm_min = (int)jsonl_number(expected, "minute", 0),
                     .tm_sec = (int)jsonl_number(expected, "second", 0) };
    long zone_s =
        jsonl_number(expected, "tz_hour", 0) * 3600 + jsonl_number(expected, "tz_minute", 0) * 60;

    if (jsonl_get(expected, "tz_before_gmt")->kind == JSONL_TRUE)
        zone_s = -zone_s;
    return (seen->defects & DATE_BROKEN) == 0 && seen->utc_offset_s == zone_s &&
           seen->wall_s == (int64_t)timegm(&tm) - zone_s;
}

static unsigned judge_row(const struct jsonl *row)
{
    const struct jsonl *expected = jsonl_get(row, "expected");
    struct span input = jsonl_text(row, "header");
    struct date seen;
    bool is_right;

    if (expected == NULL || input.at == NULL) {
        puts("FAIL no row");
        return 1;
    }
    date_parse(input, &seen);
    is_right =
        expected->kind == JSONL_NULL ? (seen.defects & DATE_BROKEN) != 0 : is_same(&seen, expected);
    if (!is_right && !is_argued(input)) {
        printf("FAIL %.*s: %lld, zone %d, defects %#x\n", SPAN_ARG(input), (long long)seen.wall_s,
               seen.utc_offset_s, seen.defects);
        return 1;
    }
    same += is_right && seen.defects == 0;
    told += is_right && seen.defects != 0;
    return 0;
}

int main(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct span file, line;
    unsigned failed = 0;

    if (arena == NULL)
        return 1;
    if (!corpus_read("headers/dates.jsonl", arena, &file)) {
        puts("SKIP: corpus absent");
        arena_free(&arena);
        return 77;
    }
    while (file.size > 0 && span_cut(&file, '\n', &line))
        failed += judge_row(jsonl_parse(line, false, arena));
    printf("dates: same without a defect %u, same or unreadable with one %u\n", same, told);
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("FAIL nothing needs the argument for \"%s\"\n", argued[i].input_begins);
            failed++;
        }
    }
    arena_free(&arena);
    return failed > 0;
}
