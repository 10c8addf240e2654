/*
 * The work no signing filter can avoid, measured in this process: hash, canonical form, signatures.
 *
 * All figures are nanoseconds of thread CPU time for one message, the median of several batches.
 */
#ifndef TESTS_BENCH_FLOOR_WORK_H
#define TESTS_BENCH_FLOOR_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_message.h"

struct floor_work {
    enum load_body body;
    size_t size;
    bool is_header_relaxed;
    bool is_body_relaxed;
    const char *rsa_key; /* PEM files; NULL: a new key is made */
    const char *ed25519_key;
};

struct floor_figures {
    double rsa_sign_ns;
    double rsa_verify_ns;
    double ed25519_sign_ns;
    double header_ns;    /* canonical form and SHA-256 of the signed fields, once */
    double body_ns;      /* canonical form and SHA-256 of the body, once */
    double body_hash_ns; /* of it: SHA-256 alone over the same bytes */
};

/* False with a line on stderr. */
bool floor_work_measure(const struct floor_work *work, struct floor_figures *figures_r);

#endif
