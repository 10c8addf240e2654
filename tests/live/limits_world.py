"""The world of cases about limits: many logins, plans, networks and narrow limits, and helpers of those cases.

Each case takes logins of its own, so that none meets what another used; what is counted is read from `limits=` of the
log line, which says what was used with the message that was accepted.
"""

import re

from stage.client import Client
from stage.mail import Mail
from stage.suite import expect
from stage.world import DOMAINS, PASSWORD, World, everybody

LOGINS = [f"u{number}@acme.example" for number in range(1, 71)]
PLANS = {"mailing": LOGINS[50:56], "minute": LOGINS[56:60], "strict": LOGINS[60:62], "kept": LOGINS[62:64],
         "wrong": LOGINS[64:66], "bulk": LOGINS[66:67], "people": LOGINS[67:68], "fresh": LOGINS[68:69],
         "even": LOGINS[69:]}
SCANNER = "127.0.0.3"
INSIDE = "inside.example"
NOBODYS = "mx.acme.example"  # where the mail server knows every mailbox

# Of `default` five may go: enough to be near it with four. 127.0.0.3 is a network with a limit of its own.
LIMITS = """mode = "enforce";
outgoing = {{
  internal = [ "inside.example" ];
  networks = ( {{ address = "127.0.0.2"; name = "printers"; kind = "relay"; }},
               {{ address = "127.0.0.3"; name = "scanners"; kind = "relay"; }} );
}};
plans = {{ table = "file:{plans}"; default = "basic"; }};
exceptions = ( {{ principal = "u1@acme.example"; limit = "default"; max = 7; until = "2099-12-31"; }},
               {{ principal = "u2@acme.example"; limit = "default"; max = 7; until = "2020-12-31"; }} );
limits = (
  {{ name = "default"; count = "recipients"; by = "principal"; max = 5; per = "1h"; action = "defer"; }},
  {{ name = "mailing"; count = "recipients"; plan = [ "mailing" ]; max = 500; per = "1h"; }},
  {{ name = "pro"; count = "recipients"; plan = [ "pro" ]; max = 9; per = "1h"; }},
  {{ name = "minute"; count = "messages"; plan = [ "minute" ]; max = 2; per = "1m"; }},
  {{ name = "strict"; count = "messages"; plan = [ "strict" ]; max = 2; per = "1h"; action = "reject"; }},
  {{ name = "kept"; count = "messages"; plan = [ "kept" ]; max = 2; per = "2h"; action = "hold"; }},
  {{ name = "wrong"; count = "failed-recipients"; plan = [ "wrong" ]; max = 3; per = "1h"; }},
  {{ name = "bulk"; count = "bytes"; plan = [ "bulk" ]; max = "8K"; per = "1h"; }},
  {{ name = "people"; count = "unique-recipients"; plan = [ "people" ]; max = 2; per = "1h"; }},
  {{ name = "fresh"; count = "new-recipients"; plan = [ "fresh" ]; max = 2; per = "1h"; }},
  {{ name = "even"; count = "messages"; plan = [ "even" ]; max = 10; burst = 2; per = "3h"; }},
  {{ name = "scans"; count = "messages"; by = "network"; network = [ "scanners" ]; max = 2; per = "1h"; }},
  {{ name = "web"; count = "messages"; by = "principal"; class = [ "local" ]; max = 2; per = "1d"; }},
  {{ name = "pool"; count = "messages"; by = "principal"; principal = [ "local" ]; max = 1000; per = "1d"; }},
  {{ name = "lists"; count = "messages"; by = "site"; domain = [ "list.acme.example" ]; max = 3; per = "1h"; }},
  {{ name = "beta"; count = "recipients"; by = "domain"; domain = [ "beta.example" ]; max = 3; per = "1h"; }},
  {{ name = "to-one"; count = "recipients"; by = "provider"; plan = [ "shop" ]; max = 2; per = "2h"; }}
);
"""


def write_plans(world, more=""):
    """Who is on which plan."""
    rows = [f"{login} {plan}" for plan, logins in PLANS.items() for login in logins]
    return world.stage.write("plans", "\n".join(rows) + f"\n{more}")


def config(world):
    return (LIMITS.format(plans=write_plans(world)) + everybody(world) +
            DOMAINS.format(keys=world.stage.path("keys")))


class LimitsWorld(World):
    """Many logins with one password; `take()` gives one that nobody has used, on this plan."""

    LOGINS = LOGINS

    def __init__(self, options, name, mta, settings=None):
        self.unused = {None: iter(LOGINS[2:50]), **{plan: iter(logins) for plan, logins in PLANS.items()}}
        super().__init__(options, name, mta, config, settings=settings)

    def take(self, plan=None):
        return next(self.unused[plan])

    def session(self, login):
        client = Client(self.mta.submission)
        client.starttls()
        client.login(login, PASSWORD)
        return client

    def mail_of(self, login, recipients=None, mail=None, want=250):
        """One message of a login in a session of its own: (reply, its line)."""
        mail = mail or Mail(sender=login)
        with self.session(login) as client:
            reply = client.send(mail.sender, recipients or mail.recipient, mail.data, want=want)
        return reply, self.last_line(mail)

    def last_line(self, mail):
        """The newest of the lines about this mail, which may have been sent before."""
        self.line(mail)
        return [line for line in self.guard.lines() if mail.token in line.rest][-1].check_form()


def others(mail, count):
    """So many recipients of one mail, outside."""
    return [f"{mail.token}-{number}@away.example" for number in range(count)]


def use_up(w, login, count=5, most=5):
    """So many of what a login may send by the limit `default`, from none on."""
    for used in range(1, count + 1):
        w.mail_of(login)[1].expect(verdict="accept", user=login, limits=f"default:{used}/{most}", by="-")


def expect_refusal(reply, begin, what):
    """The whole of it; an hour and the slot that is being filled are what it takes."""
    found = re.fullmatch(rf"{begin} limit-exceeded: {what}; it fits again in (\d+) minutes", reply.text)
    expect(found and 58 <= int(found.group(1)) <= 65, f"reply: {reply.text}")


def expect_deferral(reply, what, needs):
    expect_refusal(reply, r"451 4\.7\.1", f"{what}, this message needs {needs}")
