"""OpenDKIM's own tables as `domains`: who is signed for, as the tables are rewritten under the running daemon, and that
each row means to us what it means to OpenDKIM."""

import json
import os
import random
import re
import threading
import time

from stage.base import Failure, find_program, run_tool, wait_until
from stage.client import Refused
from stage.mail import Mail
from stage.suite import Group, expect, expect_equal
from stage.world import OUTGOING, PRINTER, STRANGER, World, everybody

KEYS = """# name     domain:selector:key
acme       acme.example:s2026a:{keys}/acme.example/s2026a.pem
acme-ed    acme.example:e2026a:{keys}/acme.example/e2026a.pem
beta       beta.example:s1:{keys}/beta.example/s1.pem
"""
GAMMA = "gamma      gamma.example:g1:{keys}/gamma.example/g1.pem\n"
SIGNING = "ed@acme.example acme-ed\n*@acme.example acme\n*@beta.example beta\n"
# A change on disk: the look every two seconds, a second in which the table must stay the same, and the reload.
SEEN_S = 20


def site(world, more=""):
    return ('mode = "enforce";\n' + OUTGOING + everybody(world) +
            f'domains = "opendkim:{world.keys_table},refile:{world.signing_table}{more}";\n')


class TablesWorld(World):
    KEYS = World.KEYS + (("gamma.example", "g1", "rsa"),)

    def __init__(self, options):
        super().__init__(options, "opendkim", "postfix", self._first)

    def _first(self, world):
        self.keys_table = world.stage.path("tables", "KeyTable")
        self.signing_table = world.stage.path("tables", "SigningTable")
        self.write_tables(KEYS, SIGNING)
        return site(world)

    def filled(self, text):
        return text.format(keys=self.stage.path("keys"))

    def write_tables(self, keys, signing):
        """At once: each is a new file renamed over the old one."""
        for path, text in ((self.keys_table, self.filled(keys)), (self.signing_table, signing)):
            fresh = self.stage.write("tables/new", text)
            os.rename(fresh, path)

    def generation(self):
        return len(re.findall(r"reload: generation \d+ in force", self.guard.log()))

    def signs(self, sender, names):
        mail = Mail(sender=sender)
        self.submit(mail)
        self.signed(mail, names)

    def is_signed(self, sender):
        mail = Mail(sender=sender)
        self.submit(mail)
        return bool(self.delivered(mail).values("DKIM-Signature"))


group = Group("opendkim", TablesWorld)


@group.case("tables sign for two domains, and for an address by another key")
def first(w):
    w.signs("alice@acme.example", ["acme.example/s2026a"])
    w.signs("bob@beta.example", ["beta.example/s1"])
    w.signs("ed@acme.example", ["acme.example/e2026a"])
    expect(not w.is_signed("carol@gamma.example"), "nobody signs for gamma.example yet")


@group.case("a domain more in both tables signs without a reload being asked for")
def more(w):
    before = w.generation()
    w.write_tables(KEYS + GAMMA, SIGNING + "*@gamma.example gamma\n")
    wait_until(lambda: w.generation() > before, SEEN_S, "the tables to be read again")
    w.signs("carol@gamma.example", ["gamma.example/g1"])
    w.signs("alice@acme.example", ["acme.example/s2026a"])


class SlowWriter(threading.Thread):
    """Writes a table in place, in halves of rows; `gap_s` is the longest time it did not."""

    def __init__(self, path, rows):
        super().__init__()
        self.path, self.rows, self.gap_s = path, rows, 0

    def run(self):
        with open(self.path, "w", encoding="ascii") as table:
            for piece in (half for row in self.rows for half in (row[:7], row[7:])):
                began = time.monotonic()
                table.write(piece)
                table.flush()
                time.sleep(0.1)
                self.gap_s = max(self.gap_s, time.monotonic() - began)


@group.case("tables written in place, row by row, are never taken by half: no mail of a domain in them leaves unsigned")
def in_place(w):
    rows = SIGNING.splitlines(True) + [f"*@d{i}.example acme\n" for i in range(30)] + ["*@gamma.example gamma\n"]
    for _ in range(5):
        before = w.generation()
        writer = SlowWriter(w.signing_table, rows)
        writer.start()
        signed = []
        while writer.is_alive():
            signed += [w.is_signed("carol@gamma.example"), w.is_signed("bob@beta.example")]
        taken = w.generation() - before
        wait_until(lambda: w.generation() > before, SEEN_S, "the table to be read when it was whole")
        w.signs("carol@gamma.example", ["gamma.example/g1"])
        if writer.gap_s < 0.9:  # else it looked as if it had ended, and nothing was shown
            expect(all(signed), f"{signed.count(False)} of {len(signed)} messages left unsigned")
            return expect(taken <= 1, f"{taken} reloads while the table was being written")
    raise Failure("this machine is too slow to write a line a second")


@group.case("a table that is broken is refused and said so, and what was read before goes on signing")
def broken(w):
    log = len(w.guard.log())
    before = w.generation()
    w.write_tables(KEYS + GAMMA, "*@acme.example acme\n*@beta.example\n")
    wait_until(lambda: "configuration not taken" in w.guard.log()[log:], SEEN_S, "the refusal")
    expect("SigningTable:2: \"*@beta.example\" has no value" in w.guard.log()[log:], w.guard.log()[log:])
    w.signs("bob@beta.example", ["beta.example/s1"])
    expect_equal(w.generation(), before, "generations")
    w.write_tables(KEYS, SIGNING)
    wait_until(lambda: w.generation() > before, SEEN_S, "the mended table")
    expect(not w.is_signed("carol@gamma.example"), "gamma.example is gone from the tables")


@group.case("a row whose key is not there defers its own mail alone, until the key comes")
def missing_key(w):
    before = w.generation()
    hidden = w.stage.path("keys", "gamma.example", "hidden")
    os.rename(w.keys.path("gamma.example", "g1"), hidden)
    w.write_tables(KEYS + GAMMA, SIGNING + "*@gamma.example gamma\n")
    wait_until(lambda: w.generation() > before, SEEN_S, "the tables to be read again")
    w.signs("alice@acme.example", ["acme.example/s2026a"])
    try:
        w.submit(Mail(sender="carol@gamma.example"))
        expect(False, "mail that cannot be signed was taken")
    except Refused as refused:
        expect_equal(refused.reply.code, 451, "the reply")
    before = w.generation()
    os.rename(hidden, w.keys.path("gamma.example", "g1"))
    wait_until(lambda: w.generation() > before, SEEN_S, "the key to be seen")
    w.signs("carol@gamma.example", ["gamma.example/g1"])


@group.case("MultipleSignatures signs with every row that matches")
def several(w):
    w.guard.configure(site(w, ",MultipleSignatures"))
    w.write_tables(KEYS, SIGNING + "*@acme.example acme-ed\n")
    expect("not taken" not in w.guard.reload(), "the reload")
    w.signs("alice@acme.example", ["acme.example/s2026a", "acme.example/e2026a"])
    w.guard.configure(site(w))
    w.guard.reload()


def imported(w, *options):
    """The daemon runs with what `egressctl import opendkim` makes of an opendkim.conf over these tables."""
    hosts = w.stage.write("import/hosts", f"127.0.0.1\n{PRINTER}\n")
    conf = w.stage.write("import/opendkim.conf", (
        f"Mode sv\nSocket local:{w.guard.socket.removeprefix('unix:')}\nUMask 000\n"
        f"KeyTable {w.keys_table}\nSigningTable refile:{w.signing_table}\nInternalHosts {hosts}\n"
        "Canonicalization relaxed/simple\n"))
    text = run_tool([w.guard.ctl, "import", "opendkim", *options, conf], check=False).stdout.decode()
    w.guard.configure_wholly(text)
    expect("not taken" not in w.guard.reload(), text)
    return text


@group.case("what import opendkim prints is put in force: who was signed for is, printers too, strangers are not")
def import_opendkim(w):
    w.write_tables(KEYS, SIGNING)
    for options in ((), ("--live",)):
        text = imported(w, *options)
        expect_equal("opendkim:" in text, bool(options), f"the tables named in the configuration:\n{text}")
        w.signs("alice@acme.example", ["acme.example/s2026a"])
        w.signs("bob@beta.example", ["beta.example/s1"])
        printed = Mail(sender="bob@beta.example")
        w.send(printed, source=PRINTER)
        w.signed(printed, ["beta.example/s1"])
        expect(re.search(r"; c=relaxed/simple;", w.delivered(printed).values("DKIM-Signature")[0]), "the forms")
        foreign = Mail(sender="bob@beta.example")
        w.send(foreign, source=STRANGER)
        expect(not w.delivered(foreign).values("DKIM-Signature"), "mail from elsewhere is signed")
    before = w.generation()
    w.write_tables(KEYS + GAMMA, SIGNING + "*@gamma.example gamma\n")
    wait_until(lambda: w.generation() > before, SEEN_S, "the tables, which stayed OpenDKIM's, to be read again")
    w.signs("carol@gamma.example", ["gamma.example/g1"])
    w.guard.configure(site(w))
    w.guard.reload()


# --- as OpenDKIM reads them --------------------------------------------------

NAMES = ("a.example", "b.example", "x.a.example", "y.x.a.example", "bra.example", "example")
LOCALS = ("u", "v", "u-1", "u+x", "a.b")
FLAT = ("{d}", ".{d}", "{u}@{d}", "{u}@.{d}", "{u}@*", "*", "*@{d}")
PATTERNS = ("*@{d}", "*@*.{d}", "{u}@{d}", "{u}*@{d}", "*{d}", "{u}@*", "*@*", "*", "*.b@{d}", "{u}*e", "{d}", "*@a*.{d}")
CHOICES = ("fixed", "other", "from", "%")


class Twins:
    """OpenDKIM and us, asked about one address with the same tables."""

    def __init__(self, w):
        self.stage = w.stage
        self.ctl = w.guard.ctl
        self.opendkim = find_program("opendkim", "opendkim")
        self.key = w.stage.path("twins", "key.pem")
        w.stage.write("twins/key.pem", open(w.keys.path("acme.example", "s2026a"), "rb").read(), 0o600)
        keys = [f"fixed a.example:fixed:{self.key}", f"other b.example:other:{self.key}", f"from %:from:{self.key}",
                f"a.example %:named:{self.key}", f"x.a.example %:named:{self.key}"]
        self.keys = w.stage.write("twins/K", "\n".join(keys) + "\n", 0o600)

    def tables(self, kind, rows, several):
        signing = self.stage.write("twins/S", "".join(rows))
        self.theirs = self.stage.write("twins/opendkim.conf", (
            f"Mode s\nKeyTable file:{self.keys}\nSigningTable {kind}:{signing}\nInternalHosts 127.0.0.1\n"
            f"RequireSafeKeys no\nMultipleSignatures {'yes' if several else 'no'}\n"))
        self.ours = self.stage.write("twins/egress.conf", (
            f'socket = "unix:{self.stage.path("twins", "s")}";\nsigning = {{ in_observe = true; }};\n'
            f'domains = "opendkim:{self.keys},{kind}:{signing}{",MultipleSignatures" if several else ""}";\n'))

    def message(self, address):
        return self.stage.write("twins/message.eml", (
            f"From: {address}\r\nSubject: x\r\nDate: Sun, 01 Mar 2026 11:59:00 +0000\r\n"
            f"Message-ID: <1@a.example>\r\n\r\nx\r\n"))

    def ask_them(self, path):
        """Names of the signatures; None: it would have deferred the mail."""
        done = run_tool([self.opendkim, "-x", self.theirs, "-vvv", "-t", path], check=False, seconds=60)
        text = done.stdout.decode()
        if b"SMFIS_TEMPFAIL" in done.stderr:
            return None
        return sorted(f"{d}/{s}" for d, s in re.findall(r"d=([^;\s]+);\s+s=([^;\s]+);", text))

    def ask_us(self, path):
        done = run_tool([self.ctl, "-c", self.ours, "--json", "explain", "--login", "x@a.example", "--rcpt",
                         "b@away.example", path], check=False)
        told = json.loads(done.stdout)
        names = [f"{one['d']}/{one['s']}" for one in told["signatures"]]
        return sorted(names) if names or told.get("unsigned_reason") == "no-key" else None


@group.case("tables made at random sign as they do in OpenDKIM, address by address")
def twins(w):
    seed = int(os.environ.get("EGRESS_SEED") or random.SystemRandom().randrange(1 << 32))
    dice = random.Random(seed)
    both = Twins(w)
    for kind in ("file", "refile") * (60 if os.environ.get("EGRESS_LONG") else 12):
        several = dice.random() < 0.4
        rows, seen = [], set()
        # Of more than two signatures OpenDKIM (2.11) makes the first and the last only: its list loses those between.
        for _ in range(dice.randrange(1, 3 if several else 7)):
            row = dice.choice(FLAT if kind == "file" else PATTERNS).format(u=dice.choice(LOCALS), d=dice.choice(NAMES))
            if row not in seen:
                seen.add(row)
                rows.append(f"{row} {dice.choice(CHOICES)}\n")
        both.tables(kind, rows, several)
        for _ in range(4):
            address = f"{dice.choice(LOCALS)}@{dice.choice(NAMES)}"
            path = both.message(address)
            theirs, ours = both.ask_them(path), both.ask_us(path)
            if theirs is None and ours is not None:
                continue  # a key named like the domain that is not there: passed over here, as egress-milter.conf(5) says
            expect_equal(ours, theirs, f"seed {seed}, {kind}, several {several}, {address}:\n{''.join(rows)}signatures")
