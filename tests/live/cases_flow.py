"""Cases every MTA must pass: whose mail it is, what it looks like, and that both verifiers accept what arrives."""

from stage.base import Failure
from stage.client import Client
from stage.mail import Mail, text_body
from stage.suite import expect, expect_equal
from stage.world import ACME, LOGIN, PASSWORD, PRINTER, STRANGER

SIGNED = ",".join(ACME)


def own_fields(message):
    """(name, trimmed value) of all fields but the MTAs' traces."""
    return [(name, value.strip()) for name, value in message.fields() if name.lower() != "received"]


def expect_untouched(mail, message):
    """Nothing but trace fields was added, nothing changed, the body is the same byte for byte."""
    lines = mail.header.decode().split("\r\n")[:-1]
    expect_equal([f"{name}: {value}" for name, value in own_fields(message)], lines, "header fields")
    expect(message.body() == mail.body, "the body has changed")


def expect_body(mail, message):
    expect(message.body() == mail.body, lambda: f"body: {mail.body[-60:]!r} became {message.body()[-60:]!r}")


def submission(w):
    mail = Mail(body=text_body(3000))
    reply = w.submit(mail)
    message = w.signed(mail)
    expect_body(mail, message)
    line = w.line(reply)
    line.expect(verdict="accept", class_="submission", user=LOGIN, signed=SIGNED, reason=None, rcpts="1",
                external="1", to="away.example:1", client="127.0.0.1", daemon="SUBMISSION", tls="TLSv1.3",
                by="-", reply=None, helo="laptop.acme.example", from_=f"<{mail.sender}>",
                hfrom=mail.sender, msgid=mail.message_id, rules=None, would=None)
    expect(int(line["size"]) >= len(mail.body), f"size is too small: {line.raw}")
    expect_equal(w.guard.log().count(mail.token), 1, "lines about the message")


def relay(w):
    mail = Mail(sender="scanner@acme.example")
    reply = w.send(mail, source=PRINTER)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", class_="relay", user="printers", signed=SIGNED, client=PRINTER, tls=None)


def loopback(w):
    mail = Mail()
    reply = w.send(mail)
    w.signed(mail)
    line = w.line(reply).expect(verdict="accept", class_="local", signed=SIGNED)
    expect(line["user"], f"local mail is charged to somebody: {line.raw}")


def command(w):
    mail = Mail(sender="cron@acme.example")
    w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
    w.signed(mail)
    w.line(mail).expect(verdict="accept", class_="local", signed=SIGNED, by="-")


def command_without_end(w):
    mail = Mail(body=b"no end to this line")
    w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
    expect_equal(w.signed(mail).body(), b"no end to this line\r\n", "body")


def inbound(w):
    mail = Mail(sender="someone@foreign.example")
    w.send(mail, source=STRANGER)
    expect_untouched(mail, w.unsigned(mail))
    w.guard.no_line(mail)


def inbound_forged(w):
    """Somebody elsewhere who claims to be us gets no signature of ours."""
    mail = Mail(sender=LOGIN)
    w.send(mail, source=STRANGER)
    expect_untouched(mail, w.unsigned(mail))


def listener_off(w):
    mail = Mail()
    w.send(mail, port=w.mta.ports["quiet"])
    expect_untouched(mail, w.unsigned(mail))


def many_recipients(w):
    mail = Mail()
    recipients = [f"{mail.token}-{i}@away.example" for i in range(196)] + \
                 [f"{mail.token}-{i}@elsewhere.example" for i in range(4)]
    with Client(w.mta.smtp) as client:
        reply = client.send(mail.sender, recipients, mail.data)
    for recipient in (recipients[0], recipients[-1]):
        w.verifiers.check(w.sink.wait(recipient).data, ACME)
    for recipient in recipients:
        w.sink.wait(recipient)
    w.line(reply).expect(verdict="accept", rcpts="200", external="200", to="away.example:196,elsewhere.example:4")


def one_session(w):
    """RSET, a new MAIL and a new EHLO each forget what was begun; nothing leaks into the next message."""
    dropped, first, second, third = Mail(sender="ghost@beta.example"), Mail(), Mail(sender="bob@beta.example"), Mail()
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.mail(dropped.sender)
        for i in range(5):
            client.rcpt(f"ghost{i}-{dropped.token}@away.example")
        client.command("RSET", 250)
        replies = [client.send(first.sender, first.recipient, first.data)]
        client.mail(dropped.sender)
        client.rcpt(dropped.recipient)
        client.ehlo()
        replies.append(client.send(second.sender, second.recipient, second.data))
        client.mail(dropped.sender)
        client.command("RSET", 250)
        client.command("RSET", 250)
        replies.append(client.send(third.sender, third.recipient, third.data))
    for mail, reply, signed in ((first, replies[0], ACME), (second, replies[1], ["beta.example/s1"]),
                                (third, replies[2], ACME)):
        w.signed(mail, signed)
        w.line(reply).expect(verdict="accept", class_="submission", rcpts="1", signed=",".join(signed),
                             from_=f"<{mail.sender}>", hfrom=mail.sender, msgid=mail.message_id)
    w.sink.expect_none(dropped.recipient)
    accepted = [line for line in w.guard.lines() if line["verdict"] == "accept" and dropped.token in line.rest]
    expect(not accepted, f"an abandoned transaction was accepted: {accepted}")


def hang_up(w):
    """A client that leaves in the middle of its message does no harm; the next one is served."""
    mail = Mail()
    client = Client(w.mta.smtp)
    client.mail(mail.sender)
    client.rcpt(mail.recipient)
    client.command("DATA", 354)
    client.socket.sendall(mail.data[:200])
    client.hang_up()
    again = Mail()
    w.send(again)
    w.signed(again)
    w.sink.expect_none(mail.recipient)


def null_sender_with_login(w):
    mail = Mail()
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        reply = client.send("", mail.recipient, mail.data)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", class_="submission", user=LOGIN, from_="<>")


def one_key(w):
    mail = Mail(sender="bob@beta.example")
    reply = w.submit(mail)
    w.signed(mail, ["beta.example/s1"])
    w.line(reply).expect(signed="beta.example/s1", from_="<bob@beta.example>")


def subdomain(w):
    mail = Mail(sender="news@list.acme.example")
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(signed=SIGNED, hfrom="news@list.acme.example")


def no_key(w):
    mail = Mail(sender="someone@gamma.example")
    reply = w.submit(mail)
    expect_untouched(mail, w.unsigned(mail))
    w.line(reply).expect(verdict="accept", signed="none", reason="no-key", by="-")


def a_label_domain(w):
    mail = Mail(sender="joerg@xn--bcher-kva.example")
    reply = w.submit(mail)
    names = ["xn--bcher-kva.example/s2026a", "xn--bcher-kva.example/e2026a"]
    w.signed(mail, names)
    w.line(reply).expect(signed=",".join(names))


def repairs(w):
    mail = Mail(without=("Date", "Message-ID"))
    reply = w.submit(mail)
    message = w.signed(mail)
    for name in ("Date", "Message-ID"):
        expect_equal(len(message.values(name)), 1, f"{name} fields")
        for tags in message.values("DKIM-Signature"):
            signed = tags.split("h=", 1)[1].split(";", 1)[0].lower()
            expect(name.lower() in signed, f"the added {name} is not signed: {signed}")
    line = w.line(reply).expect(verdict="accept", rules="date-missing:repair,message-id-missing:repair", by="-")
    expect_equal(line["msgid"], message.values("Message-ID")[0].strip(), "msgid: the one that was added")


def eight_bit(w):
    mail = Mail(body="Grüße aus Köln, 東京 and ümläut.\r\n".encode() * 40)
    reply = w.submit(mail, params="BODY=8BITMIME")
    message = w.signed(mail)
    expect_body(mail, message)
    expect("BODY=8BITMIME" in message.sender_params.upper(), f"MAIL parameters: {message.sender_params}")
    w.line(reply).expect(verdict="accept")


def ten_megabytes(w):
    mail = Mail(body=text_body(10 * 1024 * 1024))
    reply = w.submit(mail)
    message = w.delivered(mail, seconds=60)
    expect_body(mail, message)
    w.verifiers.check(message.data, ACME)
    expect(int(w.line(reply)["size"]) >= 10 * 1024 * 1024, "size in the log line")


def empty_body(w):
    mail = Mail(body=b"")
    w.submit(mail)
    message = w.signed(mail)
    expect_equal(message.body(), b"", "body")


def only_blank_lines(w):
    mail = Mail(body=b"\r\n" * 7)
    w.submit(mail)
    w.signed(mail)


def dots(w):
    mail = Mail(body=b".\r\n..\r\n.leading\r\n...three\r\ninner . dot\r\n.\r\n.\r\nend.\r\n")
    w.submit(mail)
    expect_body(mail, w.signed(mail))


def odd_white_space(w):
    """What relaxed canonicalization folds and what MTAs leave alone."""
    mail = Mail(body=b"trailing   \r\n\ttab\t\t in   lines \t\r\n \r\n\r\nmiddle\r\n\x0cform feed\r\n\r\n \t\r\n\r\n",
                fields=(("X-Folded", "one\r\n\ttwo   \r\n  three"), ("X-Empty", ""), ("Keywords", "  many   spaces  ")))
    w.submit(mail)
    w.signed(mail)


def foreign_signature(w):
    """A signature that is there stays, and does not stop ours."""
    mail = Mail(fields=(("DKIM-Signature", "v=1; a=rsa-sha256; c=relaxed/relaxed; d=else.example; s=x; h=from;\r\n"
                         "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA"),))
    reply = w.submit(mail)
    message = w.delivered(mail)
    good = sorted(v.name for v in w.verifiers.python(message.data, domain="acme.example") if v.good)
    expect_equal(good, sorted(ACME), "good signatures")
    expect_equal(len(message.values("DKIM-Signature")), 3, "signatures in all")
    w.line(reply).expect(signed=SIGNED)


def long_line(w):
    mail = Mail(body=b"a" * 1500 + b"\r\n")
    reply = w.submit(mail)
    w.delivered(mail)
    w.line(reply).expect(verdict="accept", rules="line-too-long:observe", by="-")


def signature_form(w):
    """What is promised about the signatures themselves: tags, oversigning, order, folding."""
    mail = Mail(fields=(("Reply-To", "<alice@acme.example>"), ("List-Unsubscribe", "<mailto:u@acme.example>"),
                        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"), ("Sender", "<alice@acme.example>")))
    w.submit(mail)
    message = w.signed(mail)
    algorithms = []
    for raw in (value for name, value in message.fields() if name == "DKIM-Signature"):
        tags = dict(part.strip().split("=", 1) for part in "".join(raw.split()).split(";") if part)
        algorithms.append(tags["a"])
        names = tags["h"].lower().split(":")
        for name in ("from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type",
                     "content-transfer-encoding"):
            expect_equal(names.count(name), 2, f"mentions of {name} in h=")
        for name in ("list-unsubscribe", "list-unsubscribe-post"):
            expect_equal(names.count(name), 1, f"mentions of {name} in h=")
        expect("sender" not in names, "Sender is a list's to change, and no part of RFC 6376 5.4.1")
        expect("received" not in names and "dkim-signature" not in names, f"h= names a trace: {names}")
        expect_equal(tags["c"], "relaxed/relaxed", "canonicalization")
        expect_equal(int(tags["x"]) - int(tags["t"]), 7 * 86400, "life of the signature")
        expect("l" not in tags and "z" not in tags, f"tags: {sorted(tags)}")
        expect(max(len(part) for part in raw.split("\r\n")) <= 78, f"a line is longer than 78: {raw}")
    expect_equal(sorted(algorithms), ["ed25519-sha256", "rsa-sha256"], "algorithms")


def parallel_sessions(w):
    """Twelve sessions in lock step; each message gets its own signature and line."""
    mails = [Mail(sender=f"user{i}@{'beta' if i % 2 else 'acme'}.example") for i in range(12)]
    clients = [Client(w.mta.smtp) for _ in mails]
    for step in ("mail", "rcpt"):
        for client, mail in zip(clients, mails):
            client.mail(mail.sender) if step == "mail" else client.rcpt(mail.recipient)
    replies = [client.data(mail.data) for client, mail in zip(clients, mails)]
    for client in clients:
        client.close()
    for i, (mail, reply) in enumerate(zip(mails, replies)):
        names = ["beta.example/s1"] if i % 2 else ACME
        w.signed(mail, names)
        w.line(reply).expect(signed=",".join(names), from_=f"<{mail.sender}>", msgid=mail.message_id)


def fields_taken_away(w):
    """What is not meant for recipients and forged results of ours go; results of others stay, and both verifiers accept."""
    forged, others = "mx.acme.example; spf=pass", "mx.else.example; spf=pass"
    mail = Mail(fields=[("X-Originating-IP", "[192.0.2.1]"), ("Authentication-Results", forged),
                        ("Authentication-Results", others), ("X-PHP-Originating-Script", "1000:a.php")])
    reply = w.submit(mail)
    message = w.signed(mail)
    expect_equal([message.values(name) for name in ("X-Originating-IP", "X-PHP-Originating-Script",
                                                    "Authentication-Results")], [[], [], [others]], "what is left")
    w.line(reply).expect(rules="private-header:repair,results-forged:repair")


def learnt_from_the_log(w):
    """The daemon's own lines are what learn owners and would read."""
    for _ in range(3):
        w.submit(Mail(sender="bob@beta.example"))
    said = w.guard.ctl_run("learn", "owners", w.guard.child.err_path).stdout.decode()
    expect_equal([line for line in said.splitlines() if line.startswith("bob@beta.example")],
                 [f"bob@beta.example\t{LOGIN}"], "rows of bob@beta.example")
    said = w.guard.ctl_run("would", w.guard.child.err_path).stdout.decode()
    expect(" 0 would have been rejected" in said, said)


CASES = (
    ("private fields and forged results are taken away", fields_taken_away),
    ("learn owners and would read the daemon's own lines", learnt_from_the_log),
    ("authenticated submission over STARTTLS", submission),
    ("relay network by address", relay),
    ("loopback SMTP without login is local", loopback),
    ("sendmail(1) is local", command),
    ("sendmail(1), last line without its end", command_without_end),
    ("inbound mail passes untouched and unlogged", inbound),
    ("inbound mail that claims our domain is not signed", inbound_forged),
    ("listener role off: untouched", listener_off),
    ("200 recipients", many_recipients),
    ("several messages in one session, RSET and EHLO between", one_session),
    ("a client that hangs up in its message", hang_up),
    ("null sender with a login is submission", null_sender_with_login),
    ("a domain with one key", one_key),
    ("a subdomain is signed by its parent", subdomain),
    ("a domain without a key passes unsigned, with the reason", no_key),
    ("an A-label domain", a_label_domain),
    ("missing Date and Message-ID are added and signed", repairs),
    ("8BITMIME", eight_bit),
    ("10 MB", ten_megabytes),
    ("empty body", empty_body),
    ("body of blank lines only", only_blank_lines),
    ("dots at the beginning of lines", dots),
    ("odd white space in header and body", odd_white_space),
    ("a foreign signature stays", foreign_signature),
    ("a line of 1500 is observed", long_line),
    ("the form of the signatures", signature_form),
    ("twelve sessions in lock step", parallel_sessions),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)


__all__ = ["add_to", "expect_body", "expect_untouched", "own_fields", "Failure"]
