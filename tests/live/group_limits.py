"""Limits under load: exactly what may go goes, whatever happens to the processes meanwhile.

mtaload is the mail server; with --retry it sends again what was deferred or lost, the same letter. Each case has a
login of its own. What was counted is asked by one more message, whose line says it.
"""

import os
import re
import signal
import threading
import time
from collections import Counter
from functools import partial

from stage.base import LONG, PATIENCE, wait_until
from stage.client import become
from stage.disturbance import Disturbance, new_seed
from stage.load import Load, load
from stage.mail import Mail
from stage.process import workers_of
from stage.rush import Rush
from stage.suite import Group, expect, expect_equal
from stage.world import World, enforcing

CONNECTIONS = 64
LIMIT = 50
MESSAGES = 10000 if LONG else 1500 if PATIENCE == 1 else 500
WIDE = 100000
SHARED = 600
LOGINS, EACH = 500, 5

ROWS = """limits = (
  {{ name = "default"; count = "messages"; max = {wide}; per = "1d"; }},
  {{ name = "narrow"; count = "messages"; principal = [ "@narrow.example" ]; max = {limit}; per = "1d"; }},
  {{ name = "shared"; count = "messages"; principal = [ "@shared.example" ]; max = {shared}; per = "1d"; }},
  {{ name = "people"; count = "recipients"; principal = [ "@people.example" ]; max = {limit}; per = "1d"; }},
  {{ name = "few"; count = "messages"; principal = [ "@few.example" ]; max = {each}; per = "1d"; }}
);
"""


def rows(wide=WIDE):
    return ROWS.format(wide=wide, limit=LIMIT, shared=SHARED, each=EACH)


# Messages are signed, after they were charged: a process that is killed dies between the two, most of the time.
group = Group("limits", lambda options: World(options, "limits", "postfix", lambda w: enforcing(w, rows()),
                                              settings={"enable_long_queue_ids": "yes"}))


def run(w, login, *options, count):
    """A load of this many messages of a login; its totals."""
    return load(w, "--login", login, "--messages", count, "--size", "1K", *options).totals(seconds=200)


def used(w, login, limit="default"):
    """How much was counted before this one message, which must be let through."""
    client = become(login, w.mta.smtp)
    mail = Mail()
    client.send(mail.sender, mail.recipient, mail.data)
    client.close()
    found = re.search(rf"(?:^|,){limit}:(\d+)/\d+", w.line(mail)["limits"])
    return int(found.group(1)) - 1


def expect_passed(totals, passed, sent):
    """So many of those that were sent; the others were deferred, and nothing else happened."""
    expect_equal((totals["accepted"], totals["deferred"]), (passed, sent - passed), "let through, deferred")


def accepted(w, since, domain):
    """How many messages of each login of that domain were let through."""
    found = Counter()
    for line in w.guard.lines()[since:]:
        if line["verdict"] == "accept" and (line["user"] or "").endswith(f"@{domain}"):
            found[line["user"]] += 1
    return found


@group.case(f"{CONNECTIONS} connections of one login against {LIMIT}: exactly {LIMIT} are let through")
def one_login(w):
    for number in range(5):
        totals = run(w, f"a{number}@narrow.example", "--connections", CONNECTIONS, count=10 * CONNECTIONS)
        expect_passed(totals, LIMIT, 10 * CONNECTIONS)


@group.case(f"{CONNECTIONS} connections, 7 recipients each against {LIMIT}: seven messages, and one of one recipient")
def recipients(w):
    login = "a@people.example"
    totals = run(w, login, "--connections", CONNECTIONS, "--recipients", 7, count=4 * CONNECTIONS)
    expect_passed(totals, 7, 4 * CONNECTIONS)
    totals = run(w, login, "--connections", CONNECTIONS, count=4 * CONNECTIONS)
    expect_passed(totals, 1, 4 * CONNECTIONS)


@group.case(f"{LOGINS} logins in parallel: each exactly {EACH}")
def many_logins(w):
    since, count = len(w.guard.lines()), LOGINS * (EACH + 3)
    totals = run(w, "a@few.example", "--logins", LOGINS, "--connections", CONNECTIONS, count=count)
    expect_passed(totals, LOGINS * EACH, count)
    wait_until(lambda: len(w.guard.lines()) >= since + count, 20, "a line per message")
    found = accepted(w, since, "few.example")
    expect_equal((len(found), set(found.values())), (LOGINS, {EACH}), "logins, and what each got through")


@group.case("two sockets of one configuration share one account exactly")
def two_sockets(w):
    port = w.stage.ports.take()
    w.guard.stop()
    w.guard.configure(w.config(w))
    add_socket(w, port)
    w.guard.start()
    expect_equal(len(workers_of(w.guard.child.pid)), 2, "serving processes")
    second = type("Second", (), {"socket": f"inet:{port}@127.0.0.1"})
    by_each = [0, 0]
    for number in range(3):
        words = ("--login", f"two{number}@shared.example", "--messages", SHARED + 2 * LIMIT,
                 "--connections", CONNECTIONS // 2, "--size", "1K")
        loads = [Load(w.stage, w.options.builddir, guard, *words, "--rcpt", f"r{at}@away.example")
                 for at, guard in enumerate((w.guard, second))]
        each = [one.totals(seconds=200)["accepted"] for one in loads]
        expect_equal(sum(each), SHARED, f"let through by both; each {each}")
        print(f"two sockets: {each[0]:.0f} and {each[1]:.0f} of {SHARED}", flush=True)
        by_each = [sum(pair) for pair in zip(by_each, each)]
    expect(min(by_each) > LIMIT, f"one of them did all the work: {by_each}")
    w.guard.restart(w.config(w))


def add_socket(w, port):
    with open(w.guard.config_path, encoding="utf-8") as stream:
        text = stream.read()
    w.stage.write(f"{w.guard.name}/egress-milter.conf", text.replace(
        f'socket = "{w.guard.socket}";', f'socket = [ "{w.guard.socket}", "inet:{port}@127.0.0.1" ];'))


# --- what befalls the daemon ------------------------------------------------------------------------------------------

def kill_child(w):
    victim = workers_of(w.guard.child.pid)[-1]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: set(workers_of(w.guard.child.pid)) - {victim}, 15, "another serving process")


def kill_parent(w):
    """The child sees that and ends by itself; whoever supervises the daemon starts it anew."""
    w.guard.kill_parent()
    w.guard.start()


def kill_both(w):
    w.guard.kill_all()
    w.guard.start()


def restart(w):
    w.guard.restart()


def reload(w):
    """With another value each time, and back."""
    for wide in (WIDE + 1, WIDE):
        w.guard.configure(enforcing(w, rows(wide)))
        w.guard.reload()


def restart_in_place(w):
    w.guard.ctl_run("restart")


def survive(w, login, event, times):
    """Loads at full speed, in each of which this happens once; then exactly what was let through has been counted."""
    again = 0
    for number in range(times):
        one = load(w, "--login", login, "--messages", MESSAGES, "--connections", 32, "--per-connection", 20,
                   "--size", "1K", "--rcpt", f"r{number}@away.example", "--retry", attempts=True)
        wait_until(lambda run=one: run.ended() >= MESSAGES / 10, 60, "the load to begin")
        event(w)
        totals = one.totals(seconds=200)
        expect_equal(totals["accepted"], MESSAGES, "let through in the end")
        again += totals["again"]
    expect_equal(used(w, login), times * MESSAGES, "messages that were counted")
    print(f"{login}: {times * MESSAGES} let through, {again:.0f} sent again, {times * MESSAGES} counted", flush=True)


for name, event, times in (("kill -9 of the serving process", kill_child, 4), ("kill -9 of the parent", kill_parent, 3),
                           ("kill -9 of both", kill_both, 3), ("a stop and a start", restart, 3),
                           ("reloads with another value", reload, 3), ("restarts in place", restart_in_place, 3)):
    group.case(f"{times} x {MESSAGES} messages, {name}: exactly those that were let through are counted")(
        lambda w, event=event, times=times: survive(w, f"{event.__name__}@wide.example", event, times))


@group.case(f"{MESSAGES} messages, everything at once; then exactly {LIMIT} more fit")
def everything(w):
    """The second half asks the ledger in another way: what is left is exactly what may still go."""
    login, seed = "everything@wide.example", new_seed()
    print(f"EGRESS_SEED={seed}", flush=True)
    disturbance = Disturbance(w.guard, seed, 4, 8, 3)
    one = load(w, "--login", login, "--messages", MESSAGES, "--connections", 16, "--per-connection", 20, "--size", "1K",
               "--rate", MESSAGES / 25, "--retry", attempts=True)
    disturbance.start(lambda: one.ended() / MESSAGES if one.is_running() else 1)
    expect_equal(one.totals(seconds=200)["accepted"], MESSAGES, "let through in the end")
    wait_until(disturbance.is_over, 60, "the end of what was done")
    expect(not disturbance.faults, "\n".join(disturbance.faults))
    w.guard.configure(enforcing(w, rows(MESSAGES + LIMIT)))
    w.guard.reload()
    totals = run(w, login, "--connections", CONNECTIONS, "--rcpt", "other@away.example", count=5 * CONNECTIONS)
    expect_equal(totals["accepted"], LIMIT, "let through when so many were left")
    w.guard.configure(w.config(w))
    w.guard.reload()


@group.case("through Postfix, kills and restarts while clients send: exactly what was taken is counted")
def through_postfix(w):
    login, count, over = "rush@wide.example", MESSAGES // 4, threading.Event()
    rush = Rush(w.mta.smtp, count, seed=1, sessions=8, is_enough=over.is_set, open_client=partial(become, login))
    faults = []

    def send():
        try:
            rush.run(seconds=200)
        except Exception as error:  # the case has to hear of it
            faults.append(error)
    sender = threading.Thread(target=send, daemon=True)  # a daemon that is started here must outlive the thread
    begin = time.monotonic()
    sender.start()
    for number, event in enumerate((kill_child, restart_in_place, kill_both, kill_child, kill_parent)):
        wait_until(lambda at=number: faults or rush.progress() >= (at + 0.5) / 6, 120, "the rush to go on")
        event(w)
    over.set()
    sender.join(200 * PATIENCE)
    if faults:
        raise faults[0]
    broken = [refusal for refusal in rush.refusals if refusal.code == 0]
    expect(not broken, f"the mail server broke sessions: {broken[:3]}")
    expect_equal(used(w, login), len(rush.accepted), "messages that were counted")
    print(f"through Postfix: {len(rush.accepted)} taken in {time.monotonic() - begin:.0f} s, {len(rush.refusals)} "
          f"refusals, {len(rush.accepted)} counted", flush=True)
