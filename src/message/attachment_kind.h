/*
 * attachment_kind: what kinds of files do harm when somebody opens them, and which extensions mean
 * them. This is data: a site may say otherwise of any extension.
 */
#ifndef EM_MESSAGE_ATTACHMENT_KIND_H
#define EM_MESSAGE_ATTACHMENT_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "util/span.h"

/* What makes an attachment worth a word. The order is that of names in settings and wordings. */
enum attachment_class {
    ATTACHMENT_HARMLESS,   /* nothing is said about it; archives too, for what is in them counts */
    ATTACHMENT_EXECUTABLE, /* machine code that a click starts */
    ATTACHMENT_SCRIPT,     /* text that a click runs */
    ATTACHMENT_SHORTCUT,   /* points to something that a click starts, or to a server */
    ATTACHMENT_INSTALLER,  /* a package: installs programs, or is run by a machine of its own */
    ATTACHMENT_MACRO,      /* a document with programs in it */
    ATTACHMENT_DISK_IMAGE, /* mounted by a click; what is in it comes from no network */
    ATTACHMENT_NOTEBOOK,   /* pages on which files lie that a click starts */
    ATTACHMENT_SMUGGLING,  /* a page that puts a file together when it is looked at */
    ATTACHMENT_ENCRYPTED,  /* nobody on the way can look into it */
    ATTACHMENT_DISGUISED,  /* its name shows another type than it is */
    ATTACHMENT_CLASSES
};

#define ATTACHMENT_BIT(class) (1U << (class))

/* In the order of enum attachment_class, ended by NULL: the choices of settings. */
extern const char *const attachment_class_names[];

enum attachment_trait {
    /* Not started by a click, or as often the end of a domain's name: the octets must say so. */
    ATTACHMENT_NEEDS_BYTES = 1 << 0,
    ATTACHMENT_BAIT = 1 << 1,   /* what people open without a thought: before another extension it
                                   is there to be seen */
    ATTACHMENT_PAGE = 1 << 2,   /* read by a browser: its text is looked through */
    ATTACHMENT_ZIP = 1 << 3,    /* a zip archive by another name, or this one */
    ATTACHMENT_SINGLE = 1 << 4, /* one compressed file, whose name is what stands before */
    ATTACHMENT_SAID = 1 << 5,   /* the site says so: no octets speak against it */
    ATTACHMENT_EXCUSED = 1 << 6 /* the site says that it is harmless, and nobody else does: programs
                                   by this name are no matter */
};

struct attachment_extension {
    const char *name; /* lower case, without the dot */
    int class;        /* enum attachment_class; int as settings fill it */
    unsigned traits;  /* enum attachment_trait */
};

/* What a site says of extensions: looked at before the shipped rows. */
struct attachment_extensions {
    const struct attachment_extension *at;
    size_t count;
};

/* The shipped rows, in the order of strcmp(). */
extern const struct attachment_extension attachment_shipped[];
extern const size_t attachment_shipped_count;

/*
 * The row of an extension (any case, without its dot), `own` before the shipped ones; a row of
 * `own` has ATTACHMENT_SAID, perhaps ATTACHMENT_EXCUSED, and of the shipped one all traits but
 * ATTACHMENT_NEEDS_BYTES. One that nobody
 * knows is harmless and has the name "".
 */
struct attachment_extension attachment_extension_find(const struct attachment_extensions *own,
                                                      struct span extension);

#endif
