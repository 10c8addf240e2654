/*
 * attachment_format: what a file is by its first octets, whatever its name says.
 */
#ifndef EM_MESSAGE_ATTACHMENT_FORMAT_H
#define EM_MESSAGE_ATTACHMENT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "message/attachment_kind.h"

#define ATTACHMENT_HEAD_MAX ((size_t)1024) /* octets from the first that are enough to tell */

enum attachment_format {
    FORMAT_UNSEEN,      /* nothing could be read: an encoding nobody knows */
    FORMAT_EMPTY,       /* not one octet */
    FORMAT_UNKNOWN,     /* octets of no format in the table, and no text */
    FORMAT_TEXT,        /* UTF-8, UTF-16 with its mark, or another that has no controls */
    FORMAT_WEB_PAGE,    /* text that begins as HTML or SVG does */
    FORMAT_RUN_BY_LINE, /* text that begins with "#!" */
    FORMAT_PROGRAM,     /* Windows: MZ, and a newer header where that points */
    FORMAT_DOS_PROGRAM, /* MZ, with nothing newer */
    FORMAT_ELF,
    FORMAT_MACH_O,
    FORMAT_ZIP,
    FORMAT_RAR4,
    FORMAT_RAR5,
    FORMAT_7Z,
    FORMAT_TAR,
    FORMAT_COMPRESSED, /* one file, or a tar archive */
    FORMAT_CABINET,
    FORMAT_OLE, /* a compound file: documents, installers, messages of Outlook */
    FORMAT_SHORTCUT,
    FORMAT_DISK_IMAGE,
    FORMAT_NOTEBOOK,
    FORMAT_TNEF,     /* winmail.dat */
    FORMAT_HARMLESS, /* known, and nothing that is started: pictures, sound, PDF, ... */
    FORMAT_COUNT
};

/* `head` is all of a file or its first ATTACHMENT_HEAD_MAX octets. */
enum attachment_format attachment_format_of(const void *head, size_t size);
/* What its octets alone make of it. */
enum attachment_class attachment_format_class(enum attachment_format format);
/* For people: "a Windows program". */
const char *attachment_format_text(enum attachment_format format);

#endif
