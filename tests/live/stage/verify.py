"""What foreign verifiers say: python3-dkim and opendkim, both asking the stage's name server.

opendkim is built with libunbound in Debian: `Nameservers` takes address@port there, and unbound must be told
that asking loopback is intended.
"""

import re
from dataclasses import dataclass

from stage.base import Failure, StageError, find_program, run_tool

try:
    import dkim
except ImportError:
    raise StageError("python3-dkim is not there: install the Debian package python3-dkim") from None

OPENDKIM_CONF = """
Mode v
Nameservers 127.0.0.1@{port}
ResolverConfiguration {unbound}
AlwaysAddARHeader yes
AuthservID verifier.example
On-Default accept
MaximumHeaders 0
MaximumSignaturesToVerify 10
"""


@dataclass(frozen=True)
class Verdict:
    """What one verifier says about one signature."""

    verifier: str
    domain: str
    selector: str
    algorithm: str
    good: bool
    words: str = ""

    @property
    def name(self):
        return f"{self.domain}/{self.selector}"

    def __str__(self):
        return (f"{self.verifier}: {self.algorithm} {self.name} "
                f"{'pass' if self.good else 'FAIL'}{' ' + self.words if self.words else ''}")


def signatures(message):
    """The tags of every DKIM-Signature, top to bottom."""
    header = message.split(b"\r\n\r\n", 1)[0] + b"\r\n"
    found = re.findall(rb"(?mi)^dkim-signature:((?:[^\r\n]|\r\n[ \t])*)", header)
    return [tags_of(value.decode("utf-8", "replace")) for value in found]


def tags_of(text):
    """tag=value; ... as a dictionary, white space inside values removed."""
    tags = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags[name.strip()] = re.sub(r"\s+", "", value)
    return tags


class Verifiers:
    """Both verifiers, set up once per stage."""

    def __init__(self, stage, zones):
        self.stage = stage
        self.zones = zones
        self.opendkim = find_program("opendkim", "opendkim")
        unbound = stage.write("verify/unbound.conf", "server:\n  do-not-query-localhost: no\n")
        self.conf = stage.write("verify/opendkim.conf",
                                OPENDKIM_CONF.format(port=zones.port, unbound=unbound))
        self.count = 0

    def python(self, message, domain=None):
        """One verdict per signature (of one domain), top to bottom."""
        verdicts = []
        for index, tags in enumerate(signatures(message)):
            if domain is not None and tags.get("d") != domain:
                continue
            try:
                good = dkim.DKIM(message).verify(idx=index, dnsfunc=self._lookup)
                words = ""
            except dkim.DKIMException as error:
                good, words = False, str(error)
            verdicts.append(Verdict("python3-dkim", tags.get("d", "?"), tags.get("s", "?"),
                                    tags.get("a", "?"), bool(good), words))
        return verdicts

    def _lookup(self, name, timeout=5):
        return self.zones.txt(name, timeout)

    def by_opendkim(self, message):
        """One verdict per signature, in the order of opendkim's report (top to bottom)."""
        self.count += 1
        path = self.stage.write(f"verify/message-{self.count}.eml", message)
        done = run_tool([self.opendkim, "-x", self.conf, "-vvv", "-t", path], check=False, seconds=60)
        text = (done.stdout + done.stderr).decode("utf-8", "replace")
        verdicts = []
        for clause in re.sub(r"\([^()]*\)", "", text).split(";"):
            result = re.match(r"\s*dkim=(\w+)", clause)
            where = dict(re.findall(r"header\.(\w+)=([^\s;']+)", clause))
            if result and "d" in where:
                good = result.group(1) == "pass"
                verdicts.append(Verdict("opendkim", where["d"], where.get("s", "?"), where.get("a", "?"),
                                        good, "" if good else " ".join(clause.split())))
        if not verdicts and signatures(message):
            raise Failure(f"opendkim says nothing about the signatures: {text}")
        return verdicts

    def check(self, message, expected):
        """Both verifiers must pass exactly the signatures `expected` (domain/selector, once each)."""
        verdicts = self.python(message) + self.by_opendkim(message)
        bad = [str(v) for v in verdicts if not v.good]
        if bad:
            raise Failure("; ".join(bad) + "\n" + _header_of(message))
        for verifier in ("python3-dkim", "opendkim"):
            names = [v.name for v in verdicts if v.verifier == verifier]
            if sorted(names) != sorted(expected):
                raise Failure(f"{verifier} found {names}, expected {list(expected)}\n{_header_of(message)}")
        return verdicts


def _header_of(message):
    return message.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace")[:4000]
