"""Cases about addresses that are written to no more, bounces, automatic replies and loops.  On every MTA."""

import json

from stage.base import wait_until
from stage.client import Client
from stage.mail import Mail
from stage.suite import expect, expect_equal
from stage.world import LOGIN, PASSWORD, PRINTER, enforcing

MOST = 6  # automatic answers of all in an hour
RULES = 'rules = {{ recipient-suppressed = "{suppressed}"; backscatter = "hold"; mail-loop = "reject"; }};\n'
LIMITS = f"backscatter = {{ max = {MOST}; per_principal = 2; }};\n"

VACATION = (("Auto-Submitted", "auto-replied"), ("In-Reply-To", "<1@away.example>"))


def config(world, suppressed="reject"):
    return enforcing(world, RULES.format(suppressed=suppressed) + LIMITS)


class Session:
    """A user's transaction by hand, so that each recipient's answer can be seen."""

    def __init__(self, w):
        self.mail = Mail()
        self.client = Client(w.mta.submission)
        self.client.starttls()
        self.client.login(LOGIN, PASSWORD)
        self.client.mail(self.mail.sender)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()


def listed(w, *words):
    return {(one["address"], one["domain"]): one
            for one in json.loads(w.guard.ctl_run("--json", "suppress", "list", *words).stdout)["suppressed"]}


def bounces_seen(w):
    """The lines of bounces so far."""
    return [line for line in w.guard.lines() if line["class"] == "bounce"]


def bounced(w):
    """A message that its next hop refuses: (mail, the line of the bounce)."""
    mail = Mail()
    mail.sender = f"{mail.token}@acme.example"
    mail.recipient = f"no-{mail.token}@away.example"
    before = len(bounces_seen(w))
    w.submit(mail)
    wait_until(lambda: len(bounces_seen(w)) > before, 20, "the line of the bounce")
    return mail, bounces_seen(w)[-1].check_form()


def refused_alone(w):
    """With the rule reject he is refused when he comes, with the reason, and the other one gets the mail."""
    with Session(w) as s:
        gone, other = f"{s.mail.token}-gone@away.example", s.mail.recipient
        said = w.guard.ctl_run("suppress", "add", "--because", "left in May", gone.upper()).stdout.decode()
        expect_equal(said, f"{gone} is suppressed for mail of all senders, for good\n", "said")
        reply = s.client.rcpt(gone, want=550)
        expect(reply.text.startswith("550 5.1.1 ") and  # Sendmail puts whom it is about behind it
               f"recipient-suppressed: {gone} is on the suppression list since 20" in reply.text, f"reply: {reply.text}")
        expect(reply.text.endswith(": left in May; correct the address, or ask the postmaster to take it off the list"),
               f"reply: {reply.text}")
        s.client.rcpt(other)
        s.client.data(s.mail.data)
    w.signed(s.mail)
    w.line(s.mail).expect(verdict="accept", rules="recipient-suppressed:reject", rcpts="1", refused="1", by="-")
    w.sink.expect_none(gone)


def refused_all(w):
    """Nobody is left: the line has the verdict about the last one."""
    with Session(w) as s:
        gone = f"{s.mail.token}-gone@away.example"
        w.guard.ctl_run("suppress", "add", gone)
        s.client.rcpt(gone, want=550)
        s.client.command("RSET", 250)
    wait_until(lambda: any(line["by"] == "recipient-suppressed" and gone in (line["reply"] or "")
                           for line in w.guard.lines()), 10, f"a line about {gone}")


def domains(w):
    """For one domain of ours it holds for its senders alone; removed, for nobody."""
    mail = Mail()
    w.guard.ctl_run("suppress", "add", "--domain", "beta.example", "--until", "+1h", mail.recipient)
    w.submit(mail)
    w.delivered(mail)
    other = Mail(sender="bob@beta.example")
    other.recipient = mail.recipient
    with Client(w.mta.submission) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.mail(other.sender)
        client.rcpt(other.recipient, want=550)
    expect_equal(listed(w, mail.recipient)[mail.recipient, "beta.example"]["state"], "suppressed", "state")
    w.guard.ctl_run("suppress", "remove", mail.recipient)
    expect_equal(listed(w, mail.recipient), {}, "list afterwards")
    w.submit(other)
    w.line(other).expect(verdict="accept", rules=None)


def relayed(w):
    """A relay's mail goes on: its mail server is told by the bounce."""
    mail = Mail()
    w.guard.ctl_run("suppress", "add", mail.recipient)
    w.send(mail, source=PRINTER)
    w.delivered(mail)
    w.line(mail).expect(verdict="accept", class_="relay", rules="recipient-suppressed:observe", by="-")


def as_shipped(w):
    """Without a rule it is seen, and goes."""
    mail = Mail()
    w.guard.ctl_run("suppress", "add", mail.recipient)
    w.guard.configure(config(w, "observe"))
    w.guard.reload()
    w.submit(mail)
    w.delivered(mail)
    w.line(mail).expect(verdict="accept", rules="recipient-suppressed:observe", by="-")
    w.guard.configure(config(w))
    w.guard.reload()


def kept(w):
    """A restart forgets nothing, and what is exported can be put back."""
    mail = Mail()
    w.guard.ctl_run("suppress", "add", "--until", "2099-12-31", "--because", "one \"two\" = 3", mail.recipient)
    exported = w.guard.ctl_run("suppress", "export").stdout
    w.guard.stop()
    w.guard.start()
    expect_equal(w.guard.ctl_run("suppress", "export").stdout, exported, "export after a restart")
    for address, _ in listed(w):
        w.guard.ctl_run("suppress", "remove", address)
    expect_equal(w.guard.ctl_run("suppress", "export").stdout, b"", "export of nothing")
    path = w.stage.write("exported", exported.decode(), mode=0o644)
    w.guard.ctl_run("suppress", "add", "--from", path)
    expect_equal(w.guard.ctl_run("suppress", "export").stdout, exported, "export of what was put back")
    with Session(w) as s:
        s.client.rcpt(mail.recipient, want=550)


def audited(w):
    """Each change is in the log, with who and why."""
    mail = Mail()
    w.guard.ctl_run("suppress", "add", "--because", "asked for", mail.recipient)
    w.guard.ctl_run("suppress", "remove", mail.recipient)
    lines = [line.split("audit: ", 1)[1] for line in w.guard.log().splitlines()
             if "audit: did=suppress" in line and mail.recipient in line]
    expect_equal(lines, [f"did=suppress-add by=root address={mail.recipient} senders=* until=0 because=\"asked for\"",
                         f"did=suppress-remove by=root address={mail.recipient} senders=any records=1"], "audit lines")


def astray(w):
    """An automatic reply to whoever runs a list, where a program reads."""
    mail = Mail(fields=VACATION)
    mail.recipient = f"owner-{mail.recipient}"
    line = w.line(w.send(mail, source=PRINTER)).expect(verdict="accept", class_="relay", rules="auto-reply-astray:observe")
    w.delivered(mail)
    expect_equal(line["user"], "printers", "user")


def replies(w):
    """Automatic replies of one are held beyond what he may; his own mail goes."""
    for used in (1, 2, 3):
        mail = Mail(fields=VACATION)
        reply = w.submit(mail)
        line = w.line(reply)
        expect(f"auto-replies:{used}/2" in line["limits"].split(","), f"limits: {line['limits']}")
        if used <= 2:
            line.expect(verdict="accept", rules=None)
            w.delivered(mail)
        else:
            line.expect(verdict="hold", by="backscatter")
            wait_until(lambda at=line: w.mta.is_held(at.queue_id), 20, f"{line.queue_id} to be held")
    mail = Mail()
    w.submit(mail)
    w.delivered(mail)
    w.line(mail).expect(verdict="accept", rules=None)


def flood(w):
    """What answers with a null sender, as bounces do, is held once the site has sent as much as it may."""
    last = None
    for _ in range(MOST + 1):
        mail = Mail(sender="", from_="MAILER-DAEMON@acme.example",
                    fields=(("Auto-Submitted", "auto-replied"),))
        last = w.line(w.send(mail, source=PRINTER))
    last.expect(verdict="hold", class_="relay", by="backscatter", user="printers")
    expect("auto-replies" not in last["limits"], f"limits: {last['limits']}")
    wait_until(lambda: w.mta.is_held(last.queue_id), 20, f"{last.queue_id} to be held")
    w.mta.release(last.queue_id)
    w.delivered(mail)


def loop(w):
    """Too many Received fields, or delivered before to whom it goes."""
    hops = tuple(("Received", f"from h{n}.example by h{n + 1}.example; Sun, 01 Mar 2026 11:00:00 +0000")
                 for n in range(12))
    w.guard.configure(config(w) + "ceilings = { hops = 10; };\n")
    w.guard.reload()
    reply = w.send(Mail(fields=hops), source=PRINTER, want=550)
    expect("550 5.4.6 mail-loop: it came over 1" in reply.text, f"reply: {reply.text}")
    w.guard.configure(config(w))
    w.guard.reload()
    w.send(Mail(fields=hops), source=PRINTER)
    mail = Mail()
    mail.header += f"Delivered-To: {mail.recipient}\r\n".encode()
    reply = w.send(mail, source=PRINTER, want=550)
    expect(f"550 5.4.6 mail-loop: {mail.recipient} had it before" in reply.text, f"reply: {reply.text}")
    mail = Mail(fields=(("Delivered-To", "somebody@away.example"),))
    w.send(mail, source=PRINTER)
    w.delivered(mail)


def add_to(group):
    group.case("a suppressed recipient is refused when he comes, the other one gets the mail")(refused_alone)
    group.case("nobody is left: the line says why")(refused_all)
    group.case("suppressed for one domain of ours, and taken off the list")(domains)
    group.case("mail of a relay goes on")(relayed)
    group.case("as shipped it is only seen")(as_shipped)
    group.case("kept over a restart, exported, and put back")(kept)
    group.case("each change is told in the log")(audited)
    group.case("an automatic reply to a program is told")(astray)
    group.case("automatic replies beyond what one may are held")(replies)
    group.case("a flood of what answers by itself is held")(flood)
    group.case("mail that goes in circles")(loop)
