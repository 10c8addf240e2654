"""One log of a machine, as its syslog would write it: the lines of an MTA and of the guard, in the order they came; and
the same lines as a journal.

The guard runs in the foreground and writes to stderr, Postfix writes a file of its own, Sendmail a private /dev/log; here
they come together in one file with the form of rsyslog, for whoever follows such a log.
"""

import re
import threading
import time

from stage.journal import Journal

HOST = "mx1"
POLL_SECONDS = 0.002
POSTFIX = re.compile(r"^(\w{3} [ \d]\d \d\d:\d\d:\d\d) \S+ (.*)$")
SENDMAIL = re.compile(r"^<\d+>(\w{3} [ \d]\d \d\d:\d\d:\d\d) (.*)$")
GUARD = re.compile(r"^egress-milter: (?:debug|info|notice|warning|err): (.*)$")


class _Tail:
    """Complete lines that were added to a file."""

    def __init__(self, path):
        self.path = path
        self.offset = 0

    def lines(self):
        try:
            with open(self.path, "rb") as stream:
                stream.seek(self.offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        end = data.rfind(b"\n") + 1
        self.offset += end
        return data[:end].decode("utf-8", "replace").splitlines()


class MailLog:
    """Follows the MTA's log and the guard's; `path` has both, and so has `journal`."""

    def __init__(self, stage, world, mta_path):
        self.path = stage.path("mail.log")
        self.journal = Journal(stage)
        self.world = world
        self.mta = _Tail(mta_path)
        self.guards = {}
        self.closing = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        stage.on_close(self.close)

    def _guard_lines(self):
        guard = self.world.guard
        if guard is None or guard.child is None:
            return []
        tail = self.guards.setdefault(guard.child.err_path, _Tail(guard.child.err_path))
        stamp = time.strftime("%b %d %H:%M:%S")
        found = (GUARD.match(line) for line in tail.lines())
        return [f"{stamp} {HOST} egress-milter[1]: {match.group(1)}" for match in found if match]

    def _mta_lines(self):
        found = (POSTFIX.match(line) or SENDMAIL.match(line) for line in self.mta.lines())
        return [f"{match.group(1)} {HOST} {match.group(2)}" for match in found if match]

    def _run(self):
        with open(self.path, "a", encoding="utf-8", buffering=1) as stream:
            while not self.closing:
                lines = self._guard_lines() + self._mta_lines()  # the guard speaks before the MTA goes on
                if lines:
                    stream.write("\n".join(lines) + "\n")
                    self.journal.write(lines)
                time.sleep(POLL_SECONDS)

    def close(self):
        self.closing = True
        self.thread.join(timeout=5)
