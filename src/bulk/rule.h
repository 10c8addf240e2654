/*
 * rule: what Google, Yahoo and Microsoft ask of those who send to their mailboxes, as a table: what
 * passes, by which facts that is told, who asks it at which volume, how grave it is to fail, what
 * to do, and the provider's page that says so.
 */
#ifndef EM_BULK_RULE_H
#define EM_BULK_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "bulk/provider.h"

/* What rules are judged by; of a message, or of a domain. */
enum bulk_fact {
    BULK_SPF,         /* SPF passes for each address the mail leaves from */
    BULK_DKIM,        /* a signature that receivers can verify */
    BULK_DMARC,       /* a DMARC record holds */
    BULK_ALIGNED,     /* From is aligned with SPF or DKIM that pass */
    BULK_KEY_SIZE,    /* RSA keys are long enough */
    BULK_PTR,         /* the addresses have names that lead back to them */
    BULK_TLS,         /* mail leaves over TLS */
    BULK_WELL_FORMED, /* the header is as RFC 5322 wants it */
    BULK_OWN_FROM,    /* From is not at a provider of mailboxes */
    BULK_ONE_CLICK,   /* mail of lists offers to unsubscribe with one click */
    BULK_BODY_LINK,   /* and shows how in its text */
    BULK_HONOURED,    /* and that is done in time */
    BULK_COMPLAINTS,  /* few receivers call it spam */
    BULK_REACHABLE,   /* the domain takes mail */
    BULK_HYGIENE,     /* few recipients are unknown */
    BULK_RAMP,        /* volume grows slowly */
    BULK_SEPARATE,    /* lists have addresses or signatures of their own */
    BULK_HONEST_NAME, /* display names hold no address */
    BULK_SEALED,      /* forwarded mail has ARC */
    BULK_ONE_SCRIPT,  /* no domain is made of look-alike letters */
    BULK_FACT_COUNT
};
#define BULK_FACT_BIT(fact) (1u << (fact))

enum bulk_when {
    BULK_NEVER,   /* this provider asks nothing of the kind */
    BULK_ADVISED, /* it only advises */
    BULK_SENDERS, /* it asks those who send much */
    BULK_ALL      /* it asks everybody */
};

enum bulk_severity { BULK_INFO, BULK_WARNING, BULK_REFUSAL };

enum bulk_page {
    PAGE_NONE,
    PAGE_GOOGLE_GUIDELINES,
    PAGE_GOOGLE_FAQ,
    PAGE_YAHOO_PRACTICES,
    PAGE_YAHOO_FAQ,
    PAGE_MICROSOFT_HIGH_VOLUME,
    PAGE_MICROSOFT_POSTMASTER,
    PAGE_COUNT
};
struct bulk_page_row {
    const char *title, *address;
    const char *checked_on; /* when its text was last compared with the table */
};
extern const struct bulk_page_row bulk_pages[PAGE_COUNT];

struct bulk_rule {
    const char *id;   /* "B04"; never changes its meaning */
    const char *name; /* "alignment" */
    const char *asks; /* what passes, one line */
    unsigned facts;   /* BULK_FACT_BIT of those it is told by */
    bool takes_any;   /* one of them is enough; else all are needed */
    bool is_counted;  /* judged for each message, and counted */
    bool is_of_lists; /* of mail of lists alone */
    enum bulk_severity severity;
    struct {
        enum bulk_when when;
        enum bulk_page page;
    } at[BULK_PROVIDER_COUNT];
    const char *advice;
};

/* By number: B01 first. Numbers are kept in the store: add, never change. */
enum { BULK_RULE_COUNT = 20 };
extern const struct bulk_rule bulk_rules[BULK_RULE_COUNT];

#endif
