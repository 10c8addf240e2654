/*
 * cause: the set, and the order in which the tables are asked.
 */
#include "feedback/cause.h"

#include "feedback/cause_private.h"

static const struct {
    const char *name;
    enum cause_class class;
    const char *advice;
} causes[CAUSE_COUNT] = {
    [CAUSE_RECIPIENT_UNKNOWN] = { "recipient-unknown", CAUSE_CLASS_RECIPIENT,
                                  "Correct the address or take it out of the list; it will not "
                                  "begin to exist by trying again" },
    [CAUSE_RECIPIENT_DOMAIN] = { "recipient-domain", CAUSE_CLASS_RECIPIENT,
                                 "Look for a typing error in the domain: it does not exist, or "
                                 "its owner says that it takes no mail" },
    [CAUSE_MAILBOX_FULL] = { "mailbox-full", CAUSE_CLASS_RECIPIENT,
                             "Nothing to do here: the recipient has to make room; mail that "
                             "matters needs another way to him" },
    [CAUSE_MAILBOX_DISABLED] = { "mailbox-disabled", CAUSE_CLASS_RECIPIENT,
                                 "The account was closed or is locked: ask the recipient another "
                                 "way, and take the address out of lists" },
    [CAUSE_AUTH_SPF] = { "auth-spf", CAUSE_CLASS_SENDER_IDENTITY,
                         "Put every address that this mail leaves from into the SPF record of the "
                         "envelope sender's domain; `egressctl readiness` shows what is missing" },
    [CAUSE_AUTH_DKIM] = { "auth-dkim", CAUSE_CLASS_SENDER_IDENTITY,
                          "Sign with a key whose record is published, and see that nothing alters "
                          "the message afterwards; `egressctl key list` shows the keys' state" },
    [CAUSE_AUTH_DMARC] = { "auth-dmarc", CAUSE_CLASS_SENDER_IDENTITY,
                           "Make SPF or DKIM pass with the domain that stands in From, and "
                           "publish a DMARC record for it; `egressctl explain` shows both" },
    [CAUSE_PTR_HELO] = { "ptr-helo", CAUSE_CLASS_SENDER_IDENTITY,
                         "Give the address that mail leaves from a name (PTR) that leads back to "
                         "it, and let the mail server greet with a name that exists" },
    [CAUSE_SENDER_NOT_ALLOWED] = { "sender-not-allowed", CAUSE_CLASS_SENDER_IDENTITY,
                                   "The receiver refuses this sender address: see that its domain "
                                   "exists and takes mail, or ask the recipient to admit it" },
    [CAUSE_REPUTATION_IP] = { "reputation-ip", CAUSE_CLASS_REPUTATION,
                              "Find what sent unwanted mail from this address, stop it, send "
                              "less for some days, then ask the receiver to look again" },
    [CAUSE_REPUTATION_DOMAIN] = { "reputation-domain", CAUSE_CLASS_REPUTATION,
                                  "Find which mail of this domain draws complaints or goes to "
                                  "dead addresses, and stop it; reputation returns in weeks" },
    [CAUSE_BLOCKLIST] = { "blocklist", CAUSE_CLASS_REPUTATION,
                          "Look up at the list that the reply names why it lists us, end the "
                          "cause, and only then ask to be removed" },
    [CAUSE_CONTENT_SPAM] = { "content-spam", CAUSE_CLASS_CONTENT,
                             "Look at what was sent: links, attachments and wording; if it is "
                             "spam, somebody misuses the account it came from" },
    [CAUSE_MALWARE] = { "malware", CAUSE_CLASS_CONTENT,
                        "Scan the sender's machine: the receiver found a virus, or an attachment "
                        "of a kind it never takes" },
    [CAUSE_RFC_FORMAT] = { "rfc-format", CAUSE_CLASS_CONTENT,
                           "The message or a command is not as the standards want it: "
                           "`egressctl explain` on the message names the defect" },
    [CAUSE_RATE_LIMITED] = { "rate-limited", CAUSE_CLASS_POLICY,
                             "Send more slowly to this receiver: fewer messages at once and an "
                             "hour of less mail; the queue delivers the rest by itself" },
    [CAUSE_TOO_MANY_CONNECTIONS] = { "too-many-connections", CAUSE_CLASS_POLICY,
                                     "Lower the number of connections to this destination "
                                     "(Postfix: smtp_destination_concurrency_limit)" },
    [CAUSE_SIZE] = { "size", CAUSE_CLASS_POLICY,
                     "The message is larger than the receiver takes: send a link instead of the "
                     "attachment" },
    [CAUSE_GREYLIST] = { "greylist", CAUSE_CLASS_POLICY,
                         "Nothing to do: the receiver wants to see a second attempt, and the "
                         "queue makes it" },
    [CAUSE_TLS_REQUIRED] = { "tls-required", CAUSE_CLASS_POLICY,
                             "Let the mail server use TLS when it delivers (Postfix: "
                             "smtp_tls_security_level = may, or dane)" },
    [CAUSE_QUOTA_PROVIDER] = { "quota-provider", CAUSE_CLASS_POLICY,
                               "The account at the relay or provider has sent what it may: wait "
                               "until the period is over, or have the quota raised" },
    [CAUSE_ACCOUNT_BLOCKED] = { "account-blocked", CAUSE_CLASS_POLICY,
                                "The provider has shut our account or tenant for sending: change "
                                "its password, end the misuse, then unlock it there" },
    [CAUSE_RELAY_AUTH] = { "relay-auth", CAUSE_CLASS_CONFIG,
                           "The relay does not take our login: check name, password, mechanism "
                           "and that TLS comes first" },
    [CAUSE_RELAY_DENIED] = { "relay-denied", CAUSE_CLASS_CONFIG,
                             "The server does not relay for us: it is the wrong host for this "
                             "domain, or it wants a login or our address in its configuration" },
    [CAUSE_TLS_FAILED] = { "tls-failed", CAUSE_CLASS_NETWORK,
                           "TLS with the receiver could not be made: its certificate or ours, a "
                           "policy (DANE, MTA-STS) it does not keep, or versions without overlap" },
    [CAUSE_DNS_FAILURE] = { "dns-failure", CAUSE_CLASS_NETWORK,
                            "DNS gave no answer about the destination: check the resolver; if "
                            "only this domain fails, its name servers are at fault" },
    [CAUSE_NETWORK_TIMEOUT] = { "network-timeout", CAUSE_CLASS_NETWORK,
                                "The server did not answer in time or broke off: check whether "
                                "port 25 is open outwards; if others can be reached, wait" },
    [CAUSE_NETWORK_REFUSED] = { "network-refused", CAUSE_CLASS_NETWORK,
                                "The host takes no connection at this port: its mail server is "
                                "down, or host and port are wrong" },
    [CAUSE_NETWORK_UNREACHABLE] = { "network-unreachable", CAUSE_CLASS_NETWORK,
                                    "There is no route to the host: check the network, and IPv6 "
                                    "apart from IPv4" },
    [CAUSE_LOOP] = { "loop", CAUSE_CLASS_CONFIG,
                     "The message goes round: compare forwards, aliases, MX and the mail server's "
                     "list of own domains" },
    [CAUSE_LOCAL_CONFIG] = { "local-config", CAUSE_CLASS_CONFIG,
                             "A mail server's own setup is wrong: its log of that minute names "
                             "the setting" },
    [CAUSE_LOCAL_SYSTEM] = { "local-system", CAUSE_CLASS_CONFIG,
                             "A mail server lacks disk space, memory or a working daemon: its log "
                             "of that minute tells which" },
    [CAUSE_REMOTE_TEMP] = { "remote-temp", CAUSE_CLASS_REMOTE,
                            "The receiver has trouble of its own: the queue tries again" },
    [CAUSE_EXPIRED] = { "expired", CAUSE_CLASS_REMOTE,
                        "The message was tried until its time was over: the attempts before this "
                        "one tell why" },
    [CAUSE_UNKNOWN] = { "unknown", CAUSE_CLASS_REMOTE,
                        "Read the reply: it names no cause that is known here" },
};

static const char *const class_names[CAUSE_CLASS_COUNT] = {
    [CAUSE_CLASS_RECIPIENT] = "recipient",   [CAUSE_CLASS_SENDER_IDENTITY] = "sender-identity",
    [CAUSE_CLASS_REPUTATION] = "reputation", [CAUSE_CLASS_CONTENT] = "content",
    [CAUSE_CLASS_POLICY] = "policy",         [CAUSE_CLASS_NETWORK] = "network",
    [CAUSE_CLASS_CONFIG] = "config",         [CAUSE_CLASS_REMOTE] = "remote",
};

const char *cause_name(enum cause cause)
{
    return causes[cause].name;
}

const char *cause_advice(enum cause cause)
{
    return causes[cause].advice;
}

enum cause_class cause_class_of(enum cause cause)
{
    return causes[cause].class;
}

const char *cause_class_name(enum cause_class class)
{
    return class_names[class];
}

static bool is_same_name(struct span name, const char *own)
{
    size_t i = 0;
    while (i < name.size && own[i] != '\0') {
        char c = ascii_lower(name.at[i]);
        if ((c == '_' ? '-' : c) != own[i]) {
            return false;
        }
        i++;
    }
    return i == name.size && own[i] == '\0';
}

bool cause_by_name(struct span name, enum cause *cause_r)
{
    for (int i = 0; i < CAUSE_COUNT; i++) {
        if (is_same_name(name, causes[i].name)) {
            *cause_r = (enum cause)i;
            return true;
        }
    }
    return false;
}

/* What the tables are asked about. */
struct asked {
    struct span enhanced, reply_code;
    struct cause_words words;
    bool is_permanent;
};

static bool fits(const struct cause_rule *rule, const struct asked *asked)
{
    return (rule->code == NULL || cause_code_is(rule->code, asked->enhanced)) &&
           (rule->mark == NULL || cause_words_have_mark(&asked->words, rule->mark)) &&
           (rule->text == NULL || cause_words_have(&asked->words, rule->text));
}

static const struct cause_rule *first_of(const struct cause_rule *rules, const struct asked *asked)
{
    for (; rules->cause != CAUSE_COUNT; rules++) {
        if (fits(rules, asked)) {
            return rules;
        }
    }
    return NULL;
}

/* 552 beside 5.7.0 is no full mailbox. */
static const struct cause_rule *by_reply_code(const struct asked *asked)
{
    if (asked->enhanced.size > 2 && strchr("05", asked->enhanced.at[2]) == NULL) {
        return NULL;
    }
    for (const struct cause_rule *rule = cause_replies; rule->cause != CAUSE_COUNT; rule++) {
        if (span_is_equal(asked->reply_code, span_of(rule->code))) {
            return rule;
        }
    }
    return NULL;
}

static bool is_about_address(enum cause cause)
{
    return cause == CAUSE_RECIPIENT_UNKNOWN || cause == CAUSE_MAILBOX_DISABLED ||
           cause == CAUSE_RECIPIENT_DOMAIN;
}

static const struct cause_rule *by_plain_code(const struct asked *asked)
{
    const struct cause_rule *rule = first_of(cause_plain_codes, asked);
    if (rule != NULL && is_about_address(rule->cause)) {
        const struct cause_rule *other = first_of(cause_plain_texts, asked);
        return other != NULL ? other : rule;
    }
    return rule;
}

/* A provider's rows have those with a code first. */
static const struct cause_rule *rule_for(const struct asked *asked, enum cause_provider provider)
{
    const struct cause_rule *rule = NULL;
    if (provider != CAUSE_ANYBODY) {
        rule = first_of(cause_provider_rules[provider], asked);
    }
    if (rule == NULL) {
        rule = by_plain_code(asked);
    }
    if (rule == NULL) {
        rule = first_of(cause_plain_texts, asked);
    }
    if (rule == NULL) {
        rule = first_of(cause_texts, asked);
    }
    if (rule == NULL) {
        rule = first_of(cause_general_codes, asked);
    }
    return rule != NULL ? rule : by_reply_code(asked);
}

/* "5.0.0" and "5.7.0" say little; what the reply itself has says more. */
static bool is_general(struct span enhanced)
{
    return enhanced.size == 0 || span_has_suffix_nocase(enhanced, SPAN(".0"));
}

static void ask(const struct cause_reply *reply, struct asked *asked_r)
{
    struct span enhanced, reply_code;
    cause_codes(span_first(reply->text, CAUSE_TEXT_MAX), &enhanced, &reply_code);
    asked_r->enhanced = cause_is_enhanced(reply->enhanced) ? reply->enhanced : SPAN("");
    if (is_general(asked_r->enhanced) && enhanced.size > 0) {
        asked_r->enhanced = enhanced;
    }
    asked_r->reply_code = reply->reply_code.size > 0 ? reply->reply_code : reply_code;
    struct span deciding =
        cause_is_enhanced(reply->enhanced)
            ? reply->enhanced
            : (asked_r->enhanced.size > 0 ? asked_r->enhanced : asked_r->reply_code);
    asked_r->is_permanent = deciding.size > 0 && deciding.at[0] == '5';
    cause_words_of(span_first(reply->text, CAUSE_TEXT_MAX), &asked_r->words);
}

/* A domain that is not found may be our resolver's fault (5.4.4): only a code about the address
 * makes it hard. A mailbox that is closed for now has other codes than 5.2.1. */
static bool is_hard(const struct asked *asked, const struct cause_rule *rule)
{
    static const char *const codes[] = { "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1" };
    if (!asked->is_permanent || rule == NULL || rule->is_doubtful ||
        !is_about_address(rule->cause)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (cause_code_is(codes[i], asked->enhanced)) {
            return true;
        }
    }
    /* a text counts beside a code that says nothing else: 5.3, 5.4, 5.6 and 5.7 do */
    bool may_be_meant = asked->enhanced.size < 3 || strchr("0125", asked->enhanced.at[2]) != NULL;
    return rule->cause == CAUSE_RECIPIENT_UNKNOWN && rule->text != NULL && may_be_meant;
}

struct cause_found cause_of(const struct cause_reply *reply)
{
    struct asked asked;
    ask(reply, &asked);
    const struct cause_rule *rule = rule_for(&asked, reply->provider);
    return (struct cause_found){ .cause = rule != NULL ? rule->cause : CAUSE_UNKNOWN,
                                 .rule = rule,
                                 .is_permanent = asked.is_permanent,
                                 .is_hard = is_hard(&asked, rule) };
}

const char *cause_found_advice(const struct cause_found *found)
{
    return found->rule != NULL && found->rule->advice != NULL ? found->rule->advice
                                                              : cause_advice(found->cause);
}
