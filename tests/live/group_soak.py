"""A load at full rate for long: memory, descriptors and threads stay flat, and the end is clean.

Twenty seconds; in the long form (EGRESS_LONG=1) three hundred; or EGRESS_SOAK_SECONDS.
"""

import os
import re
import time

from stage.base import LONG, wait_until
from stage.load import load
from stage.process import (cpu_seconds, descriptors_of, is_sanitized, memory_kib, sanitizer_env, threads_of,
                           workers_of)
from stage.suite import Group, expect, expect_equal
from stage.world import World, enforcing

SECONDS = int(os.environ.get("EGRESS_SOAK_SECONDS", 300 if LONG else 20))
CONNECTIONS = 16
WARM_UP = 0.15  # of the time, before anything is compared
# libmilter starts a worker for what waits: at most one per connection, beside its own and ours.
THREADS = 2 * CONNECTIONS + 16  # a session that waits for DNS has a connection of our own beside it

group = Group("soak", lambda options: World(options, "soak", None, enforcing))


class Sample:
    """One look at parent and child."""

    def __init__(self, pids):
        self.memory = memory_kib(*pids)
        self.descriptors = sum(descriptors_of(pid) for pid in pids)
        self.threads = sum(threads_of(pid) for pid in pids)


def sampled(run, pids):
    """One a second while the load runs."""
    samples, due = [], time.monotonic()
    while run.is_running():
        samples.append(Sample(pids))
        due += 1
        time.sleep(max(0.0, due - time.monotonic()))
    return samples


def thirds(samples):
    """The first and the last third of what followed the warm-up."""
    rest = samples[int(len(samples) * WARM_UP) + 1:]
    third = len(rest) // 3
    expect(third >= 3, f"only {len(samples)} samples")
    return rest[:third], rest[-third:]


def most(samples, what):
    return max(getattr(sample, what) for sample in samples)


@group.case(f"{SECONDS} s at full rate: memory, descriptors and threads flat, one line for each message")
def flat(w):
    w.guard.stop()
    w.guard.start(env=sanitizer_env())
    pids = [w.guard.child.pid, *workers_of(w.guard.child.pid)]
    cpu = sum(cpu_seconds(pid) for pid in pids)
    run = load(w, "--messages", 10 ** 9, "--duration", SECONDS, "--connections", CONNECTIONS, "--per-connection", 50)
    samples = sampled(run, pids)
    totals = run.totals()
    cpu = sum(cpu_seconds(pid) for pid in pids) - cpu
    first, last = thirds(samples)
    print(f"{totals['messages'] / totals['elapsed_s']:.0f} messages/s, {cpu * 1e6 / totals['messages']:.0f} us CPU each; "
          + ", ".join(f"{what} {most(first, what)} then {most(last, what)}"
                      for what in ("memory", "descriptors", "threads")), flush=True)
    expect_equal((totals["accepted"], totals["signatures"]), (totals["messages"], 2 * totals["messages"]),
                 "accepted messages and signatures")
    expect_equal(workers_of(w.guard.child.pid), pids[1:], "serving processes")
    # A sanitizer's memory is its own; it looks for leaks in its own way, see below.
    expect(is_sanitized(w.guard.program) or most(last, "memory") <= most(first, "memory") * 1.05 + 1024,
           f"memory in KiB: {[sample.memory for sample in samples]}")
    expect(abs(most(last, "descriptors") - most(first, "descriptors")) <= 2,
           f"descriptors: {[sample.descriptors for sample in samples]}")
    expect(most(samples, "threads") <= THREADS, f"threads: {[sample.threads for sample in samples]}")
    expect_equal(accepted_lines(w, totals["messages"]), totals["messages"], "lines")


def accepted_lines(w, wanted):
    """Counted without keeping them: there may be hundreds of thousands."""
    def count():
        with open(w.guard.child.err_path, "rb") as stream:
            return sum(b": verdict=accept " in line for line in stream)
    wait_until(lambda: count() >= wanted, 20, f"{wanted} lines")
    return count()


@group.case(f"{SECONDS} s of load, reloads, TERM, and nothing was leaked (LeakSanitizer in a build that has it)")
def clean_end(w):
    """As long as the load above. Run as nobody from its start: LeakSanitizer cannot look into a process that changed
    its user.

    The parent ends by exit(): with a leak its code would not be 0.
    """
    w.guard.stop()
    w.stage.own(w.guard.directory, "nobody", "nogroup")
    looks_for_leaks = is_sanitized(w.guard.program, ["asan"])
    w.guard.start(wrap=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
                  env=sanitizer_env(detect_leaks=1))
    run = load(w, "--messages", 10 ** 9, "--duration", SECONDS, "--connections", CONNECTIONS, "--per-connection", 7)
    reloads, due = 0, time.monotonic()
    while run.is_running():
        w.guard.reload()
        reloads, due = reloads + 1, due + SECONDS / 10
        time.sleep(max(0.0, due - time.monotonic()))
    totals = run.totals()
    print(f"{totals['messages']} messages and {reloads} reloads before the end", flush=True)
    expect_equal(totals["accepted"], totals["messages"], "accepted messages")
    expect_equal(w.guard.stop(), 0, "exit code at TERM")
    log = w.guard.log()
    found = re.search(r"ERROR: LeakSanitizer|LeakSanitizer has encountered", log)
    expect(not found and "LeakSanitizer reports leaks" not in log, lambda: log[-3000:])
    if looks_for_leaks:
        expect_equal(log.count("LeakSanitizer reports no leak"), 1, "looks for leaks of the serving process")
