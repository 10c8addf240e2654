/*
 * fuzz_date: any bytes as the value of a Date field. An instant that is made out has bounds, is
 * said again by the form date_print() writes, and does not change by what the grammar lets stand
 * beside it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/date.h"
#include "util/buffer.h"

#define ALL_DEFECTS ((DATE_NON_STANDARD << 1) - 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_date: %s\n", what);
        abort();
    }
}

static bool is_same_instant(const struct date *a, const struct date *b)
{
    return a->wall_s == b->wall_s && a->utc_offset_s == b->utc_offset_s;
}

static void check_bounds(const struct date *date)
{
    demand((date->defects & ~(unsigned)ALL_DEFECTS) == 0, "an unknown defect");
    demand(date->utc_offset_s % 60 == 0, "a zone with seconds");
    if ((date->defects & DATE_BROKEN) != 0)
        demand(date->wall_s == 0 && date->utc_offset_s == 0, "a broken date with an instant");
    if ((date->defects & (DATE_BROKEN | DATE_RANGE)) == 0) {
        demand(abs(date->utc_offset_s) < 86400, "a zone out of range untold");
        demand(date->wall_s > INT64_C(-2209075201) && date->wall_s < INT64_C(253402387201),
               "a year out of range untold");
    }
}

/* A good date is what date_print() makes of its instant, but for spelling. */
static void check_printed(const struct date *date)
{
    char text[DATE_TEXT_MAX];
    struct date again;

    if ((date->defects & (DATE_BROKEN | DATE_RANGE)) != 0 || date->wall_s < INT64_C(-2208556800) ||
        date->wall_s > INT64_C(253401868799))
        return;
    date_print(date->wall_s, date->utc_offset_s, text);
    date_parse(span_of(text), &again);
    demand(again.defects == 0 && is_same_instant(date, &again), "printed, it is another");
}

static void check_surrounded(struct span value, const struct date *date)
{
    struct buffer text = BUFFER_EMPTY;
    struct date again;

    if ((date->defects & (DATE_BROKEN | DATE_TRAILING)) != 0)
        return;
    buffer_add_text(&text, "\n\t ");
    buffer_add_span(&text, value);
    buffer_add_text(&text, " (a (b\\)) c)\n");
    demand(!buffer_has_failed(&text), "memory");
    date_parse(buffer_span(&text), &again);
    demand(is_same_instant(date, &again), "a comment behind it makes it another");
    demand((again.defects & ~date->defects) == 0, "a comment behind it is a defect");
    buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span value = { (const char *)data, size };
    struct date date;

    date_parse(value, &date);
    check_bounds(&date);
    check_printed(&date);
    check_surrounded(value, &date);
    return 0;
}
