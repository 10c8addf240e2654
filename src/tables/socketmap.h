/*
 * socketmap: a table behind a socket, spoken to as socketmap_table(5) says. The thread that asks
 * does the talking; any number may.
 */
#ifndef EM_TABLES_SOCKETMAP_H
#define EM_TABLES_SOCKETMAP_H

#include "tables/table.h"

struct socketmap;

/* `name` is the whole spec, for complaints, and outlives it; `place` the part behind "socketmap:".
 * Connects to nobody yet. NULL with *error. */
struct socketmap *socketmap_new(const char *name, const char *place,
                                const struct table_options *options, struct error *error);
void socketmap_free(struct socketmap **map);
/* As table_ask_several(). */
void socketmap_ask(struct socketmap *map, const struct span *keys, size_t count,
                   struct table_answer *answers_r, struct arena *arena);

#endif
