"""Look-ups that take long, and the sessions beside them: whoever is quick is answered quickly.

The filter is tests/bench/stall_filter, our milter with a check that waits, since nothing in the daemon looks anything up
yet.  All figures are printed; what is judged is the median of several rounds.  Where more processes want to run than
there are processors, a burst may take as many times as long.
"""

import os
import signal
import time
from statistics import median

from stage.base import PATIENCE, Stage, StageError, wait_until
from stage.load import Load
from stage.process import state_of
from stage.suite import Group, expect
from stage.wire import Wire, frame

ROUNDS = 5
SLOW, QUICK = 50, 8
LOOKUP_MS = 500 if PATIENCE == 1 else 2000
BURST_MS = 50 if PATIENCE == 1 else 500  # the last quick answer of a burst; a sanitizer's threads start slowly
SECONDS = 4  # of load in a round


class Stalls:
    """The filter alone; `socket` as mtaload wants it."""

    def __init__(self, options):
        self.options = options
        self.stage = Stage("stalls", keep=options.keep)
        program = os.path.join(options.builddir, "tests/bench/stall_filter")
        if not os.access(program, os.X_OK):
            self.stage.close()
            raise StageError(f"{program} is not there: make tests/bench/stall_filter")
        self.path = self.stage.path("milter.sock")
        self.socket = f"unix:{self.path}"
        self.filter = self.stage.start("stall", [program, self.socket, str(LOOKUP_MS)])
        self.filter.wait_for(lambda: os.path.getsize(self.filter.out_path) > 0, 15, "the word ready")

    def report(self):
        return ""

    def close(self):
        self.stage.close()


group = Group("stalls", Stalls)


def load(w, *options):
    return Load(w.stage, w.options.builddir, w, *options)


def quick_p99_ms(w):
    """Eight sessions, a hundred messages a second between them."""
    totals = load(w, "--from", "quick@example.org", "--connections", QUICK, "--rate", 100, "--messages", 100 * SECONDS,
                  "--warmup", 20, "--size", "1K").totals()
    expect(totals["accepted"] == 100 * SECONDS, f"accepted: {totals}")
    return totals["eom_p99_us"] / 1000


def beside_slow_ones(w):
    slow = load(w, "--from", "slow@example.org", "--connections", SLOW, "--messages", 10 ** 6, "--duration", SECONDS + 3,
                "--size", "1K")
    try:
        time.sleep(1)  # until all of them have begun to wait
        return quick_p99_ms(w)
    finally:
        totals = slow.totals()
        expect(totals["messages"] > SLOW * 2 and totals["eom_p50_us"] > LOOKUP_MS * 1000,
               f"the slow ones were not slow: {totals}")


@group.case(f"slow look-ups on {SLOW} sessions: p99 of the others within twice the undisturbed one plus 20 ms")
def slow_lookups(w):
    alone, beside = [], []
    for _ in range(ROUNDS):
        alone.append(quick_p99_ms(w))
        beside.append(beside_slow_ones(w))
    print(f"p99 of {QUICK} quick sessions in ms: alone {median(alone):.1f} ({shown(alone)}), beside {SLOW} slow ones "
          f"{median(beside):.1f} ({shown(beside)})", flush=True)
    expect(median(beside) <= 2 * median(alone) + 20 * PATIENCE, "the quick ones wait behind the slow ones")


def shown(figures):
    return " ".join(f"{figure:.1f}" for figure in figures)


def message(sender):
    return (frame(b"M", sender + b"\0"), frame(b"R", b"<bob@example.net>\0"),
            frame(b"L", b"Subject\0 hello\0") + frame(b"N"))


def up_to_its_end(session, sender):
    mail, rcpt, header = message(sender)
    for command in (mail, rcpt):
        session.say(command)
        answer, _ = session.hear()
        expect(answer == b"c", f"answer {answer} to {command}")
    session.say(header)


def burst_ms(w, slow, quick):
    """All ends of message while the filter is stopped; (milliseconds until all quick ones are
    answered, processes that wanted a processor for each there is)."""
    for session in slow:
        up_to_its_end(session, b"<slow@example.org>")
    for session in quick:
        up_to_its_end(session, b"<quick@example.org>")
    before = crowd()
    os.kill(w.filter.pid, signal.SIGSTOP)
    wait_until(lambda: state_of(w.filter.pid) == "T", 5, "the filter to be stopped")
    for session in slow + quick:
        session.say(frame(b"E"))
    begin = time.monotonic()
    os.kill(w.filter.pid, signal.SIGCONT)
    for session in quick:
        session.hear()
    took = (time.monotonic() - begin) * 1000
    share = max(before, crowd())
    for session in slow:
        session.hear()
    return took, share


def crowd():
    """Runnable processes for each processor, this one aside; 1 where there are enough processors."""
    with open("/proc/stat", encoding="ascii") as stream:
        running = next(int(line.split()[1]) for line in stream if line.startswith("procs_running"))
    return max(1, (running - 1) / os.cpu_count())


@group.case(f"{SLOW} slow and {QUICK} quick ends of message at once on an idle pool: the quick ones within 50 ms")
def burst(w):
    sessions = [Wire(w.path) for _ in range(SLOW + QUICK)]
    try:
        rounds = [burst_ms(w, sessions[:SLOW], sessions[SLOW:]) for _ in range(ROUNDS + 4)]
    finally:
        for session in sessions:
            session.close()
    took, crowds = zip(*rounds)
    print(f"the last of {QUICK} quick answers after {median(took):.0f} ms ({shown(took)}); processes for each processor: "
          f"{shown(crowds)}", flush=True)
    expect(median(one / share for one, share in rounds) <= BURST_MS, f"milliseconds: {shown(took)}")
