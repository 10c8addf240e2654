"""An authoritative name server (nsd) on loopback, and a look-up that asks it and nobody else.

The look-up is a plain question over TCP: a key record of 2048 bits does not have to fit anywhere.
"""

import base64
import os
import socket
import struct
import subprocess

from stage.base import PATIENCE, StageError, find_program, is_listening

CONF = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{directory}"
  pidfile: "{directory}/nsd.pid"
  zonelistfile: "{directory}/zone.list"
  xfrdfile: "{directory}/xfrd.state"
  xfrdir: "{directory}"
  logfile: "{directory}/nsd.log"
  database: ""
  server-count: 1
remote-control:
  control-enable: no
"""

ZONE = """$ORIGIN {name}.
$TTL 60
@ IN SOA ns postmaster 1 60 60 60 60
@ IN NS ns
ns IN A 127.0.0.1
"""

TYPE_TXT = 16


class Zones:
    """Starts nsd with the given zones: a dictionary domain -> list of zone-file lines."""

    def __init__(self, stage, zones):
        self.port = stage.ports.take()
        directory = stage.path("nsd")
        os.makedirs(directory, exist_ok=True)
        text = CONF.format(port=self.port, directory=directory)
        for name, lines in zones.items():
            stage.write(f"nsd/{name}.zone", ZONE.format(name=name) + "\n".join(lines) + "\n")
            text += f'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n'
        conf = stage.write("nsd/nsd.conf", text)
        program = find_program("nsd", "nsd")
        child = stage.start("nsd", [program, "-d", "-c", conf])
        child.wait_for(lambda: is_listening(self.port), 15, f"port {self.port}")

    def txt(self, name, timeout=5):
        """The strings of the first TXT record joined, as bytes; None when there is none."""
        name = name.decode() if isinstance(name, bytes) else name
        return ask_txt(self.port, name, timeout)


def ask_txt(port, name, timeout=5):
    """One TXT question to 127.0.0.1@port; StageError when nothing sensible comes back."""
    labels = name.rstrip(".").split(".")
    question = b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"
    query = struct.pack(">HHHHHH", 1, 0, 1, 0, 0, 0) + question + struct.pack(">HH", TYPE_TXT, 1)
    with socket.create_connection(("127.0.0.1", port), timeout=timeout * PATIENCE) as stream:
        stream.sendall(struct.pack(">H", len(query)) + query)
        answer = _read_exactly(stream, struct.unpack(">H", _read_exactly(stream, 2))[0])
    code, answers = answer[3] & 15, struct.unpack(">H", answer[6:8])[0]
    if code not in (0, 3):
        raise StageError(f"name server answers code {code} for {name}")
    at = 12 + len(question) + 4
    for _ in range(answers):
        at = _skip_name(answer, at)
        kind, _, _, length = struct.unpack(">HHIH", answer[at:at + 10])
        at += 10
        if kind == TYPE_TXT:
            return _strings(answer[at:at + length])
        at += length
    return None


def _read_exactly(stream, count):
    data = b""
    while len(data) < count:
        chunk = stream.recv(count - len(data))
        if not chunk:
            raise StageError("the name server hung up")
        data += chunk
    return data


def _skip_name(answer, at):
    while answer[at] != 0:
        if answer[at] >= 192:
            return at + 2
        at += answer[at] + 1
    return at + 1


def _strings(data):
    text, at = b"", 0
    while at < len(data):
        text += data[at + 1:at + 1 + data[at]]
        at += data[at] + 1
    return text


def quote(text):
    """A TXT value as zone-file strings of at most 255 bytes."""
    return " ".join(f'"{text[i:i + 255]}"' for i in range(0, len(text), 255))


def key_record(selector, key_file):
    """The zone-file line publishing the public half of a private key file (RSA or Ed25519)."""
    openssl = find_program("openssl", "openssl")
    done = subprocess.run([openssl, "pkey", "-in", key_file, "-pubout", "-outform", "DER"],
                          capture_output=True, check=True)
    return f"{selector}._domainkey IN TXT {quote(public_text(done.stdout))}"


def public_text(der):
    """The DKIM key record of a SubjectPublicKeyInfo; Ed25519 keys are published bare (RFC 8463)."""
    if len(der) == 44:
        return "v=DKIM1; k=ed25519; p=" + base64.b64encode(der[12:]).decode()
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()
