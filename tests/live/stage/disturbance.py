"""Restarts, reloads and kills a running daemon at random moments while a load goes on.

The moments are drawn from a seed that is printed; EGRESS_SEED=N plays them again.  One thing is done at a time.
"""

import os
import random
import signal
import threading
import time

from stage.base import wait_until
from stage.process import workers_of

KILLS_APART = 2.5  # closer ones would be a crash loop, which has cases of its own


def new_seed():
    return int(os.environ.get("EGRESS_SEED") or random.SystemRandom().randrange(1 << 32))


class Disturbance:
    """`progress()` of the load goes from 0 to 1; all is done before 1 as far as the load lasts."""

    def __init__(self, guard, seed, restarts, reloads, kills):
        self.guard = guard
        self.rng = random.Random(seed)
        self.events = ["restart"] * restarts + ["reload"] * reloads + ["kill"] * kills
        self.rng.shuffle(self.events)
        self.points = sorted(self.rng.uniform(0.02, 0.95) for _ in self.events)
        self.pid = guard.child.pid
        self.done = []     # (event, when it began, when it was over)
        self.faults = []
        self.thread = None

    def start(self, progress):
        self.thread = threading.Thread(target=self._run, args=(progress,), daemon=True)
        self.thread.start()
        return self

    def is_over(self):
        return not self.thread.is_alive()

    def kills(self):
        return [(begin, end) for event, begin, end in self.done if event == "kill"]

    def _run(self, progress):
        for event, point in zip(self.events, self.points):
            while progress() < point:
                time.sleep(0.005)
            begin = time.monotonic()
            try:
                getattr(self, f"_{event}")()
            except Exception as error:  # whatever it is, the case has to hear of it
                self.faults.append(f"{event}: {error}")
            if event != "kill":
                self.done.append((event, begin, time.monotonic()))

    def _restart(self):
        done = self.guard.ctl_run("restart", check=False)
        if done.returncode != 0:
            self.faults.append(f"restart ended {done.returncode}: {(done.stdout + done.stderr).decode().strip()}")
        if not self.guard.child.is_running():
            self.faults.append(f"the daemon is no longer process {self.pid}")

    def _reload(self):
        if self.rng.random() < 0.5:
            os.kill(self.pid, signal.SIGHUP)
            return
        done = self.guard.ctl_run("reload", check=False)
        if done.returncode != 0:
            self.faults.append(f"reload ended {done.returncode}: {(done.stdout + done.stderr).decode().strip()}")

    def _kill(self):
        earlier = self.kills()
        if earlier:
            time.sleep(max(0.0, KILLS_APART - (time.monotonic() - earlier[-1][0])))
        workers = wait_until(lambda: workers_of(self.pid), 10, "a serving process")
        # First the one that serves, then any: also one that only finishes what it has, and is not replaced.
        victim = self.rng.choice(workers) if earlier else workers[-1]
        begin = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        self.done.append(("kill", begin, time.monotonic()))
        wait_until(lambda: set(workers_of(self.pid)) - {victim}, 10, "another serving process")
