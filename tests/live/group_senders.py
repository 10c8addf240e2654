"""Senders who are who they say, live: mail of this host, logins and TLS, open relays, spoofed authors, smuggling.

One Postfix, set up carelessly where a case is about that; Sendmail's part is in group_sendmail_identity.py.
"""

import email
import email.policy
import json
import os
import re

from stage.base import Failure, find_program, run_tool
from stage.client import Client, Refused
from stage.guard import WIDE_LIMIT
from stage.mail import Mail
from stage.script import FORGED, expect_all_held, run_script
from stage.suite import Group, expect, expect_equal
from stage.verify import signatures
from stage.world import ACME, DOMAINS, LOGIN, PASSWORD, World

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = os.path.join(os.environ.get("EGRESS_CORPUS") or os.path.join(HERE, "../../../shared/corpus"), "headers")
STRANGER = "127.0.0.9"

SITE = """mode = "enforce";
outgoing = {{
  internal = [ "acme.example" ];
  local_from = [ "@acme.example", "cron@beta.example" ];
  networks = ( {{ address = "127.0.0.2"; name = "printers"; }} );
  daemons = [ "CARELESS" ];
}};
logins = {{ {realm} }};
hold = {{ per_principal = 1000; }};
{rules}
"""


def site(world, realm='realm = "acme.example";', rules=""):
    return SITE.format(realm=realm, rules=rules) + DOMAINS.format(keys=world.stage.path("keys")) + WIDE_LIMIT


class SendersWorld(World):
    """Postfix with two more listeners: one demands nothing, neither login nor TLS, and one takes no bare newlines."""

    def __init__(self, options):
        super().__init__(options, "senders", "postfix", site, settings={
            "smtpd_error_sleep_time": "0", "smtpd_hard_error_limit": "1000"})

    def make_mta(self, mta, next_hop, settings):
        postfix = super().make_mta(mta, next_hop, settings)
        self.careless, self.strict = self.stage.ports.take(), self.stage.ports.take()
        with open(os.path.join(postfix.etc, "master.cf"), "a", encoding="utf-8") as stream:
            stream.write(f"127.0.0.1:{self.careless} inet n - n - - smtpd -o milter_macro_daemon_name=CARELESS\n"
                         "  -o smtpd_sasl_auth_enable=yes -o smtpd_tls_auth_only=no -o mynetworks=0.0.0.0/0\n"
                         f"127.0.0.1:{self.strict} inet n - n - - smtpd -o mynetworks=0.0.0.0/0\n"
                         "  -o smtpd_forbid_bare_newline=yes -o smtpd_forbid_bare_newline_exclusions=\n")
        return postfix

    def turn_to(self, **words):
        self.guard.configure(site(self, **words))
        said = self.guard.reload()
        expect("not taken" not in said, said)


group = Group("senders", SendersWorld)


# --- mail of this host ------------------------------------------------------------------------------------------------

@group.case("500 messages of one script with forged senders: held, none bounced, maildrop empty, one line each")
def forged(w):
    run_script(w, 500)
    expect_all_held(w, 500)
    expect_equal(os.listdir(os.path.join(w.mta.spool, "maildrop")), [], "files in maildrop")
    expect("status=bounced" not in w.mta.log(), "Postfix bounced")


@group.case("where a rule refuses or defers: mail of forged senders is held all the same")
def harsh(w):
    for action in ("reject", "defer"):
        w.turn_to(rules=f'rules = {{ sender-not-owned = "{action}"; from-not-owned = "{action}"; }};')
        run_script(w, 20, senders=[sender for sender in FORGED if not sender.endswith(("acme.example", "beta.example"))])
        expect_all_held(w, 20)
        expect_equal(os.listdir(os.path.join(w.mta.spool, "maildrop")), [], f"files in maildrop, {action}")
    w.turn_to()


# --- logins, TLS, relays ----------------------------------------------------------------------------------------------

def careless(w, tls=False, login=None, source=STRANGER):
    """(code, text, mail) over the listener that demands nothing."""
    mail = Mail()
    with Client(w.careless, source=source) as client:
        if tls:
            client.starttls()
        if login:
            client.login(login, PASSWORD)
        try:
            reply = client.send(mail.sender, mail.recipient, mail.data)
        except Refused as refused:
            reply = refused.reply
    return reply.code, reply.text, mail


@group.case("auth-required and tls-required where Postfix itself demands nothing")
def required(w):
    code, text, mail = careless(w)
    expect(code == 530 and "auth-required: " in text, f"without a login: {text}")
    w.line(mail).expect(class_="submission", verdict="reject", by="auth-required", signed="none")
    code, text, mail = careless(w, tls=True)
    expect(code == 530 and "auth-required: " in text, f"TLS without a login: {text}")
    code, text, mail = careless(w, login=LOGIN)
    expect(code == 530 and "tls-required: " in text, f"a login without TLS: {text}")
    w.line(mail).expect(class_="submission", verdict="reject", by="tls-required", user=LOGIN)
    w.sink.expect_none(mail.recipient)
    code, text, mail = careless(w, tls=True, login=LOGIN)
    expect_equal(code, 250, f"login and TLS: {text}")
    w.signed(mail)
    for source, mail_class in (("127.0.0.1", "local"), ("127.0.0.2", "relay")):
        code, text, mail = careless(w, source=source)
        expect_equal(code, 250, f"{source} is not asked: {text}")
        w.signed(mail)
        w.line(mail).expect(class_=mail_class, rules=None)


@group.case("an open relay raises an alarm, once a minute; the rest of the world's mail does not")
def open_relay(w):
    w.turn_to()  # the minute begins anew
    before = len(w.guard.log())
    with Client(w.mta.smtp, source=STRANGER) as client:
        for sender, recipient in (("friend@else.example", "alice@acme.example"), ("alice@acme.example", "x@away.example"),
                                  ("", "x@away.example")):
            mail = Mail(sender=sender or "friend@else.example")
            client.send(sender, recipient, mail.data)
        expect("open relay?" not in w.guard.log()[before:], w.guard.log()[before:])
        for _ in range(3):
            mail = Mail(sender="spam@else.example")
            client.send(mail.sender, mail.recipient, mail.data)
    w.unsigned(mail)
    said = w.guard.log()[before:]
    expect_equal(said.count("open relay?"), 1, "alarms")
    expect("err: open relay? 127.0.0.9 without login sends as <spam@else.example>" in said, said)


@group.case("logins without a realm: a warning that says what to do, and nobody is stopped")
def census(w):
    w.turn_to(realm="")
    before = len(w.guard.log())
    with Client(w.mta.smtp, source=STRANGER) as client:
        for login in ("alice", "bob", "carol"):
            client.xclient(f"ADDR={STRANGER} NAME=[UNAVAILABLE] LOGIN={login}")
            mail = Mail(sender=f"{login}@acme.example")
            client.send(mail.sender, mail.recipient, mail.data)
            w.line(mail).expect(verdict="accept", user=login, rules="sender-not-owned:observe,from-not-owned:observe")
    said = w.guard.log()[before:]
    expect_equal(said.count("set logins.realm"), 1, "warnings")
    expect("warning: senders: 1 of 1 logins seen own no address, the last one alice" in said, said)
    w.turn_to()
    with Client(w.mta.smtp, source=STRANGER) as client:
        client.xclient(f"ADDR={STRANGER} NAME=[UNAVAILABLE] LOGIN=alice")
        mail = Mail(sender="bob@acme.example")
        reply = client.send(mail.sender, mail.recipient, mail.data, want=None)
        expect_equal(reply.code, 550, f"with the realm set: {reply}")


# --- spoofed authors --------------------------------------------------------------------------------------------------

ATTACKER = {"client": "attacker@acme.example", "server": "first@beta.example"}


def corpus_rows(name):
    """The objects of a .jsonl file of the corpus; a run without the corpus fails here."""
    path = os.path.join(HEADERS, name)
    if not os.path.exists(path):
        raise Failure(f"{path} is not there: EGRESS_CORPUS names the corpus")
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def of_our_domains(data):
    """The domain that is imitated and the attacker's become domains we sign for."""
    return data.replace(b"example.com", b"acme.example").replace(b"legitimate.com", b"acme.example") \
               .replace(b"attack.com", b"beta.example")


ADDRESS = r"[^\s<>()\[\]\",;:\\'=@]+@[^\s<>()\[\]\",;:\\'=?]+"


def readings(data):
    """reader -> the authors it may show or judge."""
    head = data.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace") + "\r\n"
    fields = re.findall(r"(?im)^from[ \t]*(?:\r\n[ \t]+)*:((?:[^\r\n]|\r\n[ \t])*)", head)
    python = email.message_from_bytes(data, policy=email.policy.default)
    legacy = email.message_from_bytes(data)
    decoded = [str(email.header.make_header(email.header.decode_header(field))) for field in fields]
    raw = [address for field in fields for address in re.findall(ADDRESS, field)]
    return {"every From field, every address in it": raw,
            "encoded words undone": [address for field in decoded for address in re.findall(ADDRESS, field)],
            "the last address of the last field": raw[-1:],
            "the first address of the first field": raw[:1],
            "Python's email": [address.addr_spec for field in python.get_all("From", [])
                               for address in field.addresses],
            "Python's old email": [pair[1] for pair in email.utils.getaddresses(legacy.get_all("From", []))]}


@group.case("espoofer: nothing leaves signed under an author who is not the login's, however the field is read")
def espoofer(w):
    w.turn_to()
    told, cases = [], corpus_rows("espoofer-envelopes.jsonl")
    for number, case in enumerate(cases):
        with open(os.path.join(HEADERS, case["file"]), "rb") as stream:
            data = of_our_domains(stream.read())
        login = ATTACKER[case["case"].split("_")[0]]
        recipient = f"spoof{number}-{os.getpid()}@away.example"
        for path in (of_our_domains(case["mail_from"].encode()).decode().strip("<>"), login):
            with Client(w.mta.smtp, source=STRANGER) as client:
                client.xclient(f"ADDR={STRANGER} NAME=[UNAVAILABLE] LOGIN={login}")
                try:
                    reply = client.send(path, recipient, data, want=None)
                except Refused as refused:
                    reply = refused.reply
            told.append(f"{case['case']} from {path}: {reply.text[:90]}")
            if reply.code == 250:
                expect_own(w, case["case"], w.sink.wait(recipient), login)
    w.mta.flush()
    for number, case in enumerate(cases):
        for message in w.sink.having(f"spoof{number}-{os.getpid()}@away.example"):
            expect_own(w, case["case"], message, ATTACKER[case["case"].split("_")[0]])
    say(told)


def expect_own(w, name, message, login):
    if not signatures(message.data):
        return
    for reader, authors in readings(message.data).items():
        expect(authors and all(author.lower() == login for author in authors),
               f"{name}: signed, and to {reader} it is from {authors}")


@group.case("the readers of the case above see what is there to be seen")
def readers(w):
    seen = readings(b'From: "<a@x.example>" <b@x.example>\r\nfrom : =?utf-8?Q?c=40x.example?= d@x.example\r\n\r\n')
    for author in "abcd":
        expect(any(f"{author}@x.example" in authors for authors in seen.values()), f"{author} is seen by none: {seen}")


# --- smuggling --------------------------------------------------------------------------------------------------------

def sequences():
    return [(row["id"], bytes.fromhex(row["end_of_data_hex"])) for row in corpus_rows("smuggling-sequences.jsonl")]


def smuggle(w, port, sequence):
    """Submits one message whose body holds the sequence and a second transaction as somebody else."""
    mail, second = Mail(body=b"first"), Mail(sender="ceo@acme.example")
    with Client(port, source=STRANGER) as client:
        client.xclient(f"ADDR={STRANGER} NAME=[UNAVAILABLE] LOGIN=alice")
        client.mail(mail.sender)
        client.rcpt(mail.recipient)
        client.command("DATA", 354)
        client.socket.sendall(
            mail.data + sequence + f"MAIL FROM:<{second.sender}>\r\nRCPT TO:<{second.recipient}>\r\nDATA\r\n".encode() +
            second.data + b"\r\n.\r\nNOOP end\r\n")
        return mail, second, replies_to_end(client)


def replies_to_end(client):
    """All up to that to NOOP, or until Postfix has had enough of what it takes for commands."""
    replies = [client.reply()]
    while replies[-1].code not in (221, 421) and replies[-1].text != "250 2.0.0 Ok":
        replies.append(client.reply())
    return replies


def say(lines):
    for line in lines:
        print(line, flush=True)


def judge_smuggling(w, port, name, sequence):
    """(was it split, what to tell)"""
    mail, second, replies = smuggle(w, port, sequence)
    codes = [reply.code for reply in replies]
    if codes[0] == 250:
        w.sink.wait(mail.recipient)
    expect(len(w.sink.having(mail.recipient)) <= 1, f"{name}: the first came twice")
    expect_equal(w.sink.having(second.recipient), [], f"{name}: mail as somebody else")
    lines = [line for line in w.guard.lines() if mail.token in line.rest or second.token in line.rest]
    for line in lines:
        expect_equal((line["class"], line["user"]), ("submission", "alice@acme.example"), f"{name}: whose it is")
    was_split = any(second.token in line.rest for line in lines)
    if was_split:
        w.line(second).expect(verdict="reject", by="sender-not-owned", from_="<ceo@acme.example>")
    for message in w.sink.having(mail.recipient):
        expect(sequence not in message.data or b"\0" in sequence, f"{name}: the sequence travels on")
    return was_split, (f"{name} {sequence!r}: replies {codes}, " +
                       ("Postfix splits, the second is judged as alice's and refused" if was_split else "one message"))


@group.case("smuggling: nothing arrives as somebody else; what Postfix splits is judged as the login's own")
def smuggling(w):
    say([judge_smuggling(w, w.mta.smtp, name, sequence)[1] for name, sequence in sequences()])


@group.case("smuggling with smtpd_forbid_bare_newline: Postfix splits at the one true end of data only")
def smuggling_forbidden(w):
    for name, sequence in sequences():
        was_split, words = judge_smuggling(w, w.strict, name, sequence)
        say([words])
        expect(not was_split or b"\r\n.\r\n" in sequence, words)


# --- repairs ----------------------------------------------------------------------------------------------------------

@group.case("repairs survive signing: one of each field, and both verifiers accept it")
def repairs(w):
    for without in (("Date",), ("Message-ID",), ("MIME-Version",), ("Date", "Message-ID", "MIME-Version")):
        ways = {"login": lambda mail: w.submit(mail), "printer": lambda mail: w.send(mail, source="127.0.0.2"),
                "loopback": w.send, "sendmail(1)": lambda mail: w.mta.sendmail(mail.data, mail.sender, [mail.recipient])}
        for way, send in ways.items():
            mail = Mail(without=without)
            send(mail)
            message = w.signed(mail, ACME)
            for name in ("Date", "Message-ID", "MIME-Version", "From"):
                expect_equal(len(message.values(name)), 1, f"{name} fields by {way} without {without}")



# --- calendars --------------------------------------------------------------------------------------------------------

ANSWER = (b"--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n--b\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n"
          b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n--b--\r\n")


@group.case("an answer to an invitation for somebody else: with an own Sender it goes, without one it is refused")
def calendar(w):
    w.turn_to()

    def answer(*fields):
        return Mail(from_="Boss <boss@acme.example>", body=ANSWER, without=("Content-Type",),
                    fields=(("Content-Type", 'multipart/alternative; boundary="b"'), *fields))
    said = answer(("Sender", LOGIN))
    reply = w.submit(said)
    w.signed(said)
    w.line(reply).expect(verdict="accept", rules="calendar-on-behalf:observe")
    silent = answer()
    expect("from-not-owned" in w.submit(silent, want=550).text, "the reason")
    w.sink.expect_none(silent.recipient)
