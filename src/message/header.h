/*
 * header: the header fields of a message in the order of arrival, as bytes and as structure (RFC
 * 5322 section 2.2).
 *
 * Filled once while the message arrives (header_list_add), then only read. Values are kept as the
 * MTA handed them: lines end in LF, and where the session negotiated leading spaces the value
 * begins with whatever followed the colon.
 */
#ifndef EM_MESSAGE_HEADER_H
#define EM_MESSAGE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/span.h"

/* Fields that some question is asked about. One row: identifier, name in its usual spelling. */
#define HEADER_ROWS(ROW)                                                                           \
    ROW(OTHER, "")                                                                                 \
    ROW(FROM, "From")                                                                              \
    ROW(SENDER, "Sender")                                                                          \
    ROW(REPLY_TO, "Reply-To")                                                                      \
    ROW(TO, "To")                                                                                  \
    ROW(CC, "Cc")                                                                                  \
    ROW(BCC, "Bcc")                                                                                \
    ROW(SUBJECT, "Subject")                                                                        \
    ROW(DATE, "Date")                                                                              \
    ROW(MESSAGE_ID, "Message-ID")                                                                  \
    ROW(IN_REPLY_TO, "In-Reply-To")                                                                \
    ROW(REFERENCES, "References")                                                                  \
    ROW(MIME_VERSION, "MIME-Version")                                                              \
    ROW(CONTENT_TYPE, "Content-Type")                                                              \
    ROW(CONTENT_TRANSFER_ENCODING, "Content-Transfer-Encoding")                                    \
    ROW(CONTENT_ID, "Content-ID")                                                                  \
    ROW(CONTENT_DESCRIPTION, "Content-Description")                                                \
    ROW(RESENT_DATE, "Resent-Date")                                                                \
    ROW(RESENT_FROM, "Resent-From")                                                                \
    ROW(RESENT_SENDER, "Resent-Sender")                                                            \
    ROW(RESENT_TO, "Resent-To")                                                                    \
    ROW(RESENT_CC, "Resent-Cc")                                                                    \
    ROW(RESENT_MESSAGE_ID, "Resent-Message-ID")                                                    \
    ROW(LIST_ID, "List-Id")                                                                        \
    ROW(LIST_HELP, "List-Help")                                                                    \
    ROW(LIST_UNSUBSCRIBE, "List-Unsubscribe")                                                      \
    ROW(LIST_UNSUBSCRIBE_POST, "List-Unsubscribe-Post")                                            \
    ROW(LIST_SUBSCRIBE, "List-Subscribe")                                                          \
    ROW(LIST_POST, "List-Post")                                                                    \
    ROW(LIST_OWNER, "List-Owner")                                                                  \
    ROW(LIST_ARCHIVE, "List-Archive")                                                              \
    ROW(AUTO_SUBMITTED, "Auto-Submitted")                                                          \
    ROW(RECEIVED, "Received")                                                                      \
    ROW(RETURN_PATH, "Return-Path")                                                                \
    ROW(AUTHENTICATION_RESULTS, "Authentication-Results")                                          \
    ROW(DKIM_SIGNATURE, "DKIM-Signature")                                                          \
    ROW(EGRESS_TICKET, "X-Egress-Ticket")

enum header_id {
#define HEADER_ENUM(id, name) HEADER_##id,
    HEADER_ROWS(HEADER_ENUM)
#undef HEADER_ENUM
        HEADER_COUNT
};

struct header_field {
    struct span name; /* as written, without colon and without blanks before it */
    struct span
        value; /* raw: folds as LF + WSP, no final line end; see above for the leading space */
    enum header_id id;
    uint32_t instance; /* 1-based number among the fields of this name (nocase), as MTAs count for
                          change and delete */
};

struct name_node;

struct header_list {
    const struct header_field *fields; /* top to bottom */
    size_t count;
    uint32_t counts[HEADER_COUNT]; /* fields per identifier; HEADER_OTHER: all others together */
    bool keeps_space;              /* values hold what followed the colon (SMFIP_HDR_LEADSPC) */
    size_t bytes;                  /* names, colons, values and line ends as they travel (CRLF) */
    uint32_t longest_line;         /* octets of the longest header line, its CRLF not counted */
    const struct header_field *longest_field; /* the first that has such a line, or NULL */
    bool has_8bit, has_nul;                   /* in names or values */
    bool has_bare_cr;                         /* any CR: the line ends of a value are LF alone */
    /* for header_list_add only */
    size_t room;
    struct name_node *names;
};

/* HEADER_OTHER when the name is none of the rows; case does not matter. */
enum header_id header_id_of(struct span name);
/* The usual spelling; "" for HEADER_OTHER. */
struct span header_name(enum header_id id);

void header_list_init(struct header_list *list, bool keeps_space);
/*
 * Copies name and value into the arena; false when the arena is exhausted (the field is then not in
 * the list). One pass over the bytes; the cost does not depend on how many fields came before.
 */
bool header_list_add(struct header_list *list, struct arena *arena, struct span name,
                     struct span value);
/* The first field from the top of this identifier, or NULL; a known identifier only. */
const struct header_field *header_first(const struct header_list *list, enum header_id id);
/* The next one below `after`, or NULL. */
const struct header_field *header_next(const struct header_list *list,
                                       const struct header_field *after);
/* By name, for fields without identifier. */
const struct header_field *header_find(const struct header_list *list, struct span name);
/* The value unfolded (RFC 5322 2.2.3: LF removed), without white space at both ends; in the arena,
 * or .at == NULL. */
struct span header_unfold(const struct header_field *field, struct arena *arena);

#endif
