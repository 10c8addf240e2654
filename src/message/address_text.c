/*
 * address_text: texts of addresses: out of tokens, and into the one form that is compared, logged
 * and looked up.
 *
 * Fails by the arena only.
 */
#include "message/address_private.h"

#include "util/domain.h"
#include "util/ip.h"

#define LOCAL_MAX 64    /* RFC 5321 4.5.3.1.1 */
#define DOMAIN_LONG 253 /* what fits into the DNS; RFC 5321 4.5.3.1.2 has 255 */
#define PATH_LONG 254   /* RFC 5321 4.5.3.1.3: 256 with the brackets */

/* Octets of the UTF-8 character (RFC 3629) at the start of `text`; 0: there is none. */
static size_t utf8_size(const unsigned char *text, size_t size)
{
    unsigned char lead = text[0];
    size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;

    if (lead < 0x80)
        return 1;
    if (length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Overlong forms, surrogates, and what lies above U+10FFFF. */
    if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) ||
        (lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

unsigned text_defects(struct span text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    unsigned defects = 0;

    for (size_t i = 0; i < text.size;) {
        size_t size = utf8_size(at + i, text.size - i);

        if (size == 0)
            return ADDRESS_8BIT;
        if (size > 1)
            defects = ADDRESS_UTF8;
        i += size;
    }
    return defects;
}

/* Puts the inside of a quoted string or comment, which is closed, at `out`; gives the end. */
static char *put_unquoted(char *out, struct span quoted)
{
    for (size_t i = 1; i + 1 < quoted.size; i++) {
        if (quoted.at[i] == '\\' && i + 2 < quoted.size)
            *out++ = quoted.at[++i];
        else if (quoted.at[i] != '\n')
            *out++ = quoted.at[i];
    }
    return out;
}

struct span text_of_quoted(struct span quoted, struct arena *arena)
{
    char *out = arena_alloc(arena, quoted.size);

    if (out == NULL)
        return (struct span){ NULL, 0 };
    return (struct span){ out, (size_t)(put_unquoted(out, quoted) - out) };
}

/* Other tokens as they stand, but for folds (in literals and after an unclosed quote). */
static char *put_unfolded(char *out, struct span text)
{
    struct span line;

    while (span_cut(&text, '\n', &line)) {
        if (line.size > 0)
            memcpy(out, line.at, line.size);
        out += line.size;
    }
    return out;
}

struct span text_of_tokens(struct span raw, bool is_phrase, struct arena *arena)
{
    /* A gap is at least one octet in raw, so nothing grows. */
    char *start = arena_alloc(arena, raw.size), *out = start;
    struct lexer lexer;
    struct token token;

    if (start == NULL)
        return (struct span){ NULL, 0 };
    lexer_init(&lexer, raw);
    for (lexer_next(&lexer, &token); token.kind != TOKEN_END; lexer_next(&lexer, &token)) {
        if (is_phrase && token.after_space && out > start)
            *out++ = ' ';
        if (token.kind == TOKEN_QUOTED)
            out = put_unquoted(out, token.text);
        else
            out = put_unfolded(out, token.text);
    }
    return (struct span){ start, (size_t)(out - start) };
}

/* atext and dots, no dot at an end or beside another (RFC 5322 3.2.3). */
static bool is_dot_atom(struct span text)
{
    char before = '.';

    for (size_t i = 0; i < text.size; before = text.at[i++]) {
        if (text.at[i] == '.' ? before == '.' : !is_atext(text.at[i]))
            return false;
    }
    return before != '.';
}

struct span address_text(struct span local, struct span domain, struct arena *arena)
{
    bool is_quoted = !is_dot_atom(local) && (local.size > 0 || domain.at != NULL);
    char *start = arena_alloc(arena, local.size * 2 + 3 + domain.size), *out = start;

    if (start == NULL)
        return (struct span){ NULL, 0 };
    if (is_quoted)
        *out++ = '"';
    for (size_t i = 0; i < local.size; i++) {
        if (is_quoted && (local.at[i] == '"' || local.at[i] == '\\'))
            *out++ = '\\';
        *out++ = local.at[i];
    }
    if (is_quoted)
        *out++ = '"';
    if (domain.at != NULL) {
        *out++ = '@';
        memcpy(out, domain.at, domain.size);
        out += domain.size;
    }
    return (struct span){ start, (size_t)(out - start) };
}

/* An address literal (RFC 5321 4.1.3) in its one form; .at == NULL: it is none. */
static struct span literal_text(struct span literal, struct arena *arena)
{
    bool is_tagged = span_has_prefix_nocase(span_from(literal, 1), SPAN("IPv6:"));
    char text[IP_TEXT_MAX];
    struct ip ip;

    if (!ip_parse(literal, &ip) || (ip.family == 6 && !is_tagged))
        return (struct span){ NULL, 0 };
    ip_print(&ip, text);
    return span_of(arena_printf(arena, "[%s%s]", ip.family == 6 ? "IPv6:" : "", text));
}

/* RFC 5321 4.1.2 (sub-domain): a label neither begins nor ends in a hyphen; no dot is the last. */
static bool has_odd_end(struct span domain)
{
    char before = '.';

    for (size_t i = 0; i < domain.size; before = domain.at[i++]) {
        if ((before == '.' && domain.at[i] == '-') || (before == '-' && domain.at[i] == '.'))
            return true;
    }
    return before == '-' || before == '.';
}

static struct span domain_text(struct span domain, struct arena *arena, unsigned *defects_io)
{
    struct span text = { NULL, 0 };
    char ascii[DOMAIN_MAX];

    if (domain.size > 0 && domain.at[0] == '[')
        text = literal_text(domain, arena);
    else if (domain_to_ascii(domain, ascii))
        text = arena_copy(arena, span_of(ascii));
    if (text.at == NULL || has_odd_end(domain))
        *defects_io |= ADDRESS_BAD_DOMAIN;
    return text.at != NULL ? text : arena_copy(arena, domain);
}

/* "=?" and behind it "?=" (RFC 2047 2): a careless reader decodes it even here. */
static bool has_encoded_word(struct span text)
{
    const char *end = text.at + text.size;
    const char *open = text.size > 0 ? memmem(text.at, text.size, "=?", 2) : NULL;

    return open != NULL && memmem(open + 2, (size_t)(end - open - 2), "?=", 2) != NULL;
}

/* A TAB too: RFC 5322 3.2.4 has it in a quoted string, RFC 5321 4.1.2 in none. */
static bool has_control(struct span local)
{
    for (size_t i = 0; i < local.size; i++) {
        if ((unsigned char)local.at[i] < ' ' || local.at[i] == 0x7f)
            return true;
    }
    return false;
}

bool address_finish(struct address *address_io, struct span domain, struct arena *arena)
{
    size_t domain_size = 0;

    if (domain.at == NULL) {
        address_io->defects |= ADDRESS_NO_DOMAIN;
    } else {
        if (has_encoded_word(domain))
            address_io->defects |= ADDRESS_ENCODED_WORD;
        address_io->domain = domain_text(domain, arena, &address_io->defects);
        if (address_io->domain.at == NULL)
            return false;
        domain_size = address_io->domain.size + 1;
    }
    if (has_control(address_io->local))
        address_io->defects |= ADDRESS_CONTROL;
    if (has_encoded_word(address_io->local))
        address_io->defects |= ADDRESS_ENCODED_WORD;
    address_io->text = address_text(address_io->local, address_io->domain, arena);
    if (address_io->text.at == NULL)
        return false;
    if (address_io->text.size - domain_size > LOCAL_MAX || domain_size > DOMAIN_LONG + 1 ||
        address_io->text.size > PATH_LONG)
        address_io->defects |= ADDRESS_LONG;
    return true;
}
