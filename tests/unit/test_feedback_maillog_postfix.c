/*
 * What lines of Postfix tell, 3.4 to 3.11; and that what clients and receivers choose tells
 * nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_maillog_support.h"

static const struct maillog_case deliveries[] = {
    { "postfix/smtp",
      "4Xk2vR3m5Wz1q7: to=<b@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1.9, "
      "delays=0.05/0/1.1/0.71, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4Xk2vS0FzLz2p)",
      "sent id=[4Xk2vR3m5Wz1q7] other=[4Xk2vS0FzLz2p] to=[b@example.com] "
      "relay=[mx.example.com[192.0.2.1]:25] ip=[192.0.2.1] dsn=[2.0.0] code=250 "
      "text=[250 2.0.0 Ok: queued as 4Xk2vS0FzLz2p] said=[250 2.0.0 Ok: queued as 4Xk2vS0FzLz2p] "
      "nrcpt=1 delay=1900 stages=50/0/1100/710" },
    /* 3.11 */
    { "postfix/smtp",
      "4Xk2vR3m5Wz1q7: to=<b@example.com>, relay=mx.example.com[2001:db8::1]:25, conn_use=2, "
      "delay=30, delays=0.1/0/29.9/0, tls=dane/!requiretls:nocertmatch, dsn=2.0.0, status=sent "
      "(250 ok)",
      "sent id=[4Xk2vR3m5Wz1q7] to=[b@example.com] relay=[mx.example.com[2001:db8::1]:25] "
      "ip=[2001:db8::1] tls=[dane/!requiretls:nocertmatch] dsn=[2.0.0] code=250 text=[250 ok] "
      "said=[250 ok] nrcpt=1 delay=30000 stages=100/0/29900/0" },
    { "postfix/smtp",
      "3B5D41F7A: to=<b@example.com>, orig_to=<c@example.org>, relay=none, delay=345600, "
      "delays=345599/0.9/0/0, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.1]:25: "
      "Connection timed out)",
      "deferred id=[3B5D41F7A] to=[b@example.com] orig_to=[c@example.org] dsn=[4.4.1] "
      "text=[connect to mx.example.com[192.0.2.1]:25: Connection timed out] nrcpt=1 "
      "delay=345600000 stages=345599000/900/0/0" },
    /* what a receiver says: brackets, commas, fields of its own */
    { "postfix/smtp",
      "3B5D41F7A: to=<b@example.com>, relay=mx[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=5.7.1, "
      "status=bounced (host mx[192.0.2.1] said: 550-5.7.1 no (really), status=sent (250 ok), "
      "dsn=2.0.0 550 5.7.1 queued as 4Xk2vS0FzLz2p (in reply to end of DATA command))",
      "bounced id=[3B5D41F7A] to=[b@example.com] relay=[mx[192.0.2.1]:25] ip=[192.0.2.1] "
      "dsn=[5.7.1] code=550 text=[host mx[192.0.2.1] said: 550-5.7.1 no (really), status=sent (250 "
      "ok), dsn=2.0.0 550 5.7.1 queued as 4Xk2vS0FzLz2p (in reply to end of DATA command)] "
      "said=[550-5.7.1 no (really), status=sent (250 ok), dsn=2.0.0 550 5.7.1 queued as "
      "4Xk2vS0FzLz2p] nrcpt=1 delay=1000 stages=0/0/0/1000" },
    { "postfix/smtp",
      "3B5D41F7A: to=<b@example.com>, relay=mx[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=4.7.0, "
      "status=deferred (host mx[192.0.2.1] refused to talk to me: 421 4.7.0 too many)",
      "deferred id=[3B5D41F7A] to=[b@example.com] relay=[mx[192.0.2.1]:25] ip=[192.0.2.1] "
      "dsn=[4.7.0] code=421 text=[host mx[192.0.2.1] refused to talk to me: 421 4.7.0 too many] "
      "said=[421 4.7.0 too many] nrcpt=1 delay=1000 stages=0/0/0/1000" },
    /* agents */
    { "postfix/lmtp",
      "3B5D41F7A: to=<b@example.org>, relay=mail[private/dovecot-lmtp], delay=0.2, "
      "delays=0.1/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 <b@example.org> X Saved)",
      "sent id=[3B5D41F7A] to=[b@example.org] relay=[mail[private/dovecot-lmtp]] "
      "ip=[private/dovecot-lmtp] dsn=[2.0.0] code=250 text=[250 2.0.0 <b@example.org> X Saved] "
      "said=[250 2.0.0 <b@example.org> X Saved] nrcpt=1 delay=200 stages=100/0/0/100 inside" },
    { "postfix/local",
      "3B5D41F7A: to=<b@example.org>, relay=local, delay=0.2, delays=0.1/0/0/0.1, dsn=5.2.2, "
      "status=bounced (cannot update mailbox /var/mail/b for user b. error writing message: Disk "
      "quota exceeded)",
      "bounced id=[3B5D41F7A] to=[b@example.org] relay=[local] dsn=[5.2.2] text=[cannot update "
      "mailbox /var/mail/b for user b. error writing message: Disk quota exceeded] nrcpt=1 "
      "delay=200 stages=100/0/0/100 inside" },
    { "postfix/error",
      "3B5D41F7A: to=<b@example.org>, relay=none, delay=0.01, delays=0.01/0/0/0, dsn=5.1.1, "
      "status=undeliverable-but-not-cached (User unknown)",
      "probed id=[3B5D41F7A] to=[b@example.org] dsn=[5.1.1] text=[User unknown] nrcpt=1 delay=10 "
      "stages=10/0/0/0" },
    { "postfix/smtp",
      "3B5D41F7A: to=<b@example.org>, relay=x[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, "
      "status=SOFTBOUNCE (host x[192.0.2.1] said: 550 no)",
      "deferred id=[3B5D41F7A] to=[b@example.org] relay=[x[192.0.2.1]:25] ip=[192.0.2.1] "
      "dsn=[5.1.1] code=550 text=[host x[192.0.2.1] said: 550 no] said=[550 no] nrcpt=1 delay=1000 "
      "stages=0/0/0/1000" },
    { "postfix/discard",
      "3B5D41F7A: to=<b@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent "
      "(gone)",
      "sent id=[3B5D41F7A] to=[b@example.org] dsn=[2.0.0] text=[gone] nrcpt=1 delay=1000 "
      "stages=1000/0/0/0" },
    { "postfix/smtp",
      "3B5D41F7A: to=<b@example.org>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, "
      "dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as "
      "DF66E940333)",
      "sent id=[3B5D41F7A] other=[DF66E940333] to=[b@example.org] "
      "relay=[127.0.0.1[127.0.0.1]:10024] ip=[127.0.0.1] dsn=[2.0.0] code=250 text=[250 2.0.0 from "
      "MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as DF66E940333] said=[250 2.0.0 from "
      "MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as DF66E940333] nrcpt=1 delay=1000 "
      "stages=0/0/0/1000" },
    /* cut by the log */
    { "postfix/smtp",
      "3B5D41F7A: to=<b@example.org>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, "
      "status=deferred (host x[192.0.2.1] sa",
      "deferred id=[3B5D41F7A] to=[b@example.org] dsn=[4.0.0] text=[host x[192.0.2.1] sa] nrcpt=1 "
      "delay=1000 stages=0/0/0/1000 cut" },
    { "postfix/smtp",
      "3B5D41F7A: to=<b@example.org>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=def",
      "-" },
    { "postfix/smtp", "3B5D41F7A: to=<b@example.org>, relay=none, delay=1", "-" },
    { "postfix/smtp", "3B5D41F7A: to=<b@example.org", "-" },
    { "postfix/smtp", "3B5D41F7A: to=<>, relay=none, status=sent (ok)", "-" },
    { "postfix/smtp", "3B5D41F7A: to=<b@example.org>, relay=none, status=sent",
      "sent id=[3B5D41F7A]"
      " to=[b@example.org]"
      " nrcpt=1 cut" },
    /* recipients with fields of their own: quoted, and as Postfix before 3.5 wrote them */
    { "postfix/smtp",
      "3B5D41F7A: to=<\"x>, relay=none, dsn=5.1.1, status=bounced (y\\\" \"@example.com>, "
      "relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (ok)",
      "sent id=[3B5D41F7A] to=[\"x>, relay=none, dsn=5.1.1, status=bounced (y\\\" \"@example.com] "
      "dsn=[2.0.0] text=[ok] nrcpt=1 delay=1000 stages=0/0/0/1000" },
    { "postfix/smtp",
      "3B5D41F7A: to=<x>, relay=none, dsn=5.1.1, status=bounced (y@example.com>, relay=none, "
      "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (ok))",
      "-" },
    { "postfix/smtp", "connect to mx.example.com[192.0.2.1]:25: Connection timed out", "-" },
    { "postfix/smtp", "3B5D41F7A: host mx[192.0.2.1] said: 421 4.7.0 later (in reply to MAIL)",
      "-" },
};

static const struct maillog_case queue[] = {
    { "postfix/qmgr", "3B5D41F7A: from=<a@example.org>, size=1234, nrcpt=2 (queue active)",
      "queued id=[3B5D41F7A] from=[a@example.org] size=1234 nrcpt=2" },
    { "postfix/qmgr", "3B5D41F7A: from=<>, size=9, nrcpt=1 (queue active)",
      "queued id=[3B5D41F7A] from=[] size=9 nrcpt=1" },
    { "postfix/qmgr",
      "3B5D41F7A: from=<\"x>, size=1, nrcpt=999 (queue active)\"@a.b>, size=7, nrcpt=1 (queue "
      "active)",
      "queued id=[3B5D41F7A] from=[\"x>, size=1, nrcpt=999 (queue active)\"@a.b] size=7 nrcpt=1" },
    { "postfix/qmgr", "3B5D41F7A: from=<a@example.org>, status=expired, returned to sender",
      "expired id=[3B5D41F7A] from=[a@example.org] text=[expired, returned to sender]" },
    { "postfix/qmgr", "3B5D41F7A: from=<a@example.org>, status=force-expired, returned to sender",
      "expired id=[3B5D41F7A] from=[a@example.org] text=[force-expired, returned to sender]" },
    { "postfix/qmgr", "3B5D41F7A: from=<a>, size=x, nrcpt=2", "-" },
    { "postfix/qmgr", "3B5D41F7A: from=<a>, size=1, nrcpt=", "-" },
    { "postfix/qmgr", "3B5D41F7A: from=<a>, nrcpt=2, size=1", "-" },
    { "postfix/qmgr", "3B5D41F7A: from=<a>, size=9999999999999999, nrcpt=1", "-" },
    { "postfix/qmgr", "3B5D41F7A: from=<a", "-" },
    { "postfix/qmgr", "3B5D: removed", "-" },
    { "postfix/qmgr", "3B5D41F7A: removed", "removed id=[3B5D41F7A]" },
    { "postfix/postsuper", "3B5D41F7A: removed", "removed id=[3B5D41F7A]" },
    { "postfix/postsuper", "3B5D41F7A: placed on hold", "held id=[3B5D41F7A]" },
    { "postfix/postsuper", "3B5D41F7A: released from hold", "-" },
    { "postfix/cleanup", "3B5D41F7A: canceled", "canceled id=[3B5D41F7A]" },
    { "postfix/cleanup", "3B5D41F7A: message-id=<a1@example.org>",
      "message-id id=[3B5D41F7A] msgid=[a1@example.org]" },
    { "postfix/cleanup", "3B5D41F7A: message-id=a1", "message-id id=[3B5D41F7A] msgid=[a1]" },
    { "postfix/cleanup", "3B5D41F7A: message-id=<client=a[192.0.2.1]>",
      "message-id id=[3B5D41F7A] msgid=[client=a[192.0.2.1]]" },
    { "postfix/cleanup", "3B5D41F7A: resent-message-id=<a1@example.org>", "-" },
    { "postfix/pickup", "3B5D41F7A: uid=33 from=<www-data>",
      "pickup id=[3B5D41F7A] from=[www-data] count=33" },
    { "postfix/pickup", "3B5D41F7A: uid=0 from=<>", "pickup id=[3B5D41F7A] from=[]" },
    { "postfix/pickup", "3B5D41F7A: uid=0 from=<a", "-" },
    { "postfix/bounce", "3B5D41F7A: sender non-delivery notification: 4Xk2vS0FzLz2p",
      "notification id=[3B5D41F7A] other=[4Xk2vS0FzLz2p]" },
    { "postfix/bounce", "3B5D41F7A: sender delay notification: 0A87A1A08",
      "notification id=[3B5D41F7A] other=[0A87A1A08] notice=1" },
    { "postfix/bounce", "3B5D41F7A: postmaster non-delivery notification: 0A87A1A08",
      "notification id=[3B5D41F7A] other=[0A87A1A08]" },
    { "postfix/bounce", "3B5D41F7A: sender notification failed to 0A87A1A08", "-" },
    { "postfix/smtpd", "3B5D41F7A: client=pc.example.org[192.0.2.25]",
      "client id=[3B5D41F7A] client=[192.0.2.25] name=[pc.example.org]" },
    { "postfix/submission/smtpd",
      "3B5D41F7A: client=unknown[2001:db8::1], sasl_method=LOGIN, sasl_username=bob@example.org",
      "client id=[3B5D41F7A] client=[2001:db8::1] name=[unknown] login=[bob@example.org] "
      "method=[LOGIN]" },
    { "postfix/smtpd",
      "3B5D41F7A: client=a[192.0.2.1], sasl_method=LOGIN, sasl_username=bob, sasl_sender=x@y",
      "client id=[3B5D41F7A] client=[192.0.2.1] name=[a] login=[bob] method=[LOGIN]" },
    { "postfix/smtpd", "3B5D41F7A: client=a", "-" },
    { "postfix/smtpd", "3B5D41F7A: client=a]b[", "-" },
    { "postfix/smtpd", "NOQUEUE: client=a[192.0.2.1], sasl_username=alice", "-" },
    { "postfix/smtpd", "connect from a[192.0.2.1]", "-" },
    { "postfix/smtpd", "warning: client=a[192.0.2.1]", "-" },
    { "postfix/cleanup", "3B5D41F7A: ", "-" },
    { "postfix/cleanup", "", "-" },
};

static const struct maillog_case refusals[] = {
    { "postfix/smtpd",
      "NOQUEUE: reject: RCPT from h.example[192.0.2.1]: 550 5.1.1 <b@example.org>: Recipient "
      "address "
      "rejected: User unknown; from=<a@example.com> to=<b@example.org> proto=ESMTP "
      "helo=<h.example>",
      "rejected from=[a@example.com] to=[b@example.org] client=[192.0.2.1] name=[h.example] "
      "stage=[RCPT] dsn=[5.1.1] code=550 text=[<b@example.org>: Recipient address rejected: User "
      "unknown] nrcpt=1" },
    /* 3.10 */
    { "postfix/submission/smtpd",
      "3B5D41F7A: reject: RCPT from h[192.0.2.1]: 550 5.7.1 no; from=<a@b> to=<c@d> proto=ESMTP "
      "helo=<h> sasl_method=PLAIN sasl_username=alice",
      "rejected id=[3B5D41F7A] from=[a@b] to=[c@d] client=[192.0.2.1] name=[h] login=[alice] "
      "method=[PLAIN] stage=[RCPT] dsn=[5.7.1] code=550 text=[no] nrcpt=1" },
    { "postfix/smtpd",
      "NOQUEUE: reject: RCPT from h[192.0.2.1]: 550 5.7.1 no; from=<> to=<c@d> proto=ESMTP "
      "helo=<h> "
      "sasl_method=PLAIN sasl_username=alice>",
      "rejected from=[] to=[c@d] client=[192.0.2.1] name=[h] stage=[RCPT] dsn=[5.7.1] code=550 "
      "text=[no] nrcpt=1" },
    { "postfix/smtpd",
      "NOQUEUE: reject: RCPT from h[192.0.2.1]: 553 5.7.1 <\"; from=<x> \"@d>: Sender address "
      "rejected; from=<\"> to=<z>\"@d> to=<c@d> proto=ESMTP helo=<h; from=<e> to=<f>>",
      "rejected from=[\"> to=<z>\"@d] to=[c@d] client=[192.0.2.1] name=[h] stage=[RCPT] "
      "dsn=[5.7.1] code=553 text=[<\"; from=<x> \"@d>: Sender address rejected] nrcpt=1" },
    { "postfix/smtpd",
      "NOQUEUE: reject: EHLO from h[192.0.2.1]: 504 5.5.2 <User>: Helo command "
      "rejected: need fully-qualified hostname; proto=SMTP helo=<User>",
      "rejected client=[192.0.2.1] name=[h] stage=[EHLO] dsn=[5.5.2] code=504 text=[<User>: Helo "
      "command rejected: need fully-qualified hostname]" },
    { "postfix/smtpd",
      "NOQUEUE: reject_warning: RCPT from h[192.0.2.1]: 553 5.7.1 no; from=<a@b> "
      "to=<c@d> proto=ESMTP helo=<h>",
      "rejected from=[a@b] to=[c@d] client=[192.0.2.1] name=[h] stage=[RCPT] dsn=[5.7.1] code=553 "
      "text=[no] nrcpt=1 warning" },
    { "postfix/postscreen",
      "NOQUEUE: reject: RCPT from [192.0.2.3]:60591: 550 5.7.1 Service unavailable; client "
      "[192.0.2.3] blocked using rbl.example.com; from=<a@b>, to=<c@d>, proto=ESMTP, helo=<h>",
      "rejected from=[a@b] to=[c@d] client=[192.0.2.3] name=[] stage=[RCPT] dsn=[5.7.1] code=550 "
      "text=[Service unavailable; client [192.0.2.3] blocked using rbl.example.com] nrcpt=1" },
    { "postfix/cleanup",
      "3B5D41F7A: milter-reject: END-OF-MESSAGE from h[192.0.2.1]: 5.7.1 from-not-owned: no; "
      "from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
      "rejected id=[3B5D41F7A] from=[a@b] to=[c@d] client=[192.0.2.1] name=[h] "
      "stage=[END-OF-MESSAGE] dsn=[5.7.1] text=[from-not-owned: no] nrcpt=1 milter" },
    { "postfix/cleanup",
      "3B5D41F7A: milter-hold: END-OF-MESSAGE from h[192.0.2.1]: milter triggers HOLD action; "
      "from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
      "held id=[3B5D41F7A] from=[a@b] to=[c@d] client=[192.0.2.1] name=[h] stage=[END-OF-MESSAGE] "
      "text=[milter triggers HOLD action] nrcpt=1 milter" },
    { "postfix/cleanup",
      "3B5D41F7A: milter-discard: END-OF-MESSAGE from h[192.0.2.1]: milter triggers DISCARD "
      "action; "
      "from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
      "discarded id=[3B5D41F7A] from=[a@b] to=[c@d] client=[192.0.2.1] name=[h] "
      "stage=[END-OF-MESSAGE] text=[milter triggers DISCARD action] nrcpt=1 milter" },
    { "postfix/cleanup",
      "3B5D41F7A: reject: header Subject: from x[1] from h[192.0.2.1]; from=<a@b> to=<c@d> "
      "proto=ESMTP helo=<h>: 5.7.1 no such words",
      "rejected id=[3B5D41F7A] from=[a@b] to=[c@d] client=[192.0.2.1] name=[h] stage=[header] "
      "dsn=[5.7.1] text=[no such words] nrcpt=1" },
    { "postfix/cleanup", "3B5D41F7A: hold: header Subject: x from local; from=<a@b> to=<c@d>",
      "held id=[3B5D41F7A] from=[a@b] to=[c@d] stage=[header] text=[] nrcpt=1" },
    { "postfix/smtpd",
      "proxy-reject: END-OF-MESSAGE: 550 5.7.1 no; from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
      "rejected from=[a@b] to=[c@d] stage=[END-OF-MESSAGE] dsn=[5.7.1] code=550 text=[no] "
      "nrcpt=1" },
    { "postfix/cleanup",
      "4104E3D: milter-header-redirect: header X from h[192.0.2.1]; from=<a@b>: tom@example.com",
      "-" },
    { "postfix/smtpd", "NOQUEUE: reject: RCPT from", "-" },
    { "postfix/smtpd", "NOQUEUE: reject: ", "-" },
    { "postfix/smtpd", "NOQUEUE: reject: RCPT from h[192.0.2.1]: 5",
      "rejected client=[192.0.2.1] name=[h] stage=[RCPT] text=[5]" },
    { "postfix/smtpd", "NOQUEUE: reject: RCPT from h[192.0.2.1]: 550 5.1.1 <\"x",
      "rejected client=[192.0.2.1] name=[h] stage=[RCPT] dsn=[5.1.1] code=550 text=[<\"x]" },
};

static const struct maillog_case logins[] = {
    { "postfix/smtpd", "warning: h[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
      "auth-failed client=[192.0.2.1] name=[h] method=[LOGIN] text=[UGFzc3dvcmQ6] count=1" },
    { "postfix/smtpd", "warning: unknown[2001:db8::1]: SASL PLAIN authentication failed: ",
      "auth-failed client=[2001:db8::1] name=[unknown] method=[PLAIN] text=[] count=1" },
    { "postfix/smtpd",
      "warning: h[192.0.2.1]: SASL PLAIN authentication failed: authentication failure, "
      "sasl_username=alice, sasl_username=bob",
      "auth-failed client=[192.0.2.1] name=[h] login=[alice, sasl_username=bob] method=[PLAIN] "
      "text=[authentication failure] count=1" },
    { "postfix/smtpd",
      "warning: h[192.0.2.1]: SASL PLAIN authentication failed: (reason unavailable), "
      "sasl_username=(unavailable)",
      "auth-failed client=[192.0.2.1] name=[h] method=[PLAIN] text=[(reason unavailable)] "
      "count=1" },
    { "postfix/smtpd",
      "warning: h[192.0.2.1]: SASL LOGIN authentication failed: Connection lost to authentication "
      "server",
      "-" },
    { "postfix/smtpd",
      "warning: h[192.0.2.1]: SASL LOGIN authentication failed: Temporary authentication failure",
      "-" },
    { "postfix/smtpd", "warning: h[192.0.2.1]: SASL PLAIN authentication aborted", "-" },
    { "postfix/smtpd", "disconnect from h[192.0.2.1] ehlo=1 auth=0/3 quit=1 commands=2/5",
      "disconnected client=[192.0.2.1] name=[h] count=3" },
    { "postfix/smtpd", "disconnect from h[192.0.2.1] ehlo=1 auth=1/2 mail=1 commands=2/5",
      "disconnected client=[192.0.2.1] name=[h] count=1" },
    { "postfix/smtpd", "disconnect from h[192.0.2.1] ehlo=1 auth=1 mail=1 commands=3", "-" },
    { "postfix/smtpd", "disconnect from h[192.0.2.1]", "-" },
};

static void test_deliveries(void **state)
{
    (void)state;
    maillog_cases_run(deliveries, sizeof(deliveries) / sizeof(deliveries[0]));
}

static void test_queue(void **state)
{
    (void)state;
    maillog_cases_run(queue, sizeof(queue) / sizeof(queue[0]));
}

static void test_refusals(void **state)
{
    (void)state;
    maillog_cases_run(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static void test_logins(void **state)
{
    (void)state;
    maillog_cases_run(logins, sizeof(logins) / sizeof(logins[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deliveries),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_logins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
