"""The worked files of conf/examples, each started as it stands with its paths replaced, and driven with some mail.

Tables are what the remarks of the file show ("# /etc/egress-milter/NAME:" and the rows under it), so those are tried.
"""

import os
import re
import shutil

from stage.base import StageError, run_tool, wait_until
from stage.client import Client, Refused
from stage.filter import Filter
from stage.mail import Mail
from stage.mapserver import MapServer
from stage.suite import Group, expect, expect_equal
from stage.world import World

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../conf/examples")
CUSTOMERS = 300
STRANGER = "203.0.113.5"
SECRET = "0123456789abcdef0123456789abcdef0123456789ab\n"


def example(name):
    with open(os.path.join(EXAMPLES, f"{name}.conf"), encoding="utf-8") as stream:
        return stream.read()


def tables_of(text):
    """name -> rows, from the remarks."""
    found = {}
    for path, rows in re.findall(r"(?m)^# /etc/egress-milter/(\w+):\n((?:#     .*\n)+)", text):
        found[path] = re.sub(r"(?m)^#     ", "", rows)
    return found


class ExamplesWorld(World):
    KEYS = (("example.org", "s2026a", "rsa"), ("example.org", "e2026a", "ed25519"),
            ("law.example.org", "s2026a", "rsa"), ("example.com", "s2026a", "rsa"), ("example.net", "s2026a", "rsa"))

    def __init__(self, options):
        super().__init__(options, "examples", "postfix", lambda world: "mode = \"observe\";\n", settings={
            "smtpd_error_sleep_time": "0", "smtpd_hard_error_limit": "1000", "milter_macro_daemon_name": "CLIENTS"})

    def make_mta(self, mta, next_hop, settings):
        self.filter = Filter(self.stage)
        postfix = super().make_mta(mta, next_hop, settings)
        self.filter.target = postfix.ports["reinject"]
        self.filtered = self.stage.ports.take()
        with open(os.path.join(postfix.etc, "master.cf"), "a", encoding="utf-8") as stream:
            stream.write(f"127.0.0.1:{self.filtered} inet n - n - - smtpd -o milter_macro_daemon_name=SUBMISSION\n"
                         "  -o smtpd_sasl_auth_enable=yes -o local_header_rewrite_clients= -o mynetworks=0.0.0.0/0\n"
                         f"  -o cleanup_service_name=cleanup -o content_filter=smtp:[127.0.0.1]:{self.filter.port}\n")
        return postfix

    def turn_to(self, name):
        """The daemon is started anew with this example."""
        text, directory = example(name), self.stage.path(name)
        tables = tables_of(text)
        in_force = re.sub(r"(?m)^\s*#.*", "", text)
        for path in set(re.findall(r'"(?:file:)?/etc/egress-milter/([\w.]+)"', in_force)):
            if path not in tables and path != "ticket.secret":
                raise StageError(f"{name}.conf shows no rows of {path}")
            self.stage.write(f"{name}/{path}", tables.get(path, SECRET))
            run_tool(["chgrp", "nogroup", f"{directory}/{path}"])
            os.chmod(f"{directory}/{path}", 0o640)
        text = re.sub(r'(?m)^socket(_group)? = .*\n', "", text)
        text = text.replace("/etc/egress-milter/keys", self.stage.path("keys")).replace("/etc/egress-milter", directory)
        text = text.replace("/run/socketmap-sql/socket", self.stage.path("maps.sock"))
        self.guard.restart(text)
        expect_equal(self.guard.check("--strict").returncode, 0, f"egress-milter -t --strict with {name}.conf")

    # --- what the cases say -------------------------------------------------------------------------------------------

    def user(self, login, author, sender=None, want="accept", signed=None, rules=None, port=None, **words):
        """A message over SUBMISSION with TLS, as this login from elsewhere."""
        mail = self.compose(author, sender, words)
        with Client(port or self.mta.submission) as client:
            client.starttls()
            client.xclient(f"ADDR={STRANGER} NAME=[UNAVAILABLE] LOGIN={login}")
            return self._judge(mail, *self.speak(client, mail), want, signed, rules)

    def client(self, address, author, sender=None, want="accept", signed=None, rules=None, **words):
        """A message from this address, without login."""
        mail = self.compose(author, sender, words)
        with Client(self.mta.smtp, source="127.0.0.9") as client:
            client.xclient(f"ADDR={address} NAME=[UNAVAILABLE]")
            return self._judge(mail, *self.speak(client, mail), want, signed, rules)

    def script(self, author, want="accept", signed=None, rules=None, **words):
        mail = self.compose(author, None, words)
        self.mta.sendmail(mail.data, mail.sender, [mail.recipient])
        return self._judge(mail, None, "", want, signed, rules)

    @staticmethod
    def compose(author, sender, words):
        mail = Mail(sender=author, **words)
        mail.sender = author if sender is None else sender
        return mail

    @staticmethod
    def speak(client, mail):
        try:
            reply = client.send(mail.sender, mail.recipient, mail.data, want=None)
        except Refused as refused:
            reply = refused.reply
        return reply.code, reply.text

    def _judge(self, mail, code, text, want, signed, rules):
        """`want`: accept, hold, inbound, or the beginning of the reply that refuses."""
        if want == "inbound":
            self.unsigned(mail)
            return mail
        if want in ("accept", "hold"):
            expect(code in (250, None), f"{mail.sender}: {text}")
            self.line(mail).expect(verdict=want)
        else:
            expect(text.startswith(want), f"{mail.sender}: expected {want}, got {text}")
        if want == "accept":
            self.verifiers.check(self.delivered(mail).data, signed or [])
        if rules:
            expect(rules in (self.line(mail)["rules"] or ""), lambda: f"{rules} is not in: {self.line(mail).raw}")
        return mail


group = Group("examples", ExamplesWorld)
ORG = ["example.org/s2026a"]
ORG_BOTH = ["example.org/s2026a", "example.org/e2026a"]


@group.case("single-domain.conf")
def single_domain(w):
    w.turn_to("single-domain")
    w.user("alice", "alice@example.org", signed=ORG)
    w.user("alice@example.org", "sales@example.org", signed=ORG)
    w.user("carol", "info@example.org", signed=ORG)
    w.user("carol", "sales@example.org", want="550 5.7.1 sender-not-owned: carol@example.org may not send as sales@")
    w.user("alice", "alice@else.example", sender="alice@example.org", want="550 5.7.1 from-not-owned: ")
    w.script("www@example.org", signed=ORG)
    w.script("visitor@else.example", want="hold", rules="sender-not-owned:hold")
    w.client(STRANGER, "friend@else.example", want="inbound")


@group.case("hosting.conf, with 300 domains")
def hosting(w):
    for number in range(CUSTOMERS):  # one key for all: reading it is what takes its time
        folder = w.stage.path("keys", f"customer{number}.example")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(w.keys.path("example.com", "s2026a"), f"{folder}/s2026a.pem")
        for path in (folder, f"{folder}/s2026a.pem"):
            shutil.chown(path, group="nogroup")
        os.chmod(folder, 0o750)
        os.chmod(f"{folder}/s2026a.pem", 0o640)
    w.turn_to("hosting")
    com, net = ["example.com/s2026a"], ["example.net/s2026a"]
    w.user("shop@example.com", "news@example.com", signed=com)
    w.user("owner@example.com", "any@example.net", signed=net)
    w.user("shop@example.com", "any@example.net", want="550 5.7.1 sender-not-owned: ")
    w.user("owner@example.com", "buyer@else.example", sender="owner@example.com", want="550 5.7.1 from-not-owned: ")
    w.user("shop@example.com", "buyer@else.example", sender="shop@example.com", rules="from-not-owned:observe")
    w.user("owner@example.net", "ceo@example.com", want="550 5.7.1 sender-not-owned: ")
    w.user("legacy@example.org", "ceo@example.com", signed=com, rules="from-not-owned:observe")
    mail = w.script("www@example.com", signed=com, fields=(("X-PHP-Originating-Script", "33:contact.php"),))
    w.line(mail).expect(class_="local", user="33:contact.php")
    mail = w.compose("info@customer7.example", None, {})
    w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
    w.line(mail).expect(signed="customer7.example/s2026a")


@group.case("university.conf")
def university(w):
    w.turn_to("university")
    mail = w.user("ab123", "anna.berg@cs.example.org", signed=ORG_BOTH)
    w.line(mail).expect(user="anna.berg@cs.example.org", login="ab123")
    w.user("cd456", "dean@law.example.org", signed=["law.example.org/s2026a"])
    w.user("ab123", "dean@law.example.org", signed=["law.example.org/s2026a"])
    w.user("ab123", "helpdesk@example.org", signed=ORG_BOTH)
    w.user("root.mail", "helpdesk@example.org", signed=ORG_BOTH)
    w.user("root.mail", "anybody@cs.example.org", signed=ORG_BOTH)
    w.user("cd456", "helpdesk@example.org", want="550 5.7.1 sender-not-owned: carl.dean@law.example.org may")
    w.user("ab123", "carl.dean@law.example.org", want="550 5.7.1 sender-not-owned: ")
    mail = w.client("192.0.2.9", "author@else.example", sender="list-bounces@example.org", without=("Date",))
    w.line(mail).expect(class_="list")
    w.client("192.0.2.70", "scope@lab.example.org", signed=ORG_BOTH)
    w.client("192.0.2.70", "dean@law.example.org", want="hold", rules="from-not-owned:hold")


@group.case("smart-host.conf")
def smart_host(w):
    w.turn_to("smart-host")
    mail = w.client("192.0.2.10", "alice@example.org", signed=ORG)
    w.line(mail).expect(class_="relay", user="alice@example.org")
    w.client("192.0.2.10", "alice@else.example", want="hold", rules="from-not-owned:hold")
    w.client("192.0.2.64", "scanner@example.org", signed=ORG)
    w.client("192.0.2.100", "ceo@example.org", want="hold", rules="sender-not-owned:hold")
    w.script("root@example.org", signed=ORG)
    w.script("root@else.example", want="hold")
    w.client(STRANGER, "friend@else.example", want="inbound")
    w.client(STRANGER, "ceo@example.org", want="inbound")  # a forger gets no signature


def through_filter(w, login, author, signed):
    """Judged before the filter, signed behind it."""
    mail = w.compose(author, None, {})
    with Client(w.filtered) as client:
        client.starttls()
        client.xclient(f"ADDR={STRANGER} NAME=[UNAVAILABLE] LOGIN={login}")
        client.send(mail.sender, mail.recipient, mail.data)
    message = w.delivered(mail)
    w.verifiers.check(message.data, signed)
    expect_equal(message.values("X-Filter"), ["seen"], "field of the filter")
    wait_until(lambda: len(w.guard.lines_with(mail.token)) == 2, 10, "two lines")
    first, second = w.guard.lines_with(mail.token)
    first.expect(reason="ticket", daemon="SUBMISSION", class_="submission")
    second.expect(ticket="valid", daemon="REINJECT", class_="submission", user=first["user"])


@group.case("content-filter.conf")
def content_filter(w):
    w.turn_to("content-filter")
    through_filter(w, "alice@example.org", "alice@example.org", ORG_BOTH)
    w.user("alice@example.org", "bob@example.org", want="550 5.7.1 sender-not-owned: ")
    w.client(STRANGER, "friend@else.example", want="inbound")
    mail = w.compose("alice@example.org", None, {})
    with Client(w.mta.ports["reinject"]) as client:  # nobody but the filter has a ticket
        client.send(mail.sender, mail.recipient, mail.data)
    w.unsigned(mail)


@group.case("fleet.conf, with the filter and the tables of another host")
def fleet(w):
    rows = {"sales@example.org": "alice, group:sales", "sales": "bob@example.org"}
    maps = MapServer(w.stage, "maps.sock", rows).open()
    w.turn_to("fleet")
    for login, author in (("alice", "alice@example.org"), ("ops", "sales@example.org"), ("bob", "sales@example.org")):
        through_filter(w, login, author, ORG_BOTH)
    w.user("carol", "sales@example.org", want="550 5.7.1 sender-not-owned: ")
    maps.close()
    w.user("dave", "dave@example.org", want="451 4.4.3 owners-unavailable: ")
    maps.open()
    wait_until(lambda: say_as_dave(w) == "250", 30, "mail to go on once the tables answer")
    with Client(w.filtered, source="127.0.0.9") as client:
        client.xclient(f"ADDR={STRANGER} NAME=[UNAVAILABLE]")
        _, text = w.speak(client, w.compose("alice@example.org", None, {}))
        expect(text.startswith("530 5.7.0 auth-required: "), f"without login and TLS: {text}")


def say_as_dave(w):
    with Client(w.filtered) as client:
        client.starttls()
        client.xclient(f"ADDR={STRANGER} NAME=[UNAVAILABLE] LOGIN=dave")
        return str(w.speak(client, w.compose("dave@example.org", None, {}))[0])


@group.case("every file of conf/examples is played")
def all_played(_):
    names = {name.removesuffix(".conf") for name in os.listdir(EXAMPLES) if name.endswith(".conf")}
    played = {title.split(".conf")[0] for title, _ in group.cases}
    expect_equal(names - played, set(), "files nobody plays")
