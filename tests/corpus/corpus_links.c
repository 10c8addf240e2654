/*
 * corpus_links: the links of all mail of the corpora. Whatever http or https URL Python finds in an
 * href or in plain text (email package and html.parser), we find the host of, too; whatever host we
 * find stands in the text that Python decodes, but for those of the table `argued`; what is found
 * does not depend on how the body was cut; and nothing is cut short but what the limits say.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/builder.h"
#include "tests/corpus/python_pipe.h"
#include "tests/support/link_view.h"
#include "util/file.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define FILE_BYTES ((size_t)64 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MESSAGES_LEAST 3000

/* Hosts of ours that Python does not see. */
static struct {
    const char *file, *host, *why;
    unsigned hits;
} argued[] = {
    { "00929.008a60368b7623f11c7bb95826eb7366.eml", "195.235.97.200",
      "http://3286983112/ is that address to every browser", 0 },
    { "bounceparser__spam-rejection15.eml", NULL,
      "a boundary with a field glued to it: we read the parts as text, Python reads none", 0 },
#ifdef HAVE_IDN
    { "rspamd__url8.eml", "xn--80arbjktj.xn--p1ai", "in Cyrillic letters", 0 },
#endif
};

struct tally {
    unsigned messages, links, theirs, cuts;
};

static struct python_pipe python;

static void collect(void *context, const void *bytes, size_t size)
{
    buffer_add(context, bytes, size);
}

static struct span value_of(const struct header_list *headers, enum header_id id)
{
    const struct header_field *field = header_first(headers, id);

    return field != NULL ? field->value : (struct span){ NULL, 0 };
}

/* "message SIZE HOST ...", the octets; the answer is one line: "HOST ... | HOST ...". */
static bool ask_python(struct span type, struct span encoding, const struct buffer *body,
                       const struct link_list *list, char **line_io, size_t *room_io)
{
    struct buffer raw = BUFFER_EMPTY, question = BUFFER_EMPTY;
    bool is_read;

    buffer_printf(&raw, "MIME-Version: 1.0\r\n");
    if (type.at != NULL) {
        buffer_printf(&raw, "Content-Type:%.*s\r\n", SPAN_ARG(type));
    }
    if (encoding.at != NULL) {
        buffer_printf(&raw, "Content-Transfer-Encoding:%.*s\r\n", SPAN_ARG(encoding));
    }
    buffer_add_text(&raw, "\r\n");
    buffer_add(&raw, body->at, body->size);
    buffer_printf(&question, "message %zu", raw.size);
    for (const struct link *link = list->first; link != NULL; link = link->next) {
        buffer_printf(&question, " %.*s", SPAN_ARG(link->host));
    }
    is_read = fprintf(python.to, "%s\n", buffer_text(&question)) > 0 &&
              fwrite(raw.at, 1, raw.size, python.to) == raw.size && fflush(python.to) == 0 &&
              getline(line_io, room_io, python.from) > 0;
    buffer_free(&raw);
    buffer_free(&question);
    return is_read;
}

static bool is_argued(const char *file, struct span host)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (strcmp(argued[i].file, file) == 0 &&
            (argued[i].host == NULL || span_is_equal(host, span_of(argued[i].host)))) {
            argued[i].hits++;
            return true;
        }
    }
    return false;
}

static const struct link *find(const struct link_list *list, struct span host)
{
    for (const struct link *link = list->first; link != NULL; link = link->next) {
        if (span_is_equal(link->host, host)) {
            return link;
        }
    }
    return NULL;
}

/* Hosts of one label are of no list and none of ours. */
static unsigned compare(struct tally *tally, const char *file, const struct link_list *list,
                        struct span answer)
{
    unsigned failed = 0;
    struct span theirs, host;

    span_cut(&answer, '|', &theirs);
    while (span_cut(&theirs, ' ', &host)) {
        if (span_find(host, '.') < 0 || (list->cuts & LINK_CUT_COUNT) != 0) {
            continue;
        }
        tally->theirs++;
        if (find(list, host) == NULL) {
            printf("FAIL %s: Python has a link to %.*s\n", file, SPAN_ARG(host));
            failed++;
        }
    }
    answer = span_trim(answer);
    while (answer.size > 0 && span_cut(&answer, ' ', &host)) {
        if (!is_argued(file, host)) {
            printf("FAIL %s: nothing there is called %.*s\n", file, SPAN_ARG(host));
            failed++;
        }
    }
    return failed;
}

static bool is_same(const struct link_list *a, const struct link_list *b)
{
    struct buffer one = BUFFER_EMPTY, other = BUFFER_EMPTY;
    bool is_equal;

    link_view_show(a, &one);
    link_view_show(b, &other);
    is_equal = strcmp(buffer_text(&one), buffer_text(&other)) == 0;
    buffer_free(&one);
    buffer_free(&other);
    return is_equal;
}

static unsigned judge(struct tally *tally, struct arena *arena, const char *name,
                      const struct header_list *headers, const struct buffer *body)
{
    struct span type = value_of(headers, HEADER_CONTENT_TYPE);
    struct span encoding = value_of(headers, HEADER_CONTENT_TRANSFER_ENCODING);
    const struct link_list *list =
        link_view_read(arena, type, encoding, buffer_span(body), (size_t)1 << 16);
    const struct link_list *pieces = link_view_read(arena, type, encoding, buffer_span(body), 61);
    char *line = NULL;
    size_t room = 0;
    unsigned failed = 0;

    if (list == NULL || pieces == NULL || !ask_python(type, encoding, body, list, &line, &room)) {
        printf("FAIL %s cannot be asked about\n", name);
        free(line);
        return 1;
    }
    if (!is_same(list, pieces)) {
        printf("FAIL %s: other links in pieces\n", name);
        failed++;
    }
    tally->messages++;
    tally->links += (unsigned)list->count;
    tally->cuts += list->cuts != 0;
    failed += compare(tally, name, list, span_trim(span_of(line)));
    free(line);
    return failed;
}

static unsigned judge_file(struct tally *tally, const char *path, const char *name)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buffer file = BUFFER_EMPTY, body = BUFFER_EMPTY;
    struct header_list headers;
    struct error error;
    unsigned failed = 1;

    header_list_init(&headers, true);
    if (arena != NULL && file_read(path, FILE_BYTES, &file, &error) &&
        message_read(buffer_span(&file), arena, &headers, collect, &body)) {
        failed = judge(tally, arena, name, &headers, &body);
    } else {
        printf("FAIL %s cannot be read\n", path);
    }
    buffer_free(&file);
    buffer_free(&body);
    arena_free(&arena);
    return failed;
}

static unsigned judge_folder(struct tally *tally, const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    unsigned failed = 0;

    for (int i = 0; i < count; i++) {
        char below[4096];
        struct stat status;

        snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && stat(below, &status) == 0) {
            if (S_ISDIR(status.st_mode)) {
                failed += judge_folder(tally, below);
            } else if (span_has_suffix_nocase(span_of(below), SPAN(".eml"))) {
                failed += judge_file(tally, below, names[i]->d_name);
            }
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return failed;
}

int main(void)
{
    static const char *const folders[] = { "headers/messages", "ham", "dsn/messages",
                                           "arf/messages", "uribl/messages" };
    const char *corpus = getenv("EGRESS_CORPUS");
    struct tally tally = { .messages = 0 };
    unsigned failed = 0;

    if (corpus == NULL || access(corpus, R_OK) != 0) {
        puts("SKIP: corpus absent");
        return 77;
    }
    if (!python_pipe_start("tests/corpus/corpus_links.py", &python)) {
        puts("FAIL Python cannot be started");
        return 1;
    }
    for (size_t i = 0; i < COUNT(folders); i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", corpus, folders[i]);
        failed += judge_folder(&tally, path);
    }
    if (python_pipe_end(&python) != 0) {
        puts("FAIL Python ended badly");
        failed++;
    }
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued[i].hits == 0) {
            printf("FAIL %s is argued (%s), and nothing needs it\n", argued[i].file, argued[i].why);
            failed++;
        }
    }
    if (tally.messages < MESSAGES_LEAST) {
        puts("FAIL too few messages");
        failed++;
    }
    printf("%u messages: %u links, %u hosts that Python has, too; %u messages cut\n",
           tally.messages, tally.links, tally.theirs, tally.cuts);
    return failed > 0;
}
