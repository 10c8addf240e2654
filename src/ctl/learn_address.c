/*
 * learn_address: what is known of each address a login wrote, and what of it may stand in a table.
 * Whoever sends mail chooses addresses, so a row is proposed only where every octet of it is plain:
 * an address "@example.org" would be the whole domain, a login "*" everybody.
 */
#include <stdlib.h>

#include "ctl/learn.h"

/* --- what may be written -------------------------------------------------------------------------
 */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool has_only(struct span text, const char *others)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_alnum(text.at[i]) && (text.at[i] == '\0' || strchr(others, text.at[i]) == NULL))
            return false;
    }
    return text.size > 0;
}

bool learn_is_writable_address(struct span address)
{
    ptrdiff_t at = span_find_last(address, '@');

    return at > 0 && address.at[0] != '#' &&
           has_only(span_first(address, (size_t)at), "!#$%&'+-/=?^_`{|}~.") &&
           has_only(span_from(address, (size_t)at + 1), ".-");
}

bool learn_is_writable_login(struct span login)
{
    return has_only(login, "!#$%&'+-/=?^_`{|}~.@\\");
}

/* --- whose it is by name -------------------------------------------------------------------------
 */

static struct span delimiters_of(const struct learn *learn)
{
    return learn->site == NULL ? SPAN("+") : span_of(learn->site->logins->delimiter);
}

/* "alice" of "alice+news"; an extension needs something before it. */
static struct span without_extension(const struct learn *learn, struct span local)
{
    struct span delimiters = delimiters_of(learn);

    for (size_t i = 1; i < local.size; i++) {
        if (span_find(delimiters, local.at[i]) >= 0)
            return span_first(local, i);
    }
    return local;
}

bool learn_is_own(const struct learn *learn, struct span address, struct span login)
{
    ptrdiff_t at = span_find_last(address, '@'), login_at = span_find_last(login, '@');
    struct span local, domain;

    if (at < 0)
        return false;
    local = span_first(address, (size_t)at);
    domain = span_from(address, (size_t)at + 1);
    if (login_at < 0) {
        if (learn->site == NULL || !site_is_internal(learn->site, domain))
            return false;
    } else if (!span_is_equal_nocase(domain, span_from(login, (size_t)login_at + 1))) {
        return false;
    }
    if (login_at >= 0)
        login = span_first(login, (size_t)login_at);
    return span_is_equal_nocase(local, login) ||
           span_is_equal_nocase(without_extension(learn, local), login);
}

bool learn_believes(const struct learn *learn, const struct tally_row *row)
{
    return row->messages >= learn->min || learn_is_own(learn, row->first, row->second);
}

/* --- addresses -----------------------------------------------------------------------------------
 */

struct span learn_domain_of(struct span address)
{
    ptrdiff_t at = span_find_last(address, '@');

    return at >= 0 ? span_from(address, (size_t)at + 1) : SPAN("");
}

static int compare_rows(const void *a, const void *b)
{
    const struct tally_row *left = *(struct tally_row *const *)a;
    const struct tally_row *right = *(struct tally_row *const *)b;
    int order = tally_compare_text(learn_domain_of(left->first), learn_domain_of(right->first));

    if (order == 0)
        order = tally_compare_text(left->first, right->first);
    return order != 0 ? order : tally_compare_text(left->second, right->second);
}

bool learn_sort(struct learn *learn)
{
    learn->rows = tally_rows(learn->pairs, compare_rows, &learn->row_count);
    return learn->rows != NULL || learn->row_count == 0;
}

bool learn_is_told(const struct learn_address *address)
{
    return address->state != LEARN_OWN && address->state != LEARN_RARE;
}

static enum learn_state judge(const struct learn *learn, const struct learn_address *address,
                              size_t others, bool is_writable)
{
    if (others == 0)
        return address->rare > 0 ? LEARN_RARE : LEARN_OWN;
    if (!is_writable)
        return LEARN_UNWRITABLE;
    return address->believed > learn->max_logins ? LEARN_SHARED : LEARN_PROPOSED;
}

bool learn_next(const struct learn *learn, size_t *at_io, struct learn_address *address_r)
{
    size_t others = 0; /* believed, and not the owner by name */
    bool is_writable;

    if (*at_io >= learn->row_count)
        return false;
    *address_r = (struct learn_address){ .rows = learn->rows + *at_io, .last_s = -1 };
    address_r->address = address_r->rows[0]->first;
    address_r->domain = learn_domain_of(address_r->address);
    is_writable = learn_is_writable_address(address_r->address);
    for (; *at_io < learn->row_count; ++*at_io) {
        const struct tally_row *row = learn->rows[*at_io];

        if (!span_is_equal(row->first, address_r->address))
            break;
        address_r->row_count++;
        if (!learn_believes(learn, row)) {
            address_r->rare++;
            continue;
        }
        address_r->believed++;
        address_r->messages += row->messages;
        address_r->last_s = row->last_s > address_r->last_s ? row->last_s : address_r->last_s;
        others += !learn_is_own(learn, row->first, row->second);
        is_writable = is_writable && learn_is_writable_login(row->second);
    }
    address_r->state = judge(learn, address_r, others, is_writable);
    return true;
}

/* --- whole domains -------------------------------------------------------------------------------
 */

static int compare_by_login(const void *a, const void *b)
{
    const struct tally_row *left = *(struct tally_row *const *)a;
    const struct tally_row *right = *(struct tally_row *const *)b;

    return tally_compare_text(left->second, right->second);
}

size_t learn_domain_begin(const struct learn *learn, size_t begin, size_t end,
                          struct tally_row **scratch)
{
    size_t count = 0;

    for (size_t i = begin; i < end; i++) {
        struct tally_row *row = learn->rows[i];

        if (row->messages >= learn->min && learn_is_writable_login(row->second) &&
            learn_is_writable_address(row->first) && !learn_is_own(learn, row->first, row->second))
            scratch[count++] = row;
    }
    if (count > 0)
        qsort(scratch, count, sizeof(struct tally_row *), compare_by_login);
    return count;
}

bool learn_domain_next(struct tally_row **scratch, size_t count, size_t *at_io,
                       struct learn_owner *owner_r)
{
    while (*at_io < count) {
        size_t from = *at_io;

        while (*at_io < count && span_is_equal(scratch[*at_io]->second, scratch[from]->second))
            ++*at_io;
        if (*at_io - from >= LEARN_DOMAIN_MIN) {
            *owner_r = (struct learn_owner){ scratch[from]->second, *at_io - from };
            return true;
        }
    }
    return false;
}
