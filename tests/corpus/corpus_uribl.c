/*
 * corpus_uribl: texts and messages whose links are known, of SpamAssassin and rspamd.
 *
 * Their vectors are about whole URLs, ours are hosts: of each pattern the host is compared, and
 * whether it is of a mail address or of a URL. Where we and an origin differ for good, the table
 * `argued` says why; any other difference fails, and so does an argument that nothing needs any
 * more.
 */
#include <stdio.h>
#include <stdlib.h>

#include "jsonl.h"
#include "message/builder.h"
#include "tests/support/link_view.h"
#include "util/domain.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *text, *why;
} argued[] = {
    { "ftp.yeinaix3.co.uk", "the vector is about the scheme a reader would add; a host is all that "
                            "lists are asked about" },
};

static unsigned argued_hits[COUNT(argued)];
enum { RIGHT_PERCENT = 97 };

/* What the messages hold, in the words of link_view.h. */
static const struct {
    const char *file, *wanted;
} messages[] = {
    { "rspamd__phishing1.eml", "www.example.net h!www.cnn.com, www.cnn.com t" },
    { "rspamd__phishing_query_multi.eml", "www.example.net h, www.cnn.com tr, evil.org r" },
    { "rspamd__phishing_query_nested.eml", "www.example.net h, mid.com r, www.cnn.com tr" },
    { "rspamd__phishing_query_overcap.eml",
      "www.example.net h!www.cnn.com, a.io r, b.io r, c.io r, d.io r, www.cnn.com tr" },
    { "rspamd__phishing_same_label_cross_tld.eml",
      "www.davidaustinroses.com h!www.davidaustinroses.co.za, www.davidaustinroses.co.za t" },
    { "rspamd__redir_chain_tel_url.eml", "127.0.0.1 ha" },
    { "rspamd__redir_multi_non_http.eml", "127.0.0.1 ha" },
    { "rspamd__redir_query_target.eml", "127.0.0.1 ta" },
    { "rspamd__redir_tel_url.eml", "127.0.0.1 ha" },
    { "rspamd__redir_unlisted_target.eml", "127.0.0.1 ta" },
    { "rspamd__url15.eml", "very.dirty.sanchez.com m" },
    { "rspamd__url16.eml",
      "admin.dirty.sanchez.com m, 41.black.sanchez.com m, black.sanchez.com m" },
    { "rspamd__url3.eml", "www.rspamd.com h!www.bank.com, www.bank.com t" },
    { "rspamd__url4.eml", "example.com h!rspamd.tk, rspamd.com ht, rspamd.tk t" },
    { "rspamd__url5.eml", "www.example.net h" },
#ifdef HAVE_IDN
    { "rspamd__url8.eml", "xn--80arbjktj.xn--p1ai t" },
#endif
    { "rspamd__url9.eml", "xn--80arbjktj.xn--p1ai t" },
    { "rspamd__url_obfuscated_bracket_dots.eml", "" }, /* no reader makes a link of it */
    { "rspamd__url_query_nesting.eml",
      "h0.example.org t, h1.example.org r, h2.example.org r, h3.example.org r, h4.example.org r, "
      "h5.example.org r, h6.example.org r, h7.example.org r, h8.example.org r, h9.example.org r, "
      "h10.example.org r, h11.example.org r, h12.example.org r" },
    { "rspamd__url_suspect_email_user.eml", "example.com m" },
    { "rspamd__url_suspect_normal.eml", "www.example.com h" },
    { "rspamd__url_suspect_numeric_ip.eml", "203.0.113.42 ha" },
    { "rspamd__url_suspect_schemeless_email_href.eml", "example.com m" },
    { "rspamd__url_suspect_very_long_user.eml", "phishing.com h" },
    { "rspamd__urlimage.eml", "example.com h" },
    { "rspamd__urlinsubjectencoded.eml", "" }, /* in the subject only */
};

/* The host of a pattern, in lower case, and what kind of link it is about. */
struct pattern {
    char host[256];
    bool is_mail, is_web;
};

static bool cut_prefix(struct span *text_io, const char *prefix)
{
    if (!span_has_prefix_nocase(*text_io, span_of(prefix))) {
        return false;
    }
    *text_io = span_from(*text_io, strlen(prefix));
    return true;
}

/* "^http://user\@www\.example\.com:80$" is about www.example.com. */
static struct pattern read_pattern(struct span text)
{
    struct pattern pattern = { .host = "" };
    size_t size = 0;

    cut_prefix(&text, "^");
    if (cut_prefix(&text, "mailto:")) {
        pattern.is_mail = true;
    } else if (cut_prefix(&text, "http://") || cut_prefix(&text, "https://") ||
               cut_prefix(&text, "ftp://") || cut_prefix(&text, "file://")) {
        pattern.is_web = true;
    }
    for (size_t i = 0; i < text.size && size + 1 < sizeof(pattern.host); i++) {
        if (text.at[i] == '\\' && i + 1 < text.size) {
            i++;
        }
        if (text.at[i] == '@') {
            size = 0;
        } else if (strchr("/?#$(", text.at[i]) != NULL ||
                   (text.at[i] == ':' && size > 0 &&
                    memchr(text.at + i, '@', text.size - i) == NULL)) {
            break;
        } else {
            pattern.host[size++] = ascii_lower(text.at[i]);
        }
    }
    return pattern;
}

static bool is_found(const struct link_list *list, const struct pattern *pattern)
{
    for (const struct link *link = list->first; link != NULL; link = link->next) {
        bool is_mail = link->flags == LINK_IS_MAILTO_DOMAIN;

        if ((pattern->is_mail ? (link->flags & LINK_IS_MAILTO_DOMAIN) == 0
                              : pattern->is_web && is_mail) ||
            memmem(link->host.at, link->host.size, pattern->host, strlen(pattern->host)) == NULL) {
            continue;
        }
        return true;
    }
    return false;
}

/* A pattern that is about the path of a URL has no host that is in the text: any link will do. */
static bool is_as_wanted(const struct jsonl *vector, const struct link_list *list)
{
    const struct jsonl *wanted = jsonl_get(vector, "must_match");
    const struct jsonl *unwanted = jsonl_get(vector, "must_not_match");

    for (wanted = wanted != NULL ? wanted->first : NULL; wanted != NULL; wanted = wanted->next) {
        struct pattern pattern = read_pattern(wanted->text);
        bool is_path = span_find(jsonl_text(vector, "text"), '/') >= 0 ||
                       span_find(jsonl_text(vector, "text"), '?') >= 0 ||
                       span_find(jsonl_text(vector, "text"), '#') >= 0;

        if (is_path && strchr(pattern.host, '.') == NULL) {
            pattern.host[0] = '\0';
        }
        if (!is_found(list, &pattern)) {
            return false;
        }
    }
    for (unwanted = unwanted != NULL ? unwanted->first : NULL; unwanted != NULL;
         unwanted = unwanted->next) {
        struct pattern pattern = read_pattern(unwanted->text);

        if (is_found(list, &pattern)) {
            return false;
        }
    }
    return true;
}

static bool has_host(const struct link_list *list, struct span host)
{
    char ascii[DOMAIN_MAX];

    if (domain_to_ascii(host, ascii)) {
        host = span_of(ascii);
    }
    for (const struct link *link = list->first; link != NULL; link = link->next) {
        if (span_is_equal(link->host, host)) {
            return true;
        }
    }
    return false;
}

/* Without libidn2 nobody can say what a host in other letters is called in DNS. */
static bool is_beyond(struct span host)
{
#ifdef HAVE_IDN
    (void)host;
    return false;
#else
    for (size_t i = 0; i < host.size; i++) {
        if ((unsigned char)host.at[i] >= 0x80) {
            return true;
        }
    }
    return false;
#endif
}

static bool is_argued(struct span text)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (span_is_equal(text, span_of(argued[i].text))) {
            argued_hits[i]++;
            return true;
        }
    }
    return false;
}

static void complain(struct span what, const struct link_list *list, const char *wanted)
{
    struct buffer shown = BUFFER_EMPTY;

    link_view_show(list, &shown);
    printf("FAIL %.*s\n  found  %s\n  wanted %s\n", SPAN_ARG(what), buffer_text(&shown), wanted);
    buffer_free(&shown);
}

static unsigned judge_vectors(struct arena *arena, unsigned *right_r)
{
    struct span file, line;
    unsigned failed = 0;

    if (!corpus_read("uribl/uri-extraction.jsonl", arena, &file)) {
        return 1;
    }
    while (span_cut(&file, '\n', &line)) {
        const struct jsonl *vector = jsonl_parse(line, false, arena);
        struct span text = jsonl_text(vector, "text"), host = jsonl_text(vector, "host");
        const struct link_list *list;

        if (vector == NULL || is_beyond(host)) {
            continue;
        }
        list = link_view_read(arena, SPAN("text/plain; charset=utf-8"), SPAN(""), text, 7);
        if (host.at != NULL ? has_host(list, host) : is_as_wanted(vector, list)) {
            (*right_r)++;
        } else if (!is_argued(text)) {
            complain(text, list, "see the vector");
            failed++;
        }
    }
    return failed;
}

static void collect(void *context, const void *bytes, size_t size)
{
    buffer_add(context, bytes, size);
}

static struct span value_of(const struct header_list *headers, enum header_id id)
{
    const struct header_field *field = header_first(headers, id);

    return field != NULL ? field->value : (struct span){ NULL, 0 };
}

static unsigned judge_message(struct arena *arena, const char *name, const char *wanted)
{
    struct buffer body = BUFFER_EMPTY, shown = BUFFER_EMPTY;
    struct header_list headers;
    const struct link_list *list;
    struct span file;
    char path[256];
    unsigned failed = 0;

    snprintf(path, sizeof(path), "uribl/messages/%s", name);
    header_list_init(&headers, true);
    if (!corpus_read(path, arena, &file) || !message_read(file, arena, &headers, collect, &body)) {
        printf("FAIL %s cannot be read\n", path);
        return 1;
    }
    list = link_view_read(arena, value_of(&headers, HEADER_CONTENT_TYPE),
                          value_of(&headers, HEADER_CONTENT_TRANSFER_ENCODING), buffer_span(&body),
                          11);
    link_view_show(list, &shown);
    if (strcmp(buffer_text(&shown), wanted) != 0) {
        complain(span_of(name), list, wanted);
        failed = 1;
    }
    buffer_free(&shown);
    buffer_free(&body);
    return failed;
}

int main(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    unsigned right = 0, failed;
    struct span probe;

    if (arena == NULL || !corpus_read("uribl/README.md", arena, &probe)) {
        puts("SKIP: corpus absent");
        arena_free(&arena);
        return 77;
    }
    failed = judge_vectors(arena, &right);
    for (size_t i = 0; i < COUNT(messages); i++) {
        failed += judge_message(arena, messages[i].file, messages[i].wanted);
    }
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("FAIL nothing needs the argument for %s: %s\n", argued[i].text, argued[i].why);
            failed++;
        }
    }
    printf("%u vectors right, %zu argued, %zu messages\n", right, COUNT(argued), COUNT(messages));
    if (right * 100 < (right + COUNT(argued)) * RIGHT_PERCENT) {
        printf("FAIL fewer than %d of a hundred vectors are right\n", RIGHT_PERCENT);
        failed++;
    }
    arena_free(&arena);
    return failed > 0;
}
