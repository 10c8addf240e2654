"""DNS lists as sites have them: rbldnsd serves the lists, unbound stands between it and whoever asks.

The zones are named as the real ones, and hold what a case puts there: put() rewrites a zone's file, and rbldnsd reads it
anew.  Zones that are out of order in some way are made by the data alone: everything listed, everything answered with a
code that refuses, or with an address that is no code; one is refused (acl), one has a server that does not run.
"""

import os
import signal
import socket
import struct
import time

from stage.base import find_program, is_listening, wait_until
from stage.dnswire import A, name as wire_name

KEY = "n0tt0besh0wn"

UNBOUND = """server:
  interface: 127.0.0.1@{port}
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{directory}"
  use-syslog: no
  do-not-query-localhost: no
  do-daemonize: no
  module-config: "iterator"
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
  serve-expired: no
  qname-minimisation: no
  # No name is there but in the zones below, so that a resolver that answers is seen to answer.
  local-zone: "." static
{open}{stubs}"""

OPEN = """  local-zone: "{name}" transparent
"""

STUB = """stub-zone:
  name: "{name}"
  stub-addr: 127.0.0.1@{port}
  stub-no-cache: yes
"""

# Zone: kind of the data set, and what is there from the beginning.
ADDRESSES = "127.0.0.2 :127.0.0.2:a test entry\n"
ZONES = {
    "zen.spamhaus.org": ("ip4set", ADDRESSES),
    "dbl.spamhaus.org": ("dnset", "dbltest.com :127.0.1.2:a test entry\n"),
    "multi.surbl.org": ("dnset", "surbl-org-permanent-test-point.com :127.0.0.254:a test entry\n"),
    "bl.spamcop.net": ("ip4set", ADDRESSES),
    f"{KEY}.authbl.dq.spamhaus.net": ("ip4set", "127.0.0.2 :127.0.0.20:a test entry\n"),
    "wild.lists.example": ("ip4trie", "0.0.0.0/0 :127.0.0.2:everything\n"),
    "public.lists.example": ("ip4trie", "0.0.0.0/0 :127.255.255.254:use another resolver\n"),
    "parked.lists.example": ("dnset", "test :127.0.0.2:a test entry\ninvalid :127.0.0.9:for sale\n"),
    "empty.lists.example": ("ip4set", "# nothing\n"),
    "refused.lists.example": ("ip4set", ADDRESSES),
}
DEAD = "dead.lists.example"


def skip_name(data, at):
    while data[at] and data[at] < 0xc0:
        at += 1 + data[at]
    return at + (2 if data[at] else 1)


def ask_address(port, name):
    """The A records that a server has for the name, sorted; None: it does not answer, or refuses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        client.connect(("127.0.0.1", port))
        try:
            client.send(struct.pack(">HHHHHH", 7, 0, 1, 0, 0, 0) + wire_name(name) + struct.pack(">HH", A, 1))
            data = client.recv(4096)
        except OSError:
            return None
    if data[3] & 15 not in (0, 3):
        return None
    at, found = skip_name(data, 12) + 4, []
    for _ in range(struct.unpack(">H", data[6:8])[0]):
        at = skip_name(data, at)
        kind, size = struct.unpack(">H6xH", data[at:at + 10])
        if kind == A:
            found.append(".".join(str(octet) for octet in data[at + 10:at + 10 + size]))
        at += 10 + size
    return sorted(found)


class Lists:
    """`zones_port`: nsd with everything below "example" that is no list."""

    def __init__(self, stage, zones_port, domains):
        self.stage = stage
        self.port = stage.ports.take()
        self.dead_port = stage.ports.take()  # nobody listens there
        self.resolver_port = stage.ports.take()
        self.written = 0
        self.directory = stage.path("lists")
        os.makedirs(self.directory)
        os.chmod(self.directory, 0o755)
        for name, (_, text) in ZONES.items():
            self._write(name, text)
        self._start_rbldnsd()
        self._start_unbound(zones_port, domains)

    def _write(self, name, text):
        self.stage.write(f"lists/{name}", "$SOA 60 ns.lists.example. postmaster.lists.example. 0 60 60 60 1\n"
                                          "$NS 60 ns.lists.example.\n$TTL 1\n" + text, mode=0o644)

    def _start_rbldnsd(self):
        words = [f"{name}:{kind}:{name}" for name, (kind, _) in ZONES.items()]
        self.stage.write("lists/acl", "0.0.0.0/0 :refuse\n", mode=0o644)
        words.append("refused.lists.example:acl:acl")
        program = find_program("rbldnsd", "rbldnsd")
        self.rbldnsd = self.stage.start("rbldnsd", [program, "-n", "-f", "-c", "1s", "-u", "nobody", "-w", self.directory,
                                                    "-b", f"127.0.0.1/{self.port}", *words])
        wait_until(lambda: ask_address(self.port, "2.0.0.127.zen.spamhaus.org") == ["127.0.0.2"], 15,
                   "an answer of rbldnsd")

    def _start_unbound(self, zones_port, domains):
        directory = self.stage.path("lists-unbound")
        os.makedirs(directory)
        names = [*ZONES, DEAD, *domains]
        stubs = [STUB.format(name=name, port=self.port) for name in ZONES]
        stubs.append(STUB.format(name=DEAD, port=self.dead_port))
        stubs += [STUB.format(name=name, port=zones_port) for name in domains]
        conf = self.stage.write("lists-unbound/unbound.conf",
                                UNBOUND.format(port=self.resolver_port, directory=directory, stubs="".join(stubs),
                                               open="".join(OPEN.format(name=name) for name in names)))
        child = self.stage.start("lists-unbound", [find_program("unbound", "unbound"), "-d", "-c", conf])
        child.wait_for(lambda: is_listening(self.resolver_port), 15, f"port {self.resolver_port}")

    def put(self, name, text, probe):
        """The zone holds its first lines and this, or this alone where it begins with '='; `probe` is (question, answers)
        by which that is seen."""
        first = "" if text.startswith("=") else ZONES[name][1]
        self._write(name, first + text.removeprefix("="))
        # rbldnsd goes by the time in whole seconds, and a case writes twice in one.
        self.written += 1
        stamp = time.time() + self.written
        os.utime(os.path.join(self.directory, name), (stamp, stamp))
        self.rbldnsd.kill(signal.SIGHUP)
        question, wanted = probe
        wait_until(lambda: ask_address(self.port, f"{question}.{name}") == wanted, 15,
                   lambda: f"{wanted} for {question}.{name}, and not {ask_address(self.port, f'{question}.{name}')}")
