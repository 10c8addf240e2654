"""The stage itself, without egress-milter: mail gets through, and the verifiers tell good from bad.

A suite whose verifier would pass anything proves nothing; this group is why the others can be believed.
"""

import base64
import signal
import subprocess

import dkim

from stage.base import Stage, find_program, is_listening
from stage.client import Client
from stage.dovecot import Dovecot
from stage.keys import Keys
from stage.mail import Mail, text_body
from stage.postfix import Postfix
from stage.sendmail import Sendmail
from stage.sink import Sink
from stage.suite import Group, expect, expect_equal
from stage.verify import Verifiers
from stage.world import LOGIN, PASSWORD
from stage.zone import Zones

OPENDKIM = """
Mode s
Domain acme.example
Selector s2026a
KeyFile {key}
Canonicalization {canonicalization}
InternalHosts 0.0.0.0/0
RequireSafeKeys no
"""


class Bare:
    """Both MTAs behind opendkim as signer."""

    def __init__(self, options):
        self.stage = Stage("stage", keep=options.keep)
        try:
            self._open()
        except BaseException:
            self.stage.close()
            raise

    def _open(self):
        stage = self.stage
        keys = Keys(stage)
        self.rsa = keys.make("acme.example", "s2026a")
        self.ed25519 = keys.make("acme.example", "e2026a", "ed25519")
        self.zones = Zones(stage, keys.zones())
        self.verifiers = Verifiers(stage, self.zones)
        self.sink = Sink(stage)
        port = self._signer("relaxed/relaxed")
        self.postfix = Postfix(stage, f"inet:127.0.0.1:{port}", self.sink.port)
        Dovecot(stage, self.postfix.auth_socket(), {LOGIN: PASSWORD})
        self.postfix.start()
        port = self._signer("simple/simple")
        self.sendmail = Sendmail(stage, f"inet:{port}@127.0.0.1", self.sink.port,
                                 logins={LOGIN: PASSWORD}).start()

    def _signer(self, canonicalization):
        port = self.stage.ports.take()
        conf = self.stage.write(f"signer-{port}.conf",
                                OPENDKIM.format(key=self.rsa, canonicalization=canonicalization))
        child = self.stage.start(f"signer-{port}", [find_program("opendkim", "opendkim"), "-f", "-x", conf,
                                                    "-p", f"inet:{port}@127.0.0.1"],
                                 stop_signal=signal.SIGKILL)  # it takes five seconds to leave otherwise
        child.wait_for(lambda: is_listening(port), 10, f"port {port}")
        return port

    def report(self):
        return f"{self.postfix.log()[-1500:]}\n{self.sendmail.log()[-1500:]}"

    def close(self):
        self.stage.close()


group = Group("stage", Bare)


def _submit(port, mail):
    with Client(port) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.send(mail.sender, mail.recipient, mail.data)


def _damage(data):
    """The message with one letter of the body changed."""
    header, body = data.split(b"\r\n\r\n", 1)
    return header + b"\r\n\r\n" + body.replace(b"e", b"E", 1)


@group.case("the name server answers, and denies")
def name_server(w):
    text = w.zones.txt("s2026a._domainkey.acme.example")
    expect(text and text.startswith(b"v=DKIM1; k=rsa; p="), f"key record: {text}")
    expect_equal(w.zones.txt("nothing._domainkey.acme.example"), None, "a name that does not exist")


@group.case("Postfix: submission with login and STARTTLS, signed by opendkim, verified by both")
def postfix_submission(w):
    mail = Mail(body=text_body(3000))
    _submit(w.postfix.submission, mail)
    message = w.sink.wait(mail.recipient)
    expect_equal(message.sender, mail.sender, "envelope sender")
    expect(message.body() == mail.body, "the body did not arrive byte for byte")
    w.verifiers.check(message.data, ["acme.example/s2026a"])


@group.case("Sendmail: submission with login and STARTTLS, simple/simple, verified by both")
def sendmail_submission(w):
    mail = Mail(body=text_body(3000))
    _submit(w.sendmail.submission, mail)
    message = w.sink.wait(mail.recipient)
    expect(message.body() == mail.body, "the body did not arrive byte for byte")
    w.verifiers.check(message.data, ["acme.example/s2026a"])


@group.case("sendmail(1) of both MTAs reaches the sink")
def sendmail_command(w):
    for mta in (w.postfix, w.sendmail):
        mail = Mail()
        mta.sendmail(mail.data, mail.sender, [mail.recipient])
        w.sink.wait(mail.recipient)


@group.case("both verifiers refuse a body with one letter changed, and a header with one")
def damaged(w):
    mail = Mail(body=text_body(500))
    _submit(w.postfix.submission, mail)
    data = w.sink.wait(mail.recipient).data
    for bad in (_damage(data), data.replace(b"Subject: Case", b"Subject: Cave")):
        for verdicts in (w.verifiers.python(bad), w.verifiers.by_opendkim(bad)):
            expect_equal([v.good for v in verdicts], [False], "verdicts on a damaged message")


@group.case("both verifiers know Ed25519, good and bad")
def ed25519(w):
    mail = Mail(body=text_body(500))
    der = subprocess.run(["openssl", "pkey", "-in", w.ed25519, "-outform", "DER"], capture_output=True, check=True)
    seed = base64.b64encode(der.stdout[-32:])
    signature = dkim.sign(mail.data, b"e2026a", b"acme.example", seed, signature_algorithm=b"ed25519-sha256")
    w.verifiers.check(signature + mail.data, ["acme.example/e2026a"])
    for verdicts in (w.verifiers.python(_damage(signature + mail.data)),
                     w.verifiers.by_opendkim(_damage(signature + mail.data))):
        expect_equal([v.good for v in verdicts], [False], "verdicts on a damaged message")
