"""Verifies messages with dkimpy, all in one process.

Standard input: lines "record NAME TXT", then for each message a line "message SIZE NAME" and SIZE octets, its topmost
DKIM-Signature being the one in question. Prints every message that does not verify; ends with 1 when there is one (or
none were read), with 77 where dkimpy is absent.
"""
import sys

try:
    import dkim
    import nacl.signing  # noqa: F401  dkimpy needs it for Ed25519 and says so only when asked to verify
except ImportError as why:
    print(f"SKIP: {why}")
    sys.exit(77)


def verify(message, records):
    def lookup(name, timeout=5):
        return records.get(name.rstrip(b"." if isinstance(name, bytes) else "."))

    try:
        return None if dkim.verify(message, dnsfunc=lookup, minkey=1024) else "does not verify"
    except Exception as why:  # whatever stops a verifier stops a receiver
        return f"{type(why).__name__}: {why}"


def main():
    stream = sys.stdin.buffer
    records, count, invalid = {}, 0, 0
    while line := stream.readline():
        word, first, rest = line.rstrip(b"\n").split(b" ", 2)
        if word == b"record":
            records[first] = rest
            records[first.decode()] = rest
            continue
        why = verify(stream.read(int(first)), records)
        count += 1
        if why is not None:
            invalid += 1
            print(f"{rest.decode(errors='replace')}: {why}")
    print(f"dkimpy: {count} verified, {invalid} invalid")
    return 1 if invalid > 0 or count == 0 else 0


sys.exit(main())
