#!/usr/bin/python3
"""Asks python3-spf. Reads scenarios from stdin: lines "NAME TYPE DATA" in the form of dns/scripted.h (only what is
written here: names, quoted texts without escapes, results), then "? CLIENT SENDER HELO"; answers each with one word.
"""
import socket
import sys

try:
    import spf
except ImportError:
    sys.exit(77)

FAILURES = {"TIMEOUT", "SERVFAIL"}
zone = {}


def look_up(name, kind, strict=True, timeout=None, level=0):
    name = name.rstrip(".").lower()
    for held, data in zone.get(name, []):
        if held != kind:
            continue
        if data in FAILURES:
            raise spf.TempError("DNS " + data)
        if kind == "AAAA":
            data = socket.inet_pton(socket.AF_INET6, data)
        elif kind == "TXT":
            data = (data.strip('"').encode("latin-1"),)
        elif kind == "MX":
            preference, host = data.split()
            data = (int(preference), host)
        yield ((name, kind), data)


spf.DNSLookup = look_up


def main():
    source = open(0, encoding="latin-1", newline="\n")
    print("ready", flush=True)
    while line := source.readline():
        line = line.rstrip("\n")
        if line.startswith("? "):
            _, client, sender, helo = line.split(" ")
            verdict = spf.query(i=client, s=sender, h=helo, strict=True).check()[0]
            print(verdict, flush=True)
            zone.clear()
        else:
            name, kind, data = line.split(" ", 2)
            zone.setdefault(name.lower(), []).append((kind, data))


main()
