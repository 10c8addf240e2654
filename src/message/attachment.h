/*
 * attachment: what lies in a message beside its text, and what of it does harm when it is opened:
 * by name, by first octets, and of archives by the names listed in them.
 *
 * A reader is fed by the content tap (message/content.h) while the body streams by. Of each file it
 * sees the first octets, of some a bounded piece more (ATTACHMENT_LOOK_MAX, of all together
 * ATTACHMENT_LOOKS_MAX), of zip archives, compound files and pages the end, too
 * (ATTACHMENT_TAIL_MAX); the rest is not even decoded. An archive in an archive is named, not
 * opened. Not looked into: 7z, cabinets, what gzip and its like compress, winmail.dat, what is
 * encrypted.
 *
 * Its memory is its own, so that a large archive takes none of what is kept for the message. Where
 * that is out it reads on no more, which is no harm to the message.
 */
#ifndef EM_MESSAGE_ATTACHMENT_H
#define EM_MESSAGE_ATTACHMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "message/attachment_format.h"
#include "message/attachment_name.h"
#include "message/content.h"
#include "util/arena.h"

#define ATTACHMENT_LOOK_MAX ((size_t)256 << 10) /* octets, decoded, of one file from its first */
#define ATTACHMENT_LOOKS_MAX ((size_t)1 << 20)  /* of all files of a message */
#define ATTACHMENT_TAIL_MAX ((size_t)64 << 10)  /* octets, decoded, before the end of a file */
#define ATTACHMENT_NAME_MAX 255                 /* longer names lose their beginning */
#define ATTACHMENTS_KEPT_MAX 32

/* One that something is to be said about. Sets of classes: bits ATTACHMENT_BIT(class). */
struct attachment {
    struct span name; /* as a person sees it; absent: it has none */
    enum attachment_format format;
    unsigned tricks;          /* enum attachment_name_trick */
    unsigned classes;         /* nothing speaks against these */
    unsigned doubtful;        /* these by name, and its octets say otherwise, or do not say so */
    unsigned listed_classes;  /* of what is listed in it */
    unsigned listed_doubtful; /* likewise; often such a name means something else */
    bool is_partly_listed;    /* an archive of which not all was seen */
    bool is_uuencoded;        /* it was in a text */
    struct span samples[ATTACHMENT_CLASSES]; /* of each class the first name listed; or absent */
    struct attachment *next;
};

struct attachments {
    const struct attachment *first; /* in the order in which they end */
    size_t count;                   /* all, harmless ones too */
    bool is_incomplete; /* memory was out, or there were more than are kept; of each class at
                           least one is there in the second case */
};

struct attachment_reader;

/*
 * `own` is copied, its rows outlive the reader; NULL: the shipped rows alone. `account` as of
 * arena_new_within(). NULL: out of memory.
 */
struct attachment_reader *attachment_reader_new(const struct attachment_extensions *own,
                                                struct arena_account *account);
/* Clears the pointer; NULL is fine. */
void attachment_reader_free(struct attachment_reader **reader);
/* Valid as long as the reader. */
const struct content_reader *attachment_reader_content(struct attachment_reader *reader);
/* What was found, once all parts have ended; valid as long as the reader. */
const struct attachments *attachment_reader_found(const struct attachment_reader *reader);

#endif
