"""A serving process that dies, once and again and again: pauses, closed connections, last words, recovery."""

import os
import re
import signal
import socket
import threading
import time

from stage.background import BackgroundGuard
from stage.base import PATIENCE, wait_until
from stage.breakable import WORDS, BreakableLibrary
from stage.judge import attempt, expect_recovery
from stage.load import Load
from stage.mail import Mail
from stage.process import busy_share, is_sanitized, workers_of
from stage.suite import Group, expect, expect_equal
from stage.world import World, enforcing

PAUSES = 3
# What a sanitizer says about a signal that was sent on purpose would look like a finding.
QUIET = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0:handle_abort=0:verify_asan_link_order=0",
         "TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") + " handle_segv=0 handle_abort=0"}

group = Group("crash", lambda options: World(options, "crash", "postfix", enforcing))


class Killer:
    """Ends every serving process as soon as it is seen, until it is stopped."""

    def __init__(self, guard):
        self.pid = guard.child.pid
        self.killed = set()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping.is_set():
            for pid in workers_of(self.pid):
                if pid not in self.killed:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass  # it did so by itself
                    self.killed.add(pid)
            time.sleep(0.002)

    def stop(self):
        self.stopping.set()
        self.thread.join()


def pause_lines(guard):
    """(which death, seconds of the pause) of every line that announces one."""
    return [(int(death), int(seconds)) for death, seconds in
            re.findall(r"died of .*; death (\d+) in a row: the next starts in (\d+) s", guard.log())]


def eof_after(guard):
    """Seconds until a new connection to the daemon is closed by it."""
    begin = time.monotonic()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(10 * PATIENCE)
        stream.connect(guard.socket.split(":", 1)[1])
        try:
            expect_equal(stream.recv(1), b"", "what a connection in a pause is told")
        except ConnectionResetError:
            pass  # closed as well
    return time.monotonic() - begin


@group.case("every new process is killed: pauses that grow, connections closed at once, and well again")
def crash_loop(w):
    w.guard.restart(enforcing(w))
    killer = Killer(w.guard)
    try:
        for number in range(1, PAUSES + 1):
            wait_until(lambda: len(pause_lines(w.guard)) >= number, 20 + 2 ** number, f"pause {number}")
            if workers_of(w.guard.child.pid):
                continue
            took = [eof_after(w.guard) for _ in range(5)]
            expect(max(took) < 0.2 * PATIENCE, f"in a pause connections stay open for {max(took):.2f} s")
            reply, waited = attempt(w, Mail())
            expect(400 <= reply.code < 500, f"in a pause the client was told: {reply.text}")
            expect(waited < 2 * PATIENCE, f"in a pause the client waited {waited:.1f} s for: {reply.text}")
            if number == PAUSES:  # the longest
                share = busy_share([w.guard.child.pid], 1)
                expect(share < 0.2, f"the parent uses {share:.0%} of a processor in a pause")
    finally:
        killer.stop()
    pauses = pause_lines(w.guard)
    seconds = [pause for _, pause in pauses]
    expect_equal(seconds, sorted(set(seconds)), "each pause longer than the one before, one line for each")
    deaths = len(re.findall(r"process \d+ of .* died of signal 9", w.guard.log()))
    expect_equal(deaths, len(killer.killed), "lines about deaths")
    expect(deaths <= 8 + len(pauses), f"{deaths} processes were started and killed")
    expect_recovery(w, seconds=seconds[-1] + 20)
    said = w.guard.ctl_run("health", check=False)
    expect_equal(said.returncode, 1, f"health soon after, which is a warning; it said {said.stdout}")
    print(f"pauses of {seconds} s after {deaths} deaths", flush=True)


@group.case("SIGSEGV of the serving process: replaced at once, its last words are in the log")
def segfault(w):
    w.guard.stop()
    w.guard.start(enforcing(w), env=QUIET)
    (worker,) = workers_of(w.guard.child.pid)
    os.kill(worker, signal.SIGSEGV)
    wait_until(lambda: workers_of(w.guard.child.pid) not in ([], [worker]), 10, "another process")
    expect_recovery(w)
    (line,) = re.findall(rf".*process {worker} of .*", w.guard.log())
    expect("died of signal 11" in line and "replaced at once" in line, f"about its end: {line}")
    if not is_sanitized(w.guard.program):  # that has words of its own
        expect("invalid memory access" in w.guard.log(), f"no last words:\n{w.guard.log()[-1000:]}")
    w.guard.restart(enforcing(w))


@group.case("a library aborts within a message: deferred, what it said is in syslog, and mail goes on")
def library_aborts(w):
    library = BreakableLibrary(w.stage)
    guard = BackgroundGuard(w.stage, w.options.builddir, enforcing(w)).start(env={**library.env, **QUIET})

    def load(*options):
        return Load(w.stage, w.options.builddir, guard, "--connections", 3, *options, attempts=True)
    expect_equal(load("--messages", 30).totals()["signatures"], 60, "signatures of a sound library")
    library.destroy()
    run = load("--messages", 30, "--retry")
    wait_until(lambda: any(one.outcome == "lost" for one in run.attempts()), 20, "a message that was lost")
    guard.syslog.wait(rf"process \d+ of .* died of signal 6 .*; last words: .*{re.escape(WORDS)}")
    library.mend()
    totals = run.totals(seconds=90)  # a pause may be under way
    expect_equal((totals["accepted"], totals["signatures"]), (30, 60), "accepted messages and signatures")
    told = [line for line in guard.syslog.text().splitlines() if "died of signal 6" in line]
    expect(all(WORDS in line for line in told), f"each death with its words: {told}")
    expect_equal(len([line for line in guard.syslog.text().splitlines() if WORDS in line]), len(told),
                 "lines with the words, one for each death")
    guard.stop()
