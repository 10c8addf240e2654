/*
 * corpus_attachments: what lies in mail nobody here wrote. Of honest mail, and of the spam beside
 * it, nothing is told at all; of the samples for filters just what the table `expected` has.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/attachment.h"
#include "message/builder.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/file.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FILE_BYTES ((size_t)64 << 20)
#define ARENA_BYTES ((size_t)256 << 20)

static const char *const folders[] = { "ham/easy-ham-1",   "ham/easy-ham-2", "ham/hard-ham-1",
                                       "ham/spam-1",       "ham/spam-2",     "dkim/signed",
                                       "headers/messages", "dsn/messages",   "arf/messages",
                                       "uribl/messages" };

#define EXECUTABLE ATTACHMENT_BIT(ATTACHMENT_EXECUTABLE)
#define DISGUISED ATTACHMENT_BIT(ATTACHMENT_DISGUISED)

/* What is told, of all mail: these are samples that their authors made for filters. */
static struct {
    const char *file;
    unsigned classes, doubtful, listed, listed_doubtful; /* sets of classes */
    unsigned hits;
} expected[] = {
    { "rspamd__bad_ext.dotted_file_name.eml", .doubtful = EXECUTABLE }, /* a text */
    { "rspamd__exe_attm.eml", .classes = EXECUTABLE },
    { "rspamd__next2last-doublebad.eml", .listed = EXECUTABLE }, /* .scr.xz */
    { "rspamd__rar4.eml", .listed = EXECUTABLE },
    /* what is listed in both has no octets */
    { "rspamd__zip-doublebad.eml", .listed = DISGUISED, .listed_doubtful = EXECUTABLE },
    { "rspamd__zip.eml", .listed_doubtful = EXECUTABLE },
};

static struct {
    unsigned messages, files, told, failed;
} run;

static void keep_body(void *context, const void *bytes, size_t size)
{
    buffer_add(context, bytes, size);
}

static struct span value_of(const struct header_list *headers, enum header_id id)
{
    const struct header_field *field = header_first(headers, id);
    return field != NULL ? field->value : (struct span){ NULL, 0 };
}

static bool is_expected(const struct attachment *at, const char *file)
{
    for (size_t i = 0; i < COUNT(expected); i++) {
        if (strcmp(expected[i].file, file) == 0) {
            expected[i].hits++;
            return at->classes == expected[i].classes && at->doubtful == expected[i].doubtful &&
                   at->listed_classes == expected[i].listed &&
                   at->listed_doubtful == expected[i].listed_doubtful;
        }
    }
    return false;
}

static void print_classes(const char *what, unsigned classes)
{
    for (int i = 0; i < ATTACHMENT_CLASSES; i++) {
        if ((classes & ATTACHMENT_BIT(i)) != 0) {
            printf(" %s%s", what, attachment_class_names[i]);
        }
    }
}

static void judge(const struct attachments *found, const char *file)
{
    run.messages++;
    run.files += (unsigned)found->count;
    for (const struct attachment *at = found->first; at != NULL; at = at->next) {
        run.told++;
        printf("  %s: %.*s, %s:", file, SPAN_ARG(at->name), attachment_format_text(at->format));
        print_classes("", at->classes);
        print_classes("by name alone ", at->doubtful);
        print_classes("listed ", at->listed_classes | at->listed_doubtful);
        puts("");
        if (!is_expected(at, file)) {
            puts("    is not expected");
            run.failed++;
        }
    }
}

static void read_file(const char *folder, const char *file)
{
    char path[1024];
    const char *corpus = getenv("EGRESS_CORPUS");
    struct buffer text = BUFFER_EMPTY, body = BUFFER_EMPTY;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct attachment_reader *reader = attachment_reader_new(NULL, NULL);
    struct header_list headers;
    struct content_tap tap;
    struct mime_scan scan;
    struct error error;
    snprintf(path, sizeof(path), "%s/%s/%s", corpus != NULL ? corpus : "../shared/corpus", folder,
             file);
    header_list_init(&headers, true);
    if (arena == NULL || reader == NULL || !file_read(path, FILE_BYTES, &text, &error) ||
        !message_read(buffer_span(&text), arena, &headers, keep_body, &body)) {
        abort();
    }
    content_tap_init(&tap);
    content_tap_add(&tap, attachment_reader_content(reader));
    mime_scan_init(&scan, value_of(&headers, HEADER_CONTENT_TYPE),
                   value_of(&headers, HEADER_CONTENT_TRANSFER_ENCODING), arena,
                   content_tap_handler(&tap));
    mime_scan_feed(&scan, body.at, body.size);
    mime_scan_finish(&scan, false);
    judge(attachment_reader_found(reader), file);
    attachment_reader_free(&reader);
    arena_free(&arena);
    buffer_free(&text);
    buffer_free(&body);
}

/* False: the corpus is not there. */
static bool read_folder(const char *folder)
{
    char path[1024];
    struct dirent **names;
    const char *corpus = getenv("EGRESS_CORPUS");
    snprintf(path, sizeof(path), "%s/%s", corpus != NULL ? corpus : "../shared/corpus", folder);
    int count = scandir(path, &names, NULL, alphasort);
    if (count < 0) {
        return false;
    }
    run.messages = run.files = run.told = 0;
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.') {
            read_file(folder, names[i]->d_name);
        }
        free(names[i]);
    }
    free(names);
    printf("%s: %u messages with %u files, of which %u are told\n", folder, run.messages, run.files,
           run.told);
    return true;
}

int main(void)
{
    for (size_t i = 0; i < COUNT(folders); i++) {
        if (!read_folder(folders[i])) {
            puts("SKIP: the corpus is not there");
            return 77;
        }
    }
    for (size_t i = 0; i < COUNT(expected); i++) {
        if (expected[i].hits == 0) {
            printf("%s is expected and was not told\n", expected[i].file);
            run.failed++;
        }
    }
    printf("%u failed\n", run.failed);
    return run.failed > 0;
}
