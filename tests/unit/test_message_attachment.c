/*
 * attachment: what is found in messages, in whatever pieces they come: files by name and first
 * octets, pages, compound files, files in a text, many of them, what a site says.
 */
#include "test_attachment_support.h"

#define NAMED(name) "application/octet-stream; name=\"" name "\""
#define OCTETS(octets) octets, sizeof(octets) - 1
#define TEXT "Only words are in here.\r\n"
#define PDF "%PDF-1.7\n\xe2\xe3\xcf\xd3\n"
#define PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
#define JUNK "\x01\x02\x03\x04\x05\x06\x07\0\xff"
#define BIDI_NAME                                                                                  \
    "invoice_\xe2\x80\xae"                                                                         \
    "fdp.exe"

static const struct {
    const char *type, *content;
    size_t size;
    const char *wanted;
} files[] = {
    /* a program is what its octets say */
    { NAMED("setup.exe"), OCTETS(PROGRAM), "setup.exe (a Windows program) executable; 1" },
    { NAMED("invoice.pdf.exe"), OCTETS(PROGRAM),
      "invoice.pdf.exe (a Windows program) executable disguised; 1" },
    { NAMED("invoice.pdf"), OCTETS(PROGRAM),
      "invoice.pdf (a Windows program) executable disguised; 1" },
    { NAMED("firmware.bin"), OCTETS(PROGRAM), "firmware.bin (a Windows program) executable; 1" },
    { "application/octet-stream", OCTETS(PROGRAM), "- (a Windows program) executable; 1" },
    { "image/png", OCTETS(PROGRAM), "- (a Windows program) executable; 1" },
    { NAMED(BIDI_NAME), OCTETS(PROGRAM), BIDI_NAME " (a Windows program) executable disguised; 1" },
    { NAMED("tool"),
      OCTETS("\x7f"
             "ELF\x02\x01\x01\0"),
      "tool (an ELF program) executable; 1" },
    { NAMED("lib.so"),
      OCTETS("\x7f"
             "ELF\x02\x01\x01\0"),
      "lib.so (an ELF program) executable; 1" },
    { NAMED("x.dll"), OCTETS(PROGRAM), "x.dll (a Windows program) executable; 1" },
    /* by name alone, unless octets speak against it */
    { NAMED("setup.exe"), OCTETS(TEXT), "setup.exe (text) ?executable; 1" },
    { NAMED("setup.exe"), OCTETS(""), "setup.exe (empty) ?executable; 1" },
    { NAMED("setup.exe"), OCTETS(PDF), "setup.exe (of a harmless format) ?executable; 1" },
    { NAMED("setup.exe"), OCTETS("PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
      "setup.exe (a zip archive) ?executable; 1" },
    { NAMED("setup.exe"), OCTETS(JUNK), "setup.exe (of no known format) executable; 1" },
    { NAMED("old.exe"), OCTETS("MZ\0\0" JUNK JUNK JUNK JUNK JUNK JUNK JUNK JUNK),
      "old.exe (a DOS program) executable; 1" },
    { NAMED("old.dat"), OCTETS("MZ\0\0" JUNK JUNK JUNK JUNK JUNK JUNK JUNK JUNK), "1" },
    { NAMED("example.com"), OCTETS(TEXT), "example.com (text) ?executable; 1" },
    { NAMED("example.com"), OCTETS(JUNK), "example.com (of no known format) ?executable; 1" },
    { NAMED("x.dll"), OCTETS(JUNK), "x.dll (of no known format) ?executable; 1" },
    /* daily mail of somebody's */
    { NAMED("build.js"), OCTETS(TEXT), "build.js (text) script; 1" },
    { NAMED("report.pdf.js"), OCTETS(TEXT), "report.pdf.js (text) script disguised; 1" },
    { NAMED("run"), OCTETS("#!/bin/sh\necho\n"), "run (a script) script; 1" },
    { NAMED("link.url"), OCTETS("[InternetShortcut]\r\nURL=x\r\n"),
      "link.url (a shortcut) shortcut; 1" },
    { NAMED("letter"), OCTETS("L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"),
      "letter (a shortcut) shortcut; 1" },
    { NAMED("data.cab"), OCTETS("MSCF\0\0\0\0"), "data.cab (a cabinet) installer; 1" },
    { NAMED("notes.one"), OCTETS(JUNK), "notes.one (of no known format) notebook; 1" },
    { NAMED("disk.vhd"), OCTETS("conectix"), "disk.vhd (a disk image) disk-image; 1" },
    { NAMED("budget.xlsm"), OCTETS(JUNK), "budget.xlsm (of no known format) macro; 1" },
    { NAMED("page.website"), OCTETS(PNG), "page.website (of a harmless format) ?shortcut; 1" },
    { NAMED("tool.exe.gz"), OCTETS("\x1f\x8b\x08\0"),
      "tool.exe.gz (a compressed file) >executable =tool.exe; 1" },
    { NAMED("site.tar.gz"), OCTETS("\x1f\x8b\x08\0"), "1" },
    /* nothing is said about these */
    { NAMED("report.pdf"), OCTETS(PDF), "1" },
    { NAMED("photo.png"), OCTETS(PNG), "1" },
    { NAMED("notes.txt"), OCTETS(TEXT), "1" },
    { NAMED("MZ-list.txt"),
      OCTETS("MZ, the list of all members of the club, sorted by their names."), "1" },
    { NAMED("blob.bin"), OCTETS(JUNK), "1" },
    { NAMED("key.asc"), OCTETS("-----BEGIN PGP SIGNATURE-----\r\n"), "1" },
    { "application/octet-stream", OCTETS(""), "1" },
    /* no file */
    { "text/html", OCTETS("<html><script>new Blob(x); createObjectURL(y)</script>"), "0" },
    { "text/plain", OCTETS(TEXT), "0" },
    { "message/delivery-status", OCTETS(TEXT), "0" },
};

static void files_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        check_file(NULL, files[i].type, (struct span){ files[i].content, files[i].size },
                   files[i].wanted);
    }
}

/* The same with this much before and behind: pages and compound files are looked through. */
static void check_padded(const char *type, const char *head, size_t before, const char *word,
                         size_t word_size, size_t behind, const char *wanted)
{
    struct buffer content = BUFFER_EMPTY;
    buffer_add_text(&content, head);
    for (size_t i = 0; i < before; i++) {
        buffer_add_char(&content, i % 80 == 79 ? '\n' : 'x');
    }
    buffer_add(&content, word, word_size);
    for (size_t i = 0; i < behind; i++) {
        buffer_add_char(&content, i % 80 == 79 ? '\n' : 'y');
    }
    check_file(NULL, type, buffer_span(&content), wanted);
    buffer_free(&content);
}

static void pages(void **state)
{
    static const char builds[] = "new Blob([b]); a.href = URL.createObjectURL(c);";
    static const char page[] = "<html>";
    (void)state;
    check_padded(NAMED("a.html"), page, 0, OCTETS(builds), 9, "a.html (a web page) smuggling; 1");
    check_padded(NAMED("a"), page, 5000, OCTETS(builds), 9, "a (a web page) smuggling; 1");
    check_padded(NAMED("a.svg"), "", 200000, OCTETS(builds), 0, "a.svg (text) smuggling; 1");
    check_padded("text/html; name=a", "", 1017, OCTETS(builds), 0, "a (text) smuggling; 1");
    check_padded(NAMED("a.htm"), page, 10, OCTETS("data:application/zip;base64,UEsDB"), 0,
                 "a.htm (a web page) smuggling; 1");
    /* behind what is looked at from the front: at the end it is found, between it is not */
    check_padded(NAMED("a.html"), page, ATTACHMENT_LOOK_MAX, OCTETS(builds), 40000,
                 "a.html (a web page) smuggling; 1");
    check_padded(NAMED("a.html"), page, ATTACHMENT_LOOK_MAX, OCTETS(builds), 100000, "1");
    check_padded(NAMED("a.html"), page, 0, OCTETS("new Blob([b]);"), 0, "1");
    check_padded(NAMED("a.html"), page, 0, OCTETS("URL.createObjectURL(c)"), 0, "1");
    check_padded(NAMED("a.txt"), "", 0, OCTETS(builds), 0, "1"); /* no browser opens it */
}

#define OLE "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#define VBA "_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0"

static void compound_files(void **state)
{
    static const char *const macros = "a.doc (a compound file) macro; 1";
    static const char installer[] = "\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";
    static const char password[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";
    (void)state;
    check_padded(NAMED("a.doc"), OLE, 512, OCTETS(VBA), 100, macros);
    check_padded(NAMED("a.doc"), OLE, 4090, OCTETS(VBA), 100, macros);
    check_padded(NAMED("a.doc"), OLE, 600000, OCTETS(VBA), 5, macros);
    /* behind all that is looked at from the front, for each place of a group of base64 */
    for (size_t more = 0; more < 4; more++) {
        check_padded(NAMED("a.doc"), OLE, ATTACHMENT_LOOKS_MAX + more, OCTETS(VBA), 40000, macros);
    }
    check_padded(NAMED("a.doc"), OLE, ATTACHMENT_LOOKS_MAX + 1000, OCTETS(VBA), 100000, "1");
    check_padded(NAMED("a"), OLE, 600, OCTETS(installer), 0, "a (a compound file) installer; 1");
    check_padded(NAMED("a.docx"), OLE, 600, OCTETS(password), 9,
                 "a.docx (a compound file) encrypted; 1");
    check_padded(NAMED("a.doc"), OLE, 600, OCTETS("W\0o\0r\0d\0"), 0, "1");
}

/* The header says where the directory is: behind what is looked at, so the end is. */
static void a_directory_that_is_far(void **state)
{
    char head[512] = OLE;
    struct buffer content = BUFFER_EMPTY;
    (void)state;
    head[30] = 9;
    head[49] = 0x10; /* sector 4096 */
    buffer_add(&content, head, sizeof(head));
    add_padding(&content, 300000);
    buffer_add(&content, VBA, sizeof(VBA) - 1);
    add_padding(&content, 20000);
    check_file(NULL, NAMED("a.xls"), buffer_span(&content), "a.xls (a compound file) macro; 1");
    buffer_free(&content);
}

static void disk_images(void **state)
{
    struct buffer content = BUFFER_EMPTY;
    (void)state;
    for (size_t i = 0; i < 32768; i++) {
        buffer_add_char(&content, '\0');
    }
    buffer_add(&content,
               "\x01"
               "CD001\x01",
               7);
    check_file(NULL, NAMED("holiday.bin"), buffer_span(&content),
               "holiday.bin (of no known format) disk-image; 1");
    buffer_free(&content);
}

static const struct {
    const char *body, *wanted;
} texts[] = {
    { "See below.\r\n\r\nbegin 644 setup.exe\r\nM35J0``,````$````__\\``+@`````\r\n`\r\nend\r\n",
      "0" }, /* a line that is too short for its size */
    { "begin 644 setup.exe\r\n#35H`\r\n`\r\nend\r\n",
      "setup.exe (of no known format) executable uuencoded; 1" },
    { "hello\r\nbegin 0755 my program.exe\r\n#35H`\r\n`\r\nend\r\n",
      "my program.exe (of no known format) executable uuencoded; 1" },
    { "begin 644 a.js\n#86)C\n`\nend\nbegin 644 b.vbs\n#86)C\n`\nend\n",
      "a.js (text) script uuencoded; b.vbs (text) script uuencoded; 2" },
    { "begin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n", "1" },
    { "begin 600 setups.exe today,\r\nand 600 more tomorrow.\r\n", "0" },
    { "we begin 644 setup.exe\r\n#35H`\r\n", "0" },
    { "begin 64 setup.exe\r\n#35H`\r\n", "0" },
    { "begin 64x setup.exe\r\n#35H`\r\n", "0" },
    { "begin 644 \r\n#35H`\r\n", "0" },
    { "begin 644 setup.exe\r\n\r\n#35H`\r\n", "0" },
    { "begin 644 setup.exe", "0" },
};

static void files_in_a_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct buffer seen = read_in_pieces(NULL, "text/plain", "7bit", span_of(texts[i].body));
        if (strcmp(buffer_text(&seen), texts[i].wanted) != 0) {
            fail_msg("%s\nsaw %s, wanted %s", texts[i].body, buffer_text(&seen), texts[i].wanted);
        }
        buffer_free(&seen);
    }
}

/* Parts one after the other, other encodings, a message in the message. */
static void several_parts(void **state)
{
    static const char body[] =
        "--b\r\nContent-Type: text/plain\r\n\r\nSee attached.\r\n"
        "--b\r\nContent-Type: application/pdf\r\n"
        "Content-Disposition: attachment; filename*=UTF-8''%E2%82%AC.js\r\n\r\nvar a\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        "Content-Type: application/x-sh; name=in.sh\r\n\r\nls\r\n"
        "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        "Content-Disposition: attachment; filename=\"=?utf-8?q?x=2Escr?=\"\r\n\r\n=00=01=02\r\n"
        "--b\r\nContent-Transfer-Encoding: x-uuencode\r\n"
        "Content-Disposition: attachment; filename=y.exe\r\n\r\nbegin 644 y.exe\r\n"
        "--b--\r\n";
    (void)state;
    struct buffer seen = read_in_pieces(NULL, "multipart/mixed; boundary=b", NULL, span_of(body));
    assert_string_equal(buffer_text(&seen), "\xe2\x82\xac.js (text) script; in.sh (text) script; "
                                            "x.scr (of no known format) executable; "
                                            "y.exe (not read) executable; 4");
    buffer_free(&seen);
}

/* More than are kept: of each class one is. */
static void more_than_are_kept(void **state)
{
    struct buffer body = BUFFER_EMPTY;
    (void)state;
    for (int i = 0; i < 100; i++) {
        buffer_printf(&body, "--b\r\nContent-Type: a/b; name=%d.js\r\n\r\nx\r\n", i);
    }
    buffer_add_text(&body, "--b\r\nContent-Type: a/b; name=last.scr\r\n\r\n\x01\r\n--b--\r\n");
    struct buffer seen =
        read_message(NULL, "multipart/mixed; boundary=b", NULL, buffer_span(&body), 1 << 20);
    assert_non_null(strstr(buffer_text(&seen), " 31.js (text) script; last.scr (of no known "
                                               "format) executable; 101 incomplete"));
    buffer_free(&seen);
    buffer_free(&body);
}

/* Names without end take no more memory than is set aside for them, and no class is lost by it. */
static void names_without_end(void **state)
{
    struct buffer body = BUFFER_EMPTY;
    (void)state;
    for (int i = 0; i < 500; i++) {
        buffer_add_text(&body, "--b\r\nContent-Type: a/b; name=");
        for (int k = 0; k < 400; k++) {
            buffer_add_char(&body, 'n');
        }
        buffer_printf(&body, "%d.txt\r\n\r\nx\r\n", i);
    }
    buffer_add_text(&body, "--b\r\nContent-Type: a/b; name=last.scr\r\n\r\n\x01\r\n--b--\r\n");
    struct buffer seen =
        read_message(NULL, "multipart/mixed; boundary=b", NULL, buffer_span(&body), 1 << 20);
    assert_non_null(strstr(buffer_text(&seen), "(of no known format) executable; 501"));
    buffer_free(&seen);
    buffer_free(&body);
}

static void what_a_site_says(void **state)
{
    static const struct attachment_extension rows[] = {
        { "js", ATTACHMENT_EXECUTABLE, 0 }, { "xyz", ATTACHMENT_SCRIPT, 0 },
        { "lnk", ATTACHMENT_HARMLESS, 0 },  { "bin", ATTACHMENT_HARMLESS, 0 },
        { "pdf", ATTACHMENT_HARMLESS, 0 },
    };
    static const struct attachment_extensions own = { rows, COUNT(rows) };
    (void)state;
    check_file(&own, NAMED("a.js"), SPAN(TEXT), "a.js (text) executable; 1");
    check_file(&own, NAMED("a.xyz"), SPAN(PNG), "a.xyz (of a harmless format) script; 1");
    check_file(&own, NAMED("a.lnk"), SPAN(TEXT), "1");
    check_file(&own, NAMED("a.bin"), SPAN(PROGRAM), "1"); /* the site knows what it sends */
    check_file(&own, NAMED("a.pdf"), SPAN(PROGRAM),
               "a.pdf (a Windows program) executable disguised; 1");
}

/* Where memory is out nothing is known, and nothing is wrong. */
static void no_memory(void **state)
{
    struct arena_account account = { .limit_bytes = 100 };
    (void)state;
    assert_null(attachment_reader_new(NULL, &account));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_alone),       cmocka_unit_test(pages),
        cmocka_unit_test(compound_files),    cmocka_unit_test(a_directory_that_is_far),
        cmocka_unit_test(disk_images),       cmocka_unit_test(files_in_a_text),
        cmocka_unit_test(several_parts),     cmocka_unit_test(more_than_are_kept),
        cmocka_unit_test(names_without_end), cmocka_unit_test(what_a_site_says),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
