"""Cases about mail that a real clamd scans, or does not.  On every MTA."""

import base64
import os
import threading
import time

from stage.base import PATIENCE, wait_until
from stage.clamd import FOUND, TROUBLE, Clamd
from stage.mail import Mail, text_body
from stage.mounts import SmallDisk, enter_private_mounts
from stage.postfix import queue_id_of
from stage.suite import expect, expect_equal
from stage.world import ACME, PRINTER, STRANGER, World, enforcing

TIMEOUT_S = 3
MEGABYTE = 1 << 20


class ClamdWorld(World):
    """The scanner is there before the guard; messages lie in a folder of their own."""

    def __init__(self, options, name, mta, settings=None):
        enter_private_mounts()
        self.clamd = None
        super().__init__(options, name, mta, scanning, settings=settings)

    def again(self, more=""):
        """The guard with other settings, which has yet told nothing."""
        self.guard.restart(scanning(self, more))

    def told(self, words):
        """Lines about the scanner."""
        return [line for line in self.guard.log().splitlines() if "clamd: " in line and words in line]


def scanning(w, more=""):
    if w.clamd is None:
        w.clamd = Clamd(w.stage)
        w.spool = w.stage.path("spool")
        os.makedirs(w.spool)
        os.chmod(w.spool, 0o1777)
    return enforcing(w, f'clamd = {{ socket = "unix:{w.clamd.socket}"; timeout = "{TIMEOUT_S}s"; '
                        f'directory = "{w.spool}"; {more} }};\n')


def trouble():
    return Mail(body=b"Here it comes:\r\n" + TROUBLE + b"\r\n")


def expect_held(w, mail, reply):
    queue_id = queue_id_of(reply)
    wait_until(lambda: w.mta.is_held(queue_id), 10, f"{queue_id} to be held")
    w.line(reply).expect(verdict="hold", by="virus-found", rules="virus-found:hold", scan=f"found:{FOUND}")
    w.sink.expect_none(mail.recipient)


def found(w):
    mail = trouble()
    expect_held(w, mail, w.submit(mail))


def found_in_attachment(w):
    """clamd reads MIME itself, so it has to have all of the message."""
    coded = base64.encodebytes(b"x" * 1000 + TROUBLE + b"y" * 1000).replace(b"\n", b"\r\n")
    mail = Mail(without=("Content-Type", "Content-Transfer-Encoding"),
                fields=(("Content-Type", 'multipart/mixed; boundary="b"'),),
                body=b"--b\r\nContent-Type: text/plain\r\n\r\nsee there\r\n--b\r\nContent-Type: application/octet-stream\r\n"
                     b"Content-Transfer-Encoding: base64\r\n\r\n" + coded + b"--b--\r\n")
    expect_held(w, mail, w.submit(mail))


def found_for_a_network(w):
    mail = trouble()
    expect_held(w, mail, w.send(mail, source=PRINTER))


def clean(w):
    for body in (b"Good news.\r\n", text_body(3 * MEGABYTE)):
        mail = Mail(body=body)
        reply = w.submit(mail)
        w.signed(mail)
        w.line(reply).expect(verdict="accept", scan="clean", rules=None)
    expect_equal(os.listdir(w.spool), [], "files that stay")


def inbound(w):
    mail = trouble()
    mail.sender = "somebody@else.example"
    before = w.guard.log().count("scan=")
    w.send(mail, source=STRANGER)
    w.delivered(mail)
    expect_equal(w.guard.log().count("scan="), before, "scans")


def health(w, code, words):
    done = w.guard.ctl_run("health", check=False)
    expect(done.returncode == code and words in done.stdout.decode(), f"health: {done.returncode} {done.stdout}")


def killed(w):
    """Mail passes, one line tells of it, and it is found again without anybody's doing."""
    w.again()
    w.clamd.kill()
    try:
        for _ in range(5):
            mail = Mail()
            reply = w.submit(mail)
            w.signed(mail)
            w.line(reply).expect(verdict="accept", scan="unknown", rules="scan-unavailable:observe")
        expect_equal(len(w.told("meanwhile mail passes without a scan")), 1, "lines about its end")
        health(w, 1, f"clamd: unix:{w.clamd.socket} has not answered for")
        expect("does not answer" in w.guard.ctl_run("status", check=False).stdout.decode(), "status")
    finally:
        w.clamd.start()
    wait_until(lambda: w.told("it answers again"), 30, "a line about its return")
    found(w)
    expect_equal(len(w.told("")), 2, "lines about it")
    health(w, 0, "good")
    expect("answers\n" in w.guard.ctl_run("status").stdout.decode(), "status")


def deferred(w):
    """Where that is set users' mail waits, and nobody else's."""
    w.again('on_failure = "defer";')
    w.clamd.kill()
    try:
        mail, other = Mail(), Mail()
        reply = w.submit(mail, want=451)
        expect(reply.text.startswith("451 4.3.0 scan-unavailable: the message could not be scanned"), reply.text)
        w.line(mail).expect(verdict="defer", by="scan-unavailable", scan="unknown")
        w.send(other, source=PRINTER)
        w.delivered(other)
    finally:
        w.clamd.start()
    wait_until(lambda: w.told("it answers again"), 30, "a line about its return")
    mail = Mail()
    w.line(w.submit(mail)).expect(verdict="accept", scan="clean")
    w.signed(mail)


def stopped(w):
    """It takes connections and never answers: the first messages wait their time, the others go on meanwhile and after."""
    w.again()
    w.clamd.pause()
    took, replies = [], []

    def submit(body):
        begin = time.monotonic()
        replies.append(w.submit(Mail(body=body)))
        took.append(time.monotonic() - begin)
    waiting = [threading.Thread(target=submit, args=(body,)) for body in (b"small\r\n", text_body(2 * MEGABYTE)) * 3]
    try:
        for thread in waiting:
            thread.start()
        while any(thread.is_alive() for thread in waiting):
            begin = time.monotonic()
            w.send(Mail(sender="somebody@else.example"), source=STRANGER)
            expect(time.monotonic() - begin < TIMEOUT_S * PATIENCE, "somebody else waits, too")
        for thread in waiting:
            thread.join()
        expect_equal(len(took), 6, "answers")
        expect(TIMEOUT_S <= max(took) < (TIMEOUT_S + 5) * PATIENCE, f"they took {took}")
        for reply in replies:
            w.line(reply).expect(verdict="accept", scan="unknown")
        expect_equal(len(w.told("no answer in time; meanwhile")), 1, "lines about it")
    finally:
        w.clamd.resume()
    wait_until(lambda: w.told("it answers again"), 30, "a line about its return")
    found(w)


def enormous(w):
    w.again()
    mail = Mail(body=text_body(30 * MEGABYTE))
    reply = w.submit(mail)
    w.line(reply).expect(verdict="accept", scan="too-large", rules="scan-unavailable:observe")
    w.delivered(mail, 60)
    expect_equal(len(w.told("was not scanned: it is larger than clamd.max_size")), 1, "lines about it")


def full_disk(w):
    """No room to keep a message: what the setting says, told once, and well again when there is room."""
    disk = SmallDisk(w.stage, w.spool, kib=256, mode="1777")
    try:
        w.again()
        disk.fill()
        for _ in range(2):
            mail = Mail(body=text_body(100000))
            w.line(w.submit(mail)).expect(verdict="accept", scan="unknown", rules="scan-unavailable:observe")
            w.signed(mail)
        expect_equal(len(w.told("No space left on device; meanwhile")), 1, "lines about it")
        health(w, 1, "No space left on device")
        disk.empty()
        w.line(w.submit(Mail(body=text_body(100000)))).expect(verdict="accept", scan="clean")
        expect_equal(len(w.told("messages can be kept for it again")), 1, "lines about its end")
        w.again('on_failure = "defer";')
        disk.fill()
        mail = Mail(body=text_body(100000))
        w.submit(mail, want=451)
        w.line(mail).expect(verdict="defer", by="scan-unavailable")
    finally:
        disk.close()
    w.again()
    found(w)


def off(w):
    """Without the setting nothing is scanned."""
    w.guard.restart(enforcing(w))
    mail = trouble()
    w.line(w.submit(mail)).expect(verdict="accept", scan=None, rules=None)
    w.signed(mail)
    w.again()


CASES = (
    ("what the scanner knows is held, and the line says which", found),
    ("in an attachment, too", found_in_attachment),
    ("and mail of networks", found_for_a_network),
    ("a clean message passes, small and large", clean),
    ("mail that comes in is not scanned", inbound),
    ("killed: mail passes with one line, and it is found again", killed),
    ("killed: mail of users waits where that is set", deferred),
    ("stopped: the deadline is kept, and other sessions do not wait", stopped),
    ("30 MB are not scanned, and the log says so", enormous),
    ("a full disk is a defined answer, told once", full_disk),
    ("not configured: nothing happens", off),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
