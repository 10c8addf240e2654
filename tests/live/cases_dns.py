"""DNS dead, slow and lying, behind a mail server: mail flows as fast as the budget allows, signed, and what could not be
learnt is unknown.

The guard asks stage/liar.py.  What a name server is to do wrong is told of a name and all below it: LAB of the mood, as
in t1.dead.acme.example.  A message has a name of its own there, so that no answer is known from the one before; the key
of acme.example signs it.  What is told of everybody is an outage, and is asked about through domains of their own.
"""

import itertools
import threading
import time

from stage.base import PATIENCE, wait_until
from stage.client import Client
from stage.liar import Liar
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import expect, expect_equal
from stage.world import ACME, World

SPF = "v=spf1 ip4:198.51.100.7 -all"
TIMEOUT_MS = 500
# What a reply may take beyond the budget and what it takes without trouble: threads of two processors at work.
SLACK_MS = 250
ROWS = {("acme.example", "TXT"): [SPF], ("_dmarc.acme.example", "TXT"): ["v=DMARC1; p=reject"],
        ("mail.acme.example", "TXT"): [SPF], ("acme.example", "NS"): ["ns.acme.example"],
        ("*.example", "TXT"): [SPF]}
MOODS = ("honest", "dead", "slow", "wrong-id", "other-name", "truncated", "partial", "cut", "huge", "loop", "chain",
         "includes", "nested", "servfail", "refused", "garbage", "short", "empty")

CONFIG = """mode = "enforce";
outgoing = {{
  addresses = [ "198.51.100.7" ]; helo = "mail.acme.example"; internal = [ "inside.example" ];
  networks = ( {{ address = "192.0.2.0/24"; name = "branch"; kind = "relay"; }} );
}};
domains = ( {{ name = "acme.example"; keys = ( {{ selector = "s2026a"; file = "{keys}/acme.example/s2026a.pem"; }},
                                             {{ selector = "e2026a"; file = "{keys}/acme.example/e2026a.pem"; }} ); }} );
dns = {{ servers = [ {servers} ]; timeout = "{timeout}ms"; }};
"""


def rows():
    """Every lab answers as well as it can: SPF for each name in it."""
    return {**ROWS, **{(f"*.{mood}.acme.example", "TXT"): [SPF] for mood in MOODS}}


def config(world, servers=None, timeout=TIMEOUT_MS):
    """`servers`: ports on 127.0.0.1; None: the liar's."""
    ports = [world.liar.port] if servers is None else servers
    return CONFIG.format(keys=world.stage.path("keys"), timeout=timeout,
                         servers=", ".join(f'"127.0.0.1@{port}"' for port in ports))


class DnsWorld(World):
    """`liar` is whom the guard asks; the verifiers ask nsd."""

    def __init__(self, options, name, mta, **words):
        self.liar = None
        super().__init__(options, name, mta, self.first_config, **words)

    @staticmethod
    def first_config(world):
        world.liar = Liar(world.stage, ("example", "acme.example"), rows())
        world.calm()
        return config(world)

    def calm(self):
        """Each lab has its mood, and everybody else is told the truth."""
        self.liar.forget()
        for mood in MOODS:
            self.liar.tell(mood, f"{mood}.acme.example", delay=2 * TIMEOUT_MS / 1000)


_count = itertools.count(1)


def letter(mood):
    """A message whose domain is asked of a server in that mood, and which no other message has."""
    sender = f"alice@n{next(_count)}.{mood}.acme.example"
    return Mail(sender=sender, from_=f"<{sender}>")


def outside():
    """A message with an envelope domain far from all others: several that fail may be an outage."""
    return Mail(sender=f"alice@n{next(_count)}.example", from_="<alice@acme.example>")


def timed(w, mail, client=None):
    """Sends it; (reply, milliseconds from its last byte to the reply)."""
    own = client or Client(w.mta.smtp)
    try:
        own.mail(mail.sender)
        own.rcpt(mail.recipient)
        own.command("DATA", 354)
        own.socket.sendall(mail.data.replace(b"\r\n.", b"\r\n.."))
        begin = time.monotonic()
        own.socket.sendall(b".\r\n")
        return own.reply(250), (time.monotonic() - begin) * 1000
    finally:
        if not client:
            own.close()


def many(w, count, make_mail, sessions=6):
    """[(mail, reply, milliseconds)] of so many messages, over several sessions at once."""
    done, errors, lock = [], [], threading.Lock()
    todo = [make_mail() for _ in range(count)]

    def work():
        try:
            with Client(w.mta.smtp) as client:
                while True:
                    with lock:
                        if not todo:
                            return
                        mail = todo.pop()
                    reply, took = timed(w, mail, client)
                    done.append((mail, reply, took))
        except Exception as error:  # the case has to hear of it
            errors.append(error)
    threads = [threading.Thread(target=work, daemon=True) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120 * PATIENCE)
    if errors:
        raise errors[0]
    expect_equal(len(done), count, "messages answered")
    return done


def p99(figures):
    return sorted(figures)[max(0, int(len(figures) * 0.99) - 1)]


def outages(w):
    """(how often an outage was told, how often its end)."""
    log = w.guard.log()
    return log.count("dns: nothing is answered any more"), log.count("dns: there are answers again")


# What the line says of a message whose domain is served like this: mood, spf=, dmarc=.
KINDS = (("honest", "pass", "pass"), ("dead", "unknown", "unknown"), ("slow", "unknown", "unknown"),
         ("wrong-id", "unknown", "unknown"), ("other-name", "unknown", "unknown"), ("truncated", "pass", "pass"),
         ("partial", "unknown", "unknown"), ("cut", "unknown", "unknown"), ("huge", "permerror", "pass"),
         ("loop", "unknown", "unknown"), ("chain", "unknown", "unknown"), ("includes", "permerror", "pass"),
         ("nested", "permerror", "pass"), ("servfail", "unknown", "unknown"), ("refused", "unknown", "unknown"),
         ("garbage", "unknown", "unknown"), ("short", "unknown", "unknown"), ("empty", "unknown", "unknown"))


def every_kind(w):
    """One message each: delivered, signed, and no more is claimed than was learnt."""
    w.calm()
    wrong = []
    for mood, spf, dmarc in KINDS:
        mail = letter(mood)
        reply, _ = timed(w, mail)
        verdicts = w.verifiers.python(w.delivered(mail).data)
        expect_equal(sorted((verdict.name, verdict.good) for verdict in verdicts),
                     sorted((name, True) for name in ACME), f"signatures of the message, {mood}")
        line = w.line(reply).expect(verdict="accept", by="-", signed=",".join(ACME))
        if (line["spf"], line["dmarc"]) != (spf, dmarc):
            wrong.append(f"{mood}: spf={line['spf']} dmarc={line['dmarc']}, expected {spf} and {dmarc}")
        if float(line["t_ms"]) > TIMEOUT_MS + SLACK_MS * PATIENCE:
            wrong.append(f"{mood}: it took {line['t_ms']} ms")
    expect(not wrong, "; ".join(wrong))
    expect_equal(outages(w), (0, 0), "outages told and ended: it is one domain's servers that are bad")


def waits(w, done):
    """How long each of these was in our hands; none was judged by what nobody could know."""
    lines = {line.queue_id: line for line in w.guard.lines()}
    figures = []
    for _, reply, _ in done:
        line = lines.get(queue_id_of(reply)) or w.line(reply)
        line.expect(verdict="accept", spf="unknown", by="-")
        figures.append(float(line["t_ms"]))
    return figures


def outage(w):
    """Nobody answers anybody: told once, no message waits for it any more, and it ends by itself."""
    w.calm()
    w.guard.restart(config(w))
    reply, _ = timed(w, outside())
    w.line(reply).expect(verdict="accept", spf="pass", dmarc="pass")
    w.liar.forget()
    w.liar.tell("dead")
    begin = time.monotonic()
    done = many(w, 60, outside, sessions=4)
    wait_until(lambda: outages(w)[0] > 0, 15, "a word about the outage")
    noticed = time.monotonic() - begin
    before = waits(w, done)
    after = waits(w, many(w, 40, outside, sessions=4))
    expect(max(before) <= TIMEOUT_MS + SLACK_MS * PATIENCE, f"a message waited {max(before):.0f} ms")
    expect(p99(after) < TIMEOUT_MS / 2, f"messages go on waiting while nothing is answered: p99 {p99(after):.0f} ms")
    expect_equal(outages(w), (1, 0), "outages told and ended")
    w.liar.forget()
    begin = time.monotonic()
    wait_until(lambda: outages(w)[1] > 0, 30, "a word that it is over")
    print(f"an outage is told within {noticed:.1f} s, p99 of a message is then {p99(after):.0f} ms; its end is told "
          f"after {time.monotonic() - begin:.1f} s", flush=True)
    reply, _ = timed(w, outside())
    w.line(reply).expect(verdict="accept", spf="pass", dmarc="pass")
    expect_equal(outages(w), (1, 1), "outages told and ended")


CASES = (
    ("each way in which DNS can fail or lie: delivered, signed, and what was not learnt is unknown", every_kind),
    ("an outage is told once, costs no message more than moments, and ends by itself", outage),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
