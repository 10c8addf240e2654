/*
 * links_entity: character references of HTML, as far as a URL may be hidden in them.
 */
#include "message/links_private.h"

#include <stdlib.h>

#include "util/utf8.h"

/* Those that stand for something in a URL, for nothing, or for a blank. */
static const struct {
    const char *name, *text;
    bool may_be_open; /* browsers know it without ';' too */
} names[] = {
    { "amp", "&", true },
    { "AMP", "&", true },
    { "lt", "<", true },
    { "gt", ">", true },
    { "quot", "\"", true },
    { "apos", "'", false },
    { "nbsp", "\xc2\xa0", true },
    { "shy", "\xc2\xad", true },
    { "period", ".", false },
    { "colon", ":", false },
    { "sol", "/", false },
    { "bsol", "\\", false },
    { "commat", "@", false },
    { "num", "#", false },
    { "quest", "?", false },
    { "equals", "=", false },
    { "lowbar", "_", false },
    { "hyphen", "\xe2\x80\x90", false },
    { "percnt", "%", false },
    { "plus", "+", false },
    { "semi", ";", false },
    { "comma", ",", false },
    { "excl", "!", false },
    { "dollar", "$", false },
    { "lpar", "(", false },
    { "rpar", ")", false },
    { "lsqb", "[", false },
    { "rsqb", "]", false },
    { "lbrack", "[", false },
    { "rbrack", "]", false },
    { "Tab", "\t", false },
    { "NewLine", "\n", false },
    { "ensp", " ", false },
    { "emsp", " ", false },
    { "thinsp", " ", false },
    { "zwnj", "\xe2\x80\x8c", false },
    { "zwj", "\xe2\x80\x8d", false },
    { "ZeroWidthSpace", "\xe2\x80\x8b", false },
    { "NoBreak", "\xe2\x81\xa0", false },
};

/* "#46" or "#x2e", behind '&'. */
static size_t read_number(struct span entity, char out[static 4])
{
    char digits[LINK_NAME_MAX + 1] = "", *end;
    bool is_hex = entity.size > 1 && ascii_lower(entity.at[1]) == 'x';
    struct span text = span_from(entity, is_hex ? 2 : 1);
    unsigned long point;

    if (text.size == 0 || text.size > LINK_NAME_MAX) {
        return 0;
    }
    memcpy(digits, text.at, text.size);
    point = strtoul(digits, &end, is_hex ? 16 : 10);
    return *end == '\0' && digits[0] != '+' && digits[0] != '-' ? utf8_put(point, out) : 0;
}

size_t links_entity(struct span entity, bool is_closed, char out[static 4])
{
    entity = span_from(entity, 1);
    if (entity.size > 0 && entity.at[0] == '#') {
        return read_number(entity, out);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((is_closed || names[i].may_be_open) && span_is_equal(entity, span_of(names[i].name))) {
            memcpy(out, names[i].text, strlen(names[i].text));
            return strlen(names[i].text);
        }
    }
    return 0;
}
