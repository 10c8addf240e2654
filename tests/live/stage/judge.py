"""What became of many messages: none lost, none doubled, each signed once by each key, each with its line.

The functions take a world; `since` is where its log or its sink stood before the load.
"""

import time
from collections import Counter

from stage.base import wait_until
from stage.client import Client, Refused
from stage.mail import Mail
from stage.suite import expect, expect_equal
from stage.verify import signatures
from stage.world import ACME


def accepting_lines(w, since):
    """queue id: how many lines say it was accepted with both signatures; other accepting lines fail."""
    found = Counter()
    for line in w.guard.lines()[since:]:
        line.check_form()
        if line["verdict"] == "accept":
            expect_equal(line["signed"], ",".join(ACME), f"signed= of {line.raw}")
            found[line.queue_id] += 1
    return found


def expect_logged(w, since, accepted, failures):
    """One line per accepted message; a process that died may have written more than it could answer."""
    wait_until(lambda: len(w.guard.lines()) >= since + len(accepted), 20, "a line per message")
    lines = accepting_lines(w, since)
    missing = [queue_id for queue_id in accepted if lines[queue_id] != 1]
    expect(not missing, lambda: f"{len(missing)} accepted messages without exactly one line: "
                                f"{[(queue_id, lines[queue_id]) for queue_id in missing[:5]]}")
    expect(len(lines) <= len(accepted) + failures,
           f"{len(lines)} accepting lines for {len(accepted)} messages and {failures} failures")


def delivered(w, since, tokens):
    """The messages the sink has, by token, when it has all and the queue is empty."""
    wait_until(lambda: len(w.sink.messages) - since >= len(tokens), 120,
               lambda: f"{len(tokens)} messages at the sink, which has {len(w.sink.messages) - since}")
    wait_until(lambda: "Mail queue is empty" in w.mta.queue(), 60, w.mta.queue)
    found = {}
    for message in w.sink.messages[since:]:
        (recipient,) = message.recipients
        token = recipient.split("@", 1)[0]
        expect(token not in found, f"{token} was delivered twice")
        expect_equal(message.values("Message-ID"), [f"<{token}@acme.example>"], "Message-ID")
        found[token] = message
    expect_equal(sorted(set(tokens) - set(found)), [], "lost messages")
    expect_equal(sorted(set(found) - set(tokens)), [], "messages nobody was told were accepted")
    return found


def expect_signed(w, messages, verified, both=10):
    """Each by both keys once; the first `verified` pass python3-dkim, `both` of all pass opendkim as well."""
    messages = list(messages)
    for count, message in enumerate(messages):
        names = [f"{tags.get('d')}/{tags.get('s')}" for tags in signatures(message.data)]
        expect_equal(sorted(names), sorted(ACME), f"signatures of {message.values('Message-ID')}")
        if count < verified:
            bad = [str(verdict) for verdict in w.verifiers.python(message.data) if not verdict.good]
            expect(not bad, f"{message.values('Message-ID')}: {bad}")
        if count % max(1, len(messages) // both) == 0:
            w.verifiers.check(message.data, ACME)


def expect_rush_whole(w, rush, lines, kept, verified=10 ** 6):
    """All of a rush: delivered once, signed, logged; nobody was refused for good or hung up on."""
    broken = [refusal for refusal in rush.refusals if refusal.code == 0]
    expect(not broken, f"the mail server broke sessions: {broken[:3]}")
    expect_signed(w, delivered(w, kept, rush.accepted).values(), verified)
    expect_logged(w, lines, [queue_id for _, queue_id in rush.accepted.values()], len(rush.refusals))


def attempt(w, mail):
    """One attempt of a client: the reply that decided, and how long the whole of it took."""
    begin = time.monotonic()
    try:
        with Client(w.mta.smtp) as client:
            reply = client.send(mail.sender, mail.recipient, mail.data)
    except Refused as error:
        reply = error.reply
    return reply, time.monotonic() - begin


def expect_recovery(w, seconds=30):
    """Nobody helps: a client that tries again gets its mail through, signed by both keys."""
    mail = Mail()
    wait_until(lambda: attempt(w, mail)[0].code == 250, seconds, "mail to be taken again")
    w.signed(mail)
    w.line(mail)
