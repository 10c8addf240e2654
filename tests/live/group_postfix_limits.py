"""Limits through Postfix 3.7."""

import re
import time

import cases_limits
import cases_limits_ctl
import cases_limits_told
from cases_limits_ctl import buckets
from limits_world import NOBODYS, LimitsWorld, others, use_up
from stage.base import PATIENCE, run_tool, wait_until
from stage.client import Client, Refused
from stage.faketime import JumpingClock
from stage.mail import Mail
from stage.suite import Group, expect, expect_equal

WINDOW_S = 60
SLOT_S = WINDOW_S / 12
PHP_USERS = (33, 1000)

# Postfix slows clients down that make errors, and a refused message is one.
SETTINGS = {"internal_mail_filter_classes": "bounce", "smtpd_error_sleep_time": "0", "smtpd_hard_error_limit": "1000",
            "virtual_alias_domains": NOBODYS}


class PostfixWorld(LimitsWorld):
    IS_MACHINES = True


group = Group("postfix-limits", lambda options: PostfixWorld(options, "postfix-limits", "postfix", settings=SETTINGS))
cases_limits_told.add_to(group)
cases_limits.add_to(group)
cases_limits_ctl.add_to(group)


@group.case("bounces have an account of their own, and are not stopped")
def bounces(w):
    before = used_by_bounces(w)
    with w.session(w.take("mailing")) as client:
        for _ in range(6):
            mail = Mail()
            client.send(f"{mail.token}@acme.example", f"no-{mail.token}@away.example", mail.data)
            w.sink.wait(f"{mail.token}@acme.example")
    expect_equal(used_by_bounces(w), before + 6, "bounces that were counted")
    bounced = [line for line in w.guard.lines() if line["class"] == "bounce"]
    bounced[-1].expect(verdict="accept", user="bounce", rules="limit-exceeded:observe", by="-")


def used_by_bounces(w):
    return buckets(w, "bounce")["bounce"][1]["default"]["used"]


@group.case("mail() of PHP: sendmail -t as the user of each web site, and each has an account of its own")
def by_users(w):
    """Held and not deferred at the limit: nobody would read the reply, and pickup(8) would be stuck."""
    for uid in PHP_USERS:
        account = f"{uid}:mail.php"
        for used in (1, 2, 3):
            mail = Mail(sender="www@acme.example", fields=(("X-PHP-Originating-Script", account),))
            run_tool(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "/usr/sbin/sendmail", "-t", "-i",
                      "-f", mail.sender], stdin=mail.data.replace(b"\r\n", b"\n"))
            line = w.line(mail).expect(class_="local", user=account, verdict="hold" if used > 2 else "accept")
            expect(f"web:{used}/2" in line["limits"].split(","), f"limits of {account}: {line['limits']}")
            if used > 2:
                wait_until(lambda at=line: w.mta.is_held(at.queue_id), 20, f"{line.queue_id} to be held")
            else:
                message = w.signed(mail)
                expect_equal(message.values("X-PHP-Originating-Script"), [], "names of scripts that leave")


@group.case("one connection for many logins: everybody pays for what is his")
def one_connection(w):
    logins = [w.take() for _ in range(3)]
    with Client(w.mta.smtp, source="127.0.0.9") as client:
        for used in range(1, 7):
            for login in logins:
                client.xclient(f"ADDR=127.0.0.9 NAME=[UNAVAILABLE] LOGIN={login}")
                mail = Mail(sender=login)
                reply = client.send(mail.sender, mail.recipient, mail.data, want=250 if used <= 5 else 451)
                expect(used <= 5 or "5 of 5" in reply.text, f"reply: {reply.text}")
                w.line(mail).expect(user=login, limits=f"default:{min(used, 5)}/5")


@group.case("the client of a recipient limit sends the rest after it: both parts are charged")
def recipient_limit(w):
    """What smtpd_recipient_limit refuses (452) is not part of the message and costs nothing."""
    login, mail = w.take("mailing"), Mail()
    recipients = others(mail, 2100)
    w.guard.configure(w.config(w).replace("max = 500;", "max = 2050;"))
    w.guard.reload()
    with w.session(login) as client:
        client.mail(mail.sender)
        replies = [client.rcpt(recipient, want=None).code for recipient in recipients]
        expect_equal((replies.count(250), replies[-1]), (2000, 452), "recipients that were taken")
        first = client.data(mail.data)
        second = client.send(mail.sender, recipients[2000:], mail.data, want=451)
    w.guard.configure(w.config(w))
    w.guard.reload()
    w.line(first).expect(verdict="accept", limits="mailing:2000/2050")
    expect("2000 of 2050 external recipients used" in second.text, f"reply: {second.text}")


@group.case("the wall clock jumps, and the daemon is started anew meanwhile: what was used stays used")
def clock_jumps(w):
    """Time is counted by the clock of the machine that nobody sets."""
    clock, day, login = JumpingClock(w.stage), 86400, w.take()
    w.guard.stop()
    w.guard.start(w.config(w), env=clock.env)
    use_up(w, login)
    for jump in (day, -day, 0):
        clock.jump(jump)
        expect("default: 5 of 5" in w.mail_of(login, want=451)[0].text, f"after a jump of {jump} s")
        w.guard.stop()
        w.guard.start(env=clock.env)
        expect("default: 5 of 5" in w.mail_of(login, want=451)[0].text, f"started after a jump of {jump} s")
    w.guard.restart(w.config(w))


@group.case("it fits again when the reply said, and not before")
def fits_again(w):
    """What was used is forgotten one slot late at most, and never early."""
    login, begin = w.take("minute"), time.monotonic()
    w.mail_of(login)[1].expect(verdict="accept", limits="default:1/5,minute:1/2")
    w.mail_of(login)[1].expect(verdict="accept", limits="default:2/5,minute:2/2")
    charged, mail = time.monotonic(), Mail()
    reply, _ = w.mail_of(login, mail=mail, want=451)
    found = re.search(r": limit minute: 2 of 2 messages to outside used in 1 minute, this message needs 1; "
                      r"it fits again in (\d+ seconds|1 minute|2 minutes)$", reply.text)
    expect(found, f"reply: {reply.text}")

    def is_taken():
        with w.session(login) as client:
            try:
                return client.send(mail.sender, mail.recipient, mail.data)
            except Refused:
                return None
    wait_until(is_taken, 3 * WINDOW_S, "the message to be taken")
    end = time.monotonic()
    expect(end - begin >= WINDOW_S, f"it was taken after {end - begin:.1f} s")
    latest = WINDOW_S + SLOT_S + 2 * PATIENCE
    expect(end - charged < latest, f"it was taken {end - charged:.1f} s after the last that was counted")
    print(f"taken {end - begin:.1f} s after the first, told: {found.group(1)}", flush=True)
    w.last_line(mail).expect(verdict="accept")
