/*
 * domains_record: what is kept of a record of ours between looks, and what a new look changes in
 * it.
 *
 * domains_advance() is the whole of the rules: what was kept, a look and the time give what is kept
 * next and what there is to tell; it knows no clock, no DNS and no disk.
 *
 *   - what is seen for the first time is no news, faults included: a new installation would
 *     otherwise begin with a flood;
 *   - a change of the text is told once, with the old one; a fault when it begins, and once a day
 *     while it lasts; its end once;
 *   - a fault that comes and goes is told once a day at most;
 *   - what DNS could not tell changes nothing.
 */
#ifndef EM_WATCH_DOMAINS_RECORD_H
#define EM_WATCH_DOMAINS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/span.h"
#include "watch/domains_look.h"

#define DOMAINS_AGAIN_S (24 * 60 * 60) /* how often a fault that lasts is told */
#define DOMAINS_KEPT_MAX (2 * DOMAINS_FAULTS_MAX)

/* A fault, and how often it was spoken of. Times are wall time. */
struct domains_kept {
    enum domains_weight weight;
    bool is_over;    /* kept for a day, so that it is not told again when it comes back */
    bool is_told;    /* of this time it lasts: its end is worth a line */
    int64_t since_s; /* when it began */
    int64_t told_s;  /* 0: not yet */
    struct span code, text;
};

struct domains_record {
    bool has_looked;            /* a look has told the text; else nothing below counts */
    bool has_judged;            /* one has told the faults, too */
    int64_t looked_s;           /* the last that told something */
    int64_t since_s;            /* when `text` was first seen */
    int64_t old_since_s;        /* when `old_text` was; 0: the text has not changed */
    int64_t old_until_s;        /* when it was last seen */
    struct span text, old_text; /* "": no record; old_text may be absent */
    struct domains_kept faults[DOMAINS_KEPT_MAX];
    size_t fault_count;
};

/* Appends the kept form, which carries a layout number. */
void domains_record_write(const struct domains_record *record, struct buffer *out);
enum domains_reading {
    DOMAINS_READ,
    DOMAINS_DAMAGED, /* not one of ours: begin anew */
    DOMAINS_NEWER    /* a later program's: leave it alone */
};
/* Texts are pieces of `bytes`. */
enum domains_reading domains_record_read(struct span bytes, struct domains_record *record_r);

struct domains_event {
    bool is_first;                    /* it was never looked at before */
    bool has_changed;                 /* old and new text are in the record */
    bool has_new, has_again;          /* faults are told for the first time, or after a day */
    bool is_told[DOMAINS_KEPT_MAX];   /* of record->faults: this one is to be told */
    bool has_ended[DOMAINS_KEPT_MAX]; /* likewise: is over, and that is to be told */
    size_t told, ended;               /* of them */
    size_t put_off;                   /* faults that would be told if that were allowed */
};
/*
 * Texts of the record then point into what it was read from and into the look. `may_tell`: faults
 * may be told now; else their time is put off, not lost. False: the look says nothing, there is
 * nothing to keep.
 */
bool domains_advance(struct domains_record *record, const struct domains_look *look, bool may_tell,
                     int64_t now_s, struct domains_event *event_r);

/* Faults that last, notes aside. */
size_t domains_record_faults(const struct domains_record *record);
bool domains_record_is_grave(const struct domains_record *record);
/* Has the text changed within the last day? */
bool domains_record_has_changed(const struct domains_record *record, int64_t now_s);

#endif
