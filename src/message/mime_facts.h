/*
 * mime_facts: what can be said about the MIME structure of a message once it has streamed by (RFC
 * 2045, 2046). message/mime.h finds it out.
 */
#ifndef EM_MESSAGE_MIME_FACTS_H
#define EM_MESSAGE_MIME_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#define MIME_METHOD_MAX 16

/* Whatever two receivers could read differently. */
enum mime_defect {
    MIME_NO_BOUNDARY = 1 << 0,      /* a multipart without a usable boundary: read as one part */
    MIME_UNCLOSED = 1 << 1,         /* a multipart ends without its closing boundary */
    MIME_TOO_DEEP = 1 << 2,         /* nested deeper than is read: what is inside is one part */
    MIME_TOO_MANY = 1 << 3,         /* more parts, or more in their headers, than are read */
    MIME_BARE_LF_BOUNDARY = 1 << 4, /* LF without CR before or behind a boundary, or in a header */
    MIME_BAD_TYPE = 1 << 5,         /* a Content-Type that is none (RFC 2045 5.1) */
    MIME_DUPLICATE_PARAMETER = 1 << 6, /* a parameter given twice; the first counts */
    MIME_ENCODED_MULTIPART = 1 << 7,   /* quoted-printable or base64 on a multipart or message */
    MIME_BAD_PARAMETER = 1 << 8,       /* a parameter that RFC 2045 5.1 and RFC 2231 do not know */
    MIME_LONG_BOUNDARY = 1 << 9,       /* over 70 octets (RFC 2046 5.1.1) */
    MIME_ODD_BOUNDARY = 1 << 10,       /* octets that no boundary has, or a blank at its end */
    MIME_PREFIX_BOUNDARY = 1 << 11,    /* a line that begins as a boundary and goes on as none */
    MIME_AFTER_CLOSE = 1 << 12,        /* a boundary once more behind its closing one */
    MIME_BAD_HEADER = 1 << 13,         /* a line in a part's header that is no field ends it */
    MIME_LONG_HEADER = 1 << 14,        /* a part's header over 64 KB: fields behind are not read */
    MIME_DUPLICATE_FIELD = 1 << 15,    /* a Content- field twice in a part; the first counts */
    MIME_UNKNOWN_ENCODING = 1 << 16,   /* a Content-Transfer-Encoding nobody knows (RFC 2045 6.1) */
    MIME_DOUBLE_BOUNDARY = 1 << 17, /* a boundary right behind another: no part is between them */
    MIME_NO_PART = 1 << 18          /* a multipart without any part (RFC 2046 5.1.1) */
};

struct mime_facts {
    size_t parts;      /* the message itself is one, and so is each part of a multipart */
    unsigned depth;    /* of the deepest part; the message itself is 0 */
    bool has_calendar; /* some part is text/calendar */
    /* The method parameter of the first text/calendar that has one (RFC 5546: REQUEST, REPLY,
     * ...), upper case, cut where it is longer; "" without one. */
    char calendar_method[MIME_METHOD_MAX];
    /* 8-bit octets in the content of a part that says 7bit, quoted-printable, base64 or nothing. */
    bool has_8bit_in_7bit;
    unsigned defects; /* enum mime_defect */
};

#endif
