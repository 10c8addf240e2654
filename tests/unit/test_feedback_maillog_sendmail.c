/*
 * What lines of Sendmail tell; and that what clients and receivers choose tells nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_maillog_support.h"

static const struct maillog_case queue[] = {
    { "sm-mta",
      "5ASMX0aB012345: from=<a@example.org>, size=108, class=0, nrcpts=2, msgid=<a1@example.org>, "
      "proto=ESMTPSA, daemon=MSA, relay=pc.example.org [192.0.2.25]",
      "queued id=[5ASMX0aB012345] from=[a@example.org] client=[192.0.2.25] name=[pc.example.org "
      "[192.0.2.25]] msgid=[a1@example.org] size=108 nrcpt=2" },
    { "sm-mta",
      "5ASMX0aB012345: from=<a@example.org>, size=108, class=0, nrcpts=1, msgid=<\", nrcpts=9, "
      "relay=[192.0.2.66]\"@x>, bodytype=8BITMIME, proto=ESMTP, daemon=MTA, relay=[192.0.2.25]",
      "queued id=[5ASMX0aB012345] from=[a@example.org] client=[192.0.2.25] name=[[192.0.2.25]] "
      "msgid=[\", nrcpts=9, relay=[192.0.2.66]\"@x] size=108 nrcpt=1" },
    { "sendmail",
      "5ASMX0aB012345: from=root, size=10, class=0, nrcpts=1, msgid=<x@y>, relay=root@localhost",
      "queued id=[5ASMX0aB012345] from=[root] name=[root@localhost] msgid=[x@y] size=10 nrcpt=1" },
    { "sm-mta", "5ASMX0aB012345: from=<>, size=0, class=0, nrcpts=0, relay=[IPv6:2001:db8::1]",
      "queued id=[5ASMX0aB012345] from=[] client=[IPv6:2001:db8::1] name=[[IPv6:2001:db8::1]]" },
    { "sm-mta", "5ASMX0aB012345: from=<a", "-" },
    { "sm-mta", "5ASMX0aB012345: done; delay=00:00:01, ntries=1", "removed id=[5ASMX0aB012345]" },
    { "sm-mta", "AUTH=server, relay=pc [192.0.2.25], authid=alice, mech=PLAIN, bits=0",
      "client client=[192.0.2.25] name=[pc [192.0.2.25]] login=[alice] method=[PLAIN]" },
    { "sm-mta", "5ASMX0aB012345: AUTH=server, relay=[192.0.2.25], authid=alice, mech=PLAIN, bits=0",
      "client id=[5ASMX0aB012345] client=[192.0.2.25] name=[[192.0.2.25]] login=[alice] "
      "method=[PLAIN]" },
    { "sm-mta", "STARTTLS=server, relay=pc [192.0.2.25], version=TLSv1.3, verify=NO", "-" },
};

static const struct maillog_case deliveries[] = {
    { "sm-mta",
      "5ASMX0aB012345: to=<b@example.com>, ctladdr=<a@example.org> (1000/1000), delay=00:00:01, "
      "xdelay=00:00:01, mailer=esmtp, pri=120108, relay=mx.example.com. [192.0.2.1], dsn=2.0.0, "
      "stat=Sent (ok: queued as 4Xk2vS0FzLz2p)",
      "sent id=[5ASMX0aB012345] other=[4Xk2vS0FzLz2p] to=[<b@example.com>] relay=[mx.example.com. "
      "[192.0.2.1]] ip=[192.0.2.1] dsn=[2.0.0] text=[ok: queued as 4Xk2vS0FzLz2p] said=[ok: queued "
      "as 4Xk2vS0FzLz2p] nrcpt=1 delay=1000" },
    { "sm-msp-queue",
      "5ASMX0aB012345: to=b@example.com, ctladdr=a (1/1), delay=00:00:00, mailer=relay, "
      "relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (5ASMX0kL012346 Message accepted for "
      "delivery)",
      "sent id=[5ASMX0aB012345] other=[5ASMX0kL012346] to=[b@example.com] relay=[[127.0.0.1] "
      "[127.0.0.1]] ip=[127.0.0.1] dsn=[2.0.0] text=[5ASMX0kL012346 Message accepted for delivery] "
      "said=[5ASMX0kL012346 Message accepted for delivery] nrcpt=1 delay=0" },
    { "sm-mta",
      "5ASMX0aB012345: to=<b@example.com>,<\"c,d\"@example.com>,<e@example.com>, "
      "delay=2+03:04:05, xdelay=00:00:01, mailer=esmtp, relay=mx.example.com. [192.0.2.1], "
      "dsn=4.0.0, stat=Deferred: Connection timed out with mx.example.com.",
      "deferred id=[5ASMX0aB012345] to=[<b@example.com>,<\"c,d\"@example.com>,<e@example.com>] "
      "relay=[mx.example.com. [192.0.2.1]] ip=[192.0.2.1] dsn=[4.0.0] text=[Deferred: Connection "
      "timed out with mx.example.com.] nrcpt=3 delay=183845000" },
    { "sm-mta",
      "5ASMX0aB012345: to=<b@example.com>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, "
      "relay=mx.example.com. [192.0.2.1], dsn=5.1.1, reply=550 5.1.1 no, dsn=2.0.0, stat=User "
      "unknown",
      "bounced id=[5ASMX0aB012345] to=[<b@example.com>] relay=[mx.example.com. [192.0.2.1]] "
      "ip=[192.0.2.1] dsn=[5.1.1] code=550 text=[User unknown] said=[550 5.1.1 no, dsn=2.0.0] "
      "nrcpt=1 delay=1000" },
    { "sm-mta",
      "5ASMX0aB012345: to=<b@example.org>, delay=00:00:01, mailer=local, dsn=2.0.0, stat=Sent",
      "sent id=[5ASMX0aB012345] to=[<b@example.org>] dsn=[2.0.0] text=[Sent] said=[Sent] nrcpt=1 "
      "delay=1000 inside" },
    { "sm-mta", "5ASMX0aB012345: to=<b@example.org>, delay=00:00:00, mailer=esmtp, stat=queued",
      "-" },
    { "sm-mta",
      "5ASMX0aB012345: to=<b@example.com>, delay=00:00:00, mailer=esmtp, dsn=5.1.2, stat=Host "
      "unknown (Name server: example.com: host not found)",
      "bounced id=[5ASMX0aB012345] to=[<b@example.com>] dsn=[5.1.2] text=[Host unknown (Name "
      "server: example.com: host not found)] nrcpt=1 delay=0" },
    { "sm-mta",
      "5ASMX0aB012345: to=<\"x, dsn=5.1.1, stat=User unknown\"@example.com>, delay=00:00:01, "
      "dsn=2.0.0, stat=Sent (ok)",
      "sent id=[5ASMX0aB012345] to=[<\"x, dsn=5.1.1, stat=User unknown\"@example.com>] dsn=[2.0.0] "
      "text=[ok] said=[ok] nrcpt=1 delay=1000" },
    { "sm-mta", "5ASMX0aB012345: to=<b@example.com>, delay=00:00:01, dsn=2.0", "-" },
    { "sm-mta",
      "5ASMX0aB012345: to=<b@example.com>, delay=00:00:00, pri=30310, stat=mail-loop: it came over "
      "12 mail servers",
      "-" },
    { "sm-mta", "5ASMX0aB012345: to=, delay=00:00:01, dsn=2.0.0, stat=Sent", "-" },
    { "sm-mta", "5ASMX0aB012345: 5ASMX0aC012345: DSN: User unknown",
      "notification id=[5ASMX0aB012345] other=[5ASMX0aC012345] text=[User unknown]" },
    { "sm-mta",
      "5ASMX0aB012345: 5ASMX0aC012345: sender notify: Warning: could not send message for past 4 "
      "hours",
      "notification id=[5ASMX0aB012345] other=[5ASMX0aC012345] text=[Warning: could not send "
      "message for past 4 hours] notice=1" },
    { "sm-mta", "5ASMX0aB012345: 5ASMX0aC012345: return to sender: Cannot send message for 5 days",
      "expired id=[5ASMX0aB012345] other=[5ASMX0aC012345] text=[Cannot send message for 5 days]" },
    { "sm-mta", "5ASMX0aB012345: 5ASMX0aC012345: clone: owner=x", "-" },
};

static const struct maillog_case refusals[] = {
    { "sm-mta",
      "5ASMX0aB012345: ruleset=check_rcpt, arg1=<b@example.org>, relay=h [192.0.2.1] (may be "
      "forged), reject=550 5.7.1 <b@example.org>... Relaying denied",
      "rejected id=[5ASMX0aB012345] to=[<b@example.org>] client=[192.0.2.1] name=[h [192.0.2.1] "
      "(may be forged)] stage=[check_rcpt] dsn=[5.7.1] code=550 text=[<b@example.org>... Relaying "
      "denied] nrcpt=1" },
    { "sm-mta",
      "ruleset=check_relay, arg1=[192.0.2.1], arg2=192.0.2.1, relay=[192.0.2.1], reject=421 4.3.2 "
      "Connection rate limit exceeded.",
      "rejected client=[192.0.2.1] name=[[192.0.2.1]] stage=[check_relay] dsn=[4.3.2] code=421 "
      "text=[Connection rate limit exceeded.]" },
    { "sm-mta", "5ASMX0aB012345: Milter: to=<b@example.org>, reject=550 5.7.1 no",
      "rejected id=[5ASMX0aB012345] to=[<b@example.org>] stage=[to] dsn=[5.7.1] code=550 text=[no] "
      "nrcpt=1 milter" },
    { "sm-mta", "5ASMX0aB012345: Milter: data, reject=451 4.3.2 Please try again later",
      "rejected id=[5ASMX0aB012345] stage=[data] dsn=[4.3.2] code=451 text=[Please try again "
      "later] "
      "milter" },
    { "sm-mta", "5ASMX0aB012345: milter=egress, action=mail, reject=550 5.7.1 no",
      "rejected id=[5ASMX0aB012345] stage=[mail] dsn=[5.7.1] code=550 text=[no] milter" },
    { "sm-mta", "5ASMX0aB012345: milter=egress, quarantine=limit-exceeded: no",
      "held id=[5ASMX0aB012345] text=[limit-exceeded: no] milter" },
    { "sm-mta", "5ASMX0aB012345: milter=egress, discard", "discarded id=[5ASMX0aB012345] milter" },
    { "sm-mta", "5ASMX0aB012345: milter=egress, timeout before data read", "-" },
    { "sm-mta",
      "06I02CNi016765: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): "
      "authentication failure: checkpass failed, user=criminal, relay=[192.0.2.100], "
      "relay=[192.0.2.4] (may be forged)",
      "auth-failed id=[06I02CNi016765] client=[192.0.2.4] name=[[192.0.2.4] (may be forged)] "
      "login=[criminal, relay=[192.0.2.100]] method=[LOGIN] text=[authentication failure (-13) "
      "SASL(-13): authentication failure: checkpass failed] count=1" },
    { "sm-mta", "5ASMX0aB012345: h [192.0.2.1]: possible SMTP attack: command=AUTH, count=5",
      "auth-failed id=[5ASMX0aB012345] client=[192.0.2.1] name=[h [192.0.2.1]] count=5" },
    { "sm-mta",
      "5ASMX0aB012345: h [192.0.2.1] did not issue MAIL/EXPN/VRFY/ETRN during connection "
      "to MTA",
      "-" },
};

static void test_queue(void **state)
{
    (void)state;
    maillog_cases_run(queue, sizeof(queue) / sizeof(queue[0]));
}

static void test_deliveries(void **state)
{
    (void)state;
    maillog_cases_run(deliveries, sizeof(deliveries) / sizeof(deliveries[0]));
}

static void test_refusals(void **state)
{
    (void)state;
    maillog_cases_run(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static void test_recipients(void **state)
{
    struct span rest = SPAN("<b@example.com>,<\"c,d\"@example.com>,e@example.com"), one;
    (void)state;
    assert_true(maillog_recipient(&rest, &one));
    assert_true(span_is_equal(one, SPAN("b@example.com")));
    assert_true(maillog_recipient(&rest, &one));
    assert_true(span_is_equal(one, SPAN("\"c,d\"@example.com")));
    assert_true(maillog_recipient(&rest, &one));
    assert_true(span_is_equal(one, SPAN("e@example.com")));
    assert_false(maillog_recipient(&rest, &one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_deliveries),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_recipients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
