/*
 * attachment_kind: the rows of extensions. By class they are what Windows, macOS and their office
 * programs start, install or mount on a click; the harmless ones are there for their traits.
 */
#include "message/attachment_kind.h"

#include <stdlib.h>
#include <string.h>

enum { EXTENSION_MAX = 24 /* longer ones are in no row */ };

const char *const attachment_class_names[] = {
    [ATTACHMENT_HARMLESS] = "harmless",     [ATTACHMENT_EXECUTABLE] = "executable",
    [ATTACHMENT_SCRIPT] = "script",         [ATTACHMENT_SHORTCUT] = "shortcut",
    [ATTACHMENT_INSTALLER] = "installer",   [ATTACHMENT_MACRO] = "macro",
    [ATTACHMENT_DISK_IMAGE] = "disk-image", [ATTACHMENT_NOTEBOOK] = "notebook",
    [ATTACHMENT_SMUGGLING] = "smuggling",   [ATTACHMENT_ENCRYPTED] = "encrypted",
    [ATTACHMENT_DISGUISED] = "disguised",   [ATTACHMENT_CLASSES] = NULL,
};

const struct attachment_extension attachment_shipped[] = {
    { "7z", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "aab", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "accde", ATTACHMENT_MACRO, 0 },
    { "ade", ATTACHMENT_MACRO, 0 },
    { "adp", ATTACHMENT_MACRO, 0 },
    { "apk", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "appimage", ATTACHMENT_EXECUTABLE, 0 },
    { "appinstaller", ATTACHMENT_INSTALLER, 0 },
    { "applescript", ATTACHMENT_SCRIPT, 0 },
    { "application", ATTACHMENT_INSTALLER, 0 },
    { "appref-ms", ATTACHMENT_SHORTCUT, 0 },
    { "appx", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "appxbundle", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "avi", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "bash", ATTACHMENT_SCRIPT, 0 },
    { "bat", ATTACHMENT_SCRIPT, 0 },
    { "bmp", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "bz2", ATTACHMENT_HARMLESS, ATTACHMENT_SINGLE },
    { "cab", ATTACHMENT_INSTALLER, 0 },
    { "chm", ATTACHMENT_SCRIPT, 0 },
    { "cmd", ATTACHMENT_SCRIPT, 0 },
    { "com", ATTACHMENT_EXECUTABLE, ATTACHMENT_NEEDS_BYTES },
    { "command", ATTACHMENT_SCRIPT, 0 },
    { "cpl", ATTACHMENT_EXECUTABLE, 0 },
    { "crx", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "csh", ATTACHMENT_SCRIPT, 0 },
    { "csv", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "deb", ATTACHMENT_INSTALLER, 0 },
    { "desktop", ATTACHMENT_SHORTCUT, 0 },
    { "dll", ATTACHMENT_EXECUTABLE, ATTACHMENT_NEEDS_BYTES },
    { "dmg", ATTACHMENT_DISK_IMAGE, 0 },
    { "doc", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "docm", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "docx", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_ZIP },
    { "dotm", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "dotx", ATTACHMENT_HARMLESS, ATTACHMENT_ZIP },
    { "drv", ATTACHMENT_EXECUTABLE, ATTACHMENT_NEEDS_BYTES },
    { "dylib", ATTACHMENT_EXECUTABLE, ATTACHMENT_NEEDS_BYTES },
    { "efi", ATTACHMENT_EXECUTABLE, ATTACHMENT_NEEDS_BYTES },
    { "elf", ATTACHMENT_EXECUTABLE, ATTACHMENT_NEEDS_BYTES },
    { "eml", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "epub", ATTACHMENT_HARMLESS, ATTACHMENT_ZIP },
    { "exe", ATTACHMENT_EXECUTABLE, 0 },
    { "gadget", ATTACHMENT_INSTALLER, 0 },
    { "gif", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "gz", ATTACHMENT_HARMLESS, ATTACHMENT_SINGLE },
    { "heic", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "hlp", ATTACHMENT_SCRIPT, 0 },
    { "hta", ATTACHMENT_SCRIPT, 0 },
    { "htm", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_PAGE },
    { "html", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_PAGE },
    { "ima", ATTACHMENT_DISK_IMAGE, 0 },
    { "img", ATTACHMENT_DISK_IMAGE, 0 },
    { "inf", ATTACHMENT_SCRIPT, 0 },
    { "ins", ATTACHMENT_SCRIPT, 0 },
    { "ipa", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "iqy", ATTACHMENT_SHORTCUT, 0 },
    { "iso", ATTACHMENT_DISK_IMAGE, 0 },
    { "isp", ATTACHMENT_SCRIPT, 0 },
    { "jar", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "jnlp", ATTACHMENT_SCRIPT, 0 },
    { "jpeg", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "jpg", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "js", ATTACHMENT_SCRIPT, 0 },
    { "jse", ATTACHMENT_SCRIPT, 0 },
    { "kmz", ATTACHMENT_HARMLESS, ATTACHMENT_ZIP },
    { "ksh", ATTACHMENT_SCRIPT, 0 },
    { "library-ms", ATTACHMENT_SHORTCUT, 0 },
    { "lnk", ATTACHMENT_SHORTCUT, 0 },
    { "lzma", ATTACHMENT_HARMLESS, ATTACHMENT_SINGLE },
    { "m4a", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "mda", ATTACHMENT_MACRO, 0 },
    { "mde", ATTACHMENT_MACRO, 0 },
    { "mjs", ATTACHMENT_SCRIPT, 0 },
    { "mkv", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "mov", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "mp3", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "mp4", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "mpkg", ATTACHMENT_INSTALLER, 0 },
    { "msc", ATTACHMENT_SCRIPT, 0 },
    { "msg", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "msi", ATTACHMENT_INSTALLER, 0 },
    { "msix", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "msixbundle", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "msp", ATTACHMENT_INSTALLER, 0 },
    { "mst", ATTACHMENT_INSTALLER, 0 },
    { "msu", ATTACHMENT_INSTALLER, 0 },
    { "nrg", ATTACHMENT_DISK_IMAGE, 0 },
    { "nupkg", ATTACHMENT_HARMLESS, ATTACHMENT_ZIP },
    { "ocx", ATTACHMENT_EXECUTABLE, ATTACHMENT_NEEDS_BYTES },
    { "odp", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_ZIP },
    { "ods", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_ZIP },
    { "odt", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_ZIP },
    { "one", ATTACHMENT_NOTEBOOK, 0 },
    { "onepkg", ATTACHMENT_NOTEBOOK, 0 },
    { "onetoc2", ATTACHMENT_NOTEBOOK, 0 },
    { "pdf", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "pif", ATTACHMENT_EXECUTABLE, 0 },
    { "pkg", ATTACHMENT_INSTALLER, 0 },
    { "png", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "potm", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "potx", ATTACHMENT_HARMLESS, ATTACHMENT_ZIP },
    { "ppa", ATTACHMENT_MACRO, 0 },
    { "ppam", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "pps", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "ppsm", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "ppsx", ATTACHMENT_HARMLESS, ATTACHMENT_ZIP },
    { "ppt", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "pptm", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "pptx", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_ZIP },
    { "ps1", ATTACHMENT_SCRIPT, 0 },
    { "ps1xml", ATTACHMENT_SCRIPT, 0 },
    { "ps2", ATTACHMENT_SCRIPT, 0 },
    { "psc1", ATTACHMENT_SCRIPT, 0 },
    { "psc2", ATTACHMENT_SCRIPT, 0 },
    { "psd1", ATTACHMENT_SCRIPT, 0 },
    { "psm1", ATTACHMENT_SCRIPT, 0 },
    { "pyw", ATTACHMENT_SCRIPT, 0 },
    { "rar", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "rdp", ATTACHMENT_SHORTCUT, 0 },
    { "reg", ATTACHMENT_SCRIPT, 0 },
    { "rpm", ATTACHMENT_INSTALLER, 0 },
    { "rtf", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "scf", ATTACHMENT_SHORTCUT, 0 },
    { "scpt", ATTACHMENT_SCRIPT, 0 },
    { "scr", ATTACHMENT_EXECUTABLE, 0 },
    { "sct", ATTACHMENT_SCRIPT, 0 },
    { "search-ms", ATTACHMENT_SHORTCUT, 0 },
    { "settingcontent-ms", ATTACHMENT_SHORTCUT, 0 },
    { "sh", ATTACHMENT_SCRIPT, 0 },
    { "shb", ATTACHMENT_SHORTCUT, 0 },
    { "shs", ATTACHMENT_SCRIPT, 0 },
    { "shtml", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_PAGE },
    { "sldm", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "slk", ATTACHMENT_MACRO, 0 },
    { "so", ATTACHMENT_EXECUTABLE, ATTACHMENT_NEEDS_BYTES },
    { "svg", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_PAGE },
    { "sys", ATTACHMENT_EXECUTABLE, ATTACHMENT_NEEDS_BYTES },
    { "tif", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "tiff", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "toast", ATTACHMENT_DISK_IMAGE, 0 },
    { "txt", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "udf", ATTACHMENT_DISK_IMAGE, 0 },
    { "url", ATTACHMENT_SHORTCUT, 0 },
    { "vb", ATTACHMENT_SCRIPT, 0 },
    { "vbe", ATTACHMENT_SCRIPT, 0 },
    { "vbs", ATTACHMENT_SCRIPT, 0 },
    { "vhd", ATTACHMENT_DISK_IMAGE, 0 },
    { "vhdx", ATTACHMENT_DISK_IMAGE, 0 },
    { "vmdk", ATTACHMENT_DISK_IMAGE, 0 },
    { "vsix", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "wav", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "webloc", ATTACHMENT_SHORTCUT, 0 },
    { "webp", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "website", ATTACHMENT_SHORTCUT, 0 },
    { "wim", ATTACHMENT_DISK_IMAGE, 0 },
    { "wll", ATTACHMENT_EXECUTABLE, 0 },
    { "workflow", ATTACHMENT_SCRIPT, 0 },
    { "ws", ATTACHMENT_SCRIPT, 0 },
    { "wsc", ATTACHMENT_SCRIPT, 0 },
    { "wsf", ATTACHMENT_SCRIPT, 0 },
    { "wsh", ATTACHMENT_SCRIPT, 0 },
    { "xht", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_PAGE },
    { "xhtml", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_PAGE },
    { "xla", ATTACHMENT_MACRO, 0 },
    { "xlam", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "xll", ATTACHMENT_EXECUTABLE, 0 },
    { "xlm", ATTACHMENT_MACRO, 0 },
    { "xls", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "xlsb", ATTACHMENT_HARMLESS, ATTACHMENT_ZIP },
    { "xlsm", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "xlsx", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_ZIP },
    { "xltm", ATTACHMENT_MACRO, ATTACHMENT_ZIP },
    { "xltx", ATTACHMENT_HARMLESS, ATTACHMENT_ZIP },
    { "xml", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT },
    { "xpi", ATTACHMENT_INSTALLER, ATTACHMENT_ZIP },
    { "xz", ATTACHMENT_HARMLESS, ATTACHMENT_SINGLE },
    { "z", ATTACHMENT_HARMLESS, ATTACHMENT_SINGLE },
    { "zip", ATTACHMENT_HARMLESS, ATTACHMENT_BAIT | ATTACHMENT_ZIP },
    { "zsh", ATTACHMENT_SCRIPT, 0 },
    { "zst", ATTACHMENT_HARMLESS, ATTACHMENT_SINGLE },
};

const size_t attachment_shipped_count = sizeof(attachment_shipped) / sizeof(attachment_shipped[0]);

static int compare(const void *name, const void *row)
{
    return strcmp(name, ((const struct attachment_extension *)row)->name);
}

static const struct attachment_extension *find_shipped(const char *name)
{
    return bsearch(name, attachment_shipped, attachment_shipped_count,
                   sizeof(attachment_shipped[0]), compare);
}

/* What the site says, with what is known beside. */
static struct attachment_extension said(const struct attachment_extension *own,
                                        const struct attachment_extension *shipped)
{
    bool is_news = shipped == NULL || shipped->class != ATTACHMENT_HARMLESS;
    unsigned traits = shipped != NULL ? shipped->traits & ~(unsigned)ATTACHMENT_NEEDS_BYTES : 0;
    if (own->class == ATTACHMENT_HARMLESS && is_news) {
        traits |= ATTACHMENT_EXCUSED;
    }
    return (struct attachment_extension){ own->name, own->class, traits | ATTACHMENT_SAID };
}

struct attachment_extension attachment_extension_find(const struct attachment_extensions *own,
                                                      struct span extension)
{
    char name[EXTENSION_MAX + 1];
    if (extension.size == 0 || extension.size > EXTENSION_MAX) {
        return (struct attachment_extension){ .name = "" };
    }
    for (size_t i = 0; i < extension.size; i++) {
        name[i] = ascii_lower(extension.at[i]);
    }
    name[extension.size] = '\0';
    const struct attachment_extension *shipped = find_shipped(name);
    for (size_t i = 0; i < own->count; i++) {
        if (strcmp(own->at[i].name, name) == 0) {
            return said(&own->at[i], shipped);
        }
    }
    return shipped != NULL ? *shipped : (struct attachment_extension){ .name = "" };
}
