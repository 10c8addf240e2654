"""The few words of the milter protocol that cases speak themselves, where tests/bench/mtaload is too polite."""

import socket
import struct


def frame(command, data=b""):
    return struct.pack(">I", 1 + len(data)) + command + data


# As Postfix offers it, every step.
OFFER = frame(b"O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF))


def opening(client=b"client.example.net", address=b"192.0.2.25"):
    return frame(b"C", client + b"\0" + b"4" + struct.pack(">H", 25) + address + b"\0") + frame(b"H", b"laptop\0")


class Wire:
    """A session on a unix socket that is negotiated, and said HELO; commands and answers one by one."""

    def __init__(self, path):
        self.stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.stream.settimeout(60)
        self.stream.connect(path)
        self.say(OFFER)
        self.hear()
        self.say(opening())

    def say(self, data):
        self.stream.sendall(data)

    def hear(self):
        """The next answer: its command and data."""
        size, = struct.unpack(">I", self._exactly(4))
        answer = self._exactly(size)
        return answer[:1], answer[1:]

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.stream.recv(size - len(data))
            if not more:
                raise ConnectionError("the session ended")
            data += more
        return data

    def close(self):
        self.stream.close()
