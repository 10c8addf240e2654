"""A socketmap server (socketmap_table(5)) that answers from a dictionary, or as badly as it is told.

`mood`: good; temp (answers that it cannot); garbage; mute (reads and says nothing); hang-up (closes instead).
close() takes the socket away, open() brings it back.
"""

import os
import socket
import threading

from stage.base import PATIENCE


class MapServer:
    def __init__(self, stage, name, rows):
        self.path = stage.path(name)
        self.rows = rows
        self.mood = "good"
        self.asked = 0
        self.listener = None
        self.streams = set()
        stage.on_close(self.close)

    @property
    def spec(self):
        return f"socketmap:unix:{self.path}:owners"

    def open(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(64)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def close(self):
        """As a server that was killed: its connections end, its socket is gone."""
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            os.unlink(self.path)
        self.listener = None
        for stream in list(self.streams):
            try:
                stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # its client left first

    def _accept(self, listener):
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            stream.settimeout(120 * PATIENCE)
            threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream):
        self.streams.add(stream)
        try:
            with stream, stream.makefile("rb") as reader:
                while self._answer(stream, reader):
                    pass
        except OSError:
            pass  # a client that leaves is no event
        finally:
            self.streams.discard(stream)

    def _answer(self, stream, reader):
        digits = b""
        while not digits.endswith(b":"):
            octet = reader.read(1)
            if not octet:
                return False
            digits += octet
        request = reader.read(int(digits[:-1]) + 1)[:-1].decode()
        self.asked += 1
        reply = self._reply(request.partition(" ")[2])
        if reply is not None:
            stream.sendall(reply)
        return self.mood != "hang-up"

    def _reply(self, key):
        if self.mood == "good":
            text = f"OK {self.rows[key]}" if key in self.rows else "NOTFOUND "
            return b"%d:%s," % (len(text.encode()), text.encode())
        return {"temp": b"18:TEMP not just now.,", "garbage": b"\xff\x00OK alice@acme.example\r\n", "mute": None,
                "hang-up": None}[self.mood]
