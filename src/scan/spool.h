/*
 * spool: where a message lies until it is scanned: a file without a name, which goes with its
 * descriptor whatever becomes of the process.
 *
 * Writing it never fails for its caller: what went wrong is asked once, at the end.
 */
#ifndef EM_SCAN_SPOOL_H
#define EM_SCAN_SPOOL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

struct spool;

/* What all spools of a process take together, bounded. */
struct spool_account {
    atomic_uint_fast64_t taken_bytes;
    uint64_t limit_bytes;
};

enum spool_state {
    SPOOL_GOOD,
    SPOOL_TOO_LARGE, /* more than max_bytes came; what there was is given back */
    SPOOL_FAILED     /* likewise; *why_r says why */
};

/* `account` outlives it; the directory need not. NULL: out of memory. */
struct spool *spool_new(const char *directory, uint64_t max_bytes, struct spool_account *account);
/* Clears the pointer; NULL is fine. */
void spool_free(struct spool **spool);
void spool_add(struct spool *spool, const void *bytes, size_t size);
enum spool_state spool_look(const struct spool *spool, struct error *why_r);
/* GOOD: for pread(2), from 0 to the size. */
int spool_fd(const struct spool *spool);
uint64_t spool_size(const struct spool *spool);

#endif
