/*
 * logline: the one line of each message, written and read (logfmt; order and names are part of the
 * user contract).
 */
#ifndef EM_FINDING_LOGLINE_H
#define EM_FINDING_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding/finding.h"
#include "log/field.h"
#include "util/span.h"

struct logline {
    struct span queue_id; /* absent: NOQUEUE */
    const char *verdict;  /* accept, hold, defer, reject, discarded-by-mta, aborted */
    const char *would;    /* NULL: not in observe */
    const char *mail_class;
    struct span user;   /* the principal */
    const char *ticket; /* what there is to say of tickets; NULL: left out */
    const struct finding_list *findings;
    const struct span *signatures; /* "d/selector" */
    size_t signature_count;
    const char *unsigned_reason; /* with no signatures: signed=none reason=...; NULL: the fields are
                                    left out */
    const char *spf, *dmarc;     /* what receivers will conclude; NULL: left out */
    const char *scan;            /* clean, found:NAME, too-large, unknown; NULL: nobody scanned */
    const struct span *limits;   /* "default:12/500" */
    size_t limit_count;
    bool has_score;
    uint32_t score; /* tenths: 87 is written 8.7 */
    size_t recipients, external;
    uint64_t refused;      /* recipients that were refused for themselves; 0: left out */
    const struct span *to; /* "domain:count" of external recipients, most first */
    size_t to_count;
    uint64_t size_bytes;
    struct span client, daemon, tls;
    const char *by;    /* finding that decided, NULL: "-" */
    const char *reply; /* when not accepted; NULL: left out */
    uint64_t spent_us;
    struct span helo, login, from, header_from,
        message_id; /* absent: left out; what a client wrote */
};

/* At most LOG_LINE_MAX bytes; lists are cut to "+N" first, the client's fields last. */
void logline_write(const struct logline *line, struct log_fields *out);

/*
 * Reads the next field of a line written so: false at its end. key_r and raw_r point into the line;
 * raw values keep their \xNN (logline_unescape undoes them). The part before the first field (queue
 * id and colon) comes first with key "id".
 */
bool logline_next(struct span *rest_io, struct span *key_r, struct span *raw_r);
/* Undoes \xNN into out (NUL-terminated); returns bytes, or -1 when it does not fit. */
ptrdiff_t logline_unescape(struct span raw, char *out, size_t out_size);

#endif
