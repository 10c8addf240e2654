"""What Google, Yahoo and Microsoft ask of whoever sends much, through a mail server: newsletters with and without
one-click unsubscribe, how many recipients a domain has at each of them in a day, and what `egressctl readiness` makes of
records that nsd serves, good and bad.
"""

import json
import re

from stage.base import wait_until
from stage.mail import Mail
from stage.suite import expect, expect_equal
from stage.world import DOMAINS, World

LISTS = "127.0.0.6"
THRESHOLD = 10
OWN = "v=spf1 ip4:198.51.100.7 -all"

ZONES = {
    "example": [],
    "acme.example": [f'@ IN TXT "{OWN}"', '_dmarc IN TXT "v=DMARC1; p=none"', "@ IN MX 10 mail",
                     "mail IN A 198.51.100.7", f'mail IN TXT "{OWN}"', f'news IN TXT "{OWN}"'],
    "beta.example": ['@ IN TXT "v=spf1 ip4:192.0.2.1 -all"'],
    "100.51.198.in-addr.arpa": ["7 IN PTR mail.acme.example.", "9 IN PTR unknown.acme.example."],
}

SETTINGS = """mode = "enforce";
outgoing = {{
  addresses = [ "198.51.100.7" ]; helo = "mail.acme.example";
  networks = ( {{ address = "127.0.0.6"; name = "lists"; kind = "list"; }} );
  listeners = ( {{ daemon = "SUBMISSION"; role = "full"; }} );
  egress = ( {{ name = "beta"; addresses = [ "198.51.100.9" ]; domains = [ "beta.example" ]; }} );
}};
senders = {{ owners = "file:{owners}"; }};
bulk = {{ threshold = {threshold}; }};
"""

ONE_CLICK = (("List-Id", "<news.acme.example>"),
             ("List-Unsubscribe", "<mailto:u@acme.example>,\r\n <https://acme.example/u?k=1>"),
             ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
ONLY_MAIL = (("List-Id", "<news.acme.example>"), ("List-Unsubscribe", "<mailto:u@acme.example>"))


def config(world):
    owners = world.stage.write("owners", "@acme.example *\nalice@gmail.com alice@acme.example\n@news.acme.example *\n@beta.example *\n", mode=0o644)
    return SETTINGS.format(owners=owners, threshold=THRESHOLD) + DOMAINS.format(keys=world.stage.path("keys"))


class BulkWorld(World):
    def __init__(self, options, name, mta, **words):
        super().__init__(options, name, mta, config, **words)

    def zone_data(self):
        zones = self.keys.zones()
        for name, lines in ZONES.items():
            zones[name] = zones.get(name, []) + lines
        return zones


def readiness(w, domain):
    """What it tells as JSON, and the exit code."""
    done = w.guard.ctl_run("--json", "readiness", domain, check=False)
    expect(done.stdout, f"nothing was told: {done.stderr}")
    return json.loads(done.stdout), done.returncode


def verdicts(told, rule):
    found = [row for row in told["rules"] if row["id"] == rule]
    expect_equal(len(found), 1, f"rows of {rule}")
    return [found[0]["providers"][name]["verdict"] for name in ("google", "yahoo", "microsoft")], found[0]["told_by"]


def at_provider(domain, **words):
    mail = Mail(**words)
    mail.recipient = f"{mail.token}@{domain}"
    return mail


def volume_lines(w, domain):
    return re.findall(rf"(?m)^egress-milter: warning: (bulk: {re.escape(domain)} .*)$", w.guard.every_log())


# --- one message ------------------------------------------------------------------------------------------------------


def one_click(w):
    """Both fields are in the signature that arrives, and nothing is found."""
    mail = Mail(fields=ONE_CLICK)
    reply = w.submit(mail)
    message = w.signed(mail)
    for value in message.values("DKIM-Signature"):
        names = re.sub(r"\s", "", value).lower().split(";h=")[1].split(";")[0].split(":")
        expect("list-unsubscribe" in names and "list-unsubscribe-post" in names, f"not covered: {value}")
    w.line(reply).expect(verdict="accept", rules=None)


def only_mail(w):
    mail = Mail(fields=ONLY_MAIL)
    reply = w.submit(mail)
    w.signed(mail)
    w.line(reply).expect(verdict="accept", rules="unsubscribe-missing:observe")


def by_list_server(w):
    """A list server without login."""
    mail = Mail(sender="news-bounces@acme.example", fields=ONLY_MAIL)
    reply = w.send(mail, source=LISTS)
    w.line(reply).expect(verdict="accept", class_="list", rules="unsubscribe-missing:observe")


def author_at_provider(w):
    """Whose address it is does not help: mail of Google's domains leaves from Google."""
    mail = Mail(from_="<alice@gmail.com>")
    reply = w.submit(mail)
    w.line(reply).expect(verdict="accept", hfrom="alice@gmail.com",
                         rules="domain-not-ours:observe,from-at-provider:observe")


def personal(w):
    mail = Mail()
    reply = w.submit(mail)
    w.line(reply).expect(verdict="accept", rules=None)


def answering_machine(w):
    mail = Mail(fields=(("Precedence", "bulk"), ("Auto-Submitted", "auto-replied")))
    reply = w.submit(mail)
    w.line(reply).expect(verdict="accept", rules=None)


# --- a day ------------------------------------------------------------------------------------------------------------


def counted(w):
    """Subdomains count together, other providers apart; one line near the threshold, one at it."""
    before = readiness(w, "acme.example")[0]["providers"]["google"]["recipients_24h"]
    expect_equal(before, 0, "recipients at Google before")
    for number in range(THRESHOLD - 2):
        sender = "a@news.acme.example" if number % 2 else "alice@acme.example"
        w.submit(at_provider("gmail.com", sender=sender))
        wait_until(lambda: readiness(w, "acme.example")[0]["providers"]["google"]["recipients_24h"] == number + 1, 5,
                   "the message to be counted")
        expect_equal(len(volume_lines(w, "acme.example")), 1 if number == THRESHOLD - 3 else 0, "lines so far")
    w.submit(at_provider("outlook.com"))
    w.submit(at_provider("googlemail.com"))
    wait_until(lambda: readiness(w, "news.acme.example")[0]["providers"]["google"]["recipients_24h"] == THRESHOLD - 1, 5,
               "another domain of Google")
    lines = volume_lines(w, "acme.example")
    expect_equal(len(lines), 1, f"lines near the threshold: {lines}")
    expect("has sent to 8 recipients at Google in 24 hours; from 10 on" in lines[0], lines[0])
    told = readiness(w, "acme.example")[0]
    expect_equal((told["organization"], told["providers"]["microsoft"]["recipients_24h"],
                  told["providers"]["google"]["bulk_sender"]), ("acme.example", 1, False), "what is counted")
    w.submit(at_provider("gmail.com"))
    w.submit(at_provider("gmail.com"))
    wait_until(lambda: readiness(w, "acme.example")[0]["providers"]["google"]["recipients_24h"] == THRESHOLD + 1, 5,
               "all of it")
    lines = volume_lines(w, "acme.example")
    expect_equal(len(lines), 2, f"lines: {lines}")
    expect("counts as a bulk sender there from now on" in lines[1], lines[1])


def for_good(w):
    """A restart forgets nothing, and a reload neither; nothing is told again."""
    since = readiness(w, "acme.example")[0]["providers"]["google"]["since"]
    w.guard.restart()
    w.submit(at_provider("gmail.com"))
    wait_until(lambda: readiness(w, "acme.example")[0]["providers"]["google"]["recipients_24h"] == THRESHOLD + 2, 5,
               "what came after the restart")
    google = readiness(w, "acme.example")[0]["providers"]["google"]
    expect_equal((google["bulk_sender"], google["since"]), (True, since), "after the restart")
    expect_equal(len(volume_lines(w, "acme.example")), 2, "lines after the restart")


# --- readiness --------------------------------------------------------------------------------------------------------


def ready(w):
    """A domain that has all: nothing fails, and lists without one click are a warning."""
    wait_until(lambda: "unknown" not in verdicts(readiness(w, "acme.example")[0], "B06")[0], 20, "the watch's look")
    told, code = readiness(w, "acme.example")
    for rule in ("B01", "B02", "B03", "B04", "B08"):
        expect("fail" not in verdicts(told, rule)[0] and "pass" in verdicts(told, rule)[0],
               f"{rule}: {verdicts(told, rule)}")
    expect_equal(verdicts(told, "B06")[0], ["pass", "pass", "pass"], "B06")
    expect_equal(verdicts(told, "B10")[0], ["warn", "warn", "warn"], "B10")
    expect("of 3 messages of lists failed" in verdicts(told, "B10")[1], f"B10: {verdicts(told, 'B10')}")
    expect_equal(verdicts(told, "B13")[0], ["unknown", "unknown", "unknown"], "B13")
    expect_equal(code, 1, "exit code")
    said = w.guard.ctl_run("readiness", "acme.example", check=False).stdout.decode()
    expect(re.search(r"(?m)^B06 reverse-name  pass +pass +pass +PTR: each of 1 addresses has a name", said), said)
    expect(re.search(r"(?m)^  Google +\d+ of 10 recipients in 24 h, a bulk sender since 20", said), said)
    expect("3 list messages, 1 with one-click" in said, said)


def not_ready(w):
    """A domain without DMARC, whose SPF names another address, and whose address has a name that leads nowhere."""
    wait_until(lambda: "unknown" not in verdicts(readiness(w, "beta.example")[0], "B06")[0], 20, "the watch's look")
    told, code = readiness(w, "beta.example")
    expect_equal(verdicts(told, "B06")[0], ["fail", "fail", "fail"], "B06")
    expect_equal(verdicts(told, "B03")[0], ["warn", "warn", "warn"], "B03: it does not send much")
    expect("198.51.100.9 is not in the SPF record" in verdicts(told, "B02")[1], f"B02: {verdicts(told, 'B02')}")
    expect_equal(code, 2, "exit code")
    said = w.guard.ctl_run("readiness", "beta.example", check=False).stdout.decode()
    expect("what to do\n" in said and "give the address a PTR record" in said, said)


def nobodys(w):
    """A domain that is none of ours: unknown, not failed; and what is no domain."""
    told, _ = readiness(w, "other.example")
    expect_equal(verdicts(told, "B03")[0], ["unknown", "unknown", "unknown"], "B03")
    expect_equal(w.guard.ctl_run("readiness", "no domain", check=False).returncode, 64, "exit code")


MESSAGES = (
    ("a newsletter with one click: signed over both fields, nothing is found", one_click),
    ("a newsletter with mailto alone: the finding", only_mail),
    ("a list server's mail: the finding", by_list_server),
    ("an author at a large provider: told", author_at_provider),
    ("a person's mail: silent", personal),
    ("an answering machine that calls itself bulk: silent", answering_machine),
)
DAY = (
    ("recipients at a provider: one warning at 80 %, one at the threshold", counted),
    ("a bulk sender stays one over a restart", for_good),
    ("readiness of a domain whose records are good", ready),
    ("readiness of a domain whose records are not", not_ready),
    ("readiness of a domain that is nobody's", nobodys),
)


def add_to(group, cases):
    for title, function in cases:
        group.case(title)(function)
