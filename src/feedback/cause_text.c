/*
 * cause_text: codes and words of a reply. A reply of many lines repeats its codes ("550-5.7.26"),
 * and MTAs and their logs fold it as they like; what is compared has neither.
 */
#include "feedback/cause_private.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_octet(char c)
{
    return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

/* How long the enhanced code is that begins here; 0: none does (RFC 3463 2: up to three digits). */
static size_t enhanced_at(struct span text)
{
    size_t at = 2;
    if (text.size < 5 || (text.at[0] != '2' && text.at[0] != '4' && text.at[0] != '5') ||
        text.at[1] != '.') {
        return 0;
    }
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;
        while (at < text.size && digits < 3 && is_digit(text.at[at])) {
            at++;
            digits++;
        }
        if (digits == 0 || (part == 0 && (at >= text.size || text.at[at++] != '.'))) {
            return 0;
        }
    }
    /* An address (5.1.1.1) or a version is none. */
    bool goes_on = at < text.size && (is_word_octet(text.at[at]) || text.at[at] == '@');
    bool is_address = at + 1 < text.size && text.at[at] == '.' && is_digit(text.at[at + 1]);
    return goes_on || is_address ? 0 : at;
}

bool cause_is_enhanced(struct span text)
{
    return text.size > 0 && enhanced_at(text) == text.size;
}

static bool is_reply_code(struct span text)
{
    return text.size >= 3 && (text.at[0] == '2' || text.at[0] == '4' || text.at[0] == '5') &&
           text.at[1] >= '0' && text.at[1] <= '5' && is_digit(text.at[2]) &&
           (text.size == 3 || is_blank(text.at[3]) || text.at[3] == '-' || text.at[3] == ':' ||
            text.at[3] == '#');
}

/* Behind what a reply code may stand: the beginning, "said:", "(", "<", "smtp;", a line end. */
static bool begins_reply(struct span text, size_t at)
{
    while (at > 0 && (text.at[at - 1] == ' ' || text.at[at - 1] == '\t')) {
        at--;
    }
    return at == 0 || strchr(":;(<[\"'\n\r=>", text.at[at - 1]) != NULL;
}

static bool has_word_before(struct span text, size_t at)
{
    return at > 0 &&
           (is_word_octet(text.at[at - 1]) || text.at[at - 1] == '.' || text.at[at - 1] == '@');
}

void cause_codes(struct span text, struct span *enhanced_r, struct span *reply_code_r)
{
    struct span loose = { NULL, 0 };
    *enhanced_r = *reply_code_r = (struct span){ NULL, 0 };
    for (size_t i = 0; i < text.size; i++) {
        struct span rest = span_from(text, i);
        if (!is_digit(text.at[i]) || has_word_before(text, i)) {
            continue;
        }
        size_t size = enhanced_at(rest);
        if (size > 0 && enhanced_r->size == 0) {
            *enhanced_r = span_first(rest, size);
        }
        if (size == 0 && reply_code_r->size == 0 && is_reply_code(rest)) {
            struct span code = span_first(rest, 3);
            size_t next = i + 3 + (i + 3 < text.size);
            if (begins_reply(text, i) || enhanced_at(span_from(text, next)) > 0 ||
                (next < text.size && text.at[next] == '#')) {
                *reply_code_r = code;
            } else if (loose.size == 0) {
                loose = code;
            }
        }
        i += size;
    }
    if (reply_code_r->size == 0 && enhanced_r->size > 0) {
        *reply_code_r = loose;
    }
}

/* A word that is only a code: "550", "550-5.7.1", "5.7.1", "#5.7.1", "550-". */
static bool is_code_word(struct span word)
{
    word = word.at[0] == '#' || word.at[0] == '(' ? span_from(word, 1) : word;
    if (is_reply_code(word)) {
        if (word.size == 3) {
            return true;
        }
        word = span_from(word, 4);
        word = word.size > 0 && word.at[0] == '#' ? span_from(word, 1) : word;
    }
    return word.size == 0 || enhanced_at(word) == word.size;
}

/* Addresses and the names of hosts are no words: "mx.antispam.example[192.0.2.1]" says nothing of
 * spam. `before` is the word in front of it. */
static bool is_name(struct span word, struct span before)
{
    ptrdiff_t bracket = span_find(word, '[');
    bool is_host = span_is_equal_nocase(before, SPAN("host")) && span_find(word, '.') > 0;
    return is_host || bracket > 0 || span_find(word, '@') >= 0;
}

static void note_pairs(struct cause_words *words)
{
    memset(words->pairs, 0, sizeof(words->pairs));
    for (size_t i = 1; i < words->size; i++) {
        words->pairs[words->text[i - 1] & 63] |= UINT64_C(1) << (words->text[i] & 63);
    }
}

/* False: it cannot be there. */
static bool has_pairs(const struct cause_words *words, const char *pattern)
{
    for (; pattern[0] != '\0' && pattern[1] != '\0'; pattern++) {
        if (pattern[0] != '*' && pattern[1] != '*' &&
            (words->pairs[pattern[0] & 63] >> (pattern[1] & 63) & 1) == 0) {
            return false;
        }
    }
    return true;
}

void cause_words_of(struct span text, struct cause_words *words_r)
{
    size_t at = 0;
    struct span before = { NULL, 0 };
    words_r->size = 0;
    while (at < text.size) {
        size_t start = at;
        while (at < text.size && !is_blank(text.at[at])) {
            at++;
        }
        struct span word = { text.at + start, at - start };
        at++;
        if (word.size == 0) {
            continue;
        }
        bool is_left_out = is_code_word(word) || is_name(word, before);
        before = word;
        if (is_left_out) {
            continue;
        }
        if (words_r->size + word.size + 1 > CAUSE_TEXT_MAX) {
            break;
        }
        if (words_r->size > 0) {
            words_r->text[words_r->size++] = ' ';
        }
        for (size_t i = 0; i < word.size; i++) {
            words_r->text[words_r->size++] = ascii_lower(word.at[i]);
        }
    }
    words_r->text[words_r->size] = '\0';
    note_pairs(words_r);
}

bool cause_words_have(const struct cause_words *words, const char *pattern)
{
    struct span rest = { words->text, words->size }, pieces, piece;
    if (!has_pairs(words, pattern)) {
        return false;
    }
    pieces = span_of(pattern);
    while (span_cut(&pieces, '*', &piece)) {
        const char *found =
            piece.size == 0 ? rest.at : memmem(rest.at, rest.size, piece.at, piece.size);
        if (found == NULL) {
            return false;
        }
        rest = span_from(rest, (size_t)(found - rest.at) + piece.size);
    }
    return true;
}

bool cause_words_have_mark(const struct cause_words *words, const char *mark)
{
    size_t size = strlen(mark);
    bool may_go_on = mark[size - 1] == '*';
    size -= may_go_on;
    for (size_t i = 0; i + size <= words->size; i++) {
        struct span here = { words->text + i, size };
        if ((i == 0 || !is_word_octet(words->text[i - 1])) &&
            (may_go_on || !is_word_octet(words->text[i + size])) &&
            span_is_equal_nocase(here, (struct span){ mark, size })) {
            return true;
        }
    }
    return false;
}

static bool number_fits(struct span pattern, struct span number)
{
    uint64_t from, to, value;
    ptrdiff_t dash = span_find(pattern, '-');
    if (dash < 0) {
        return span_is_equal(pattern, number);
    }
    return span_number(span_first(pattern, (size_t)dash), 999, &from) &&
           span_number(span_from(pattern, (size_t)dash + 1), 999, &to) &&
           span_number(number, 999, &value) && value >= from && value <= to;
}

bool cause_code_is(const char *pattern, struct span code)
{
    struct span wanted = span_of(pattern), want, have;
    for (int part = 0; part < 3; part++) {
        if (!span_cut(&wanted, '.', &want) || !span_cut(&code, '.', &have)) {
            return false;
        }
        bool is_any = part == 0 && span_is_equal(want, SPAN("x")) &&
                      (span_is_equal(have, SPAN("4")) || span_is_equal(have, SPAN("5")));
        if (!is_any && !number_fits(want, have)) {
            return false;
        }
    }
    return true;
}
