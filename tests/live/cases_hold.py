"""Cases about held mail as a whole: known, bounded, looked at, released and deleted by egressctl.  On every MTA."""

import json

import cases_notices
from cases_notices import ADMIN, FEW, FROM, WATCHED, hooks
from stage.base import wait_until
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import expect, expect_equal
from stage.world import ACME, LOGIN, enforcing

MOST = 3

# Whoever has `few` meets it by two messages, so that what a deletion gives back can be seen.
LIMITS = f"""limits = ( {{ name = "default"; count = "recipients"; max = 1000000; per = "1h"; }},
           {{ name = "watched"; count = "messages"; principal = [ "{WATCHED}" ]; max = 5; per = "1h"; }},
           {{ name = "few"; count = "messages"; principal = [ "{FEW}" ]; max = 2; per = "1h"; }} );
"""


def config(world, command=None):
    """Missing Message-IDs are held, and so would be mail of a domain that is not ours, as the notices are.

    `command` is the tool of the mail server; None: as shipped, for the machine's Postfix.
    """
    words = ", ".join(f'"{word}"' for word in command or ())
    tool = f"command = [ {words} ]; " if command else ""
    return enforcing(world, 'rules = { message-id-missing = "hold"; domain-not-ours = "hold"; };\n'
                            f"hold = {{ per_principal = {MOST}; total = 20; {tool}}};\n" + LIMITS +
                            cases_notices.settings(world, has_sendmail=not command))


def held_ids(w):
    return {one["id"] for one in hold_list(w)["held"]}


def hold_list(w, *words):
    return json.loads(w.ctl("--json", "hold", "list", *words).stdout)


def hold_one(w, login=LOGIN):
    """A message that is held: (mail, queue id)."""
    mail = Mail(sender=login, without=("Message-ID",))
    queue_id = queue_id_of(w.submit(mail, login=login))
    wait_until(lambda: w.mta.is_held(queue_id), 10, f"{queue_id} to be held")
    return mail, queue_id


def by_hand(w):
    """First, so that the record is old enough at the end."""
    mail, queue_id = hold_one(w)
    expect(queue_id in held_ids(w), f"{queue_id} is in the list")
    expect(b" 1 of at most 20, the oldest since" in w.guard.ctl_run("status", check=False).stdout, "status")
    w.mta.release(queue_id)
    w.signed(mail)
    w.released_by_hand = queue_id


def told(w):
    environment = wait_until(lambda: hooks(w, "held", "EGRESS_USER=alice@acme.example\n"), 20, "the hook to run")[0]
    for line in (f"EGRESS_QUEUE_ID={w.released_by_hand}\n", "EGRESS_RULE=message-id-missing\n"):
        expect(line in environment, f"the hook's environment: {environment}")
    message = wait_until(lambda: cases_notices.mails(w, w.released_by_hand), 30, "mail about what is held")[0]
    expect_equal(message.values("Auto-Submitted"), ["auto-generated"], "Auto-Submitted")
    expect_equal(len(message.values("Message-ID")), 1, "Message-IDs")
    cases_notices.expect_notice_is_free(w, message)
    expect("command" in w.guard.log() and "for mail has run" in w.guard.log(), "the command is in the log")


def others_cannot(w):
    """What a notice looks like helps nobody, and its word is good once."""
    message = w.sink.wait(ADMIN, 30)
    word = message.values("X-Egress-Notice")[0]
    for value in (word, "0" * 32):
        mail = Mail(sender=FROM, fields=(("X-Egress-Notice", value),))
        queue_id = queue_id_of(w.send(mail))
        wait_until(lambda: w.mta.is_held(queue_id), 10, f"{queue_id} to be held")
        w.line(mail).expect(verdict="hold", by="domain-not-ours")
        expect_equal(w.ctl("hold", "delete", queue_id, "--yes").returncode, 0, "exit code of delete")


def release(w):
    mail, queue_id = hold_one(w)
    shown = json.loads(w.ctl("--json", "hold", "show", queue_id).stdout)
    expect_equal(shown["user"], "alice@acme.example", "user")
    expect_equal(shown["rule"], "message-id-missing", "rule")
    expect(f"Subject: Case {mail.token}" in shown["header"], f"header: {shown['header']}")
    for words, count in ((("--rule", "message-id-missing", "--sender", mail.sender, "--since", "1h"), 1),
                         (("--rule", "domain-not-ours"), 0), (("--user", FEW), 0)):
        expect_equal(hold_list(w, *words)["chosen"] > 0, count > 0, f"messages by {words}")
    done = w.ctl("hold", "release", queue_id)
    expect(f"{queue_id} released".encode() in done.stdout, f"said: {done.stdout}")
    expect(not w.mta.is_held(queue_id), f"{queue_id} is held no more")
    w.mta.flush()
    message = w.signed(mail, ACME)
    for tags in message.values("DKIM-Signature"):
        expect(not any(part.strip().startswith("x=") for part in tags.split(";")), f"it expires: {tags}")
    expect(queue_id not in held_ids(w), "it is off the list")
    again = w.ctl("hold", "release", queue_id, check=False)
    expect_equal(again.returncode, 1, "exit code for what is not held")


def delete(w):
    mail, queue_id = hold_one(w)
    asked = w.ctl("hold", "delete", queue_id, check=False)
    expect_equal(asked.returncode, 1, "exit code without --yes")
    expect(w.mta.is_held(queue_id), "nothing was done without --yes")
    w.ctl("hold", "delete", queue_id, "--yes")
    expect(not w.mta.is_held(queue_id), f"{queue_id} is gone")
    w.mta.flush()
    w.sink.expect_none(mail.recipient)
    expect(queue_id not in held_ids(w), "it is off the list")


def used(w, login, limit):
    told = json.loads(w.guard.ctl_run("--json", "user", "show", login).stdout)["buckets"][0]
    return next(row["used"] for row in told["limits"] if row["limit"] == limit)


def given_back(w):
    """What is held is charged: a release leaves that, a deletion gives it back."""
    held = [hold_one(w, FEW)[1] for _ in range(2)]
    reply = w.submit(Mail(sender=FEW), want=451, login=FEW)
    expect("limit few: 2 of 2 messages" in reply.text, f"reply: {reply.text}")
    w.ctl("hold", "release", held[0])
    w.submit(Mail(sender=FEW), want=451, login=FEW)
    w.ctl("hold", "delete", held[1], "--yes")
    wait_until(lambda: used(w, FEW, "few") == 1, 20, "the charge to be given back")
    w.line(w.submit(Mail(sender=FEW), login=FEW)).expect(verdict="accept", user=FEW, limits="default:2/1000000,few:2/2")
    w.submit(Mail(sender=FEW), want=451, login=FEW)


def caps(w):
    """The release by hand still counts: nobody told us."""
    held = [hold_one(w) for _ in range(MOST - 1)]
    mail = Mail(without=("Message-ID",))
    reply = w.submit(mail, want=451)
    expect(reply.text.startswith(f"451 4.7.1 message-id-missing: this message would be held, and {MOST} messages of the "
                                 "same sender are held already"), f"reply: {reply.text}")
    expect("hold: mail of alice@acme.example is deferred instead of held: 3 messages" in w.guard.log(), "a line tells why")
    chosen = w.ctl("hold", "release", "--user", "alice@acme.example", check=False)
    expect_equal(chosen.returncode, 1, "exit code without --yes")
    expect(all(w.mta.is_held(queue_id) for _, queue_id in held), "nothing was done without --yes")
    done = json.loads(w.ctl("--json", "hold", "release", "--user", "alice@acme.example", "--yes").stdout)
    expect_equal(set(done["released"]), {queue_id for _, queue_id in held}, "released")
    w.mta.flush()
    for mail, _ in held:
        w.signed(mail)


def restarted(w):
    """Where commands are asked for outlives the program that was there before."""
    w.guard.ctl_run("restart")
    _, queue_id = hold_one(w)
    wait_until(lambda: hooks(w, "held", f"EGRESS_QUEUE_ID={queue_id}\n"), 20, "the hook after a restart in place")
    w.ctl("hold", "delete", queue_id, "--yes")


def survives(w):
    _, queue_id = hold_one(w)
    w.guard.kill_parent()
    w.guard.start()
    expect(queue_id in held_ids(w), "the record is there after kill -9")
    w.ctl("hold", "delete", "--all", "--yes")
    expect(not w.mta.is_held(queue_id), f"{queue_id} is gone")


def forgotten(w):
    """What was released by hand is noticed, once the record is a minute old."""
    def is_gone():
        return w.released_by_hand not in held_ids(w)
    wait_until(is_gone, 75, "the record of what was released by hand to go")
    expect_equal(hold_list(w)["total"], 0, "records")


CASES = (
    ("held, and released by hand", by_hand),
    ("a hook is run and the administrator gets mail", told),
    ("nobody else can send what looks like a notice", others_cannot),
    ("egressctl hold show and release; the signature verifies", release),
    ("egressctl hold delete", delete),
    ("what is deleted was not charged, what is released was", given_back),
    ("above the cap mail is deferred; all of a user are released", caps),
    ("a restart in place keeps the way to commands", restarted),
    ("kill -9 loses no record", survives),
    ("what left the quarantine behind our back is forgotten", forgotten),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)

