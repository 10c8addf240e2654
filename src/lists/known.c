/*
 * known: the table. Sources are the operators' own pages; a code that is not here is a fault of the
 * zone to us, so a new one is noticed and not guessed at.
 */
#include "lists/known.h"

#include "util/domain.h"

#define OF(a, b, c, d)                                                                             \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define ONE(c, d, text)                                                                            \
    {                                                                                              \
        .first = OF(127, 0, c, d), .last = OF(127, 0, c, d), .means = (text)                       \
    }
#define MANY(c, from, to, text)                                                                    \
    {                                                                                              \
        .first = OF(127, 0, c, from), .last = OF(127, 0, c, to), .means = (text)                   \
    }
#define CERTAIN(c, d, text)                                                                        \
    {                                                                                              \
        .first = OF(127, 0, c, d), .last = OF(127, 0, c, d), .means = (text), .is_certain = true   \
    }
#define POLICY(c, from, to, text)                                                                  \
    {                                                                                              \
        .first = OF(127, 0, c, from), .last = OF(127, 0, c, to), .means = (text),                  \
        .is_policy = true                                                                          \
    }
#define BIT(value, text)                                                                           \
    {                                                                                              \
        .bit = (value), .means = (text)                                                            \
    }
#define CERTAIN_BIT(value, text)                                                                   \
    {                                                                                              \
        .bit = (value), .means = (text), .is_certain = true                                        \
    }

static const struct list_code zen_codes[] = {
    ONE(0, 2, "SBL, source or supporter of spam"),
    ONE(0, 3, "CSS, sends spam of low reputation"),
    MANY(0, 4, 7, "XBL, infected or hijacked machine"),
    ONE(0, 9, "DROP, network in criminal hands"),
    POLICY(0, 10, 11, "PBL, not meant to send mail directly"),
    ONE(0, 30, "BCL, controls infected machines"),
};
static const struct list_code authbl_codes[] = {
    ONE(0, 20, "tries stolen passwords"),
};
static const struct list_code dbl_codes[] = {
    ONE(1, 2, "spam"),
    CERTAIN(1, 4, "phishing"),
    CERTAIN(1, 5, "malware"),
    CERTAIN(1, 6, "controls infected machines"),
    ONE(1, 102, "decent site abused for spam"),
    ONE(1, 103, "decent redirector abused for spam"),
    ONE(1, 104, "decent site abused for phishing"),
    ONE(1, 105, "decent site abused for malware"),
    ONE(1, 106, "decent site abused to control infected machines"),
};
static const struct list_code dbl_errors[] = {
    ONE(1, 255, "it was asked about an address"),
};
static const struct list_code zrd_codes[] = {
    MANY(2, 2, 24, "first seen less than a day ago"),
};
static const struct list_code zrd_errors[] = {
    ONE(2, 255, "it was asked about an address"),
};
static const struct list_code plain_codes[] = {
    ONE(0, 2, "sends spam"),
};
static const struct list_code surbl_codes[] = {
    CERTAIN_BIT(8, "PH, phishing"),       CERTAIN_BIT(16, "MW, malware"),
    BIT(64, "ABUSE, advertised in spam"), BIT(128, "CR, cracked site"),
    BIT(4, "DM, disposable mail"),        BIT(32, "CT, click tracking"),
};
static const struct list_code surbl_errors[] = {
    BIT(1, "it blocks whoever asks"),
};
static const struct list_code uribl_codes[] = {
    BIT(2, "black, advertised in spam"),
    BIT(4, "grey, advertised in unwanted mail"),
    BIT(8, "red, new and watched"),
};
static const struct list_code uribl_errors[] = {
    BIT(1, "it refuses whoever asks"),
};
static const struct list_code abusix_codes[] = {
    ONE(0, 2, "sent mail to spam traps"),
    ONE(0, 3, "of very low reputation"),
    ONE(0, 4, "infected or hijacked machine"),
    POLICY(0, 11, 12, "dynamic, or without a name of its own"),
    ONE(0, 200, "listed by hand"),
};
static const struct list_code abusix_auth_codes[] = {
    ONE(0, 4, "tries passwords"),
};
static const struct list_code abusix_domain_codes[] = {
    ONE(1, 1, "named in mail to spam traps"),
    ONE(1, 2, "new, named in mail to spam traps"),
    ONE(1, 3, "behind short links in mail to spam traps"),
};

#define CODES(array) .codes = (array), .code_count = sizeof(array) / sizeof((array)[0])
#define ERRORS(array) .errors = (array), .error_count = sizeof(array) / sizeof((array)[0])

#define CLIENT (1u << LIST_USE_CLIENT)
#define LINKS (1u << LIST_USE_LINKS)
#define SENDER (1u << LIST_USE_SENDER_DOMAIN)
#define OWN (1u << LIST_USE_OWN)

#define SPAMHAUS_PAGE "https://check.spamhaus.org/"
#define ABUSIX_PAGE "https://app.abusix.com/lookup"

static const struct list_known known[] = {
    { .zone = "zen.spamhaus.org",
      CODES(zen_codes),
      .uses = CLIENT | LINKS | OWN,
      .removal = SPAMHAUS_PAGE,
      .with_key = "zen.dq.spamhaus.net" },
    { .zone = "zen.dq.spamhaus.net",
      CODES(zen_codes),
      .uses = CLIENT | LINKS | OWN,
      .removal = SPAMHAUS_PAGE,
      .has_key = true },
    { .zone = "authbl.dq.spamhaus.net",
      CODES(authbl_codes),
      .uses = CLIENT | OWN,
      .removal = SPAMHAUS_PAGE,
      .has_key = true },
    { .zone = "dbl.spamhaus.org",
      .kind = LIST_OF_DOMAINS,
      CODES(dbl_codes),
      ERRORS(dbl_errors),
      .uses = LINKS | SENDER | OWN,
      .listed_point = "dbltest.com",
      .removal = SPAMHAUS_PAGE,
      .with_key = "dbl.dq.spamhaus.net" },
    { .zone = "dbl.dq.spamhaus.net",
      .kind = LIST_OF_DOMAINS,
      CODES(dbl_codes),
      ERRORS(dbl_errors),
      .uses = LINKS | SENDER | OWN,
      .listed_point = "dbltest.com",
      .removal = SPAMHAUS_PAGE,
      .has_key = true },
    { .zone = "zrd.dq.spamhaus.net",
      .kind = LIST_OF_DOMAINS,
      CODES(zrd_codes),
      ERRORS(zrd_errors),
      .uses = LINKS | SENDER | OWN,
      .removal = SPAMHAUS_PAGE,
      .has_key = true },
    { .zone = "b.barracudacentral.org",
      CODES(plain_codes),
      .uses = CLIENT | OWN,
      .removal = "https://www.barracudacentral.org/rbl/removal-request" },
    { .zone = "bl.spamcop.net",
      CODES(plain_codes),
      .uses = CLIENT | OWN,
      .removal = "https://www.spamcop.net/bl.shtml" },
    { .zone = "multi.surbl.org",
      .kind = LIST_OF_DOMAINS,
      .level = LIST_LEVEL_ORGANIZATION,
      CODES(surbl_codes),
      ERRORS(surbl_errors),
      .uses = LINKS | SENDER | OWN,
      .listed_point = "surbl-org-permanent-test-point.com",
      .removal = "https://www.surbl.org/surbl-analysis" },
    { .zone = "multi.uribl.com",
      .kind = LIST_OF_DOMAINS,
      .level = LIST_LEVEL_ORGANIZATION,
      CODES(uribl_codes),
      ERRORS(uribl_errors),
      .uses = LINKS | SENDER | OWN,
      .listed_point = "test.uribl.com",
      .removal = "https://admin.uribl.com/" },
    { .zone = "combined.mail.abusix.zone",
      CODES(abusix_codes),
      .uses = CLIENT | LINKS | OWN,
      .removal = ABUSIX_PAGE,
      .has_key = true },
    { .zone = "authbl.mail.abusix.zone",
      CODES(abusix_auth_codes),
      .uses = CLIENT | OWN,
      .removal = ABUSIX_PAGE,
      .has_key = true },
    { .zone = "dblack.mail.abusix.zone",
      .kind = LIST_OF_DOMAINS,
      CODES(abusix_domain_codes),
      .uses = LINKS | SENDER | OWN,
      .removal = ABUSIX_PAGE,
      .has_key = true },
};
#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

/* Each stands for what lies below it, too. */
static const struct {
    const char *zone, *why;
} refused[] = {
    { "sorbs.net", "SORBS was closed on 2024-06-05 and lists nothing any more; take the row out" },
    { "njabl.org", "NJABL was closed in 2013; take the row out" },
    { "ahbl.org", "AHBL was closed and then called everything listed; take the row out" },
    { "dsbl.org", "DSBL was closed in 2008; take the row out" },
    { "ordb.org", "ORDB was closed and then called everything listed; take the row out" },
    { "dnswl.org", "lists senders that are trusted: being listed there is no fault; take the row "
                   "out" },
};

const struct list_known *list_known_find(struct span zone)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        if (span_is_equal_nocase(zone, span_of(known[i].zone))) {
            return &known[i];
        }
    }
    return NULL;
}

const char *list_known_refusal(struct span zone)
{
    char name[DOMAIN_MAX];
    if (!domain_to_ascii(zone, name)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct span closed = span_of(refused[i].zone);
        if (span_is_equal(span_of(name), closed) || domain_is_below(span_of(name), closed)) {
            return refused[i].why;
        }
    }
    return NULL;
}

size_t list_known_count(void)
{
    return KNOWN_COUNT;
}

const struct list_known *list_known_at(size_t index)
{
    return &known[index];
}
