/*
 * results_forged: does the message bring Authentication-Results that claim to be ours (RFC 8601 5)?
 * Whoever trusts our authserv-id believes them, our own users first of all. The repair takes them
 * away; results of others stay.
 *
 * The id is the first word of the field (2.2), a token or in quotes, comments before it, a version
 * behind it; a version before it, which some readers skip, is skipped as well. Without a configured
 * id and without the MTA's name nothing can be said.
 */
#include "checks/checks.h"
#include "util/error.h"

struct settings {
    const char *authserv_id; /* NULL: the MTA's name */
};

static bool accepts_id(const char *value, struct error *error)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (*c <= ' ' || strchr("\"();\\", *c) != NULL || *c > '~') {
            error_set(error, "no authserv-id; valid: \"mx.example.org\"");
            return false;
        }
    }
    return value[0] != '\0' || (error_set(error, "empty; valid: \"mx.example.org\""), false);
}

static const struct config_row rows[] = {
    { .name = "authserv_id",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct settings, authserv_id),
      .accepts = accepts_id,
      .brief = "the id of our own Authentication-Results; absent: the mail server's name" },
    CONFIG_ROWS_END,
};

static const struct config_table table = { .path = "outgoing",
                                           .rows = rows,
                                           .size = sizeof(struct settings) };

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The rest behind a comment, which may hold others; an open one takes everything. */
static struct span skip_comment(struct span text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '\\') {
            i++;
        } else if (text.at[i] == '(') {
            depth++;
        } else if (text.at[i] == ')' && --depth == 0) {
            return span_from(text, i + 1);
        }
    }
    return SPAN("");
}

static struct span skip_blanks(struct span text)
{
    while (text.size > 0 && (is_space(text.at[0]) || text.at[0] == '(')) {
        text = text.at[0] == '(' ? skip_comment(text) : span_from(text, 1);
    }
    return text;
}

/* Cuts the next word off, without its quotes; empty at the end of the field's head. Escapes within
 * quotes stay: no id of ours holds any. */
static struct span next_word(struct span *rest_io)
{
    struct span rest = skip_blanks(*rest_io);
    bool is_quoted = rest.size > 0 && rest.at[0] == '"';
    size_t end = is_quoted ? 1 : 0;
    while (end < rest.size &&
           (is_quoted ? rest.at[end] != '"'
                      : !is_space(rest.at[end]) && strchr(";(\"", rest.at[end]) == NULL)) {
        end += is_quoted && rest.at[end] == '\\' && end + 1 < rest.size ? 2 : 1;
    }
    *rest_io = span_from(rest, is_quoted ? end + 1 : end);
    return is_quoted ? span_from(span_first(rest, end), 1) : span_first(rest, end);
}

static bool is_number(struct span word)
{
    for (size_t i = 0; i < word.size; i++) {
        if (word.at[i] < '0' || word.at[i] > '9') {
            return false;
        }
    }
    return word.size > 0;
}

/* A final dot is the same name to whoever takes the id for a domain. */
static bool is_same_id(struct span word, struct span id)
{
    if (word.size == id.size + 1 && word.at[id.size] == '.') {
        word.size--;
    }
    return span_is_equal_nocase(word, id);
}

static bool claims(struct span value, struct span id)
{
    struct span word = next_word(&value);
    return is_same_id(word, id) || (is_number(word) && is_same_id(next_word(&value), id));
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    const struct settings *own = settings;
    const struct header_list *headers = &evidence->message->headers;
    struct check_deletions deletions = { .arena = findings->arena };
    struct span id =
        own->authserv_id != NULL ? span_of(own->authserv_id) : evidence->message->session->mta_name;
    size_t count = 0;
    const struct header_field *field = header_first(headers, HEADER_AUTHENTICATION_RESULTS);
    for (; field != NULL && id.size > 0; field = header_next(headers, field)) {
        if (claims(field->value, id)) {
            check_repair_delete(&deletions, field);
            count++;
        }
    }
    if (count == 0) {
        return;
    }
    struct finding *finding = finding_add(findings, FINDING_RESULTS_FORGED, "do not send it",
                                          "%zu Authentication-Results claim to be of %.*s", count,
                                          SPAN_ARG(span_first(id, CHECK_NAME_SHOWN)));
    if (finding != NULL) {
        finding->repair = deletions.first;
    }
}

const struct check check_results_forged = {
    .name = "results_forged",
    .settings = &table,
    .run = run,
};
