/*
 * What processes have used: CPU time and memory of some pids, their threads and their descendants.
 *
 * CPU time is the process clock (nanoseconds, counts threads that have ended). A child that ended
 * between two looks is missing: compare filters that keep their processes. Memory is anonymous plus
 * dirty pages of shared mappings; those of a file on disk are the file's.
 */
#ifndef TESTS_BENCH_PROCESS_ACCOUNT_H
#define TESTS_BENCH_PROCESS_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#define ACCOUNT_PIDS_MAX 256

struct process_account {
    size_t roots;
    pid_t root[ACCOUNT_PIDS_MAX];
    size_t count; /* roots and their descendants, at the last look */
    pid_t pid[ACCOUNT_PIDS_MAX];
};

struct process_memory {
    uint64_t anonymous_kib;
    uint64_t shared_dirty_kib; /* of shared mappings without a file, whoever wrote them */
    uint64_t rss_kib;
};

/* Adds the pids of a list "12,345". False when it is not one, is too long, or a pid is not alive.
 */
bool account_add(struct process_account *account, const char *list);

/* Nanoseconds used so far by all of them; looks for new descendants first. */
uint64_t account_cpu_ns(struct process_account *account);

/* The sum over all processes. False when no process can be read. */
bool account_memory(struct process_account *account, struct process_memory *memory_r);

#endif
