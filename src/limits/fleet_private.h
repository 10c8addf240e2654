/*
 * fleet_private: what the files of the fleet share. Not for other rooms.
 *
 *   fleet.c          the object; what an account has used
 *   fleet_pack.c     a charge as keys and arguments of a script
 *   fleet_charge.c   charging and giving back; the script's verdict read
 *   fleet_merge.c    what was let pass while the fleet was away
 *   fleet_records.c  records and leases
 *   fleet_scripts.c  the scripts
 */
#ifndef EM_LIMITS_FLEET_PRIVATE_H
#define EM_LIMITS_FLEET_PRIVATE_H

#include "limits/fleet.h"
#include "util/buffer.h"

enum fleet_script {
    FLEET_CHARGE,
    FLEET_USES,
    FLEET_SETS,
    FLEET_RESET,
    FLEET_PUT,
    FLEET_GET,
    FLEET_WALK,
    FLEET_LEASE,
    FLEET_SCRIPT_COUNT
};
extern const char *const fleet_script_texts[FLEET_SCRIPT_COUNT];

struct fleet {
    struct redis *redis;
    struct store *store;
    const struct clock *clock;
    unsigned share_percent;
    uint64_t hash_key[2];
    struct redis_script scripts[FLEET_SCRIPT_COUNT];
};

#define FLEET_OPERATION_TTL_S 600
#define FLEET_ID_TTL_S 14400
#define FLEET_HEX_SIZE ((size_t)(2 * FLEET_OPERATION_BYTES))

/* Deadline of what a timer or a person asks. */
#define FLEET_PATIENT_MS 500

/* --- fleet.c --------------------------------------------------------------------------------- */

/* Keys in one buffer that grows: their places are known when all are there. */
#define FLEET_KEYS_MAX (2 + CHARGE_ACCOUNTS_MAX + CHARGE_LINES_MAX)
struct fleet_keys {
    struct buffer text;
    size_t ends[FLEET_KEYS_MAX];
    size_t count;
    struct span at[FLEET_KEYS_MAX]; /* by fleet_keys_close() */
};
/* Adds PREFIX + kind + name; from 1, as scripts count. */
size_t fleet_keys_add(struct fleet_keys *keys, const struct fleet *fleet, const char *kind,
                      struct span name);
/* False: out of memory. */
bool fleet_keys_close(struct fleet_keys *keys);
void fleet_keys_free(struct fleet_keys *keys);

/* "count.to.per": what a meter is called in an account. */
#define FLEET_FIELD_MAX 32
struct span fleet_field(struct limit_meter meter, char out[static FLEET_FIELD_MAX]);
/* False: that is none. */
bool fleet_field_read(struct span field, struct limit_meter *meter_r);
void fleet_set_key(struct fleet_keys *keys, const struct fleet *fleet, struct limit_meter meter,
                   struct span account);
/* Decimal digits from the front of *from_io. */
bool fleet_number(struct span *from_io, uint64_t *number_r);

enum redis_answer fleet_call(struct fleet *fleet, enum fleet_script script,
                             const struct fleet_keys *keys, const struct span *arguments,
                             size_t argument_count, uint64_t deadline_ms,
                             struct redis_reply *reply_r);

/* --- fleet_pack.c ---------------------------------------------------------------------------- */

/* What the script of a charge gets, beside its mode. */
struct fleet_pack {
    char operation[2 * FLEET_OPERATION_BYTES + 1];
    bool has_id;
    struct fleet_keys keys;
    struct buffer numbers;
};
/* False: out of memory. */
bool fleet_pack_make(const struct fleet *fleet, const struct charge *charge,
                     const struct fleet_receipt *receipt, struct fleet_pack *pack_r);
void fleet_pack_free(struct fleet_pack *pack);
/* So long ago it was charged, by this node alone. */
void fleet_pack_set_age(struct buffer *numbers, uint64_t age_ms);

/* --- fleet_charge.c -------------------------------------------------------------------------- */

/* What the script said: "D 1764000000000000 12:0:1 ..."; false: it is nothing of the kind. Fills
 * the lines, where there are as many. */
bool fleet_verdict_read(struct span text, struct charge *charge, char *kind_r, uint64_t *at_us_r);
enum redis_answer fleet_send_pack(struct fleet *fleet, const char *mode,
                                  const struct fleet_pack *pack, uint64_t deadline_ms,
                                  struct redis_reply *reply_r);

/* --- fleet_merge.c --------------------------------------------------------------------------- */

/* What waits to be merged: a charge as the script gets it. */
struct fleet_merge_record {
    struct fleet_pack pack;
    bool is_revoked; /* it was not let pass: what the server has of it goes */
    uint64_t charged_ms, sent_ms;
};
/* False: these are no octets of one. */
bool fleet_merge_read(struct span key, struct span value, struct fleet_merge_record *record_r);
/* True: it was to be merged, and is no more. */
bool fleet_merge_forget(struct fleet *fleet, const struct fleet_receipt *receipt);

#endif
