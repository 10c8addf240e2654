/*
 * address: lists of mailboxes and groups (RFC 5322 3.4, 4.4; groups in any field: RFC 6854).
 *
 * The list is read in pieces between commas, semicolons and the colon of a group. A piece that is
 * exactly one mailbox is what the RFC has; from any other every addr-spec that can be made out is
 * taken, and the piece is ADDRESS_BROKEN. A defect found in a piece is one of all its mailboxes.
 */
#include "message/address.h"
#include "message/address_private.h"

#define ROOM_FIRST 2

struct parser {
    struct lexer lexer; /* lexer.defects: those of the piece */
    struct token token; /* the one to be looked at */
    struct arena *arena;
    struct address *at;
    size_t count, room;
    size_t piece_first;    /* the first mailbox of this piece */
    unsigned piece_angles; /* "<" seen in it */
    unsigned defects;      /* of the pieces before */
    bool in_group;
    bool is_out_of_memory;
};

static void advance(struct parser *parser)
{
    lexer_next(&parser->lexer, &parser->token);
}

static void blame(struct parser *parser, unsigned defects)
{
    parser->lexer.defects |= defects;
}

static void end_piece(struct parser *parser)
{
    unsigned defects = parser->lexer.defects | (parser->in_group ? ADDRESS_GROUP : 0);

    parser->defects |= defects;
    for (; parser->piece_first < parser->count; parser->piece_first++) {
        parser->at[parser->piece_first].defects |= defects;
        parser->defects |= parser->at[parser->piece_first].defects;
    }
    parser->piece_angles = 0;
    parser->lexer.defects = 0;
}

/* What is true of the list as a whole is true of each of its mailboxes. */
static void blame_all(struct parser *parser, unsigned defects)
{
    parser->defects |= defects;
    for (size_t i = 0; i < parser->count; i++)
        parser->at[i].defects |= defects;
}

static bool is_word(enum token_kind kind)
{
    return kind == TOKEN_ATOM || kind == TOKEN_QUOTED;
}

static bool ends_region(enum token_kind kind)
{
    return kind == TOKEN_OPEN || kind == TOKEN_COLON || kind == TOKEN_COMMA ||
           kind == TOKEN_SEMICOLON || kind == TOKEN_END;
}

/* CFWS between the parts of an addr-spec (RFC 5322 4.4). */
static void note_gap(struct parser *parser)
{
    if (parser->token.after_space)
        blame(parser, ADDRESS_OBSOLETE);
    if (parser->token.comment.at != NULL)
        blame(parser, ADDRESS_COMMENT);
}

static void extend(struct span *span_io, const struct token *token)
{
    if (span_io->at == NULL)
        span_io->at = token->text.at;
    span_io->size = (size_t)(token->text.at + token->text.size - span_io->at);
}

/* What can be made out of "local@domain": raw texts, absent where there is none. */
struct spec {
    struct span local, domain;
    bool has_at;
    bool has_gap; /* words side by side stand where a local part should be */
};

/* Words and dots as they stand. Of words side by side the last begins the local part. */
static void read_local(struct parser *parser, struct spec *spec)
{
    bool after_word = false, after_dot = true, has_quoted = false;
    unsigned tokens = 0;

    while (is_word(parser->token.kind) || parser->token.kind == TOKEN_DOT) {
        bool is_dot = parser->token.kind == TOKEN_DOT;

        if (after_word && !is_dot) {
            blame(parser, ADDRESS_BROKEN);
            spec->has_gap = true;
            spec->local.at = NULL;
        }
        if (spec->local.at != NULL)
            note_gap(parser);
        if (is_dot && after_dot)
            blame(parser, ADDRESS_DOTS);
        has_quoted = has_quoted || parser->token.kind == TOKEN_QUOTED;
        tokens++;
        extend(&spec->local, &parser->token);
        after_word = !is_dot;
        after_dot = is_dot;
        advance(parser);
    }
    if (tokens > 0 && after_dot)
        blame(parser, ADDRESS_DOTS);
    if (has_quoted)
        blame(parser, ADDRESS_QUOTED_LOCAL | (tokens > 1 ? ADDRESS_OBSOLETE : 0));
}

static struct span read_domain(struct parser *parser)
{
    struct span domain = { NULL, 0 };
    bool after_word = false;

    if (parser->token.kind == TOKEN_LITERAL) {
        note_gap(parser);
        extend(&domain, &parser->token);
        advance(parser);
        return domain;
    }
    while (parser->token.kind == TOKEN_DOT || (parser->token.kind == TOKEN_ATOM && !after_word)) {
        note_gap(parser);
        extend(&domain, &parser->token);
        after_word = parser->token.kind == TOKEN_ATOM;
        advance(parser);
    }
    return domain;
}

/* Reads as much of "local@domain" as stands here; perhaps nothing. */
static struct spec read_spec(struct parser *parser)
{
    struct spec spec = { .has_at = false };

    read_local(parser, &spec);
    if (parser->token.kind != TOKEN_AT)
        return spec;
    spec.has_at = true;
    note_gap(parser);
    advance(parser);
    spec.domain = read_domain(parser);
    if (spec.local.at == NULL || spec.domain.at == NULL)
        blame(parser, ADDRESS_BROKEN);
    return spec;
}

static struct address *new_mailbox(struct parser *parser)
{
    if (parser->count == parser->room) {
        size_t room = parser->room > 0 ? parser->room * 2 : ROOM_FIRST;
        struct address *at = arena_array(parser->arena, room, sizeof(*at));

        if (at == NULL)
            return NULL;
        if (parser->count > 0)
            memcpy(at, parser->at, parser->count * sizeof(*at));
        parser->at = at;
        parser->room = room;
    }
    return &parser->at[parser->count];
}

static bool fill_mailbox(struct address *mailbox, const struct spec *spec, struct arena *arena)
{
    struct span domain = { NULL, 0 };

    mailbox->local = text_of_tokens(spec->local, false, arena);
    if (spec->domain.at != NULL) {
        domain = text_of_tokens(spec->domain, false, arena);
        if (domain.at == NULL)
            return false;
    }
    return mailbox->local.at != NULL && address_finish(mailbox, domain, arena);
}

static void push(struct parser *parser, const struct spec *spec, struct span display)
{
    struct address *mailbox = new_mailbox(parser);

    if (mailbox != NULL) {
        *mailbox = (struct address){ .display = display };
        if (fill_mailbox(mailbox, spec, parser->arena)) {
            parser->count++;
            return;
        }
    }
    parser->is_out_of_memory = true;
}

/* "alice@example.org (Alice)": how names were written before RFC 822, and in cron mail still. */
static void name_by_comment(struct parser *parser)
{
    struct address *mailbox;

    if (parser->token.comment.at == NULL || parser->piece_first == parser->count)
        return;
    mailbox = &parser->at[parser->count - 1];
    if (mailbox->display.at != NULL)
        return;
    mailbox->display = text_of_quoted(parser->token.comment, parser->arena);
    parser->is_out_of_memory |= mailbox->display.at == NULL;
}

static bool ends_specs(enum token_kind kind, bool in_angle)
{
    return ends_region(kind) || (in_angle && kind == TOKEN_CLOSE);
}

/*
 * Reads specs to the end of a region or of angle brackets. Only one that stands there alone is
 * right; one without "@" counts only then.
 */
static void read_specs(struct parser *parser, bool in_angle, struct span display)
{
    bool is_first = true;

    do {
        const char *start = parser->token.text.at;
        struct spec spec = read_spec(parser);
        enum token_kind next = parser->token.kind;
        bool is_right =
            is_first && (in_angle ? next == TOKEN_CLOSE : ends_region(next) && next != TOKEN_COLON);

        if (!is_right || spec.local.at == NULL)
            blame(parser, ADDRESS_BROKEN);
        if (spec.local.at != NULL && (spec.has_at || (is_right && !spec.has_gap)))
            push(parser, &spec, is_first ? display : (struct span){ NULL, 0 });
        if (!ends_specs(next, in_angle) && parser->token.text.at == start)
            advance(parser); /* nothing was read: not one more time */
        is_first = false;
    } while (!ends_specs(parser->token.kind, in_angle) && !parser->is_out_of_memory);
}

static void read_angle(struct parser *parser, struct span display)
{
    if (++parser->piece_angles > 1)
        blame(parser, ADDRESS_SEVERAL_ANGLES | ADDRESS_BROKEN);
    advance(parser);
    if (parser->token.comment.at != NULL)
        blame(parser, ADDRESS_COMMENT);
    if (parser->token.kind == TOKEN_AT) { /* RFC 5322 4.4: obs-route */
        blame(parser, ADDRESS_ROUTE);
        while (parser->token.kind == TOKEN_AT || parser->token.kind == TOKEN_COMMA) {
            advance(parser);
            read_domain(parser);
        }
        if (parser->token.kind == TOKEN_COLON)
            advance(parser);
        else
            blame(parser, ADDRESS_BROKEN);
    }
    read_specs(parser, true, display);
    if (parser->token.comment.at != NULL)
        blame(parser, ADDRESS_COMMENT);
    if (parser->token.kind == TOKEN_CLOSE)
        advance(parser);
    name_by_comment(parser);
}

/* What is before the next token that ends a region. */
struct region {
    struct span text;
    enum token_kind end;
    bool is_phrase; /* RFC 5322 3.2.5, with the dots of 4.1 */
};

static struct region look_ahead(const struct parser *parser)
{
    struct lexer lexer = parser->lexer;
    struct token token = parser->token;
    struct region region = { .is_phrase = is_word(token.kind) };

    for (; !ends_region(token.kind); lexer_next(&lexer, &token)) {
        region.is_phrase = region.is_phrase && (is_word(token.kind) || token.kind == TOKEN_DOT);
        extend(&region.text, &token);
    }
    region.end = token.kind;
    return region;
}

static void skip_region(struct parser *parser)
{
    while (!ends_region(parser->token.kind))
        advance(parser);
}

static void read_named_angle(struct parser *parser, const struct region *region)
{
    struct span display = { NULL, 0 };

    if (region->text.at != NULL) {
        if (!region->is_phrase)
            blame(parser, ADDRESS_BROKEN);
        display = text_of_tokens(region->text, true, parser->arena);
        parser->is_out_of_memory |= display.at == NULL;
        skip_region(parser);
    }
    read_angle(parser, display);
}

/* What came before the token to be looked at. */
enum place { PLACE_START, PLACE_COMMA, PLACE_MEMBER };

static enum place read_member(struct parser *parser)
{
    struct region region = look_ahead(parser);

    if (region.end == TOKEN_OPEN) {
        read_named_angle(parser, &region);
        return PLACE_MEMBER;
    }
    if (region.end == TOKEN_COLON && region.is_phrase && !parser->in_group) {
        skip_region(parser);
        parser->in_group = true;
        end_piece(parser);
        advance(parser);
        return PLACE_START;
    }
    read_specs(parser, false, (struct span){ NULL, 0 });
    name_by_comment(parser);
    if (region.end == TOKEN_COLON) {
        blame(parser, ADDRESS_BROKEN);
        advance(parser);
    }
    return PLACE_MEMBER;
}

static enum place read_separator(struct parser *parser, enum place place)
{
    bool is_comma = parser->token.kind == TOKEN_COMMA;

    if (place == PLACE_COMMA || (place == PLACE_START && is_comma))
        blame(parser, ADDRESS_OBSOLETE); /* a null member */
    if (!is_comma && !parser->in_group)
        blame(parser, ADDRESS_BROKEN);
    end_piece(parser);
    if (!is_comma)
        parser->in_group = false;
    advance(parser);
    return is_comma ? PLACE_COMMA : PLACE_MEMBER;
}

static void read_list(struct parser *parser)
{
    enum place place = PLACE_START;

    advance(parser);
    if (parser->token.kind == TOKEN_END)
        blame(parser, ADDRESS_EMPTY);
    while (parser->token.kind != TOKEN_END && !parser->is_out_of_memory) {
        if (parser->token.kind == TOKEN_COMMA || parser->token.kind == TOKEN_SEMICOLON) {
            place = read_separator(parser, place);
            continue;
        }
        if (place == PLACE_MEMBER)
            blame(parser, ADDRESS_BROKEN);
        place = read_member(parser);
    }
    if (place == PLACE_COMMA)
        blame(parser, ADDRESS_OBSOLETE);
    if (parser->in_group)
        blame(parser, ADDRESS_BROKEN);
    end_piece(parser);
    if (parser->lexer.has_quoted_fold && parser->lexer.has_quoted_at)
        blame_all(parser, ADDRESS_FOLD);
    if (parser->count == 0 && (parser->defects & (ADDRESS_EMPTY | ADDRESS_GROUP)) == 0)
        parser->defects |= ADDRESS_BROKEN;
}

bool address_parse_list(struct span value, struct arena *arena, struct address_list *list_r)
{
    struct parser parser = { .arena = arena };

    lexer_init(&parser.lexer, value);
    read_list(&parser);
    *list_r = (struct address_list){ parser.at, parser.count, parser.defects };
    return !parser.is_out_of_memory;
}
