/*
 * corpus_resign: mail nobody here wrote, signed through the library and verified by dkimpy.
 *
 * Every message is signed in one form with one algorithm, the four combinations in turn; with
 * EGRESS_LONG=1 in all four. Mail that dkim_sign refuses (no From, or several) is counted. What the
 * library signs it also verifies itself, before dkimpy is asked.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "dkim/sign.h"
#include "dkim/verify.h"
#include "message/builder.h"
#include "util/file.h"

#define FILE_BYTES ((size_t)64 << 20)
#define ARENA_BYTES ((size_t)256 << 20)
#define SIGNED_AT_S 1172620939 /* any time that has passed */
#define COMBINATIONS 4

static struct {
    struct dkim_key *keys[2];
    FILE *verifier;
    bool is_long;
    bool is_cut; /* the verifier no longer reads */
    unsigned messages, refused, failed;
    unsigned signatures[COMBINATIONS];
} run;

static const char *const selectors[] = { [DKIM_RSA_SHA256] = "rsa", [DKIM_ED25519_SHA256] = "ed" };

/* A message taken apart; its body also as it travels. */
struct taken {
    struct arena *arena;
    struct header_list headers;
    struct dkim_body_hash *hash;
    struct buffer body;
};

static void feed_body(void *context, const void *bytes, size_t size)
{
    struct taken *taken = context;
    dkim_body_hash_feed(taken->hash, bytes, size);
    buffer_add(&taken->body, bytes, size);
}

static void add_field(struct buffer *out, struct span name, struct span value)
{
    struct span line;
    buffer_add_span(out, name);
    buffer_add_char(out, ':');
    while (span_cut(&value, '\n', &line)) {
        buffer_add_span(out, line);
        buffer_add_text(out, "\r\n");
    }
}

/* Ours on top, then the message as it was signed. */
static bool send_message(const struct taken *taken, struct span value, const char *name)
{
    struct buffer out = BUFFER_EMPTY;
    add_field(&out, SPAN("DKIM-Signature"), value);
    for (size_t i = 0; i < taken->headers.count; i++) {
        struct span field = taken->headers.fields[i].value;
        add_field(&out, taken->headers.fields[i].name, field.size > 0 ? field : SPAN(""));
    }
    buffer_add_text(&out, "\r\n");
    buffer_add(&out, taken->body.at, taken->body.size);
    bool is_sent = !buffer_has_failed(&out) &&
                   fprintf(run.verifier, "message %zu %s\n", out.size, name) > 0 &&
                   fwrite(out.at, 1, out.size, run.verifier) == out.size;
    buffer_free(&out);
    return is_sent;
}

/* As a field of the message; the view is another list, so that the message stays as it was. */
static bool verifies(const struct taken *taken, const struct dkim_request *request,
                     struct span value)
{
    struct header_list view;
    struct dkim_tags tags;
    header_list_init(&view, true);
    bool is_good = header_list_add(&view, taken->arena, SPAN("DKIM-Signature"), value);
    for (size_t i = 0; is_good && i < taken->headers.count; i++) {
        const struct header_field *field = &taken->headers.fields[i];
        is_good = header_list_add(&view, taken->arena, field->name, field->value);
    }
    return is_good && dkim_tags_parse(view.fields[0].value, &tags) &&
           dkim_verify(&view, &view.fields[0], &tags, taken->hash, request->key, SIGNED_AT_S,
                       taken->arena) == DKIM_VALID;
}

static void sign(const struct taken *taken, const char *name, unsigned combination)
{
    enum dkim_algorithm algorithm = combination % 2 == 0 ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256;
    enum canonical form = combination / 2 == 0 ? CANONICAL_RELAXED : CANONICAL_SIMPLE;
    const struct dkim_request request = {
        .key = run.keys[algorithm],
        .domain = SPAN("resigned.example"),
        .selector = span_of(selectors[algorithm]),
        .header_form = form,
        .body_form = form,
        .signed_at_s = SIGNED_AT_S,
    };
    struct span value;
    struct error error;
    if (!dkim_sign(&request, &taken->headers, taken->hash, taken->arena, &value, &error)) {
        bool is_expected = taken->headers.counts[HEADER_FROM] != 1;
        run.refused += is_expected;
        run.failed += !is_expected;
        if (!is_expected) {
            printf("%s: %s\n", name, error.text);
        }
        return;
    }
    run.signatures[combination]++;
    if (!verifies(taken, &request, value)) {
        printf("%s: signed, but not valid here\n", name);
        run.failed++;
    }
    run.is_cut = run.is_cut || !send_message(taken, value, name);
}

static void resign(struct span file, const char *name)
{
    struct taken taken = { .arena = arena_new(ARENA_BYTES), .hash = dkim_body_hash_new(3) };
    header_list_init(&taken.headers, true);
    if (taken.arena == NULL || taken.hash == NULL ||
        !message_read(file, taken.arena, &taken.headers, feed_body, &taken) ||
        !dkim_body_hash_finish(taken.hash)) {
        printf("%s: not read\n", name);
        run.failed++;
    } else {
        unsigned first = run.is_long ? 0 : run.messages % COMBINATIONS;
        unsigned last = run.is_long ? COMBINATIONS - 1 : first;
        for (unsigned i = first; i <= last; i++) {
            sign(&taken, name, i);
        }
    }
    run.messages++;
    buffer_free(&taken.body);
    dkim_body_hash_free(&taken.hash);
    arena_free(&taken.arena);
}

static void resign_file(const char *path)
{
    struct buffer file = BUFFER_EMPTY;
    struct error error;
    if (file_read(path, FILE_BYTES, &file, &error)) {
        resign(buffer_span(&file), strrchr(path, '/') + 1);
    } else {
        printf("%s\n", error.text);
        run.failed++;
    }
    buffer_free(&file);
}

/* All *.eml below, in name order. */
static void resign_folder(const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char below[1024];
        struct stat status;
        snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && stat(below, &status) == 0) {
            if (S_ISDIR(status.st_mode)) {
                resign_folder(below);
            } else if (span_has_suffix_nocase(span_of(below), SPAN(".eml"))) {
                resign_file(below);
            }
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
}

static bool start_verifier(void)
{
    char command[2048];
    const char *python = getenv("PYTHON3"), *top = getenv("TOP_SRCDIR");
    snprintf(command, sizeof(command), "'%s' '%s/tests/corpus/dkim_verify.py'",
             python != NULL ? python : "python3", top != NULL ? top : ".");
    fflush(stdout);
    run.verifier = popen(command, "w");
    for (enum dkim_algorithm i = DKIM_RSA_SHA256; i <= DKIM_ED25519_SHA256; i++) {
        struct buffer record = BUFFER_EMPTY;
        struct error error;
        run.keys[i] = dkim_key_generate(i, 1024, &error);
        if (run.verifier == NULL || run.keys[i] == NULL ||
            !dkim_key_print_record(run.keys[i], &record)) {
            return false;
        }
        fprintf(run.verifier, "record %s._domainkey.resigned.example %s\n", selectors[i],
                buffer_text(&record));
        buffer_free(&record);
    }
    return true;
}

/* What the verifier ended with: 0, 1, 77. */
static int end_verifier(void)
{
    int status = pclose(run.verifier);
    for (enum dkim_algorithm i = DKIM_RSA_SHA256; i <= DKIM_ED25519_SHA256; i++) {
        dkim_key_unref(&run.keys[i]);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(void)
{
    const char *corpus = getenv("EGRESS_CORPUS"), *is_long = getenv("EGRESS_LONG");
    char ham[512], headers[512];
    struct stat status;
    snprintf(ham, sizeof(ham), "%s/ham", corpus != NULL ? corpus : "../shared/corpus");
    snprintf(headers, sizeof(headers), "%s/headers/messages",
             corpus != NULL ? corpus : "../shared/corpus");
    if (stat(ham, &status) != 0 || stat(headers, &status) != 0) {
        puts("SKIP: corpus absent");
        return 77;
    }
    signal(SIGPIPE, SIG_IGN); /* a verifier that is absent ends at once */
    run.is_long = is_long != NULL && strcmp(is_long, "1") == 0;
    if (!start_verifier()) {
        puts("the verifier cannot be started");
        return 1;
    }
    resign_folder(ham);
    resign_folder(headers);
    int ended = end_verifier();
    printf("%u messages: signed relaxed %u with RSA, %u with Ed25519, simple %u and %u; refused "
           "without exactly one From %u; failed %u\n",
           run.messages, run.signatures[0], run.signatures[1], run.signatures[2], run.signatures[3],
           run.refused, run.failed);
    if (run.failed > 0 || run.messages == 0) {
        return 1;
    }
    if (ended == 77) {
        return 77; /* no dkimpy; it said so */
    }
    return ended == 0 && !run.is_cut ? 0 : 1;
}
