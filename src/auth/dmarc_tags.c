/*
 * dmarc_tags: which values of a DMARC record count (RFC 9989 4.7, 4.8).
 *
 * What the RFC settles is a note: unknown tags are passed over, a bad adkim, aspf, psd or t gives
 * the default, and pct, rf and ri are unknown. What it does not settle is trouble: a tag twice,
 * names in capitals (RFC 6376 3.2 tells them apart, the grammar here does not), blanks before v=.
 * So is what takes the policy away: a bad p, sp or np, or none at all (4.10.1).
 */
#include "auth/dmarc_private.h"

enum tag { TAG_ADKIM, TAG_ASPF, TAG_NP, TAG_P, TAG_PSD, TAG_RUA, TAG_SP, TAG_T, TAG_COUNT };

/* A policy that is bad is trouble, everything else a note. */
static const struct {
    struct span name;
    const char *bad;
} tags[TAG_COUNT] = {
    [TAG_ADKIM] = { { "adkim", 5 }, "adkim= is neither r nor s and is read as r" },
    [TAG_ASPF] = { { "aspf", 4 }, "aspf= is neither r nor s and is read as r" },
    [TAG_NP] = { { "np", 2 }, "np= is none of none, quarantine and reject, so no policy counts" },
    [TAG_P] = { { "p", 1 }, "p= is none of none, quarantine and reject, so no policy counts" },
    [TAG_PSD] = { { "psd", 3 }, "psd= is none of y, n and u and is read as u" },
    [TAG_RUA] = { { "rua", 3 }, "rua= names no address a report could go to" },
    [TAG_SP] = { { "sp", 2 }, "sp= is none of none, quarantine and reject, so no policy counts" },
    [TAG_T] = { { "t", 1 }, "t= is neither y nor n and is read as n" },
};

static void add_trouble(struct dmarc_record *record, const char *trouble)
{
    record->trouble = record->trouble != NULL ? record->trouble : trouble;
}

static void add_note(struct dmarc_record *record, const char *note)
{
    record->note = record->note != NULL ? record->note : note;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* dmarc-version up to the first semicolon. The value alone is told apart by case. */
static bool is_version(struct span piece)
{
    ptrdiff_t equals = span_find(piece, '=');
    return equals > 0 &&
           span_is_equal_nocase(span_trim(span_first(piece, (size_t)equals)), SPAN("v")) &&
           span_is_equal(span_trim(span_from(piece, (size_t)equals + 1)), SPAN("DMARC1"));
}

static bool read_request(struct span value, struct dmarc_request *request_r)
{
    static const struct span words[] = {
        [DMARC_ACTION_NONE] = { "none", 4 },
        [DMARC_ACTION_QUARANTINE] = { "quarantine", 10 },
        [DMARC_ACTION_REJECT] = { "reject", 6 },
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (span_is_equal_nocase(value, words[i])) {
            *request_r = (struct dmarc_request){ DMARC_TAG_GOOD, (enum dmarc_action)i };
            return true;
        }
    }
    *request_r = (struct dmarc_request){ DMARC_TAG_BAD, DMARC_ACTION_NONE };
    return false;
}

/* One letter of `letters`; *index_r is 0, the default, for any other. */
static bool read_letter(struct span value, const char *letters, unsigned *index_r)
{
    *index_r = 0;
    for (unsigned i = 0; letters[i] != '\0'; i++) {
        if (value.size == 1 && ascii_lower(value.at[0]) == letters[i]) {
            *index_r = i;
            return true;
        }
    }
    return false;
}

static bool read_flag(struct span value, const char *letters, bool *flag_r)
{
    unsigned index;
    bool is_good = read_letter(value, letters, &index);
    *flag_r = index == 1;
    return is_good;
}

static bool read_psd(struct span value, enum dmarc_psd *psd_r)
{
    unsigned index;
    bool is_good = read_letter(value, "uny", &index);
    *psd_r = (enum dmarc_psd)index;
    return is_good;
}

/* A scheme, and behind it nothing that is no part of a URI; a mailbox has a sign in it. */
static bool is_uri(struct span uri)
{
    ptrdiff_t colon = span_find(uri, ':');
    if (colon <= 0 || (size_t)colon + 1 == uri.size) {
        return false;
    }
    for (size_t i = 0; i < uri.size; i++) {
        unsigned char c = (unsigned char)uri.at[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c) != NULL) {
            return false;
        }
    }
    return !span_has_prefix_nocase(uri, SPAN("mailto:")) || span_find(uri, '@') > colon + 1;
}

static bool read_rua(struct span value, bool *has_rua_r)
{
    struct span uri;
    *has_rua_r = false;
    while (span_cut(&value, ',', &uri)) {
        *has_rua_r = *has_rua_r || is_uri(span_trim(uri));
    }
    return *has_rua_r;
}

/* False: it is not one of the values it may have. */
static bool read_value(enum tag tag, struct span value, struct dmarc_record *record)
{
    switch (tag) {
    case TAG_ADKIM:
        return read_flag(value, "rs", &record->is_strict_dkim);
    case TAG_ASPF:
        return read_flag(value, "rs", &record->is_strict_spf);
    case TAG_NP:
        return read_request(value, &record->np);
    case TAG_P:
        return read_request(value, &record->p);
    case TAG_PSD:
        return read_psd(value, &record->psd);
    case TAG_RUA:
        return read_rua(value, &record->has_rua);
    case TAG_SP:
        return read_request(value, &record->sp);
    case TAG_T:
        return read_flag(value, "ny", &record->is_testing);
    case TAG_COUNT:
        break;
    }
    return true;
}

static enum tag tag_find(struct span name)
{
    size_t i = 0;
    while (i < TAG_COUNT && !span_is_equal_nocase(name, tags[i].name)) {
        i++;
    }
    return (enum tag)i;
}

static void read_tag(struct span piece, bool *seen, struct dmarc_record *record)
{
    ptrdiff_t equals = span_find(piece, '=');
    if (equals < 0) {
        if (span_trim(piece).size > 0) {
            add_note(record, "a part without = is passed over");
        }
        return;
    }
    struct span name = span_trim(span_first(piece, (size_t)equals));
    enum tag tag = tag_find(name);
    if (tag == TAG_COUNT) {
        return;
    }
    if (!span_is_equal(name, tags[tag].name)) {
        add_trouble(record, "a tag's name is written in capitals, which not all receivers know");
    }
    if (seen[tag]) {
        add_trouble(record, "a tag stands there twice, of which receivers take either or none");
        return;
    }
    seen[tag] = true;
    if (!read_value(tag, span_trim(span_from(piece, (size_t)equals + 1)), record)) {
        bool is_policy = tag == TAG_P || tag == TAG_SP || tag == TAG_NP;
        (is_policy ? add_trouble : add_note)(record, tags[tag].bad);
    }
}

bool dmarc_record_read(struct span text, struct dmarc_record *record_r)
{
    bool seen[TAG_COUNT] = { false };
    struct span rest = text;
    struct span piece;
    *record_r = (struct dmarc_record){ .trouble = NULL };
    if (!span_cut(&rest, ';', &piece) || !is_version(piece)) {
        return false;
    }
    if (is_blank(text.at[0])) {
        add_trouble(record_r, "blanks stand before v=, so that some receivers pass it over");
    } else if (text.at[0] != 'v') {
        add_trouble(record_r, "v= is written in capitals, which not all receivers know");
    }
    if (text.size > DMARC_RECORD_MAX) {
        add_trouble(record_r, "it is longer than receivers can be expected to read");
        return true;
    }
    while (span_cut(&rest, ';', &piece)) {
        read_tag(piece, seen, record_r);
    }
    if (record_r->p.state == DMARC_TAG_ABSENT && record_r->has_rua) {
        add_note(record_r, "p= is missing and is read as p=none");
    } else if (record_r->p.state == DMARC_TAG_ABSENT) {
        add_trouble(record_r, "p= is missing, and rua= too, so receivers apply nothing");
    }
    return true;
}
