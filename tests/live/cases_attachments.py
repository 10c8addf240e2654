"""Cases about what is attached: programs are held, all else passes and is told.  On every MTA.

Archives are made by Python's own modules; the program is its header and nothing that could run.
"""

import base64
import io
import os
import struct
import zipfile

from stage.base import wait_until
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import expect
from stage.world import ACME, LOGIN, enforcing

DEVELOPER = "dev@acme.example"
LOGINS = (LOGIN, DEVELOPER)
PROGRAM = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8" + b"\0" * 43 + struct.pack("<I", 64) + b"PE\0\0" + b"\0" * 900
RULE = "attachment-dangerous"


def config(world):
    return enforcing(world, f'exceptions = ( {{ principal = "{DEVELOPER}"; rule = "{RULE}"; action = "observe"; '
                            'because = "builds installers"; } );\n')


class Blind(io.RawIOBase):
    """Cannot seek: zipfile writes sizes behind the data then."""

    def __init__(self):
        self.octets = bytearray()

    def writable(self):
        return True

    def write(self, octets):
        self.octets += octets
        return len(octets)


def zip_of(members, out=None):
    out = io.BytesIO() if out is None else out
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return bytes(out.octets) if isinstance(out, Blind) else out.getvalue()


def mail_with(name, content, **more):
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    body = (b"--b\r\nContent-Type: text/plain\r\n\r\nSee attached.\r\n--b\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=" + name.encode() +
            b"\r\n\r\n" + encoded + b"--b--\r\n")
    return Mail(body=body, without=("Content-Type", "Content-Transfer-Encoding"),
                fields=(("Content-Type", "multipart/mixed; boundary=b"),), **more)


def is_held(w, mail, reason, login=LOGIN):
    """Held, with the reason; released it leaves signed."""
    reply = w.submit(mail, login=login)
    queue_id = queue_id_of(reply)
    wait_until(lambda: w.mta.is_held(queue_id), 10, f"{queue_id} to be held")
    w.line(reply).expect(verdict="hold", by=RULE, rules=f"{RULE}:hold", signed=",".join(ACME))
    expect(f"{RULE}: " in w.held_reason(queue_id) and reason in w.held_reason(queue_id),
           f"the reason: {w.held_reason(queue_id)}")
    w.mta.release(queue_id)
    w.signed(mail)


def passes(w, mail, rules, login=LOGIN):
    w.line(w.submit(mail, login=login)).expect(verdict="accept", rules=rules)
    w.signed(mail)


def program(w):
    is_held(w, mail_with("setup.exe", PROGRAM), "setup.exe is a program")


def under_another_name(w):
    is_held(w, mail_with("invoice.pdf", PROGRAM), "invoice.pdf is a program and has a name that hides it")


def in_archives(w):
    members = (("readme.txt", b"words " * 1000), ("bin/setup.exe", PROGRAM))
    is_held(w, mail_with("tools.zip", zip_of(members)), "setup.exe in the attachment tools.zip is a program")
    is_held(w, mail_with("tools.zip", zip_of(members, Blind())), "setup.exe in the attachment tools.zip is a program")


def behind_much(w):
    """The directory is all that tells: it comes last, after megabytes that are not decoded."""
    members = (("video.mp4", os.urandom(4000000)), ("setup.exe", PROGRAM))
    is_held(w, mail_with("big.zip", zip_of(members, Blind())), "setup.exe in the attachment big.zip is a program")


def daily_mail(w):
    told = f"{RULE}:observe"
    passes(w, mail_with("budget.xlsm", zip_of((("[Content_Types].xml", "<x/>"), ("xl/vbaProject.bin", "x")))), told)
    passes(w, mail_with("source.zip", zip_of((("src/build.js", "let a;"),))), told)
    passes(w, mail_with("setup.exe", b"It was too large to send.\r\n"), told)


def nothing_to_say(w):
    passes(w, mail_with("report.pdf", b"%PDF-1.7\n" + os.urandom(100000)), None)
    passes(w, mail_with("papers.zip", zip_of((("a.pdf", "x"), ("b.docx", "y")))), None)


def exception(w):
    passes(w, mail_with("setup.exe", PROGRAM, sender=DEVELOPER), f"{RULE}:observe", login=DEVELOPER)


CASES = (
    ("a program is held, and released", program),
    ("a program under the name of a document is held", under_another_name),
    ("a program that a zip archive lists is held, sizes behind the data or not", in_archives),
    ("a program behind megabytes of a zip archive is held", behind_much),
    ("macros, scripts and a text called .exe pass, and are told", daily_mail),
    ("documents pass without a word", nothing_to_say),
    ("an exception lets one user's programs pass", exception),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
