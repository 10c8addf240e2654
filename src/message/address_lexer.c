/*
 * address_lexer: the tokens of structured header fields (RFC 5322 3.2, 4.1; RFC 6532 3.2).
 *
 * Never fails; what cannot be a token is junk and ADDRESS_BROKEN. Every octet is looked at a
 * constant number of times: an unclosed quote or comment takes the whole rest with it.
 */
#include "message/address_private.h"

bool is_atext(char c)
{
    static const bool table[128] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['!'] = true,
        ['#'] = true,         ['$'] = true,         ['%'] = true,         ['&'] = true,
        ['\''] = true,        ['*'] = true,         ['+'] = true,         ['-'] = true,
        ['/'] = true,         ['='] = true,         ['?'] = true,         ['^'] = true,
        ['_'] = true,         ['`'] = true,         ['{'] = true,         ['|'] = true,
        ['}'] = true,         ['~'] = true,
    };
    unsigned char octet = (unsigned char)c;

    return octet >= sizeof(table) || table[octet];
}

static bool is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

void lexer_init(struct lexer *lexer, struct span text)
{
    lexer->at = text.at;
    lexer->end = text.at != NULL ? text.at + text.size : NULL;
    lexer->defects = 0;
    lexer->has_quoted_fold = lexer->has_quoted_at = false;
}

/* The LF of a fold, or at the very end; any other is a control octet. */
static bool is_fold(const struct lexer *lexer)
{
    return *lexer->at == '\n' && (lexer->at + 1 == lexer->end || is_wsp(lexer->at[1]));
}

/* "<", "@" and ">" in this order: something a careless reader takes for the address. */
static bool holds_angle(struct span text)
{
    static const char wanted[] = { '<', '@', '>' };

    for (size_t i = 0; i < sizeof(wanted); i++) {
        ptrdiff_t hit = span_find(text, wanted[i]);

        if (hit < 0)
            return false;
        text = span_from(text, (size_t)hit + 1);
    }
    return true;
}

/* One octet within quotes, a comment or a literal, together with the backslash before it. */
static void skip_quoted_octet(struct lexer *lexer)
{
    if (*lexer->at == '\\' && lexer->at + 1 < lexer->end) {
        lexer->at++;
        if (is_control(*lexer->at))
            lexer->defects |= ADDRESS_CONTROL;
    } else if (is_control(*lexer->at) && !is_fold(lexer)) {
        lexer->defects |= ADDRESS_CONTROL;
    }
    lexer->at++;
}

static struct span span_since(const struct lexer *lexer, const char *start)
{
    return (struct span){ start, (size_t)(lexer->at - start) };
}

/* What a quoted string, comment or literal says of itself once it is read. */
static struct span finish_quoted(struct lexer *lexer, const char *start)
{
    struct span text = span_since(lexer, start);

    lexer->defects |= text_defects(text);
    lexer->has_quoted_fold |= span_find(text, '\n') >= 0;
    lexer->has_quoted_at |= span_find(text, '@') >= 0;
    if (*start != '[' && holds_angle(text))
        lexer->defects |= ADDRESS_HIDDEN_ANGLE;
    return text;
}

static struct span read_comment(struct lexer *lexer)
{
    const char *start = lexer->at;
    struct span comment;
    size_t depth = 0;

    do {
        if (*lexer->at == '(')
            depth++;
        else if (*lexer->at == ')')
            depth--;
        skip_quoted_octet(lexer);
    } while (depth > 0 && lexer->at < lexer->end);
    if (depth > 0)
        lexer->defects |= ADDRESS_BROKEN;
    comment = finish_quoted(lexer, start);
    return depth > 0 ? (struct span){ NULL, 0 } : comment;
}

static void skip_cfws(struct lexer *lexer, struct token *token)
{
    for (; lexer->at < lexer->end; token->after_space = true) {
        if (*lexer->at == '(')
            token->comment = read_comment(lexer);
        else if (is_wsp(*lexer->at) || is_fold(lexer))
            lexer->at++;
        else
            break;
    }
}

static enum token_kind read_quoted(struct lexer *lexer)
{
    const char *start = lexer->at++;
    bool is_closed;

    while (lexer->at < lexer->end && *lexer->at != '"')
        skip_quoted_octet(lexer);
    is_closed = lexer->at < lexer->end;
    if (is_closed)
        lexer->at++;
    else
        lexer->defects |= ADDRESS_BROKEN;
    finish_quoted(lexer, start);
    return is_closed ? TOKEN_QUOTED : TOKEN_JUNK;
}

static enum token_kind read_literal(struct lexer *lexer)
{
    const char *start = lexer->at++;

    while (lexer->at < lexer->end && *lexer->at != ']' && *lexer->at != '[') {
        if (*lexer->at == '\\')
            lexer->defects |= ADDRESS_OBSOLETE;
        skip_quoted_octet(lexer);
    }
    finish_quoted(lexer, start);
    if (lexer->at == lexer->end || *lexer->at == '[') {
        lexer->defects |= ADDRESS_BROKEN;
        return TOKEN_JUNK;
    }
    lexer->at++;
    return TOKEN_LITERAL;
}

static enum token_kind read_atom(struct lexer *lexer)
{
    const char *start = lexer->at;

    while (lexer->at < lexer->end && is_atext(*lexer->at))
        lexer->at++;
    lexer->defects |= text_defects(span_since(lexer, start));
    return TOKEN_ATOM;
}

static enum token_kind read_special(struct lexer *lexer)
{
    static const struct {
        char c;
        enum token_kind kind;
    } specials[] = {
        { '.', TOKEN_DOT },   { '@', TOKEN_AT },    { ',', TOKEN_COMMA },     { '<', TOKEN_OPEN },
        { '>', TOKEN_CLOSE }, { ':', TOKEN_COLON }, { ';', TOKEN_SEMICOLON },
    };
    char c = *lexer->at++;

    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
        if (specials[i].c == c)
            return specials[i].kind;
    }
    lexer->defects |= ADDRESS_BROKEN | (is_control(c) ? ADDRESS_CONTROL : 0);
    return TOKEN_JUNK;
}

void lexer_next(struct lexer *lexer, struct token *token_r)
{
    const char *start;

    *token_r = (struct token){ .kind = TOKEN_END };
    skip_cfws(lexer, token_r);
    start = lexer->at;
    if (lexer->at == lexer->end)
        return;
    if (is_atext(*start))
        token_r->kind = read_atom(lexer);
    else if (*start == '"')
        token_r->kind = read_quoted(lexer);
    else if (*start == '[')
        token_r->kind = read_literal(lexer);
    else
        token_r->kind = read_special(lexer);
    token_r->text = span_since(lexer, start);
}
