"""The world of most groups: one MTA, the guard in front of it, a sink behind it, DNS and verifiers beside it.

Clients of the cases
  127.0.0.1   the machine itself (loopback)
  127.0.0.2   a printer: a `relay` network by address
  127.0.0.9   somebody from elsewhere: inbound
"""

import os
import re

from stage.base import SANITIZER_WORDS, Failure, Stage, StageError, tail
from stage.client import Client
from stage.dovecot import Dovecot
from stage.guard import Guard, wide_limit
from stage.keys import Keys
from stage.mounts import enter_private_mounts
from stage.postfix import Postfix, queue_id_of
from stage.sendmail import Sendmail
from stage.sink import Sink
from stage.suite import expect_equal
from stage.verify import Verifiers
from stage.zone import Zones

PRINTER = "127.0.0.2"
STRANGER = "127.0.0.9"
LOGIN = "alice@acme.example"
PASSWORD = "secret"

# How both keys of acme.example sign.
ACME = ["acme.example/s2026a", "acme.example/e2026a"]

OUTGOING = """outgoing = {
  networks = ( { address = "127.0.0.2"; name = "printers"; kind = "relay"; },
               { address = "192.0.2.0/24"; name = "branch"; kind = "relay"; } );
  listeners = ( { daemon = "SUBMISSION"; role = "full"; }, { daemon = "QUIET"; role = "off"; } );
};
"""

# Two keys for acme.example and for an international domain, one for beta.example.
DOMAINS = """domains = (
  {{ name = "acme.example"; keys = ( {{ selector = "s2026a"; file = "{keys}/acme.example/s2026a.pem"; }},
                                   {{ selector = "e2026a"; file = "{keys}/{{d}}/{{selector}}.pem"; }} ); }},
  {{ name = "beta.example"; keys = ( {{ selector = "s1"; file = "{keys}/beta.example/s1.pem"; }} ); }},
  {{ name = "xn--bcher-kva.example";
     keys = ( {{ selector = "s2026a"; file = "{keys}/xn--bcher-kva.example/s2026a.pem"; }},
              {{ selector = "e2026a"; file = "{keys}/xn--bcher-kva.example/e2026a.pem"; }} ); }}
);
"""


# One login plays everybody: who may send as whom is the question of other groups.
EVERYBODYS = ("acme.example", "list.acme.example", "beta.example", "gamma.example", "broken.example", "else.example",
              "xn--bcher-kva.example")


def everybody(world):
    """The settings that let any login send as those domains."""
    owners = world.stage.path("owners")
    if not os.path.exists(owners):
        world.stage.write("owners", "".join(f"@{domain} *\n" for domain in EVERYBODYS))
    return f'senders = {{ owners = "file:{owners}"; }};\n'


def enforcing(world, more=""):
    """The configuration of most groups: enforce, three domains, two networks, one quiet listener, no narrow limit."""
    return ('mode = "enforce";\n' + OUTGOING + everybody(world) + DOMAINS.format(keys=world.stage.path("keys")) +
            more + wide_limit(more))


class World:
    """Opened with the MTA's kind; `config` is a function of this world returning the configuration text."""

    LOGINS = (LOGIN,)  # who can log in, with PASSWORD
    IS_MACHINES = False  # is Postfix where the machine's would be?
    KEYS = (("acme.example", "s2026a", "rsa"), ("acme.example", "e2026a", "ed25519"), ("beta.example", "s1", "rsa"),
            ("xn--bcher-kva.example", "s2026a", "rsa"), ("xn--bcher-kva.example", "e2026a", "ed25519"))

    def __init__(self, options, name, mta, config, transport="unix", settings=None, extensions=None):
        if self.IS_MACHINES:
            enter_private_mounts()
        self.options = options
        self.stage = Stage(name, keep=options.keep)
        self.mta = None
        try:
            self._open(options, name, mta, config, transport, settings, extensions)
        except BaseException:
            self.stage.close()
            raise

    def _open(self, options, name, mta, config, transport, settings, extensions):
        self.name = name
        self.keys = Keys(self.stage)
        for domain, selector, algorithm in self.KEYS:
            self.keys.make(domain, selector, algorithm)
        self.sink = Sink(self.stage, **({"extensions": extensions} if extensions is not None else {}))
        self.zones = self.open_zones()
        self.verifiers = Verifiers(self.stage, self.zones)
        socket = None if transport == "unix" else f"inet:{self.stage.ports.take()}@127.0.0.1"
        self.config = config
        self.guard = Guard(self.stage, options.builddir, config(self), socket=socket, dns_port=self.zones.port)
        if mta:
            self.mta = self.make_mta(mta, self.sink.port, settings or {})
        self.guard.start()
        if self.mta:
            self.mta.start()

    def open_zones(self):
        """The name server, started."""
        return Zones(self.stage, self.zone_data())

    def zone_data(self):
        """What the name server serves: domain -> zone-file lines."""
        return self.keys.zones()

    def make_mta(self, mta, next_hop, settings):
        """The MTA in front, not yet started."""
        logins = {login: PASSWORD for login in self.LOGINS}
        if mta == "postfix":
            postfix = Postfix(self.stage, self.guard.postfix_spec(), next_hop, settings=settings)
            Dovecot(self.stage, postfix.auth_socket(), logins)
            if self.IS_MACHINES:
                postfix.be_the_machines()
            return postfix
        if mta == "sendmail":
            return Sendmail(self.stage, self.guard.sendmail_spec(), next_hop, logins=logins)
        raise StageError(f"no such MTA: {mta}")

    def finish(self):
        """The last case of every group: the daemon was well all along and ends as it should."""
        if self.guard.child and self.guard.child.is_running():
            expect_equal(self.guard.stop(), 0, "exit code of the daemon at TERM")
        log = self.guard.every_log()
        bad = re.search(SANITIZER_WORDS, log)
        if bad:
            raise Failure("the daemon was not well:\n" + "\n".join(log[bad.start():].splitlines()[:40]))

    def close(self):
        self.stage.close()

    def report(self):
        """For a failed case: the end of the guard's log and of the MTA's."""
        text = f"-- guard:\n{tail(self.guard.child.err_path, 12)}" if self.guard.child else ""
        if self.mta:
            text += "-- mta:\n" + "\n".join(self.mta.log().splitlines()[-12:])
        if self.options.keep:
            text += f"\n-- kept: {self.stage.directory}"
        return text

    # --- how mail gets in -----------------------------------------------------

    def submit(self, mail, want=250, params="", login=LOGIN):
        """A user with a login, over STARTTLS; the reply to the data."""
        with Client(self.mta.submission) as client:
            client.starttls()
            client.login(login, PASSWORD)
            return client.send(mail.sender, mail.recipient, mail.data, params, want)

    def send(self, mail, source=None, want=250, params="", port=None):
        """Plain SMTP from an address of the machine (None: 127.0.0.1)."""
        with Client(port or self.mta.smtp, source=source) as client:
            return client.send(mail.sender, mail.recipient, mail.data, params, want)

    # --- what came of it ------------------------------------------------------

    def delivered(self, mail, seconds=20):
        return self.sink.wait(mail.recipient, seconds)

    def signed(self, mail, names=None):
        """The delivered message, after both verifiers passed exactly these signatures (default: both of ACME)."""
        message = self.delivered(mail)
        self.verifiers.check(message.data, ACME if names is None else names)
        return message

    def unsigned(self, mail):
        """The delivered message, which must carry no signature."""
        message = self.delivered(mail)
        found = message.values("DKIM-Signature")
        if found:
            raise Failure(f"there should be no signature: {found}")
        return message

    def line(self, reply_or_mail):
        """The log line of a reply's queue id, or of a mail; its form is checked."""
        if hasattr(reply_or_mail, "token"):
            return self.guard.line(mail=reply_or_mail).check_form()
        return self.guard.line(queue_id=queue_id_of(reply_or_mail)).check_form()
