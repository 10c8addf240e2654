/*
 * attachment: what archives list: zip by its directory and by its local headers, tar, rar; and what
 * cannot be known. Samples are made here, the names in them are all there is.
 */
#include "test_attachment_support.h"

#define ZIP_TYPE "application/zip; name=a.zip"
#define NAMED(name) "application/octet-stream; name=\"" name "\""

/* --- zip ---------------------------------------------------------------------------------------
 */

enum {
    ZIP_ENCRYPTED = 1,
    ZIP_SIZE_BEHIND = 8, /* sizes in the directory only, as programs write that cannot seek */
    ZIP_NO_DIRECTORY = 1 << 16,
    ZIP_LARGE = 1 << 17,      /* zip64: numbers in extra fields, a record of its own at the end */
    ZIP_OTHER_NAMES = 1 << 18 /* local headers say "x" */
};

struct member {
    const char *name;
    size_t size; /* of its content */
};

static void add_local(struct buffer *out, const struct member *member, unsigned flags)
{
    struct span name = (flags & ZIP_OTHER_NAMES) != 0 ? SPAN("x") : span_of(member->name);
    bool is_behind = (flags & ZIP_SIZE_BEHIND) != 0, is_large = (flags & ZIP_LARGE) != 0;
    buffer_add(out, "PK\3\4", 4);
    add_number(out, is_large ? 45 : 20, 2);
    add_number(out, flags & 0xffff, 2);
    add_number(out, 8, 2);                                                    /* deflate */
    add_number(out, 0, 8);                                                    /* time and crc */
    add_number(out, is_behind ? 0 : is_large ? 0xffffffff : member->size, 4); /* compressed */
    add_number(out, is_behind ? 0 : is_large ? 0xffffffff : member->size * 2, 4);
    add_number(out, name.size, 2);
    add_number(out, is_large ? 20 : 0, 2);
    buffer_add_span(out, name);
    if (is_large) {
        add_number(out, 1, 2);
        add_number(out, 16, 2);
        add_number(out, member->size * 2, 8);
        add_number(out, member->size, 8);
    }
    add_padding(out, member->size);
    if (is_behind) {
        buffer_add(out, "PK\7\10", 4);
        add_number(out, 0, 12);
    }
}

static void add_entry(struct buffer *out, const struct member *member, unsigned flags)
{
    buffer_add(out, "PK\1\2", 4);
    add_number(out, 20, 2);
    add_number(out, 20, 2);
    add_number(out, flags & 0xffff, 2);
    add_number(out, 8, 2);
    add_number(out, 0, 8);
    add_number(out, member->size, 4);
    add_number(out, member->size * 2, 4);
    add_number(out, strlen(member->name), 2);
    add_number(out, 0, 16); /* extra, comment, disk, attributes, place */
    buffer_add_text(out, member->name);
}

static struct buffer zip_of(const struct member *members, size_t count, unsigned flags,
                            const char *comment)
{
    struct buffer out = BUFFER_EMPTY, directory = BUFFER_EMPTY;
    for (size_t i = 0; i < count; i++) {
        add_local(&out, &members[i], flags);
        add_entry(&directory, &members[i], flags);
    }
    if ((flags & ZIP_NO_DIRECTORY) == 0) {
        bool is_large = (flags & ZIP_LARGE) != 0;
        buffer_add_span(&out, buffer_span(&directory));
        if (is_large) {
            buffer_add(&out, "PK\6\6", 4);
            add_number(&out, 44, 8);
            add_number(&out, 0, 28);
            add_number(&out, directory.size, 8);
            add_number(&out, 0, 8);
            buffer_add(&out, "PK\6\7", 4);
            add_number(&out, 0, 16);
        }
        buffer_add(&out, "PK\5\6", 4);
        add_number(&out, 0, 4);
        add_number(&out, count, 2);
        add_number(&out, is_large ? 0xffff : count, 2);
        add_number(&out, is_large ? 0xffffffff : directory.size, 4);
        add_number(&out, is_large ? 0xffffffff : 0, 4);
        add_number(&out, strlen(comment), 2);
        buffer_add_text(&out, comment);
    }
    buffer_free(&directory);
    return out;
}

static void check_zip(const char *type, const struct member *members, size_t count, unsigned flags,
                      const char *wanted)
{
    struct buffer zip = zip_of(members, count, flags, "a comment");
    check_file(NULL, type, buffer_span(&zip), wanted);
    buffer_free(&zip);
}

static const struct member harmless[] = { { "report/", 0 },
                                          { "report/a.pdf", 3000 },
                                          { "report/b.txt", 100 } };
static const struct member tools[] = { { "readme.txt", 100 }, { "bin/setup.exe", 5000 } };

static void zips(void **state)
{
    static const char *const found = "a.zip (a zip archive) >executable =setup.exe; 1";
    (void)state;
    check_zip(ZIP_TYPE, harmless, COUNT(harmless), 0, "1");
    check_zip(ZIP_TYPE, tools, COUNT(tools), 0, found);
    check_zip(ZIP_TYPE, tools, COUNT(tools), ZIP_SIZE_BEHIND, found);
    check_zip(ZIP_TYPE, tools, COUNT(tools), ZIP_LARGE, found);
    check_zip(ZIP_TYPE, tools, COUNT(tools), ZIP_OTHER_NAMES, found);
    check_zip(ZIP_TYPE, tools, COUNT(tools), ZIP_NO_DIRECTORY, found);
    check_zip(ZIP_TYPE, tools, COUNT(tools), ZIP_NO_DIRECTORY | ZIP_LARGE, found);
    check_zip(ZIP_TYPE, tools, COUNT(tools), ZIP_ENCRYPTED,
              "a.zip (a zip archive) encrypted >executable =setup.exe; 1");
    check_zip(ZIP_TYPE, harmless, COUNT(harmless), ZIP_ENCRYPTED,
              "a.zip (a zip archive) encrypted; 1");
    /* the first header does not tell where the second is, and no directory does */
    check_zip(ZIP_TYPE, tools, COUNT(tools), ZIP_NO_DIRECTORY | ZIP_SIZE_BEHIND, "1");
    check_zip(NAMED("a.pdf"), tools, COUNT(tools), 0,
              "a.pdf (a zip archive) >executable =setup.exe; 1");
}

static void names_in_zips(void **state)
{
    static const struct member scripts[] = { { "src/a.js", 10 }, { "src/b.sh", 10 } };
    static const struct member hidden[] = { { "invoice.pdf.exe", 10 } };
    static const struct member weak[] = { { "sites/example.com", 10 }, { "x.dll", 9 } };
    static const struct member empty[] = { { "placeholder.exe", 0 } };
    static const struct member folder[] = { { "setup.exe/", 0 }, { "setup.exe/a.txt", 3 } };
    static const struct member inner[] = { { "inner.zip", 100 }, { "inner.exe.gz", 100 } };
    static const struct member nameless[] = { { "", 10 }, { "b.vbs", 10 } };
    static const struct member windows[] = { { "dir\\setup.EXE", 10 } };
    (void)state;
    check_zip(ZIP_TYPE, scripts, 2, 0, "a.zip (a zip archive) >script =a.js; 1");
    check_zip(ZIP_TYPE, hidden, 1, 0,
              "a.zip (a zip archive) >executable >disguised =invoice.pdf.exe =invoice.pdf.exe; 1");
    check_zip(ZIP_TYPE, weak, 2, 0, "a.zip (a zip archive) >?executable =example.com; 1");
    check_zip(ZIP_TYPE, empty, 1, 0, "a.zip (a zip archive) >?executable =placeholder.exe; 1");
    check_zip(ZIP_TYPE, folder, 2, 0, "1");
    check_zip(ZIP_TYPE, inner, 2, 0, "1"); /* named, not opened */
    check_zip(ZIP_TYPE, nameless, 2, 0, "a.zip (a zip archive) >script =b.vbs; 1");
    check_zip(ZIP_TYPE, windows, 1, 0, "a.zip (a zip archive) >executable =setup.EXE; 1");
}

static void documents(void **state)
{
    static const struct member plain[] = { { "[Content_Types].xml", 9 },
                                           { "word/document.xml", 9 } };
    static const struct member macros[] = { { "[Content_Types].xml", 9 },
                                            { "word/vbaProject.bin", 9 } };
    static const struct member sheets[] = { { "xl/macrosheets/sheet1.xml", 9 } };
    static const struct member package[] = { { "tools/install.ps1", 9 }, { "tools/x.exe", 9 } };
    (void)state;
    check_zip(NAMED("a.docx"), plain, 2, 0, "1");
    check_zip(NAMED("a.docx"), macros, 2, 0, "a.docx (a zip archive) macro =vbaProject.bin; 1");
    check_zip(NAMED("a.xlsx"), sheets, 1, 0, "a.xlsx (a zip archive) macro =sheet1.xml; 1");
    check_zip(NAMED("a.xlsm"), plain, 2, 0, "a.xlsm (a zip archive) macro; 1");
    /* a package that installs programs has some in it, and is told as what it is */
    check_zip(NAMED("a.vsix"), package, 2, 0,
              "a.vsix (a zip archive) installer >script >?executable =x.exe =install.ps1; 1");
}

/* A large first member: its end is found by the tail, whatever place of a group it has. */
static void large_zips(void **state)
{
    (void)state;
    for (size_t more = 0; more < 4; more++) {
        struct member large[] = { { "video.mp4", 700000 + more }, { "setup.exe", 1000 } };
        check_zip(ZIP_TYPE, large, 2, 0, "a.zip (a zip archive) >executable =setup.exe; 1");
        check_zip(ZIP_TYPE, large, 2, ZIP_SIZE_BEHIND,
                  "a.zip (a zip archive) >executable =setup.exe; 1");
        check_zip(ZIP_TYPE, large, 2, ZIP_NO_DIRECTORY, "1");
    }
}

/* A directory that is larger than the tail: the last names and those of the first local headers. */
static void many_members(void **state)
{
    enum { MANY = 3000 };
    static struct member members[MANY];
    static char names[MANY][24];
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "%s%zu.%s", i == 0 ? "first" : "f", i,
                 i == 0          ? "js"
                 : i == MANY - 1 ? "exe"
                                 : "txt");
        members[i] = (struct member){ names[i], 200 };
    }
    check_zip(ZIP_TYPE, members, MANY, 0,
              "a.zip (a zip archive) >executable >script =f2999.exe =first0.js partly; 1");
}

/* Every octet of a zip changed, and every end of it: nothing that a sanitizer sees. */
static void broken_zips(void **state)
{
    struct buffer zip = zip_of(tools, COUNT(tools), 0, "");
    (void)state;
    for (size_t i = 0; i < zip.size; i += i < 100 || i > zip.size - 200 ? 1 : 500) {
        struct buffer body, seen;
        char was = zip.at[i];
        zip.at[i] = (char)0xff;
        body = base64_of(buffer_span(&zip));
        seen = read_message(NULL, ZIP_TYPE, "base64", buffer_span(&body), 1000);
        zip.at[i] = was;
        buffer_free(&body);
        buffer_free(&seen);
        body = base64_of(span_first(buffer_span(&zip), i));
        seen = read_message(NULL, ZIP_TYPE, "base64", buffer_span(&body), 1000);
        buffer_free(&body);
        buffer_free(&seen);
    }
    buffer_free(&zip);
}

/* In quoted-printable and as it is; the tail is read by its encoding. */
static void other_encodings(void **state)
{
    static const struct member large[] = { { "video.mp4", 400000 }, { "setup.exe", 1000 } };
    static const char *const found = "a.zip (a zip archive) >executable =setup.exe; 1";
    struct buffer zip = zip_of(large, 2, 0, ""), quoted = BUFFER_EMPTY;
    (void)state;
    for (size_t i = 0; i < zip.size; i++) {
        buffer_printf(&quoted, "=%02X%s", (unsigned char)zip.at[i], i % 20 == 19 ? "=\r\n" : "");
    }
    struct buffer seen = read_in_pieces(NULL, ZIP_TYPE, "quoted-printable", buffer_span(&quoted));
    assert_string_equal(buffer_text(&seen), found);
    buffer_free(&seen);
    seen = read_in_pieces(NULL, ZIP_TYPE, "binary", buffer_span(&zip));
    assert_string_equal(buffer_text(&seen), found);
    buffer_free(&seen);
    buffer_free(&quoted);
    buffer_free(&zip);
}

/* --- tar ---------------------------------------------------------------------------------------
 */

static void add_tar(struct buffer *out, char type, const char *name, const char *content,
                    size_t size)
{
    char header[512] = { 0 };
    snprintf(header, 100, "%s", name);
    for (size_t i = 0; i < 11; i++) {
        header[124 + i] = (char)('0' + (size >> (3 * (10 - i)) & 7));
    }
    header[156] = type;
    memcpy(header + 257, "ustar", 6);
    buffer_add(out, header, sizeof(header));
    for (size_t i = 0; i < (size + 511) / 512 * 512; i++) {
        buffer_add_char(out, content != NULL && i < size ? content[i] : i < size ? 'x' : '\0');
    }
}

static void tars(void **state)
{
    struct buffer tar = BUFFER_EMPTY;
    char name[300];
    (void)state;
    snprintf(name, sizeof(name), "%0200d/deep.vbs", 0);
    add_tar(&tar, '5', "setup.exe", NULL, 0); /* a folder */
    add_tar(&tar, '0', "a.pdf", NULL, 70000);
    add_tar(&tar, 'L', "././@LongLink", name, strlen(name) + 1);
    add_tar(&tar, '0', "cut", NULL, 10);
    add_tar(&tar, '0', "x/setup.exe", NULL, 512);
    struct span whole = buffer_span(&tar);
    check_file(NULL, NAMED("a.tar"), whole,
               "a.tar (a tar archive) >executable >script =setup.exe =deep.vbs; 1");
    add_tar(&tar, '\0', "", NULL, 0);
    tar.at[tar.size - 512 + 257] = '\0';
    check_file(NULL, NAMED("a.tar"), buffer_span(&tar),
               "a.tar (a tar archive) >executable >script =setup.exe =deep.vbs; 1");
    buffer_clear(&tar);
    add_tar(&tar, '0', "first.js", NULL, 400000);
    add_tar(&tar, '0', "x/setup.exe", NULL, 512); /* behind what is looked at */
    check_file(NULL, NAMED("a.tar"), buffer_span(&tar),
               "a.tar (a tar archive) >script =first.js partly; 1");
    buffer_free(&tar);
}

/* --- rar ---------------------------------------------------------------------------------------
 */

static void add_rar4(struct buffer *out, unsigned type, unsigned flags, const char *name,
                     size_t size)
{
    size_t name_size = name != NULL ? strlen(name) : 0;
    add_number(out, 0, 2);
    add_number(out, type, 1);
    add_number(out, flags | (name != NULL ? 0x8000U : 0), 2);
    add_number(out, 7 + (name != NULL ? 25 + name_size : 6), 2);
    if (name == NULL) {
        add_number(out, 0, 6);
        return;
    }
    add_number(out, size, 4);
    add_number(out, size * 2, 4);
    add_number(out, 0, 11); /* system, crc, time, version, method */
    add_number(out, name_size, 2);
    add_number(out, 0, 4);
    buffer_add(out, name, name_size);
    add_padding(out, size);
}

static struct buffer rar4_of(unsigned archive_flags, unsigned file_flags)
{
    struct buffer out = BUFFER_EMPTY;
    buffer_add(&out, "Rar!\x1a\x07\0", 7);
    add_rar4(&out, 0x73, archive_flags, NULL, 0);
    add_rar4(&out, 0x74, 0xe0, "setup.exe", 0); /* a folder */
    add_rar4(&out, 0x74, file_flags, "a.pdf", 3000);
    add_rar4(&out, 0x74, file_flags, "dir\\setup.exe", 20);
    return out;
}

/* A number of seven bits an octet, for small ones. */
static void add_vint(struct buffer *out, unsigned number)
{
    for (; number >= 0x80; number >>= 7) {
        buffer_add_char(out, (char)(number | 0x80));
    }
    buffer_add_char(out, (char)number);
}

static void add_rar5(struct buffer *out, unsigned type, const char *name, unsigned size,
                     bool is_encrypted)
{
    struct buffer header = BUFFER_EMPTY;
    add_vint(&header, type);
    add_vint(&header, (is_encrypted ? 1U : 0) | (size > 0 ? 2U : 0));
    if (is_encrypted) {
        add_vint(&header, 3);
    }
    if (size > 0) {
        add_vint(&header, size);
    }
    if (name != NULL) {
        add_vint(&header, 4); /* a checksum follows */
        add_vint(&header, size * 2);
        add_vint(&header, 0);
        add_number(&header, 0, 4);
        add_vint(&header, 0);
        add_vint(&header, 0);
        add_vint(&header, (unsigned)strlen(name));
        buffer_add_text(&header, name);
    }
    if (is_encrypted) {
        buffer_add(&header, "\x02\x01\x00", 3);
    }
    add_number(out, 0, 4);
    add_vint(out, (unsigned)header.size);
    buffer_add_span(out, buffer_span(&header));
    add_padding(out, size);
    buffer_free(&header);
}

static struct buffer rar5_of(bool is_encrypted)
{
    struct buffer out = BUFFER_EMPTY;
    buffer_add(&out, "Rar!\x1a\x07\x01\0", 8);
    add_rar5(&out, 1, NULL, 0, false);
    add_rar5(&out, 2, "a.pdf", 3000, is_encrypted);
    add_rar5(&out, 2, "dir/setup.exe", 20, is_encrypted);
    add_rar5(&out, 5, NULL, 0, false);
    return out;
}

static void check_rar(struct buffer rar, const char *wanted)
{
    check_file(NULL, NAMED("a.rar"), buffer_span(&rar), wanted);
    buffer_free(&rar);
}

static void rars(void **state)
{
    struct buffer hidden = BUFFER_EMPTY;
    (void)state;
    check_rar(rar4_of(0, 0), "a.rar (a rar archive) >executable =setup.exe; 1");
    check_rar(rar4_of(0, 4), "a.rar (a rar archive) encrypted >executable =setup.exe; 1");
    check_rar(rar4_of(0x80, 0), "a.rar (a rar archive) encrypted; 1");
    check_rar(rar5_of(false), "a.rar (a rar archive) >executable =setup.exe; 1");
    check_rar(rar5_of(true), "a.rar (a rar archive) encrypted >executable =setup.exe; 1");
    buffer_add(&hidden, "Rar!\x1a\x07\x01\0\0\0\0\0\x03\x04\0\0", 16);
    add_padding(&hidden, 100);
    check_rar(hidden, "a.rar (a rar archive) encrypted; 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zips),
        cmocka_unit_test(names_in_zips),
        cmocka_unit_test(documents),
        cmocka_unit_test(large_zips),
        cmocka_unit_test(many_members),
        cmocka_unit_test(broken_zips),
        cmocka_unit_test(other_encodings),
        cmocka_unit_test(tars),
        cmocka_unit_test(rars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
