/*
 * auto_reply_astray: does an automatic reply go to a program? Nobody reads it there, and at worst
 * it is answered, and so on (RFC 3834 2). Bounces and receipts are not meant: they go to where mail
 * came from, a list's address for bounces as well.
 */
#include "checks/checks.h"

/* Local parts of programs, in whole; then their beginnings, then their ends. */
static const char *const whole[] = { "mailer-daemon", "noreply",      "no-reply",
                                     "no_reply",      "donotreply",   "do-not-reply",
                                     "do_not_reply",  "autoresponder" };
static const char *const beginnings[] = { "owner-", "bounce+", "bounces+", "bounce-", "bounces-" };
static const char *const ends[] = { "-request", "-owner", "-bounces" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_program(struct span local)
{
    for (size_t i = 0; i < COUNT(whole); i++) {
        if (span_is_equal_nocase(local, span_of(whole[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        if (span_has_prefix_nocase(local, span_of(beginnings[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (span_has_suffix_nocase(local, span_of(ends[i]))) {
            return true;
        }
    }
    return false;
}

static struct span local_of(const struct recipient *recipient)
{
    ptrdiff_t at = span_find_last(recipient->path, '@');
    return at >= 0 ? span_first(recipient->path, (size_t)at) : recipient->path;
}

static bool is_astray(const struct recipient *recipient, const struct recipient_facts *facts,
                      const void *context)
{
    (void)facts;
    (void)context;
    return recipient->side != RECIPIENT_INTERNAL && is_program(local_of(recipient));
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    struct check_recipients found;
    (void)settings;
    if (evidence->mail_class == CLASS_LIST || evidence->automatic != AUTOMATIC_REPLY) {
        return;
    }
    check_recipients_find(evidence, is_astray, NULL, &found);
    if (found.count == 0) {
        return;
    }
    struct finding *finding = finding_add(findings, FINDING_AUTO_REPLY_ASTRAY,
                                          "let the autoresponder leave such addresses out",
                                          "an automatic reply to %.*s, which is a program",
                                          SPAN_ARG(span_first(found.first->path, 120)));
    if (finding != NULL) {
        finding->spares_message = check_recipients_spare(evidence, &found);
    }
}

const struct check check_auto_reply_astray = { .name = "auto_reply_astray", .run = run };
