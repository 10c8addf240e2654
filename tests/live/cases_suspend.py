"""Cases about principals who may send nothing outside.  On every MTA."""

import json
import re

from stage.base import wait_until
from stage.client import Client
from stage.mail import Mail
from stage.suite import expect, expect_equal
from stage.world import LOGIN, PASSWORD, PRINTER, enforcing

INSIDE = "inside.example"
HELPDESK = "helpdesk@away.example"


def config(world):
    hook = world.stage.path("hook")
    kept = world.stage.path("hook.said")
    world.stage.write("hook", f"#!/bin/sh\necho $EGRESS_NOTICE $EGRESS_USER $EGRESS_BY: $EGRESS_BECAUSE >> {kept}\n", mode=0o755)
    world.stage.write("hook.said", "", mode=0o666)
    return (enforcing(world, f'behaviour = {{ always_reachable = [ "{HELPDESK}" ]; }};\n'
                             f'hooks = {{ suspended = [ "{hook}" ]; released = [ "{hook}" ]; }};\n')
            .replace("outgoing = {", f'outgoing = {{ internal = [ "{INSIDE}" ];', 1))


def user(w, *words):
    return w.guard.ctl_run("user", *words).stdout.decode()


def suspended_names(w):
    told = json.loads(w.guard.ctl_run("--json", "user", "suspended").stdout)
    return {one["name"]: one["state"] for one in told["principals"]}


def hook_said(w):
    with open(w.stage.path("hook.said"), encoding="utf-8") as f:
        return f.read()


def refused_while_suspended(w):
    """Each recipient outside is refused, those inside and the helpdesk get the mail; released, all do."""
    said = user(w, "suspend", "--because", "password phished", LOGIN.split("@", maxsplit=1)[0] + "@ACME.example")
    expect(re.fullmatch(rf"{LOGIN} is suspended since \S+ until released, by root: password phished\n", said), f"said: {said}")
    mail = Mail()
    inside = f"{mail.token}@{INSIDE}"
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.mail(mail.sender)
        reply = client.rcpt(mail.recipient, want=550)
        expect(f"principal-suspended: {LOGIN} may not send mail outside since 20" in reply.text, f"reply: {reply.text}")
        expect("phished" not in reply.text, f"reply: {reply.text}")
        client.rcpt(inside)
        client.rcpt(HELPDESK)
        client.data(mail.data)
    w.line(mail).expect(verdict="accept", rules="principal-suspended:reject", rcpts="2", refused="1", by="-")
    w.sink.wait(inside)
    w.sink.expect_none(mail.recipient)
    expect_equal(suspended_names(w), {LOGIN: "suspended"}, "suspended")
    expect(LOGIN in w.guard.ctl_run("status").stdout.decode(), "status names who is suspended")

    w.guard.stop()  # it outlives the daemon
    w.guard.start()
    expect_equal(suspended_names(w), {LOGIN: "suspended"}, "suspended after a restart")

    user(w, "release", "--because", "has a new one", LOGIN)
    expect_equal(suspended_names(w), {LOGIN: "released"}, "released")
    mail = Mail()
    w.submit(mail)
    w.delivered(mail)
    w.line(mail).expect(verdict="accept", rules=None)


def told(w):
    """The log, the hooks and the history know who did it and why."""
    user(w, "suspend", "--because", "for a test", LOGIN)
    user(w, "release", "--because", "it was one", LOGIN)
    lines = [re.sub(r" until=\d+", "", line.split("audit: ", 1)[1]) for line in w.guard.log().splitlines() if "audit: did=user-" in line]
    expect_equal(lines[-2:], [f'did=user-suspend by=root user={LOGIN} because="for a test"',
                              f'did=user-release by=root user={LOGIN} because="it was one"'], "audit lines")
    wait_until(lambda: f"released {LOGIN} root: it was one\n" in hook_said(w), 10, "the hook of the release")
    expect(f"suspended {LOGIN} root: for a test\n" in hook_said(w), f"the hook said: {hook_said(w)}")
    entries = json.loads(w.guard.ctl_run("--json", "user", "history", LOGIN).stdout)["history"]
    expect_equal([(one["what"], one["text"]) for one in entries[-2:]], [("suspend", "for a test"), ("release", "it was one")], "history")


def network_is_held(w):
    """Mail of a network cannot be refused to a user who reads it: it is held."""
    user(w, "suspend", "--because", "broken", "--until", "+1h", "printers")
    mail = Mail()
    line = w.line(w.send(mail, source=PRINTER)).expect(verdict="hold", class_="relay", by="principal-suspended")
    wait_until(lambda: w.mta.is_held(line.queue_id), 20, f"{line.queue_id} to be held")
    user(w, "release", "printers")
    w.mta.release(line.queue_id)
    w.delivered(mail)


def while_connected(w):
    """Suspended between RCPT and the end of the message: it is refused as a whole."""
    mail = Mail()
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.mail(mail.sender)
        client.rcpt(mail.recipient)
        user(w, "suspend", "--because", "now", LOGIN)
        reply = client.data(mail.data, want=550)
        expect("principal-suspended: " in reply.text, f"reply: {reply.text}")
    user(w, "release", LOGIN)
    w.sink.expect_none(mail.recipient)


def add_to(group):
    group.case("suspended: nothing outside, all inside; released: everything")(refused_while_suspended)
    group.case("log, hooks and history tell who did it and why")(told)
    group.case("mail of a suspended network is held")(network_is_held)
    group.case("suspended while a message is on its way")(while_connected)
