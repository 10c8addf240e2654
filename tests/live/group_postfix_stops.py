"""Postfix 3.7 in front: mail that is stopped, held, released and queued again."""

import cases_stops
from cases_stops import two_from
from stage.base import wait_until
from stage.client import Client
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import Group, expect, expect_equal
from stage.world import World

group = Group("postfix-stops", lambda options: World(options, "postfix-stops", "postfix", cases_stops.config))
cases_stops.add_to(group)


@group.case("postsuper -r keeps the first signature and adds none")
def requeue(w):
    mail = Mail()
    mail.recipient = f"later-{mail.recipient}"
    w.sink.take_later = False
    reply = w.submit(mail)
    queue_id = queue_id_of(reply)
    w.mta.wait_log(rf"{queue_id}: to=<{mail.recipient}>.*status=deferred")
    lines = len(w.guard.lines())
    w.sink.take_later = True
    w.mta.requeue(queue_id)
    message = w.signed(mail)
    expect_equal(len(message.values("DKIM-Signature")), 2, "signatures")
    expect_equal(len(w.guard.lines()), lines, "lines after the second way through cleanup")


@group.case("sendmail(1): a deferral is carried out as hold, logged once")
def local_defer(w):
    mail = two_from()
    w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
    line = w.line(mail).expect(verdict="hold", class_="local", by="from-multiple",
                               rules="from-multiple:defer,header-duplicate:observe")
    wait_until(lambda: w.mta.is_held(line.queue_id), 20, "the message in the hold queue")
    expect_equal(w.guard.log().count(mail.token), 1, "lines about the message")
    w.sink.expect_none(mail.recipient)
    w.mta.release(line.queue_id)
    w.unsigned(mail)


@group.case("a temporary refusal of one recipient by the next hop signs once")
def mixed_recipients(w):
    mail = Mail()
    w.sink.take_later = False
    with Client(w.mta.smtp) as client:
        client.send(mail.sender, [mail.recipient, f"later-{mail.recipient}"], mail.data)
    w.signed(mail)
    w.sink.take_later = True
    w.mta.flush()
    message = w.sink.wait(f"later-{mail.recipient}")
    w.verifiers.check(message.data, ["acme.example/s2026a", "acme.example/e2026a"])
    expect(wait_until(lambda: "Mail queue is empty" in w.mta.queue(), 10, "the queue to be empty"), "queue")
