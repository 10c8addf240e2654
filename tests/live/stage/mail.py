"""Messages for the cases: complete, with CRLF line ends, one token naming the case in every place it can be found.
"""

import itertools
import os
import time
from email.utils import formatdate

_count = itertools.count(1)


class Mail:
    """A message and its addresses.  `token` is unique on this machine; the recipient and Message-ID hold it."""

    def __init__(self, sender="alice@acme.example", body=b"Hello there.\r\n", fields=(), without=(), from_=None):
        self.token = f"t{os.getpid()}x{next(_count)}"
        self.sender = sender
        self.recipient = f"{self.token}@away.example"
        self.message_id = f"<{self.token}@acme.example>"
        head = [("From", from_ or f"Alice Example <{sender}>"), ("To", f"<{self.recipient}>"),
                ("Subject", f"Case {self.token}"), ("Date", formatdate(time.time(), localtime=False)),
                ("Message-ID", self.message_id), ("MIME-Version", "1.0"),
                ("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit")]
        head = [(name, value) for name, value in head if name not in without] + list(fields)
        self.header = b"".join(f"{name}: {value}\r\n".encode() for name, value in head)
        self.body = body

    @property
    def data(self):
        return self.header + b"\r\n" + self.body


def text_body(size):
    """A body of exactly that many bytes in lines of ordinary length."""
    line = b"The quick brown fox jumps over the lazy dog, 0123456789, and goes on.\r\n"
    whole = line * (size // len(line))
    rest = size - len(whole)
    return whole + (b"x" * (rest - 2) + b"\r\n" if rest >= 2 else b"x" * rest)
