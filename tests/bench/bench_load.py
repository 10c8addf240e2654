"""Runs the load generator and the in-process floor, reads their figures, and checks what the filters produce."""

import base64
import json
import os
import subprocess

from bench_filters import BenchError, DOMAIN, ED25519_SELECTOR, RSA_SELECTOR, openssl

SAMPLE = (
    b"Message-ID: <sample.1@example.org>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n"
    b'From: "Alice Example" <alice@example.org>\r\nTo: Bob <bob@example.net>\r\n'
    b"Subject: a sample\r\n folded once\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=UTF-8\r\n\r\nTwo  blanks,\ta tab and an end \r\n\r\nof text.\r\n\r\n"
)


class Tools:
    """The two programs of this directory, as built."""

    def __init__(self, builddir):
        self.mtaload = os.path.join(builddir, "tests/bench/mtaload")
        self.floor = os.path.join(builddir, "tests/bench/floor")
        for program in (self.mtaload, self.floor):
            if not os.access(program, os.X_OK):
                raise BenchError(f"{program} is not built")

    def load(
        self, target, size, messages, connections, warmup=0, idle=0, memory=False, rate=0, per_connection=0, losses=0,
        timeout=120
    ):
        """One run against a filter; every message, but for `losses`, must have been accepted and signed as expected."""
        command = [self.mtaload, "--json", "--socket", target.socket, "--pid", str(target.pid)]
        command += ["--size", str(size), "--messages", str(messages), "--connections", str(connections)]
        command += ["--warmup", str(warmup), "--idle", str(idle)]
        command += ["--per-connection", str(per_connection)]
        if memory:
            command.append("--memory")
        if rate:
            command += ["--rate", f"{rate:.1f}"]
        figures = json.loads(run(command, target.name, timeout))
        accepted = figures["accepted"]
        if not messages - losses <= accepted <= messages or figures["signatures"] != accepted * target.signatures:
            raise BenchError(
                f"{target.name}: of {messages} messages {figures['accepted']:.0f} accepted with"
                f" {figures['signatures']:.0f} signatures; {target.last_words()}"
            )
        return figures

    def floor_work(self, workplace, size, forms):
        """Nanoseconds of the parts of signing one message."""
        command = [self.floor, "work", "--size", str(size), "--canonicalization", forms]
        command += ["--rsa-key", workplace.rsa_key, "--ed25519-key", workplace.ed25519_key]
        lines = run(command, "floor work", 60).splitlines()
        return {name: float(value) for name, _, value in (line.partition("=") for line in lines)}

    def script(self, target, *arguments):
        return run([self.mtaload, "--socket", target.socket, *arguments], target.name, 30)

    def negotiated(self, target):
        """What a filter negotiates, as arguments of `floor filter`."""
        arguments = ["--no-lists"]
        sample = os.path.join(os.path.dirname(target.log), "helo.script")
        with open(sample, "w", encoding="utf-8") as file:
            file.write("helo client.example.net\n")
        for line in self.script(target, "--script", sample).splitlines():
            words = line.split()
            if line.startswith("negotiate: version"):
                arguments += ["--actions", words[4], "--steps", words[6]]
            elif line.startswith("negotiate: macros"):
                arguments += ["--macros", words[2] + "=" + " ".join(words[3:])]
        return arguments


def run(command, name, timeout):
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{name}: no end within {timeout} s: {' '.join(command)}") from None
    if done.returncode:
        said = (done.stderr + done.stdout).decode("utf-8", "replace").strip()
        raise BenchError(f"{name}: {' '.join(command)}: exit {done.returncode}: {said[-600:]}")
    return done.stdout.decode("utf-8", "replace")


def public_key(workplace, private_key):
    path = workplace.path("public.der")
    openssl("pkey", "-in", private_key, "-pubout", "-outform", "DER", "-out", path)
    with open(path, "rb") as file:
        return file.read()


def key_records(workplace):
    """Name to TXT record; RFC 8463 publishes the raw 32 bytes at the end of the DER form."""
    rsa = base64.b64encode(public_key(workplace, workplace.rsa_key))
    ed25519 = base64.b64encode(public_key(workplace, workplace.ed25519_key)[-32:])
    return {
        f"{RSA_SELECTOR}._domainkey.{DOMAIN}.".encode(): b"v=DKIM1; k=rsa; p=" + rsa,
        f"{ED25519_SELECTOR}._domainkey.{DOMAIN}.".encode(): b"v=DKIM1; k=ed25519; p=" + ed25519,
    }


def verify(tools, workplace, target):
    """Signs a sample and has python3-dkim verify every signature. False: that is not installed."""
    try:
        import dkim
    except ImportError:
        return False
    given = workplace.path("sample.eml")
    result = workplace.path("sample.out")
    with open(given, "wb") as file:
        file.write(SAMPLE)
    tools.script(target, "--message", given, "--result", result)
    records = key_records(workplace)
    with open(result, "rb") as file:
        message = dkim.DKIM(file.read())
    for index in range(target.signatures):
        if not message.verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name)):
            raise BenchError(f"{target.name}: signature {index} does not verify")
    return True
