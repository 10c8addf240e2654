"""What receivers will conclude, told before the message leaves: SPF and DMARC through a mail server, against nsd.

The zones of the organisations that play along; SPF of each sender is asked of python3-spf too, for every address that
the guard says mail leaves from.
"""

from stage import oracle
from stage.base import wait_until
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import expect, expect_equal
from stage.world import ACME, DOMAINS, LOGIN, World

FORWARDER, LISTS, SATELLITE = "127.0.0.5", "127.0.0.6", "127.0.0.7"
ADDRESSES = ["198.51.100.7", "2001:db8::7"]
HELO = "mail.acme.example"
OWN = "v=spf1 ip4:198.51.100.7 ip6:2001:db8::7 -all"

# Below the zone of acme.example, beside its keys.
ACME_LINES = [f'@ IN TXT "{OWN}"', '_dmarc IN TXT "v=DMARC1; p=reject"', f'mail IN TXT "{OWN}"',
              'broken IN TXT "v=spf1 ip4:198.51.100.7.1 -all"', 'half IN TXT "v=spf1 ip4:198.51.100.7 -all"',
              'news IN TXT "v=spf1 ip4:198.51.100.8 -all"', 'deep IN TXT "v=spf1 include:mail.acme.example ~all"']
ZONES = {
    "example": [],
    "bank.example": ['@ IN TXT "v=spf1 ip4:192.0.2.1 -all"', '_dmarc IN TXT "v=DMARC1; p=reject"'],
    "gentle.example": ['@ IN TXT "v=spf1 ip4:192.0.2.2 ?all"', '_dmarc IN TXT "v=DMARC1; p=none"'],
    "srs.example": [f'@ IN TXT "{OWN}"'],
}

OUTGOING = """outgoing = {{
  addresses = [ "198.51.100.7", "2001:db8::7" ]; helo = "mail.acme.example"; internal = [ "inside.example" ];
  networks = ( {{ address = "127.0.0.5"; name = "forwarder"; kind = "forward"; }},
               {{ address = "127.0.0.6"; name = "lists"; kind = "list"; }},
               {{ address = "127.0.0.7"; name = "satellites"; kind = "relay"; }} );
  listeners = ( {{ daemon = "SUBMISSION"; role = "full"; }}, {{ daemon = "QUIET"; role = "off"; }} );
  egress = ( {{ name = "bulk"; addresses = [ "198.51.100.8" ]; domains = [ "news.acme.example" ]; }} );
  envelope_rewrite = [ "canonical:file:{canonical}", "srs:srs.example" ];
}};
senders = {{ owners = "file:{owners}"; }};
mode = "enforce";
"""


def config(world):
    owners = world.stage.write("owners", "@acme.example *\n@broken.acme.example *\n@half.acme.example *\n"
                                         "@news.acme.example *\n@deep.acme.example *\n@bank.example *\n"
                                         "@gentle.example *\n", mode=0o644)
    canonical = world.stage.write("canonical", "@sat.invalid @acme.example\n", mode=0o644)
    return OUTGOING.format(owners=owners, canonical=canonical) + DOMAINS.format(keys=world.stage.path("keys"))


class ForecastWorld(World):
    def __init__(self, options, name, mta, **words):
        super().__init__(options, name, mta, config, **words)

    def zone_data(self):
        zones = self.keys.zones()
        zones["acme.example"] = zones["acme.example"] + ACME_LINES
        for name, lines in ZONES.items():
            zones[name] = zones.get(name, []) + lines
        return zones


def expect_oracle(w, sender, wanted, addresses=None):
    """python3-spf comes to these results, address by address."""
    results = [oracle.spf_result(w.zones, address, sender, HELO) for address in addresses or ADDRESSES]
    expect_equal(results, wanted, f"python3-spf about {sender}")


def own(w):
    mail = Mail()
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", spf="pass", dmarc="pass", rules=None)
    expect_oracle(w, mail.sender, ["pass", "pass"])


def included(w):
    mail = Mail(sender="a@deep.acme.example")
    reply = w.submit(mail)
    w.line(reply).expect(verdict="accept", spf="pass", dmarc="pass", rules=None)
    expect_oracle(w, mail.sender, ["pass", "pass"])


def broken(w):
    """The own record cannot be read; the signature is good and aligned: nothing is stopped."""
    mail = Mail(sender="alice@broken.acme.example", from_="Alice <alice@acme.example>")
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", spf="permerror", dmarc="pass", rules="spf-would-fail:observe")
    expect_oracle(w, mail.sender, ["permerror", "permerror"])


def differing(w):
    """One address is in the record, the other is not."""
    mail = Mail(sender="alice@half.acme.example", from_="Alice <alice@acme.example>")
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", spf="unknown", dmarc="pass", rules="spf-would-fail:observe")
    expect_oracle(w, mail.sender, ["pass", "fail"])


def pool(w):
    mail = Mail(sender="news@news.acme.example")
    reply = w.submit(mail)
    w.line(reply).expect(verdict="accept", spf="pass", dmarc="pass", rules=None)
    expect_oracle(w, mail.sender, ["pass"], ["198.51.100.8"])


def third_party(w):
    """A From domain that rejects what we cannot sign: refused, and the reply says by whose record and what to do."""
    mail = Mail(from_="Boss <boss@bank.example>")
    reply = w.submit(mail, want=550)
    expect(reply.text.startswith("550 5.7.26 dmarc-would-fail: ") and "bank.example" in reply.text and
           "p=reject" in reply.text, f"reply: {reply.text}")
    w.line(mail).expect(verdict="reject", by="dmarc-would-fail", dmarc="fail", signed="none")
    w.sink.expect_none(mail.recipient)


def lenient(w):
    """Its policy asks for nothing: it goes."""
    mail = Mail(from_="Friend <friend@gentle.example>")
    reply = w.submit(mail)
    w.unsigned(mail)
    expect("dmarc-would-fail:observe" in w.line(reply).expect(verdict="accept", dmarc="fail")["rules"], "not observed")


def invitation(w):
    """An answer to an invitation in its organiser's name."""
    body = (b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nORGANIZER:mailto:boss@bank.example\r\nEND:VEVENT\r\n"
            b"END:VCALENDAR\r\n")
    for author, code in (("boss@bank.example", 550), ("friend@gentle.example", 250)):
        mail = Mail(from_=f"<{author}>", body=body, without=("Content-Type",),
                    fields=(("Sender", LOGIN), ("Content-Type", "text/calendar; method=REPLY; charset=utf-8")))
        w.submit(mail, want=code)
        expect("dmarc-would-fail" in w.line(mail)["rules"], "not found")


def contact_form(w):
    """A form on this host in a visitor's name: to a mailbox inside it goes, to the outside it is held."""
    inside, outside = Mail(sender="www@acme.example", from_="Visitor <v@bank.example>"), \
        Mail(sender="www@acme.example", from_="Visitor <v@bank.example>")
    inside.recipient = f"{inside.token}@inside.example"
    w.mta.sendmail(inside.data, inside.sender, [inside.recipient])
    w.delivered(inside)
    w.line(inside).expect(verdict="accept", spf=None, dmarc=None)
    w.mta.sendmail(outside.data, outside.sender, [outside.recipient])
    line = w.line(outside).expect(verdict="hold", by="dmarc-would-fail", dmarc="fail")
    wait_until(lambda: w.mta.is_held(line.queue_id), 10, f"{line.queue_id} to be held")


def forwarded(w):
    """Whether a signature of the author's own domain is good nobody here knows; without any it would be rejected."""
    signature = ("DKIM-Signature", "v=1; a=rsa-sha256; d=bank.example; s=x; h=From; "
                                   "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA")
    with_one, without = Mail(sender="c@bank.example", fields=(signature,)), Mail(sender="c@bank.example")
    reply = w.send(with_one, source=FORWARDER)
    w.line(reply).expect(verdict="accept", class_="forward", spf="pass", dmarc="unknown")  # SPF of the SRS domain
    w.delivered(with_one)
    expect_oracle(w, "x@srs.example", ["pass", "pass"])
    reply = w.send(without, source=FORWARDER)
    line = w.line(reply).expect(verdict="hold", class_="forward", by="dmarc-would-fail")
    wait_until(lambda: w.mta.is_held(line.queue_id), 10, "the message to be held")


def listed(w):
    """A list that writes its own address into From, as lists do for such domains."""
    mail = Mail(sender="list-bounces@acme.example", from_="Client via List <list@acme.example>",
                fields=(("Reply-To", "c@bank.example"), ("List-Id", "<list.acme.example>")))
    reply = w.send(mail, source=LISTS)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", class_="list", spf="pass", dmarc="pass")


def satellite(w):
    """Its envelope sender becomes ours behind us."""
    mail = Mail(sender="root@sat.invalid", from_="Root <root@acme.example>")
    reply = w.send(mail, source=SATELLITE)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", class_="relay", spf="pass", dmarc="pass")


def null_sender(w):
    mail = Mail(sender="", from_="Alice <alice@acme.example>")
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", spf="pass", dmarc="pass")


def explained(w):
    """egressctl tells the same of a saved message."""
    mail = Mail(from_="Boss <boss@bank.example>")
    path = w.stage.write("saved.eml", mail.data.decode())
    done = w.guard.ctl_run("explain", path, "--login", LOGIN, "--from", LOGIN, "--rcpt", mail.recipient, check=False)
    said = done.stdout.decode()
    expect_equal(done.returncode, 1, f"exit code; it said {said} {done.stderr.decode()}")
    expect("dmarc-would-fail: reject" in said and "p=reject" in said, f"it said: {said}")


CASES = (
    ("own domain, listed and signed: both pass", own),
    ("an include carries it", included),
    ("a broken SPF record of the own domain and a good signature: passes", broken),
    ("IPv4 and IPv6 differ: unknown, with the finding", differing),
    ("a pool of its own for a domain", pool),
    ("From at a domain with p=reject that is not ours: refused with the reason", third_party),
    ("From at a domain with p=none: goes", lenient),
    ("answers to invitations in another's name", invitation),
    ("a contact form to a mailbox inside passes", contact_form),
    ("forwarded mail, with a signature of its author's domain and without", forwarded),
    ("a list with its own address in From", listed),
    ("a satellite with a canonical map", satellite),
    ("a null sender: HELO is asked", null_sender),
    ("explain tells it too", explained),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
