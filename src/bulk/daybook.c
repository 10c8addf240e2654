/*
 * daybook: the octets: the layout, then a tag and what it tells, for all that is not empty. A tag
 * is its kind times 32, and the number of a provider or rule.
 */
#include "bulk/daybook.h"

#include "util/varint.h"

enum {
    KIND_RECIPIENTS, /* by provider: a window */
    KIND_TOLD,       /* by provider: a number */
    KIND_SINCE,      /* by provider: a number */
    KIND_MESSAGES,   /* a window */
    KIND_LISTS,      /* a window */
    KIND_FAILED,     /* by rule: a window */
    KIND_UNKNOWN,    /* by rule: a window */
    PER_KIND = 32
};

_Static_assert((int)BULK_RULE_COUNT <= (int)PER_KIND, "rules have room in a tag");

/* The window of a tag; NULL: it has none. */
static struct window *window_of(struct daybook *daybook, uint64_t tag)
{
    uint64_t number = tag % PER_KIND;
    switch (tag / PER_KIND) {
    case KIND_RECIPIENTS:
        return number < BULK_PROVIDER_COUNT ? &daybook->at[number].recipients : NULL;
    case KIND_MESSAGES:
        return number == 0 ? &daybook->messages : NULL;
    case KIND_LISTS:
        return number == 0 ? &daybook->lists : NULL;
    case KIND_FAILED:
        return number < BULK_RULE_COUNT ? &daybook->failed[number] : NULL;
    case KIND_UNKNOWN:
        return number < BULK_RULE_COUNT ? &daybook->unknown[number] : NULL;
    default:
        return NULL;
    }
}

/* How many tags there may be. */
enum { TAGS = (KIND_UNKNOWN + 1) * PER_KIND };

static bool read_number(struct span *from, struct daybook *daybook, uint64_t tag)
{
    uint64_t provider = tag % PER_KIND, number;
    bool is_since = tag / PER_KIND == KIND_SINCE;
    if ((tag / PER_KIND != KIND_TOLD && !is_since) || provider >= BULK_PROVIDER_COUNT ||
        !varint_take(from, &number) || number > INT64_MAX) {
        return false;
    }
    if (is_since) {
        daybook->at[provider].bulk_since_s = (int64_t)number;
    } else {
        daybook->at[provider].told_until_ms = number;
    }
    return true;
}

static bool read_all(struct span octets, struct daybook *daybook)
{
    uint64_t layout, tag;
    if (!varint_take(&octets, &layout) || layout != DAYBOOK_LAYOUT) {
        return false;
    }
    while (octets.size > 0) {
        if (!varint_take(&octets, &tag)) {
            return false;
        }
        struct window *window = window_of(daybook, tag);
        if (window != NULL ? !window_read(&octets, window) : !read_number(&octets, daybook, tag)) {
            return false;
        }
    }
    return true;
}

bool daybook_read(struct span octets, struct daybook *daybook_r)
{
    *daybook_r = (struct daybook){ 0 };
    if (read_all(octets, daybook_r)) {
        return true;
    }
    *daybook_r = (struct daybook){ 0 };
    return false;
}

void daybook_advance(struct daybook *daybook, uint64_t now_ms)
{
    for (uint64_t tag = 0; tag < TAGS; tag++) {
        struct window *window = window_of(daybook, tag);
        if (window != NULL) {
            window_advance(window, now_ms, DAYBOOK_PER_MS);
        }
    }
}

static void write_number(uint64_t kind, uint64_t provider, uint64_t number, struct buffer *out)
{
    if (number > 0) {
        varint_put(out, kind * PER_KIND + provider);
        varint_put(out, number);
    }
}

void daybook_write(const struct daybook *daybook, uint64_t now_ms, struct buffer *out)
{
    struct daybook copy = *daybook;
    buffer_clear(out);
    varint_put(out, DAYBOOK_LAYOUT);
    for (uint64_t tag = 0; tag < TAGS; tag++) {
        const struct window *window = window_of(&copy, tag);
        if (window != NULL && window_sum(window) > 0) {
            varint_put(out, tag);
            window_write(window, out);
        }
    }
    for (uint64_t p = 0; p < BULK_PROVIDER_COUNT; p++) {
        uint64_t told_until_ms = daybook->at[p].told_until_ms;
        write_number(KIND_TOLD, p, told_until_ms > now_ms ? told_until_ms : 0, out);
        write_number(KIND_SINCE, p, (uint64_t)daybook->at[p].bulk_since_s, out);
    }
}

size_t daybook_octets_max(void)
{
    size_t windows = BULK_PROVIDER_COUNT + 2, numbers = (size_t)2 * BULK_PROVIDER_COUNT;
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        windows += bulk_rules[i].is_counted ? 2 : 0;
    }
    return VARINT_OCTETS_MAX + windows * (VARINT_OCTETS_MAX + WINDOW_OCTETS_MAX) +
           numbers * 2 * VARINT_OCTETS_MAX;
}

bool daybook_is_empty(const struct daybook *daybook, uint64_t now_ms)
{
    bool is_empty = window_sum(&daybook->messages) == 0;
    for (size_t p = 0; p < BULK_PROVIDER_COUNT; p++) {
        is_empty = is_empty && window_sum(&daybook->at[p].recipients) == 0 &&
                   daybook->at[p].bulk_since_s == 0 && daybook->at[p].told_until_ms <= now_ms;
    }
    return is_empty;
}

void daybook_counts(const struct daybook *daybook,
                    struct bulk_counts counts_r[static BULK_RULE_COUNT])
{
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        counts_r[i] = (struct bulk_counts){ 0 };
        if (bulk_rules[i].is_counted) {
            counts_r[i].judged =
                window_sum(bulk_rules[i].is_of_lists ? &daybook->lists : &daybook->messages);
            counts_r[i].failed = window_sum(&daybook->failed[i]);
            counts_r[i].unknown = window_sum(&daybook->unknown[i]);
        }
    }
}
