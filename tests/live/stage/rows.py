"""The table of who may send as whom, tests/scenario/identity.table; its head tells the form."""

import os
import re
from email.utils import getaddresses

from stage.base import StageError

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scenario/identity.table")
CLIENTS = {"user": "127.0.0.9", "printer": "127.0.0.2", "relay": "127.0.0.3", "list": "127.0.0.4",
           "forward": "127.0.0.5", "smtp": "127.0.0.1", "script": "127.0.0.1", "bounce": "127.0.0.1",
           "stranger": "127.0.0.9"}
CLASSES = {"user": "submission", "printer": "relay", "smtp": "local", "script": "local", "stranger": "inbound"}
ABOUT_IDENTITY = ("from-multiple", "owners-unavailable", "sender-not-owned", "from-not-owned", "calendar-on-behalf",
                  "domain-not-ours")


class Row:
    """One line; `reply` and `line` are what came of it in a live play."""

    def __init__(self, number, text):
        columns = [column.strip() for column in text.split(" | ")]
        if len(columns) not in (7, 8):
            raise StageError(f"{PATH}:{number}: {len(columns)} columns")
        self.number, self.text = number, " | ".join(columns)
        self.who, self.login, path, self.author, self.sender_field, self.verdict, findings = columns[:7]
        self.login = None if self.login == "-" else self.login
        self.sender = path[1:-1]
        self.findings = [] if findings == "-" else findings.split(",")
        self.marks = columns[7].split() if len(columns) == 8 else []
        self.client = CLIENTS[self.who]
        self.mail_class = CLASSES.get(self.who, self.who)
        self.token = self.recipient = self.reply = self.line = None

    def mark(self, mta):
        """What is said of this mail server: a code, "skip", or None."""
        found = [mark.split("=")[1] for mark in self.marks if mark.startswith(f"{mta}=")]
        return found[0] if found else None

    @property
    def is_utf8(self):
        return not (self.sender + self.author + self.sender_field).isascii()

    def message(self, token):
        """Its bytes; `token` becomes recipient and Message-ID."""
        self.token, self.recipient = token, f"{token}@away.example"
        head = [("From", self.author), ("Sender", self.sender_field),
                ("Auto-Submitted", "auto-replied" if self.who == "bounce" else "-"),
                ("To", f"<{self.recipient}>"), ("Subject", f"Row {self.number}"),
                ("Date", "Sun, 01 Mar 2026 11:59:00 +0000"), ("Message-ID", f"<{token}@acme.example>")]
        text = "".join(f"{name}: {value}\r\n" for name, value in head if value != "-")
        return text.encode() + b"\r\ntext\r\n"

    def author_domain(self):
        """As Python's email package reads the first author; "" when there is none."""
        text = re.sub(r'^[^:"<(]*:(.*);$', r"\1", self.author)  # it knows no groups
        addresses = getaddresses([text])
        return addresses[0][1].rpartition("@")[2].lower() if addresses else ""


class Table:
    """`files` and `sites` by name, `blocks`: (site, rows) in order."""

    def __init__(self):
        self.files, self.sites, self.blocks = {}, {}, []
        kind = name = None
        with open(PATH, encoding="utf-8") as stream:
            for number, text in enumerate(stream.read().splitlines(), 1):
                if text.startswith("== "):
                    _, kind, name = text.split(" ", 2)
                    if kind == "rows":
                        self.blocks.append((name, []))
                elif kind == "rows" and text and not text.startswith("#"):
                    self.blocks[-1][1].append(Row(number, text))
                elif kind in ("file", "site"):
                    kept = self.files if kind == "file" else self.sites
                    kept[name] = kept.get(name, "") + text + "\n"

    def rows(self):
        return [row for _, rows in self.blocks for row in rows]

    def logins(self):
        return sorted({row.login for row in self.rows() if row.login})
