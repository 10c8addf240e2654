/*
 * socketmap_talk: several questions and their answers over one connection.
 */
#ifndef EM_TABLES_SOCKETMAP_TALK_H
#define EM_TABLES_SOCKETMAP_TALK_H

#include <stddef.h>
#include <stdint.h>

#include "tables/socketmap_reply.h"
#include "util/error.h"

enum socketmap_end {
    SOCKETMAP_ALL,    /* every question is answered; the connection can be kept */
    SOCKETMAP_CLOSED, /* by the server, or broken: what came before is good */
    SOCKETMAP_LATE,   /* the deadline passed: likewise */
    SOCKETMAP_BAD,    /* no reply, or more than were asked for: what came belongs to nobody knows
                         which question and counts for nothing */
};

/* Handed the answers in order; the text is gone after the call. */
typedef void (*socketmap_take_fn)(void *context, size_t index, enum socketmap_status status,
                                  struct span text);

/*
 * Sends `request`, which holds `count` questions, and hands on each answer as it comes. Waits until
 * the deadline of clock_system at most. Unless SOCKETMAP_ALL, *error says why, and the connection
 * is of no further use. *answered_r counts the answers handed on.
 */
enum socketmap_end socketmap_talk(int fd, struct span request, size_t count, uint64_t deadline_ns,
                                  socketmap_take_fn take, void *context, size_t *answered_r,
                                  struct error *error);

#endif
