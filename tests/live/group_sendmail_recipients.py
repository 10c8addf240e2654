"""Recipients that cannot be reached or were never given to anybody, through Sendmail 8.17."""

import cases_recipients
from cases_recipients import Session, nothing_asked, to
from stage.sendmail import Sendmail
from stage.suite import Group
from stage.world import PASSWORD


class SendmailWorld(cases_recipients.RecipientsWorld):
    def make_mta(self, mta, next_hop, settings):
        logins = {login: PASSWORD for login in self.LOGINS}
        return Sendmail(self.stage, self.guard.sendmail_spec(), next_hop, logins=logins,
                        nameserver=self.zones.address,
                        routes={"route.example": "esmtp:[127.0.0.1]", "inside.example": "esmtp:[127.0.0.1]",
                                "smart.nulls.example": "relay:[127.0.0.1]"})


group = Group("sendmail-recipients", lambda options: SendmailWorld(options, "sendmail-recipients", "sendmail"))
cases_recipients.add_to(group)


@group.case("a smart host for a domain: DNS is not asked")
def smart_host(w):
    def act():
        with Session(w) as s:
            s.client.rcpt(to("smart.nulls.example"))
            s.client.data(s.mail.data)
        w.line(s.mail).expect(verdict="accept", rules=None)
    nothing_asked(w, ("smart.nulls.example",), act)
