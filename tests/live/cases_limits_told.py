"""Cases about what a mail client is told of limits, word by word, and what comes of its mail.  On every MTA."""

import re

from limits_world import NOBODYS, expect_deferral, expect_refusal, others, use_up
from stage.base import wait_until
from stage.mail import Mail, text_body
from stage.postfix import queue_id_of
from stage.suite import expect, expect_equal


def reply_text(w):
    """At the limit: what a mail client is told, and what the log tells once in a window, however often it is met."""
    login = w.take()
    use_up(w, login)
    for _ in range(3):
        reply, line = w.mail_of(login, want=451)
        expect_deferral(reply, "limit default: 5 of 5 external recipients used in 1 hour", 1)
        line.expect(verdict="defer", by="limit-exceeded", limits="default:5/5", signed="none",
                    reply=reply.text, rules="limit-exceeded:defer")
    said = [line for line in w.guard.log().splitlines() if f"{login} (submission)" in line]
    expect_equal([re.sub(r".*?(u\d+@)", r"\1", line) for line in said],
                 [f"{login} (submission) is near limit default: 4 of 5 external recipients in 1 hour",
                  f"{login} (submission) has reached limit default: 5 of 5 external recipients in 1 hour"], "told")


def mailing(w):
    """300 recipients in one message are 300; 800 never fit into 500, so nobody is told to try again."""
    login, mail, large = w.take("mailing"), Mail(), Mail()
    _, line = w.mail_of(login, others(mail, 300), mail)
    line.expect(verdict="accept", rcpts="300", external="300", limits="mailing:300/500")
    for number in (0, 299):
        w.sink.wait(f"{mail.token}-{number}@away.example")
    reply, line = w.mail_of(login, others(large, 800), large, want=550)
    expect_equal(reply.text, "550 5.7.1 limit-exceeded: this message needs 800 external recipients, limit mailing is "
                             "500; send it in parts of at most 500 external recipients", "reply")
    line.expect(verdict="reject", by="limit-exceeded", limits="mailing:300/500")
    small = Mail()
    w.mail_of(login, others(small, 200), small)[1].expect(verdict="accept", limits="mailing:500/500")


def in_parts(w):
    """The client splits 800 into two times 400 of one session: the first goes, the second waits."""
    login, mail = w.take("mailing"), Mail()
    recipients = others(mail, 800)
    with w.session(login) as client:
        first = client.send(mail.sender, recipients[:400], mail.data)
        second = client.send(mail.sender, recipients[400:], mail.data, want=451)
    expect_deferral(second, "limit mailing: 400 of 500 external recipients used in 1 hour", 400)
    w.line(first).expect(verdict="accept", limits="mailing:400/500")
    w.last_line(mail).expect(verdict="defer", limits="mailing:400/500")
    w.sink.wait(recipients[0])
    w.sink.expect_none(recipients[-1])


def rejected(w):
    """A limit whose action is reject: no client tries again."""
    login = w.take("strict")
    for used in (1, 2):
        w.mail_of(login)[1].expect(verdict="accept", limits=f"default:{used}/5,strict:{used}/2")
    mail = Mail()
    reply, line = w.mail_of(login, mail=mail, want=550)
    expect_refusal(reply, r"550 5\.7\.1", "limit strict: 2 of 2 messages to outside used in 1 hour, "
                                          "this message needs 1")
    line.expect(verdict="reject", by="limit-exceeded", reply=reply.text, limits="default:2/5,strict:2/2")
    w.sink.expect_none(mail.recipient)


def kept(w):
    """A limit whose action is hold: to the client it is sent, and charged; somebody looks, and lets it go."""
    login = w.take("kept")
    for used in (1, 2):
        w.mail_of(login)[1].expect(verdict="accept", limits=f"default:{used}/5,kept:{used}/2")
    mail = Mail()
    reply, line = w.mail_of(login, mail=mail)
    expect_equal(queue_id_of(reply), line.queue_id, "the queue id that the client is told")
    line.expect(verdict="hold", by="limit-exceeded", limits="default:3/5,kept:3/2", rules="limit-exceeded:hold")
    wait_until(lambda: w.mta.is_held(line.queue_id), 20, f"{line.queue_id} to be held")
    w.sink.expect_none(mail.recipient)
    w.mta.release(line.queue_id)
    w.signed(mail)


def wrong_recipients(w):
    """Of whom there is no mailbox counts, also with the same message again, which is free, and where no message came of
    it; then all mail of that login waits.
    """
    login, mail = w.take("wrong"), Mail()
    names = iter(f"{mail.token}-{number}@{NOBODYS}" for number in range(4))
    with w.session(login) as client:
        for used, count in ((2, 2), (3, 1)):
            client.mail(mail.sender)
            for _ in range(count):
                client.rcpt(next(names), want=550)
            client.rcpt(mail.recipient)
            client.data(mail.data)
            w.last_line(mail).expect(verdict="accept", rcpts="1", limits=f"default:1/5,wrong:{used}/3")
        client.mail(mail.sender)
        client.rcpt(next(names), want=550)
        client.command("RSET", 250)
    reply, line = w.mail_of(login, want=451)
    expect_refusal(reply, r"451 4\.7\.1", "limit wrong: the mail server has refused 4 recipients in 1 hour, "
                                          "at most 3 may be wrong")
    line.expect(verdict="defer", by="limit-exceeded", limits="default:1/5,wrong:4/3")
    w.mail_of(w.take("wrong"))[1].expect(verdict="accept", limits="default:1/5,wrong:0/3")


def octets(w):
    """The size of the message, as often as it has recipients."""
    login, mail, large = w.take("bulk"), Mail(body=text_body(3000)), Mail(body=text_body(8192))
    _, line = w.mail_of(login, mail=mail)
    used = int(re.fullmatch(r"default:1/5,bulk:(\d+)/8192", line["limits"]).group(1))
    expect(3000 < used < 3600, f"bytes of {line.raw}")
    reply, _ = w.mail_of(login, others(mail, 2), mail, want=451)
    expect_deferral(reply, f"limit bulk: {used} of 8192 bytes to outside used in 1 hour", 2 * used)
    reply, _ = w.mail_of(login, mail=large, want=550)
    expect(re.fullmatch(r"550 5\.7\.1 limit-exceeded: this message needs \d+ bytes to outside, limit bulk is 8192; "
                        "send it in parts of at most 8192 bytes to outside", reply.text), f"reply: {reply.text}")


def different_people(w):
    """Again to the same people costs nothing; of new ones only those never written to before count."""
    for plan, words in (("people", "different external recipients"), ("fresh", "new external recipients")):
        login, mail = w.take(plan), Mail()
        known = others(mail, 2)
        for used in (2, 4):
            mail.body = f"{used}\r\n".encode()
            w.mail_of(login, known, mail)[1].expect(verdict="accept", limits=f"default:{used}/5,{plan}:2/2")
        reply, _ = w.mail_of(login, want=451)
        expect_deferral(reply, f"limit {plan}: 2 of 2 {words} used in 1 hour", 1)


def burst(w):
    """So many at once, then at an even pace: the next after 18 of 180 minutes."""
    login = w.take("even")
    for used in (1, 2):
        w.mail_of(login)[1].expect(verdict="accept", limits=f"default:{used}/5,even:{used}/10")
    reply, _ = w.mail_of(login, want=451)
    found = re.fullmatch(r"451 4\.7\.1 limit-exceeded: limit even: at most 2 messages to outside at once, and 10 in "
                         r"3 hours; it fits again in (\d+) minutes", reply.text)
    expect(found and 15 <= int(found.group(1)) <= 18, f"reply: {reply.text}")


CASES = (
    ("at the limit: the reply, and what is told once in a window", reply_text),
    ("300 recipients are 300; 800 against 500 are refused for good", mailing),
    ("800 recipients in two parts against 500", in_parts),
    ("a limit that rejects: the reply", rejected),
    ("a limit that holds: taken, charged, held, released", kept),
    ("bytes: the size times the recipients", octets),
    ("different and new recipients: whom one writes to counts once", different_people),
    ("so many at once, and then at an even pace", burst),
    ("unknown recipients that the mail server refuses", wrong_recipients),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
