"""A name server on loopback that answers from a dictionary, or as badly as it is told.

Moods, of everybody or of a name and all below it (tell()):
  honest        what the rows say; "*.NAME" is a wildcard
  dead          hears and says nothing
  slow          honest, after `delay` seconds
  wrong-id      the answer to another query
  other-name    the answer about another name
  truncated     cut over UDP, whole over TCP
  cut           cut over UDP and over TCP
  partial       cut over UDP; over TCP half of it, and then nothing
  huge          a TXT record of nearly 64 KiB
  loop          two names that are each other's CNAME
  chain         a CNAME that leads to another for ever
  servfail, refused
  garbage       bytes; short: half a header; empty: a message of nothing
  includes      an SPF record of 500 includes
  nested        an SPF record that includes one that includes one, without end

go() and come() take it away and bring it back, as a server that is stopped and started.
"""

import socket
import struct
import threading
import time
from collections import Counter

from stage import dnswire as wire
from stage.lies import LIES


class Liar:
    """`zones`: the names that have a SOA. `rows`: (name, type) -> list of texts, as "acme.example", "TXT"."""

    def __init__(self, stage, zones, rows, ttl=60):
        self.port = stage.ports.take()
        self.zones, self.rows, self.ttl = list(zones), dict(rows), ttl
        self.delay = 1.0
        self.lock = threading.Lock()
        self.moods = {"": "honest"}
        self.asked = Counter()  # (name, type): how often
        self.udp = self.tcp = None
        self.come()
        stage.on_close(self.go)

    def come(self):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.tcp = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._serve_udp, args=(self.udp,), daemon=True).start()
        threading.Thread(target=self._serve_tcp, args=(self.tcp,), daemon=True).start()

    def go(self):
        for one in (self.udp, self.tcp):
            if one:
                try:
                    one.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits there
                except OSError:
                    pass  # a datagram socket has no peer to tell; its thread wakes all the same
                one.close()
        self.udp = self.tcp = None

    def tell(self, mood, name="", delay=None):
        """From now on, about this name and all below it; "": about all that nothing else is told of."""
        if mood not in LIES:
            raise KeyError(mood)
        with self.lock:
            self.moods[name] = mood
            if delay is not None:
                self.delay = delay

    def forget(self):
        """Honest about everything."""
        with self.lock:
            self.moods = {"": "honest"}

    def count(self, name="", kind=None):
        """Questions so far about a name and all below it ("": all), of a type."""
        with self.lock:
            return sum(times for (asked, asked_kind), times in self.asked.items()
                       if kind in (None, asked_kind) and (not name or asked == name or asked.endswith("." + name)))

    # --- answers ----------------------------------------------------------------

    def _mood(self, name):
        with self.lock:
            while name and name not in self.moods:
                name = name.partition(".")[2]
            return self.moods[name]

    def _find(self, name, kind):
        """Texts of the name's records; None: it does not exist."""
        for owner in (name, "*." + name.partition(".")[2]):
            if (owner, kind) in self.rows:
                return self.rows[owner, kind]
            if any(each == owner or each.endswith("." + owner) for each, _ in self.rows):
                return []
        return None

    def _honest(self, question):
        found = self._find(question.name, question.type)
        if found:
            return wire.answer(question, [wire.record(question.name, question.kind, text, self.ttl) for text in found])
        zone = question.name
        while zone and zone not in self.zones:
            zone = zone.partition(".")[2]
        authority = [wire.record(zone, wire.SOA, zone, 1)] if zone else []
        return wire.answer(question, [], authority, code=wire.NXDOMAIN if found is None else wire.NOERROR)

    def _take(self, data):
        """(mood, question); None: not a question."""
        try:
            question = wire.Question(data)
        except (ValueError, IndexError, struct.error):
            return None
        with self.lock:
            self.asked[question.name, question.type] += 1
        return self._mood(question.name), question

    # --- datagrams --------------------------------------------------------------

    def _serve_udp(self, udp):
        while self.udp is udp:
            try:
                data, client = udp.recvfrom(4096)
            except OSError:
                return
            taken = self._take(data)
            if taken:
                self._answer_datagram(udp, client, *taken)

    def _answer_datagram(self, udp, client, mood, question):
        reply = LIES[mood](question, self._honest(question), False)
        if reply is None:
            return
        if len(reply) > wire.LARGEST_UDP:
            reply = wire.answer(question, truncated=True)
        if mood != "slow":
            self._send(udp, reply, client)
            return
        late = threading.Timer(self.delay, self._send, (udp, reply, client))
        late.daemon = True
        late.start()

    @staticmethod
    def _send(udp, reply, client):
        try:
            udp.sendto(reply, client)
        except OSError:
            pass  # the client has closed its port, or this server went

    # --- streams ----------------------------------------------------------------

    def _serve_tcp(self, tcp):
        while True:
            try:
                stream, _ = tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_stream, args=(stream,), daemon=True).start()

    def _serve_stream(self, stream):
        stream.settimeout(30)
        try:
            with stream, stream.makefile("rb") as reader:
                while len(head := reader.read(2)) == 2:
                    taken = self._take(reader.read(int.from_bytes(head, "big")))
                    if not taken or not self._answer_on_stream(stream, *taken):
                        reader.read(1)  # until the client gives up
                        return
        except OSError:
            pass  # a client that leaves is no event

    def _answer_on_stream(self, stream, mood, question):
        """False: nothing more is said on it."""
        reply = LIES[mood](question, self._honest(question), True)
        if reply is None:
            return False
        if mood == "slow":
            time.sleep(self.delay)
        whole = len(reply).to_bytes(2, "big") + reply
        stream.sendall(whole[:len(whole) // 2] if mood == "partial" else whole)
        return mood != "partial"
