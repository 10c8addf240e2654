/*
 * What is done about each finding in each class when no rule is set: a promise to users, as a
 * table. Written apart from the rows of finding.h, so that a change there has to be meant here too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "finding/finding.h"

/* Of submission, relay, list, forward, bounce, local; nothing is done about inbound mail. */
#define REJECT_OR_HOLD "reject hold hold hold hold hold"
#define REJECT_OR_OBSERVE "reject observe observe observe observe observe"
/* Outside of submission only found where the configuration says who may. */
#define NOT_OWNED "reject hold observe observe hold hold"
#define REPAIR_BUT_LISTS "repair repair observe observe repair repair"
#define ALWAYS(action) action " " action " " action " " action " " action " " action

static const struct {
    const char *name, *actions;
} promised[] = {
    { "from-missing", REJECT_OR_HOLD },
    { "from-multiple", REJECT_OR_HOLD },
    { "from-invalid", REJECT_OR_HOLD },
    { "nul-byte", REJECT_OR_HOLD },
    { "header-duplicate", REJECT_OR_OBSERVE },
    { "header-malformed", ALWAYS("observe") },
    { "header-8bit", ALWAYS("observe") },
    { "date-missing", REPAIR_BUT_LISTS },
    { "date-invalid", ALWAYS("observe") },
    { "message-id-missing", REPAIR_BUT_LISTS },
    { "mime-version-missing", REPAIR_BUT_LISTS },
    { "line-too-long", ALWAYS("observe") },
    { "transit-8bit", ALWAYS("observe") },
    { "transit-requote", ALWAYS("observe") },
    { "transit-folding", ALWAYS("observe") },
    { "bare-newline", ALWAYS("observe") },
    { "size-exceeded", ALWAYS("observe") },
    { "private-header", REPAIR_BUT_LISTS },
    { "results-forged", REPAIR_BUT_LISTS },
    { "auth-required", "reject off off off off off" },
    { "tls-required", "reject off off off off off" },
    { "anomaly", ALWAYS("observe") },
    { "virus-found", ALWAYS("hold") },
    { "scan-unavailable", ALWAYS("observe") },
    { "principal-suspended", REJECT_OR_HOLD },
    { "owners-unavailable", "defer observe observe observe observe observe" },
    { "sender-not-owned", NOT_OWNED },
    { "from-not-owned", NOT_OWNED },
    { "calendar-on-behalf", ALWAYS("observe") },
    { "domain-not-ours", ALWAYS("observe") },
    { "display-name-spoof", ALWAYS("observe") },
    { "attachment-dangerous", ALWAYS("hold") }, /* observe where it is no program */
    { "from-at-provider", ALWAYS("observe") },
    { "unsubscribe-missing", ALWAYS("observe") },
    { "spf-would-fail", ALWAYS("observe") },
    { "dmarc-would-fail", REJECT_OR_HOLD }, /* observe where the policy is not reject */
    { "link-listed", ALWAYS("hold") },      /* observe where it is not phishing or malware */
    { "client-listed", ALWAYS("observe") },
    { "domain-listed", ALWAYS("observe") },
    { "signing-failed", ALWAYS("observe") }, /* the domain's on_failure comes with it */
    { "recipient-null-mx", REJECT_OR_OBSERVE },
    { "recipient-domain-missing", ALWAYS("observe") },
    { "recipient-typo", ALWAYS("observe") },
    { "recipient-honeypot", ALWAYS("hold") },
    { "recipients-exceeded", ALWAYS("observe") },
    { "recipient-suppressed", ALWAYS("observe") },
    { "backscatter", ALWAYS("observe") },
    { "mail-loop", ALWAYS("observe") },
    { "auto-reply-astray", ALWAYS("observe") },
    { "limit-exceeded",
      "defer observe observe observe observe observe" }, /* the row's own action */
    { "message-ceiling", ALWAYS("reject") },
    { "overload", ALWAYS("defer") },
};

#define PROMISED_COUNT (sizeof(promised) / sizeof(promised[0]))

static void defaults_are_kept(void **state)
{
    static const enum mail_class classes[] = { CLASS_SUBMISSION, CLASS_RELAY,  CLASS_LIST,
                                               CLASS_FORWARD,    CLASS_BOUNCE, CLASS_LOCAL };
    (void)state;
    for (size_t i = 0; i < PROMISED_COUNT; i++) {
        struct span rest = span_of(promised[i].actions), action;
        enum finding_id id;
        if (!finding_id_parse(span_of(promised[i].name), &id)) {
            fail_msg("there is no finding %s", promised[i].name);
        }
        for (size_t c = 0; c < sizeof(classes) / sizeof(classes[0]); c++) {
            const char *is = action_name(finding_default_action(id, classes[c]));
            assert_true(span_cut(&rest, ' ', &action));
            if (!span_is_equal(action, span_of(is))) {
                fail_msg("%s of class %s is %s, promised is %.*s", promised[i].name,
                         mail_class_name(classes[c]), is, SPAN_ARG(action));
            }
        }
        assert_int_equal(finding_default_action(id, CLASS_INBOUND), ACTION_OFF);
    }
}

static void every_finding_is_promised(void **state)
{
    (void)state;
    for (int id = 0; id < FINDING_COUNT; id++) {
        size_t i = 0;
        while (i < PROMISED_COUNT &&
               strcmp(promised[i].name, finding_name((enum finding_id)id)) != 0) {
            i++;
        }
        if (i == PROMISED_COUNT) {
            fail_msg("%s is not in the table", finding_name((enum finding_id)id));
        }
    }
    assert_int_equal(PROMISED_COUNT, FINDING_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(defaults_are_kept),
                                        cmocka_unit_test(every_finding_is_promised) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
