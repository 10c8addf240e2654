"""Recipients that cannot be reached or were never given to anybody, through a mail server that looks domains up itself.

The guard's questions pass stage/counter.py on their way to nsd, so that a case can show that nothing was asked.
Everything the mail server sends by SMTP arrives at the sink.
"""

import itertools
import os

from stage.base import wait_until
from stage.client import Client
from stage.counter import CountingResolver
from stage.mail import Mail
from stage.suite import expect, expect_equal
from stage.world import DOMAINS, LOGIN, PASSWORD, World
from stage.zone import Zones

HONEYPOT = "j.doe.archive@inside.example"
SECOND = "bob@acme.example"  # the login of the cases about honeypots
ROUTED_SENDER = "routed@acme.example"  # Postfix has a relayhost for him

# Domains of their own for each case, so that what one learnt is not known to another.
COLD = ["cold1", "cold2", "cold3", "cold4"]
NULLS = [f"{name}.nulls.example" for name in COLD + ["warm", "relayed", "virtual"]]
GOOD = "good.example"
MOST = 6  # external recipients of a message

ZONES = {
    "nulls.example": [f"{name} IN MX 0 ." for name in COLD + ["warm", "relayed", "virtual"]],
    GOOD: ["@ IN MX 10 mx", "mx IN A 127.0.0.1", "plain IN A 127.0.0.1", "empty IN TXT \"no mail\"",
           "alias IN CNAME plain"],
    "route.example": ["@ IN MX 0 ."],
    "inside.example": ["@ IN MX 0 ."],
    "gmial.com": ["@ IN MX 0 ."],
}

CONFIG = """mode = "enforce";
outgoing = {{ internal = [ "inside.example" ];
             networks = ( {{ address = "127.0.0.2"; name = "printers"; kind = "relay"; }} );
             listeners = ( {{ daemon = "SUBMISSION"; role = "full"; }} ); }};
senders = {{ owners = "file:{owners}"; }};
dns = {{ servers = [ "127.0.0.1@{port}" ]; timeout = "2s"; }};
behaviour = {{ honeypots = [ "{honeypot}", "@trap.example" ]; }};
recipients = {{ typos = ( {{ domain = "exmaple.org"; meant = "example.org"; }} ); }};
rules = {{ recipient-typo = {{ action = "reject"; classes = [ "submission" ]; }}; recipients-exceeded = "reject"; }};
ceilings = {{ recipients = {most}; }};
hooks = {{ honeypot = [ "{hook}", "{folder}" ]; }};
"""

# Runs as the guard's user.
HOOK = """#!/bin/sh
env | grep ^EGRESS_ | sort > "$1/$$.new" && mv "$1/$$.new" "$1/$EGRESS_NOTICE.$$"
"""


def config(world):
    folder = world.stage.path("hooks")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o777)
    return CONFIG.format(owners=world.stage.write("owners", "@acme.example *\n", mode=0o644), port=world.resolver.port,
                         honeypot=HONEYPOT, most=MOST, hook=world.stage.write("hook", HOOK, mode=0o755),
                         folder=folder) + DOMAINS.format(keys=world.stage.path("keys"))


class RecipientsWorld(World):
    LOGINS = (LOGIN, SECOND)

    def __init__(self, options, name, mta):
        super().__init__(options, name, mta, config)

    def zone_data(self):
        return {**self.keys.zones(), **ZONES}

    def open_zones(self):
        zones = Zones(self.stage, self.zone_data(), at_home=True)
        self.resolver = CountingResolver(self.stage, zones.port)
        return zones


_count = itertools.count(1)


def to(domain):
    return f"r{os.getpid()}x{next(_count)}@{domain}"


class Session:
    """A user's transaction by hand: RCPT is answered before the message goes."""

    def __init__(self, w, sender=LOGIN, login=LOGIN):
        self.mail = Mail(sender=sender)
        self.client = Client(w.mta.submission)
        self.client.starttls()
        self.client.login(login, PASSWORD)
        self.client.mail(sender)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()


def nothing_asked(w, domains, act):
    """No question about these domains, nor anything below them, came of it."""
    before = {domain: w.resolver.count(domain) for domain in domains}
    act()
    for domain in domains:
        expect_equal(w.resolver.count(domain), before[domain], f"questions about {domain}")


# --- null MX -------------------------------------------------------------------------------------


def cold_alone(w):
    """The answer is late, he is the only one: the message is refused at its end."""
    domain = NULLS[0]
    w.resolver.late(domain, 0.15)
    with Session(w) as s:
        s.client.rcpt(to(domain))
        reply = s.client.data(s.mail.data, want=556)
    expect(reply.text.startswith(f"556 5.1.10 recipient-null-mx: {domain} takes no mail"), f"reply: {reply.text}")
    w.line(s.mail).expect(verdict="reject", by="recipient-null-mx", rcpts="1")


def cold_of_two(w):
    """Late, and somebody else gets it: it goes, and is only told."""
    domain, other = NULLS[1], to(GOOD)
    w.resolver.late(domain, 0.15)
    with Session(w) as s:
        s.client.rcpt(to(domain))
        s.client.rcpt(other)
        s.client.data(s.mail.data)
    w.sink.wait(other, 20)
    w.line(s.mail).expect(verdict="accept", rules="recipient-null-mx:observe", rcpts="2")


def warm(w):
    """Once it is known he is refused when he comes, and the other one gets it."""
    domain, other = NULLS[4], to(GOOD)
    with Session(w) as s:
        s.client.rcpt(to(domain))
        wait_until(lambda: w.resolver.count(domain) > 0, 10, "the question to be asked")
        s.client.data(s.mail.data, want=556)  # by now it is in the cache
    with Session(w) as s:
        refused = s.client.rcpt(to(domain), want=556)
        expect(refused.text.startswith("556 5.1.10 ") and  # Sendmail names the address first
               f"recipient-null-mx: {domain} takes no mail at all (null MX)" in refused.text, f"reply: {refused.text}")
        s.client.rcpt(other)
        s.client.data(s.mail.data)
    message = w.sink.wait(other, 20)
    expect_equal(message.recipients, [other], "recipients at the sink")
    line = w.line(s.mail).expect(verdict="accept", rules="recipient-null-mx:reject", rcpts="1", external="1", by="-")
    expect_equal(line["refused"], "1", "refused recipients")


def all_refused(w):
    """Nobody is left: the line says reject, though the mail server never sent a message."""
    domain = NULLS[4]
    address = f"nobody.else@{domain}"
    with Session(w) as s:
        s.client.rcpt(address, want=556)
    line = wait_until(lambda: [line for line in w.guard.lines_with(domain) if "rcpts=0" in line.raw], 10, "its line")[-1]
    line.expect(verdict="reject", by="recipient-null-mx", user=LOGIN)


def relayed(w):
    """A printer's mail is not refused, though it is known by then."""
    domain, mail = NULLS[5], Mail(sender="printer@acme.example")
    for _ in range(2):
        mail = Mail(sender="printer@acme.example")
        mail.recipient = to(domain)
        w.send(mail, source="127.0.0.2")
    w.line(mail).expect(verdict="accept", class_="relay", rules="recipient-null-mx:observe")


# --- missing, misspelt ---------------------------------------------------------------------------


def missing(w):
    mail = Mail()
    for domain, rule in ((f"nowhere.{GOOD}", "recipient-domain-missing:observe"),
                         (f"empty.{GOOD}", "recipient-domain-missing:observe"), (f"plain.{GOOD}", None),
                         (f"alias.{GOOD}", None)):
        mail = Mail()
        mail.recipient = to(domain)
        w.submit(mail)
        w.line(mail).expect(verdict="accept", rules=rule)


def misspelt(w):
    for typo, meant in (("gmial.com", "gmail.com"), ("exmaple.org", "example.org")):
        with Session(w) as s:
            reply = s.client.rcpt(to(typo), want=550)
            expect(reply.text.startswith("550 5.1.2 ") and
                   reply.text.endswith(f"recipient-typo: {typo} is a common misspelling; did you mean {meant}?"),
                   f"reply: {reply.text}")


# --- left alone ----------------------------------------------------------------------------------


def routed(w):
    """A route of the site's own, inside, address literals: delivered, and nothing asked."""
    recipients = [to("route.example"), to("inside.example"), to("[192.0.2.77]")]

    def act():
        with Session(w) as s:
            for recipient in recipients:
                s.client.rcpt(recipient)
            s.client.data(s.mail.data)
        w.line(s.mail).expect(verdict="accept", rules=None, rcpts="3")
    nothing_asked(w, ("route.example", "inside.example", "[192.0.2.77]", "192.0.2.77"), act)
    for recipient in recipients[:2]:
        w.sink.wait(recipient, 20)


# --- honeypots -----------------------------------------------------------------------------------


def hooks(w):
    return [name for name in os.listdir(w.stage.path("hooks")) if name.startswith("honeypot.")]


def too_many(w):
    """As many as may be, and one inside beside them, go; one more stops the message, whose line counts them all."""
    for count, code in ((MOST, 250), (MOST + 1, 550)):
        with Session(w) as s:
            others = [to(GOOD) for _ in range(count)]
            for one in [*others, "bob@inside.example"]:
                s.client.rcpt(one)
            reply = s.client.data(s.mail.data, want=code)
        line = w.line(s.mail).expect(rcpts=str(count + 1), external=str(count))
        if code == 250:
            line.expect(verdict="accept", rules=None)
            w.sink.wait(others[-1], 20)
    line.expect(verdict="reject", by="recipients-exceeded")
    expect(f"550 5.5.3 recipients-exceeded: the message has {count} external recipients, {MOST} are allowed" in reply.text,
           f"reply: {reply.text}")
    w.sink.expect_none(others[0])


def honeypot(w):
    """Each message is held; the alarm is one."""
    for recipient in (HONEYPOT, HONEYPOT.upper(), "anybody@trap.example"):
        mail = Mail(sender=SECOND)
        mail.recipient = recipient
        w.submit(mail, login=SECOND)
        line = w.line(mail).expect(verdict="hold", by="recipient-honeypot")
        wait_until(lambda at=line: w.mta.is_held(at.queue_id), 10, f"{line.queue_id} to be held")
    wait_until(lambda: hooks(w), 20, "the hook to run")
    alarms = [line for line in w.guard.log().splitlines() if "notice honeypot:" in line]
    expect_equal(len(alarms), 1, f"alarms: {alarms}")
    expect(f"{SECOND} wrote to <{HONEYPOT}>" in alarms[0], f"alarm: {alarms[0]}")
    expect_equal(len(hooks(w)), 1, "hooks that ran")
    other = Mail()
    other.recipient = HONEYPOT
    w.submit(other)
    wait_until(lambda: w.guard.log().count("notice honeypot:") == 2, 10, "the alarm about another login")


# --- no DNS --------------------------------------------------------------------------------------


def dead(w):
    """Nobody answers: mail flows, and nobody is refused."""
    w.resolver.is_dead = True
    try:
        for domain in (NULLS[2], NULLS[3], f"gone.{GOOD}"):
            mail = Mail()
            mail.recipient = to(domain)
            w.submit(mail)
            w.line(mail).expect(verdict="accept", rules=None)
    finally:
        w.resolver.is_dead = False


CASES = (
    ("null MX, answer late, one recipient: refused at the end", cold_alone),
    ("null MX, answer late, one of two: the message goes on", cold_of_two),
    ("null MX, known: refused when he comes, the other one gets it", warm),
    ("null MX, all refused: the line says reject", all_refused),
    ("null MX, mail of a relay: only observed", relayed),
    ("no MX and no address: told; an address alone or an alias: fine", missing),
    ("misspelt domains: the reply says what was meant", misspelt),
    ("a route, inside, an address literal: delivered, and DNS is not asked", routed),
    ("more external recipients than one message may have: refused as a whole", too_many),
    ("honeypots: held, and one alarm for each login", honeypot),
    ("DNS is dead: nobody is refused", dead),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
