/*
 * cause: why a message could not be delivered, out of a closed set: what a receiver's reply, an
 * MTA's own text or a status code comes to, and what an administrator can do about it.
 *
 * Pure functions over tables: cause_rules.c has what any mail server may say, cause_providers.c
 * what the large providers mean by codes of their own. Nothing is learned and nothing is kept.
 */
#ifndef EM_FEEDBACK_CAUSE_H
#define EM_FEEDBACK_CAUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/span.h"

/* Numbers are kept in no file; names (cause_name()) stay. */
enum cause {
    CAUSE_RECIPIENT_UNKNOWN,
    CAUSE_RECIPIENT_DOMAIN, /* there is none, or it takes no mail (RFC 7505) */
    CAUSE_MAILBOX_FULL,
    CAUSE_MAILBOX_DISABLED,
    CAUSE_AUTH_SPF,
    CAUSE_AUTH_DKIM,
    CAUSE_AUTH_DMARC, /* DMARC, its alignment, or neither SPF nor DKIM */
    CAUSE_PTR_HELO,
    CAUSE_SENDER_NOT_ALLOWED,
    CAUSE_REPUTATION_IP,
    CAUSE_REPUTATION_DOMAIN,
    CAUSE_BLOCKLIST,
    CAUSE_CONTENT_SPAM,
    CAUSE_MALWARE,
    CAUSE_RFC_FORMAT,
    CAUSE_RATE_LIMITED,
    CAUSE_TOO_MANY_CONNECTIONS,
    CAUSE_SIZE,
    CAUSE_GREYLIST,
    CAUSE_TLS_REQUIRED,
    CAUSE_QUOTA_PROVIDER,  /* what a relay or provider lets an account of ours send */
    CAUSE_ACCOUNT_BLOCKED, /* that account is shut */
    CAUSE_RELAY_AUTH,
    CAUSE_RELAY_DENIED,
    CAUSE_TLS_FAILED,
    CAUSE_DNS_FAILURE,
    CAUSE_NETWORK_TIMEOUT,
    CAUSE_NETWORK_REFUSED,
    CAUSE_NETWORK_UNREACHABLE,
    CAUSE_LOOP,
    CAUSE_LOCAL_CONFIG,
    CAUSE_LOCAL_SYSTEM,
    CAUSE_REMOTE_TEMP,
    CAUSE_EXPIRED,
    CAUSE_UNKNOWN,
    CAUSE_COUNT
};

enum cause_class {
    CAUSE_CLASS_RECIPIENT,
    CAUSE_CLASS_SENDER_IDENTITY,
    CAUSE_CLASS_REPUTATION,
    CAUSE_CLASS_CONTENT,
    CAUSE_CLASS_POLICY,
    CAUSE_CLASS_NETWORK,
    CAUSE_CLASS_CONFIG,
    CAUSE_CLASS_REMOTE,
    CAUSE_CLASS_COUNT
};

const char *cause_name(enum cause cause);   /* "recipient-unknown" */
const char *cause_advice(enum cause cause); /* one sentence, without a dot */
enum cause_class cause_class_of(enum cause cause);
const char *cause_class_name(enum cause_class class); /* "sender-identity" */
/* By cause_name(); '_' counts as '-'. False: there is no such cause. */
bool cause_by_name(struct span name, enum cause *cause_r);

/* Who answers in words of his own. */
enum cause_provider {
    CAUSE_ANYBODY,
    CAUSE_GOOGLE,
    CAUSE_MICROSOFT,
    CAUSE_YAHOO,
    CAUSE_APPLE,
    CAUSE_PROVIDER_COUNT
};

struct cause_provider_row {
    const char *name;            /* as limits/provider.h has it: "google" */
    const char *title;           /* "Google" */
    const char *const *suffixes; /* of his servers' names, ended by NULL */
    const char *page;            /* where he tells what his codes mean */
    const char *checked;         /* when the rows were compared with it: "2026-02-15" */
};
const struct cause_provider_row *cause_provider_row(enum cause_provider provider);
/* By that name; CAUSE_ANYBODY: none of them. */
enum cause_provider cause_provider_by_name(struct span name);
/* By the name of the server that answered, in any case, with or without a final dot. */
enum cause_provider cause_provider_of_host(struct span host);
/* Whose words a failure is told in: of the server that answered, of one that the text names ("host
 * mx.example.org[192.0.2.1] said: ..."), else of whose mailbox the address is. Each may be absent.
 */
enum cause_provider cause_provider_of(struct span host, struct span text, struct span address);

/* A row: all its columns must fit. */
struct cause_rule {
    const char *code;   /* enhanced: "5.7.25", "x.7.25" (4 or 5), "x.7.606-649"; NULL: any */
    const char *mark;   /* a word of the text by which the provider names his reason: "TSS04"; one
                           that ends in '*' may go on; NULL: none */
    const char *text;   /* lower case; pieces between '*' come in this order; NULL: any */
    const char *means;  /* of a provider's row: what he means by it */
    const char *advice; /* NULL: cause_advice() */
    enum cause_provider provider;
    enum cause cause;
    bool is_doubtful; /* never hard about the address */
};

/* What an attempt ended with. Each text may be absent. */
struct cause_reply {
    struct span enhanced;   /* "5.1.1" (RFC 3463); a general one (5.0.0) gives way to the text's */
    struct span reply_code; /* "550" (RFC 5321 4.2) */
    struct span text;       /* the reply with or without these, or what our MTA says of the attempt;
                               lines may be folded, CAUSE_TEXT_MAX octets are read */
    enum cause_provider provider;
};
enum { CAUSE_TEXT_MAX = 2048, CAUSE_ADDRESS_IN_TEXT_MAX = 254 };

struct cause_found {
    enum cause cause;
    const struct cause_rule *rule; /* what told it; NULL: nothing did */
    bool is_permanent;             /* 5yz by the enhanced code, else by the reply's */
    /* The address is at fault, and will be tomorrow: may count towards suppression. Only what is
     * permanent and says that there is no such mailbox or domain, or that it was closed; never what
     * speaks of policy, content, reputation, authentication, quota, size, rate or time. */
    bool is_hard;
};
/*
 * The first that tells: a provider's enhanced code, his marks and texts, enhanced codes that mean
 * one thing, texts of mail servers, the remaining codes, the reply code. A code about the address
 * is not believed where the text speaks of spam, lists or quota, for some servers have one code for
 * all they refuse. Linear in the text and the number of rows; waits for nothing.
 */
struct cause_found cause_of(const struct cause_reply *reply);
/* What to do, by the row if it has advice of its own. */
const char *cause_found_advice(const struct cause_found *found);

/* The codes that stand in a text: the first enhanced one and the first reply code that belongs to
 * it, or stands where replies begin. Absent: none. Both lie in the text. */
void cause_codes(struct span text, struct span *enhanced_r, struct span *reply_code_r);
/* Does a rule's code ("x.7.606-649") have this one ("5.7.620")? */
bool cause_code_is(const char *pattern, struct span code);
/* Is this an enhanced code of class 2, 4 or 5 (RFC 3463 2), and nothing else? */
bool cause_is_enhanced(struct span text);

/* A provider's rows in order; NULL behind the last. */
const struct cause_rule *cause_provider_rule(enum cause_provider provider, size_t index);

#endif
