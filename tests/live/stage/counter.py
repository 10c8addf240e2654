"""A resolver on loopback that hands every question on to a name server, and counts what it was asked.

is_dead: it hears, counts and says nothing, until it is false again.  late(): it answers so many seconds later about a
name and all below it.
"""

import socket
import threading
import time
from collections import Counter

from stage import dnswire as wire


class CountingResolver:
    """`port` is where it listens, `upstream` the port of the name server on 127.0.0.1. Datagrams only."""

    def __init__(self, stage, upstream):
        self.port = stage.ports.take()
        self.upstream = upstream
        self.is_dead = False
        self.lock = threading.Lock()
        self.asked = Counter()  # (name, type): how often
        self.delays = {}
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()
        stage.on_close(self.udp.close)

    def count(self, name):
        """Questions so far about a name and all below it, of any type."""
        with self.lock:
            return sum(times for (asked, _), times in self.asked.items()
                       if asked == name or asked.endswith("." + name))

    def late(self, name, seconds):
        self.delays[name] = seconds

    def _delay(self, name):
        return next((seconds for late, seconds in self.delays.items() if name == late or name.endswith("." + late)), 0)

    def _serve(self):
        while True:
            try:
                data, client = self.udp.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self._answer, args=(data, client), daemon=True).start()

    def _answer(self, data, client):
        question = wire.Question(data)
        with self.lock:
            self.asked[question.name, question.type] += 1
        if self.is_dead:
            return
        time.sleep(self._delay(question.name))  # the delay is what is tested
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
                ask.settimeout(10)
                ask.connect(("127.0.0.1", self.upstream))
                ask.send(data)
                self.udp.sendto(ask.recv(65535), client)
        except OSError:
            pass  # the name server or this one went, the client asks again
