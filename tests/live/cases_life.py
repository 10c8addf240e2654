"""Cases about the life of the daemon under an MTA: modes, reload, end, absence, broken keys.

Each case starts the daemon with the configuration it needs, on the socket the MTA knows.
"""

import os
import signal
import time

from cases_flow import expect_untouched
from stage.base import Failure, is_listening, wait_until
from stage.client import Client
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import expect, expect_equal
from stage.world import ACME, DOMAINS, LOGIN, OUTGOING, PASSWORD, PRINTER, STRANGER, enforcing, everybody


def observe(w):
    """The default mode: nothing is stopped, mended or signed; the line says what would be."""
    w.guard.restart(OUTGOING + DOMAINS.format(keys=w.stage.path("keys")))
    plain, bare = Mail(), Mail(without=("Date", "Message-ID"))
    wrong = Mail(without=("From",))
    for mail in (plain, bare, wrong):
        reply = w.submit(mail)
        message = w.unsigned(mail)
        if w.mta.kind == "postfix" or mail is plain:  # Sendmail adds missing fields itself, later
            expect_untouched(mail, message)
        w.line(reply).expect(verdict="accept", signed="none", would="reject" if mail is wrong else None)


def observe_signing(w):
    w.guard.restart(OUTGOING + DOMAINS.format(keys=w.stage.path("keys")) + "signing = { in_observe = true; };\n")
    mail = Mail()
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", signed=",".join(ACME))


def simple_simple(w):
    w.guard.restart(enforcing(w, 'signing = { canonicalization = "simple/simple"; expire = "2d"; };\n'))
    mail = Mail(body=b"two  spaces \r\n\ttab\r\n\r\n\r\n", fields=(("X-Folded", "one\r\n\ttwo"), ("Comments", "  a  b")))
    w.submit(mail)
    message = w.signed(mail)
    for value in message.values("DKIM-Signature"):
        expect("c=simple/simple" in value, f"canonicalization: {value}")


def inbound_logged(w):
    w.guard.restart(enforcing(w, "log = { inbound = true; };\n"))
    mail = Mail(sender="someone@foreign.example")
    reply = w.send(mail, source=STRANGER)
    expect_untouched(mail, w.unsigned(mail))
    w.line(reply).expect(verdict="accept", class_="inbound", user=None, client=STRANGER)


def redacted(w):
    w.guard.restart(enforcing(w, "log = { redact = true; };\n"))
    mail = Mail()
    reply = w.submit(mail)
    w.signed(mail)
    line = w.line(reply)
    expect("alice" not in (line["from"] or "") and "alice" not in (line["hfrom"] or "") and
           mail.token not in line.rest, f"not redacted: {line.raw}")


def keys_of_a_directory(w):
    """domains = "dir:...": a key that appears is used after a reload."""
    directory = w.stage.path("keys")
    w.guard.restart(f'mode = "enforce";\n{OUTGOING}{everybody(w)}domains = "dir:{directory}";\n')
    mail = Mail()
    w.submit(mail)
    w.signed(mail)
    beta = Mail(sender="bob@beta.example")
    w.submit(beta)
    w.signed(beta, ["beta.example/s1"])


def reload_good(w):
    """HUP: the new configuration for new messages, also in a session that was open before."""
    keys = w.stage.path("keys")
    w.guard.restart(f'mode = "enforce";\n{OUTGOING}domains = ( {{ name = "acme.example"; keys = ( '
                    f'{{ selector = "s2026a"; file = "{keys}/acme.example/s2026a.pem"; }} ); }} );\n')
    before, after, fresh = Mail(), Mail(), Mail()
    with Client(w.mta.smtp) as client:
        client.send(before.sender, before.recipient, before.data)
        w.guard.configure(enforcing(w))
        w.guard.reload()
        client.send(after.sender, after.recipient, after.data)
    w.send(fresh)
    w.signed(before, ["acme.example/s2026a"])
    w.signed(after)
    w.signed(fresh)


def reload_broken(w):
    """HUP with a broken file: the old configuration goes on, and the log names file, line and setting."""
    w.guard.restart(enforcing(w))
    w.guard.configure(enforcing(w, 'signing = { expire = "soon"; };\nnonsense = 1;\n'))
    said = w.guard.reload()
    expect(f"{w.guard.config_path}:" in said and "expire" in said, f"said about the broken file: {said}")
    mail = Mail()
    w.submit(mail)
    w.signed(mail)
    w.guard.configure(enforcing(w))
    w.guard.reload()
    again = Mail()
    w.submit(again)
    w.signed(again)


def reload_under_load(w):
    """Reloads between the steps of many open transactions disturb none."""
    w.guard.restart(enforcing(w))
    mails = [Mail() for _ in range(8)]
    clients = [Client(w.mta.smtp) for _ in mails]
    for client, mail in zip(clients, mails):
        client.mail(mail.sender)
    w.guard.reload()
    for client, mail in zip(clients, mails):
        client.rcpt(mail.recipient)
    w.guard.reload()
    for client, mail in zip(clients, mails):
        client.data(mail.data)
        client.close()
    for mail in mails:
        w.signed(mail)


def term(w):
    """TERM ends 0, soon, although a session is open; the socket is gone or answers nobody."""
    w.guard.restart(enforcing(w))
    client = Client(w.mta.smtp)
    begin = time.monotonic()
    expect_equal(w.guard.stop(), 0, "exit code")
    expect(time.monotonic() - begin < 15, "TERM took longer than 15 s")
    client.hang_up()
    w.guard.start()


def term_lets_finish(w):
    """A transaction that is under way when TERM comes is finished and signed."""
    w.guard.restart(enforcing(w))
    mail = Mail()
    with Client(w.mta.smtp) as client:
        client.mail(mail.sender)
        client.rcpt(mail.recipient)
        client.command("DATA", 354)
        w.guard.child.kill(signal.SIGTERM)
        time.sleep(0.5)  # TERM must arrive before the data: nothing shows that it has
        client.socket.sendall(mail.data + b".\r\n")
        client.reply(250)
    w.signed(mail)
    expect_equal(w.guard.child.wait(15), 0, "exit code")
    w.guard.start()


def absent(w):
    """No daemon: the MTA answers 4xx; what sendmail(1) took waits and is signed and sent when it is back."""
    w.guard.restart(enforcing(w))
    expect_equal(w.guard.stop(), 0, "exit code")
    mail, queued = Mail(), Mail()
    reply = _attempt(w, mail)
    expect(400 <= reply.code < 500, f"without the daemon the client was told: {reply.text}")
    w.mta.sendmail(queued.data, queued.sender, [queued.recipient])
    w.sink.expect_none(queued.recipient)
    w.guard.start()

    def arrived():
        getattr(w.mta, "pick_up", lambda: None)()
        w.mta.flush()
        return w.sink.having(queued.recipient)
    wait_until(arrived, 60, "the waiting message")
    w.signed(queued)
    w.submit(mail)
    w.signed(mail)


def _attempt(w, mail):
    """The first refusal a client meets, at whatever step."""
    try:
        with Client(w.mta.smtp) as client:
            for words in (f"MAIL FROM:<{mail.sender}>", f"RCPT TO:<{mail.recipient}>", "DATA"):
                reply = client.command(words)
                if reply.code >= 400:
                    return reply
            raise Failure("the whole envelope was accepted without the daemon")
    except Failure as error:
        # Sendmail may refuse in its greeting or at EHLO.
        if "the server said: 4" in str(error):
            return type("Greeting", (), {"code": 451, "text": str(error)})()
        raise


def broken_domain(w, on_failure=None):
    """A configuration in which broken.example has one good and one unreadable key file, acme is whole."""
    directory = w.stage.path("keys", "broken.example")
    if not os.path.exists(directory):
        w.keys.make("broken.example", "good")
        w.stage.write("keys/broken.example/bad.pem", "-----BEGIN PRIVATE KEY-----\nbm9uc2Vuc2U=\n"
                                                      "-----END PRIVATE KEY-----\n")
    row = (f'  {{ name = "broken.example"; keys = ( {{ selector = "bad"; file = "{directory}/bad.pem"; }} );'
           + (f' on_failure = "{on_failure}";' if on_failure else "") + " },\n")
    return enforcing(w).replace("domains = (\n", "domains = (\n" + row)


def broken_key_default(w):
    """Its own domain is deferred by default; the others sign; the log says it once at start."""
    w.guard.restart(broken_domain(w))
    expect("bad.pem" in w.guard.log(), "the broken key is not named at start")
    mail, good = Mail(sender="x@broken.example"), Mail()
    reply = w.submit(mail, want=451)
    expect(reply.text.startswith("451 4.7.5 signing-failed: "), f"reply: {reply.text}")
    w.line(mail).expect(verdict="defer", by="signing-failed")
    w.sink.expect_none(mail.recipient)
    w.submit(good)
    w.signed(good)


def broken_key_pass(w):
    w.guard.restart(broken_domain(w, "pass"))
    mail = Mail(sender="x@broken.example")
    reply = w.submit(mail)
    w.unsigned(mail)
    line = w.line(reply).expect(verdict="accept", signed="none")
    expect(line["reason"], f"no reason: {line.raw}")


def broken_key_hold(w):
    w.guard.restart(broken_domain(w, "hold"))
    mail = Mail(sender="x@broken.example")
    queue_id = queue_id_of(w.submit(mail))
    wait_until(lambda: w.mta.is_held(queue_id), 10, f"{queue_id} to be held")
    w.line(mail).expect(verdict="hold", by="signing-failed")
    w.mta.release(queue_id)
    w.unsigned(mail)


def reject_local(w):
    """A refusal of local mail goes back only to a sender of ours; for a foreign sender it is a hold."""
    w.guard.restart(enforcing(w, 'rules = { from-multiple = "reject"; };\n'))
    second = (("From", "Bob <bob@acme.example>"),)
    foreign = Mail(sender="www@foreign.example", fields=second)
    w.mta.sendmail(foreign.data, foreign.sender, [foreign.recipient])
    w.line(foreign).expect(verdict="hold", class_="local", by="from-multiple")
    ours = Mail(fields=second)
    ours.sender = f"{ours.token}@acme.example"
    w.mta.sendmail(ours.data, ours.sender, [ours.recipient])
    w.line(ours).expect(verdict="reject", class_="local", by="from-multiple")
    bounce = w.sink.wait(ours.sender)
    expect_equal(bounce.sender, "", "envelope sender of the bounce")
    for mail in (foreign, ours):
        w.sink.expect_none(mail.recipient)


def control(w):
    """egressctl asks the running daemon: health, status, reload; and says so when there is none."""
    w.guard.restart(enforcing(w))
    expect_equal(w.guard.ctl_run("health", check=False).returncode, 0, "health of a sound daemon")
    status = w.guard.ctl_run("--json", "status", check=False)
    expect_equal(status.returncode, 0, "status")
    expect(b'"schema": 1' in status.stdout.replace(b'"schema":1', b'"schema": 1'), f"status: {status.stdout[:300]}")
    w.guard.configure(enforcing(w, "log = { inbound = true; };\n"))
    w.guard.ctl_run("reload")
    mail = Mail()
    w.send(mail, source=STRANGER)
    w.guard.line(mail=mail).expect(class_="inbound")
    w.guard.restart(broken_domain(w))
    code = w.guard.ctl_run("health", check=False).returncode
    expect(code in (1, 2), f"health with a degraded domain ended {code}")
    w.guard.stop()
    expect_equal(w.guard.ctl_run("status", check=False).returncode, 69, "status without a daemon")
    w.guard.start(enforcing(w))


def two_sockets(w):
    """Several sockets at once: the MTA's and another one."""
    port = w.stage.ports.take()
    text = enforcing(w)
    w.guard.stop()
    w.guard.configure(text)
    with open(w.guard.config_path, encoding="utf-8") as stream:
        config = stream.read()
    w.stage.write(f"{w.guard.name}/egress-milter.conf", config.replace(
        f'socket = "{w.guard.socket}";', f'socket = [ "{w.guard.socket}", "inet:{port}@127.0.0.1" ];'))
    w.guard.start()
    expect(is_listening(port), f"nothing listens on port {port}")
    mail = Mail()
    w.submit(mail)
    w.signed(mail)


def child_killed(w):
    """kill -9 of the child: it is replaced, and mail goes on."""
    w.guard.restart(enforcing(w))
    children = _children(w.guard.child.pid)
    expect(len(children) == 1, f"children of the daemon: {children}")
    os.kill(children[0], signal.SIGKILL)
    wait_until(lambda: _children(w.guard.child.pid) not in ([], children), 10, "another child")
    mail = Mail()

    def taken():
        try:
            w.submit(mail)
            return True
        except Failure:
            return False
    wait_until(taken, 20, "mail to be taken again")
    w.signed(mail)


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
        return [int(word) for word in stream.read().split()]


def restart_in_place(w):
    """egressctl restart: open sessions go on where they are, new ones are served anew, nothing is lost."""
    w.guard.restart(enforcing(w))
    parent, (old,) = w.guard.child.pid, _children(w.guard.child.pid)
    within, later, fresh, last = Mail(), Mail(), Mail(), Mail()
    with Client(w.mta.smtp) as busy, Client(w.mta.smtp) as idle:
        busy.mail(within.sender)
        busy.rcpt(within.recipient)
        w.guard.ctl_run("restart")
        expect_equal(w.guard.child.pid, parent, "the parent")
        children = _children(parent)
        expect(old in children and len(children) == 2, f"children after the restart: {children}, before: {old}")
        os.kill(old, signal.SIGSTOP)  # what is served now is served by the new one
        try:
            w.submit(fresh)
        finally:
            os.kill(old, signal.SIGCONT)
        busy.data(within.data)
        idle.send(later.sender, later.recipient, later.data)
        expect(old in _children(parent), "the process with open sessions has ended")
    wait_until(lambda: old not in _children(parent), 20, "the old process to end after its sessions")
    w.submit(last)
    for mail in (within, later, fresh, last):
        w.signed(mail)


def parts_privileges(w):
    """The child runs as the configured user, without groups of root."""
    w.guard.restart(enforcing(w))
    (child,) = _children(w.guard.child.pid)
    with open(f"/proc/{child}/status", encoding="ascii") as stream:
        status = dict(line.split(":", 1) for line in stream if ":" in line)
    expect(status["Uid"].split() == ["65534"] * 4, f"uids of the child: {status['Uid']}")
    expect("0" not in status["Gid"].split() + status["Groups"].split(), f"groups of the child: {status['Groups']}")


CASES = (
    ("observe mode changes nothing", observe),
    ("observe mode with signing.in_observe signs", observe_signing),
    ("simple/simple", simple_simple),
    ("log.inbound", inbound_logged),
    ("log.redact", redacted),
    ("keys of a directory", keys_of_a_directory),
    ("HUP with a good configuration", reload_good),
    ("HUP with a broken configuration keeps the old one", reload_broken),
    ("HUP between the steps of open transactions", reload_under_load),
    ("TERM ends 0 with a session open", term),
    ("TERM lets a transaction finish", term_lets_finish),
    ("daemon absent: 4xx, and delivered later", absent),
    ("a broken key defers its own domain only", broken_key_default),
    ("a broken key, on_failure pass", broken_key_pass),
    ("a broken key, on_failure hold", broken_key_hold),
    ("egressctl with the running daemon", control),
    ("two sockets", two_sockets),
    ("the child is replaced after kill -9", child_killed),
    ("a restart in place under open sessions", restart_in_place),
    ("the child has no privileges", parts_privileges),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)


__all__ = ["add_to", "reject_local", "LOGIN", "PASSWORD", "PRINTER"]
