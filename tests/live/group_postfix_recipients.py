"""Recipients that cannot be reached or were never given to anybody, through Postfix 3.7."""

import os

import cases_recipients
from cases_recipients import GOOD, ROUTED_SENDER, Session, nothing_asked, to
from stage.suite import Group

# Postfix asks the machine's resolver, which knows none of the zones: its SMTP client is replaced by what takes all to
# the sink, and what Postfix tells of recipients is as with the real one.
DELIVER = """#!/usr/bin/python3
import smtplib, sys
sender, port = sys.argv[1], int(sys.argv[2])
data = sys.stdin.buffer.read().replace(b"\\r\\n", b"\\n").replace(b"\\n", b"\\r\\n")
with smtplib.SMTP("127.0.0.1", port) as smtp:
    smtp.sendmail(sender, sys.argv[3:], data)
"""


class PostfixWorld(cases_recipients.RecipientsWorld):
    def make_mta(self, mta, next_hop, settings):
        routes = self.stage.write("routes", f"route.example smtp:[127.0.0.1]:{next_hop}\n"
                                            f"inside.example relay:[127.0.0.1]:{next_hop}\n"
                                            f"relayed.nulls.example smtp:\n", mode=0o644)
        settings = {"smtpd_error_sleep_time": "0", "default_transport": "smtp", "transport_maps": f"texthash:{routes}",
                    "sender_dependent_relayhost_maps": f"inline:{{ {ROUTED_SENDER}=[127.0.0.1]:{next_hop} }}"}
        postfix = super().make_mta(mta, next_hop, settings)
        deliver = self.stage.write("deliver", DELIVER, mode=0o755)
        path = os.path.join(postfix.etc, "master.cf")
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        text = text.replace("smtp unix - - n - - smtp\n", "smtp unix - n n - - pipe user=nobody "
                            f"argv={deliver} ${{sender}} {next_hop} ${{recipient}}\n")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        return postfix


group = Group("postfix-recipients", lambda options: PostfixWorld(options, "postfix-recipients", "postfix"))
cases_recipients.add_to(group)


@group.case("a relayhost: DNS is not asked")
def relayhost(w):
    """The same domain with the usual sender is asked about."""
    domain, recipient = f"host.{GOOD}", to(f"host.{GOOD}")

    def act():
        with Session(w, sender=ROUTED_SENDER) as s:
            s.client.rcpt(recipient)
            s.client.data(s.mail.data)
        w.line(s.mail).expect(verdict="accept", rules=None)
    nothing_asked(w, (domain,), act)
    with Session(w) as s:
        s.client.rcpt(to(domain))
        s.client.data(s.mail.data)
    w.line(s.mail).expect(verdict="accept", rules="recipient-domain-missing:observe")
