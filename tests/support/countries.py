#!/usr/bin/python3
"""Writes a database of countries in MaxMind's format (version 2.0): the tests have one of their own, of any size and layout.

    countries.py [--layout nested|registered|flat|short|other] [--ip 4|6] [--bits 24|28|32] --file FILE [NETWORK=CC ...]

Networks of IPv4 lie in ::/96 of a database for IPv6, as everywhere. A longer network after a shorter one goes before it.
--layout: where a record has the code. nested: country.iso_code (MaxMind, DB-IP), registered: only registered_country,
flat: country_code beside a name in country, short: country as code, other: none, as in databases of other things.
"""

import argparse
import ipaddress
import os

MAP, TEXT, UINT16, UINT32, UINT64, ARRAY = 7, 2, 5, 6, 9, 11
LAYOUTS = {
    "nested": lambda code: {"continent": {"code": "EU"}, "country": {"iso_code": code, "names": {"en": f"Land {code}"}},
                            "registered_country": {"iso_code": "US"}},
    "registered": lambda code: {"continent": {"code": "EU"}, "registered_country": {"iso_code": code}},
    "flat": lambda code: {"continent_code": "EU", "country": f"Land {code}", "country_code": code},
    "short": lambda code: {"continent": "EU", "country": code, "country_name": f"Land {code}"},
    "other": lambda code: {"autonomous_system_number": 64496, "autonomous_system_organization": code},
}


def head(kind, size):
    """A control octet, the extended kind behind it, and the size behind that."""
    assert size < 285, "longer ones are not needed"
    first = min(size, 29) | (kind << 5 if kind < 8 else 0)
    return bytes([first] + ([kind - 7] if kind >= 8 else []) + ([size - 29] if size >= 29 else []))


def number(kind, value):
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return head(kind, len(octets)) + octets


def encode(value):
    if isinstance(value, dict):
        return head(MAP, len(value)) + b"".join(encode(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return head(ARRAY, len(value)) + b"".join(map(encode, value))
    if isinstance(value, str):
        octets = value.encode()
        return head(TEXT, len(octets)) + octets
    if isinstance(value, tuple):
        return number(*value)
    return number(UINT32, value)


class Tree:
    """Nodes of two records each: None, ("node", number) or ("data", offset)."""

    def __init__(self, width):
        self.width = width
        self.nodes = [[None, None]]

    def add(self, network, offset):
        """`offset` for all of the network, whatever was there."""
        network = ipaddress.ip_network(network)
        assert network.version == 4 or self.width == 128, "an address of IPv6 in a database for IPv4"
        size = network.prefixlen + self.width - network.max_prefixlen
        bits = [int(bit) for bit in f"{int(network.network_address):0{self.width}b}"[:size]]
        at = 0
        for bit in bits[:-1]:
            below = self.nodes[at][bit]
            if below is None or below[0] == "data":
                self.nodes.append([below, below])
                below = self.nodes[at][bit] = ("node", len(self.nodes) - 1)
            at = below[1]
        self.nodes[at][bits[-1]] = ("data", offset)

    def record(self, record):
        if record is None:
            return len(self.nodes)
        kind, value = record
        return value if kind == "node" else len(self.nodes) + 16 + value

    def octets(self, bits):
        out = bytearray()
        for left, right in (map(self.record, node) for node in self.nodes):
            if bits == 28:
                out += (left & 0xffffff).to_bytes(3, "big")
                out.append(left >> 24 << 4 | right >> 24)
                out += (right & 0xffffff).to_bytes(3, "big")
            else:
                out += left.to_bytes(bits // 8, "big") + right.to_bytes(bits // 8, "big")
        return bytes(out)


def build(rows, layout="nested", ip=6, bits=24):
    """The octets of a database; rows: (network, code)."""
    tree = Tree(128 if ip == 6 else 32)
    data, places = bytearray(), {}
    for network, code in rows:
        if code not in places:
            places[code] = len(data)
            data += encode(LAYOUTS[layout](code))
        tree.add(network, places[code])
    metadata = {"binary_format_major_version": (UINT16, 2), "binary_format_minor_version": (UINT16, 0),
                "build_epoch": (UINT64, 1772366400), "database_type": f"Test-{layout}", "description": {"en": "of a test"},
                "ip_version": (UINT16, ip), "languages": ["en"], "node_count": len(tree.nodes), "record_size": (UINT16, bits)}
    return tree.octets(bits) + bytes(16) + bytes(data) + b"\xab\xcd\xefMaxMind.com" + encode(metadata)


def write(path, rows, **how):
    """Whole or not at all: a new file takes the place of an old one."""
    with open(f"{path}.new", "wb") as stream:
        stream.write(build(rows, **how))
    os.rename(f"{path}.new", path)


def main():
    parser = argparse.ArgumentParser(description="Writes a database of countries.")
    parser.add_argument("--layout", choices=LAYOUTS, default="nested")
    parser.add_argument("--ip", type=int, choices=(4, 6), default=6)
    parser.add_argument("--bits", type=int, choices=(24, 28, 32), default=24)
    parser.add_argument("--file", required=True)
    parser.add_argument("rows", nargs="*", metavar="NETWORK=CC")
    words = parser.parse_args()
    write(words.file, [row.split("=") for row in words.rows], layout=words.layout, ip=words.ip, bits=words.bits)


if __name__ == "__main__":
    main()
