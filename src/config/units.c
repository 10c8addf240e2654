/*
 * units: durations and sizes as people write them: digits and at most one unit. Fails with false;
 * the caller knows which setting it was.
 */
#include "config/units.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
    const char *name;
    int64_t size;
};

/* Largest first: the first that divides a number makes its shortest form. */
static const struct unit duration_units[] = {
    { "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 }
};
static const struct unit size_units[] = {
    { "G", INT64_C(1) << 30 }, { "M", INT64_C(1) << 20 }, { "K", INT64_C(1) << 10 }, { "", 1 }
};

#define UNIT_COUNT 4 /* of either table */

/* The number at the beginning; *rest_r is what follows. False: none, or too large. */
static bool parse_number(struct span text, int64_t *number_r, struct span *rest_r)
{
    int64_t number = 0;
    size_t i = 0;
    while (i < text.size && text.at[i] >= '0' && text.at[i] <= '9') {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.at[i] - '0', &number)) {
            return false;
        }
        i++;
    }
    *number_r = number;
    *rest_r = span_from(text, i);
    return i > 0;
}

static bool parse_with(const struct unit *units, int64_t number, struct span unit, int64_t *out_r)
{
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (span_is_equal(unit, span_of(units[i].name))) {
            return !__builtin_mul_overflow(number, units[i].size, out_r);
        }
    }
    return false;
}

bool units_parse_duration(struct span text, int64_t *seconds_r)
{
    int64_t number;
    struct span unit;
    if (!parse_number(text, &number, &unit)) {
        return false;
    }
    if (span_is_equal(unit, SPAN("ms"))) {
        *seconds_r = number / 1000 + (number % 1000 > 0);
        return true;
    }
    return parse_with(duration_units, number, unit, seconds_r);
}

bool units_parse_milliseconds(struct span text, int64_t *milliseconds_r)
{
    int64_t number;
    struct span unit;
    if (!parse_number(text, &number, &unit)) {
        return false;
    }
    *milliseconds_r = number;
    return span_is_equal(unit, SPAN("ms")) ||
           (parse_with(duration_units, number, unit, &number) &&
            !__builtin_mul_overflow(number, 1000, milliseconds_r));
}

bool units_parse_size(struct span text, int64_t *bytes_r)
{
    int64_t number;
    struct span unit;
    return parse_number(text, &number, &unit) && parse_with(size_units, number, unit, bytes_r);
}

static void print_with(const struct unit *units, int64_t number, char *out)
{
    size_t i = 0;
    while (i < UNIT_COUNT - 1 && (number == 0 || number % units[i].size != 0)) {
        i++;
    }
    snprintf(out, UNITS_TEXT_MAX, "%" PRId64 "%s", number / units[i].size, units[i].name);
}

void units_print_duration(int64_t seconds, char out[static UNITS_TEXT_MAX])
{
    print_with(duration_units, seconds, out);
}

void units_print_milliseconds(int64_t milliseconds, char out[static UNITS_TEXT_MAX])
{
    if (milliseconds % 1000 == 0) {
        units_print_duration(milliseconds / 1000, out);
    } else {
        snprintf(out, UNITS_TEXT_MAX, "%" PRId64 "ms", milliseconds);
    }
}

void units_print_size(int64_t bytes, char out[static UNITS_TEXT_MAX])
{
    print_with(size_units, bytes, out);
}
