"""Restarts, reloads and kills under load: no message lost, none doubled, none unsigned, none unlogged.

In the long form (EGRESS_LONG=1) with the counts of the requirement, in the short form with fewer of everything.
"""

import json
import time
from collections import Counter

from stage.base import LONG, PATIENCE, Failure, wait_until
from stage.disturbance import Disturbance, new_seed
from stage.judge import expect_logged, expect_rush_whole
from stage.load import load
from stage.process import is_sanitized, memory_kib, raise_descriptors, workers_of
from stage.rush import Rush
from stage.suite import Group, expect, expect_equal
from stage.world import ACME, World, enforcing

MESSAGES = 10000 if LONG else 1500 if PATIENCE == 1 else 500
RESTARTS, RELOADS, KILLS = (20, 50, 10) if LONG else (4, 10, 2)
SESSIONS = 10
# What is done takes its time: the load of mtaload goes on for as long.
RATE = MESSAGES / (1.5 * RESTARTS + 0.4 * RELOADS + 3 * KILLS) / min(PATIENCE, 2)
# No greeting and no message takes longer, whatever is done to the daemon: less than one of libmilter's polls.
SLOWEST = 3.0 * PATIENCE
VERIFIED = MESSAGES if LONG else 300
IDLE = 3000
# Of parent and child together, for a session that has said HELO and waits.
IDLE_KIB = 4.0


class Endurance(World):
    """Queue ids are the long ones, so that none comes twice."""

    def __init__(self, options):
        raise_descriptors(2 * IDLE + 1000)
        super().__init__(options, "endurance", "postfix", enforcing, settings={"enable_long_queue_ids": "yes"})


group = Group("endurance", Endurance)


def disturb(w):
    """What is to be done to the daemon; the seed plays it again."""
    seed = new_seed()
    print(f"EGRESS_SEED={seed}", flush=True)
    return seed, Disturbance(w.guard, seed, RESTARTS, RELOADS, KILLS)


def expect_undisturbed(disturbance):
    """Every restart and reload said that it succeeded, and all of them were made."""
    expect(not disturbance.faults, "\n".join(disturbance.faults))
    expect_equal(Counter(event for event, _, _ in disturbance.done),
                 Counter({"restart": RESTARTS, "reload": RELOADS, "kill": KILLS}), "what was done")


def expect_only_killed(disturbance, failures, sessions):
    """Only sessions that were open when a process was killed may fail, each once."""
    kills = disturbance.kills()
    for failure in failures:
        if not any(failure.opened <= end and failure.ended >= begin for begin, end in kills):
            near = [f"{event} {failure.ended - begin:.2f} s before" for event, begin, _ in disturbance.done
                    if abs(begin - failure.ended) < 5]
            raise Failure(f"no process was killed during this session: {failure}; near: {near}")
    expect(len(failures) <= len(kills) * sessions,
           f"{len(failures)} failures of {sessions} sessions at {len(kills)} kills: {failures[:5]}")


def expect_one_worker(w):
    """Those that were taken over from end when their sessions are gone."""
    wait_until(lambda: len(workers_of(w.guard.child.pid)) == 1, 20,
               lambda: f"one serving process, there are {workers_of(w.guard.child.pid)}")


@group.case(f"{MESSAGES} messages through Postfix, {RESTARTS} restarts, {RELOADS} reloads, {KILLS} kill -9")
def through_postfix(w):
    lines, kept = len(w.guard.lines()), len(w.sink.messages)
    seed, disturbance = disturb(w)
    rush = Rush(w.mta.smtp, MESSAGES, seed, SESSIONS, is_enough=lambda: disturbance.is_over())
    disturbance.start(rush.progress)
    rush.run(seconds=900 if LONG else 200)
    expect_undisturbed(disturbance)
    expect_only_killed(disturbance, rush.refusals, SESSIONS)
    expect_rush_whole(w, rush, lines, kept, VERIFIED)
    expect_one_worker(w)
    print(f"{len(rush.accepted)} messages, {len(rush.refusals)} deferred and taken on retry, the slowest took "
          f"{rush.slowest:.2f} s", flush=True)
    expect(rush.slowest < SLOWEST, f"somebody waited {rush.slowest:.1f} s")


@group.case(f"{MESSAGES} messages of mtaload, {RESTARTS} restarts, {RELOADS} reloads, {KILLS} kill -9")
def through_mtaload(w):
    lines = len(w.guard.lines())
    _, disturbance = disturb(w)
    run = load(w, "--messages", MESSAGES, "--rate", RATE, "--connections", SESSIONS, "--per-connection", 6,
               "--size", "2K", "--retry", attempts=True)
    disturbance.start(lambda: run.ended() / MESSAGES if run.is_running() else 1)
    totals = run.totals(seconds=900)
    end = time.monotonic()
    wait_until(disturbance.is_over, 60, "the end of what was done")
    expect_undisturbed(disturbance)
    late = [event for event, begin, _ in disturbance.done if begin > end]
    expect(len(late) <= len(disturbance.done) // 4, f"the load was over before {late}")
    attempts = run.attempts()
    failed = [attempt for attempt in attempts if attempt.outcome != "accepted"]
    expect_only_killed(disturbance, failed, SESSIONS)
    accepted = [attempt for attempt in attempts if attempt.outcome == "accepted"]
    expect_equal((len(accepted), totals["accepted"]), (MESSAGES, MESSAGES), "accepted messages")
    for attempt in accepted:
        expect_equal(attempt.signatures, len(ACME), f"signatures of {attempt}")
    expect_logged(w, lines, [attempt.queue_id for attempt in accepted], len(failed))
    expect_one_worker(w)
    print(f"{len(accepted)} messages, {len(failed)} attempts failed and were repeated", flush=True)


def grows(kept):
    """More KiB after the last time than after the one before; each thread has a heap of its own, that of one is 1 MiB."""
    return kept[-1] >= kept[-2] * 1.05 + 1024


@group.case(f"{IDLE} idle sessions and a load beside them: memory per session, no failure")
def idle_sessions(w):
    """Again and again: what libc keeps for itself after a time or two must do for the next; a leak never does."""
    w.guard.restart(enforcing(w, f"ceilings = {{ connections = {IDLE + 100}; }};\n"))
    count = 600 if PATIENCE == 1 else 100
    pids = [w.guard.child.pid, *workers_of(w.guard.child.pid)]
    load(w, "--messages", count, "--connections", 8).totals()  # what a first message needs is there
    kept = []
    while len(kept) < 2 or grows(kept) and len(kept) < 5:
        totals = load(w, "--messages", count, "--connections", 8, "--idle", IDLE, "--memory",
                      "--pid", w.guard.child.pid).totals(seconds=300)
        expect_equal((totals["accepted"], totals["signatures"]), (count, 2 * count), "accepted messages, signatures")
        kept.append(memory_kib(*pids))
        if len(kept) == 1:
            per_session = (_memory(totals, "idle") - _memory(totals, "start")) / IDLE
    print(f"{per_session:.2f} KiB per idle session; {kept} KiB kept after them", flush=True)
    if not is_sanitized(w.guard.program):  # its memory is its own
        expect(per_session < IDLE_KIB, f"{per_session:.2f} KiB per idle session")
        expect(not grows(kept), f"{kept} KiB after each time")
    expect_equal(workers_of(w.guard.child.pid), pids[1:], "serving processes")


@group.case(f"{IDLE} idle sessions are more than ceilings.connections: mail is deferred at once, and goes on after them")
def overload(w):
    w.guard.restart(enforcing(w))
    crowd = load(w, "--idle", IDLE, "--connections", 1, "--rate", 0.01)  # holds them until it is stopped
    wait_until(lambda: counter(w, "connections_open") >= IDLE, 60, "the sessions to be open")
    run = load(w, "--messages", 50, "--connections", 4, attempts=True)
    totals = run.totals()
    expect_equal((totals["deferred"], totals["accepted"]), (50, 0), "deferred and accepted messages")
    slowest = max(attempt.ended - attempt.begun for attempt in run.attempts())
    expect(slowest < 1 * PATIENCE, f"a client waited {slowest:.2f} s to hear of it")
    expect(counter(w, "overload") >= 50, f"overload in egressctl status: {counter(w, 'overload')}")
    crowd.stop()
    wait_until(lambda: counter(w, "connections_open") < 10, 60, "the sessions to be closed")
    totals = load(w, "--messages", 50, "--connections", 4).totals()
    expect_equal((totals["accepted"], totals["signatures"]), (50, 100), "accepted messages, signatures")


def counter(w, name):
    return json.loads(w.guard.ctl_run("--json", "status", check=False).stdout)["counters"][name]


def _memory(totals, when):
    return totals[f"{when}_anonymous_kib"] + totals[f"{when}_shared_dirty_kib"]
