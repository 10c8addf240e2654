/*
 * maillog_join_private: the messages that are under way, by host and queue id. Not for other rooms.
 */
#ifndef EM_FEEDBACK_MAILLOG_JOIN_PRIVATE_H
#define EM_FEEDBACK_MAILLOG_JOIN_PRIVATE_H

#include "feedback/maillog_join.h"

/* What is kept of a text. */
enum {
    JOIN_PRINCIPAL_MAX = 320,
    JOIN_SENDER_MAX = 320,
    JOIN_MESSAGE_ID_MAX = 512,
    JOIN_CLASS_MAX = 16,
    JOIN_HOST_MAX = 255
};

struct join_entry {
    struct join_entry *next_in_chain;
    struct join_entry *older, *newer;
    uint64_t hash;          /* of host and queue id */
    uint64_t instance;      /* number of the mail server's name; 0: not known yet */
    uint64_t queue_sender;  /* number of the sender in its queue; 0: not seen */
    int64_t at_s;           /* our line's time */
    int64_t removed_s;      /* 0: it is in the queue */
    uint64_t wanted, final; /* recipients in the queue, and those that arrived or failed */
    bool is_ambiguous, is_followed;
    bool has_sender;
    struct span principal, mail_class, sender, message_id, host, queue_id; /* lie behind it */
};

struct join_table;

struct join_table *join_table_new(size_t capacity);
void join_table_free(struct join_table **table);
struct join_entry *join_table_find(const struct join_table *table, struct span host,
                                   struct span queue_id);
/* A copy, with its texts, as the newest. NULL: out of memory. *evicted_r: another one gave way. */
struct join_entry *join_table_add(struct join_table *table, const struct join_entry *entry,
                                  bool *evicted_r);
void join_table_remove(struct join_table *table, struct join_entry *entry);
/* NULL: there is none. */
struct join_entry *join_table_oldest(const struct join_table *table);
/* It is the next to be looked at. */
void join_table_make_oldest(struct join_table *table, struct join_entry *entry);
size_t join_table_size(const struct join_table *table);

enum { JOIN_QUEUES_MAX = 64 };
/* Mail servers, by the numbers of their hosts and of their names there. */
struct join_queues {
    struct {
        uint64_t host, instance;
    } of[JOIN_QUEUES_MAX];
    size_t count;
};
bool join_queues_has(const struct join_queues *queues, uint64_t host, uint64_t instance);
/* How many a host has; where there are too many to tell, more than one. */
size_t join_queues_on(const struct join_queues *queues, uint64_t host);
void join_queues_note(struct join_queues *queues, uint64_t host, uint64_t instance);

void join_outcome(const struct maillog_line *line, const struct maillog_event *event,
                  const struct join_entry *entry, struct span recipient,
                  struct maillog_outcome *outcome_r);
/* Was it taken by a filter on this host that told under which id it gave it back? */
bool join_is_hop(const struct maillog_event *event);

/* A number for a text, never 0, in any case of letters; it tells texts apart and guards nothing. */
uint64_t join_number(struct span text);

#endif
