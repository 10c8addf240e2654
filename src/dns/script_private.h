/*
 * script_private: one line of written answers (scripted.h) taken apart.
 */
#ifndef EM_DNS_SCRIPT_PRIVATE_H
#define EM_DNS_SCRIPT_PRIVATE_H

#include "dns/answer_private.h"
#include "util/arena.h"
#include "util/error.h"

enum script_kind {
    SCRIPT_RECORD,
    SCRIPT_CNAME,  /* record.data is where it leads */
    SCRIPT_RESULT, /* no record but this */
    SCRIPT_TTL,    /* of what the name has from here on */
    SCRIPT_LATE    /* what the name has is not here at once */
};

#define SCRIPT_ANY_TYPE 0

struct script_line {
    char name[DNS_NAME_MAX]; /* "*": everybody */
    unsigned type;           /* enum dns_type, or SCRIPT_ANY_TYPE */
    enum script_kind kind;
    enum dns_result result;
    struct dns_record record;
    uint32_t ttl_s;
};

enum script_read { SCRIPT_READ, SCRIPT_NOTHING, SCRIPT_WRONG };

/* A line without its LF. SCRIPT_NOTHING: blank or a comment. SCRIPT_WRONG with *error. Data of
 * records is the arena's. */
enum script_read script_line_read(struct span text, struct arena *arena, struct script_line *line_r,
                                  struct error *error);

#endif
