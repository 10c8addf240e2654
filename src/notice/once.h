/*
 * once: a notice about somebody is told once in a while, however often there is reason for it, and
 * by whichever process: kept in the store, for the last ONCE_MAX of a kind.
 */
#ifndef EM_NOTICE_ONCE_H
#define EM_NOTICE_ONCE_H

#include <stdbool.h>
#include <stdint.h>

#include "notice/kind.h"
#include "state/store.h"
#include "util/span.h"

#define ONCE_MAX 256

/*
 * May it be told now? Then it is noted as told. When more than ONCE_MAX were told of within the
 * pause, who was told of first is forgotten, so he is told of again. Where the store fails it may:
 * better twice than never. A clock that was set back makes nobody wait longer than the pause.
 */
bool notice_is_due(struct store *store, enum notice_kind kind, struct span about, int64_t now_s,
                   int64_t pause_s);

#endif
