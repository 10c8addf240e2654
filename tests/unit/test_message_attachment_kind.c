/*
 * attachment_kind, attachment_name, attachment_format: the tables are in order; names as machines
 * and as people read them; formats by first octets.
 */
#include "test_message_support.h"

#include <stdlib.h>
#include <string.h>

#include "message/attachment_format.h"
#include "message/attachment_name.h"

static const struct attachment_extensions shipped_only = { NULL, 0 };

static void rows_are_in_order(void **state)
{
    (void)state;
    assert_true(attachment_shipped_count > 100);
    for (size_t i = 1; i < attachment_shipped_count; i++) {
        if (strcmp(attachment_shipped[i - 1].name, attachment_shipped[i].name) >= 0) {
            fail_msg("%s is behind %s", attachment_shipped[i].name, attachment_shipped[i - 1].name);
        }
    }
}

static void each_row_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < attachment_shipped_count; i++) {
        struct attachment_extension found =
            attachment_extension_find(&shipped_only, span_of(attachment_shipped[i].name));
        assert_string_equal(found.name, attachment_shipped[i].name);
    }
    assert_string_equal(attachment_extension_find(&shipped_only, SPAN("eXe")).name, "exe");
    assert_string_equal(attachment_extension_find(&shipped_only, SPAN("ex")).name, "");
    assert_string_equal(attachment_extension_find(&shipped_only, SPAN("")).name, "");
    assert_string_equal(
        attachment_extension_find(&shipped_only, SPAN("settingcontent-ms-and-more")).name, "");
}

static void a_site_knows_better(void **state)
{
    static const struct attachment_extension rows[] = {
        { "js", ATTACHMENT_EXECUTABLE, 0 }, { "com", ATTACHMENT_EXECUTABLE, 0 },
        { "pdf", ATTACHMENT_HARMLESS, 0 },  { "so", ATTACHMENT_HARMLESS, 0 },
        { "bin", ATTACHMENT_HARMLESS, 0 },
    };
    static const struct attachment_extensions own = { rows, COUNT(rows) };
    (void)state;
    struct attachment_extension found = attachment_extension_find(&own, SPAN("JS"));
    assert_int_equal(found.class, ATTACHMENT_EXECUTABLE);
    assert_int_equal(found.traits, ATTACHMENT_SAID);
    found = attachment_extension_find(&own, SPAN("com"));
    assert_int_equal(found.traits, ATTACHMENT_SAID); /* no octets are needed any more */
    found = attachment_extension_find(&own, SPAN("pdf"));
    assert_int_equal(found.traits, ATTACHMENT_SAID | ATTACHMENT_BAIT); /* no news, no excuse */
    found = attachment_extension_find(&own, SPAN("so"));
    assert_int_equal(found.traits, ATTACHMENT_SAID | ATTACHMENT_EXCUSED);
    found = attachment_extension_find(&own, SPAN("bin"));
    assert_int_equal(found.traits, ATTACHMENT_SAID | ATTACHMENT_EXCUSED);
    assert_int_equal(attachment_extension_find(&own, SPAN("exe")).traits, 0);
}

static const struct {
    const char *name, *base, *extension;
    unsigned tricks;
    const char *inner; /* NULL: it is no compressed file */
} names[] = {
    { "report.pdf", "report.pdf", "pdf", 0, NULL },
    { "report", "report", "", 0, NULL },
    { "", "", "", 0, NULL },
    { ".", "", "", 0, NULL },
    { ".exe", ".exe", "exe", 0, NULL },
    { "setup.exe", "setup.exe", "exe", 0, NULL },
    { "SETUP.EXE", "SETUP.EXE", "exe", 0, NULL },
    { "setup.exe. . ", "setup.exe", "exe", 0, NULL }, /* Windows drops what is behind */
    { "C:\\temp\\setup.exe", "setup.exe", "exe", 0, NULL },
    { "a/b.pdf/c.txt", "c.txt", "txt", 0, NULL },
    { "invoice.pdf.exe", "invoice.pdf.exe", "exe", ATTACHMENT_DOUBLE_EXTENSION, NULL },
    { "invoice.PDF .js", "invoice.PDF .js", "js", ATTACHMENT_DOUBLE_EXTENSION, NULL },
    { "photo.jpg.lnk", "photo.jpg.lnk", "lnk", ATTACHMENT_DOUBLE_EXTENSION, NULL },
    { ".pdf.exe", ".pdf.exe", "exe", 0, NULL }, /* a name of nothing hides nothing */
    { "jquery.min.js", "jquery.min.js", "js", 0, NULL },
    { "v1.2.exe", "v1.2.exe", "exe", 0, NULL },
    { "data.csv.zip", "data.csv.zip", "zip", 0, NULL }, /* nothing is started */
    { "backup.xls.iso", "backup.xls.iso", "iso", 0, NULL },
    { "scan.pdf                    .exe", "scan.pdf                    .exe", "exe",
      ATTACHMENT_DOUBLE_EXTENSION | ATTACHMENT_GAP, NULL },
    { "scan\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xe3\x80\x80\xe3\x80\x80\xe2\x80\x83\xe2\x80\x83.scr",
      "scan\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xe3\x80\x80\xe3\x80\x80\xe2\x80\x83\xe2\x80\x83.scr",
      "scr", ATTACHMENT_GAP, NULL },
    { "scan       .scr", "scan       .scr", "scr", 0, NULL }, /* seven */
    { "a          b.pdf", "a          b.pdf", "pdf", 0, NULL },
    { "invoice_\xe2\x80\xae"
      "fdp.exe",
      "invoice_\xe2\x80\xae"
      "fdp.exe",
      "exe", ATTACHMENT_BIDI, NULL },
    { "a\xe2\x81\xa7"
      "b.pdf",
      "a\xe2\x81\xa7"
      "b.pdf",
      "pdf", ATTACHMENT_BIDI, NULL },
    { "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d\xe2\x80\x8f.pdf", /* a mark, as Hebrew needs it */
      "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d\xe2\x80\x8f.pdf", "pdf", 0, NULL },
    { "a\xe2\x80", "a\xe2\x80", "", 0, NULL },
    { "tool.exe.gz", "tool.exe.gz", "gz", 0, "tool.exe" },
    { "dump.sql.xz", "dump.sql.xz", "xz", 0, "dump.sql" },
};

static void names_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct attachment_name read = attachment_name_read(&shipped_only, span_of(names[i].name));
        check_span(names[i].name, read.base, names[i].base);
        if (strcmp(read.extension.name, names[i].extension) != 0 ||
            read.tricks != names[i].tricks) {
            fail_msg("%s: extension \"%s\", tricks %u", names[i].name, read.extension.name,
                     read.tricks);
        }
        check_span(names[i].name, attachment_name_inner(&read), names[i].inner);
    }
}

#define HEAD(octets) octets, sizeof(octets) - 1
#define MZ_60                                                                                      \
    "MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0@\0\0\0\0\0\0\0"                    \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static const struct {
    const char *octets;
    size_t size;
    enum attachment_format format;
} heads[] = {
    { HEAD(""), FORMAT_EMPTY },
    { HEAD("plain words\r\n"), FORMAT_TEXT },
    { HEAD("\xc3\xa4\xc3\xb6"), FORMAT_TEXT },
    { HEAD("\xff\xfe"
           "a\0"),
      FORMAT_TEXT },
    { HEAD("words\0"), FORMAT_UNKNOWN },
    { HEAD("<!DOCTYPE HTML><p>"), FORMAT_WEB_PAGE },
    { HEAD("\xef\xbb\xbf\r\n <html>"), FORMAT_WEB_PAGE },
    { HEAD("<svg xmlns="), FORMAT_WEB_PAGE },
    { HEAD("#!/bin/sh\n"), FORMAT_RUN_BY_LINE },
    { HEAD("#include"), FORMAT_TEXT },
    { HEAD(MZ_60 "\x40\0\0\0PE\0\0"), FORMAT_PROGRAM },
    { HEAD(MZ_60 "\x40\0\0\0NE\x05\0"), FORMAT_PROGRAM },
    { HEAD(MZ_60 "\x40\0\0\0ABCD"), FORMAT_DOS_PROGRAM },
    { HEAD(MZ_60 "\x00\x10\0\0"), FORMAT_DOS_PROGRAM }, /* points beyond its end */
    { HEAD("MZ list of members, 2026: no program begins so, and there is not one NUL in it;"),
      FORMAT_TEXT },
    { HEAD("MZ"), FORMAT_TEXT },
    { HEAD("MZ\0"), FORMAT_UNKNOWN },
    { HEAD("\x7f"
           "ELF\x02"),
      FORMAT_ELF },
    { HEAD("\xcf\xfa\xed\xfe\x07"), FORMAT_MACH_O },
    { HEAD("\xca\xfe\xba\xbe\0\0\0\x02"), FORMAT_MACH_O },
    { HEAD("\xca\xfe\xba\xbe\0\0\0\x34"), FORMAT_UNKNOWN }, /* a class of Java */
    { HEAD("PK\x03\x04"), FORMAT_ZIP },
    { HEAD("PKZIP"), FORMAT_TEXT },
    { HEAD("Rar!\x1a\x07\0"), FORMAT_RAR4 },
    { HEAD("Rar!\x1a\x07\x01\0"), FORMAT_RAR5 },
    { HEAD("7z\xbc\xaf\x27\x1c"), FORMAT_7Z },
    { HEAD("\x1f\x8b\x08"), FORMAT_COMPRESSED },
    { HEAD("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), FORMAT_OLE },
    { HEAD("L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"), FORMAT_SHORTCUT },
    { HEAD("[InternetShortcut]\r\nURL="), FORMAT_SHORTCUT },
    { HEAD("conectix\0"), FORMAT_DISK_IMAGE },
    { HEAD("\x78\x9f\x3e\x22"), FORMAT_TNEF },
    { HEAD("%PDF-1.7"), FORMAT_HARMLESS },
    { HEAD("\x89PNG\r\n\x1a\n"), FORMAT_HARMLESS },
    { HEAD("\0\0\0\x18"
           "ftypmp42"),
      FORMAT_HARMLESS },
};

static void formats_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(heads); i++) {
        char *head = malloc(heads[i].size + 1);
        assert_non_null(head);
        memcpy(head, heads[i].octets, heads[i].size);
        enum attachment_format format = attachment_format_of(head, heads[i].size);
        free(head);
        if (format != heads[i].format) {
            fail_msg("row %zu is %s, wanted %s", i, attachment_format_text(format),
                     attachment_format_text(heads[i].format));
        }
    }
}

/* A newer header behind what is looked at: a small number where there is more of the file. */
static void a_program_whose_header_is_far(void **state)
{
    unsigned char head[ATTACHMENT_HEAD_MAX] = MZ_60 "\x00\x10\0\0";
    (void)state;
    assert_int_equal(attachment_format_of(head, sizeof(head)), FORMAT_PROGRAM);
    head[63] = 0x40;
    assert_int_equal(attachment_format_of(head, sizeof(head)), FORMAT_DOS_PROGRAM);
    memset(head, 0, sizeof(head));
    memcpy(head + 257, "ustar", 5);
    assert_int_equal(attachment_format_of(head, sizeof(head)), FORMAT_TAR);
    memcpy(head, "\xeb\x3c\x90", 3);
    memset(head + 257, 0, 5);
    head[510] = 0x55;
    head[511] = 0xaa;
    assert_int_equal(attachment_format_of(head, sizeof(head)), FORMAT_DISK_IMAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_in_order),   cmocka_unit_test(each_row_is_found),
        cmocka_unit_test(a_site_knows_better), cmocka_unit_test(names_are_read),
        cmocka_unit_test(formats_are_told),    cmocka_unit_test(a_program_whose_header_is_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
