/*
 * suppression_record: the octets of a record. The key is "ADDRESS\0DOMAIN", so that all of an
 * address stand together; the value is words, its first the number of the layout, and texts with a
 * NUL between them, so that a person with mdb_dump can read it too:
 *
 *   1 WATCHED SOURCE SET UNTIL BOUNCED BOUNCES MESSAGE BY\0CODE\0BECAUSE
 */
#include "feedback/suppression_private.h"

#include <inttypes.h>
#include <string.h>

#include "util/domain.h"

#define LAYOUT "1"

_Static_assert(SUPPRESSION_KEY_MAX <= STORE_KEY_MAX, "a key fits");
_Static_assert(SUPPRESSION_DOMAIN_MAX == DOMAIN_MAX, "so does every domain");

static const char *const source_names[] = {
    [SUPPRESSED_BY_BOUNCE] = "bounce",
    [SUPPRESSED_BY_COMPLAINT] = "complaint",
    [SUPPRESSED_BY_COMMAND] = "command",
};
enum { SOURCE_COUNT = sizeof(source_names) / sizeof(source_names[0]) };

const char *suppression_source_name(enum suppression_source source)
{
    return source_names[source];
}

bool suppression_address(struct span address, char out[static SUPPRESSION_ADDRESS_MAX])
{
    char domain[DOMAIN_MAX];
    ptrdiff_t at = span_find_last(address, '@');
    if (at <= 0 || span_find(address, '\0') >= 0 ||
        !domain_to_ascii(span_from(address, (size_t)at + 1), domain) ||
        (size_t)at + 1 + strlen(domain) >= SUPPRESSION_ADDRESS_MAX) {
        return false;
    }
    for (ptrdiff_t i = 0; i < at; i++) {
        out[i] = ascii_lower(address.at[i]);
    }
    out[at] = '@';
    memcpy(out + at + 1, domain, strlen(domain) + 1);
    return true;
}

/* --- the key --------------------------------------------------------------------------------- */

bool suppression_key_write(struct span address, struct span domain,
                           char room[static SUPPRESSION_KEY_MAX], struct span *key_r)
{
    if (address.size == 0 || address.size >= SUPPRESSION_ADDRESS_MAX || domain.size == 0 ||
        domain.size >= SUPPRESSION_DOMAIN_MAX || span_find(address, '\0') >= 0 ||
        span_find(domain, '\0') >= 0) {
        return false;
    }
    memcpy(room, address.at, address.size);
    room[address.size] = '\0';
    memcpy(room + address.size + 1, domain.at, domain.size);
    *key_r = (struct span){ room, address.size + 1 + domain.size };
    return true;
}

struct span suppression_key(const struct suppression *suppression,
                            char room[static SUPPRESSION_KEY_MAX])
{
    struct span key = { NULL, 0 };
    (void)suppression_key_write(span_of(suppression->address), span_of(suppression->domain), room,
                                &key);
    return key;
}

void suppression_text_take(struct span text, char *out, size_t room)
{
    ptrdiff_t end = span_find(text, '\0');
    text = span_first(text, end >= 0 ? (size_t)end : text.size);
    text = span_first(text, room - 1);
    if (text.size > 0) {
        memcpy(out, text.at, text.size);
    }
    out[text.size] = '\0';
}

/* --- the value ------------------------------------------------------------------------------- */

bool suppression_value_write(const struct suppression *suppression, struct buffer *value)
{
    if (suppression->set_s < 0 || suppression->until_s < 0 || suppression->bounced_s < 0) {
        return false;
    }
    buffer_printf(value, LAYOUT " %d %d %" PRId64 " %" PRId64 " %" PRId64 " %u %" PRIu64 " ",
                  (int)suppression->is_watched, (int)suppression->source, suppression->set_s,
                  suppression->until_s, suppression->bounced_s, suppression->bounces,
                  suppression->bounced_message);
    buffer_add_text(value, suppression->by);
    buffer_add_char(value, '\0');
    buffer_add_text(value, suppression->code);
    buffer_add_char(value, '\0');
    buffer_add_text(value, suppression->because);
    return !buffer_has_failed(value);
}

static bool take_numbers(struct span *rest_io, struct suppression *suppression)
{
    uint64_t is_watched, source, set, until, bounced, bounces;
    if (!span_take_number(rest_io, 1, &is_watched) ||
        !span_take_number(rest_io, SOURCE_COUNT - 1, &source) ||
        !span_take_number(rest_io, INT64_MAX, &set) ||
        !span_take_number(rest_io, INT64_MAX, &until) ||
        !span_take_number(rest_io, INT64_MAX, &bounced) ||
        !span_take_number(rest_io, UINT32_MAX, &bounces) ||
        !span_take_number(rest_io, UINT64_MAX, &suppression->bounced_message)) {
        return false;
    }
    suppression->is_watched = is_watched != 0;
    suppression->source = (enum suppression_source)source;
    suppression->set_s = (int64_t)set;
    suppression->until_s = (int64_t)until;
    suppression->bounced_s = (int64_t)bounced;
    suppression->bounces = (unsigned)bounces;
    return true;
}

bool suppression_read(struct span key, struct span value, struct suppression *suppression_r)
{
    struct span address, rest = key, word;
    if (!span_cut(&rest, '\0', &address) || rest.at == NULL || address.size == 0 ||
        rest.size == 0 ||
        !span_copy(address, suppression_r->address, sizeof(suppression_r->address)) ||
        !span_copy(rest, suppression_r->domain, sizeof(suppression_r->domain))) {
        return false;
    }
    rest = value;
    return span_cut(&rest, ' ', &word) && span_is_equal(word, SPAN(LAYOUT)) &&
           take_numbers(&rest, suppression_r) && span_cut(&rest, '\0', &word) && rest.at != NULL &&
           span_copy(word, suppression_r->by, sizeof(suppression_r->by)) &&
           span_cut(&rest, '\0', &word) && rest.at != NULL &&
           span_copy(word, suppression_r->code, sizeof(suppression_r->code)) &&
           span_copy(rest, suppression_r->because, sizeof(suppression_r->because));
}
