/*
 * cause: what replies come to, whose they are, and which of them may count against an address.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "feedback/cause.h"
#include "feedback/cause_private.h"

struct row {
    enum cause_provider provider;
    const char *enhanced, *text;
    enum cause cause;
    bool is_hard;
};

/* One row, one line. */
/* clang-format off */
static const struct row rows[] = {
    /* about the address */
    { CAUSE_ANYBODY, "5.1.1",
      "550 5.1.1 <a@away.example>: Recipient address rejected: User unknown in virtual mailbox "
      "table",
      CAUSE_RECIPIENT_UNKNOWN, true },
    { CAUSE_ANYBODY, "5.1.1", "", CAUSE_RECIPIENT_UNKNOWN, true },
    { CAUSE_ANYBODY, "5.0.0",
      "host mx.away.example[192.0.2.7] said: 550 5.1.1 No such user (in reply to RCPT TO command)",
      CAUSE_RECIPIENT_UNKNOWN, true },
    { CAUSE_ANYBODY, "5.0.0",
      "host mx.away.example[192.0.2.7] said: 550 Unknown user (in reply to RCPT TO command)",
      CAUSE_RECIPIENT_UNKNOWN, true },
    { CAUSE_ANYBODY, "", "550 Administrator: this is no reason", CAUSE_UNKNOWN, false },
    { CAUSE_ANYBODY, "5.1.6", "moved away", CAUSE_RECIPIENT_UNKNOWN, true },
    { CAUSE_ANYBODY, "5.2.1", "mailbox is disabled", CAUSE_MAILBOX_DISABLED, true },
    { CAUSE_ANYBODY, "5.7.1", "account has been disabled", CAUSE_MAILBOX_DISABLED, false },
    { CAUSE_ANYBODY, "5.1.2", "Bad destination system", CAUSE_RECIPIENT_DOMAIN, true },
    { CAUSE_ANYBODY, "5.1.10", "Domain does not accept mail (nullMX)", CAUSE_RECIPIENT_DOMAIN,
      true },
    { CAUSE_ANYBODY, "5.4.4",
      "Host or domain name not found. Name service error for name=away.example type=AAAA: Host not "
      "found",
      CAUSE_RECIPIENT_DOMAIN, false },
    { CAUSE_ANYBODY, "5.0.0", "User a (a@away.example) not listed in Domino Directory",
      CAUSE_RECIPIENT_UNKNOWN, true },
    /* a code about the address, and a text that says otherwise */
    { CAUSE_ANYBODY, "5.1.1", "550 5.1.1 blocked using zen.spamhaus.org", CAUSE_BLOCKLIST, false },
    { CAUSE_ANYBODY, "5.1.1", "552 5.1.1 user is over quota", CAUSE_MAILBOX_FULL, false },
    { CAUSE_ANYBODY, "5.2.1", "this message looks like spam", CAUSE_CONTENT_SPAM, false },
    { CAUSE_ANYBODY, "5.1.1",
      "host mx.antispam.example[192.0.2.7] said: 550 5.1.1 <spam@away.example> User unknown",
      CAUSE_RECIPIENT_UNKNOWN, true },
    { CAUSE_ANYBODY, "5.1.1", "host mx.antispam.example [192.0.2.7]: 550 5.1.1 User unknown",
      CAUSE_RECIPIENT_UNKNOWN, true },
    /* what is not permanent is not hard */
    { CAUSE_ANYBODY, "4.1.1",
      "450 4.1.1 <a@away.example>: Recipient address rejected: unverified address",
      CAUSE_REMOTE_TEMP, false },
    { CAUSE_ANYBODY, "4.1.1", "450 4.1.1 User unknown", CAUSE_RECIPIENT_UNKNOWN, false },
    { CAUSE_ANYBODY, "4.2.2", "452 4.2.2 Mailbox full", CAUSE_MAILBOX_FULL, false },
    /* what a code cannot tell */
    { CAUSE_ANYBODY, "5.7.1",
      "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example",
      CAUSE_BLOCKLIST, false },
    { CAUSE_ANYBODY, "5.7.1", "554 5.7.1 <a@away.example>: Relay access denied", CAUSE_RELAY_DENIED,
      false },
    { CAUSE_ANYBODY, "5.7.1",
      "550 5.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]", CAUSE_PTR_HELO,
      false },
    { CAUSE_ANYBODY, "5.7.1", "550 5.7.1 SPF check failed", CAUSE_AUTH_SPF, false },
    { CAUSE_ANYBODY, "4.2.0", "450 4.2.0 <a@away.example>: Recipient address rejected: Greylisted",
      CAUSE_GREYLIST, false },
    { CAUSE_ANYBODY, "5.7.1", "552 Virus found", CAUSE_MALWARE, false },
    { CAUSE_ANYBODY, "5.7.27", "550 5.7.27 Sender address null MX", CAUSE_SENDER_NOT_ALLOWED,
      false },
    { CAUSE_ANYBODY, "5.3.4", "552 5.3.4 Message size exceeds fixed limit", CAUSE_SIZE, false },
    { CAUSE_ANYBODY, "5.3.4",
      "message size 30000000 exceeds size limit 10240000 of server mx.away.example[192.0.2.7]",
      CAUSE_SIZE, false },
    /* what our own side says */
    { CAUSE_ANYBODY, "4.4.1", "connect to mx.away.example[192.0.2.7]:25: Connection timed out",
      CAUSE_NETWORK_TIMEOUT, false },
    { CAUSE_ANYBODY, "4.4.1", "connect to mx.away.example[192.0.2.7]:25: Connection refused",
      CAUSE_NETWORK_REFUSED, false },
    { CAUSE_ANYBODY, "4.4.1", "connect to mx.away.example[2001:db8::1]:25: Network is unreachable",
      CAUSE_NETWORK_UNREACHABLE, false },
    { CAUSE_ANYBODY, "4.4.3",
      "Host or domain name not found. Name service error for name=away.example type=MX: Host not "
      "found, try again",
      CAUSE_DNS_FAILURE, false },
    { CAUSE_ANYBODY, "4.4.2",
      "lost connection with mx.away.example[192.0.2.7] while receiving the initial server greeting",
      CAUSE_NETWORK_TIMEOUT, false },
    { CAUSE_ANYBODY, "5.4.6", "mail for away.example loops back to myself", CAUSE_LOOP, false },
    { CAUSE_ANYBODY, "4.7.4",
      "TLS is required, but was not offered by host mx.away.example[192.0.2.7]", CAUSE_TLS_FAILED,
      false },
    { CAUSE_ANYBODY, "4.7.8",
      "SASL authentication failed; server relay.example[192.0.2.7] said: 535 5.7.8 Error",
      CAUSE_RELAY_AUTH, false },
    { CAUSE_ANYBODY, "4.3.5", "mail system configuration error", CAUSE_LOCAL_CONFIG, false },
    { CAUSE_ANYBODY, "", "retry timeout exceeded", CAUSE_EXPIRED, false },
    { CAUSE_ANYBODY, "4.4.7", "450 4.7.1 Client host rejected: cannot find your hostname", CAUSE_PTR_HELO, false },
    { CAUSE_ANYBODY, "4.4.7", "delivery temporarily suspended: connect to mx.away.example[192.0.2.7]:25: Connection refused", CAUSE_NETWORK_REFUSED, false },
    { CAUSE_ANYBODY, "4.4.7", "", CAUSE_EXPIRED, false },
    { CAUSE_ANYBODY, "5.7.0", "552 5.7.0 no", CAUSE_UNKNOWN, false },
    { CAUSE_ANYBODY, "5.0.0", "552 no", CAUSE_MAILBOX_FULL, false },
    { CAUSE_ANYBODY, "5.7.1", "550 5.7.1 no such user", CAUSE_RECIPIENT_UNKNOWN, false },
    { CAUSE_ANYBODY, "", "535 go away", CAUSE_RELAY_AUTH, false },
    { CAUSE_ANYBODY, "", "", CAUSE_UNKNOWN, false },
    /* Google */
    { CAUSE_GOOGLE, "4.7.28", "421-4.7.28 Our system has detected an unusual rate of mail",
      CAUSE_RATE_LIMITED, false },
    { CAUSE_GOOGLE, "5.7.26",
      "550-5.7.26 Unauthenticated email from x.example is not accepted due to\n550-5.7.26 domain's "
      "DMARC policy.",
      CAUSE_AUTH_DMARC, false },
    { CAUSE_GOOGLE, "5.7.26",
      "550-5.7.26 The MAIL FROM domain [x.example] has an SPF record with a hard\n550-5.7.26 fail "
      "policy (-all)",
      CAUSE_AUTH_SPF, false },
    { CAUSE_GOOGLE, "5.7.27", "senders to authenticate with SPF", CAUSE_AUTH_SPF, false },
    { CAUSE_GOOGLE, "5.7.25", "", CAUSE_PTR_HELO, false },
    { CAUSE_GOOGLE, "4.7.29", "", CAUSE_TLS_REQUIRED, false },
    { CAUSE_GOOGLE, "5.7.30", "", CAUSE_AUTH_DKIM, false },
    { CAUSE_GOOGLE, "5.7.31", "", CAUSE_AUTH_DMARC, false },
    { CAUSE_GOOGLE, "5.7.40", "", CAUSE_AUTH_DMARC, false },
    { CAUSE_GOOGLE, "5.7.32", "", CAUSE_AUTH_DMARC, false },
    { CAUSE_GOOGLE, "5.2.1",
      "550-5.2.1 The user you are trying to contact is receiving mail at a rate that\n550-5.2.1 "
      "prevents additional messages from being delivered.",
      CAUSE_RATE_LIMITED, false },
    { CAUSE_GOOGLE, "5.2.1", "550-5.2.1 The email account that you tried to reach is inactive.",
      CAUSE_MAILBOX_DISABLED, true },
    { CAUSE_GOOGLE, "4.2.2", "452-4.2.2 The recipient's inbox is out of storage space.",
      CAUSE_MAILBOX_FULL, false },
    { CAUSE_GOOGLE, "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist.",
      CAUSE_RECIPIENT_UNKNOWN, true },
    { CAUSE_GOOGLE, "5.4.5", "Daily user sending limit exceeded", CAUSE_QUOTA_PROVIDER, false },
    /* Microsoft */
    { CAUSE_MICROSOFT, "5.7.515",
      "Access denied, sending domain x.example doesn't meet the required authentication level",
      CAUSE_AUTH_DMARC, false },
    { CAUSE_MICROSOFT, "5.7.1",
      "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. (S3150)",
      CAUSE_REPUTATION_IP, false },
    { CAUSE_MICROSOFT, "5.7.620", "Access denied, banned sending IP", CAUSE_REPUTATION_IP, false },
    { CAUSE_MICROSOFT, "5.7.705", "Access denied, tenant has exceeded threshold",
      CAUSE_ACCOUNT_BLOCKED, false },
    { CAUSE_MICROSOFT, "5.7.720", "Access denied, tenant has exceeded threshold",
      CAUSE_QUOTA_PROVIDER, false },
    { CAUSE_MICROSOFT, "5.1.8", "Access denied, bad outbound sender", CAUSE_ACCOUNT_BLOCKED,
      false },
    { CAUSE_MICROSOFT, "", "421 RP-001 (SNT004-MC1F43) Unfortunately, some messages weren't sent",
      CAUSE_REPUTATION_IP, false },
    { CAUSE_MICROSOFT, "5.1.10",
      "RESOLVER.ADR.RecipientNotFound; Recipient a@away.example not found by SMTP address lookup",
      CAUSE_RECIPIENT_UNKNOWN, true },
    { CAUSE_MICROSOFT, "5.4.1", "Recipient address rejected: Access denied. AS(201806281)",
      CAUSE_RECIPIENT_UNKNOWN, false },
    /* Yahoo, Apple */
    { CAUSE_YAHOO, "4.7.0",
      "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or "
      "user complaints",
      CAUSE_REPUTATION_IP, false },
    { CAUSE_YAHOO, "4.7.1",
      "421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred",
      CAUSE_REPUTATION_IP, false },
    { CAUSE_YAHOO, "5.7.1", "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1",
      CAUSE_BLOCKLIST, false },
    { CAUSE_YAHOO, "5.7.9", "554 5.7.9 Message not accepted for policy reasons (DMARC)",
      CAUSE_AUTH_DMARC, false },
    { CAUSE_YAHOO, "", "451 VS1-IP Excessive unknown recipients - possible Open Relay (#4.1.8)",
      CAUSE_REPUTATION_IP, false },
    { CAUSE_YAHOO, "",
      "554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [0]",
      CAUSE_RECIPIENT_UNKNOWN, true },
    { CAUSE_APPLE, "5.7.1", "550 5.7.1 [CS01] Message rejected due to local policy.",
      CAUSE_CONTENT_SPAM, false },
};
/* clang-format on */

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cause_reply reply = { .enhanced = span_of(rows[i].enhanced),
                                     .text = span_of(rows[i].text),
                                     .provider = rows[i].provider };
        struct cause_found found = cause_of(&reply);
        if (found.cause != rows[i].cause || found.is_hard != rows[i].is_hard) {
            print_message("%s %s: %s%s\n", rows[i].enhanced, rows[i].text, cause_name(found.cause),
                          found.is_hard ? ", hard" : "");
        }
        assert_int_equal(found.cause, rows[i].cause);
        assert_int_equal(found.is_hard, rows[i].is_hard);
    }
}

static void test_codes(void **state)
{
    static const struct {
        const char *text, *enhanced, *reply;
    } texts[] = {
        { "550 5.1.1 no", "5.1.1", "550" },
        { "550-5.1.1 no\r\n550 5.1.1 no", "5.1.1", "550" },
        { "550 no (#5.1.1)", "5.1.1", "550" },
        { "host a[192.0.2.1] said: 421 4.7.0 wait", "4.7.0", "421" },
        { "smtp; 550 #5.1.0 Address rejected", "5.1.0", "550" },
        { "port 587 at 5.1.1.1, version 4.2.1a", "", "" },
        { "connect to 192.0.2.1: 550 lines", "", "550" },
        { "we know 250 of them", "", "" },
        { "5.1.1", "5.1.1", "" },
        { "5.1.1234", "", "" },
        { "3.1.1 and x5.1.1", "", "" },
        { "", "", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct span enhanced, reply;
        cause_codes(span_of(texts[i].text), &enhanced, &reply);
        if (!span_is_equal(enhanced, span_of(texts[i].enhanced)) ||
            !span_is_equal(reply, span_of(texts[i].reply))) {
            fail_msg("%s: %.*s, %.*s", texts[i].text, SPAN_ARG(enhanced), SPAN_ARG(reply));
        }
    }
}

/* Every cause has a name of its own, a class and advice that is one sentence. */
static void test_set(void **state)
{
    (void)state;
    for (int i = 0; i < CAUSE_COUNT; i++) {
        enum cause cause;
        const char *advice = cause_advice((enum cause)i);
        assert_true(cause_by_name(span_of(cause_name((enum cause)i)), &cause));
        assert_int_equal(cause, i);
        assert_non_null(cause_class_name(cause_class_of(cause)));
        assert_true(strlen(advice) > 20 && advice[strlen(advice) - 1] != '.');
    }
    enum cause cause;
    assert_true(cause_by_name(SPAN("Recipient_Unknown"), &cause));
    assert_int_equal(cause, CAUSE_RECIPIENT_UNKNOWN);
    assert_false(cause_by_name(SPAN("recipient"), &cause));
    assert_false(cause_by_name(SPAN("recipient-unknown-"), &cause));
}

static void check_table(const struct cause_rule *rules, bool is_provider)
{
    for (; rules->cause != CAUSE_COUNT; rules++) {
        const char *text = rules->text != NULL ? rules->text : "";
        assert_true(rules->code != NULL || rules->mark != NULL || rules->text != NULL);
        assert_int_equal(rules->means != NULL, is_provider);
        for (; *text != '\0'; text++) {
            assert_int_equal(*text, ascii_lower(*text));
        }
    }
}

/* Every pattern is found in a text made of it, and no longer when a letter is another. */
static void find_patterns(const struct cause_rule *rules)
{
    for (; rules->cause != CAUSE_COUNT; rules++) {
        char text[200] = "a ";
        struct cause_words words;
        size_t size = 2;
        for (const char *at = rules->text; at != NULL && *at != '\0'; at++) {
            size +=
                (size_t)snprintf(text + size, sizeof(text) - size, *at == '*' ? " x " : "%c", *at);
        }
        cause_words_of(span_of(text), &words);
        if (rules->text != NULL && !cause_words_have(&words, rules->text)) {
            fail_msg("\"%s\" is not found in \"%s\"", rules->text, text);
        }
        text[size - 1] = '~';
        cause_words_of(span_of(text), &words);
        assert_true(rules->text == NULL || !cause_words_have(&words, rules->text));
    }
}

static void test_patterns(void **state)
{
    (void)state;
    find_patterns(cause_plain_codes);
    find_patterns(cause_plain_texts);
    find_patterns(cause_texts);
    find_patterns(cause_general_codes);
    for (int i = CAUSE_ANYBODY + 1; i < CAUSE_PROVIDER_COUNT; i++) {
        find_patterns(cause_provider_rules[i]);
    }
}

static void test_tables(void **state)
{
    (void)state;
    check_table(cause_plain_codes, false);
    check_table(cause_plain_texts, false);
    check_table(cause_texts, false);
    check_table(cause_general_codes, false);
    for (int i = CAUSE_ANYBODY + 1; i < CAUSE_PROVIDER_COUNT; i++) {
        enum cause_provider provider = (enum cause_provider)i;
        const struct cause_provider_row *row = cause_provider_row(provider);
        bool had_text = false;
        check_table(cause_provider_rules[i], true);
        assert_int_equal(cause_provider_by_name(span_of(row->name)), i);
        assert_int_equal(strlen(row->checked), 10);
        for (size_t k = 0; cause_provider_rule(provider, k) != NULL; k++) {
            const struct cause_rule *rule = cause_provider_rule(provider, k);
            assert_int_equal(rule->provider, i);
            assert_false(had_text && rule->code != NULL); /* codes first */
            had_text = rule->code == NULL;
        }
    }
}

static void test_hosts(void **state)
{
    (void)state;
    assert_int_equal(cause_provider_of_host(SPAN("gmail-smtp-in.l.google.com")), CAUSE_GOOGLE);
    assert_int_equal(cause_provider_of_host(SPAN("MTA5.am0.YahooDNS.net.")), CAUSE_YAHOO);
    assert_int_equal(cause_provider_of_host(SPAN("x.mail.protection.outlook.com")),
                     CAUSE_MICROSOFT);
    assert_int_equal(cause_provider_of_host(SPAN("notgoogle.com")), CAUSE_ANYBODY);
    assert_int_equal(cause_provider_of_host(SPAN("google.com.example")), CAUSE_ANYBODY);
    assert_int_equal(cause_provider_of_host(SPAN("")), CAUSE_ANYBODY);
    assert_int_equal(cause_provider_by_name(SPAN("other")), CAUSE_ANYBODY);

    struct span google = SPAN("mx.google.com"), none = SPAN("");
    struct span said = SPAN("host mta5.am0.yahoodns.net[192.0.2.7] said: 421 4.7.0");
    struct span address = SPAN("ann@hotmail.com");
    assert_int_equal(cause_provider_of(google, said, address), CAUSE_GOOGLE);
    assert_int_equal(cause_provider_of(none, said, address), CAUSE_YAHOO);
    assert_int_equal(cause_provider_of(none, SPAN("host "), address), CAUSE_MICROSOFT);
    assert_int_equal(cause_provider_of(none, none, SPAN("ann@away.example")), CAUSE_ANYBODY);
    assert_int_equal(cause_provider_of(none, none, none), CAUSE_ANYBODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),  cmocka_unit_test(test_codes),
        cmocka_unit_test(test_set),   cmocka_unit_test(test_tables),
        cmocka_unit_test(test_hosts), cmocka_unit_test(test_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
