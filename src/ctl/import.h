/*
 * import: a configuration of OpenDKIM, made into one of ours, with a list of what could not be
 * carried over.
 */
#ifndef EM_CTL_IMPORT_H
#define EM_CTL_IMPORT_H

#include "ctl/ctl.h"
#include "ctl/opendkim_conf.h"
#include "util/buffer.h"

/* A line that has no counterpart. */
struct import_note {
    const char *file;
    unsigned line;
    const char *setting, *value; /* of a row its key, and "" */
    const char *why;
    bool is_loss; /* something is different now; else it needs no counterpart */
};

struct import {
    struct ctl *ctl;
    struct opendkim_conf conf;
    const char *path; /* of opendkim.conf */
    bool is_live;     /* the tables stay where they are */
    struct import_note *notes;
    size_t note_count, note_room;
    struct buffer out;    /* our configuration */
    struct buffer faults; /* of the tables, line by line */
    bool has_failed;      /* memory is out */
};

/* One more note; `place` may be a setting or an item of a data set. */
void import_note(struct import *import, const struct opendkim_setting *place, bool is_loss,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A string of libconfig, quoted. */
void import_quote(struct import *import, struct span text);

/* import_settings.c: all but keys and networks. */
void import_settings(struct import *import);
/* import_networks.c: who is signed for. */
void import_networks(struct import *import);
/* import_domains.c: what signs. */
void import_domains(struct import *import);
/* import_fate.c: notes for every setting that none of these reads. */
void import_others(struct import *import);

#endif
