"""Cases with a content filter between two looks of the guard: judged once, signed once behind it.  On every MTA."""

import os

from stage.base import run_tool, wait_until
from stage.client import Client
from stage.filter import FOOTER, Filter, changed
from stage.mail import Mail, text_body
from stage.postfix import queue_id_of
from stage.sendmail import Sendmail
from stage.suite import expect, expect_equal
from stage.world import ACME, DOMAINS, LOGIN, PASSWORD, PRINTER, STRANGER, World, everybody

SIGNED = ",".join(ACME)
TICKET = "X-Egress-Ticket"

# The last two are what other listeners are called by Postfix and Sendmail.
OUTGOING = """mode = "enforce";
outgoing = {{
  networks = ( {{ address = "127.0.0.2"; name = "printers"; kind = "relay"; }} );
  listeners = ( {{ daemon = "SUBMISSION"; role = "check"; }}, {{ daemon = "REINJECT"; role = "sign"; }},
                {{ daemon = "mx.acme.example"; role = "check"; }}, {{ daemon = "MTA"; role = "check"; }} );
  ticket_file = "{secret}";
}};
rules = {{ message-id-missing = "hold"; }};
"""


def config(world):
    """Missing Message-IDs are held, so that a held message can be signed."""
    secret = world.stage.write("ticket.secret", "0123456789abcdef0123456789abcdef0123456789ab\n")
    run_tool(["chgrp", "nogroup", secret])
    os.chmod(secret, 0o640)
    return OUTGOING.format(secret=secret) + everybody(world) + DOMAINS.format(keys=world.stage.path("keys"))


class FilterWorld(World):
    """Postfix sends everything through the filter and takes it back.  Of Sendmail there are two: one cannot tell."""

    def make_mta(self, mta, next_hop, settings):
        self.filter = Filter(self.stage)
        if mta == "postfix":
            settings = dict(settings, content_filter=f"smtp:[127.0.0.1]:{self.filter.port}")
            front = behind = super().make_mta(mta, next_hop, settings)
        else:
            front = super().make_mta(mta, self.filter.port, settings)
            behind = Sendmail(self.stage, self.guard.sendmail_spec(), next_hop, name="sendmail-behind").start()
        self.filter.target = self.reinject = behind.ports["reinject"]
        return front

    def lines_of(self, mail, count):
        """The lines about this mail, as many as there must be, in the order they were written."""
        def enough():
            found = [line for line in self.guard.lines() if mail.token in line.rest]
            return found if len(found) >= count else None
        found = wait_until(enough, 10, f"{count} lines about {mail.token}")
        expect_equal(len(found), count, f"lines about {mail.token}")
        expect_equal(len({line.queue_id for line in found}), count, "different queue ids")
        return [line.check_form() for line in found]


def expect_filtered(mail, message):
    """It went through the filter, and no ticket is left."""
    expect_equal(message.values("X-Filter"), ["seen"], "field of the filter")
    expect_equal(message.values(TICKET), [], "tickets")
    expect(message.body() == mail.body + FOOTER, lambda: f"body: {message.body()[-120:]!r}")


def ticket_seen(w, mail):
    """The ticket as the filter saw it: (value, message)."""
    message = w.filter.wait(mail.recipient)
    values = message.values(TICKET)
    expect_equal(len(values), 1, "tickets at the filter")
    return values[0], message


def with_ticket(mail, ticket):
    return f"{TICKET}: {ticket}\r\n".encode() + mail.data


def inject(w, mail, data=None, sender=None):
    """Straight to the listener behind the filter."""
    with Client(w.reinject) as client:
        return client.send(mail.sender if sender is None else sender, mail.recipient, data or mail.data)


def submission(w):
    mail = Mail(body=text_body(3000))
    reply = w.submit(mail)
    message = w.signed(mail)
    expect_filtered(mail, message)
    ticket, seen = ticket_seen(w, mail)
    expect_equal(seen.values("DKIM-Signature"), [], "signatures at the filter")
    expect(ticket.startswith("v=1; t="), f"ticket: {ticket}")
    first, second = w.lines_of(mail, 2)
    expect_equal(first.queue_id, queue_id_of(reply), "queue id of the first line")
    first.expect(verdict="accept", class_="submission", user=LOGIN, signed="none", reason="ticket", ticket=None,
                 daemon="SUBMISSION", by="-")
    second.expect(verdict="accept", class_="submission", user=LOGIN, signed=SIGNED, reason=None, ticket="valid",
                  daemon="REINJECT", by="-", rules=None)


def network(w):
    mail = Mail(sender="scanner@acme.example")
    w.send(mail, source=PRINTER)
    expect_filtered(mail, w.signed(mail))
    for line in w.lines_of(mail, 2):
        line.expect(class_="relay", user="printers")


def repaired(w):
    """Date is added before the filter, and the ticket knows it."""
    mail = Mail(without=("Date",))
    w.submit(mail)
    message = w.signed(mail)
    expect_equal(len(message.values("Date")), 1, "Date fields")
    first, second = w.lines_of(mail, 2)
    first.expect(rules="date-missing:repair", reason="ticket")
    second.expect(rules=None, ticket="valid", signed=SIGNED)


def by_sendmail(w):
    mail = Mail(sender="cron@acme.example")
    w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
    message = w.signed(mail)
    expect_equal(message.values(TICKET), [], "tickets")
    for line in w.lines_of(mail, 2):
        line.expect(class_="local", user="acme.example")


def split(w):
    mail = Mail()
    others = [f"b-{mail.recipient}", f"c-{mail.recipient}"]
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.send(mail.sender, [mail.recipient, *others], mail.data)
    for recipient in [mail.recipient, *others]:
        message = w.sink.wait(recipient)
        w.verifiers.check(message.data, ACME)
        expect_filtered(mail, message)
    lines = [line for line in w.guard.lines() if mail.token in line.rest]
    expect_equal([line["daemon"] for line in lines if line["reason"] == "ticket"], ["SUBMISSION"], "lines of check")
    for line in lines[1:]:
        line.check_form().expect(ticket="valid", class_="submission", signed=SIGNED)
    expect(len(lines) >= 3, f"{len(lines)} lines")


def null_sender(w):
    """A user's own notice: no envelope sender, but a login."""
    mail = Mail()
    mail.sender = ""
    w.submit(mail)
    expect_filtered(mail, w.signed(mail))
    for line in w.lines_of(mail, 2):
        line.expect(class_="submission", user=LOGIN, from_="<>")


def held(w):
    mail = Mail(without=("Message-ID",))
    reply = w.submit(mail)
    queue_id = queue_id_of(reply)
    wait_until(lambda: w.mta.is_held(queue_id), 10, f"{queue_id} to be held")
    w.line(reply).expect(verdict="hold", signed="none", reason="ticket")
    expect_equal(w.filter.having(mail.recipient), [], "mail at the filter before its release")
    w.mta.release(queue_id)
    message = w.signed(mail)
    expect_filtered(mail, message)
    for value in message.values("DKIM-Signature"):
        expect(any(part.strip().startswith("x=") for part in value.split(";")), "an expiry, as mail not held has")


def stranger(w):
    """Mail from outside takes the same way: a ticket it brought does not reach the filter, and nothing is signed."""
    mail = Mail(sender="eve@else.example")
    data = with_ticket(mail, "v=1; t=1; c=submission; p=alice; h=AAAA")
    with Client(w.mta.smtp, source=STRANGER) as client:
        client.send(mail.sender, mail.recipient, data)
    expect_filtered(mail, w.unsigned(mail))
    expect_equal(w.filter.wait(mail.recipient).values(TICKET), [], "tickets at the filter")
    w.guard.no_line(mail)


def missing(w):
    mail = Mail()
    inject(w, mail)
    w.unsigned(mail)
    w.guard.no_line(mail)


def forged(w):
    """Of another secret, of another message: unsigned, without the ticket, and somebody is told."""
    mail = Mail()
    w.submit(mail)
    ticket, _ = ticket_seen(w, mail)
    w.signed(mail)
    again = changed(with_ticket(mail, ticket))
    cases = {"envelope sender": dict(data=again, sender="bob@acme.example"),
             "null sender": dict(data=again, sender=""),
             "From": dict(data=again.replace(b"alice@acme.example", b"bob@acme.example", 1)),
             "Date": dict(data=again.replace(b"Date: ", b"Date: Mon, 01 Jan 2024 00:00:00 +0000\r\nX: ", 1)),
             "Message-ID": dict(data=again.replace(b"Message-ID:   <", b"Message-ID:   <x", 1)),
             "secret": dict(data=again.replace(ticket.split("h=")[1].strip()[:4].encode(), b"AAAA", 1))}
    for what, words in cases.items():
        expect(words.get("sender") is not None or words["data"] != again, f"{what}: nothing is changed")
        other = Mail()
        other.sender = mail.sender
        inject(w, other, **words)
        message = w.unsigned(other)
        expect_equal(message.values(TICKET), [], f"tickets, {what} changed")
    wait_until(lambda: "forged ticket at listener REINJECT from client 127.0.0.1" in w.guard.log(), 5,
               "a word about the forged ticket")
    expect_equal(w.guard.log().count("forged ticket at listener"), 1, "lines about forged tickets, within a minute")
    good = Mail()
    inject(w, good, data=again)
    w.signed(good)  # the same ticket on its own message: the cases above fail for what they changed


def charged_once(w):
    """Limits are counted where mail is judged: the way behind the filter costs nothing, however it splits."""
    begin = None
    for _ in range(2):
        mail = Mail()
        recipients = [mail.recipient, f"b-{mail.recipient}", f"c-{mail.recipient}"]
        with Client(w.mta.submission) as client:
            client.starttls()
            client.login(LOGIN, PASSWORD)
            client.send(mail.sender, recipients, mail.data)
        for recipient in recipients:
            w.sink.wait(recipient)
        first, *behind = [line for line in w.guard.lines() if mail.token in line.rest]
        for line in behind:
            line.expect(ticket="valid", class_="submission", user=LOGIN, limits=None)
        used, most = first.expect(daemon="SUBMISSION", ticket=None)["limits"].removeprefix("default:").split("/")
        expect_equal(most, "500", "the limit")
        expect(begin is None or int(used) == begin + 3, f"{used} were used, {begin} before this message of three")
        begin = int(used)


CASES = (
    ("a submission through the filter: judged once, signed once", submission),
    ("a network's mail through the filter", network),
    ("a repair before the filter", repaired),
    ("sendmail(1) through the filter", by_sendmail),
    ("the filter splits the recipients", split),
    ("a login with the null sender", null_sender),
    ("held before the filter, signed after its release", held),
    ("a stranger's mail with a ticket of its own", stranger),
    ("without a ticket straight behind the filter", missing),
    ("tickets of other messages and other secrets", forged),
    ("limits are charged once, before the filter", charged_once),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
