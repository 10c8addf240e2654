/*
 * domain: names in A-label form (RFC 5890; UTS 46 non-transitional, as browsers and mail programs
 * look names up).
 *
 * A name in ASCII needs neither libidn2 nor memory; its xn-- labels are taken as they are written.
 */
#include "util/domain.h"

#ifdef HAVE_IDN
#include <idn2.h>
#endif

#define LABEL_MAX 63
/* What cannot become 253 octets is not looked at: no A-label has fewer octets than characters, and
 * a character has at most four octets of UTF-8. */
#define UNICODE_MAX ((size_t)4 * DOMAIN_MAX)

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_ascii(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    }
    return true;
}

/* Lower case, no final dot, lengths and bytes checked. */
static bool ascii_copy(struct span name, char out[static DOMAIN_MAX])
{
    size_t label = 0;

    if (name.size > 0 && name.at[name.size - 1] == '.')
        name.size--;
    if (name.size == 0 || name.size >= DOMAIN_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = ascii_lower(name.at[i]);

        if (c == '.' ? label == 0 : !is_name_byte(c) || label == LABEL_MAX)
            return false;
        label = c == '.' ? 0 : label + 1;
        out[i] = c;
    }
    out[name.size] = '\0';
    return label > 0;
}

#ifdef HAVE_IDN
static bool unicode_to_ascii(struct span name, char out[static DOMAIN_MAX])
{
    char copy[UNICODE_MAX + 1];
    uint8_t *ascii = NULL;
    bool ok;

    if (name.size > UNICODE_MAX || span_find(name, '\0') >= 0)
        return false;
    memcpy(copy, name.at, name.size);
    copy[name.size] = '\0';
    if (idn2_lookup_u8((const uint8_t *)copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) !=
        IDN2_OK)
        return false;
    ok = ascii_copy(span_of((const char *)ascii), out);
    idn2_free(ascii);
    return ok;
}
#else
static bool unicode_to_ascii(struct span name, char out[static DOMAIN_MAX])
{
    (void)name;
    (void)out;
    return false;
}
#endif

bool domain_to_ascii(struct span name, char out[static DOMAIN_MAX])
{
    out[0] = '\0';
    if (is_ascii(name) ? ascii_copy(name, out) : unicode_to_ascii(name, out))
        return true;
    out[0] = '\0';
    return false;
}

static bool copy_out(struct span text, char *out, size_t out_size)
{
    if (text.size >= out_size)
        return false;
    if (text.size > 0)
        memcpy(out, text.at, text.size);
    out[text.size] = '\0';
    return true;
}

#ifdef HAVE_IDN
static bool has_a_label(struct span name)
{
    struct span label;

    while (span_cut(&name, '.', &label)) {
        if (span_has_prefix_nocase(label, SPAN("xn--")))
            return true;
    }
    return false;
}
#endif

bool domain_to_unicode(struct span name, char *out, size_t out_size)
{
#ifdef HAVE_IDN
    char copy[DOMAIN_MAX];
    char *unicode = NULL;

    if (has_a_label(name) && copy_out(name, copy, sizeof(copy)) &&
        idn2_to_unicode_8z8z(copy, &unicode, 0) == IDN2_OK) {
        bool fits = copy_out(span_of(unicode), out, out_size);

        idn2_free(unicode);
        return fits;
    }
#endif
    /* A label that is no punycode is shown as it is written. */
    return copy_out(name, out, out_size);
}

bool domain_is_below(struct span name, struct span parent)
{
    return parent.size > 0 && name.size > parent.size + 1 &&
           name.at[name.size - parent.size - 1] == '.' &&
           span_is_equal(span_from(name, name.size - parent.size), parent);
}
