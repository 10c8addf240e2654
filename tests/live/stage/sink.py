"""An SMTP server that keeps what it is given: the envelope and the exact bytes.

smtp-sink of Postfix writes mbox files with its own line ends and announces no SMTPUTF8; signatures are judged
over bytes, so this one stores them as they came, dots unstuffed, line ends untouched.

A recipient whose local part begins with `no-` is refused with 550, one with `later-` with 451 until
`take_later` is set.
"""

import re
import socket
import threading

from stage.base import Failure, wait_until

CRLF = b"\r\n"
END_OF_DATA = b"\r\n.\r\n"


class Received:
    """One message as it came in over SMTP."""

    def __init__(self, helo, sender, sender_params, recipients, data):
        self.helo = helo
        self.sender = sender
        self.sender_params = sender_params
        self.recipients = recipients
        self.data = data

    def header_text(self):
        return self.data.split(b"\r\n\r\n", 1)[0] + CRLF

    def body(self):
        parts = self.data.split(b"\r\n\r\n", 1)
        return parts[1] if len(parts) == 2 else b""

    def fields(self):
        """(name, raw value with its leading space and folds) in order."""
        found = []
        for line in re.findall(rb"[^\r\n]+(?:\r\n[ \t][^\r\n]*)*", self.header_text()):
            name, _, value = line.partition(b":")
            found.append((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")))
        return found

    def values(self, name):
        """Unfolded, trimmed values of every field of that name, top to bottom."""
        return [re.sub(r"\r\n([ \t])", r"\1", value).strip()
                for field, value in self.fields() if field.lower() == name.lower()]


class _Session(threading.Thread):
    """One SMTP session; ends when its client does."""

    def __init__(self, sink, connection):
        super().__init__(daemon=True)
        self.sink = sink
        self.connection = connection
        self.buffer = b""
        self.helo = ""

    def run(self):
        try:
            self._say("220 sink.example ESMTP")
            self._serve()
        except (OSError, EOFError):
            pass  # a client that leaves without QUIT is no event
        finally:
            self.connection.close()

    def _say(self, text):
        self.connection.sendall(text.encode() + CRLF)

    def _fill(self):
        chunk = self.connection.recv(1 << 18)
        if not chunk:
            raise EOFError
        self.buffer += chunk

    def _line(self):
        while CRLF not in self.buffer:
            self._fill()
        line, self.buffer = self.buffer.split(CRLF, 1)
        return line.decode("utf-8", "surrogateescape")

    def _data(self):
        chunks, held = [], CRLF + self.buffer  # so that a lone first "." is found as well
        while (at := held.find(END_OF_DATA)) < 0:
            # Keep what may be the beginning of the end.
            if len(held) > 4:
                chunks.append(held[:-4])
                held = held[-4:]
            chunk = self.connection.recv(1 << 18)
            if not chunk:
                raise EOFError
            held += chunk
        chunks.append(held[:at + 2])
        self.buffer = held[at + len(END_OF_DATA):]
        whole = b"".join(chunks)
        return whole.replace(b"\r\n.", CRLF)[2:]

    def _serve(self):
        sender, params, recipients = None, "", []
        while True:
            line = self._line()
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO"):
                self.helo = line[5:]
                self._greet(verb)
            elif verb == "MAIL":
                sender, params = _split_path(line)
                recipients = []
                self._say("250 2.1.0 ok")
            elif verb == "RCPT":
                self._recipient(line, recipients)
            elif verb == "DATA":
                self._say("354 go on")
                data = self._data()
                self._say(self.sink.take(Received(self.helo, sender, params, recipients, data)))
                sender, params, recipients = None, "", []
            elif verb == "QUIT":
                self._say("221 2.0.0 bye")
                return
            elif verb in ("RSET", "NOOP"):
                self._say("250 2.0.0 ok")
            else:
                self._say("502 5.5.2 not here")

    def _greet(self, verb):
        if verb == "HELO":
            self._say("250 sink.example")
            return
        words = ["sink.example"] + self.sink.extensions
        for word in words[:-1]:
            self._say(f"250-{word}")
        self._say(f"250 {words[-1]}")

    def _recipient(self, line, recipients):
        address, _ = _split_path(line)
        if address.startswith("no-"):
            self._say("550 5.1.1 no such person")
        elif address.startswith("later-") and not self.sink.take_later:
            self._say("451 4.2.0 not now")
        else:
            recipients.append(address)
            self._say("250 2.1.5 ok")


def _split_path(line):
    found = re.match(r"[^:]*:\s*<([^>]*)>\s*(.*)", line)
    return (found.group(1), found.group(2)) if found else ("", "")


class Sink:
    """Listens on a port and keeps messages until asked for them."""

    def __init__(self, stage, extensions=("8BITMIME", "SMTPUTF8", "SIZE 0", "ENHANCEDSTATUSCODES")):
        self.extensions = list(extensions)
        self.port = stage.ports.take()
        self.messages = []
        self.take_later = False
        self.look = None  # called with each message before it is kept, and before its client hears of that
        self.lock = threading.Lock()
        self.arrived = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()
        stage.on_close(self.listener.close)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            _Session(self, connection).start()

    def take(self, message):
        """Keeps it; the reply to the client."""
        if self.look:
            self.look(message)
        self.add(message)
        return "250 2.0.0 kept"

    def add(self, message):
        with self.lock:
            self.messages.append(message)
        self.arrived.set()

    def having(self, recipient):
        """Messages that were delivered to this recipient, oldest first."""
        with self.lock:
            return [m for m in self.messages if recipient in m.recipients]

    def wait(self, recipient, seconds=20, count=1):
        """The message for that recipient (the last one when several are asked for)."""
        def enough():
            found = self.having(recipient)
            return found[count - 1] if len(found) >= count else None
        return wait_until(enough, seconds, f"message {count} to {recipient} at the sink")

    def expect_none(self, recipient):
        """Fails when something was delivered to that recipient so far."""
        if self.having(recipient):
            raise Failure(f"{recipient} got a message that should have been stopped")
