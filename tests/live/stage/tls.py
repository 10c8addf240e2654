"""A certificate for the stage's servers: self-signed, a day long."""

import os

from stage.base import find_program, run_tool


def self_signed(stage, hostname):
    """(certificate, key) paths; made once per stage and name."""
    certificate, key = stage.path(f"{hostname}.crt"), stage.path(f"{hostname}.key")
    if not os.path.exists(certificate):
        run_tool([find_program("openssl", "openssl"), "req", "-x509", "-nodes", "-days", "1", "-newkey", "ec",
                  "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", f"/CN={hostname}",
                  "-keyout", key, "-out", certificate])
    return certificate, key
