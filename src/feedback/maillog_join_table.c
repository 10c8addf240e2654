/*
 * maillog_join_table: a hash table of entries that are also a list by age. Queue ids are chosen by
 * the mail server, so a fixed key will do; the texts of an entry lie behind it, in one piece.
 */
#include "feedback/maillog_join_private.h"

#include <stdlib.h>

#include "util/siphash.h"

struct join_table {
    struct join_entry **chains;
    size_t mask, count, capacity;
    struct join_entry *oldest, *newest;
};

static const uint64_t key[2] = { 0x6d61696c6a6f696e, 0x7175657565696473 };

struct join_table *join_table_new(size_t capacity)
{
    struct join_table *table = calloc(1, sizeof(*table));
    size_t chains = 64;
    while (chains < capacity && chains < (size_t)1 << 24) {
        chains *= 2;
    }
    if (table != NULL) {
        table->chains = calloc(chains, sizeof(struct join_entry *));
        table->mask = chains - 1;
        table->capacity = capacity > 0 ? capacity : 1;
    }
    if (table != NULL && table->chains == NULL) {
        free(table);
        table = NULL;
    }
    return table;
}

void join_table_free(struct join_table **table)
{
    if (*table == NULL) {
        return;
    }
    while ((*table)->oldest != NULL) {
        join_table_remove(*table, (*table)->oldest);
    }
    free((*table)->chains);
    free(*table);
    *table = NULL;
}

static uint64_t hash_of(struct span host, struct span queue_id)
{
    return siphash(key, queue_id) ^ (siphash(key, host) << 1);
}

struct join_entry *join_table_find(const struct join_table *table, struct span host,
                                   struct span queue_id)
{
    uint64_t hash = hash_of(host, queue_id);
    struct join_entry *entry = table->chains[hash & table->mask];
    while (entry != NULL && (entry->hash != hash || !span_is_equal(entry->queue_id, queue_id) ||
                             !span_is_equal(entry->host, host))) {
        entry = entry->next_in_chain;
    }
    return entry;
}

static void unlink_age(struct join_table *table, struct join_entry *entry)
{
    *(entry->older != NULL ? &entry->older->newer : &table->oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &table->newest) = entry->older;
    entry->older = entry->newer = NULL;
}

void join_table_remove(struct join_table *table, struct join_entry *entry)
{
    struct join_entry **at = &table->chains[entry->hash & table->mask];
    while (*at != entry) {
        at = &(*at)->next_in_chain;
    }
    *at = entry->next_in_chain;
    unlink_age(table, entry);
    table->count--;
    free(entry);
}

static void keep_text(char **room_io, struct span *text_io, size_t most)
{
    struct span text = span_first(*text_io, most);
    if (text.size > 0) {
        memcpy(*room_io, text.at, text.size);
    }
    *text_io = (struct span){ *room_io, text.size };
    *room_io += text.size;
}

static size_t at_most(struct span text, size_t most)
{
    return text.size < most ? text.size : most;
}

static struct join_entry *entry_copy(const struct join_entry *from)
{
    size_t texts =
        at_most(from->principal, JOIN_PRINCIPAL_MAX) + at_most(from->mail_class, JOIN_CLASS_MAX) +
        at_most(from->sender, JOIN_SENDER_MAX) + at_most(from->message_id, JOIN_MESSAGE_ID_MAX) +
        at_most(from->host, JOIN_HOST_MAX) + from->queue_id.size;
    struct join_entry *entry = malloc(sizeof(*entry) + texts);
    char *room = (char *)(entry + 1);
    if (entry == NULL) {
        return NULL;
    }
    *entry = *from;
    keep_text(&room, &entry->principal, JOIN_PRINCIPAL_MAX);
    keep_text(&room, &entry->mail_class, JOIN_CLASS_MAX);
    keep_text(&room, &entry->sender, JOIN_SENDER_MAX);
    keep_text(&room, &entry->message_id, JOIN_MESSAGE_ID_MAX);
    keep_text(&room, &entry->host, JOIN_HOST_MAX);
    keep_text(&room, &entry->queue_id, entry->queue_id.size);
    return entry;
}

struct join_entry *join_table_add(struct join_table *table, const struct join_entry *from,
                                  bool *evicted_r)
{
    struct join_entry *entry = entry_copy(from), **chain;
    *evicted_r = entry != NULL && table->count >= table->capacity;
    if (entry == NULL) {
        return NULL;
    }
    if (*evicted_r) {
        join_table_remove(table, table->oldest);
    }
    entry->hash = hash_of(entry->host, entry->queue_id);
    chain = &table->chains[entry->hash & table->mask];
    entry->next_in_chain = *chain;
    *chain = entry;
    entry->newer = NULL;
    entry->older = table->newest;
    *(table->newest != NULL ? &table->newest->newer : &table->oldest) = entry;
    table->newest = entry;
    table->count++;
    return entry;
}

struct join_entry *join_table_oldest(const struct join_table *table)
{
    return table->oldest;
}

void join_table_make_oldest(struct join_table *table, struct join_entry *entry)
{
    if (table->oldest == entry) {
        return;
    }
    unlink_age(table, entry);
    entry->newer = table->oldest;
    table->oldest->older = entry;
    table->oldest = entry;
}

size_t join_table_size(const struct join_table *table)
{
    return table->count;
}

uint64_t join_number(struct span text)
{
    char lower[512];
    size_t size = text.size < sizeof(lower) ? text.size : sizeof(lower);
    uint64_t number;
    for (size_t i = 0; i < size; i++) {
        lower[i] = ascii_lower(text.at[i]);
    }
    number = siphash(key, (struct span){ lower, size });
    return number != 0 ? number : 1;
}
