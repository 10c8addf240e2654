/*
 * attachment_private: the looks that are taken at one file while it streams by, for the files
 * attachment*.c alone.
 */
#ifndef EM_MESSAGE_ATTACHMENT_PRIVATE_H
#define EM_MESSAGE_ATTACHMENT_PRIVATE_H

#include <stdint.h>

#include "message/attachment.h"

/* Names that are kept, up to a bound for all of a message. */
struct attachment_texts {
    struct arena *arena;
    size_t left;
};

/* The last ATTACHMENT_NAME_MAX octets of it; absent where there is no room. */
struct span attachment_keep_text(struct attachment_texts *texts, struct span text);

/* Where the names go that an archive lists. */
struct attachment_listing {
    const struct attachment_extensions *own;
    struct attachment *archive;
    struct attachment_texts *texts;
};

/* A file is listed by this path. `size_is_zero`: it has no content. */
void attachment_list(struct attachment_listing *listing, struct span path, bool size_is_zero);
void attachment_list_encrypted(struct attachment_listing *listing);

/*
 * A walk from header to header of an archive that is read from its beginning. A step is called with
 * each piece of the size it asked for, and says what to pass over and how much it wants then.
 */
#define WALK_PIECE_MAX 1024

enum walk_state {
    WALK_GOES_ON,
    WALK_ENDED, /* all was seen */
    WALK_LOST   /* what comes next cannot be known from here */
};

struct attachment_walk {
    enum walk_state (*step)(struct attachment_walk *walk, struct attachment_listing *listing);
    enum walk_state state;
    unsigned phase;  /* the step's own */
    uint64_t skip;   /* octets before the next piece */
    size_t need;     /* octets of a piece, at most WALK_PIECE_MAX */
    size_t have;     /* of it so far; a step that asks for more of the same piece leaves it */
    bool keeps_name; /* tar: `name` is that of the next header */
    size_t name_size;
    char name[ATTACHMENT_NAME_MAX];
    unsigned char piece[WALK_PIECE_MAX];
};

/* False: the format is none of those that are walked. */
bool attachment_walk_begin(struct attachment_walk *walk, enum attachment_format format);
void attachment_walk_feed(struct attachment_walk *walk, struct attachment_listing *listing,
                          const void *bytes, size_t size);
enum walk_state attachment_walk_zip(struct attachment_walk *walk,
                                    struct attachment_listing *listing);
enum walk_state attachment_walk_tar(struct attachment_walk *walk,
                                    struct attachment_listing *listing);
enum walk_state attachment_walk_rar4(struct attachment_walk *walk,
                                     struct attachment_listing *listing);
enum walk_state attachment_walk_rar5(struct attachment_walk *walk,
                                     struct attachment_listing *listing);

/* The directory at the end of a zip archive whose last octets these are. False: it is not there, or
 * not all of it. */
bool attachment_zip_directory(const void *tail, size_t size, struct attachment_listing *listing);

/* Words within a file that tell what it is. */
enum attachment_mark {
    MARK_MACROS = 1 << 0,    /* of a compound file: the storage of its programs */
    MARK_ENCRYPTED = 1 << 1, /* likewise: a document that asks for a password */
    MARK_INSTALLER = 1 << 2, /* likewise */
    MARK_BUILDS = 1 << 3,    /* of a page: puts octets together */
    MARK_DELIVERS = 1 << 4,  /* likewise: gives them out as a file */
    MARK_CARRIES = 1 << 5,   /* likewise: an archive or a program is written in it */
    MARK_DISK = 1 << 6       /* of anything: a file system of CDs and DVDs */
};

#define ATTACHMENT_WORD_MAX 40

struct attachment_search {
    unsigned wanted; /* enum attachment_mark */
    unsigned found;
    size_t carried; /* octets at the end of what was fed, for a word that was cut */
    char carry[2 * ATTACHMENT_WORD_MAX];
};

void attachment_search_feed(struct attachment_search *search, const void *bytes, size_t size);

/* The octets before the end of a part, still encoded. */
struct attachment_tail;

/* NULL: out of memory. */
struct attachment_tail *attachment_tail_new(struct arena *arena);
void attachment_tail_clear(struct attachment_tail *tail);
void attachment_tail_feed(struct attachment_tail *tail, const void *bytes, size_t size);
/*
 * The octets at the end of the file, decoded; valid until the next call. Base64 whose beginning is
 * not kept tells where its groups begin only by its end, where some programs leave out the padding;
 * so there are ATTACHMENT_TAIL_WAYS to read it, the likely one first, of which all but one give
 * nonsense. Absent: there is no other way.
 */
#define ATTACHMENT_TAIL_WAYS 4
struct span attachment_tail_read(struct attachment_tail *tail, enum content_encoding encoding,
                                 unsigned way);

/* A file in a text, by uuencode: "begin 644 name" and its first line. */
#define UU_LINE_MAX 320

struct attachment_uu {
    char line[UU_LINE_MAX];
    size_t line_size;
    bool is_cut;       /* the rest of the line is passed over */
    bool has_begun;    /* a begin line was the last one */
    size_t name_start; /* in `name_line` */
    size_t name_size;
    char name_line[UU_LINE_MAX];
};

/*
 * Reads on to the end of the first line of a file; false: there is none in these octets. *used_r:
 * how many were read.
 */
bool attachment_uu_feed(struct attachment_uu *uu, struct span bytes, size_t *used_r,
                        struct span *name_r, unsigned char head_r[64], size_t *head_size_r);

#define ATTACHMENT_EARLY_MAX 4096

/* The file that is being read. */
struct attachment_look {
    struct attachment attachment;
    struct attachment_name name;
    bool is_settled; /* the first octets are known */
    bool is_small;   /* and they are all */
    bool is_text;    /* no file: the text of the message, in which there may be some */
    bool is_page;
    bool walks;
    bool ends_early; /* somebody would have wanted more of it */
    bool wants_tail;
    size_t left; /* octets to be seen yet, once it is settled */
    size_t head_size, early_size;
    unsigned char head[ATTACHMENT_HEAD_MAX];
    char early[ATTACHMENT_EARLY_MAX]; /* as it came, still encoded, until it is settled */
    struct attachment_walk walk;
    struct attachment_search search;
    struct attachment_uu uu;
};

struct attachment_reader {
    struct arena *arena;
    struct attachment_extensions own;
    struct content_reader content;
    struct attachment_texts texts;
    struct attachments found;
    struct attachment *last;
    size_t kept;
    unsigned kept_classes;
    size_t looks_left;
    struct attachment_tail *tail; /* NULL: none was needed yet */
    struct attachment_look look;
};

/* Of the file that is being read. */
struct attachment_listing attachment_listing_of(struct attachment_reader *reader);
/* The first octets are known: what more is to be seen. `is_readable`: not in an encoding that
 * nobody knows. */
void attachment_look_settle(struct attachment_reader *reader, bool is_readable);
/* Once it is settled: more of it. */
void attachment_look_show(struct attachment_reader *reader, const void *bytes, size_t size);
bool attachment_look_wants_more(const struct attachment_look *look);
/* It is over: its end is looked at, where that tells something. */
void attachment_look_end(struct attachment_reader *reader, enum content_encoding encoding);

/* Fills the sets of classes from all that was seen of it. */
void attachment_judge(struct attachment *attachment, const struct attachment_name *name,
                      unsigned marks);

#endif
