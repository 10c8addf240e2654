"""A content filter with re-injection: takes mail by SMTP, changes it as such filters do, and hands it back.

The body gets a footer, the header a field on top and other folds; several recipients are split into two
transactions, the first one alone.  What came in is kept, as in the sink; what the next server says is the reply.
"""

import re

from stage.base import Failure
from stage.client import Client
from stage.sink import Sink

FOOTER = b"-- \r\nThis footer was added by the filter.\r\n"
PASSED_ON = ("BODY=8BITMIME", "SMTPUTF8")


def changed(data):
    """The message as the filter hands it back."""
    header, _, body = data.partition(b"\r\n\r\n")
    header = re.sub(rb"(?mi)^(From|Date|Message-ID):[ \t]*(\S+) ?", rb"\1:   \2\r\n\t", header)
    header = re.sub(rb"\r\n\t(\r\n|\Z)", rb"\1", header)  # a value of one word needs no fold
    return b"X-Filter: seen\r\n" + header + b"\r\n\r\n" + body + FOOTER


class Filter(Sink):
    """Listens like a sink; `target` is the port it hands mail back to, set before the first mail."""

    def __init__(self, stage):
        super().__init__(stage)
        self.target = None

    def take(self, message):
        self.add(message)
        parts = [message.recipients[:1], message.recipients[1:]]
        reply = "250 2.0.0 nobody to hand it to"
        for recipients in parts:
            if recipients:
                reply = self._hand_back(message, recipients)
        return reply

    def _hand_back(self, message, recipients):
        params = " ".join(word for word in message.sender_params.split() if word in PASSED_ON)
        try:
            with Client(self.target, helo="filter.acme.example") as client:
                reply = client.send(message.sender, recipients, changed(message.data), params, want=None)
            return f"{reply.code} {' '.join(reply.lines)}"
        except (Failure, OSError) as error:
            return f"451 4.3.0 the next server: {error}"
