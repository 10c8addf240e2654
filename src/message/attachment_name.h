/*
 * attachment_name: what the name of a file says about it, to the machine that opens it and to the
 * person who looks at it, and where these two differ.
 */
#ifndef EM_MESSAGE_ATTACHMENT_NAME_H
#define EM_MESSAGE_ATTACHMENT_NAME_H

#include "message/attachment_kind.h"
#include "util/span.h"

enum attachment_name_trick {
    /* "invoice.pdf.exe": whoever does not see extensions sees a document. */
    ATTACHMENT_DOUBLE_EXTENSION = 1 << 0,
    ATTACHMENT_GAP = 1 << 1,  /* blanks push what is started out of sight */
    ATTACHMENT_BIDI = 1 << 2, /* controls of writing direction: "exe.pdf" is read, "fdp.exe" is
                                 meant. The marks that Hebrew and Arabic need are none of these */
};

struct attachment_name {
    struct span base; /* behind the last '/' or '\', without dots and blanks at its end, which
                         Windows drops too */
    struct attachment_extension extension; /* name "": there is none, or none that is known */
    unsigned tricks;                       /* enum attachment_name_trick */
};

/* `name` is UTF-8, or any octets; it outlives the answer. */
struct attachment_name attachment_name_read(const struct attachment_extensions *own,
                                            struct span name);
/* The name of the one file in a compressed one: "a.exe" of "a.exe.gz"; absent: it is none such. */
struct span attachment_name_inner(const struct attachment_name *name);

#endif
