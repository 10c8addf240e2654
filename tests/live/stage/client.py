"""An SMTP client that sends exactly the bytes it is given and shows exactly the replies.

smtplib mends line ends and hides the text of several replies; the cases here are about both.
"""

import base64
import socket
import ssl

from stage.base import PATIENCE, Failure

CRLF = b"\r\n"


class Reply:
    """A reply: code, and its lines without code and separator."""

    def __init__(self, code, lines):
        self.code = code
        self.lines = lines

    @property
    def text(self):
        return " ".join([str(self.code)] + self.lines)

    def __repr__(self):
        return self.text


class Refused(Failure):
    """Another reply than the wanted one."""

    def __init__(self, want, reply):
        super().__init__(f"expected {want}, the server said: {reply.text}")
        self.reply = reply


class Client:
    """One session.  Methods return a Reply; `want` makes another code a Failure."""

    def __init__(self, port, helo="laptop.acme.example", source=None, greet=True):
        self.socket = socket.create_connection(
            ("127.0.0.1", port), timeout=60 * PATIENCE,
            source_address=(source, 0) if source else None)
        self.buffer = b""
        self.helo = helo
        self.extensions = []
        try:
            self.reply(220)
            if greet:
                self.ehlo()
        except Refused:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.socket.sendall(b"QUIT\r\n")
        except OSError:
            pass  # the server may have left first
        self.socket.close()

    def hang_up(self):
        """Leaves without a word."""
        self.socket.close()

    def reply(self, want=None):
        lines = []
        while True:
            while CRLF not in self.buffer:
                chunk = self.socket.recv(65536)
                if not chunk:
                    raise Failure(f"the server hung up after {lines}")
                self.buffer += chunk
            line, self.buffer = self.buffer.split(CRLF, 1)
            line = line.decode("utf-8", "replace")
            lines.append(line[4:])
            if line[3:4] != "-":
                break
        answer = Reply(int(line[:3]), lines)
        if want is not None and answer.code != want:
            raise Refused(want, answer)
        return answer

    def command(self, text, want=None):
        self.socket.sendall(text.encode() + CRLF)
        return self.reply(want)

    def ehlo(self):
        self.extensions = self.command(f"EHLO {self.helo}", 250).lines[1:]

    def starttls(self):
        self.command("STARTTLS", 220)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the certificate was made for this stage
        self.socket = context.wrap_socket(self.socket)
        self.ehlo()

    def login(self, user, password, want=235):
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        return self.command(f"AUTH PLAIN {secret}", want)

    def xclient(self, words):
        """Postfix: be a client from elsewhere, e.g. ADDR=192.0.2.55 NAME=printer.acme.example."""
        self.command(f"XCLIENT {words}", 220)
        self.ehlo()

    def mail(self, sender, params="", want=250):
        return self.command(f"MAIL FROM:<{sender}>{' ' + params if params else ''}", want)

    def rcpt(self, recipient, want=250):
        return self.command(f"RCPT TO:<{recipient}>", want)

    def data(self, message, want=250):
        """Sends the message as it is, with dots stuffed; a last line without its end gets one."""
        self.command("DATA", 354)
        stuffed = message.replace(b"\r\n.", b"\r\n..")
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        if not stuffed.endswith(CRLF):
            stuffed += CRLF
        self.socket.sendall(stuffed + b".\r\n")
        return self.reply(want)

    def bdat(self, message, want=250):
        """The message as one chunk (RFC 3030): nothing stuffed, nothing added, not even a last line end."""
        self.socket.sendall(f"BDAT {len(message)} LAST\r\n".encode() + message)
        return self.reply(want)

    def send(self, sender, recipients, message, params="", want=250):
        """A whole transaction; the reply to the end of the data."""
        self.mail(sender, params)
        for recipient in [recipients] if isinstance(recipients, str) else recipients:
            self.rcpt(recipient)
        return self.data(message, want)


def become(login, port):
    """A client of Postfix, from elsewhere, that is logged in."""
    client = Client(port, source="127.0.0.9")
    client.xclient(f"ADDR=192.0.2.55 NAME=[UNAVAILABLE] LOGIN={login}")
    return client
