"""What the daemon says about a mail server that is set up wrongly, and that the line it names mends it."""

import os
import re

from stage.base import wait_until
from stage.client import Client
from stage.faketime import JumpingClock
from stage.guard import Guard
from stage.load import Load
from stage.mail import Mail
from stage.oldmta import OldMta
from stage.suite import Group, expect, expect_equal
from stage.world import LOGIN, PASSWORD, World, enforcing

# Lists that somebody cut short, and an old protocol.
SHORT_LISTS = {"milter_protocol": "2", "milter_connect_macros": "j _", "milter_mail_macros": "i {auth_type}",
               "milter_rcpt_macros": "i"}

group = Group("selfcheck", lambda options: World(options, "selfcheck", "postfix", enforcing, settings=SHORT_LISTS))


def warnings(w):
    """The lines of the daemon about the mail server's setup."""
    return re.findall(r"(?m)^egress-milter: warning: (.*(?:does not send the macro|no mail came by|then no content"
                      r"|connections with a login).*)$", w.guard.log())


def edit_master(w, edit):
    path = os.path.join(w.mta.etc, "master.cf")
    with open(path, encoding="utf-8") as stream:
        text = edit(stream.read())
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    w.mta.reload()


def session(w):
    client = Client(w.mta.submission)
    client.starttls()
    client.login(LOGIN, PASSWORD)
    return client


@group.case("Postfix whose lists are short: we ask, so nothing is missing by login, by SMTP and by sendmail(1)")
def short_lists(w):
    mail = Mail()
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(class_="submission", daemon="SUBMISSION", user=LOGIN)
    local = Mail(sender="root@acme.example")
    w.mta.sendmail(local.data, local.sender, [local.recipient])
    w.mta.pick_up()
    w.signed(local)
    w.line(local).expect(class_="local", daemon="mx.acme.example")
    stranger = Mail(sender="x@away.example")
    w.send(stranger, source="127.0.0.9")
    w.delivered(stranger)
    expect_equal(warnings(w), [], "warnings")


@group.case("an MTA that cannot be asked for macros: the lists to set are named, as this Postfix has them by default")
def cannot_be_asked(w):
    w.guard.restart()
    with OldMta(w.guard.socket.split(":", 1)[1], "192.0.2.99",
                j="old.acme.example", daemon_name="OLD", v="Postfix 2.5.0") as mta:
        mta.transact("alice@acme.example", "bob@away.example", auth_type="plain")
    told = wait_until(lambda: len(warnings(w)) >= 3 and warnings(w), 5, lambda: f"three warnings: {w.guard.log()}")
    expect_equal([re.search(r"the macro (\S+): ", line).group(1) for line in told],
                 ["{auth_authen}", "{rcpt_mailer}", "i"], "macros")
    for line in told:
        expect('listener "OLD": ' in line and "sendmail.mc" not in line, line)
        name, value = re.search(r"; main\.cf: (\S+) = (.*)$", line).groups()
        default = w.mta._tool("postconf", "-d", "-h", name).stdout.decode().strip()
        expect_equal(value, default, name)


@group.case("a listener of the configuration that never appears is told with the line for master.cf")
def wrong_name(w):
    w.guard.restart(w.config(w).replace('"SUBMISSION"', '"SUBMISION"'))
    w.send(Mail(), port=w.mta.ports["quiet"])
    with session(w) as client:
        for _ in range(200):
            mail = Mail()
            client.send(mail.sender, mail.recipient, mail.data)
    w.signed(mail)
    told = warnings(w)
    expect_equal(len(told), 1, f"warnings: {told}")
    expect(re.search(r'\.conf:\d+: outgoing\.listeners: no mail came by "SUBMISION" while 200 messages of ours came '
                     r'by "QUIET", "SUBMISSION"; .*; master\.cf: -o milter_macro_daemon_name=SUBMISION$', told[0]), told[0])


@group.case("smtpd_proxy_filter in front: mail that passes us unseen is told")
def proxy_filter(w):
    w.guard.restart(w.config(w))
    quiet = w.mta.ports["quiet"]
    edit_master(w, lambda text: text.replace(
        "-o milter_macro_daemon_name=SUBMISSION\n",
        f"-o milter_macro_daemon_name=SUBMISSION\n  -o smtpd_proxy_filter=127.0.0.1:{quiet}\n"))
    with session(w) as client:
        for _ in range(20):
            expect_equal(warnings(w), [], "warnings too early")
            mail = Mail()
            client.send(mail.sender, mail.recipient, mail.data)
    w.unsigned(mail)
    told = wait_until(lambda: warnings(w), 5, lambda: f"a warning: {w.guard.log()}")
    expect_equal(len(told), 1, f"warnings: {told}")
    expect('listener "SUBMISSION": the last 20 transactions of our users had recipients and then no content' in told[0]
           and "-o smtpd_milters= " in told[0], told[0])


@group.case("... and the setup it names signs: no milter here, and one behind the filter")
def proxy_filter_mended(w):
    edit_master(w, lambda text: text.replace(
        "  -o smtpd_proxy_filter=", "  -o smtpd_milters= -o smtpd_proxy_filter=").replace(
            "-o milter_macro_daemon_name=QUIET", "-o milter_macro_daemon_name=BEHIND"))
    w.guard.restart(w.config(w))
    mail = Mail()
    w.submit(mail)
    w.signed(mail)
    expect_equal(warnings(w), [], "warnings")


@group.case("one address for all logins for ten minutes: told once, with the settings of proxies")
def one_address(w):
    """Time goes sixty times as fast for the daemon."""
    guard = Guard(w.stage, w.options.builddir, 'mode = "observe";\n', name="nat")
    guard.start(env=JumpingClock(w.stage).run_fast(60))
    try:
        totals = Load(w.stage, w.options.builddir, guard, "--messages", 1400, "--per-connection", 1, "--rate", 100,
                      "--connections", 4, "--size", "1K").totals()
        expect_equal(totals["accepted"], 1400, "accepted")
        told = re.findall(r"(\d+) of the last (\d+) connections with a login came from 192\.0\.2\.25: NAT .*"
                          r"smtpd_upstream_proxy_protocol = haproxy.*smtpd_authorized_xclient_hosts.*outgoing\.networks",
                          guard.log())
        expect(len(told) == 1 and int(told[0][1]) >= 1000, f"told: {told}: {guard.log()[-800:]}")
        expect(int(told[0][0]) >= 0.95 * int(told[0][1]), f"told: {told}")
    finally:
        guard.stop()


@group.case("Sendmail: nothing is missing, by login, by SMTP and by sendmail(1)")
def sendmail_is_silent(w):
    other = World(w.options, "selfcheck-sendmail", "sendmail", enforcing)
    try:
        mails = [Mail() for _ in range(3)]
        other.submit(mails[0])
        other.send(mails[1])
        other.mta.sendmail(mails[2].data, mails[2].sender, [mails[2].recipient])
        other.mta.flush()
        for mail in mails:
            other.signed(mail)
        expect_equal(warnings(other), [], "warnings")
        other.finish()
    finally:
        other.close()
