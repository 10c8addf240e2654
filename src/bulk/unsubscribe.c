/*
 * unsubscribe: one pass over the value. A parenthesis that is never closed is no comment: receivers
 * look for angle brackets and would find those behind it.
 */
#include "bulk/unsubscribe.h"

/* --- URIs ------------------------------------------------------------------------------------ */

/* The offset behind the comment that begins at `at`, or 0: it does not end. */
static size_t skip_comment(struct span value, size_t at)
{
    size_t depth = 0;
    for (; at < value.size; at++) {
        char c = value.at[at];
        if (c == '\\') {
            at++;
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && --depth == 0) {
            return at + 1;
        }
    }
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Does the URI, in which blanks and folds are nothing (RFC 2369 2), begin with this and go on? */
static bool has_scheme(struct span uri, const char *scheme)
{
    size_t at = 0;
    for (; *scheme != '\0'; scheme++, at++) {
        while (at < uri.size && is_blank(uri.at[at])) {
            at++;
        }
        if (at == uri.size || ascii_lower(uri.at[at]) != *scheme) {
            return false;
        }
    }
    return span_trim(span_from(uri, at)).size > 0;
}

static void count_uri(struct span uri, struct unsubscribe_uris *uris)
{
    if (has_scheme(uri, "https://")) {
        uris->https++;
    } else if (has_scheme(uri, "http://")) {
        uris->http++;
    } else if (has_scheme(uri, "mailto:")) {
        uris->mailto++;
    } else if (span_trim(uri).size > 0) {
        uris->others++;
    }
}

void unsubscribe_read(struct span value, struct unsubscribe_uris *uris_r)
{
    bool has_comments = true;
    *uris_r = (struct unsubscribe_uris){ 0 };
    for (size_t at = 0; at < value.size;) {
        struct span rest = span_from(value, at);
        size_t behind = rest.at[0] == '(' && has_comments ? skip_comment(value, at) : 0;
        ptrdiff_t end = rest.at[0] == '<' ? span_find(rest, '>') : -1;
        if (rest.at[0] == '<' && end < 0) {
            return; /* nor does any other that follows end */
        }
        has_comments = has_comments && (rest.at[0] != '(' || behind > 0);
        if (end > 0) {
            count_uri(span_first(span_from(rest, 1), (size_t)end - 1), uris_r);
            behind = at + (size_t)end + 1;
        }
        at = behind > 0 ? behind : at + 1;
    }
}

/* --- both fields together -------------------------------------------------------------------- */

static enum one_click judge_uris(const struct header_field *field)
{
    struct unsubscribe_uris uris;
    unsubscribe_read(field->value, &uris);
    size_t of_web = uris.https + uris.http;
    if (of_web == 0) {
        return uris.mailto + uris.others == 0 ? ONE_CLICK_NO_URI : ONE_CLICK_MAIL_ONLY;
    }
    if (uris.https == 0) {
        return ONE_CLICK_HTTP;
    }
    return of_web > 1 ? ONE_CLICK_SEVERAL_URIS : ONE_CLICK_OFFERED;
}

enum one_click one_click_of(const struct header_list *headers)
{
    const struct header_field *field = header_first(headers, HEADER_LIST_UNSUBSCRIBE);
    const struct header_field *post = header_first(headers, HEADER_LIST_UNSUBSCRIBE_POST);
    if (field == NULL) {
        return ONE_CLICK_NO_FIELD;
    }
    if (headers->counts[HEADER_LIST_UNSUBSCRIBE] > 1 ||
        headers->counts[HEADER_LIST_UNSUBSCRIBE_POST] > 1) {
        return ONE_CLICK_SEVERAL_FIELDS;
    }
    enum one_click uris = judge_uris(field);
    if (uris != ONE_CLICK_OFFERED) {
        return uris;
    }
    if (post == NULL) {
        return ONE_CLICK_NO_POST;
    }
    return span_is_equal_nocase(span_trim(post->value), SPAN("List-Unsubscribe=One-Click"))
               ? ONE_CLICK_OFFERED
               : ONE_CLICK_OTHER_POST;
}

const char *one_click_missing(enum one_click one_click)
{
    static const char *const texts[] = {
        [ONE_CLICK_OFFERED] = "nothing",
        [ONE_CLICK_NO_FIELD] = "no List-Unsubscribe",
        [ONE_CLICK_SEVERAL_FIELDS] = "more than one List-Unsubscribe or List-Unsubscribe-Post",
        [ONE_CLICK_NO_URI] = "no URI in angle brackets in List-Unsubscribe",
        [ONE_CLICK_MAIL_ONLY] = "no https URI in List-Unsubscribe",
        [ONE_CLICK_HTTP] = "http instead of https in List-Unsubscribe",
        [ONE_CLICK_SEVERAL_URIS] = "more than one web address in List-Unsubscribe",
        [ONE_CLICK_NO_POST] = "no List-Unsubscribe-Post",
        [ONE_CLICK_OTHER_POST] = "List-Unsubscribe-Post is not List-Unsubscribe=One-Click",
    };
    return texts[one_click];
}
