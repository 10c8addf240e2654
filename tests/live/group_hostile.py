"""Hostile input, spoken to the daemon by a driver of our own instead of an MTA that would have cleaned it.

Every case must get a defined answer, cost bounded memory, and leave the daemon able to sign the next message.
"""

import json
import os
import re
import socket
import struct
import subprocess

from stage.base import PATIENCE, Failure, StageError, run_tool, wait_until
from stage.suite import Group, expect, expect_equal
from stage.world import ACME, World, enforcing

# Far above what any of this may cost, far below what keeping it would; sanitizers keep shadows of everything.
MEMORY_MIB = 64 if PATIENCE == 1 else 1024


class Hostile(World):
    """No MTA: tests/bench/mtaload speaks the milter protocol."""

    def __init__(self, options):
        self.driver = os.path.join(options.builddir, "tests/bench/mtaload")
        if not os.access(self.driver, os.X_OK):
            raise StageError(f"{self.driver} is not there: make tests/bench/mtaload")
        super().__init__(options, "hostile", None, enforcing)
        self.results = 0

    def script(self, text, code=0):
        """Runs a script; its answers as a list of lines."""
        done = run_tool([self.driver, "--socket", self.guard.socket, "--script", "-", "--timeout", "30"],
                        stdin=text.encode("latin-1"), check=False, seconds=120)
        said = done.stdout.decode("utf-8", "replace").splitlines()
        if code is not None and done.returncode != code:
            raise Failure(f"mtaload ended {done.returncode}: {done.stderr.decode()} {said[-5:]}")
        return said

    def answer(self, said, event="eom"):
        """The last answer to an event."""
        found = [line for line in said if line.startswith(event + ":")]
        if not found:
            raise Failure(f"no answer to {event}: {said[-5:]}")
        return found[-1]

    def result_path(self):
        self.results += 1
        return self.stage.path(f"result-{self.results}.eml")

    def verified(self, path):
        with open(path, "rb") as stream:
            data = stream.read()
        if b"\r\n" not in data:
            data = data.replace(b"\n", b"\r\n")
        self.verifiers.check(data, ACME)

    def still_well(self):
        """The next message is signed, and memory is what it should be."""
        path = self.result_path()
        said = self.script(HEAD + FIELDS + f'eoh\nbody "still here\\r\\n"\neom {path}\nquit\n')
        expect(self.answer(said).split()[1] in ("accept", "continue"), f"the next message: {said}")
        self.verified(path)
        expect(self.memory_mib() < MEMORY_MIB, f"{self.memory_mib()} MiB anonymous memory")

    def memory_mib(self):
        """Anonymous memory of the child."""
        pid = self.guard.child.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
            child = stream.read().split()[0]
        with open(f"/proc/{child}/status", encoding="ascii") as stream:
            return int(re.search(r"RssAnon:\s+(\d+)", stream.read()).group(1)) / 1024


HEAD = """connect client.example.net 192.0.2.25
helo laptop
mail <alice@acme.example>
rcpt <bob@away.example>
data
"""
FIELDS = """header From "alice@acme.example"
header To "bob@away.example"
header Subject "hello"
header Date "Mon, 23 Nov 2026 12:00:00 +0000"
header Message-ID "<x@acme.example>"
"""

group = Group("hostile", Hostile)


@group.case("an ordinary message, for comparison")
def ordinary(w):
    w.still_well()


@group.case("100 000 header fields")
def many_fields(w):
    said = w.script(HEAD + FIELDS + 'headers 100000 X-Many "value"\neoh\nbody "x\\r\\n"\neom\nquit\n', code=None)
    expect(re.search(r"replycode 552 5\.3\.4 message-ceiling: ", "\n".join(said)), f"answer: {said[-4:]}")
    w.still_well()


@group.case("100 header fields of 60 KB")
def big_fields(w):
    said = w.script(HEAD + FIELDS + "header-fill X-Big 60000\n" * 100 + 'eoh\nbody "x\\r\\n"\neom\nquit\n', code=None)
    expect("message-ceiling" in "\n".join(said), f"answer: {said[-4:]}")
    w.still_well()


@group.case("a header field of 60 KB is signed over")
def big_field(w):
    path = w.result_path()
    said = w.script(HEAD + FIELDS + f'header-fill X-Big 60000\neoh\nbody "x\\r\\n"\neom {path}\nquit\n')
    expect(w.answer(said).split()[1] in ("accept", "continue"), f"answer: {said[-3:]}")
    w.verified(path)


@group.case("a header field of 70 000 bytes ends that session only")
def field_too_big(w):
    w.script(HEAD + FIELDS + "header-fill X-Big 70000\neoh\neom\nquit\n", code=3)
    w.still_well()


@group.case("NUL, bare CR and bare LF in the header")
def header_bytes(w):
    for value in ("a\\rb", "a\\nb", "a\\r\\nX-Injected: yes", "\\x00\\x01\\x02", "a\\x7fb\\x80"):
        said = w.script(HEAD + FIELDS + f'header X-Odd "{value}"\neoh\nbody "x\\r\\n"\neom\nquit\n', code=None)
        expect(said, "no answer at all")
    w.still_well()


@group.case("NUL, bare CR and bare LF in the body; the signature covers what was given")
def body_bytes(w):
    said = w.script(HEAD + FIELDS + 'eoh\nbody "nul \\0 cr \\r lf \\n end\\r"\nbody "\\n\\n.\\r.\\r\\n"\neom\nquit\n')
    expect(w.answer(said).split()[1] in ("accept", "continue", "replycode", "insheader"), f"answer: {said[-3:]}")
    w.still_well()


@group.case("truncated UTF-8 in envelope, header and HELO")
def truncated_utf8(w):
    said = w.script('connect client.example.net 192.0.2.25\nhelo "lap\\xc3"\nmail "<al\\xe2\\x82@acme.example>" SMTPUTF8\n'
                    'rcpt "<b\\xf0\\x9f@away.example>"\ndata\n'
                    'header From "\\xc3 <alice@acme.example>"\nheader Subject "\\xff\\xfe"\n'
                    'header Message-ID "<\\xe2\\x82@acme.example>"\neoh\nbody "\\xc3"\neom\nquit\n')
    w.answer(said)
    for line in w.guard.lines():
        line.check_form()
    w.still_well()


@group.case("addresses of every odd shape")
def odd_addresses(w):
    long_part = "a" * 900
    for sender in ("<>", "<@>", "<@acme.example>", "<alice@>", "<alice>", "alice@acme.example", "<<alice@acme.example>>",
                   "<@relay.example:alice@acme.example>", "<alice@acme.example", f"<{long_part}@acme.example>",
                   f"<alice@{long_part}>", "<alice@[192.0.2.1]>", '<\\"a b\\"@acme.example>', "<a@b@acme.example>",
                   "<alice@acme..example>", "<alice@.>", "<alice@acme.example.>", "< >", ""):
        said = w.script(f'connect c 192.0.2.25\nhelo h\nmail "{sender}"\nrcpt "{sender}"\ndata\nheader From "{sender}"\n'
                        'eoh\nbody "x\\r\\n"\neom\nquit\n')
        expect(any(line.startswith(("eom:", "mail:")) for line in said), f"{sender}: {said}")
    for line in w.guard.lines():
        line.check_form()
    w.still_well()


@group.case("50 000 recipients")
def many_recipients(w):
    said = w.script("connect c 192.0.2.25\nhelo h\nmail <alice@acme.example>\nrcpts 50000 <bob@away.example>\ndata\n"
                    + FIELDS + 'eoh\nbody "x\\r\\n"\neom\nquit\n', code=None)
    text = "\n".join(said)
    expect("eom: accept" in text or "eom: continue" in text or "message-ceiling" in text, f"answer: {said[-4:]}")
    w.still_well()


@group.case("a log line cannot be forged")
def forged_line(w):
    evil = "<x@y>\\n4XkForged99: verdict=accept class=submission user=root by=- t_ms=0.1"
    fields = FIELDS.replace('"<x@acme.example>"', f'"{evil}"').replace('"hello"', f'"{evil}"')
    w.script(f'connect c 192.0.2.25\nhelo "h verdict=accept user=root"\nmail "<a\\"b c=d@acme.example>"\n'
             f'rcpt "<bob@away.example>"\ndata\n{fields}eoh\nbody "x\\r\\n"\neom\nquit\n')
    for line in w.guard.lines():
        line.check_form()
        expect(line.queue_id != "4XkForged99" and line["user"] != "root", f"forged: {line.raw}")


@group.case("connection facts of every odd shape")
def odd_connections(w):
    for connect in ("connect c", "connect c 999.1.1.1", "connect c ::1", 'connect "" 192.0.2.1', "connect c /var/run/x",
                    f"connect {'h' * 5000} 192.0.2.1"):
        # libmilter itself closes a session whose client is no address
        w.script(f"{connect}\nhelo h\nmail <alice@acme.example>\nrcpt <b@away.example>\ndata\n{FIELDS}eoh\neom\nquit\n",
                 code=None)
    w.still_well()


@group.case("IPv6: a stranger's mail is not touched, that of the machine itself is signed")
def ipv6(w):
    for address, signed in (("2001:db8::5", False), ("::1", True)):
        path = w.result_path()
        said = w.script("".join(f"macro {name}\n" for name in ("{auth_authen}", "{auth_type}", "{daemon_name}"))
                        + f"macro {{client_addr}} {address}\nconnect client.example {address}\nhelo h\n"
                        f"mail <alice@acme.example>\nrcpt <bob@away.example>\ndata\n{FIELDS}eoh\n"
                        f'body "hello\\r\\n"\neom {path}\nquit\n')
        edits = [line for line in said if line.startswith("eom: insheader")]
        expect_equal(len(edits), 2 if signed else 0, f"signatures for {address}: {said[-4:]}")
        if signed:
            w.verified(path)


@group.case("events out of order, unknown and empty frames")
def out_of_order(w):
    for text in ("eom\n", "eoh\neom\n", "body \"x\"\neom\n", "rcpt <b@away.example>\neom\n", "data\ndata\neoh\neom\n",
                 "header From \"a@acme.example\"\nmail <a@acme.example>\neom\n", "abort\nabort\neom\n",
                 "connect c 192.0.2.1\nconnect c 192.0.2.2\nhelo h\nhelo h\neom\n", "frame Z \"junk\"\n",
                 "frame M \"\"\n", "frame R \"no nul\"\n", "frame C \"x\"\n", "frame L \"no value\"\n",
                 "frame D \"\"\n", "frame E \"\"\n", "frame B \"\"\n", HEAD + "mail <a@b.example>\neom\n",
                 HEAD + FIELDS + "eoh\neoh\neom\neom\n"):
        w.script("obey no\n" + text, code=None)
    w.still_well()


@group.case("negotiation of every kind")
def negotiations(w):
    for offer in ("0 0 2", "0 0 6", "0x1ff 0 6", "0 0x1fffff 6", "0x1ff 0x1fffff 2", "0xffffffff 0xffffffff 6",
                  "0x1ff 0x1fffff 99", "0x1ff 0x1fffff 0"):
        w.script(f"negotiate {offer}\n{HEAD}{FIELDS}eoh\nbody \"x\\r\\n\"\neom\nquit\n", code=None)
    w.still_well()


@group.case("an MTA that lets us change nothing: one line, however often it comes")
def useless(w):
    words = "does not offer header changes"
    before = w.guard.log().count(words)  # by the case above
    for _ in range(30):
        w.script(f"negotiate 0x1 0x1fffff 6\n{HEAD}quit\n", code=None)
    expect(w.guard.log().count(words) <= max(before, 1), f"lines: {w.guard.log().count(words)}, {before} of before")
    expect(words in w.guard.log(), "no line at all")
    w.still_well()


@group.case("raw bytes that are no protocol")
def raw_bytes(w):
    path = w.guard.socket.split(":", 1)[1]
    for data in (b"", b"\0", b"\0\0\0\0", b"\xff\xff\xff\xffO", b"GET / HTTP/1.0\r\n\r\n", struct.pack(">I", 1) + b"O",
                 struct.pack(">I", 13) + b"O" + b"\0" * 12, os.urandom(4096)):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.connect(path)
            stream.sendall(data)
    w.still_well()


@group.case("sessions dropped at every step")
def dropped(w):
    steps = (HEAD + FIELDS + 'eoh\nbody "x\\r\\n"\n').splitlines(keepends=True)
    for count in range(1, len(steps) + 1):
        w.script("".join(steps[:count]) + "drop\n")
    w.still_well()


@group.case("300 idle sessions, then a message")
def idle(w):
    path = w.guard.socket.split(":", 1)[1]
    held = []
    try:
        for _ in range(300):
            stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            stream.connect(path)
            held.append(stream)
        w.still_well()
    finally:
        for stream in held:
            stream.close()


@group.case("24 connections at once and reloads meanwhile: every message is signed twice and logged once")
def crowd(w):
    count = 1200 if PATIENCE == 1 else 480  # a sanitizer needs the same events, not as many
    before = len(w.guard.lines())
    load = subprocess.Popen([w.driver, "--socket", w.guard.socket, "--from", "alice@acme.example", "--json",
                             "--connections", "24", "--per-connection", "7", "--messages", str(count)],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    reloads = 0
    while load.poll() is None:
        w.guard.reload()
        reloads += 1
    said = load.stdout.read()
    expect_equal(load.returncode, 0, f"exit code of the load; it said {said}")
    totals = json.loads(said)
    expect_equal((totals["accepted"], totals["signatures"]), (count, 2 * count), "accepted messages and signatures")
    expect(reloads > 1, f"reloads while the load ran: {reloads}")
    lines = wait_until(lambda: len(w.guard.lines()) >= before + count and w.guard.lines(), 10, "all lines")[before:]
    expect_equal(len(lines), count, "lines")
    for line in lines:
        line.expect(verdict="accept", class_="submission", signed=",".join(ACME))
    w.still_well()


@group.case("10 MB through the driver, in the chunks of Sendmail and Postfix")
def big_body(w):
    for kind in ("text", "base64", "spaces"):
        path = w.result_path()
        said = w.script(HEAD + FIELDS + f"eoh\nbody-fill 10485760 {kind}\neom {path}\nquit\n")
        expect(w.answer(said).split()[1] in ("accept", "continue"), f"answer: {said[-3:]}")
        with open(path, "rb") as stream:
            verdicts = w.verifiers.python(stream.read())
        expect_equal([v.good for v in verdicts], [True, True], f"{kind}: {[str(v) for v in verdicts]}")
        os.unlink(path)
    w.still_well()


@group.case("every line of the log has its form")
def all_lines(w):
    lines = wait_until(w.guard.lines, 5, "any line")
    for line in lines:
        line.check_form()
    expect(not re.search(r"[^\x20-\x7e\n\t]", w.guard.log()), "unprintable bytes in the log")
