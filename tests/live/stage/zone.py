"""An authoritative name server (nsd) on loopback, and a look-up that asks it and nobody else.

The look-up is a plain question over TCP: a key record of 2048 bits does not have to fit anywhere.

What its zones hold may change while it runs: publish().  `at_home`: it also listens where the NS records of its zones
lead, at port 53 of a loopback address of its own, so that who looks for a zone's own servers finds it.
"""

import base64
import os
import signal
import socket
import struct
import subprocess

from stage.base import PATIENCE, StageError, find_program, is_listening, wait_until

CONF = """
server:
  ip-address: 127.0.0.1@{port}
{home}  username: ""
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
$TTL {ttl}
@ IN SOA ns postmaster {serial} 60 60 60 {ttl}
@ IN NS ns
ns IN A {address}
"""

TYPE_SOA, TYPE_TXT = 6, 16


class Zones:
    """Starts nsd with the given zones: a dictionary domain -> list of zone-file lines."""

    def __init__(self, stage, zones, at_home=False, ttl=60):
        self.stage = stage
        self.port = stage.ports.take()
        # Ports are ours alone on this machine, so such an address is, too.
        self.address = f"127.77.{self.port >> 8}.{self.port & 255}" if at_home else "127.0.0.1"
        self.ttl = ttl
        self.serials = {}
        self.starts = 0
        directory = stage.path("nsd")
        os.makedirs(directory, exist_ok=True)
        text = CONF.format(port=self.port, directory=directory,
                           home=f"  ip-address: {self.address}@53\n" if at_home else "")
        for name, lines in zones.items():
            self._write(name, lines)
            text += f'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n'
        self.conf = stage.write("nsd/nsd.conf", text)
        self.start()

    def _write(self, name, lines):
        self.serials[name] = self.serials.get(name, 0) + 1
        head = ZONE.format(name=name, ttl=self.ttl, serial=self.serials[name], address=self.address)
        self.stage.write(f"nsd/{name}.zone", head + "\n".join(lines) + "\n")

    def start(self):
        self.starts += 1
        self.child = self.stage.start(f"nsd-{self.starts}", [find_program("nsd", "nsd"), "-d", "-c", self.conf])
        self.child.wait_for(lambda: is_listening(self.port), 15, f"port {self.port}")

    def stop(self):
        """Nobody answers; start() brings it back."""
        self.child.stop()

    def publish(self, name, lines):
        """The zone has these lines, and no others, when this returns."""
        self._write(name, lines)
        self.child.kill(signal.SIGHUP)
        wait_until(lambda: self.serial(name) == self.serials[name], 10, f"zone {name} to be read anew")

    def fail(self, *names):
        """SERVFAIL about these zones, until mend()."""
        self.stop()
        for name in names:
            os.rename(self.stage.path(f"nsd/{name}.zone"), self.stage.path(f"nsd/{name}.away"))
        self.start()

    def mend(self, *names):
        self.stop()
        for name in names:
            os.rename(self.stage.path(f"nsd/{name}.away"), self.stage.path(f"nsd/{name}.zone"))
        self.start()

    def txt(self, name, timeout=5):
        """The strings of the first TXT record joined, as bytes; None when there is none."""
        name = name.decode() if isinstance(name, bytes) else name
        return ask_txt(self.port, name, timeout)

    def serial(self, name):
        """Of the zone as it is served; None while it is not."""
        try:
            data = _ask(self.port, name, TYPE_SOA, 5)
        except (StageError, OSError):
            return None
        at = _skip_name(data, _skip_name(data, 0)) if data else 0
        return struct.unpack(">I", data[at:at + 4])[0] if data else None


def ask_txt(port, name, timeout=5):
    """One TXT question to 127.0.0.1@port; StageError when nothing sensible comes back."""
    data = _ask(port, name, TYPE_TXT, timeout)
    return None if data is None else _strings(data)


def _ask(port, name, kind, timeout):
    """The data of the first record of that type, its names compressed as they came; None when there is none."""
    labels = name.rstrip(".").split(".")
    question = b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"
    query = struct.pack(">HHHHHH", 1, 0, 1, 0, 0, 0) + question + struct.pack(">HH", kind, 1)
    with socket.create_connection(("127.0.0.1", port), timeout=timeout * PATIENCE) as stream:
        stream.sendall(struct.pack(">H", len(query)) + query)
        answer = _read_exactly(stream, struct.unpack(">H", _read_exactly(stream, 2))[0])
    code, answers = answer[3] & 15, struct.unpack(">H", answer[6:8])[0]
    if code not in (0, 3):
        raise StageError(f"name server answers code {code} for {name}")
    at = 12 + len(question) + 4
    for _ in range(answers):
        at = _skip_name(answer, at)
        found, _, _, length = struct.unpack(">HHIH", answer[at:at + 10])
        at += 10
        if found == kind:
            return answer[at:at + length]
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


def key_record(selector, key_file, tags=""):
    """The zone-file line publishing the public half of a private key file (RSA or Ed25519); `tags` before k=."""
    openssl = find_program("openssl", "openssl")
    done = subprocess.run([openssl, "pkey", "-in", key_file, "-pubout", "-outform", "DER"],
                          capture_output=True, check=True)
    return f"{selector}._domainkey IN TXT {quote(public_text(done.stdout, tags))}"


def public_text(der, tags=""):
    """The DKIM key record of a SubjectPublicKeyInfo; Ed25519 keys are published bare (RFC 8463)."""
    if len(der) == 44:
        return f"v=DKIM1; {tags}k=ed25519; p=" + base64.b64encode(der[12:]).decode()
    return f"v=DKIM1; {tags}k=rsa; p=" + base64.b64encode(der).decode()
