"""Cases about mail that is stopped: refused, deferred, held and released.  On every MTA."""

from stage.base import wait_until
from stage.client import Client
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import expect, expect_equal
from stage.world import ACME, LOGIN, PASSWORD, PRINTER, enforcing

FROM_MISSING = "from-missing: the message has no From field; add one From field with your address"
TWO_FROM = "from-multiple: the message has 2 From fields; keep one From field"


def config(world):
    """Missing Message-IDs are held, so that a held message can be signed; two From fields are deferred."""
    return enforcing(world, 'rules = { message-id-missing = "hold"; from-multiple = "defer"; '
                            'header-duplicate = "observe"; };\n')


def two_from():
    return Mail(fields=(("From", "Bob <bob@acme.example>"),))


def reject(w):
    mail = Mail(without=("From",))
    reply = w.submit(mail, want=550)
    expect_equal(reply.text, f"550 5.7.1 {FROM_MISSING}", "reply")
    w.line(mail).expect(verdict="reject", class_="submission", by="from-missing", signed="none",
                        reply=f"550 5.7.1 {FROM_MISSING}", rules="from-missing:reject", hfrom=None)
    w.sink.expect_none(mail.recipient)


def reject_then_good(w):
    """A refusal ends the transaction, not the session."""
    bad, good = Mail(without=("From",)), Mail()
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.send(bad.sender, bad.recipient, bad.data, want=550)
        reply = client.send(good.sender, good.recipient, good.data)
    w.signed(good)
    w.line(reply).expect(verdict="accept", by="-", reply=None, rules=None)


def defer(w):
    mail = two_from()
    reply = w.submit(mail, want=451)
    expect_equal(reply.text, f"451 4.7.1 {TWO_FROM}", "reply")
    w.line(mail).expect(verdict="defer", by="from-multiple", reply=f"451 4.7.1 {TWO_FROM}")
    w.sink.expect_none(mail.recipient)


def percent_sign(w):
    """What a client wrote may reach a reply; `%` there would confuse both MTAs."""
    mail = Mail(from_='"100% % %s %n" <alice@acme.example>, "B" <bob%20x@else.example>')
    reply = w.submit(mail, want=451)
    expect(reply.text.startswith("451 4.7.1 from-multiple: "), f"reply: {reply.text}")
    expect("%" not in reply.text, f"reply: {reply.text}")


def hold(w):
    mail = Mail(without=("Message-ID",))
    reply = w.submit(mail)
    queue_id = queue_id_of(reply)
    wait_until(lambda: w.mta.is_held(queue_id), 10, f"{queue_id} to be held")
    line = w.line(reply).expect(verdict="hold", class_="submission", by="message-id-missing",
                                rules="message-id-missing:hold", signed=",".join(ACME))
    expect(line["reply"] is None or "message-id-missing" in line["reply"], f"reply: {line.raw}")
    w.mta.flush()
    w.sink.expect_none(mail.recipient)
    w.mta.release(queue_id)
    message = w.signed(mail)
    for tags in message.values("DKIM-Signature"):
        expect(not any(part.strip().startswith("x=") for part in tags.split(";")),
               f"the signature of held mail expires: {tags}")
    expect_equal(sum(line.queue_id == queue_id for line in w.guard.lines()), 1, "lines about the message")


def hold_default_of_networks(w):
    """A network's mail without From is held, not refused: its sender cannot mend it."""
    mail = Mail(without=("From",))
    reply = w.send(mail, source=PRINTER)
    queue_id = queue_id_of(reply)
    wait_until(lambda: w.mta.is_held(queue_id), 10, f"{queue_id} to be held")
    w.line(reply).expect(verdict="hold", class_="relay", by="from-missing", signed="none")
    w.mta.release(queue_id)
    w.unsigned(mail)


CASES = (
    ("reject with text", reject),
    ("a refusal, then a good message in the same session", reject_then_good),
    ("defer with text", defer),
    ("no percent sign in a reply", percent_sign),
    ("hold, signed, and release", hold),
    ("hold is the default for networks", hold_default_of_networks),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
