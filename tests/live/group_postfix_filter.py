"""Postfix 3.7 with a content filter between two of its listeners."""

import re

import cases_filter
from stage.base import wait_until
from stage.client import Client
from stage.faketime import JumpingClock
from stage.guard import Guard
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import Group, expect, expect_equal
from stage.world import ACME, LOGIN, PASSWORD

group = Group("postfix-filter", lambda options: cases_filter.FilterWorld(
    options, "postfix-filter", "postfix", cases_filter.config, settings={"internal_mail_filter_classes": "bounce"}))
cases_filter.add_to(group)


@group.case("a bounce of Postfix passes no filter and is signed at once")
def bounce(w):
    mail = Mail()
    sender = f"{mail.token}@acme.example"
    recipient = f"no-{mail.token}@away.example"
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.send(sender, recipient, mail.data)
    message = w.sink.wait(sender)
    w.verifiers.check(message.data, ACME)
    expect_equal(message.values("X-Egress-Ticket"), [], "tickets")
    expect_equal(w.filter.having(sender), [], "bounces at the filter")
    lines = [line for line in w.guard.lines() if line["class"] == "bounce"]
    expect(lines, "no line of class bounce")
    lines[-1].expect(verdict="accept", signed=",".join(ACME), daemon="mx.acme.example")


@group.case("SMTPUTF8 through the filter")
def smtputf8(w):
    mail = Mail(sender="jörg@bücher.example", from_="Jörg Müller <jörg@bücher.example>")
    w.submit(mail, params="SMTPUTF8 BODY=8BITMIME")
    message = w.delivered(mail)
    verdicts = w.verifiers.python(message.data) + w.verifiers.by_opendkim(message.data)
    expect(len(verdicts) == 4 and all(v.good for v in verdicts), lambda: "; ".join(map(str, verdicts)))
    cases_filter.expect_filtered(mail, message)


@group.case("a secret that the daemon's user cannot read ends the start with 78 and the commands to run")
def unreadable(w):
    secret = w.stage.write("closed.secret", "0123456789abcdef0123456789abcdef0123456789ab\n", mode=0o600)
    text = 'outgoing = {{ listeners = ( {{ daemon = "A"; role = "sign"; }} ); ticket_file = "{}"; }};\n'
    other = Guard(w.stage, w.options.builddir, text.format(secret), name="closed")
    remedy = f"run: chmod 0640 {secret}; chgrp nogroup {secret}"
    for code, words in (other.attempt(), (other.check().returncode, other.check().stderr.decode())):
        expect_equal(code, 78, "exit code")
        expect("outgoing.ticket_file: " in words and remedy in words, f"words: {words}")
        expect("0123456789" not in words, f"the secret is told: {words}")


@group.case("a secret replaced by reload: mail under way keeps its worth")
def rotation(w):
    secret = w.stage.path("ticket.secret")
    with open(secret, encoding="ascii") as stream:
        old = stream.read()
    mail = Mail(without=("Message-ID",))
    reply = w.submit(mail)
    wait_until(lambda: w.mta.is_held(queue_id_of(reply)), 10, "the message to be held")
    with open(secret, "w", encoding="ascii") as stream:
        stream.write("another secret that is long enough for this\n" + old)
    w.guard.reload()
    w.mta.release(queue_id_of(reply))
    w.signed(mail)
    with open(secret, "w", encoding="ascii") as stream:
        stream.write("short\n")
    words = w.guard.reload()
    expect("line 1 has 5 bytes" in words and "configuration not taken" in words, f"words: {words}")
    with open(secret, "w", encoding="ascii") as stream:
        stream.write("another secret that is long enough for this\n")
    w.guard.reload()
    fresh = Mail()
    w.submit(fresh)
    w.signed(fresh)


@group.case("the clock jumps an hour back or forward between check and sign: signed all the same, and told")
def clock_between(w):
    clock, hour = JumpingClock(w.stage), 3600
    w.guard.stop()
    w.guard.start(w.config(w), env=clock.env)
    for before, behind in ((0, -hour), (hour, 0), (0, hour)):
        clock.jump(before)
        mail = Mail(without=("Message-ID",))
        reply = w.submit(mail)
        wait_until(lambda reply=reply: w.mta.is_held(queue_id_of(reply)), 10, "the message to be held")
        clock.jump(behind)
        w.mta.release(queue_id_of(reply))
        if behind <= 0:  # a verifier takes no signature of the future
            w.signed(mail)
        else:
            w.delivered(mail)
        line = wait_until(lambda: w.guard.lines()[-1]["daemon"] == "REINJECT" and w.guard.lines()[-1], 5, "its line")
        line.expect(class_="submission", ticket="valid", signed=",".join(ACME))
    ahead = re.findall(r"valid ticket at listener REINJECT from client 127.0.0.1: (\d+) s ahead of this clock",
                       w.guard.log())
    expect(len(ahead) == 1 and hour - 60 < int(ahead[0]) < hour + 60, f"warnings within a minute: {ahead}")
    expect_equal(w.guard.stop(), 0, "exit code at TERM")
    w.guard.start()
