"""Cases about what the administrator is told of limits: by log, by hook and by mail, once, and that mail comes through
the mail server without being judged or charged.  Beside the cases of held mail, whose world this is.
"""

import os

from stage.base import wait_until
from stage.mail import Mail
from stage.suite import expect_equal

ADMIN, FROM = "admin@away.example", "guard@nowhere.example"
WATCHED, FEW = "carol@acme.example", "bob@acme.example"

# Hands a notice to the MTA as sendmail -t would: recipients from To, over loopback SMTP.
SUBMIT = """#!/usr/bin/python3
import email, smtplib, sys
data = sys.stdin.buffer.read().replace(b"\\n", b"\\r\\n")
message = email.message_from_bytes(data)
to = [word.strip() for word in message["To"].split(",")]
with smtplib.SMTP("127.0.0.1", int(open(sys.argv[1]).read())) as smtp:
    smtp.sendmail("guard@acme.example", to, data)
"""

# Runs as the guard's user.
HOOK = """#!/bin/sh
env | grep ^EGRESS_ | sort > "$1/$$.new" && mv "$1/$$.new" "$1/$EGRESS_NOTICE.$$"
"""


def settings(world, has_sendmail):
    """Notices and hooks; without sendmail(1) where the guard is, a script takes its place."""
    folder = world.stage.path("hooks")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o777)
    hook = world.stage.write("hook", HOOK, mode=0o755)
    submit = world.stage.write("submit", SUBMIT, mode=0o755)
    command = "" if has_sendmail else f'command = [ "{submit}", "{world.stage.path("port")}" ]; '
    hooks = " ".join(f'{kind} = [ "{hook}", "{folder}" ];' for kind in ("held", "limit-near", "limit-reached"))
    return f'notices = {{ admin = [ "{ADMIN}" ]; from = "{FROM}"; {command}}};\nhooks = {{ {hooks} }};\n'


def open_door(w):
    """The port of the MTA, for the script that submits notices: it is not known when the configuration is made."""
    w.stage.write("port", str(w.mta.smtp))


def hooks(w, kind, text=""):
    """What each run of this hook found in its environment, where it holds this text."""
    found, folder = [], w.stage.path("hooks")
    for name in os.listdir(folder):
        if name.startswith(f"{kind}."):
            with open(os.path.join(folder, name), encoding="ascii") as stream:
                found.append(stream.read())
    return [environment for environment in found if text in environment]


def mails(w, text):
    """Those to the administrator that hold this text."""
    return [message for message in w.sink.having(ADMIN) if text.encode() in message.data]


def limits(w):
    """At 80 % and at the limit, and no more while clients go on trying."""
    told = {"limit-near": f"{WATCHED} (submission) is near limit watched: 4 of 5 messages to outside in 1 hour",
            "limit-reached": f"{WATCHED} (submission) has reached limit watched: 5 of 5 messages to outside in 1 hour"}
    for number in range(8):
        w.submit(Mail(sender=WATCHED), want=250 if number < 5 else 451, login=WATCHED)
    for kind, text in told.items():
        environment = wait_until(lambda at=kind: hooks(w, at, WATCHED), 20, f"the hook of {kind} to run")[0]
        for line in (f"EGRESS_NOTICE={kind}", f"EGRESS_TEXT={text}", f"EGRESS_USER={WATCHED}"):
            expect_equal(environment.splitlines().count(line), 1, f"{line} in {environment}")
        message = wait_until(lambda at=text: mails(w, at), 30, f"mail with: {text}")[0]
        expect_equal(message.values("Auto-Submitted"), ["auto-generated"], "Auto-Submitted")
        expect_notice_is_free(w, message)
    for kind, text in told.items():
        expect_equal(w.guard.log().count(f"notice {kind}: {text}\n"), 1, f"lines of {kind}")
        expect_equal((len(hooks(w, kind)), len(mails(w, text))), (1, 1), f"hooks that ran, and mails of {kind}")


def expect_notice_is_free(w, message):
    """It went by as our own: its sender is nobody's, which is held in others' mail, and no limit counts it."""
    word = message.values("Message-ID")[0].strip("<>")
    line = wait_until(lambda: w.guard.lines_with(word), 10, f"a line about {word}")[0]
    line.expect(verdict="accept", class_="local", by="-", limits=None, rules="domain-not-ours:observe")


CASES = (("limits that are near and reached: one line, one hook, one mail each, and that mail is free", limits),)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
