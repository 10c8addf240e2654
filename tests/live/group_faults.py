"""What the machine may do to the daemon: every answer stays a defined one, and all is well again without help.

Descriptors, memory, syslog, clock, stopped processes, full disks.  EGRESS_LONG=1 stops processes for 30 s.
"""

import os
import re
import signal
import socket
import threading
import time

from stage.background import BackgroundGuard
from stage.base import LONG, PATIENCE, Failure, run_tool, wait_until
from stage.client import Client
from stage.faketime import JumpingClock
from stage.judge import attempt, expect_recovery, expect_rush_whole
from stage.load import Load, load
from stage.mail import Mail
from stage.mounts import SmallDisk, enter_private_mounts
from stage.process import address_space_kib, busy_share, descriptors_of, limit, state_of, workers_of
from stage.rush import Rush
from stage.suite import Group, expect, expect_equal
from stage.verify import signatures
from stage.world import ACME, World, enforcing

STOPPED = 30 if LONG else 5
COMMAND_TIMEOUT = 8
HOUR = 3600


class Faulty(World):
    """Postfix waits eight seconds for the daemon, so that a stop of thirty is longer."""

    def __init__(self, options):
        enter_private_mounts()
        super().__init__(options, "faults", "postfix", enforcing,
                         settings={"enable_long_queue_ids": "yes", "milter_command_timeout": f"{COMMAND_TIMEOUT}s",
                                   "milter_content_timeout": f"{COMMAND_TIMEOUT}s"})


group = Group("faults", Faulty)


def serving(w):
    """The one serving process."""
    return wait_until(lambda: len(workers_of(w.guard.child.pid)) == 1 and workers_of(w.guard.child.pid), 10,
                      "one serving process")[0]


@group.case("more sessions than descriptors: deferred, not spinning, and well again when they are gone")
def descriptors(w):
    w.guard.restart(enforcing(w))
    worker = serving(w)
    limit(worker, "nofile", descriptors_of(worker) + 8)
    held = []
    try:
        for _ in range(60):
            held.append(_idle_session(w))
        mail = Mail()
        reply, took = attempt(w, mail)
        expect(400 <= reply.code < 500, f"without a descriptor left the client was told: {reply.text}")
        expect(took < 2 * COMMAND_TIMEOUT * PATIENCE + 5, f"the client waited {took:.1f} s for: {reply.text}")
        w.sink.expect_none(mail.recipient)
        share = busy_share([w.guard.child.pid, *workers_of(w.guard.child.pid)], 3)
        expect(share < 0.3, f"{share:.0%} of a processor without work")
    finally:
        for stream in held:
            stream.close()
    expect_recovery(w)


def _idle_session(w):
    """A connection to the daemon on which nothing is ever said."""
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(5)
    stream.connect(w.guard.socket.split(":", 1)[1])
    return stream


@group.case("memory is out: every message is answered, none passes unsigned, and mail goes on")
def memory(w):
    """What libmilter cannot serve for want of a thread it leaves without an answer; the MTA defers that, too."""
    w.guard.restart(enforcing(w))
    load(w, "--messages", 50, "--connections", 4).totals()
    worker = serving(w)
    lines, kept = len(w.guard.lines()), len(w.sink.messages)
    is_over = threading.Event()
    rush = Rush(w.mta.smtp, 150, "memory", sessions=40, per_session=3, is_enough=is_over.is_set,
                make_mail=lambda: Mail(fields=[("X-Fill", "x" * 900)] * 300))
    limit(worker, "as", (address_space_kib(worker) + 4096) * 1024)
    runner = start_rush(rush, 240)
    wait_until(lambda: len(rush.refusals) > 3 or rush.error, 60, "messages that were not accepted")
    if worker in workers_of(w.guard.child.pid):
        limit(worker, "as", "unlimited")
    is_over.set()
    end_rush(rush, runner)
    expect_rush_whole(w, rush, lines, kept)
    print(f"{len(rush.accepted)} messages, {len(rush.refusals)} deferred and taken on retry", flush=True)
    expect_recovery(w)
    if "of our own" in w.guard.log().rsplit("egress-milter 0", 1)[-1]:
        wait_until(lambda: re.search(r"all \d+ of our own connections to libmilter are there", w.guard.log()), 70,
                   lambda: f"the daemon's own connections to be made anew: {w.guard.log()[-1500:]}")


def start_rush(rush, seconds):
    """In a thread; its failure is raised by end_rush()."""
    def run():
        try:
            rush.run(seconds)
        except Exception as error:
            rush.error = error
    runner = threading.Thread(target=run, daemon=True)
    runner.start()
    return runner


def end_rush(rush, runner):
    """Waits for its end."""
    runner.join(180 * PATIENCE)
    if rush.error or runner.is_alive():
        raise rush.error or Failure("the clients did not come to an end")


def background_guard(w, config=""):
    """A daemon of its own beside the world's, in the background, with a private syslog."""
    return BackgroundGuard(w.stage, w.options.builddir, enforcing(w, config)).start()


def told_as_lost(text):
    return sum(int(number) for number in re.findall(r"lines lost before this one, .*: (\d+)", text))


def line_count(text):
    return text.count(": verdict=accept ")


@group.case("syslog stalls: mail goes on at the same pace, lines come later, losses are told exactly")
def syslog_stalls(w):
    guard = background_guard(w)
    few, many = 300, 6000 if PATIENCE == 1 else 4000

    def burst(count):
        totals = Load(w.stage, w.options.builddir, guard, "--messages", count, "--connections", 4,
                      "--size", "1K").totals()
        expect_equal((totals["accepted"], totals["signatures"]), (count, 2 * count), "accepted messages, signatures")
        return totals

    burst(few)
    normal = burst(few * 3)
    wait_until(lambda: line_count(guard.log()) == 4 * few, 10, "the lines of an undisturbed log")
    guard.syslog.stall()
    stalled = burst(few * 3)
    share = stalled["elapsed_s"] / normal["elapsed_s"]
    expect(share < 2, f"a stalled syslog makes mail {share:.1f} times as slow")
    expect(stalled["eom_max_us"] < 1e6 * PATIENCE, f"somebody waited {stalled['eom_max_us'] / 1e6:.1f} s")
    expect(line_count(guard.log()) <= 4 * few + 1, "the receiver did not stall: the case proves nothing")
    guard.syslog.resume()
    wait_until(lambda: line_count(guard.log()) == 7 * few, 10,
               lambda: f"{7 * few} lines, of which the stall has {line_count(guard.log())} left")
    expect_equal(told_as_lost(guard.log()), 0, "lines told as lost")
    guard.syslog.stall()
    burst(many)  # more than any backlog keeps
    guard.syslog.resume()
    wait_until(lambda: line_count(guard.log()) + told_as_lost(guard.log()) >= 7 * few + many, 10,
               lambda: f"{7 * few + many} lines; there are {line_count(guard.log())}, and "
                       f"{told_as_lost(guard.log())} are told to be lost")
    expect_equal(line_count(guard.log()) + told_as_lost(guard.log()), 7 * few + many, "lines and lost lines")
    expect(told_as_lost(guard.log()) > 0, "no line was lost: the case proves nothing")
    guard.stop()


def signed_at(message):
    """The t= of our signatures."""
    return [int(tags["t"]) for tags in signatures(message.data)]


@group.case("the clock jumps an hour back and forward: signatures follow, nothing waits, the log goes on")
def clock_jumps(w):
    clock = JumpingClock(w.stage)
    w.guard.stop()
    w.guard.start(env=clock.env)
    worker = serving(w)
    with Client(w.mta.smtp) as client:  # one session sees it all
        for offset in (0, -HOUR, 0, HOUR, 0):
            clock.jump(offset)
            mail = Mail()
            begin, wall = time.monotonic(), time.time()
            client.mail(mail.sender)
            client.rcpt(mail.recipient)
            client.data(mail.data)
            expect(time.monotonic() - begin < 5 * PATIENCE, f"at {offset:+d} s mail took {time.monotonic() - begin:.1f} s")
            message = w.delivered(mail)
            if offset <= 0:  # a verifier takes no signature of the future
                w.verifiers.check(message.data, ACME)
            for stamp in signed_at(message):
                expect(abs(stamp - wall - offset) < 10, f"at {offset:+d} s t= is {stamp - wall:+.0f} s from now")
            line = w.line(mail)
            expect(float(line["t_ms"]) < 5000 * PATIENCE, f"the clock is in the line: {line.raw}")
    for offset in (HOUR, -HOUR, 0):
        clock.jump(offset)
        load(w, "--messages", 200, "--connections", 8, "--per-connection", 3).totals(seconds=30)
        expect_equal(w.guard.ctl_run("reload", check=False).returncode, 0, f"egressctl reload at {offset:+d} s")
        expect_equal(w.guard.ctl_run("health", check=False).returncode, 0, f"egressctl health at {offset:+d} s")
    expect_equal(workers_of(w.guard.child.pid), [worker], "serving processes")
    expect_equal(w.guard.stop(), 0, "exit code at TERM")
    w.guard.start()


def stop_and_continue(w, pids, seconds):
    """Mail keeps coming in while these processes are stopped; all of it is accepted in the end."""
    lines, kept = len(w.guard.lines()), len(w.sink.messages)
    is_over = threading.Event()
    rush = Rush(w.mta.smtp, 30, "stopped", sessions=6, per_session=4, is_enough=is_over.is_set)
    runner = start_rush(rush, seconds + 120)
    try:
        wait_until(lambda: rush.progress() > 0.2 or rush.error, 30, "mail to flow")
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: all(state_of(pid) == "T" for pid in pids), 5, "the processes to be stopped")
        time.sleep(seconds)  # what is tested is how long they are stopped
    finally:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass  # a watchdog may have replaced it
        before = len(rush.accepted)
    wait_until(lambda: len(rush.accepted) > before + 10 or rush.error, 30, "mail to flow again")
    is_over.set()
    end_rush(rush, runner)
    slow = [one for one in rush.refusals if one.ended - one.opened > 3 * COMMAND_TIMEOUT * PATIENCE + 10]
    expect(not slow, f"clients waited longer than their mail server may: {slow[:3]}")
    expect_rush_whole(w, rush, lines, kept)
    print(f"{len(rush.accepted)} messages, {len(rush.refusals)} deferred and taken on retry", flush=True)


@group.case(f"SIGSTOP of the serving process for {STOPPED} s: mail waits or is deferred, and goes on")
def child_stopped(w):
    w.guard.restart(enforcing(w))
    stop_and_continue(w, [serving(w)], STOPPED)
    serving(w)


@group.case(f"SIGSTOP of parent and child for {STOPPED} s: mail waits or is deferred, and goes on")
def both_stopped(w):
    w.guard.restart(enforcing(w))
    stop_and_continue(w, [w.guard.child.pid, serving(w)], STOPPED)
    serving(w)
    expect_equal(w.guard.ctl_run("health", check=False).returncode, 0, "health")


@group.case("disk full below sockets and configuration: mail flows, reload and restart give defined answers")
def disk_full(w):
    w.guard.stop()
    disk = SmallDisk(w.stage, w.guard.directory)
    try:
        w.guard.start(enforcing(w))
        with open(w.guard.config_path, "rb") as stream:
            whole = stream.read()
        disk.fill()
        for command, code in (("reload", 0), ("health", 1), ("status", 1)):
            done = w.guard.ctl_run(command, check=False)
            expect_equal(done.returncode, code, f"egressctl {command}: {done.stdout + done.stderr}")
            if command == "health":
                expect(b"the disk is full" in done.stdout and done.stdout.count(b"\n") == 1, f"health: {done.stdout}")
        expect_recovery(w)
        half = whole[:len(whole) // 2]  # what an editor leaves that finds no room
        with open(w.guard.config_path, "wb") as stream:
            stream.write(half)
        for number, words in enumerate((["reload"], ["restart"])):
            done = w.guard.ctl_run(*words, check=False)
            said = (done.stdout + done.stderr).decode()
            expect(done.returncode not in (0, 64) and w.guard.config_path in said,
                   f"egressctl {words[0]} with half a configuration ended {done.returncode}: {said}")
            expect(number or w.guard.child.is_running(), "the daemon ended")
            expect_recovery(w)
        disk.empty()
        with open(w.guard.config_path, "wb") as stream:
            stream.write(whole)
        disk.fill()
        for words in (["reload"], ["restart"]):
            done = w.guard.ctl_run(*words, check=False)
            expect_equal(done.returncode, 0, f"egressctl {words[0]}: {done.stdout + done.stderr}")
            expect_recovery(w)
        expect_equal(w.guard.stop(), 0, "exit code at TERM")
    finally:
        w.guard.stop()
        disk.close()
    w.guard.start(enforcing(w))
    expect_recovery(w)


@group.case("an empty configuration, left by an editor on a full disk, is no reason to let mail pass unsigned")
def emptied_configuration(w):
    w.guard.restart(enforcing(w))
    with open(w.guard.config_path, "rb") as stream:
        whole = stream.read()
    w.stage.write(f"{w.guard.name}/egress-milter.conf", b"")
    done = w.guard.ctl_run("reload", check=False)
    try:
        expect(done.returncode != 0, f"an empty file was taken: {done.stdout + done.stderr}")
        expect_recovery(w)
    finally:
        w.stage.write(f"{w.guard.name}/egress-milter.conf", whole)
    run_tool([w.guard.ctl, "-c", w.guard.config_path, "reload"])
    expect_recovery(w)
