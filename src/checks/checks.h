/*
 * checks: what the files of this room share: the definitions that table.c lists, and the repairs
 * checks propose.
 */
#ifndef EM_CHECKS_CHECKS_H
#define EM_CHECKS_CHECKS_H

#include "checks/check.h"

extern const struct check check_from_missing;
extern const struct check check_from_multiple;
extern const struct check check_date_missing;
extern const struct check check_message_id_missing;
extern const struct check check_line_too_long;

/* An edit that appends "Name: text"; NULL when the arena is exhausted. It is nobody's until policy
 * takes it up. */
struct edit *check_repair_append(struct arena *arena, enum header_id id, const char *text);

#endif
