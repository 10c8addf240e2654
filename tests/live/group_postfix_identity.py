"""Who may send as whom through Postfix 3.7: every row over one connection, logins and clients by XCLIENT."""

import cases_identity
from stage.client import Client, Refused
from stage.suite import Group


class Speaker:
    """One connection for all rows of a site."""

    def __init__(self, w):
        self.w = w
        self.client = None
        self.identity = None

    def __enter__(self):
        # As a client from elsewhere: header fields of the machine's own are rewritten, whoever XCLIENT makes of it.
        self.client = Client(self.w.mta.smtp, source="127.0.0.9")
        return self.speak

    def __exit__(self, *_):
        self.client.close()

    def speak(self, row, message):
        if row.who in ("script", "bounce"):
            return cases_identity.speak_local(self.w, row, message)
        self._become(row)
        try:
            return self.client.send(row.sender, row.recipient, message,
                                    "SMTPUTF8 BODY=8BITMIME" if row.is_utf8 else "", want=None)
        except Refused as refused:
            self.client.command("RSET", 250)
            return refused.reply

    def _become(self, row):
        identity = (row.client, row.login)
        if identity != self.identity:
            login = xtext(row.login) if row.login else "[UNAVAILABLE]"
            self.client.xclient(f"ADDR={row.client} NAME=[UNAVAILABLE] LOGIN={login}")
            self.identity = identity


def xtext(text):
    """RFC 3461 4."""
    return "".join(chr(byte) if 33 <= byte <= 126 and chr(byte) not in "+=" else f"+{byte:02X}"
                   for byte in text.encode())


# Postfix slows clients down that make errors, and a refused message is one.
group = Group("postfix-identity", lambda options: cases_identity.IdentityWorld(
    options, "postfix-identity", "postfix", settings={"smtpd_error_sleep_time": "0", "smtpd_hard_error_limit": "1000"}))
cases_identity.add_to(group, Speaker)
