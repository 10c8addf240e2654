/*
 * cause_providers: what large providers mean by codes and marks of their own, and what they ask to
 * be done. From their own pages, as of the day in the table at the end; S3140 and its like stand on
 * none of Microsoft's, only in his replies.
 *
 * Rows with a code come before rows without one; the first that fits counts.
 */
#include "feedback/cause_private.h"

#define ROW(provider_, cause_, ...)                                                                \
    {                                                                                              \
        .provider = CAUSE_##provider_, .cause = CAUSE_##cause_, __VA_ARGS__                        \
    }
#define END                                                                                        \
    {                                                                                              \
        .cause = CAUSE_COUNT                                                                       \
    }

#define GOOGLE_SLOW                                                                                \
    "Send nothing to Google for ten minutes, then over one connection, and add further ones one "  \
    "at a time; look for what was sent so fast"
#define MICROSOFT_DELIST                                                                           \
    "Find and stop what sent unwanted mail, then ask at https://sender.office.com/ to be let in"
#define MICROSOFT_SLOW                                                                             \
    "Send less to Microsoft over fewer connections; look at https://sendersupport.olc."            \
    "protection.outlook.com/snds/ how he sees the address"
#define YAHOO_SLOW                                                                                 \
    "Send less to Yahoo over fewer connections and look which mail draws complaints; the queue "   \
    "tries the rest again"

static const struct cause_rule google[] = {
    ROW(GOOGLE, RATE_LIMITED, .code = "x.7.28", .text = "message-id",
        .means = "many messages with one Message-ID",
        .advice = "Give each message a Message-ID of its own"),
    ROW(GOOGLE, RATE_LIMITED, .code = "x.7.28",
        .means = "an unusual rate of unwanted mail from this address, network, domain or with this "
                 "link",
        .advice = GOOGLE_SLOW),
    ROW(GOOGLE, PTR_HELO, .code = "x.7.23", .means = "no PTR, or it does not lead back"),
    ROW(GOOGLE, PTR_HELO, .code = "x.7.25", .means = "no PTR, or it does not lead back"),
    ROW(GOOGLE, AUTH_SPF, .code = "x.7.24", .means = "an SPF record that looks made to deceive"),
    ROW(GOOGLE, AUTH_SPF, .code = "x.7.26", .text = "hard fail",
        .means = "SPF fails, and the record ends in -all"),
    ROW(GOOGLE, AUTH_DMARC, .code = "x.7.26", .text = "dmarc",
        .means = "DMARC fails, and the domain's policy is to refuse"),
    ROW(GOOGLE, AUTH_DMARC, .code = "x.7.26",
        .means = "neither SPF nor DKIM passes, and each sender needs one of them"),
    ROW(GOOGLE, AUTH_SPF, .code = "x.7.27", .means = "SPF does not pass, and bulk senders need it"),
    ROW(GOOGLE, TLS_REQUIRED, .code = "x.7.29", .means = "the mail came without TLS"),
    ROW(GOOGLE, AUTH_DKIM, .code = "x.7.30",
        .means = "DKIM does not pass, and bulk senders need it"),
    ROW(GOOGLE, AUTH_DMARC, .code = "x.7.31",
        .means = "the domain has no DMARC record, and bulk senders need one",
        .advice = "Publish a DMARC record for the domain in From; p=none will do"),
    ROW(GOOGLE, AUTH_DMARC, .code = "x.7.40",
        .means = "the domain has no DMARC record, and bulk senders need one",
        .advice = "Publish a DMARC record for the domain in From; p=none will do"),
    ROW(GOOGLE, AUTH_DMARC, .code = "x.7.32",
        .means = "what SPF and DKIM prove is not the domain in From"),
    ROW(GOOGLE, RATE_LIMITED, .code = "x.2.1", .text = "too quickly",
        .means = "the recipient gets more mail than his mailbox takes in a time",
        .advice = "Nothing to do here, unless all of it is ours"),
    ROW(GOOGLE, RATE_LIMITED, .code = "x.2.1", .text = "rate that prevents",
        .means = "the recipient gets more mail than his mailbox takes in a time",
        .advice = "Nothing to do here, unless all of it is ours"),
    ROW(GOOGLE, QUOTA_PROVIDER, .code = "4.2.1", .text = "relay limit",
        .means = "the peak of the relay service is passed"),
    ROW(GOOGLE, MAILBOX_DISABLED, .code = "x.2.1", .means = "the account is disabled or inactive"),
    ROW(GOOGLE, MAILBOX_FULL, .code = "x.2.2", .means = "the recipient's storage is full"),
    ROW(GOOGLE, QUOTA_PROVIDER, .code = "5.4.5", .means = "the day's sending limit is reached",
        .advice = "Wait up to 24 hours; a stolen password is the usual reason, so look what was "
                  "sent"),
    ROW(GOOGLE, RATE_LIMITED, .code = "4.5.3", .text = "recipients",
        .means = "too many recipients in one message",
        .advice = "Give the message to Google for fewer recipients at a time (Postfix: "
                  "smtp_destination_recipient_limit)"),
    ROW(GOOGLE, SIZE, .code = "x.3.4", .means = "the message or its header is too large"),
    ROW(GOOGLE, RELAY_AUTH, .code = "5.7.8-9",
        .means = "login or password are wrong, or an "
                 "app password is wanted"),
    ROW(GOOGLE, RELAY_AUTH, .code = "5.7.80", .means = "login or password are wrong"),
    ROW(GOOGLE, RELAY_AUTH, .code = "5.7.90", .means = "an app password is wanted"),
    ROW(GOOGLE, ACCOUNT_BLOCKED, .code = "5.7.14",
        .means = "the account wants its owner to log in with a browser"),
    ROW(GOOGLE, PTR_HELO, .code = "x.7.1", .text = "ipv6*ptr",
        .means = "over IPv6 a PTR and SPF or DKIM are needed"),
    ROW(GOOGLE, REPUTATION_IP, .code = "x.7.0-1", .text = "reputation of the sending ip",
        .means = "the address has a very low reputation"),
    ROW(GOOGLE, REPUTATION_DOMAIN, .code = "x.7.0-1", .text = "reputation of the sending domain",
        .means = "the domain has a very low reputation"),
    ROW(GOOGLE, RATE_LIMITED, .code = "x.7.0-1", .text = "unusual rate",
        .means = "an unusual rate of unwanted mail from this address", .advice = GOOGLE_SLOW),
    ROW(GOOGLE, RATE_LIMITED, .code = "x.7.0-1", .text = "rate limited",
        .means = "an unusual rate of unwanted mail", .advice = GOOGLE_SLOW),
    ROW(GOOGLE, TLS_REQUIRED, .code = "4.7.0", .text = "tls required",
        .means = "the recipient's domain wants TLS"),
    ROW(GOOGLE, PTR_HELO, .code = "4.7.0", .text = "ptr record", .means = "the address has no PTR"),
    ROW(GOOGLE, CONTENT_SPAM, .code = "x.7.0-1", .text = "content or the links",
        .means = "what the message says or links to looks like spam"),
    ROW(GOOGLE, CONTENT_SPAM, .code = "5.7.1", .text = "likely unsolicited",
        .means = "the message looks like spam"),
    ROW(GOOGLE, CONTENT_SPAM, .code = "5.7.1", .text = "suspicious",
        .means = "sender, address or content look suspicious"),
    ROW(GOOGLE, RFC_FORMAT, .code = "5.7.1", .text = "rfc 5322",
        .means = "a header field is missing, doubled or malformed"),
    ROW(GOOGLE, RFC_FORMAT, .code = "5.7.1", .text = "from: header",
        .means = "From has no valid address, or several"),
    ROW(GOOGLE, RFC_FORMAT, .code = "5.7.1", .text = "message-id",
        .means = "there is no valid Message-ID"),
    ROW(GOOGLE, RFC_FORMAT, .code = "5.7.1", .text = "encoded-word",
        .means = "encoded words where none may be"),
    ROW(GOOGLE, RFC_FORMAT, .code = "5.7.1", .text = "unicode",
        .means = "octets over 127 where none may be"),
    ROW(GOOGLE, AUTH_DMARC, .code = "5.7.1", .text = "dmarc", .means = "DMARC fails"),
    ROW(GOOGLE, AUTH_DMARC, .code = "5.7.1", .text = "unauthenticated",
        .means = "neither SPF nor DKIM passes"),
    ROW(GOOGLE, QUOTA_PROVIDER, .code = "5.7.1", .text = "relay*limit",
        .means = "the relay service's limit is reached"),
    ROW(GOOGLE, RELAY_DENIED, .code = "5.7.0", .text = "relay denied",
        .means = "the relay service knows neither the address nor a login",
        .advice = "Register the address, or log in, in the relay service's settings; greet with a "
                  "name of a domain of the organization"),
    ROW(GOOGLE, RELAY_DENIED, .code = "5.7.1", .text = "invalid credentials for relay",
        .means = "the relay service knows neither the address nor a login"),
    ROW(GOOGLE, ACCOUNT_BLOCKED, .code = "5.7.0", .text = "mail sending denied",
        .means = "the account may not send for now"),
    ROW(GOOGLE, MALWARE, .code = "5.7.0", .text = "security issue",
        .means = "an attachment of a kind Google never takes"),
    ROW(GOOGLE, MALWARE, .code = "5.7.0", .text = "illegal attachment",
        .means = "an attachment of a kind Google never takes"),
    END
};

static const struct cause_rule microsoft[] = {
    ROW(MICROSOFT, AUTH_DMARC, .code = "5.7.515",
        .means = "a domain that sends much needs SPF, DKIM and DMARC, and the message has not all",
        .advice = "Let SPF and DKIM pass, one of them with the domain in From, and publish DMARC; "
                  "`egressctl explain` shows which is missing"),
    ROW(MICROSOFT, AUTH_DMARC, .code = "5.7.509",
        .means = "DMARC fails, and the domain's policy is to refuse"),
    ROW(MICROSOFT, AUTH_SPF, .code = "5.7.23",
        .means = "SPF fails, and the recipient's "
                 "organization refuses that"),
    ROW(MICROSOFT, PTR_HELO, .code = "5.7.25", .means = "no PTR for an IPv6 address"),
    ROW(MICROSOFT, PTR_HELO, .code = "5.7.506", .means = "the greeting (HELO) is not accepted"),
    ROW(MICROSOFT, ACCOUNT_BLOCKED, .code = "5.1.8", .text = "outbound",
        .means = "the account sent too much spam and may not send",
        .advice = "End the misuse, change the password, then unblock the user in the security "
                  "portal (restricted entities)"),
    ROW(MICROSOFT, QUOTA_PROVIDER, .code = "5.1.90",
        .means = "the mailbox has had its recipients of the day"),
    ROW(MICROSOFT, ACCOUNT_BLOCKED, .code = "5.7.705",
        .means = "the tenant sends too much unwanted or unregistered mail",
        .advice = "Find the accounts that are misused, end it, then ask Microsoft's support to "
                  "lift the block of the tenant"),
    ROW(MICROSOFT, REPUTATION_IP, .code = "5.7.708",
        .means = "no mail is taken from this address: often a new tenant",
        .advice = "Ask Microsoft's support; until then send by another way"),
    ROW(MICROSOFT, QUOTA_PROVIDER, .code = "5.7.700-749", .means = "the tenant's limit is passed"),
    ROW(MICROSOFT, ACCOUNT_BLOCKED, .code = "5.7.750",
        .means = "the tenant sends from domains that are not registered with it"),
    ROW(MICROSOFT, RELAY_DENIED, .code = "5.7.64",
        .means = "no connector fits this server's address or certificate",
        .advice = "Compare the inbound connector with the address and certificate that mail "
                  "leaves with"),
    ROW(MICROSOFT, RELAY_DENIED, .code = "5.7.68", .means = "the tenant refuses Direct Send"),
    ROW(MICROSOFT, RELAY_AUTH, .code = "5.7.57", .means = "this port wants a login"),
    ROW(MICROSOFT, RELAY_AUTH, .code = "5.7.139",
        .means = "SMTP AUTH is switched off for the mailbox or the tenant"),
    ROW(MICROSOFT, RELAY_AUTH, .code = "5.7.30", .means = "passwords are no longer accepted",
        .advice = "Use OAuth (XOAUTH2), or another way to send"),
    ROW(MICROSOFT, SENDER_NOT_ALLOWED, .code = "5.7.60",
        .means = "the login may not send as this address"),
    ROW(MICROSOFT, REPUTATION_IP, .code = "5.7.606-649", .means = "the address is banned",
        .advice = MICROSOFT_DELIST),
    ROW(MICROSOFT, REPUTATION_IP, .code = "5.7.501-503", .means = "spam was seen from this sender",
        .advice = MICROSOFT_DELIST),
    ROW(MICROSOFT, REPUTATION_IP, .code = "5.7.511", .means = "the sender is banned",
        .advice = "Write to delist@microsoft.com with the whole answer"),
    ROW(MICROSOFT, RATE_LIMITED, .code = "5.7.508",
        .means = "an IPv6 network sends more than it may"),
    ROW(MICROSOFT, REPUTATION_IP, .code = "4.7.650", .means = "slowed down for its reputation",
        .advice = MICROSOFT_SLOW),
    ROW(MICROSOFT, REPUTATION_IP, .code = "4.7.500-699",
        .means = "unusual mail from this address is watched for some hours",
        .advice = MICROSOFT_SLOW),
    ROW(MICROSOFT, REMOTE_TEMP, .code = "4.7.700", .means = "Microsoft is busy"),
    ROW(MICROSOFT, REPUTATION_IP, .code = "4.7.850-899",
        .means = "unusual mail from this address is watched for some hours",
        .advice = MICROSOFT_SLOW),
    ROW(MICROSOFT, RFC_FORMAT, .code = "5.7.512",
        .means = "From has no valid address, or several and no Sender"),
    ROW(MICROSOFT, RATE_LIMITED, .code = "x.2.121-122",
        .means = "the recipient gets more mail in an hour than his mailbox takes"),
    ROW(MICROSOFT, SENDER_NOT_ALLOWED, .code = "5.7.124",
        .means = "the recipient takes mail of some senders only"),
    ROW(MICROSOFT, SENDER_NOT_ALLOWED, .code = "5.7.12-13",
        .means = "the recipient takes mail of his own organization only"),
    ROW(MICROSOFT, SENDER_NOT_ALLOWED, .code = "5.7.133-136",
        .means = "the recipient takes mail of his own organization only"),
    ROW(MICROSOFT, SENDER_NOT_ALLOWED, .code = "5.7.504-507",
        .means = "the recipient, or his organization, refuses this sender"),
    ROW(MICROSOFT, SENDER_NOT_ALLOWED, .code = "5.7.513",
        .means = "the recipient's organization refuses this sender"),
    ROW(MICROSOFT, TLS_FAILED, .code = "x.7.321-325",
        .means = "DANE or TLS of the destination does not hold"),
    ROW(MICROSOFT, TLS_REQUIRED, .code = "x.4.317", .means = "the destination wants TLS"),
    ROW(MICROSOFT, RECIPIENT_DOMAIN, .code = "5.4.310", .means = "the domain does not exist"),
    ROW(MICROSOFT, EXPIRED, .code = "x.4.300", .means = "the message expired"),
    ROW(MICROSOFT, NETWORK_REFUSED, .code = "x.4.316", .means = "the connection was refused"),
    ROW(MICROSOFT, LOOP, .code = "x.4.14", .means = "the message goes round"),
    ROW(MICROSOFT, RECIPIENT_UNKNOWN, .code = "5.1.10", .means = "no such recipient"),
    ROW(MICROSOFT, RECIPIENT_UNKNOWN, .code = "5.4.1", .text = "recipient address rejected",
        .means = "no such recipient, or a domain that is not set up there", .is_doubtful = true),
    ROW(MICROSOFT, RECIPIENT_UNKNOWN, .code = "5.5.0", .text = "mailbox unavailable",
        .means = "no such mailbox at Outlook.com"),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "RP-001",
        .means = "more mail than this address's reputation allows", .advice = MICROSOFT_SLOW),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "RP-002",
        .means = "more mail over this connection than its reputation allows",
        .advice = MICROSOFT_SLOW),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "RP-003",
        .means = "more connections than this address's reputation allows",
        .advice = MICROSOFT_SLOW),
    ROW(MICROSOFT, CONTENT_SPAM, .mark = "SC-001",
        .means = "what was sent looks like spam, or the address has a bad reputation",
        .advice = MICROSOFT_DELIST),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "SC-002",
        .means = "the address tries many addresses that do not exist",
        .advice = "Clean the list of recipients; a misused account may be guessing addresses"),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "SC-003", .means = "an open proxy",
        .advice = "Close the proxy or relay on this address"),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "SC-004",
        .means = "recipients complained about mail of this address", .advice = MICROSOFT_DELIST),
    ROW(MICROSOFT, PTR_HELO, .mark = "DY-001",
        .means = "a dynamic address: no mail server is expected there",
        .advice = "Send over the provider's relay, or get a fixed address with a PTR of its own"),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "DY-002",
        .means = "the address seems to belong to an infected machine"),
    ROW(MICROSOFT, BLOCKLIST, .mark = "OU-001", .means = "Spamhaus lists the address",
        .advice = "See https://check.spamhaus.org/ for the list and how to leave it"),
    ROW(MICROSOFT, CONTENT_SPAM, .mark = "OU-002", .means = "what was sent looks like spam"),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "S3140", .means = "the network is on his block list",
        .advice = MICROSOFT_DELIST),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "S3150", .means = "the network is on his block list",
        .advice = MICROSOFT_DELIST),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "AS3140", .means = "the network is on his block list",
        .advice = MICROSOFT_DELIST),
    ROW(MICROSOFT, REPUTATION_IP, .mark = "AS3150", .means = "the network is on his block list",
        .advice = MICROSOFT_DELIST),
    END
};

static const struct cause_rule yahoo[] = {
    ROW(YAHOO, AUTH_DMARC, .code = "5.7.9", .text = "dmarc",
        .means = "DMARC fails, and the domain's policy is to refuse"),
    ROW(YAHOO, AUTH_DMARC, .code = "5.7.9",
        .means = "neither SPF nor DKIM passes, and each sender needs one of them"),
    ROW(YAHOO, REPUTATION_IP, .mark = "TSS02",
        .means = "complaints, or an address he does not know yet", .advice = YAHOO_SLOW),
    ROW(YAHOO, REPUTATION_IP, .mark = "TSS04", .means = "unexpected volume, or complaints",
        .advice = YAHOO_SLOW),
    ROW(YAHOO, REPUTATION_IP, .mark = "TSS05", .means = "unexpected volume, or complaints",
        .advice = YAHOO_SLOW),
    ROW(YAHOO, REPUTATION_IP, .mark = "TSS*", .means = "mail of this address is put off",
        .advice = YAHOO_SLOW),
    ROW(YAHOO, REPUTATION_IP, .mark = "TS03",
        .means = "all mail of this address is put off: much of it was unwanted",
        .advice = "Stop the mail that nobody asked for; while it goes on, trying again does not "
                  "help"),
    ROW(YAHOO, REPUTATION_IP, .mark = "TS01", .means = "complaints", .advice = YAHOO_SLOW),
    ROW(YAHOO, REPUTATION_IP, .mark = "TS02", .means = "complaints", .advice = YAHOO_SLOW),
    ROW(YAHOO, REPUTATION_IP, .mark = "VS1-IP",
        .means = "this address writes to many that do not exist",
        .advice = "Take the addresses that bounce out of the lists"),
    ROW(YAHOO, REPUTATION_DOMAIN, .mark = "VS1-MF",
        .means = "this sender writes to many that do not exist",
        .advice = "Take the addresses that bounce out of the lists"),
    ROW(YAHOO, BLOCKLIST, .mark = "BL21", .means = "Spamhaus lists the address",
        .advice = "See https://check.spamhaus.org/ for the list and how to leave it"),
    ROW(YAHOO, BLOCKLIST, .mark = "BL23", .means = "Spamhaus lists the address",
        .advice = "See https://check.spamhaus.org/ for the list and how to leave it"),
    ROW(YAHOO, CONTENT_SPAM, .mark = "PH*", .means = "the content is objectionable"),
    ROW(YAHOO, CONTENT_SPAM, .text = "policy reasons",
        .means = "the content is objectionable, or the mail is not wanted"),
    ROW(YAHOO, SENDER_NOT_ALLOWED, .text = "unresolvable rfc",
        .means = "the domain of the sender or of From has no SOA, A or MX record",
        .advice = "See that the sender's domain and the domain in From exist in DNS"),
    ROW(YAHOO, RFC_FORMAT, .text = "not rfc compliant",
        .means = "a header field is missing, doubled or malformed"),
    ROW(YAHOO, AUTH_DMARC, .text = "requires all senders to authenticate",
        .means = "neither SPF nor DKIM passes, and each sender needs one of them"),
    ROW(YAHOO, RATE_LIMITED, .text = "max message per connection",
        .means = "too many messages over one connection"),
    ROW(YAHOO, RATE_LIMITED, .text = "receiving mail too quickly",
        .means = "the recipient gets more mail than his mailbox takes in a time"),
    ROW(YAHOO, REPUTATION_IP, .text = "volume or user complaints",
        .means = "unexpected volume, or complaints", .advice = YAHOO_SLOW),
    ROW(YAHOO, REPUTATION_IP, .text = "permanently deferred",
        .means = "all mail of this address is put off: much of it was unwanted",
        .advice = "Stop the mail that nobody asked for; while it goes on, trying again does not "
                  "help"),
    ROW(YAHOO, RECIPIENT_UNKNOWN, .text = "this user doesn't have a", .means = "no such mailbox"),
    END
};

static const struct cause_rule apple[] = {
    ROW(APPLE, AUTH_DMARC, .mark = "HME1",
        .means = "SPF and DKIM both fail for an address that hides another"),
    ROW(APPLE, CONTENT_SPAM, .mark = "CS01", .means = "refused by a policy of his own"),
    ROW(APPLE, BLOCKLIST, .text = "proofpoint.com/dnsbl", .means = "Proofpoint lists the address",
        .advice = "Ask at https://ipcheck.proofpoint.com/ to be removed"),
    ROW(APPLE, RATE_LIMITED, .text = "excessive volume",
        .means = "more mail than he takes at once"),
    ROW(APPLE, MAILBOX_DISABLED, .text = "inactive email address",
        .means = "the address is not used any more"),
    END
};
static const struct cause_rule nobody[] = { END };

const struct cause_rule *const cause_provider_rules[CAUSE_PROVIDER_COUNT] = {
    [CAUSE_ANYBODY] = nobody, [CAUSE_GOOGLE] = google, [CAUSE_MICROSOFT] = microsoft,
    [CAUSE_YAHOO] = yahoo,    [CAUSE_APPLE] = apple,
};

static const char *const google_hosts[] = { "google.com", "googlemail.com", "gmail.com",
                                            "psmtp.com", NULL };
static const char *const microsoft_hosts[] = { "outlook.com", "hotmail.com",  "office365.com",
                                               "live.com",    "mx.microsoft", NULL };
static const char *const yahoo_hosts[] = { "yahoodns.net", "yahoo.com", "aol.com", NULL };
static const char *const apple_hosts[] = { "icloud.com", "me.com", "mac.com", "apple.com", NULL };
static const char *const no_hosts[] = { NULL };

static const struct cause_provider_row rows[CAUSE_PROVIDER_COUNT] = {
    [CAUSE_ANYBODY] = { "", "", no_hosts, "", "" },
    [CAUSE_GOOGLE] = { "google", "Google", google_hosts,
                       "https://support.google.com/a/answer/3726730", "2026-02-15" },
    [CAUSE_MICROSOFT] = { "microsoft", "Microsoft", microsoft_hosts,
                          "https://sendersupport.olc.protection.outlook.com/pm/", "2026-06-15" },
    [CAUSE_YAHOO] = { "yahoo", "Yahoo", yahoo_hosts,
                      "https://senders.yahooinc.com/smtp-error-codes", "2026-02-15" },
    [CAUSE_APPLE] = { "apple", "Apple", apple_hosts, "https://support.apple.com/102322",
                      "2025-02-26" },
};

const struct cause_provider_row *cause_provider_row(enum cause_provider provider)
{
    return &rows[provider];
}

const struct cause_rule *cause_provider_rule(enum cause_provider provider, size_t index)
{
    const struct cause_rule *rules = cause_provider_rules[provider];
    for (size_t i = 0; rules[i].cause != CAUSE_COUNT; i++) {
        if (i == index) {
            return &rules[i];
        }
    }
    return NULL;
}

enum cause_provider cause_provider_by_name(struct span name)
{
    for (int i = CAUSE_ANYBODY + 1; i < CAUSE_PROVIDER_COUNT; i++) {
        if (span_is_equal_nocase(name, span_of(rows[i].name))) {
            return (enum cause_provider)i;
        }
    }
    return CAUSE_ANYBODY;
}

static bool is_of(struct span host, struct span suffix)
{
    return span_has_suffix_nocase(host, suffix) &&
           (host.size == suffix.size || host.at[host.size - suffix.size - 1] == '.');
}

enum cause_provider cause_provider_of_host(struct span host)
{
    host.size -= host.size > 0 && host.at[host.size - 1] == '.';
    for (int i = CAUSE_ANYBODY + 1; i < CAUSE_PROVIDER_COUNT; i++) {
        for (const char *const *suffix = rows[i].suffixes; *suffix != NULL; suffix++) {
            if (is_of(host, span_of(*suffix))) {
                return (enum cause_provider)i;
            }
        }
    }
    return CAUSE_ANYBODY;
}

/* The name behind "host " or "talking to ". */
static struct span host_in(struct span text)
{
    static const char *const before[] = { "host ", "talking to " };
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        const char *found = memmem(text.at, text.size, before[i], strlen(before[i]));
        if (found != NULL) {
            struct span host = span_from(text, (size_t)(found - text.at) + strlen(before[i]));
            size_t size = 0;
            while (size < host.size && strchr(" [(:;,\r\n", host.at[size]) == NULL) {
                size++;
            }
            return span_first(host, size);
        }
    }
    return (struct span){ NULL, 0 };
}

enum cause_provider cause_provider_of(struct span host, struct span text, struct span address)
{
    ptrdiff_t at = span_find_last(address, '@');
    enum cause_provider provider = cause_provider_of_host(host);
    if (provider == CAUSE_ANYBODY && text.size > 0) {
        provider = cause_provider_of_host(host_in(text));
    }
    return provider != CAUSE_ANYBODY ? provider
                                     : cause_provider_of_host(span_from(address, (size_t)(at + 1)));
}
