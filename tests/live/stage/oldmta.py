"""An MTA of a time when milters could not ask for macros: the MTA's side of the milter protocol, and no mail system.

It sends the macros it is told to send, waits for every answer, and throws away what the milter wants changed.
"""

import socket
import struct

from stage.base import PATIENCE, Failure

ACTIONS = 0xff  # all but SMFIF_SETSYMLIST
FINAL = b"Ocartydf"  # the first byte of an answer; all else wants something changed


class OldMta:
    """One connection from the client `address`, with the macros of the connect stage."""

    def __init__(self, path, address, **macros):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10 * PATIENCE)
        self.socket.connect(path)
        self._say(b"O", struct.pack("!III", 6, ACTIONS, 0))
        self._macros(b"C", macros)
        self._say(b"C", b"client\0" + b"4" + struct.pack("!H", 2525) + address.encode() + b"\0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._say(b"Q", answered=False)
        self.socket.close()

    def transact(self, sender, recipient, message_id="<1@acme.example>", **macros):
        """A small message, with the macros of the MAIL stage; the answer's first byte."""
        self._macros(b"M", macros)
        self._say(b"M", f"<{sender}>\0".encode())
        self._say(b"R", f"<{recipient}>\0".encode())
        for name, value in (("From", sender), ("Message-ID", message_id)):
            self._say(b"L", f"{name}\0{value}\0".encode())
        self._say(b"N")
        return self._say(b"E")

    def _macros(self, command, values):
        pairs = ((name if len(name) == 1 else "{" + name + "}", value) for name, value in values.items())
        self._say(b"D", command + b"".join(f"{name}\0{value}\0".encode() for name, value in pairs), answered=False)

    def _say(self, command, data=b"", answered=True):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + command + data)
        while answered:
            (size,) = struct.unpack("!I", self._exactly(4))
            answer = self._exactly(size)[:1]
            if answer in FINAL:
                return answer
        return b""

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                raise Failure("the daemon hung up")
            data += chunk
        return data
