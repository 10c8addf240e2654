"""A user of the machine who tries every nameless unix socket there is, and claims somebody's login.

Run as a program it is that user: connects as soon as a name appears in /proc/net/unix, negotiates at once or a moment
later, and tells as JSON what it came to when its input ends.
"""

import json
import os
import random
import re
import select
import socket
import subprocess
import sys
import time

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from stage.wire import OFFER, frame, opening  # noqa: E402  (the path comes first)

AUTOBOUND = re.compile(rb"@([0-9a-f]{5})$", re.M)  # what Linux calls a socket bound to nothing
AT_ONCE = 40  # connections it keeps
LATER_S = 0.05


class Stranger:
    """That user in a process of its own, as long as the `with` lasts; then `result` says what it came to."""

    def __init__(self, uid=1):
        self.argv = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", sys.executable,
                     os.path.abspath(__file__)]
        self.result = None

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        said, _ = self.process.communicate(timeout=30)
        self.result = json.loads(said)


LETTER = (opening() + frame(b"D", b"M{auth_authen}\0alice\0{auth_type}\0plain\0")
          + frame(b"M", b"<alice@acme.example>\0") + frame(b"R", b"<bob@away.example>\0")
          + frame(b"L", b"From\0 alice@acme.example\0") + frame(b"N") + frame(b"B", b"hello\r\n") + frame(b"E"))


class Attempt:
    def __init__(self, name):
        self.stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.stream.setblocking(False)
        self.stream.connect(b"\0" + name)
        self.speaks_at = time.monotonic() + random.choice((0, random.random() * LATER_S))
        self.has_spoken = False

    def speak(self, now):
        if not self.has_spoken and now >= self.speaks_at:
            self.has_spoken = True
            self.stream.send(OFFER + LETTER)


def names():
    with open("/proc/net/unix", "rb") as stream:
        return set(AUTOBOUND.findall(stream.read()))


def step(attempts, result):
    """Who may speak does; who was answered or dropped is counted and gone."""
    now = time.monotonic()
    for attempt in list(attempts):
        try:
            attempt.speak(now)
            said = attempt.stream.recv(65536)
        except BlockingIOError:
            continue
        except OSError:
            said = b""
        result["answered" if said else "dropped"] += 1
        result["signed"] += b"DKIM-Signature" in said
        attempt.stream.close()
        attempts.remove(attempt)


def main():
    attempts, result = [], {"sockets": 0, "connected": 0, "answered": 0, "dropped": 0, "signed": 0}
    seen = set()
    while not select.select([sys.stdin], [], [], 0)[0]:
        for name in names():
            if len(attempts) >= AT_ONCE:
                break
            try:
                attempts.append(Attempt(name))
            except OSError:
                continue  # full, gone, or of another kind
            seen.add(name)
            result["connected"] += 1
        step(attempts, result)
    result["sockets"] = len(seen)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
