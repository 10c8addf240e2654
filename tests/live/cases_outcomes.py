"""Cases about what becomes of mail: the MTA's log and reports that come in teach behaviour, limits and suppression.

On every MTA.  What waits for a pause of a second waits for the clock that the records are kept by.
"""

import json
import os
import time

from stage.base import wait_until
from stage.client import Client
from stage.mail import Mail
from stage.suite import expect, expect_equal
from stage.world import LOGIN, PASSWORD, STRANGER, enforcing

APART_SECONDS = 1
SETTLED_SECONDS = 6  # more than entries wait in a directory of journals
REPORT = """--b

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.away.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such person

--b
Content-Type: text/rfc822-headers

From: {sender}
Message-ID: <{id}>

--b--
"""
COMPLAINT = """--b

This is a complaint.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: provider/1
Version: 1
Original-Rcpt-To: {recipient}

--b
Content-Type: message/rfc822

From: {sender}
Message-ID: <{id}>

text
--b--
"""


def config(world, log=None):
    """`log`: what is followed, absent: a file."""
    if log is None:
        log = world.stage.path("mail.log")
        if not os.path.exists(log):
            world.stage.write("mail.log", "", mode=0o644)
    return enforcing(world, 'rules = { recipient-suppressed = "reject"; };\n'
                            f'suppression = {{ after = 2; apart = "{APART_SECONDS}s"; }};\n'
                            f'feedback = {{ log = [ "{log}" ]; }};\n'
                            'limits = ( { name = "default"; count = "recipients"; max = 1000000; per = "1h"; },\n'
                            '           { name = "dead"; count = "failed-recipients"; max = 1000; per = "1d";\n'
                            '             action = "observe"; } );\n')


def behaviour(w, login=LOGIN):
    told = json.loads(w.guard.ctl_run("--json", "user", "show", login).stdout)
    for bucket in told["buckets"]:
        if bucket["class"] == "submission":
            return bucket.get("behaviour", {})
    return {}


def suppressed(w, address):
    """Its states on the list, by sender domain."""
    told = json.loads(w.guard.ctl_run("--json", "suppress", "list", address).stdout)
    return {one["domain"]: (one["state"], one["source"]) for one in told["suppressed"] if one["address"] == address}


def send_to(w, recipient):
    mail = Mail()
    mail.recipient = recipient
    w.submit(mail)
    return mail


def arrives_at_principal(w):
    """A receiver that takes, one that refuses, one that puts off: told of the login that sent."""
    before = behaviour(w)
    good, bad, later = Mail(), Mail(), Mail()
    bad.recipient = f"no-{bad.token}@away.example"
    later.recipient = f"later-{later.token}@away.example"
    for mail in (good, bad, later):
        w.submit(mail)
    w.delivered(good)

    def told():
        now = behaviour(w)
        return (now.get("unknown_addresses", 0) > before.get("unknown_addresses", 0) and
                now.get("delivered", 0) > before.get("delivered", 0))
    wait_until(told, 20, lambda: f"outcomes at {LOGIN}: {before}, then {behaviour(w)}")
    queued = w.guard.ctl_run("user", "messages", "--queued", LOGIN, w.stage.path("mail.log")).stdout.decode().split()
    expect_equal(queued, [w.line(later).queue_id], "what is still queued")
    expect_equal(behaviour(w)["unknown_addresses"], before.get("unknown_addresses", 0) + 1, "unknown addresses")
    again = send_to(w, f"{good.token}x@away.example")
    line = w.line(again)
    expect(any(one.startswith("dead:") and not one.startswith("dead:0/") for one in line["limits"].split(",")),
           f"limits: {line['limits']}")
    wait_until(lambda: behaviour(w)["delivered"] == before.get("delivered", 0) + 2, 20, "both deliveries to be known")


def survives(w):
    """kill -9 of parent and child forgets no profile, and the log is read on where it was left."""
    known = behaviour(w).get("delivered", 0)
    first = Mail()
    w.submit(first)
    w.delivered(first)
    wait_until(lambda: behaviour(w).get("delivered", 0) == known + 1, 20, "its delivery to be known")
    before = behaviour(w)
    w.guard.kill_all()
    mail = Mail()
    w.guard.start()
    now = behaviour(w)
    expect_equal((now["delivered"], now["unknown_addresses"]), (before["delivered"], before["unknown_addresses"]), "outcomes")
    w.submit(mail)
    w.delivered(mail)
    wait_until(lambda: behaviour(w)["delivered"] == before["delivered"] + 1, 20,
               lambda: f"one delivery more: {before}, then {behaviour(w)}")


def guessed(w):
    """Passwords that the mail server refused are told of the login they were tried for, and of nobody else."""
    mail = Mail()
    w.submit(mail)
    w.delivered(mail)
    before = behaviour(w).get("failed_logins", 0)
    for attempt in range(3):
        with Client(w.mta.submission) as client:
            client.starttls()
            client.login(LOGIN.upper() if attempt == 1 else LOGIN, "guess", want=535)
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(f"nobody-{mail.token}@acme.example", "guess", want=535)
    wait_until(lambda: behaviour(w)["failed_logins"] >= before + 3, 20,
               lambda: f"three failed logins more than {before}: {behaviour(w)}")
    expect_equal(behaviour(w)["failed_logins"], before + 3, "failed logins")
    expect_equal(behaviour(w, f"nobody-{mail.token}@acme.example"), {}, "what is kept of a name that nobody has")


def third_attempt(w):
    """Two messages that bounced, apart: the third is refused when its recipient is named, with the reason."""
    gone = f"no-{Mail().token}@away.example"
    send_to(w, gone)
    wait_until(lambda: suppressed(w, gone), 20, f"a first bounce of {gone} to be noted")
    expect_equal(suppressed(w, gone), {"acme.example": ("watched", "bounce")}, "after one")
    time.sleep(APART_SECONDS + 1)
    send_to(w, gone)
    wait_until(lambda: suppressed(w, gone) == {"acme.example": ("suppressed", "bounce")}, 20, f"{gone} to be suppressed")
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.mail(LOGIN)
        reply = client.rcpt(gone, want=550)
    expect("recipient-suppressed: " in reply.text and "has bounced" in reply.text and "no such person" in reply.text,
           f"reply: {reply.text}")


def report_mail(sender, text, kind):
    """A report as a remote server sends it, to the sender."""
    mail = Mail(sender="", from_="MAILER-DAEMON@mx.away.example",
                fields=(("MIME-Version", "1.0"),
                        ("Content-Type", f'multipart/report; report-type={kind}; boundary="b"')),
                without=("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
                body=text.replace("\n", "\r\n").encode())
    mail.recipient = sender
    return mail


def counters(w):
    return json.loads(w.guard.ctl_run("--json", "status").stdout)["counters"]


def forged_report(w):
    """Nobody's bounce of a message that never was, and one of a message to somebody else, suppress anybody."""
    mail = Mail()
    w.submit(mail)
    w.delivered(mail)
    victim = f"victim-{mail.token}@away.example"
    foreign = counters(w)["reports_foreign"]
    for message_id in (f"never-{mail.token}@acme.example", mail.message_id.strip("<>"), f"no-{mail.token}@acme.example"):
        w.send(report_mail(LOGIN, REPORT.format(recipient=victim, sender=LOGIN, id=message_id), "delivery-status"),
               source=STRANGER)
    wait_until(lambda: counters(w)["reports_foreign"] >= foreign + 3, 20, "three reports to be ignored")
    expect_equal(suppressed(w, victim), {}, "suppressed")


def true_report(w):
    """A server that took the mail and bounces it later by mail counts as one that refused it."""
    gone = f"afterwards-{Mail().token}@away.example"
    for count in (1, 2):
        mail = Mail()
        mail.recipient = gone
        w.submit(mail)
        w.delivered(mail)
        w.send(report_mail(LOGIN, REPORT.format(recipient=gone, sender=LOGIN, id=mail.message_id.strip("<>")),
                           "delivery-status"), source=STRANGER)
        state = "watched" if count == 1 else "suppressed"
        wait_until(lambda: suppressed(w, gone) == {"acme.example": (state, "bounce")}, 20,
                   lambda: f"{gone} to be {state}: {suppressed(w, gone)}")
        time.sleep(APART_SECONDS + 1)


def complaint(w):
    """Who complains is written to no more by that domain, and the sender's profile knows."""
    mail = Mail()
    w.submit(mail)
    w.delivered(mail)
    before = behaviour(w).get("complaints", 0)
    report = report_mail(LOGIN, COMPLAINT.format(recipient=mail.recipient, sender=LOGIN, id=mail.message_id.strip("<>")),
                         "feedback-report")
    w.send(report, source=STRANGER)
    wait_until(lambda: suppressed(w, mail.recipient) == {"acme.example": ("suppressed", "complaint")}, 20,
               f"{mail.recipient} to be suppressed")
    wait_until(lambda: behaviour(w).get("complaints", 0) > before, 20, "the complaint at its principal")


def from_journal(w):
    """What only the journal tells: outcomes at the login that sent, over kill -9, and none of them twice."""
    log = f"journal:{w.log.journal.directory}"
    time.sleep(SETTLED_SECONDS)  # what is younger was read in the file, and would be once more
    w.guard.configure(config(w, log))
    w.guard.reload()

    def lines_read():
        told = json.loads(w.guard.ctl_run("--json", "status").stdout)["feedback"]
        return next((one["lines"] for one in told if one["log"] == log and not one["bad_since"]), None)
    wait_until(lambda: lines_read() is not None, 20, "the journal to be opened")
    before = behaviour(w)
    known = lines_read()
    good, bad = Mail(), Mail()
    bad.recipient = f"no-{bad.token}@away.example"
    for mail in (good, bad):
        w.submit(mail)
    w.delivered(good)

    def gained():
        now = behaviour(w)
        return tuple(now.get(key, 0) - before.get(key, 0) for key in ("delivered", "unknown_addresses"))
    wait_until(lambda: gained() == (1, 1), 20, lambda: f"one outcome of each: {gained()}")
    wait_until(lambda: suppressed(w, bad.recipient), 20, f"the bounce of {bad.recipient} to be noted")
    expect(lines_read() > known, f"lines: {known}, then {lines_read()}")
    w.guard.kill_all()
    w.guard.start()
    again = Mail()
    w.submit(again)
    w.delivered(again)
    wait_until(lambda: gained()[0] >= 2, 20, lambda: f"one delivery more: {gained()}")
    expect_equal(gained(), (2, 1), "outcomes")
    w.guard.configure(config(w))
    w.guard.reload()


def taken_over(w):
    """Mail to strangers who are not there, one text to all: held and suspended by machine, and undone by a person."""
    said = w.stage.path("anomaly.said")
    w.stage.write("anomaly.said", "", mode=0o666)
    w.stage.write("anomaly", f'#!/bin/sh\necho "$EGRESS_NOTICE $EGRESS_USER $EGRESS_STEP: $EGRESS_BECAUSE" >> {said}\n', mode=0o755)
    hook = w.stage.path("anomaly")
    w.guard.configure(config(w) + 'behaviour = { actions = [ "notice", "throttle", "hold", "suspend" ]; };\n'
                      f'hooks = {{ anomaly = [ "{hook}" ]; suspended = [ "{hook}" ]; }};\n')
    w.guard.reload()
    sent = 0

    def is_suspended():
        told = json.loads(w.guard.ctl_run("--json", "user", "suspended").stdout)
        return any(one["name"] == LOGIN and one["state"] == "suspended" and one["by"] == "behaviour"
                   for one in told["principals"])
    def accepted():
        return sum(line["verdict"] == "accept" for line in w.guard.lines())
    for _ in range(8):
        if is_suspended():
            break
        went = accepted()
        with Client(w.mta.submission) as client:
            client.starttls()
            client.login(LOGIN, PASSWORD)
            for _ in range(10):
                mail = Mail(body=b"You have won, answer at once to claim all of the money that waits for you here.\r\n")
                client.mail(mail.sender)
                reply = client.rcpt(f"no-{mail.token}a@away.example", want=None)
                if reply.code != 250:
                    break
                client.rcpt(f"no-{mail.token}b@away.example")
                client.data(mail.data, want=None)
                sent += 1
        if accepted() > went:  # nothing bounces where all is held: the next round tells
            known = behaviour(w).get("unknown_addresses", 0)
            wait_until(lambda: is_suspended() or behaviour(w).get("unknown_addresses", 0) > known, 20, "bounces to be known")
    expect(is_suspended(), f"{sent} messages went, and nobody is suspended: {behaviour(w)}")
    held = [line for line in w.guard.lines() if line["by"] == "anomaly" and line["verdict"] == "hold"]
    expect(held, "no message was held for it")
    entries = json.loads(w.guard.ctl_run("--json", "user", "history", LOGIN).stdout)["history"]
    steps = [one["what"] for one in entries]
    expect("suspend" in steps and entries[-1]["text"], f"history: {steps}")
    expect(any("notice suspended: " in line and "score " in line for line in w.guard.log().splitlines()), "a warning says why")

    def hook_said():
        with open(said, encoding="utf-8") as f:
            return f.read()
    wait_until(lambda: f"suspended {LOGIN} suspend: " in hook_said(), 10, lambda: f"the hook to say so: {hook_said()}")
    expect(f"anomaly {LOGIN} " in hook_said(), f"the hook said: {hook_said()}")
    w.guard.ctl_run("user", "release", "--because", "it was us", LOGIN)
    mail = Mail()
    w.submit(mail)
    w.delivered(mail)
    expect(behaviour(w)["step"] in ("none", "log", "notice"), f"step afterwards: {behaviour(w)}")
    w.guard.configure(config(w))
    w.guard.reload()


def add_to(group):
    group.case("what became of mail is told of the login that sent it")(arrives_at_principal)
    group.case("refused passwords are told of the login they were tried for")(guessed)
    group.case("kill -9 of all forgets nothing, and counts nothing twice")(survives)
    group.case("after two bounces apart the third attempt is refused at RCPT, with the reason")(third_attempt)
    group.case("the journal tells the same of the login that sent it")(from_journal)
    group.case("forged reports suppress nobody")(forged_report)
    group.case("a bounce that comes later by mail counts")(true_report)
    group.case("a complaint suppresses, and is told of the sender")(complaint)
    group.case("a login that writes to strangers who are not there is held, suspended, and released")(taken_over)
