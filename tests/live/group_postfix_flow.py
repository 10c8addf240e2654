"""Postfix 3.7 in front: whose mail it is and what it looks like.  The cases of every MTA, and Postfix' own."""

import cases_flow
from stage.client import Client
from stage.mail import Mail
from stage.suite import Group, expect, expect_equal
from stage.verify import signatures
from stage.world import LOGIN, PASSWORD, World, enforcing

SIGNED = cases_flow.SIGNED


def open_world(options):
    return World(options, "postfix-flow", "postfix", enforcing,
                 settings={"internal_mail_filter_classes": "bounce"})


group = Group("postfix-flow", open_world)
cases_flow.add_to(group)


def _remote(w, words):
    """A client from elsewhere on the port for everybody."""
    client = Client(w.mta.smtp)
    client.xclient(words)
    return client


@group.case("relay network by XCLIENT address")
def relay_by_network(w):
    mail = Mail()
    with _remote(w, "ADDR=192.0.2.25 NAME=pos1.branch.acme.example") as client:
        reply = client.send(mail.sender, mail.recipient, mail.data)
    w.signed(mail)
    w.line(reply).expect(class_="relay", user="branch", client="192.0.2.25")


@group.case("a bounce of Postfix is signed, class bounce")
def bounce(w):
    mail = Mail()
    sender = f"{mail.token}@acme.example"
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.send(sender, f"no-{mail.token}@away.example", mail.data)
    message = w.sink.wait(sender)
    expect_equal(message.sender, "", "envelope sender of a bounce")
    w.verifiers.check(message.data, cases_flow.ACME)
    lines = [line for line in w.guard.lines() if line["class"] == "bounce"]
    expect(lines, "no line of class bounce")
    lines[-1].expect(verdict="accept", user="bounce", signed=SIGNED, from_="<>",
                     hfrom="MAILER-DAEMON@mx.acme.example")


@group.case("BDAT, last line without its end")
def chunk_without_end(w):
    mail = Mail(body=b"no end to this line")
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.mail(mail.sender)
        client.rcpt(mail.recipient)
        client.bdat(mail.data)
    expect_equal(w.signed(mail).body(), b"no end to this line\r\n", "body")


@group.case("SMTPUTF8: an international sender and domain")
def smtputf8(w):
    mail = Mail(sender="jörg@bücher.example", from_="Jörg Müller <jörg@bücher.example>")
    reply = w.submit(mail, params="SMTPUTF8 BODY=8BITMIME")
    message = w.delivered(mail)
    expect("SMTPUTF8" in message.sender_params, f"MAIL parameters: {message.sender_params}")
    verdicts = w.verifiers.python(message.data) + w.verifiers.by_opendkim(message.data)
    expect(all(v.good for v in verdicts), lambda: "; ".join(map(str, verdicts)))
    expect_equal(sorted(tags["s"] for tags in signatures(message.data)), ["e2026a", "s2026a"], "selectors")
    line = w.line(reply).expect(verdict="accept", class_="submission")
    expect_equal(line["hfrom"].encode("latin-1").decode(), "jörg@xn--bcher-kva.example", "hfrom, domain in A-labels")


@group.case("SMTPUTF8: UTF-8 only in the subject, ASCII domain")
def smtputf8_subject(w):
    mail = Mail(fields=(("X-Place", "Köln"), ("Comments", "東京")))
    w.submit(mail, params="SMTPUTF8 BODY=8BITMIME")
    w.signed(mail)


@group.case("XCLIENT login: the principal is the login")
def xclient_login(w):
    mail = Mail()
    with _remote(w, "ADDR=198.51.100.3 NAME=home.example LOGIN=carol") as client:
        reply = client.send(mail.sender, mail.recipient, mail.data)
    w.signed(mail)
    w.line(reply).expect(class_="submission", user="carol", client="198.51.100.3")
