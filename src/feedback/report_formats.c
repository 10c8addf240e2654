/*
 * report_formats: how mail servers tell people of deliveries, as data. What lines look like, what
 * announces recipients, where the returned message begins, who writes so. Collected from what such
 * programs write; a phrase has no more than it takes to know it.
 */
#include "feedback/report_private.h"

/* One row, one line. */
/* clang-format off */
const struct report_shape report_shapes[] = {
    { "<%b>: %t", false },
    { "<%b>:", false },
    { "%c %a... %t", false },
    { "%a... %t", false },
    { "%c %a: %t", false },
    { "%c <%b> %t", false },
    { ">>> rcpt to:%a%t", false },
    { "rcpt to:%a %t", false },
    { "recipient: %a", false },
    { "recipient: %a %t", false },
    { "recipient:%a%t", false },
    { "recipients: %a", false },
    { "recipient address: %a", false },
    { "failed recipient: %a", false },
    { "failed recipients: %a", false },
    { "undeliverable address: %a", false },
    { "undelivered address: %a", false },
    { "invalid address: %a", false },
    { "final recipient: %a", false },
    { "intended recipient: %a", false },
    { "delivery failed %*: %a", false },
    { "undeliverable to %a", false },
    { "%b - %t", false },
    { "\"%b\"", true },
    { "\"%*\" <%b>", true },
    { "> %a", true },
    { "user: %a", true },
    { "email: %a", true },
    { "address: %a", true },
    { "* %a", true },
    { "- %a", true },
    { "* %a %t", true },
    { "%*smtp=%b%t", true },
    { "%*(%b) not listed in %t", false },
    { "%a", true },
    { "%a:", true },
    { "%a;", true },
    { "%a,", true },
    { "%a: %t", true },
    { "%a, %t", true },
    { "%a; %t", true },
    { "%a %t", true },
    { "%a(%t", true },
    { "%a[%t", true },
    { NULL, false },
};

const char *const report_openers[] = {
    "following address",
    "following recipient",
    "following e-mail address",
    "following email address",
    "following user",
    "following destination",
    "list of recipients",
    "not yet been delivered is",
    "not yet been delivered are",
    "addressed to",
    "your message to",
    "to this address",
    "mailbox is full",
    "addresses had permanent fatal errors",
    "addresses had transient non-fatal errors",
    "addresses had delivery errors",
    "addresses had delivery problems",
    "address had permanent fatal errors",
    "address had delivery errors",
    "did not reach",
    "was not delivered to",
    "not delivered to the",
    "could not be delivered to",
    "couldn't be delivered to",
    "cannot be delivered to",
    "can't be delivered to",
    "wasn't delivered to",
    "unable to deliver",
    "couldn't deliver",
    "could not deliver",
    "cannot deliver",
    "failed to deliver",
    "delivery failed to",
    "delivery failed for",
    "delivery to the",
    "delivery to these",
    "delivery has failed to",
    "undeliverable to",
    "undelivered to",
    "undeliverable address",
    "undeliverable recipient",
    "failed recipient",
    "failed address",
    "rejected recipient",
    "recipients returned permanent errors",
    "recipients were",
    "recipient was",
    "these recipients",
    "this recipient",
    "recipient(s)",
    "address(es)",
    "unknown user",
    "user unknown",
    "no such user",
    "invalid recipient",
    "could not be sent to",
    "not be sent to",
    "mailbox for",
    NULL,
};

/* At the beginning of a line, behind dashes and their like. */
const char *const report_enders[] = {
    "below this line is a copy",
    "below the next line is a copy",
    "below is a copy",
    "below follows",
    "this is a copy of",
    "here is a copy",
    "a copy of the message",
    "a copy of the original",
    "the original message follows",
    "original message follow",
    "original message headers",
    "original message header",
    "original message attached",
    "original message:",
    "old message",
    "mensaje original",
    "original message -",
    "original message",
    "original headers",
    "original mail",
    "enclosed is the original",
    "enclosed is a copy",
    "your message follows",
    "message follows",
    "message header follow",
    "message headers follow",
    "message header",
    "header follows",
    "unsent message follows",
    "unsent message below",
    "returned message",
    "returned mail follows",
    "undelivered message follows",
    "undelivered message",
    "unsent text",
    "failed message follows",
    "forwarded message",
    "the body of the message",
    "message contents follow",
    "message contents",
    "message text follows",
    "start of message",
    "begin message",
    "text of your message",
    "a summary of the undelivered message",
    "the header of the original message",
    "the headers of the original",
    "received:",
    "return-path:",
    "message-id:",
    "x-original-to:",
    NULL,
};

const char *const report_delays[] = {
    "not yet been delivered",
    "could not yet be delivered",
    "has been delayed",
    "has been postponed",
    "is delayed",
    "will continue to be",
    "will continue trying",
    "will keep trying",
    "will be retried",
    "will try again",
    "still being retried",
    "still trying",
    "no action is required",
    "do not need to resend",
    "this is a warning message only",
    "warning message only",
    "delivery attempts will continue",
    "delivery delayed",
    "delayed delivery",
    "delayed mail",
    "delivery status notification (delay)",
    "could not send message for past",
    NULL,
};

const char *const report_subjects[] = {
    "undeliver",
    "undelivered",
    "non-deliver",
    "not deliver",
    "nondeliver",
    "delivery fail",
    "delivery has failed",
    "delivery error",
    "delivery problem",
    "delivery report",
    "delivery status",
    "delivery notification",
    "delivery not",
    "delivery delayed",
    "delayed mail",
    "delayed delivery",
    "failure notice",
    "failed delivery",
    "failed mail",
    "failure delivery",
    "returned mail",
    "returned message",
    "return to sender",
    "mail system error",
    "mail delivery",
    "mail error",
    "message delivery",
    "message status",
    "delivery",
    "could not be delivered",
    "couldn't be delivered",
    "could not send",
    "error sending your mail",
    "bounce",
    "user unknown",
    "unknown user",
    "mail failure",
    "message rejected",
    "nondelivery",
    "no se ha podido entregar",
    "unzustellbar",
    "non remis",
    NULL,
};

const char *const report_away_subjects[] = {
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "automatic response",
    "auto response",
    "auto-response",
    "autoresponse",
    "out of office",
    "out of the office",
    "out-of-office",
    "abwesenheit",
    "absence du bureau",
    "automatyczna",       NULL,
};

const struct report_writer report_writers[] = {
    { "qmail",
    "qmail-send program" },
    { "qmail",
    "qmail-" },
    { "postfix",
    "this is the mail system at host" },
    { "postfix",
    "this is the postfix program" },
    { "exim",
    "created automatically by mail delivery software" },
    { "sendmail",
    "transcript of session follows" },
    { "sendmail",
    "had permanent fatal errors" },
    { "exchange",
    "did not reach the following recipient(s)" },
    { "exchange",
    "delivery has failed to these recipients" },
    { "exchange",
    "microsoft exchange" },
    { "opensmtpd",
    "smtpd daemon" },
    { "dragonfly",
    "dragonfly" },
    { "google",
    "googlemail.com" },
    { "google",
    "google.com" },
    { "yahoo",
    "yahoo" },
    { "domino",
    "domino" },
    { "notes",
    "was not delivered to" },
    { "courier",
    "courier" },
    { "mailenable",
    "mailenable" },
    { "groupwise",
    "groupwise" },
    { "zoho",
    "zoho" },
    { "mail.ru",
    "mail.ru" },
    { "aol",
    "aol.com" },
    { "ezweb",
    "ezweb" },
    { "gmx",
    "gmx" },
    { NULL, NULL },
};
/* clang-format on */

static bool is_space(char c)
{
    return (unsigned char)c <= ' ';
}

static struct span skip_blanks(struct span text)
{
    while (text.size > 0 && is_space(text.at[0])) {
        text = span_from(text, 1);
    }
    return text;
}

static bool take_address(struct span *rest_io, bool may_be_angled, struct span *address_r)
{
    struct span rest = *rest_io;
    bool is_angled = may_be_angled && rest.size > 0 && rest.at[0] == '<';
    rest = is_angled ? span_from(rest, 1) : rest;
    if (is_angled && span_has_prefix_nocase(rest, SPAN("mailto:"))) {
        rest = span_from(rest, 7);
    }
    size_t size = report_address_at(rest);
    if (size == 0 || (is_angled && (size >= rest.size || rest.at[size] != '>'))) {
        return false;
    }
    *address_r = span_first(rest, size);
    *rest_io = span_from(rest, size + is_angled);
    return true;
}

/* "550", "550 5.1.1", "550-5.1.1", "5.1.1" */
static bool take_codes(struct span *rest_io)
{
    struct span rest = *rest_io;
    size_t size = 0;
    while (size < rest.size && strchr("0123456789.-#", rest.at[size]) != NULL) {
        size++;
    }
    if (size < 3) {
        return false;
    }
    struct span more = skip_blanks(span_from(rest, size));
    size_t second = 0;
    while (second < more.size && strchr("0123456789.", more.at[second]) != NULL) {
        second++;
    }
    *rest_io = cause_is_enhanced(span_first(more, second)) ? span_from(more, second)
                                                           : span_from(rest, size);
    return true;
}

/* What stands before the next octets of the template; false: they do not come. */
static bool take_anything(struct span *rest_io, const char *next)
{
    size_t size = strcspn(next, "%");
    for (size_t i = 0; i + size <= rest_io->size; i++) {
        if (span_is_equal_nocase(span_first(span_from(*rest_io, i), size),
                                 (struct span){ next, size })) {
            *rest_io = span_from(*rest_io, i);
            return true;
        }
    }
    return false;
}

static bool take_one(char what, const char *next, struct span *rest_io, struct span *address_r,
                     struct span *text_r)
{
    switch (what) {
    case 'a':
    case 'b':
        return take_address(rest_io, what == 'a', address_r);
    case 'c':
        return take_codes(rest_io);
    case '*':
        return take_anything(rest_io, next);
    default: /* 't' */
        *text_r = *rest_io;
        *rest_io = span_from(*rest_io, rest_io->size);
        return true;
    }
}

bool report_shape_fits(const char *template, struct span line, struct span *address_r,
                       struct span *text_r)
{
    struct span rest = skip_blanks(line);
    *address_r = *text_r = (struct span){ NULL, 0 };
    for (; *template != '\0'; template ++) {
        if (*template == '%') {
            template ++;
            if (!take_one(*template, template + 1, &rest, address_r, text_r)) {
                return false;
            }
        } else if (*template == ' ') {
            if (rest.size == 0 || !is_space(rest.at[0])) {
                return false;
            }
            rest = skip_blanks(rest);
        } else if (rest.size == 0 || ascii_lower(rest.at[0]) != *template) {
            return false;
        } else {
            rest = span_from(rest, 1);
        }
    }
    return skip_blanks(rest).size == 0 && address_r->at != NULL;
}

int report_phrase_in(const char *const *phrases, struct span text, size_t *end_r)
{
    for (int i = 0; phrases[i] != NULL; i++) {
        struct span phrase = span_of(phrases[i]);
        for (size_t at = 0; at + phrase.size <= text.size; at++) {
            if (ascii_lower(text.at[at]) == phrase.at[0] &&
                span_is_equal_nocase(span_first(span_from(text, at), phrase.size), phrase)) {
                *end_r = at + phrase.size;
                return i;
            }
        }
    }
    return -1;
}
