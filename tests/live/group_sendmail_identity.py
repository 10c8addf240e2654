"""Who may send as whom through Sendmail 8.17: a session for each login and client, which log in by AUTH."""

import cases_identity
from stage.base import LONG
from stage.client import Client, Refused
from stage.mail import Mail
from stage.script import FORGED, expect_all_held, run_script
from stage.sendmail import Sendmail
from stage.suite import Group, expect_equal
from stage.world import ACME


class SendmailIdentity(cases_identity.IdentityWorld):
    def make_mta(self, mta, next_hop, settings):
        logins = {login: cases_identity.PASSWORD for login in cases_identity.TABLE.logins()}
        return Sendmail(self.stage, self.guard.sendmail_spec(), next_hop, logins=logins)


class Speaker:
    """Sessions are kept while the rows of a site are played."""

    def __init__(self, w):
        self.w = w
        self.sessions = {}

    def __enter__(self):
        return self.speak

    def __exit__(self, *_):
        for client in self.sessions.values():
            client.close()

    def speak(self, row, message):
        if row.who == "script":
            return cases_identity.speak_local(self.w, row, message)
        client = self._session(row)
        try:
            return client.send(row.sender, row.recipient, message, "BODY=8BITMIME" if row.is_utf8 else "", want=None)
        except Refused as refused:
            client.command("RSET", 250)
            return refused.reply

    def _session(self, row):
        identity = (row.client, row.login)
        if identity not in self.sessions:
            port = self.w.mta.submission if row.login else self.w.mta.smtp
            client = self.sessions[identity] = Client(port, source=row.client)
            if row.login:
                client.login(row.login, cases_identity.PASSWORD)
        return self.sessions[identity]


group = Group("sendmail-identity", lambda options: SendmailIdentity(
    options, "sendmail-identity", "sendmail"))
cases_identity.add_to(group, Speaker)


def turn_to_first(w, rules=""):
    w.guard.configure(cases_identity.site_text(w, "first") + rules)
    w.guard.reload()


SCRIPT = 500 if LONG else 40


@group.case(f"{SCRIPT} messages of one script with forged senders: held, none bounced, none left in the submission queue")
def forged(w):
    turn_to_first(w)
    run_script(w, SCRIPT)
    expect_all_held(w, SCRIPT)
    expect_equal(w.mta.submission_queue(), [], "files in the submission queue")


@group.case("where a rule refuses or defers: mail of forged senders is held all the same")
def harsh(w):
    for action in ("reject", "defer"):
        turn_to_first(w, f'rules = {{ sender-not-owned = "{action}"; from-not-owned = "{action}"; }};\n')
        run_script(w, 8, senders=[sender for sender in FORGED if not sender.endswith("beta.example")])
        expect_all_held(w, 8)
        expect_equal(w.mta.submission_queue(), [], f"files in the submission queue, {action}")


@group.case("repairs survive signing: one of each field, and both verifiers accept it")
def repairs(w):
    turn_to_first(w)
    for without in (("Date",), ("Message-ID",), ("MIME-Version",), ("Date", "Message-ID", "MIME-Version")):
        for source, send in (("127.0.0.3", w.send), ("127.0.0.1", w.send), ("sendmail(1)", None)):
            mail = Mail(without=without)
            if send:
                send(mail, source=source)
            else:
                w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
            message = w.signed(mail, ACME)
            for name in ("Date", "Message-ID", "MIME-Version", "From"):
                expect_equal(len(message.values(name)), 1, f"{name} fields from {source} without {without}")
