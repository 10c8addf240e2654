"""Signing keys of the stage's domains, and the zones that publish them."""

import os

from stage.base import find_program, run_tool
from stage.zone import key_record


class Keys:
    """Makes keys below STAGE/keys/DOMAIN/SELECTOR.pem, readable for the daemon's user."""

    def __init__(self, stage, group="nogroup"):
        self.stage = stage
        self.group = group
        self.openssl = find_program("openssl", "openssl")
        self.records = {}
        os.makedirs(stage.path("keys"), exist_ok=True)
        self._permit(stage.path("keys"), 0o750)

    def _permit(self, path, mode):
        run_tool(["chgrp", self.group, path])
        os.chmod(path, mode)

    def path(self, domain, selector):
        return self.stage.path("keys", domain, f"{selector}.pem")

    def make(self, domain, selector, algorithm="rsa", bits=2048):
        """A new key pair, to be published for the domain; returns the file."""
        path = self.path(domain, selector)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._permit(os.path.dirname(path), 0o750)
        words = ["-algorithm", "ed25519"] if algorithm == "ed25519" else \
                ["-algorithm", "rsa", "-pkeyopt", f"rsa_keygen_bits:{bits}"]
        run_tool([self.openssl, "genpkey", *words, "-out", path])
        self._permit(path, 0o640)
        self.records.setdefault(domain, []).append(key_record(selector, path))
        return path

    def zones(self):
        """domain -> zone-file lines, as Zones wants them: the keys, and a place for bounces."""
        return {domain: ["@ IN MX 10 mx", "mx IN A 127.0.0.1", *lines] for domain, lines in self.records.items()}
