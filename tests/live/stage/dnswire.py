"""DNS messages as a server writes them (RFC 1035 4): one question in, one answer out, no compression."""

import struct

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA = 1, 2, 5, 6, 12, 15, 16, 28
TYPES = {"A": A, "NS": NS, "CNAME": CNAME, "SOA": SOA, "PTR": PTR, "MX": MX, "TXT": TXT, "AAAA": AAAA}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
LARGEST_UDP = 1232


class Question:
    """What a client asked; `name` in lower case without the final dot."""

    def __init__(self, data):
        self.number, self.flags, count = struct.unpack(">HHH", data[:6])
        if count != 1 or self.flags & 0x8000:
            raise ValueError("not one question")
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
            at += data[at] + 1
        self.name = ".".join(labels).lower()
        self.raw = data[12:at + 5]
        self.kind = struct.unpack(">H", data[at + 1:at + 3])[0]
        self.has_edns = struct.unpack(">H", data[10:12])[0] > 0

    @property
    def type(self):
        return TYPE_NAMES.get(self.kind, str(self.kind))


def name(text):
    """A name on the wire."""
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in text.split(".") if label) + b"\0"


def strings(text):
    """The data of a TXT record."""
    data = text.encode("latin-1")
    return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data) or 1, 255))


def data_of(kind, text):
    """What stands in a record, of its text as zones have it."""
    if kind == TXT:
        return strings(text)
    if kind == A:
        return bytes(int(part) for part in text.split("."))
    if kind == MX:
        preference, host = text.split()
        return struct.pack(">H", int(preference)) + name(host)
    if kind == SOA:
        return name("ns." + text) + name("postmaster." + text) + struct.pack(">IIIII", 1, 60, 60, 60, 1)
    return name(text)


def record(owner, kind, text, ttl):
    data = data_of(kind, text)
    return name(owner) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def answer(question, records=(), authority=(), code=NOERROR, number=None, truncated=False, asked=None):
    """An authoritative answer that a resolver would give, too; `asked` another question than the client's."""
    flags = 0x8580 | (0x0200 if truncated else 0) | code
    edns = b"\0" + struct.pack(">HHIH", 41, LARGEST_UDP, 0, 0) if question.has_edns else b""
    head = struct.pack(">HHHHHH", question.number if number is None else number, flags, 1, len(records), len(authority),
                       1 if edns else 0)
    return head + (question.raw if asked is None else asked) + b"".join(records) + b"".join(authority) + edns
