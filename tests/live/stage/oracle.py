"""What another evaluator of SPF says: python3-spf, asking the stage's name server."""

import sys

from stage.base import StageError, run_tool

PROGRAM = """
import sys, dns.resolver, spf
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = ["127.0.0.1"], int(sys.argv[1])
dns.resolver.default_resolver = resolver
dns.resolver.get_default_resolver = lambda: resolver
print(spf.check2(i=sys.argv[2], s=sys.argv[3], h=sys.argv[4], timeout=10)[0])
"""


def spf_result(zones, address, sender, helo):
    """pass, fail, softfail, neutral, none, permerror, temperror."""
    done = run_tool(["/usr/bin/python3", "-c", PROGRAM, str(zones.port), address, sender, helo], check=False)
    if done.returncode != 0:
        raise StageError(f"python3-spf: {done.stderr.decode()[-500:]} ({sys.executable})")
    return done.stdout.decode().strip()
