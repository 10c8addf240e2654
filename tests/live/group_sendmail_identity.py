"""Who may send as whom through Sendmail 8.17: a session for each login and client, which log in by AUTH."""

import cases_identity
from stage.client import Client, Refused
from stage.sendmail import Sendmail
from stage.suite import Group


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
