"""Reads egress-milter's line per message and judges its form: order, characters, length.

    4Xk2vR3m5Wz1q7: verdict=accept class=submission user=alice@example.org ... msgid=<a1@example.org>

Values hold no space, quote, `=` or backslash: those are \\xNN.  `reply` alone is quoted and holds spaces and `=`.
"""

import re

from stage.base import Failure

ORDER = ("verdict", "would", "class", "user", "ticket", "rules", "signed", "reason", "spf", "dmarc", "scan", "limits",
         "score", "rcpts", "external", "refused", "to", "size", "client", "daemon", "tls", "by", "reply", "t_ms", "helo", "login",
         "from", "hfrom", "msgid")
ALWAYS = ("verdict", "class", "by", "t_ms")
VERDICTS = ("accept", "hold", "defer", "reject", "discarded-by-mta", "aborted")
CLASSES = ("submission", "relay", "list", "forward", "bounce", "local", "inbound")
LONGEST = 1000

LINE = re.compile(r"(?:^|[\s>])([0-9A-Za-z]{5,24}|NOQUEUE): (verdict=.*)$")
FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s"=]*))(?: |$)')


class LogLine:
    """One message's line; `[]` gives a field's value with \\xNN undone, None when absent."""

    def __init__(self, raw):
        found = LINE.search(raw)
        if not found:
            raise Failure(f"not a message line: {raw}")
        self.raw = found.group(0).strip()
        self.queue_id, self.rest = found.group(1), found.group(2)
        self.names, self.fields = [], {}
        at = 0
        while at < len(self.rest):
            field = FIELD.match(self.rest, at)
            if not field:
                raise Failure(f"cannot read the line at {self.rest[at:at + 40]!r}: {self.raw}")
            self.names.append(field.group(1))
            value = field.group(2) if field.group(2) is not None else field.group(3)
            self.fields[field.group(1)] = _plain(value)
            at = field.end()

    def __getitem__(self, name):
        return self.fields.get(name)

    def check_form(self):
        """Everything the format promises, whatever the message was."""
        if len(self.names) != len(set(self.names)):
            raise Failure(f"a field stands twice: {self.raw}")
        unknown = [name for name in self.names if name not in ORDER]
        if unknown:
            raise Failure(f"unknown fields {unknown}: {self.raw}")
        if self.names != sorted(self.names, key=ORDER.index):
            raise Failure(f"fields out of order: {self.raw}")
        missing = [name for name in ALWAYS if name not in self.fields]
        if missing:
            raise Failure(f"fields {missing} are missing: {self.raw}")
        if self["verdict"] not in VERDICTS or self["class"] not in CLASSES:
            raise Failure(f"unknown verdict or class: {self.raw}")
        if not re.fullmatch(r"[ -~]*", self.rest):
            raise Failure(f"unprintable characters: {self.raw!r}")
        if len(f"{self.queue_id}: {self.rest}") > LONGEST:
            raise Failure(f"longer than {LONGEST} bytes: {self.raw}")
        return self

    def expect(self, **wanted):
        """Fields must have these values; None means absent.  `class_` and `from_` stand for class and from."""
        self.check_form()
        for name, value in wanted.items():
            name = name.rstrip("_")
            if self[name] != value:
                raise Failure(f"log line: {name} should be {value!r}, is {self[name]!r}: {self.raw}")
        return self


def _plain(value):
    return re.sub(r"\\x([0-9A-Fa-f]{2})", lambda m: chr(int(m.group(1), 16)), value)


def message_lines(text):
    """The message lines of a log, oldest first."""
    return [LogLine(line) for line in text.splitlines() if LINE.search(line)]
