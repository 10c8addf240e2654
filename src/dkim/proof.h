/*
 * proof: which keys the world can verify with: what DNS said of each key's record, and the state
 * that follows from it (DESIGN: new, published, active, retiring, revoked).
 *
 * key_advance() is the whole of the rules: a record, an observation and the time give the next
 * record; it knows no clock, no DNS and no disk. struct key_proofs is what signing asks: the state
 * of every key at this moment, one for the process, thread safe, never waiting.
 */
#ifndef EM_DKIM_PROOF_H
#define EM_DKIM_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dkim/domains.h"
#include "util/buffer.h"
#include "util/span.h"

enum key_state {
    KEY_NEW,       /* never seen published */
    KEY_PUBLISHED, /* seen once; a second look, at the zone's own servers, makes it active */
    KEY_ACTIVE,    /* proven: signs */
    KEY_RETIRING,  /* another took over: signs only where nothing else can, stays published until
                      retire_s */
    KEY_REVOKED    /* done: its record may go */
};

/* What one look at a record showed. */
enum key_seen {
    KEY_SEEN_GOOD,
    KEY_SEEN_NOTHING, /* no name, or no DKIM record there */
    KEY_SEEN_REVOKED, /* p= empty (RFC 6376 3.6.1) */
    KEY_SEEN_OTHER,   /* another key */
    KEY_SEEN_UNFIT,   /* ours, but k=, h= or s= keep it from verifying our signatures */
    KEY_SEEN_CANNOT   /* SERVFAIL, timeouts: says nothing, changes nothing */
};

/* One key as it is kept, under "selector._domainkey.domain". */
struct key_record {
    enum key_state state;
    int64_t since_s;         /* wall time of the state */
    int64_t seen_good_s;     /* last; 0: never */
    int64_t looked_s;        /* last look that said something; 0: never */
    enum key_seen bad;       /* while it is wrong: how */
    int64_t bad_since_s;     /* first of the looks that agree on it; 0: it is not wrong */
    bool is_lost;            /* wrong for long enough: the world cannot verify */
    bool is_testing;         /* t=y */
    bool is_subdomain_bound; /* t=s */
    int64_t retire_s;        /* retiring: when it may be revoked; 0: not set */
    uint64_t key_id;         /* dkim_key_id() of the key this is about; 0: not known */
    char replaced_by[64];    /* selector that takes over once it is proven; "": none */
    char reason[120];        /* of the last change, for people */
};

/* Appends / reads the kept form, which carries a layout number. False: not one of ours. */
bool key_record_write(const struct key_record *record, struct buffer *out);
bool key_record_read(struct span bytes, struct key_record *record_r);

struct key_rules {
    int64_t lost_after_s;   /* between two looks that agree on a fault: 600 */
    int64_t retire_after_s; /* x= and the longest a queue keeps mail */
};

/* What happened, for the log. */
enum key_event {
    KEY_EVENT_NONE,
    KEY_EVENT_PUBLISHED,
    KEY_EVENT_PROVEN,
    KEY_EVENT_WITHDRAWN, /* seen, and gone again before it was proven: new once more */
    KEY_EVENT_LOST,
    KEY_EVENT_BACK,
    KEY_EVENT_RETIRING,
    KEY_EVENT_REVOKED
};
/*
 * `is_at_zone`: the look was at the zone's own servers. What makes a state worse, or makes it
 * active, or brings it back, counts only there. A record is lost when two looks in a row, at least
 * lost_after_s apart, find the same fault.
 */
enum key_event key_advance(struct key_record *record, enum key_seen seen, bool is_at_zone,
                           const struct key_rules *rules, int64_t now_s);
/* Another key took over from an active one. `reason` goes to the record. */
void key_retire(struct key_record *record, const struct key_rules *rules, int64_t now_s,
                const char *reason);

struct key_proofs;
struct key_proofs *key_proofs_new(void);
void key_proofs_free(struct key_proofs **proofs);
/* Notes the state of a key: "selector._domainkey.domain", lower case. False: out of memory. */
bool key_proofs_set(struct key_proofs *proofs, struct span name, const struct key_record *record);
/* False: nothing is known of it. */
bool key_proofs_get(struct key_proofs *proofs, struct span name, struct key_record *record_r);
/*
 * The next of the keys, from *position_io = 0 on; false at the end. A name without a record
 * (*has_record_r false) is one that key_proofs_choose() met: the key of an entry without a fixed
 * d, which signs for whatever From domain comes. At most KEY_NAMES_NOTED_MAX are remembered.
 */
#define KEY_NAMES_NOTED_MAX 10000
bool key_proofs_next(struct key_proofs *proofs, size_t *position_io, struct span *name_r,
                     bool *has_record_r);
/* How many messages were told KEY_CHOICE_LOST since the last call; *name_r: of a key of theirs.
 * Walks like key_proofs_next(), passing over those without any. */
bool key_proofs_take_lost(struct key_proofs *proofs, size_t *position_io, struct span *name_r,
                          unsigned *messages_r);

/* What signing with the keys of a domain comes to. */
enum key_choice {
    KEY_CHOICE_SIGN,     /* with those marked */
    KEY_CHOICE_NONE_YET, /* require_published, and none is proven yet */
    KEY_CHOICE_LOST      /* the world cannot verify any of them: on_unpublished decides */
};
/*
 * Marks in uses_r[i] whether domain->keys[i] signs for `d` (A-labels): all while none was ever
 * proven, else those that are active and not lost, else the last proven one of those that are
 * retiring. Since few receivers verify Ed25519, an RSA key waits for the proof of an RSA key only.
 * proofs NULL: nothing is known of any. Never waits; a name met for the first time is noted where
 * `domain` has no fixed d.
 */
enum key_choice key_proofs_choose(struct key_proofs *proofs, const struct dkim_domain *domain,
                                  struct span d, bool require_published, bool *uses_r);
const char *key_state_name(enum key_state state); /* "new", ... */
const char *key_seen_name(enum key_seen seen);    /* for people */

#endif
