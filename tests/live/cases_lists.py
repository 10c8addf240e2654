"""DNS lists between real servers: rbldnsd has the lists, unbound stands before it, and mail goes through a mail server.

Zones that are out of order are named beside good ones, so that each case sees both: what they say stops nothing.
"""

import json
import time

from stage.base import wait_until
from stage.client import become
from stage.lists import DEAD, KEY, Lists
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import expect, expect_equal
from stage.world import DOMAINS, World

SICK = ("wild.lists.example", "public.lists.example", "parked.lists.example", "empty.lists.example",
        "refused.lists.example", DEAD)

CONFIG = """mode = "enforce";
outgoing = {{ addresses = [ "198.51.100.7" ]; helo = "mail.acme.example"; internal = [ "inside.example" ];
             listeners = ( {{ daemon = "SUBMISSION"; role = "full"; }}, {{ daemon = "QUIET"; role = "off"; }} ); }};
senders = {{ owners = "file:{owners}"; }};
dns = {{ servers = [ "127.0.0.1@{port}" ]; timeout = "2s"; }};
watch = {{ every = "0s"; }};
lists = (
  {{ zone = "zen.spamhaus.org"; use = [ "client", "own" ]; }},
  {{ zone = "dbl.spamhaus.org"; use = [ "links", "sender-domain", "own" ]; }},
  {{ zone = "multi.surbl.org"; use = "links"; }},
  {{ zone = "bl.spamcop.net"; use = "own"; }},
  {{ zone = "authbl.dq.spamhaus.net"; use = "client"; key_file = "{key_file}"; }},
  {sick}
);
listings = {{ own_every = "3s"; }};
exceptions = ( {{ principal = "alice@acme.example"; rule = "anomaly"; action = "off"; because = "plays thieves, too"; }} );
"""
SICK_ROW = ('{{ zone = "{name}"; kind = "{kind}"; use = "links"; codes = ( {{ code = "127.0.0.2"; means = "bad"; }}, '
            '{{ code = "127.0.0.9"; means = "bad"; certain = true; }} ); }}')
GOOD = ("zen.spamhaus.org", "dbl.spamhaus.org", "multi.surbl.org", "bl.spamcop.net", "authbl.dq.spamhaus.net")


def config(world):
    if world.lists is None:
        world.lists = Lists(world.stage, world.zones.port, list(world.zone_data()))
    owners = world.stage.write("owners", "@acme.example *\nalice@cracked.example alice@acme.example\n", mode=0o644)
    key_file = world.stage.write("feed/feed.key", KEY + "\n", mode=0o600)
    world.stage.own(world.stage.path("feed"), "nobody", "nogroup")
    sick = ", ".join(SICK_ROW.format(name=name, kind="domain" if name == "parked.lists.example" else "address")
                     for name in SICK)
    return CONFIG.format(owners=owners, key_file=key_file, port=world.lists.resolver_port,
                         sick=sick) + DOMAINS.format(keys=world.stage.path("keys"))


class ListsWorld(World):
    def __init__(self, options, name, mta, **words):
        self.lists = None
        super().__init__(options, name, mta, config, **words)


def shown(w):
    """What egressctl lists tells, by zone."""
    done = w.guard.ctl_run("--json", "lists")
    return {row["zone"]: row for row in json.loads(done.stdout)["lists"]}


def await_states(w, wanted, seconds=40):
    """Until the lists are in those states."""
    wait_until(lambda: all(shown(w)[name]["state"] == state for name, state in wanted.items()), seconds,
               lambda: f"{wanted}, and not { {name: (row['state'], row['why']) for name, row in shown(w).items()} }")


def tested(w):
    """At the start each good list goes on, and each that is out of order is off, with one line and the right reason."""
    await_states(w, {**{name: "on" for name in GOOD}, **{name: "off" for name in SICK}})
    reasons = {"wild.lists.example": "it lists everything", "public.lists.example": "127.255.255.254",
               "parked.lists.example": "it lists everything", "empty.lists.example": "its test entry",
               "refused.lists.example": "refuse", DEAD: "fail or refuse"}
    for name, words in reasons.items():
        lines = [line for line in w.guard.log().splitlines() if f"lists: {name} " in line]
        expect(len(lines) == 1 and words in lines[0], f"one line that {name} is off with '{words}': {lines}")


def listed_link(w):
    """Phishing is held; spam is told; neither of a host that is not there."""
    w.lists.put("dbl.spamhaus.org", "phish.example :127.0.1.4:phish\nspam.example :127.0.1.2:spam\n",
                ("phish.example", ["127.0.1.4"]))
    mail = Mail(body=b"see http://phish.example/login\r\n")
    reply = w.submit(mail)
    w.line(reply).expect(verdict="hold", by="link-listed", rules="link-listed:hold")
    w.sink.expect_none(mail.recipient)
    mail = Mail(body=b"see http://spam.example/ and http://fine.example/\r\n")
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", rules="link-listed:observe")
    mail = Mail(body=b"see http://fine.example/ and http://192.0.2.80/ and http://www.acme.example/\r\n")
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", rules=None)


def hidden_link(w):
    """In HTML, encoded, below what is registered; by a bit of SURBL."""
    w.lists.put("multi.surbl.org", "malware.example :127.0.0.16:mw\n", ("malware.example", ["127.0.0.16"]))
    mail = Mail(fields=[("Content-Type", "text/html"), ("Content-Transfer-Encoding", "quoted-printable")],
                without=("Content-Type", "Content-Transfer-Encoding"),
                body=b'<a href=3D"http://www.mal=\r\nware.example/">here</a>\r\n')
    reply = w.submit(mail)
    w.line(reply).expect(verdict="hold", by="link-listed")


def listed_author(w):
    """The domain of From is asked about where it is not ours."""
    w.lists.put("dbl.spamhaus.org", "cracked.example :127.0.1.2:spam\n", ("cracked.example", ["127.0.1.2"]))
    reply = w.submit(Mail(from_="<alice@cracked.example>"))
    w.line(reply).expect(verdict="accept", rules="domain-not-ours:observe,domain-listed:observe")


def refusing(w):
    """A list that begins to refuse is off with the first answer; no mail stops for it, and its test brings it back."""
    w.lists.put("multi.surbl.org", "blocked.example :127.0.0.1:blocked\n", ("blocked.example", ["127.0.0.1"]))
    mail = Mail(body=b"see http://blocked.example/\r\n")
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", rules=None)
    await_states(w, {"multi.surbl.org": "off"})
    lines = [line for line in w.guard.log().splitlines() if "lists: multi.surbl.org is switched off" in line]
    expect_equal(len(lines), 1, f"lines about it: {lines}")
    w.lists.put("multi.surbl.org", "", ("blocked.example", []))
    w.guard.reload()
    await_states(w, {"multi.surbl.org": "on"})
    lines = [line for line in w.guard.log().splitlines() if "lists: multi.surbl.org is in order and on again" in line]
    expect_equal(len(lines), 1, f"lines about it: {lines}")


def public_resolver(w):
    """A list that begins to answer every name as it answers public resolvers accuses nobody, not even whom it listed."""
    phish = "phish.example :127.0.1.4:phish\n"
    w.lists.put("dbl.spamhaus.org", phish, ("fine.example", []))
    w.lists.put("dbl.spamhaus.org", phish + ".example :127.255.255.254:use another resolver\n",
                ("fine.example", ["127.255.255.254"]))
    mail = Mail(body=b"see http://fine.example/ and http://phish.example/\r\n")
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", rules=None)
    await_states(w, {"dbl.spamhaus.org": "off"})
    lines = [line for line in w.guard.log().splitlines() if "lists: dbl.spamhaus.org is switched off" in line]
    expect(len(lines) == 1 and "127.255.255.254" in lines[0], f"one line, with the answer: {lines}")
    mail = Mail(body=b"see http://phish.example/\r\n")
    w.line(w.submit(mail)).expect(verdict="accept", rules=None)
    w.lists.put("dbl.spamhaus.org", phish, ("fine.example", []))
    w.guard.reload()
    await_states(w, {"dbl.spamhaus.org": "on"})
    mail = Mail(body=b"see http://phish.example/\r\n")
    w.line(w.submit(mail)).expect(verdict="hold", by="link-listed")


def reputation(w):
    """A listing of ours is one warning with the page, in status and health, and so is its end."""
    w.lists.put("bl.spamcop.net", "198.51.100.7 :127.0.0.2:see the page\n", ("7.100.51.198", ["127.0.0.2"]))
    wait_until(lambda: "reputation: 198.51.100.7 is listed by bl.spamcop.net" in w.guard.log(), 30, "a line about it")
    line = next(line for line in w.guard.log().splitlines() if "reputation: 198.51.100.7" in line)
    expect("127.0.0.2" in line and "see the page" in line and "https://www.spamcop.net/bl.shtml" in line, line)
    expect("198.51.100.7 is listed by bl.spamcop.net" in w.guard.ctl_run("status", check=False).stdout.decode(), "status tells")
    done = w.guard.ctl_run("health", check=False)
    expect(done.returncode == 1 and b"198.51.100.7 is listed by bl.spamcop.net" in done.stdout, f"health: {done.stdout}")
    w.lists.put("bl.spamcop.net", "", ("7.100.51.198", []))
    wait_until(lambda: "198.51.100.7 is no more listed by bl.spamcop.net" in w.guard.log(), 30, "a line about its end")
    expect_equal(w.guard.log().count("reputation: "), 2, "lines about reputation")


def asked_by_hand(w):
    """egressctl lists NAME asks now."""
    done = w.guard.ctl_run("lists", "phish.example", check=False)
    text = done.stdout.decode()
    expect(done.returncode == 1 and "dbl.spamhaus.org: listed: 127.0.1.4, phishing" in text, f"{done.returncode}: {text}")
    expect("wild.lists.example: not asked" in text and "parked.lists.example: unknown" in text, text)
    done = w.guard.ctl_run("lists", "192.0.2.200", check=False)
    expect_equal(done.returncode, 0, f"exit for an address nobody lists: {done.stdout}")


def dead_costs_nothing(w):
    """With lists that are dead, known to be, a message waits for nobody."""
    slowest = 0
    for _ in range(5):
        mail = Mail(body=b"see http://other.example/ and http://192.0.2.81/\r\n")
        began = time.monotonic()
        w.submit(mail)
        slowest = max(slowest, time.monotonic() - began)
    expect(slowest < 2, f"{slowest:.2f} s for a message")


def keyless(w):
    """The key of the feed is in questions, and nowhere a person looks."""
    texts = [w.guard.every_log(), *(w.guard.ctl_run(*words, check=False).stdout.decode()
                                    for words in (("check",), ("lists",), ("--json", "lists"), ("status",),
                                                  ("--json", "status"), ("lists", "192.0.2.56")))]
    for text in texts:
        expect(KEY not in text, f"the key is shown: {text[max(0, text.find(KEY) - 200):][:400]}")


def listed_client(w):
    """An address that tries passwords is told; policy says nothing against a login. (XCLIENT, so Postfix only.)"""
    w.lists.put("zen.spamhaus.org", "192.0.2.55 :127.0.0.10:policy\n", ("55.2.0.192", ["127.0.0.10"]))
    mail = Mail()
    with become("alice@acme.example", w.mta.smtp) as client:
        reply = client.send(mail.sender, mail.recipient, mail.data)
    w.line(reply).expect(verdict="accept", rules=None)
    w.lists.put("zen.spamhaus.org", "192.0.2.55 :127.0.0.4:exploit\n", ("55.2.0.192", ["127.0.0.4"]))
    mail = Mail()

    def told():
        with become("alice@acme.example", w.mta.smtp) as client:
            reply = client.send(mail.sender, mail.recipient, mail.data)
        return w.guard.line(queue_id=queue_id_of(reply)).fields.get("rules") == "client-listed:observe"
    wait_until(told, 20, "a line with client-listed")


def add_to(group, has_xclient):
    cases = [("each list is tested at the start: good ones go on, others are off with one line and why", tested),
             ("links: phishing is held, spam told, others let alone", listed_link),
             ("links in HTML, encoded, below what is registered, by a bit", hidden_link),
             ("egressctl lists NAME asks all", asked_by_hand),
             ("an author whose domain is listed: told", listed_author),
             ("a list that begins to refuse is off at once, and on again", refusing),
             ("a list that takes us for a public resolver is off, and on again", public_resolver),
             ("dead lists cost no message any time", dead_costs_nothing),
             ("a listing of ours: one warning, status, health, and its end", reputation)]
    if has_xclient:
        cases.append(("the client of a login: infected is told, policy is not", listed_client))
    cases.append(("the key of a feed is nowhere to be seen", keyless))
    for title, function in cases:
        group.case(title)(function)
