/*
 * finding: the names of everything that can be wrong with a message, what is done about each by
 * default, and how a reply says so. One row a finding; checks report them, policy weighs them, the
 * log and the reply name them.
 */
#ifndef EM_FINDING_FINDING_H
#define EM_FINDING_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/error.h"
#include "util/span.h"

/* In order of strength; the strongest of a message wins. */
enum action { ACTION_OFF, ACTION_OBSERVE, ACTION_REPAIR, ACTION_HOLD, ACTION_DEFER, ACTION_REJECT };

/* Whose mail it is. Rows of DESIGN's class table. */
enum mail_class {
    CLASS_SUBMISSION,
    CLASS_RELAY,
    CLASS_LIST,
    CLASS_FORWARD,
    CLASS_BOUNCE,
    CLASS_LOCAL,
    CLASS_INBOUND,
    CLASS_COUNT
};

/*
 * identifier, name, default for submission, default for relay/local/bounce, default for
 * list/forward, SMTP code and enhanced code of a refusal (RFC 3463), of a deferral
 */
#define FINDING_ROWS(ROW)                                                                          \
    ROW(FROM_MISSING, "from-missing", REJECT, HOLD, HOLD, "550", "5.7.1")                          \
    ROW(FROM_MULTIPLE, "from-multiple", REJECT, HOLD, HOLD, "550", "5.7.1")                        \
    ROW(FROM_INVALID, "from-invalid", REJECT, HOLD, HOLD, "550", "5.7.1")                          \
    ROW(NUL_BYTE, "nul-byte", REJECT, HOLD, HOLD, "550", "5.6.0")                                  \
    ROW(HEADER_DUPLICATE, "header-duplicate", REJECT, OBSERVE, OBSERVE, "550", "5.6.0")            \
    ROW(HEADER_MALFORMED, "header-malformed", OBSERVE, OBSERVE, OBSERVE, "550", "5.6.0")           \
    ROW(HEADER_8BIT, "header-8bit", OBSERVE, OBSERVE, OBSERVE, "550", "5.6.7")                     \
    ROW(DATE_MISSING, "date-missing", REPAIR, REPAIR, OBSERVE, "550", "5.6.0")                     \
    ROW(DATE_INVALID, "date-invalid", OBSERVE, OBSERVE, OBSERVE, "550", "5.6.0")                   \
    ROW(MESSAGE_ID_MISSING, "message-id-missing", REPAIR, REPAIR, OBSERVE, "550", "5.6.0")         \
    ROW(MIME_VERSION_MISSING, "mime-version-missing", REPAIR, REPAIR, OBSERVE, "550", "5.6.0")     \
    ROW(LINE_TOO_LONG, "line-too-long", OBSERVE, OBSERVE, OBSERVE, "550", "5.6.0")                 \
    ROW(AUTH_REQUIRED, "auth-required", REJECT, OFF, OFF, "530", "5.7.0")                          \
    ROW(TLS_REQUIRED, "tls-required", REJECT, OFF, OFF, "530", "5.7.0")                            \
    ROW(SENDER_NOT_OWNED, "sender-not-owned", REJECT, HOLD, OBSERVE, "550", "5.7.1")               \
    ROW(FROM_NOT_OWNED, "from-not-owned", REJECT, HOLD, OBSERVE, "550", "5.7.1")                   \
    ROW(PRINCIPAL_SUSPENDED, "principal-suspended", REJECT, HOLD, HOLD, "550", "5.7.1")            \
    ROW(OWNERS_UNAVAILABLE, "owners-unavailable", DEFER, OBSERVE, OBSERVE, "550", "5.4.3")         \
    ROW(DOMAIN_NOT_OURS, "domain-not-ours", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")             \
    ROW(DISPLAY_NAME_SPOOF, "display-name-spoof", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")       \
    ROW(CALENDAR_ON_BEHALF, "calendar-on-behalf", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")       \
    ROW(ATTACHMENT_DANGEROUS, "attachment-dangerous", HOLD, HOLD, HOLD, "550", "5.7.1")            \
    ROW(SPF_WOULD_FAIL, "spf-would-fail", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.23")              \
    ROW(DMARC_WOULD_FAIL, "dmarc-would-fail", REJECT, HOLD, HOLD, "550", "5.7.26")                 \
    ROW(FROM_AT_PROVIDER, "from-at-provider", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")           \
    ROW(UNSUBSCRIBE_MISSING, "unsubscribe-missing", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")     \
    ROW(TRANSIT_8BIT, "transit-8bit", OBSERVE, OBSERVE, OBSERVE, "550", "5.6.3")                   \
    ROW(TRANSIT_REQUOTE, "transit-requote", OBSERVE, OBSERVE, OBSERVE, "550", "5.6.0")             \
    ROW(TRANSIT_FOLDING, "transit-folding", OBSERVE, OBSERVE, OBSERVE, "550", "5.6.0")             \
    ROW(BARE_NEWLINE, "bare-newline", OBSERVE, OBSERVE, OBSERVE, "550", "5.6.0")                   \
    ROW(SIZE_EXCEEDED, "size-exceeded", OBSERVE, OBSERVE, OBSERVE, "552", "5.3.4")                 \
    ROW(PRIVATE_HEADER, "private-header", REPAIR, REPAIR, OBSERVE, "550", "5.6.0")                 \
    ROW(RESULTS_FORGED, "results-forged", REPAIR, REPAIR, OBSERVE, "550", "5.7.1")                 \
    ROW(LINK_LISTED, "link-listed", HOLD, HOLD, HOLD, "550", "5.7.1")                              \
    ROW(CLIENT_LISTED, "client-listed", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")                 \
    ROW(DOMAIN_LISTED, "domain-listed", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")                 \
    ROW(SIGNING_FAILED, "signing-failed", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.5")               \
    ROW(RECIPIENT_NULL_MX, "recipient-null-mx", REJECT, OBSERVE, OBSERVE, "556", "5.1.10")         \
    ROW(RECIPIENT_DOMAIN_MISSING, "recipient-domain-missing", OBSERVE, OBSERVE, OBSERVE, "550",    \
        "5.1.2")                                                                                   \
    ROW(RECIPIENT_TYPO, "recipient-typo", OBSERVE, OBSERVE, OBSERVE, "550", "5.1.2")               \
    ROW(RECIPIENT_HONEYPOT, "recipient-honeypot", HOLD, HOLD, HOLD, "550", "5.7.1")                \
    ROW(RECIPIENTS_EXCEEDED, "recipients-exceeded", OBSERVE, OBSERVE, OBSERVE, "550", "5.5.3")     \
    ROW(RECIPIENT_SUPPRESSED, "recipient-suppressed", OBSERVE, OBSERVE, OBSERVE, "550", "5.1.1")   \
    ROW(BACKSCATTER, "backscatter", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")                     \
    ROW(MAIL_LOOP, "mail-loop", OBSERVE, OBSERVE, OBSERVE, "550", "5.4.6")                         \
    ROW(AUTO_REPLY_ASTRAY, "auto-reply-astray", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")         \
    ROW(LIMIT_EXCEEDED, "limit-exceeded", DEFER, OBSERVE, OBSERVE, "550", "5.7.1")                 \
    ROW(ANOMALY, "anomaly", OBSERVE, OBSERVE, OBSERVE, "550", "5.7.1")                             \
    ROW(VIRUS_FOUND, "virus-found", HOLD, HOLD, HOLD, "550", "5.7.1")                              \
    ROW(SCAN_UNAVAILABLE, "scan-unavailable", OBSERVE, OBSERVE, OBSERVE, "550", "5.3.0")           \
    ROW(MESSAGE_CEILING, "message-ceiling", REJECT, REJECT, REJECT, "552", "5.3.4")                \
    ROW(OVERLOAD, "overload", DEFER, DEFER, DEFER, "550", "5.3.2")

enum finding_id {
#define FINDING_ENUM(id, name, submission, others, lists, code, enhanced) FINDING_##id,
    FINDING_ROWS(FINDING_ENUM)
#undef FINDING_ENUM
        FINDING_COUNT
};

struct edit;

/* One thing found. Texts live in the message's arena and may hold bytes of the client: printing
 * escapes them. */
struct finding {
    enum finding_id id;
    const char *seen;    /* what was seen: "no From field" */
    const char *advice;  /* what to do about it; NULL: nothing more to say */
    struct edit *repair; /* the edits that mend it, chained by next, those of one name together;
                            NULL when it cannot be mended; made only if the action is repair */
    bool is_mild;        /* the lesser case: observe unless a rule says otherwise */
    bool has_own_action; /* limit-exceeded: the limit says what is done, unless a rule does */
    enum action own_action;
    bool spares_message;  /* about some of the recipients, or mail whose sender is bounced to by the
                             MTA: never more than observe, whatever a rule says */
    enum action action;   /* filled by policy: what is done about it here */
    bool is_settled;      /* policy: about a recipient who was refused for it and is no part of the
                             message; decides nothing more */
    bool is_action_fixed; /* policy: the action came with the finding (signing-failed), rules do not
                             apply */
    struct finding *next;
};

struct finding_list {
    struct finding *first, *last;
    size_t count;
    struct arena *arena;
};

void finding_list_init(struct finding_list *list, struct arena *arena);
/* Appends; `seen` is formatted into the arena. NULL: arena exhausted. */
struct finding *finding_add(struct finding_list *list, enum finding_id id, const char *advice,
                            const char *seen_format, ...) __attribute__((format(printf, 4, 5)));

/* Appends one that another list has. */
void finding_append(struct finding_list *list, struct finding *finding);

const char *finding_name(enum finding_id id);
/* False when no finding has this name. */
bool finding_id_parse(struct span name, enum finding_id *id_r);
enum action finding_default_action(enum finding_id id, enum mail_class mail_class);
/* Do rules decide what is done about it? Not where it belongs to a domain or to the ceilings. */
bool finding_is_ruled(enum finding_id id);
/* Is there a repair to be made? */
bool finding_is_repairable(enum finding_id id);
/* In the order of enum action, ended by NULL: the choices of settings. */
extern const char *const action_names[];
const char *action_name(enum action action);
const char *mail_class_name(enum mail_class mail_class);
/* False when no class has this name. */
bool mail_class_parse(struct span name, enum mail_class *class_r);
/* Of a setting: a class of outgoing mail. Else false, and *error names the valid ones. */
bool mail_class_accepts(const char *value, struct error *error);

#endif
