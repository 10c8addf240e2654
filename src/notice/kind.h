/*
 * kind: what notices can be about. Each kind is a hook's name too (`hooks`).
 */
#ifndef EM_NOTICE_KIND_H
#define EM_NOTICE_KIND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * identifier, name, what its mail is called, is it told in the log (else that is done elsewhere),
 * seconds between two mails, mails in an hour
 */
#define NOTICE_ROWS(ROW)                                                                           \
    ROW(LIMIT_NEAR, "limit-near", "near a limit", true, 60, 12)                                    \
    ROW(LIMIT_REACHED, "limit-reached", "limit reached", true, 60, 12)                             \
    ROW(HELD, "held", "mail is held", false, 900, 4)                                               \
    ROW(HONEYPOT, "honeypot", "honeypot hit", true, 60, 12)                                        \
    ROW(ANOMALY, "anomaly", "unusual behaviour", true, 60, 12)                                     \
    ROW(SUSPENDED, "suspended", "principal suspended", true, 60, 12)                               \
    ROW(RELEASED, "released", "principal released", true, 60, 12)

enum notice_kind {
#define NOTICE_ENUM(id, name, title, is_logged, pause_s, hourly) NOTICE_##id,
    NOTICE_ROWS(NOTICE_ENUM)
#undef NOTICE_ENUM
        NOTICE_KIND_COUNT
};

struct notice_kind_row {
    const char *name, *title;
    bool is_logged;
    int64_t pause_s;
    unsigned hourly;
};

extern const struct notice_kind_row notice_kinds[NOTICE_KIND_COUNT];

#endif
