/*
 * kind: the rows of kind.h.
 */
#include "notice/kind.h"

const struct notice_kind_row notice_kinds[NOTICE_KIND_COUNT] = {
#define NOTICE_ROW(id, name, title, is_logged, pause_s, hourly)                                    \
    [NOTICE_##id] = { name, title, is_logged, pause_s, hourly },
    NOTICE_ROWS(NOTICE_ROW)
#undef NOTICE_ROW
};
