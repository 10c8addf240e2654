"""Keys and what the world sees of them: publishing, faults of the record, rotation, the end of a selector; through
Postfix, with records in a zone that changes, asked for at the zone's own servers.

A message is verified at the moment it arrives, by what DNS has then.  Each case has a domain of its own.
EGRESS_LONG=1: 2000 messages during a rotation.
"""

import json
import os
import signal
import threading
import time

from stage.arrivals import Arrivals
from stage.base import LONG, PATIENCE, is_alive, wait_until
from stage.mail import Mail
from stage.process import workers_of
from stage.rush import Rush
from stage.suite import Group, expect, expect_equal
from stage.verify import signatures
from stage.world import World
from stage.zone import Zones, key_record, quote

MESSAGES = 2000 if LONG else 300
LOST_AFTER_S = 1
DOMAINS = ("publish.example", "wait.example", "wrong.example", "lost.example", "fail.example", "turn.example",
           "keep.example", "defer.example", "own.example")

CONFIG = """mode = "enforce";
outgoing = {{ internal = [ "inside.example" ]; }};
domains = {domains};
watch = {{ every = "{every}"; }};
signing = {{ prove_every = "1s"; lost_after = "{lost}s"; {more} }};
"""


def config(world, more="", domains=None, every="1h"):
    folder = world.stage.path("keys")
    return CONFIG.format(domains=domains or f'"dir:{folder}"', every=every, lost=LOST_AFTER_S, more=more)


class KeysWorld(World):
    KEYS = ()  # the cases make them

    def __init__(self, options):
        super().__init__(options, "keys", "postfix", config, settings={"enable_long_queue_ids": "yes"})
        self.arrivals = Arrivals(self.sink, self.verifiers)

    def open_zones(self):
        return Zones(self.stage, {"example": [], **{name: [] for name in DOMAINS}}, at_home=True, ttl=1)

    # --- keys ---------------------------------------------------------------------

    def new_key(self, domain, selector, algorithm="rsa"):
        """A key file that the daemon has taken, not published."""
        path = self.keys.make(domain, selector, algorithm)
        self.guard.reload()
        return path

    def publish(self, domain, *selectors):
        """The records of these keys, and no others, stand in the zone."""
        self.zones.publish(domain, [key_record(name, self.keys.path(domain, name)) for name in selectors])

    def keys_of(self, domain):
        """selector: what egressctl tells of it."""
        done = self.guard.ctl_run("--json", "key", "list", domain, check=False)
        return {row["selector"]: row for row in json.loads(done.stdout)["keys"]}

    def states(self, domain):
        return {selector: row["state"] for selector, row in self.keys_of(domain).items()}

    def await_states(self, domain, **wanted):
        def are_there():
            states = self.states(domain)
            return all(states.get(selector) == state for selector, state in wanted.items())
        wait_until(are_there, 20, lambda: f"keys of {domain} to be {wanted}; they are {self.keys_of(domain)}")

    def prove(self, domain):
        """Has the daemon look now; egressctl's exit code."""
        return self.guard.ctl_run("key", "prove", domain, check=False).returncode

    def await_active(self, domain, *selectors):
        """Their records are there: they sign from the next look on, which is now."""
        self.prove(domain)
        self.await_states(domain, **{selector: "active" for selector in selectors})

    # --- mail ---------------------------------------------------------------------

    def mails(self, domain, count):
        """So many messages of it: accepted and here. (mails, the selectors that signed, as one set for each)."""
        mails = [Mail(sender=f"alice@{domain}") for _ in range(count)]
        for mail in mails:
            self.send(mail)
        messages = [self.delivered(mail) for mail in mails]
        return mails, [frozenset(tags["s"] for tags in signatures(message.data)) for message in messages]

    def expect_signed(self, domain, *selectors, count=1):
        """By these keys, and each signature was good when the message came."""
        mails, found = self.mails(domain, count)
        expect_equal(set(found), {frozenset(selectors)}, f"selectors that sign for {domain}")
        if selectors:
            self.arrivals.expect_verified(mails)
        return mails

    def expect_signed_now(self, domain, *selectors):
        """By these keys, whether somebody can verify it or not."""
        _, found = self.mails(domain, 1)
        expect_equal(found, [frozenset(selectors)], f"selectors that sign for {domain}")

    def resume_looking(self):
        """Messages are verified again when they come."""
        self.arrivals = Arrivals(self.sink, self.verifiers)

    def complaints(self, domain):
        """Lines of level err about keys of the domain."""
        return [line for line in self.guard.log().splitlines() if " err: " in line and domain in line]


group = Group("keys", KeysWorld)


@group.case("a key signs before any is proven, is proven when its record is there, and another waits for its own proof")
def published(w):
    domain = "publish.example"
    w.new_key(domain, "k1")
    _, found = w.mails(domain, 1)
    expect_equal(found, [frozenset(["k1"])], "selectors before any is proven")
    expect_equal(w.states(domain), {"k1": "new"}, "states")
    w.publish(domain, "k1")
    w.await_active(domain, "k1")
    w.expect_signed(domain, "k1")
    w.new_key(domain, "k2")
    w.expect_signed(domain, "k1", count=3)
    w.publish(domain, "k1", "k2")
    w.await_active(domain, "k1", "k2")
    w.expect_signed(domain, "k1", "k2")
    expect_equal(w.complaints(domain), [], "complaints")


@group.case("require_published: nothing is signed before the proof")
def required(w):
    domain = "wait.example"
    w.guard.restart(config(w, "require_published = true;"))
    w.new_key(domain, "k1")
    mails = w.expect_signed(domain, count=5)
    w.line(mails[0]).expect(verdict="accept", signed="none", reason="unpublished")
    w.publish(domain, "k1")
    w.await_active(domain, "k1")
    w.expect_signed(domain, "k1")
    w.guard.restart(config(w))


@group.case("another key stands in the record: after two looks it does not sign, mail flows, one complaint; mended, it signs")
def wrong(w):
    domain = "wrong.example"
    w.new_key(domain, "k1")
    other = w.keys.make("else.example", "k1")
    w.publish(domain, "k1")
    w.await_active(domain, "k1")
    w.zones.publish(domain, [key_record("k1", other)])
    w.await_states(domain, k1="lost")
    w.expect_signed(domain, count=20)
    complaints = w.complaints(domain)
    expect(1 <= len(complaints) <= 2, f"complaints about 20 messages: {complaints}")
    expect(any(f"k1._domainkey.{domain}" in line and "another key" in line for line in complaints),
           f"the complaint does not tell what is wrong: {complaints}")
    w.publish(domain, "k1")
    w.await_active(domain, "k1")
    w.expect_signed(domain, "k1")
    expect(len(w.complaints(domain)) <= 2, f"complaints: {w.complaints(domain)}")


@group.case("a record is removed: the other key signs; both are gone: mail flows unsigned; they are back: it is signed")
def lost(w):
    domain = "lost.example"
    w.new_key(domain, "k1")
    w.new_key(domain, "k2")
    w.publish(domain, "k1", "k2")
    w.await_active(domain, "k1", "k2")
    w.publish(domain, "k2")
    w.await_states(domain, k1="lost", k2="active")
    w.expect_signed(domain, "k2", count=3)
    w.publish(domain)
    w.await_states(domain, k1="lost", k2="lost")
    w.line(w.expect_signed(domain, count=20)[0]).expect(verdict="accept", signed="none", by="-")
    expect(len(w.complaints(domain)) <= 3, f"complaints: {w.complaints(domain)}")
    w.publish(domain, "k1", "k2")
    w.await_active(domain, "k1", "k2")
    w.expect_signed(domain, "k1", "k2")


@group.case("a revoked record (p= empty) is a loss, too; t=y is told")
def revoked(w):
    domain = "lost.example"
    w.zones.publish(domain, ['k1._domainkey IN TXT "v=DKIM1; p="', key_record("k2", w.keys.path(domain, "k2"))])
    w.await_states(domain, k1="lost", k2="active")
    w.expect_signed(domain, "k2")
    w.zones.publish(domain, [key_record("k1", w.keys.path(domain, "k1")),
                             key_record("k2", w.keys.path(domain, "k2"), "t=y; ")])
    w.await_states(domain, k1="active", k2="active")
    wait_until(lambda: any("k2._domainkey" in text and "t=y" in text for text in w.guard.log().splitlines()), 10,
               "a word about t=y")


@group.case("on_unpublished = defer: mail that would fail without its signature waits until the record is back")
def waiting(w):
    domain = "defer.example"
    path = w.new_key(domain, "k1")
    w.guard.restart(config(w, domains=f'( {{ name = "{domain}"; on_unpublished = "defer"; '
                                      f'keys = ( {{ selector = "k1"; file = "{path}"; }} ); }} )'))
    policy = '_dmarc IN TXT "v=DMARC1; p=reject"'
    w.zones.publish(domain, [policy, key_record("k1", path)])
    w.await_active(domain, "k1")
    w.expect_signed(domain, "k1")
    w.zones.publish(domain, [policy])
    w.await_states(domain, k1="lost")
    reply = w.send(Mail(sender=f"alice@{domain}"), want=451)
    expect("is not published at the moment" in reply.text, f"the reply: {reply.text}")
    w.zones.publish(domain, [policy, key_record("k1", path)])
    w.await_active(domain, "k1")
    w.expect_signed(domain, "k1")
    w.guard.restart(config(w))


@group.case("our own SPF record: its fault is in status, its change is one warning with the old and the new text")
def own_record(w):
    domain, bad, good = "own.example", "v=spf1 ip4:999.1.1.1 -all", "v=spf1 ip4:198.51.100.7 -all"
    rest = ["@ IN MX 10 mail", "mail IN A 198.51.100.7"]
    w.new_key(domain, "k1")
    w.zones.publish(domain, [*rest, f'@ IN TXT "{bad}"'])
    w.guard.restart(config(w, every="1s"))
    wait_until(lambda: any(f"SPF of {domain}" in line and "999.1.1.1" in line for line in status(w).splitlines()), 20,
               lambda: f"the fault to be shown: {status(w)}")
    w.zones.publish(domain, [*rest, f'@ IN TXT "{good}"'])
    begin = f'own domains: SPF of {domain} has changed: it was "{bad}"'  # not its coming, if that was seen too
    (line,) = wait_until(lambda: [line for line in w.guard.log().splitlines() if begin in line], 20, "a word about it")
    expect(" warning: " in line and f'it is "{good}"' in line and "; over: " in line, line)
    w.zones.publish(domain, [*rest, '@ IN TXT "v=spf1 -all"'])  # when this is seen, the one before was not told twice
    wait_until(lambda: 'it is "v=spf1 -all"' in w.guard.log(), 20, "the next change to be told")
    expect_equal(w.guard.log().count(f'it is "{good}"'), 1, "lines about the first change")
    w.guard.restart(config(w))


def status(w):
    return w.guard.ctl_run("status", check=False).stdout.decode()


def failing(w, domain, break_it, mend):
    """While nobody can say what the record is, nothing changes, for longer than a loss takes."""
    before = w.states(domain)
    break_it()
    end = time.monotonic() + 3 * LOST_AFTER_S  # what is tested is how long nobody answers
    while time.monotonic() < end:
        w.prove(domain)
        w.send(Mail(sender=f"alice@{domain}"))
    expect_equal(w.states(domain), before, "states while nobody answers")
    mails = [Mail(sender=f"alice@{domain}") for _ in range(3)]
    for mail in mails:
        w.send(mail)
        w.line(mail).expect(verdict="accept", signed=f"{domain}/k1")
    mend()
    w.prove(domain)
    expect_equal(w.states(domain), before, "states afterwards")
    w.expect_signed(domain, "k1")
    expect_equal(w.complaints(domain), [], "complaints")


@group.case("SERVFAIL, and servers that are gone: nothing changes")
def servfail(w):
    domain = "fail.example"
    w.new_key(domain, "k1")
    w.publish(domain, "k1")
    w.await_active(domain, "k1")
    w.sink.look = None  # nobody can verify anything meanwhile
    try:
        failing(w, domain, lambda: w.zones.fail(domain), lambda: (w.zones.mend(domain), w.resume_looking()))
        w.sink.look = None
        failing(w, domain, w.zones.stop, lambda: (w.zones.start(), w.resume_looking()))
    finally:
        w.resume_looking()


@group.case("restart, kill -9 and restart in place keep what is known of keys, also while DNS is away")
def kept(w):
    domain = "keep.example"
    for selector in ("k1", "k2"):
        w.new_key(domain, selector)
    w.publish(domain, "k1")
    w.await_active(domain, "k1")
    before = w.states(domain)
    w.zones.stop()
    w.sink.look = None
    try:
        for disturb in (w.guard.restart, lambda: kill_worker(w), lambda: restart_in_place(w), lambda: kill_all(w)):
            disturb()
            expect_equal(w.states(domain), before, "states")
            w.expect_signed_now(domain, "k1")
    finally:
        w.zones.start()
        w.resume_looking()
    w.expect_signed(domain, "k1")


def kill_worker(w):
    (worker,) = workers_of(w.guard.child.pid)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: (found := workers_of(w.guard.child.pid)) and worker not in found, 10, "another process")


def kill_all(w):
    workers = workers_of(w.guard.child.pid)
    os.kill(w.guard.child.pid, signal.SIGKILL)
    w.guard.child.wait(10)
    wait_until(lambda: not any(is_alive(worker) for worker in workers), 10, "the processes to end after their parent")
    w.guard.start()


def restart_in_place(w):
    done = w.guard.ctl_run("restart", check=False)
    expect_equal(done.returncode, 0, f"exit code of restart: {done.stdout + done.stderr}")


def rotate(w, domain):
    """egressctl key rotate; what it tells of each algorithm."""
    done = w.guard.ctl_run("--json", "key", "rotate", domain, check=False)
    expect_equal(done.returncode, 0, f"exit code of key rotate: {done.stdout + done.stderr}")
    return json.loads(done.stdout)["rotations"]


def record_line(rotation):
    return f"{rotation['name']}. IN TXT {quote(rotation['value'])}"


@group.case(f"{MESSAGES} messages during a rotation: each verifies when it comes; then the old selector goes")
def rotation(w):
    domain = "turn.example"
    w.new_key(domain, "s1")
    w.new_key(domain, "e1", "ed25519")
    w.publish(domain, "s1", "e1")
    w.await_active(domain, "s1", "e1")
    old = [key_record(name, w.keys.path(domain, name)) for name in ("s1", "e1")]
    is_over = threading.Event()
    rush = Rush(w.mta.smtp, MESSAGES, "rotation", sessions=6, is_enough=is_over.is_set,
                make_mail=lambda: Mail(sender=f"alice@{domain}"))
    runner = threading.Thread(target=run_rush, args=(rush,), daemon=True)
    runner.start()

    def at(share):
        wait_until(lambda: rush.progress() >= share or rush.error, 300, f"{share:.0%} of the messages")
    try:
        at(0.1)
        rotations = rotate(w, domain)
        expect_equal([(each["state"], each["old"]) for each in rotations], [("begun", "s1"), ("begun", "e1")], "rotations")
        new = [each["selector"] for each in rotations]
        at(0.2)
        # Somebody publishes the wrong thing first: it is not taken.
        w.zones.publish(domain, old + [record_line(rotations[0]).replace("p=MII", "p=MIJ"), record_line(rotations[1])])
        w.prove(domain)
        kill_worker(w)
        at(0.4)
        w.zones.publish(domain, old + [record_line(each) for each in rotations])
        w.prove(domain)
        w.await_states(domain, **{name: "active" for name in new}, s1="retiring", e1="retiring")
        at(0.7)
        restart_in_place(w)
        at(0.9)
    finally:
        is_over.set()
        runner.join(300 * PATIENCE)
    if rush.error:
        raise rush.error
    mails = [mail for mail, _ in rush.accepted.values()]
    for mail in mails:
        w.delivered(mail, 60)
    used = w.arrivals.expect_verified(mails)
    print(f"{len(mails)} messages, {len(rush.refusals)} deferred and taken on retry; signatures by key: {used}", flush=True)
    expect(all(used.get(f"{domain}/{name}", 0) > 0 for name in ["s1", "e1", *new]), f"a key did not sign: {used}")
    for selector in ("s1", "e1"):
        done = w.guard.ctl_run("key", "retire", domain, selector, "--revoked", check=False)
        expect_equal(done.returncode, 0, f"exit code of key retire: {done.stdout + done.stderr}")
        expect(not os.path.exists(w.keys.path(domain, selector)), f"{selector}.pem is still a key file")
    w.zones.publish(domain, [record_line(each) for each in rotations])
    w.guard.reload()
    w.expect_signed(domain, *new, count=10)
    states = w.states(domain)
    expect_equal({name: states[name] for name in new}, {name: "active" for name in new}, "states of the new keys")
    expect_equal(w.complaints(domain), [], "complaints")


def run_rush(rush):
    try:
        rush.run(280)
    except Exception as error:  # the case has to hear of it
        rush.error = error
