"""Tables of owners that change, go bad and come back under the running daemon: nobody is ever taken at his word.

The question is always whether alice and bob may send as sales@acme.example: what the table says now, or, where nobody
can tell, "try again later".
"""

import os
import threading
import time

from stage.base import PATIENCE, run_tool, wait_until
from stage.client import Client, Refused
from stage.mail import Mail
from stage.mapserver import MapServer
from stage.process import workers_of
from stage.socketmap import postmap
from stage.suite import Group, expect, expect_equal
from stage.world import ACME, DOMAINS, World

SALES = "sales@acme.example"
GOOD, OTHER = f"{SALES} alice\nteam@acme.example bob\n", f"{SALES} bob\nteam@acme.example bob\n"
# How long a change on disk may stay unseen: the look every two seconds, and the reload.
SEEN_S = 15

SITE = """mode = "enforce";
outgoing = {{ internal = [ "acme.example" ];
              networks = ( {{ address = "127.0.0.2"; name = "printers"; }} ); }};
logins = {{ realm = "acme.example"; }};
senders = {{ owners = "{owners}"; {more} }};
"""


def site(world, owners, more=""):
    return SITE.format(owners=owners, more=more) + DOMAINS.format(keys=world.stage.path("keys"))


class OwnersWorld(World):
    def __init__(self, options):
        super().__init__(options, "owners", "postfix", self._first, settings={
            "smtpd_error_sleep_time": "0", "smtpd_hard_error_limit": "1000", "smtpd_client_connection_count_limit": "0"})

    def _first(self, world):
        self.file = world.stage.write("tables/owners", GOOD)
        return site(world, f"file:{self.file}")

    def turn_to(self, owners, more=""):
        """Another table, by a reload."""
        self.guard.configure(site(self, owners, more))
        said = self.guard.reload()
        expect("not taken" not in said, said)

    def replace(self, text):
        """As an administrator does it: a finished file renamed over the old one."""
        fresh = self.stage.write("tables/owners.new", text)
        os.rename(fresh, self.file)

    def ask(self, login, sender=SALES):
        """(code, reply text) of a message of this login with that envelope sender."""
        with Asker(self) as asker:
            return asker.ask(login, sender)

    def codes(self):
        return self.ask("alice")[0], self.ask("bob")[0]


class Asker:
    """One connection for many questions."""

    def __init__(self, w):
        self.w = w

    def __enter__(self):
        self.client = Client(self.w.mta.smtp, source="127.0.0.9")
        return self

    def __exit__(self, *_):
        self.client.close()

    def ask(self, login, sender=SALES):
        mail = Mail(sender=f"{login}@acme.example")
        self.client.xclient(f"ADDR=127.0.0.9 NAME=[UNAVAILABLE] LOGIN={login}")
        try:
            reply = self.client.send(sender, mail.recipient, mail.data)
        except Refused as refused:
            reply = refused.reply
        return reply.code, reply.text


group = Group("owners", OwnersWorld)


def expect_unavailable(code, text):
    expect(code == 451 and "4.4.3 owners-unavailable: " in text, f"expected 451 4.4.3 owners-unavailable, got: {text}")


@group.case("file: replaced, and picked up without a reload")
def replaced(w):
    expect_equal(w.codes(), (250, 550), "alice and bob, with the first table")
    before = len(w.guard.log())
    begin = time.monotonic()
    w.replace(OTHER)
    wait_until(lambda: w.codes() == (550, 250), SEEN_S, "the new table to count")
    print(f"a replaced file counted after {time.monotonic() - begin:.1f} s", flush=True)
    expect("HUP" not in w.guard.log()[before:], "somebody asked for a reload")
    w.replace(GOOD)
    wait_until(lambda: w.codes() == (250, 550), SEEN_S, "the first table to count again")


@group.case("file: half-written, garbage, gone: the good copy stays, the log says so, mail flows")
def gone_bad(w):
    for what, text, words in (("half-written", "team@acme.example bob\nsales@acme.exam", "has no value"),
                              ("garbage", "\x7fELF\x02\x01\0\0\0\0\n" * 20, "a NUL byte")):
        before = len(w.guard.log())
        w.replace(text)
        wait_until(lambda: "err: " in w.guard.log()[before:], SEEN_S, f"a word about the {what} file")
        expect(words in w.guard.log()[before:], f"{what}: {w.guard.log()[before:]}")
        expect_equal(w.codes(), (250, 550), f"alice and bob, with the {what} file")
        said = w.guard.log().count("not taken")
        w.replace(GOOD + f"# mended, was {what}\n")
        expect_equal(w.codes(), (250, 550), "alice and bob, mended")
        expect(w.guard.log().count("not taken") <= said + 1, "it is said again and again")
    os.unlink(w.file)
    for _ in range(3):
        expect_equal(w.codes(), (250, 550), "alice and bob, without the file")
    w.replace(OTHER)
    wait_until(lambda: w.codes() == (550, 250), SEEN_S, "the table that came back to count")
    w.replace(GOOD)
    wait_until(lambda: w.codes() == (250, 550), SEEN_S, "the first table to count again")


@group.case("file: the process killed while the file is garbage: nobody can tell, until the file is good")
def killed(w):
    before = len(w.guard.log())
    w.replace("sales@acme.example\n")
    wait_until(lambda: "err: " in w.guard.log()[before:], SEEN_S, "a word about the file")
    old = workers_of(w.guard.child.pid)
    os.kill(old[-1], 9)
    wait_until(lambda: workers_of(w.guard.child.pid) not in (old, []), 15, "a replacement")
    def answered():
        code, text = w.ask("alice")
        return text if "owners-unavailable" in text else expect(code != 250, f"accepted unchecked: {text}")
    wait_until(answered, 15, "an answer of the replacement")
    for login, sender in (("alice", SALES), ("bob", SALES), ("alice", "alice@acme.example")):
        expect_unavailable(*w.ask(login, sender))
    mail = Mail(sender="scanner@acme.example")
    w.send(mail, source="127.0.0.2")
    w.signed(mail, ACME)  # whoever needs no table is served
    begin = time.monotonic()
    w.replace(GOOD)
    wait_until(lambda: w.codes() == (250, 550), SEEN_S, "the mended table to count")
    print(f"a replacement without a table had one {time.monotonic() - begin:.1f} s after it was mended", flush=True)


@group.case("lmdb: written by postmap while mail flows")
def lmdb(w):
    path = w.stage.path("lmdb", "owners")
    filler = "".join(f"user{number}@acme.example user{number}\n" for number in range(2000))
    def write(rows):
        w.stage.write("lmdb/owners", rows + filler)
        run_tool([*postmap(w.stage), f"lmdb:{path}"])
        os.chmod(f"{path}.lmdb", 0o644)
    write(GOOD)
    w.turn_to(f"lmdb:{path}")
    expect_equal(w.codes(), (250, 550), "alice and bob")
    is_over, seen = threading.Event(), {"alice": set(), "bob": set()}
    def flow():
        with Asker(w) as asker:
            while not is_over.is_set():
                for login, codes in seen.items():
                    codes.add(asker.ask(login)[0])
    runner = threading.Thread(target=flow, daemon=True)
    runner.start()
    try:
        for _ in range(8):
            write(GOOD)
    finally:
        is_over.set()
        runner.join(30 * PATIENCE)
    expect_equal(seen, {"alice": {250}, "bob": {550}}, "replies meanwhile")
    write(OTHER)
    wait_until(lambda: w.codes() == (550, 250), SEEN_S, "the new rows to count")


def p99_ms(w, count=101):
    """Of messages of a network, for which no table is asked, each in a session of its own."""
    times = []
    for _ in range(count):
        mail = Mail(sender="scanner@acme.example")
        begin = time.monotonic()
        w.send(mail, source="127.0.0.2")
        times.append(time.monotonic() - begin)
    return sorted(times)[count * 99 // 100] * 1000


def beside_a_crowd(w, count=6):
    """(p99 of others, replies) while so many clients ask as bob, who may not."""
    is_over, replies = threading.Event(), []
    def run():
        with Asker(w) as asker:
            while not is_over.is_set():
                replies.append(asker.ask("bob"))
    runners = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for runner in runners:
        runner.start()
    wait_until(lambda: len(replies) >= count, 60, "answers to the crowd")
    p99 = p99_ms(w)
    is_over.set()
    for runner in runners:
        runner.join(60 * PATIENCE)
    return p99, replies


@group.case("socketmap: gone, mute, garbage, TEMP, hanging up: try again later, others are served, and back by itself")
def socketmap(w):
    server = MapServer(w.stage, "owners.map", {SALES: "alice"}).open()
    w.turn_to(server.spec, 'timeout = "1s"; cache = 0;')
    expect_equal(w.codes(), (250, 550), "alice and bob")
    beside_a_crowd(w)  # Postfix has its processes now
    calm, replies = beside_a_crowd(w)
    expect_equal({code for code, _ in replies}, {550}, "replies to bob")
    for mood in ("gone", "mute", "garbage", "temp", "hang-up"):
        server.close() if mood == "gone" else setattr(server, "mood", mood)
        for login, sender in (("alice", SALES), ("bob", SALES), ("alice", "alice@acme.example")):
            expect_unavailable(*w.ask(login, sender))
        busy, replies = beside_a_crowd(w)
        for reply in replies:
            expect_unavailable(*reply)
        print(f"socketmap {mood}: p99 of others {busy:.0f} ms, {calm:.0f} ms with a good one; {len(replies)} were deferred",
              flush=True)
        expect(busy < max(5 * calm, 700 * PATIENCE),  # the timeout is 1000
               f"{mood}: others waited {busy:.0f} ms, {calm:.0f} ms with a good server")
        server.mood = "good"
        server.open() if mood == "gone" else None
        begin = time.monotonic()
        wait_until(lambda: w.codes() == (250, 550), 60, f"answers as before, after {mood}")
        print(f"socketmap {mood}: back {time.monotonic() - begin:.1f} s after the server was", flush=True)

