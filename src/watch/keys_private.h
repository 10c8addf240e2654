/*
 * keys_private: what the files keys*.c of the watch share.
 */
#ifndef EM_WATCH_KEYS_PRIVATE_H
#define EM_WATCH_KEYS_PRIVATE_H

#include "dkim/proof_store.h"
#include "dkim/published.h"
#include "util/hash_table.h"
#include "watch/watch_private.h"

#define KEYS_AT_ONCE 32
#define KEY_NAME_MIDDLE "._domainkey."

/* One key whose record is looked at. */
struct key_look {
    struct span name; /* "selector._domainkey.domain"; its own bytes */
    struct dkim_key *key;
    char *path;
    uint64_t key_id;
    uint64_t due_ns;
    bool is_urgent;  /* not well, or not proven yet: goes before those that are */
    bool is_apart;   /* its looks have found a time of their own */
    unsigned misses; /* looks in a row without an answer */
    unsigned waits;  /* looks in a row at a key that is new */
    uint64_t round;  /* of the last list it was on */
    char told[200];  /* what the log was last told about the record */
};

/* What one look showed. */
struct key_view {
    struct dkim_published published;
    bool is_at_zone;
    bool has_zone_failed; /* its servers were asked and did not answer */
};

struct keys {
    struct key_look **all;
    size_t count, room;
    struct hash_table *by_name;
    uint64_t generation; /* of the site the list was made from */
    uint64_t round;
    uint64_t version;   /* of the store, when successors were looked for */
    uint64_t handed_ns; /* and when that was */
    size_t met;         /* position among the names of the proofs */
    size_t next;        /* where the next search for what is due begins */
    int64_t orphans_s;
    struct key_rules rules;
    int64_t every_s;
};

/* keys_list.c */
struct keys *keys_new(void); /* NULL: out of memory */
void keys_free(struct keys *keys);
/* After a reload the whole list, else names that are new. */
void keys_list(struct watch *watch, struct keys *keys);
/* For key_record_update(): a record is about one key, what was known of another one under the same
 * name is void. True: that was so, or there was no record. */
struct key_claim {
    const struct key_look *look;
    int64_t now_s;
};
bool keys_claim(struct key_record *record_io, bool is_found, void *claim);
/* What the store has of it, for signing too, at once. */
void keys_show(struct watch *watch, const struct key_look *look, struct key_record *record_r);

/* keys_follow.c: one look's outcome, and the record it comes to. True: something happened that must
 * not be forgotten. */
bool keys_take_view(struct watch *watch, const struct keys *keys, struct key_look *look,
                    const struct key_view *view, struct key_record *record_r);
/* Keys whose successor is proven retire. True: as above. */
bool keys_hand_over(struct watch *watch, struct keys *keys);
/* Retiring keys whose rows have left the configuration are done in their time, too. */
void keys_end_orphans(struct watch *watch, struct keys *keys);

/* keys_look.c: asks for the records of up to KEYS_AT_ONCE keys, the servers of the zone where
 * that matters. Waits, for seconds; what was not answered by then is KEY_SEEN_CANNOT. */
void keys_look(struct watch *watch, struct key_look *const *looks, size_t count,
               struct key_view *views_r);

/* keys_tell.c: to the log: what happened, and what a look found that is to be said. */
void keys_tell_event(struct watch *watch, const struct key_look *look, enum key_event event,
                     const struct key_record *record, const struct key_view *view);
void keys_tell_view(struct watch *watch, struct key_look *look, const struct key_record *record,
                    const struct key_view *view);
/* Of a key that is in the store only. */
void keys_tell_revoked(struct watch *watch, struct span name);

#endif
