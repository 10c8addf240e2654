"""tests/bench/mtaload against a guard: a load without an MTA, and what became of each attempt."""

import json
import os
import subprocess

from stage.base import PATIENCE, Failure, StageError


class Attempt:
    """A line of mtaload --attempts; times are of the monotonic clock."""

    def __init__(self, line):
        self.queue_id, self.outcome, count, opened, begun, ended = line.split()
        self.signatures = int(count)
        self.opened, self.begun, self.ended = float(opened), float(begun), float(ended)

    def __repr__(self):
        return f"{self.queue_id} {self.outcome} {self.ended - self.opened:.2f} s after the session began"


class Load:
    """One run in the background; options as mtaload has them, e.g. Load(w, "--messages", 100)."""

    count = 0

    def __init__(self, stage, builddir, guard, *options, attempts=False):
        program = os.path.join(builddir, "tests/bench/mtaload")
        if not os.access(program, os.X_OK):
            raise StageError(f"{program} is not there: make tests/bench/mtaload")
        Load.count += 1
        self.attempts_path = stage.path(f"attempts-{Load.count}") if attempts else None
        argv = [program, "--socket", guard.socket, "--from", "alice@acme.example", "--json",
                "--timeout", str(int(60 * PATIENCE)), *options]
        if attempts:
            argv += ["--attempts", self.attempts_path]
            with open(self.attempts_path, "wb"):
                pass  # there from the beginning
        self.process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        stage.on_close(self.stop)

    def is_running(self):
        return self.process.poll() is None

    def stop(self):
        if self.is_running():
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def totals(self, seconds=120, code=0):
        """Waits for the end; the figures of the run."""
        try:
            said, _ = self.process.communicate(timeout=seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"mtaload went on for more than {seconds * PATIENCE:.0f} s") from None
        text = said.decode("utf-8", "replace")
        if self.process.returncode != code:
            raise Failure(f"mtaload ended {self.process.returncode}: {text[-1000:]}")
        return json.loads(text)

    def attempts(self):
        """Those that are written down so far; the last line may be under way."""
        with open(self.attempts_path, encoding="ascii") as stream:
            return [Attempt(line) for line in stream if line.endswith("\n")]

    def ended(self):
        """How many attempts have ended so far."""
        with open(self.attempts_path, "rb") as stream:
            return stream.read().count(b"\n")


def load(world, *options, attempts=False):
    """A load against the guard of a world."""
    return Load(world.stage, world.options.builddir, world.guard, *options, attempts=attempts)
