/*
 * spf_zone: the DNS data of a scenario of corpus/spf as lines of dns/scripted.h.
 */
#ifndef TESTS_CORPUS_SPF_ZONE_H
#define TESTS_CORPUS_SPF_ZONE_H

#include "tests/corpus/jsonl.h"
#include "util/buffer.h"

/* What can be no name in DNS is left out: nobody can ask for it. */
void spf_zone_write(const struct jsonl *scenario, struct buffer *script);
/* What a case of suite mail-auth has of its own beside it: "spf", "a", "ptr". */
void spf_zone_write_own(const struct jsonl *test, struct buffer *script);

#endif
