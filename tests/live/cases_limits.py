"""Cases about limits that every MTA must pass: what is counted, for whom, and what is free."""

import re

from limits_world import INSIDE, SCANNER, expect_deferral, others, use_up, write_plans
from stage.base import wait_until
from stage.client import Refused
from stage.mail import Mail
from stage.suite import expect, expect_equal
from stage.world import PRINTER


def internal(w):
    """Recipients inside are free, also beside others, and when nothing is left."""
    login, mail = w.take(), Mail()
    inside = [f"{mail.token}-{number}@{INSIDE}" for number in range(20)]
    w.mail_of(login, inside, mail)[1].expect(verdict="accept", external="0", limits=None)
    mail = Mail()
    w.mail_of(login, [*inside, *others(mail, 5)], mail)[1].expect(external="5", rcpts="25", limits="default:5/5")
    w.mail_of(login, want=451)
    mail = Mail()
    w.mail_of(login, inside, mail)[1].expect(verdict="accept", external="0", by="-")


def same_address(w):
    """The same address twice in one message is one recipient."""
    login, mail = w.take(), Mail()
    twice = [mail.recipient, f"{mail.recipient.split('@')[0]}@AWAY.example", mail.recipient]
    w.mail_of(login, twice, mail)[1].expect(verdict="accept", limits="default:1/5")


def network(w):
    """A network is counted and told, and stopped only where a row names it."""
    for used in range(1, 8):
        mail = Mail(sender="printer@acme.example")
        reply = w.send(mail, source=PRINTER)
        w.line(reply).expect(verdict="accept", class_="relay", user="printers", limits=f"default:{used}/5",
                             rules="limit-exceeded:observe" if used > 5 else None, by="-")
        w.delivered(mail)
    for used in (1, 2):
        reply = w.send(Mail(), source=SCANNER)
        w.line(reply).expect(verdict="accept", user="scanners", limits=f"default:{used}/5,scans:{used}/2")
    mail = Mail()
    reply = w.send(mail, source=SCANNER, want=451)
    expect_deferral(reply, "limit scans of the network: 2 of 2 messages to outside used in 1 hour", 1)
    w.line(mail).expect(verdict="defer", by="limit-exceeded", limits="default:2/5,scans:2/2")
    w.sink.expect_none(mail.recipient)


def script(w):
    """Web applications: each script has an account, all have the pool, and what would be deferred is held."""
    scripts = {name: (("X-PHP-Originating-Script", name),) for name in ("1000:mailer.php", "1001:shop.php")}
    pool = None
    for name, fields in scripts.items():
        for used in (1, 2):
            mail = Mail(sender="www@acme.example", fields=fields)
            w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
            w.delivered(mail)
            line = w.line(mail).expect(verdict="accept", class_="local", user=name)
            pool = pool_used(line) if pool is None else expect_next(pool, pool_used(line))
            expect(f"web:{used}/2" in line["limits"].split(","), f"limits of {name}: {line['limits']}")
    mail = Mail(sender="www@acme.example", fields=scripts["1000:mailer.php"])
    w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
    line = w.line(mail).expect(verdict="hold", class_="local", user="1000:mailer.php", by="limit-exceeded",
                               rules="private-header:repair,limit-exceeded:defer")
    expect_next(pool, pool_used(line))
    expect("web:3/2" in line["limits"].split(","), f"limits of what is held: {line['limits']}")
    wait_until(lambda: w.mta.is_held(line.queue_id), 20, f"{line.queue_id} to be held")
    w.sink.expect_none(mail.recipient)
    w.mta.release(line.queue_id)
    w.delivered(mail)


def pool_used(line):
    found = re.search(r"pool:(\d+)/1000", line["limits"] or "")
    expect(found, f"the pool is not counted: {line.raw}")
    return int(found.group(1))


def expect_next(before, now):
    expect_equal(now, before + 1, "messages in the pool")
    return now


def bounced(w):
    """The bounce of what a login sent is nobody's of our users."""
    login, mail = w.take(), Mail()
    mail.sender = f"{mail.token}@acme.example"
    w.mail_of(login, f"no-{mail.token}@away.example", mail)[1].expect(verdict="accept", limits="default:1/5")
    bounce = w.sink.wait(mail.sender)
    expect_equal(bounce.sender, "", "sender of the bounce")
    w.mail_of(login)[1].expect(verdict="accept", limits="default:2/5")


def nothing_for_nothing(w):
    """RSET, a connection that ends in DATA, a refused sender: none of them costs anything."""
    login, mail = w.take(), Mail()
    w.mail_of(login)[1].expect(limits="default:1/5")
    with w.session(login) as client:
        for _ in range(3):
            client.mail(mail.sender)
            client.rcpt(mail.recipient)
            client.command("RSET", 250)
        for _ in range(2):
            reply = client.send("boss@foreign.example", mail.recipient, mail.data, want=550)
            expect("sender-not-owned" in reply.text, f"reply: {reply.text}")
    for part in (b"", mail.data[:60], mail.data):
        client = w.session(login)
        client.mail(mail.sender)
        client.rcpt(mail.recipient)
        client.command("DATA", 354)
        client.socket.sendall(part)
        client.hang_up()
    w.mail_of(login)[1].expect(verdict="accept", limits="default:2/5")
    w.sink.expect_none(mail.recipient)


def again(w):
    """The same message, handed over again, is charged once; another body or other recipients make another one."""
    login, mail = w.take(), Mail()
    for _ in range(4):
        _, line = w.mail_of(login, mail=mail)
        line.expect(verdict="accept", limits="default:1/5")
    mail.body = b"Hello you.\r\n"
    w.mail_of(login, mail=mail)[1].expect(verdict="accept", limits="default:2/5")
    w.mail_of(login, others(mail, 2), mail=mail)[1].expect(verdict="accept", limits="default:4/5")
    w.mail_of(login, mail=mail)[1].expect(verdict="accept", limits="default:4/5")
    w.mail_of(login)[1].expect(limits="default:5/5")
    w.mail_of(login, mail=mail)[1].expect(verdict="accept", limits="default:5/5")  # it was let through before
    w.mail_of(login, want=451)


def own_counts(w):
    """Sessions of three logins in lock step, and several messages in each: everybody pays for what is his."""
    logins = [w.take() for _ in range(3)]
    clients = [w.session(login) for login in logins]
    for used in range(1, 5):
        mails = [Mail(sender=login) for login in logins]
        for client, mail in zip(clients, mails):
            client.mail(mail.sender)
        for number, (client, mail) in enumerate(zip(clients, mails)):
            for recipient in others(mail, number):
                client.rcpt(recipient)
        for number, (client, mail, login) in enumerate(zip(clients, mails, logins)):
            client.rcpt(mail.recipient)
            cost = (number + 1) * used
            try:
                client.data(mail.data)
            except Refused as refused:
                expect(cost > 5 and refused.reply.code == 451, f"{login}, {cost} recipients: {refused.reply.text}")
                continue
            expect(cost <= 5, f"{login} was let through with {cost} recipients")
            w.line(mail).expect(user=login, limits=f"default:{cost}/5")
    for client in clients:
        client.close()


def pipelined(w):
    """Commands written at once, message after message."""
    login = w.take()
    mails = [Mail(sender=login) for _ in range(7)]
    with w.session(login) as client:
        expect("PIPELINING" in client.extensions, f"extensions: {client.extensions}")
        head = [f"MAIL FROM:<{mail.sender}>\r\nRCPT TO:<{mail.recipient}>\r\nDATA\r\n".encode() for mail in mails]
        client.socket.sendall(head[0])
        for number, mail in enumerate(mails):
            for want in (250, 250, 354):
                client.reply(want)
            following = head[number + 1] if number + 1 < len(mails) else b"NOOP\r\n"
            client.socket.sendall(mail.data + b".\r\n" + following)
            client.reply(250 if number < 5 else 451)
        client.reply(250)
    for number, mail in enumerate(mails):
        w.line(mail).expect(verdict="accept" if number < 5 else "defer", limits=f"default:{min(number + 1, 5)}/5")


def exceptions(w):
    """One that is to end far away, and one that has ended."""
    for login, most in (("u1@acme.example", 7), ("u2@acme.example", 5)):
        for used in range(1, most + 1):
            w.mail_of(login)[1].expect(verdict="accept", limits=f"default:{used}/{most}")
        reply, _ = w.mail_of(login, want=451)
        expect(f"limit default: {most} of {most} external recipients" in reply.text, f"reply: {reply.text}")


def plans(w):
    """Of a file; another plan by reload keeps what was used."""
    login = w.take()
    use_up(w, login)
    w.mail_of(login, want=451)
    write_plans(w, f"{login} pro\n")
    w.guard.reload()
    for used in range(6, 10):
        line = w.mail_of(login)[1].expect(verdict="accept")
        expect(f"pro:{used}/9" in line["limits"].split(","), f"limits: {line['limits']}")
    reply, _ = w.mail_of(login, want=451)
    expect("limit pro: 9 of 9 external recipients used in 1 hour" in reply.text, f"reply: {reply.text}")
    write_plans(w)
    w.guard.reload()
    reply, _ = w.mail_of(login, want=451)
    expect("limit default: 9 of 5 external recipients used in 1 hour" in reply.text, f"reply: {reply.text}")


def site(w):
    """All who send from one domain together, whoever they are."""
    logins = [w.take(), w.take()]
    for number in range(3):
        login = logins[number % 2]
        line = w.mail_of(login, mail=Mail(sender="news@list.acme.example"))[1]
        line.expect(verdict="accept", limits=f"default:{number // 2 + 1}/5,lists:{number + 1}/3")
    reply, _ = w.mail_of(logins[1], mail=Mail(sender="other@list.acme.example"), want=451)
    expect("limit lists of the site: 3 of 3 messages to outside used in 1 hour" in reply.text, f"reply: {reply.text}")
    w.mail_of(logins[1])[1].expect(verdict="accept", limits="default:2/5")


def domain(w):
    logins = [w.take(), w.take()]
    for number in range(3):
        line = w.mail_of(logins[number % 2], mail=Mail(sender=f"b{number}@beta.example"))[1]
        line.expect(verdict="accept", limits=f"default:{number // 2 + 1}/5,beta:{number + 1}/3")
    reply, _ = w.mail_of(logins[1], mail=Mail(sender="b@beta.example"), want=451)
    expect("limit beta of the domain: 3 of 3 external recipients used in 1 hour" in reply.text, f"reply: {reply.text}")


def provider(w):
    """What goes to one provider, all on that plan together; another provider has a count of its own."""
    logins = [w.take(), w.take()]
    write_plans(w, "".join(f"{login} shop\n" for login in logins))
    w.guard.reload()
    for number, login in enumerate(logins):
        mail = Mail(sender=login)
        line = w.mail_of(login, [f"{mail.token}@gmail.com"], mail)[1].expect(verdict="accept")
        expect(f"to-one:{number + 1}/2" in line["limits"].split(","), f"limits: {line['limits']}")
    mail = Mail(sender=logins[0])
    reply, _ = w.mail_of(logins[0], [f"{mail.token}@googlemail.com"], mail, want=451)
    expect("limit to-one to the provider: 2 of 2 external recipients used in 2 hours" in reply.text,
           f"reply: {reply.text}")
    line = w.mail_of(logins[0])[1].expect(verdict="accept")
    expect("to-one:1/2" in line["limits"].split(","), f"limits to others: {line['limits']}")
    write_plans(w)
    w.guard.reload()


def observe(w):
    """Nothing is stopped, what would be is in the line; what was counted holds when limits are enforced again."""
    login = w.take()
    w.guard.restart(w.config(w).replace('mode = "enforce";\n', "", 1))
    for used in range(1, 8):
        mail = Mail(sender=login)
        _, line = w.mail_of(login, mail=mail)
        line.expect(verdict="accept", limits=f"default:{used}/5", would="defer" if used > 5 else None)
        w.delivered(mail)
    mail = Mail(sender=login)
    w.mail_of(login, others(mail, 6), mail)[1].expect(verdict="accept", would="reject", limits="default:13/5")
    w.guard.restart(w.config(w))
    reply, _ = w.mail_of(login, want=451)
    expect("limit default: 13 of 5 external recipients used in 1 hour" in reply.text, f"reply: {reply.text}")


CASES = (
    ("recipients inside are free", internal),
    ("the same address twice is one recipient", same_address),
    ("mail of networks is counted, and stopped where a row names it", network),
    ("sendmail(1) of web applications: account, pool, and hold for what would be deferred", script),
    ("a bounce is not charged to whom it goes to", bounced),
    ("what is abandoned or refused costs nothing", nothing_for_nothing),
    ("the same message again is charged once", again),
    ("three logins in lock step", own_counts),
    ("pipelined messages of one session", pipelined),
    ("exceptions that hold and that are over", exceptions),
    ("a plan of a file, and another one by reload", plans),
    ("a limit of the site", site),
    ("a limit of a domain", domain),
    ("a limit of a provider", provider),
    ("observe mode stops nothing and counts on", observe),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
