/*
 * corpus_readers: the mail of the corpora as two other readers see it, GMime and Python's email
 * package, against ours: the tree of parts with types, encodings and file names, the mailboxes of
 * From, the instant of Date, the decoded content. A receiver may be built on either; where one sees
 * another mail than we do, a defect of ours must tell, or the table `argued` says why there is
 * none.
 *
 * All three read the message as it travels: our fields, CRLF, the body. An argument that nothing
 * needs any more fails.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/corpus/readers.h"
#include "util/file.h"

#ifdef HAVE_GMIME

#define ARENA_BYTES ((size_t)256 << 20)
#define FILE_BYTES ((size_t)64 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define BEHIND_PADDING                                                                             \
    "RFC 2045 6.8: padding is an end of data, but some readers go on behind it; a guard must see " \
    "what "                                                                                        \
    "they show. Here it is the footer of a list"
#define EQUALS                                                                                     \
    "RFC 2045 6.7 rule 2: an '=' that begins no pair is as it stands, and one before a line end "  \
    "a "                                                                                           \
    "soft line end, however many go before; the others take two for one, each in its own way"
#define BLANK_BEHIND                                                                               \
    "RFC 2045 6.1: blanks around the name of an encoding are none of it; Python decodes nothing "  \
    "then"
#define LAST_CR                                                                                    \
    "RFC 2046 5.1.1: the line end before a boundary is its own; GMime keeps the CR where nothing " \
    "follows the boundary"
#define NO_PADDING                                                                                 \
    "RFC 2045 6.8: two characters at the end are an octet, padded or not; GMime drops it"

enum who { GMIME, PYTHON, READERS };

static const char *const aspect_names[] = { "tree", "from", "date", "content" };
static const char *const reader_names[] = { "GMime", "Python" };

static const struct {
    enum who who;
    enum aspect aspect;
    const char *file, *why;
} argued[] = {
    { PYTHON, ASPECT_TREE, "flanker__outlook-express.eml",
      "RFC 6532 3.1: a file name in plain UTF-8 is text; Python's compatible policy takes each "
      "octet "
      "over 127 for an unknown character" },
    { PYTHON, ASPECT_TREE, "mail-parser__thirdparty-012.eml",
      "RFC 5322 2.2.3: a fold within the quoted boundary is no octet of it; Python keeps CR and LF "
      "and then finds no part" },
    { PYTHON, ASPECT_TREE, "mime4j__mimetools-testmsgs-multi-2evil.eml",
      "RFC 2045 5.1 and RFC 822 3.3: a backslash in a quoted string is a quoted-pair and not of "
      "the "
      "value; encoded words in file names are decoded by all mail readers, adjacent to other text "
      "too" },
    { GMIME, ASPECT_CONTENT, "00853.ee1fe2f2d16e8b27be79a670b8597252.eml", BEHIND_PADDING },
    { PYTHON, ASPECT_CONTENT, "00853.ee1fe2f2d16e8b27be79a670b8597252.eml", BEHIND_PADDING },
    { GMIME, ASPECT_CONTENT, "00960.ae114c0b717c866b821efe032780a8e5.eml", BEHIND_PADDING },
    { PYTHON, ASPECT_CONTENT, "00960.ae114c0b717c866b821efe032780a8e5.eml", BEHIND_PADDING },
    { GMIME, ASPECT_CONTENT, "00734.0c1975b8c2b17fd6c665827706f89eaf.eml", EQUALS },
    { PYTHON, ASPECT_CONTENT, "00734.0c1975b8c2b17fd6c665827706f89eaf.eml", EQUALS },
    { GMIME, ASPECT_CONTENT, "01304.114140cd4c51e9795559b974964aa043.eml", EQUALS },
    { PYTHON, ASPECT_CONTENT, "01304.114140cd4c51e9795559b974964aa043.eml", EQUALS },
    { GMIME, ASPECT_CONTENT, "00256.edd9bfb44729edf3c4f177814fd8c9e1.eml", NO_PADDING },
    { GMIME, ASPECT_CONTENT, "00330.c5f7346dec1e6fe6ed324d8e78a2b46e.eml", NO_PADDING },
    { GMIME, ASPECT_CONTENT, "mikel-mail__mime_emails-two_from_in_message.eml", LAST_CR },
    { GMIME, ASPECT_CONTENT, "mikel-mail__mime_emails-raw_email_encoded_stack_level_too_deep.eml",
      LAST_CR },
    { PYTHON, ASPECT_CONTENT, "mail-parser__thirdparty-003.eml", BLANK_BEHIND },
    { PYTHON, ASPECT_CONTENT, "mime4j__mimetools-testmsgs-twopart.eml", BLANK_BEHIND },
    { PYTHON, ASPECT_CONTENT, "mail-parser__thirdparty-009.eml",
      "RFC 2046 5.2.2: what is in a message/partial is a piece and no message" },
    { PYTHON, ASPECT_CONTENT, "MimeKit__bounce.eml",
      "RFC 3464 2.1: message/delivery-status has groups of fields; Python makes each a part, and a "
      "base64 text of one" },
};

static unsigned argued_hits[COUNT(argued)];
static unsigned same[READERS][ASPECTS], told[READERS][ASPECTS], argued_count[READERS][ASPECTS];

static void view_clear(struct view *view)
{
    for (int i = 0; i < ASPECTS; i++)
        buffer_free(&view->text[i]);
}

static bool is_argued(enum who who, enum aspect aspect, const char *file)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued[i].who == who && argued[i].aspect == aspect &&
            strcmp(argued[i].file, file) == 0) {
            argued_hits[i]++;
            return true;
        }
    }
    return false;
}

static unsigned compare(const struct subject *subject, enum who who, const struct view *view)
{
    unsigned failed = 0;

    for (int i = 0; i < ASPECTS; i++) {
        const char *theirs = buffer_text(&view->text[i]);
        const char *ours = buffer_text(&subject->ours.text[i]);

        if (strcmp(theirs, ours) == 0) {
            same[who][i]++;
        } else if (subject->defects[i] != 0) {
            told[who][i]++;
        } else if (is_argued(who, i, subject->file)) {
            argued_count[who][i]++;
        } else {
            printf("FAIL %s %s %s\n  ours   %s\n  theirs %s\n", subject->file, reader_names[who],
                   aspect_names[i], ours, theirs);
            failed++;
        }
    }
    return failed;
}

static unsigned judge_file(const char *path, const char *name)
{
    struct subject subject = { .file = name, .arena = arena_new(ARENA_BYTES), .raw = BUFFER_EMPTY };
    struct view gmime = { { BUFFER_EMPTY } }, other = { { BUFFER_EMPTY } };
    struct buffer file = BUFFER_EMPTY;
    struct error error;
    unsigned failed = 1;

    if (subject.arena != NULL && file_read(path, FILE_BYTES, &file, &error) &&
        readers_ours(&subject, buffer_span(&file)) && readers_python(&subject, &other)) {
        readers_gmime(&subject, &gmime);
        failed = compare(&subject, GMIME, &gmime) + compare(&subject, PYTHON, &other);
    } else {
        printf("FAIL %s cannot be read\n", path);
    }
    view_clear(&subject.ours);
    view_clear(&gmime);
    view_clear(&other);
    buffer_free(&subject.raw);
    buffer_free(&file);
    arena_free(&subject.arena);
    return failed;
}

static unsigned judge_folder(const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    unsigned failed = 0;

    for (int i = 0; i < count; i++) {
        char below[4096];
        struct stat status;

        snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && stat(below, &status) == 0) {
            if (S_ISDIR(status.st_mode))
                failed += judge_folder(below);
            else if (span_has_suffix_nocase(span_of(below), SPAN(".eml")))
                failed += judge_file(below, names[i]->d_name);
        }
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return failed;
}

static unsigned print_tally(void)
{
    unsigned idle = 0;

    for (int who = 0; who < READERS; who++) {
        for (int i = 0; i < ASPECTS; i++)
            printf("%-6s %s: same %u, a defect tells %u, argued %u\n", reader_names[who],
                   aspect_names[i], same[who][i], told[who][i], argued_count[who][i]);
    }
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("FAIL nothing needs the argument for %s %s %s: %s\n", argued[i].file,
                   reader_names[argued[i].who], aspect_names[argued[i].aspect], argued[i].why);
            idle++;
        }
    }
    return idle;
}

int main(void)
{
    static const char *const folders[] = { "headers/messages", "ham", "dsn/messages",
                                           "arf/messages", "uribl/messages" };
    const char *corpus = getenv("EGRESS_CORPUS");
    unsigned failed = 0;

    if (corpus == NULL || access(corpus, R_OK) != 0) {
        puts("SKIP: corpus absent");
        return 77;
    }
    readers_gmime_start();
    if (!readers_python_start()) {
        puts("FAIL Python cannot be started");
        return 1;
    }
    for (size_t i = 0; i < COUNT(folders); i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", corpus, folders[i]);
        failed += judge_folder(path);
    }
    if (!readers_python_end()) {
        puts("FAIL Python ended badly");
        failed++;
    }
    failed += print_tally();
    return failed > 0;
}

#else

int main(void)
{
    puts("SKIP: built without GMime (Debian package libgmime-3.0-dev)");
    return 77;
}

#endif
