"""The parent at work: what it tells a service manager, children that crash or hang, who may ask, every way to end."""

import grp
import os
import re
import signal
import socket
import time

from stage import reports
from stage.base import PATIENCE, Failure, is_alive, run_tool, wait_until
from stage.daemon import HERE, LETTER, Yard
from stage.suite import Group, expect, expect_equal

SIGN_OF_LIFE_S = 4  # within so long a process gives its first
WATCHDOG_S = 8  # the shortest silence the daemon takes for one

group = Group("supervise", lambda options: Yard(options, "supervise"))


# --- the service manager -----------------------------------------------------------------------------------------------

@group.case("READY=1 comes when the socket answers, and not before")
def ready(y):
    daemon = y.daemon("unix", "inet")
    y.bring("slow")
    daemon.start("notify")
    wait_until(lambda: y.has_come("waiting"), 15, "the processes to wait")
    expect_equal(daemon.manager.states(), [], "told before anything answers")
    y.spare("slow")
    daemon.started()
    expect_equal(daemon.pid, daemon.child.pid, "it stays the process that was started")
    for spec in daemon.sockets:
        begin = time.monotonic()
        daemon.mail(spec)
        expect(time.monotonic() - begin < 2 * PATIENCE, f"{spec} answered late")
    expect("serving" in daemon.manager.heard[-1][1] and f"MAINPID={daemon.pid}" in daemon.manager.heard[-1][1],
           f"heard: {daemon.manager.heard}")
    daemon.end()
    expect_equal(daemon.manager.states(), ["READY", "STOPPING"], "states")
    expect(daemon.log().strip() == "", f"it wrote to its own outputs: {daemon.log()}")
    expect("egress-milter" in daemon.syslog.text(), "nothing in syslog")


@group.case("RELOADING=1 and READY=1 around HUP, egressctl reload, and a restart, taken or not")
def reloading(y):
    daemon = y.daemon("unix", "unix").run("notify")
    states = ["READY"]
    os.kill(daemon.pid, signal.SIGHUP)
    states += ["RELOADING", "READY"]
    daemon.manager.wait(states)
    daemon.ctl_run("reload")
    states += ["RELOADING", "READY"]
    daemon.manager.wait(states)
    reloading_text = [text for _, text in daemon.manager.heard if text.startswith("RELOADING=1")]
    expect(all(re.search(r"^MONOTONIC_USEC=\d+$", text, re.M) for text in reloading_text), f"heard {reloading_text}")
    daemon.configure("nonsense = 1;\n")
    os.kill(daemon.pid, signal.SIGHUP)
    states += ["RELOADING", "READY"]
    daemon.manager.wait(states)
    daemon.ask_restart(code=2)
    states += ["RELOADING", "READY"]
    daemon.manager.wait(states)
    daemon.configure("")
    y.bring("slow")
    asking = run_in_background(daemon, "restart")
    wait_until(lambda: y.has_come("waiting"), 15, "the new process to wait")
    states += ["RELOADING"]
    daemon.manager.wait(states)
    daemon.mail()
    y.spare("slow")
    expect_equal(asking(), 0, "exit code of restart")
    states += ["READY"]
    daemon.manager.wait(states)
    daemon.end()
    expect_equal(daemon.manager.states(), states + ["STOPPING"], "states")


def run_in_background(daemon, *words):
    """Starts egressctl; the returned function awaits its exit code."""
    child = daemon.stage.start(f"{daemon.name}-ctl", [daemon.ctl, "-c", daemon.config_path, *words])
    return lambda: child.wait(30)


@group.case("a child that dies in a reload does not leave the service manager waiting")
def dies_in_reload(y):
    daemon = y.daemon("unix").run("notify")
    (child,) = daemon.serving()
    os.kill(child, signal.SIGSTOP)
    os.kill(daemon.pid, signal.SIGHUP)
    daemon.manager.wait(["READY", "RELOADING"])
    os.kill(child, signal.SIGKILL)
    daemon.manager.wait(["READY", "RELOADING", "READY"])
    daemon.mail()
    daemon.end()


@group.case("WATCHDOG=1 in every half interval; none while a child is stopped for longer than the interval")
def watchdog(y):
    daemon = y.daemon("unix", "unix").run("notify", env={"WATCHDOG_USEC": str(WATCHDOG_S * 1000000)})
    wait_until(lambda: len(daemon.manager.signs()) >= 3, 3 * WATCHDOG_S, "three signs of life")
    check_pace(daemon.manager.signs())
    child = daemon.serving()[1]
    stopped = time.monotonic()
    os.kill(child, signal.SIGSTOP)
    try:
        wait_until(lambda: time.monotonic() - max(daemon.manager.signs()) > WATCHDOG_S, 4 * WATCHDOG_S,
                   "silence for a whole interval")
        expect(max(daemon.manager.signs()) - stopped >= WATCHDOG_S / 2, "it fell silent at once")
        check_pace([when for when in daemon.manager.signs() if when <= stopped])
    finally:
        os.kill(child, signal.SIGCONT)
    before = len(daemon.manager.signs())
    wait_until(lambda: len(daemon.manager.signs()) > before, 2 * WATCHDOG_S, "a sign of life again")
    expect_equal(daemon.serving()[1], child, "the process that was stopped for a while")
    for spec in daemon.sockets:
        daemon.mail(spec)
    daemon.end()


def check_pace(signs):
    gaps = [later - earlier for earlier, later in zip(signs, signs[1:])]
    expect(all(gap < WATCHDOG_S / 2 for gap in gaps), f"seconds between signs of life: {gaps}")


@group.case("WATCHDOG_PID of another process: no signs of life")
def other_watchdog(y):
    daemon = y.daemon("unix").run("notify", env={"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"})
    for _ in range(20):
        daemon.mail()
    wait_until(lambda: time.monotonic() - daemon.manager.heard[0][0] > 1, 5, "ten intervals")
    expect_equal(daemon.manager.signs(), [], "signs of life")
    daemon.end()


@group.case("with the capabilities that the unit leaves it: start, reload, restart, a crash, TERM")
def capabilities(y):
    with open(os.path.join(HERE, "../../contrib/systemd/egress-milter.service"), encoding="ascii") as stream:
        words = re.search(r"^CapabilityBoundingSet=(.*)$", stream.read(), re.M).group(1).split()
    kept = ",".join("+" + word.removeprefix("CAP_").lower() for word in words)
    daemon = y.daemon("unix", "inet").run(
        "notify", within=["setpriv", f"--bounding-set=-all,{kept}", "--inh-caps=-all", "--no-new-privs"])
    with open(f"/proc/{daemon.pid}/status", encoding="ascii") as stream:
        bounding = int(re.search(r"^CapBnd:\s*(\w+)$", stream.read(), re.M).group(1), 16)
    expect_equal(bounding.bit_count(), len(words), "capabilities that are left")
    daemon.ctl_run("reload")
    held = daemon.session()
    daemon.socket_mode = "0600"
    daemon.configure("")
    daemon.ask_restart()
    held.mail().close()
    daemon.await_serving(2)
    os.kill(daemon.serving()[0], signal.SIGKILL)
    daemon.wait_said("it is replaced at once")
    daemon.await_serving(2)
    for spec in daemon.sockets:
        daemon.mail(spec)
    expect("permitted" not in daemon.said(), f"not permitted: {daemon.said()}")
    daemon.end()
    expect(not os.path.exists(daemon.sockets[0].split(":", 1)[1]), "the socket is left")


@group.case("TERM while an answer is still to be written, by a thread that is not let run: the MTA gets it")
def late_answer(y):
    for end in ("TERM", "restart"):
        daemon = y.daemon("unix").run()
        session = daemon.session()
        session.begin()
        y.bring("late")
        session.send(LETTER)
        daemon.wait_said(": verdict=accept ")  # told and counted
        if end == "restart":
            daemon.ask_restart()
            os.kill(daemon.serving()[0], signal.SIGUSR2)  # as at TERM: no later than this transaction
        else:
            os.kill(daemon.pid, signal.SIGTERM)
        answers = session.hear("eom")
        expect(answers[-1].split()[1] in ("accept", "continue"), f"{end}: answers {answers}")
        expect(not y.has_come("late"), "the answer was not late: the case proves nothing")
        session.close()
        if end == "restart":
            daemon.end()
        else:
            expect_equal(daemon.child.wait(20), 0, "exit code at TERM")
        expect_equal(daemon.said().count(": verdict=accept "), 1, "lines")


# --- children that crash -----------------------------------------------------------------------------------------------

def deaths(daemon):
    return re.findall(r"process \d+ of .*", daemon.said())


@group.case("a child gets SIGSEGV: one line with signal and last words, a replacement, mail goes on")
def segv(y):
    reports.expect_one()
    daemon = y.daemon("unix", "inet").run("background")
    child = daemon.serving()[0]
    os.kill(child, signal.SIGSEGV)
    daemon.wait_said(f"process {child} of {daemon.sockets[0]} ")
    daemon.await_serving(2)
    (line,) = deaths(daemon)
    expect("; it is replaced at once" in line, f"line: {line}")
    if not y.is_sanitized:  # a sanitizer takes the signal, and has words of its own
        for words in ("died of signal 11 (", "last words: invalid memory access at no message | ", "egress-milter("):
            expect(words in line, f"{words!r} is not in: {line}")
    for spec in daemon.sockets:
        daemon.mail(spec)
    expect_equal(daemon.counters()["child_deaths"], 1, "counter of deaths")
    daemon.end()


@group.case("a library aborts at the end of a message: the line tells its queue id and what the library said")
def abort_at_work(y):
    reports.expect_one()
    daemon = y.daemon("unix").run("background")
    held = daemon.session()
    session = daemon.session()
    session.begin()
    y.bring("sign")
    try:
        session.finish()
        raise Failure("the message was finished by a process that died")
    except Failure as error:
        expect("closed" in str(error) or "ended" in str(error) or "not signed" in str(error), str(error))
    wait_until(lambda: deaths(daemon), 15, "a line about the death")
    (line,) = deaths(daemon)
    for words in ("died of signal 6 (Aborted); last words: ", "misfortune: a library that gives up"):
        expect(words in line, f"{words!r} is not in: {line}")
    if not y.is_sanitized:
        expect(re.search(r"abort at work on the end of 4Xk2v\w+ \| ", line), f"no message in: {line}")
    expect(line.endswith("; it is replaced at once"), f"line: {line}")
    daemon.await_serving(1)
    daemon.mail()
    held.close()
    daemon.end()


@group.case("a stack that overflows at the end of a message: the line tells its queue id")
def overflow_at_work(y):
    reports.expect_one()
    daemon = y.daemon("unix").run("background")
    session = daemon.session()
    session.begin()
    y.bring("overflow")
    session.send(LETTER)
    wait_until(lambda: deaths(daemon), 15, "a line about the death")
    (line,) = deaths(daemon)
    if not y.is_sanitized:  # a sanitizer has words of its own, and ends the process in its way
        for words in ("died of signal 11 (", "last words: invalid memory access at work on ", " of 4Xk2vScript1"):
            expect(words in line, f"{words!r} is not in: {line}")
    daemon.mail()
    daemon.end()


@group.case("a crash loop: pauses that grow, connections closed at once, one line for each death, recovery by itself")
def crash_loop(y):
    daemon = y.daemon("unix", "inet").run("background")
    first, second = daemon.sockets
    y.bring("stillborn")
    victim = [pid for pid in daemon.serving()][0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(deaths(daemon)) >= 4, 30, "four deaths")
    lines = deaths(daemon)[:4]
    expect(lines[0].endswith("replaced at once"), f"first: {lines[0]}")
    for line, seconds in zip(lines[1:], (1, 2, 4)):
        expect(f"the next starts in {seconds} s, until then connections are closed at once" in line, f"line: {line}")
        expect("misfortune: stillborn" in line, f"no last words: {line}")
    begin = time.monotonic()
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5 * PATIENCE)
        probe.connect(first.split(":", 1)[1])
        expect_equal(probe.recv(1), b"", "what a client gets in the pause")
    expect(time.monotonic() - begin < 1 * PATIENCE, "a client was left hanging")
    health = daemon.ctl_run("health", check=False)
    expect_equal(health.returncode, 2, f"health: {health.stdout}")
    expect(b"no process serves" in health.stdout, f"health: {health.stdout}")
    daemon.mail(second)  # the other socket has a process of its own
    y.spare("stillborn")
    daemon.await_serving(2)

    def answers():
        try:
            daemon.mail(first)
            return True
        except Failure:
            return False
    wait_until(answers, 15, "mail to be taken again")
    expect_equal(len(deaths(daemon)), daemon.counters()["child_deaths"], "lines about deaths")
    expect(daemon.counters()["turned_away"] >= 1, "nobody was counted as turned away")
    daemon.end()


def health(daemon):
    done = daemon.ctl_run("health", check=False)
    return done.returncode, done.stdout.decode()


@group.case("health and status know of a socket that is not the first: its crash loop, its recovery, its silence")
def other_sockets_health(y):
    daemon = y.daemon("unix", "inet").run("background")
    expect_equal(health(daemon)[0], 0, "health at first")
    y.bring("stillborn")
    victim = daemon.serving()[1]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(deaths(daemon)) >= 3, 30, "three deaths")
    code, said = health(daemon)
    expect_equal(code, 2, f"health in the pause; it said {said}")
    expect("1 of 2 sockets: no process serves there" in said, f"health said {said}")
    expect("1 of 2 sockets" in daemon.ctl_run("status", check=False).stdout.decode(), "status says nothing of it")
    expect_equal(daemon.counters()["sockets_unserved"], 1, "counter of sockets without a process")
    y.spare("stillborn")
    wait_until(lambda: health(daemon)[0] == 1, 20, lambda: f"health to be a warning, it is {health(daemon)}")
    expect("a process of the filter died" in health(daemon)[1], f"health said {health(daemon)}")
    daemon.mail(daemon.sockets[1])
    silent = daemon.await_serving(2)[1]
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() - begin > SIGN_OF_LIFE_S, 20, "a sign of life, after which silence is noticed")
    os.kill(silent, signal.SIGSTOP)
    try:
        wait_until(lambda: health(daemon)[0] == 2, 30, lambda: f"health to be critical, it is {health(daemon)}")
        expect("1 processes of the filter do not answer" in health(daemon)[1], f"health said {health(daemon)}")
    finally:
        os.kill(silent, signal.SIGCONT)
    wait_until(lambda: health(daemon)[0] == 1, 20, lambda: f"health to be a warning, it is {health(daemon)}")
    daemon.ask_restart()
    expect(health(daemon)[0] < 2, f"health after a restart: {health(daemon)}")
    daemon.end()


@group.case("a restart while no process serves: the parent says so; a TERM in the pause ends at once")
def ends_in_pause(y):
    daemon = y.daemon("unix").run("background")
    y.bring("stillborn")
    os.kill(daemon.serving()[0], signal.SIGKILL)
    wait_until(lambda: len(deaths(daemon)) >= 3, 30, "three deaths")
    daemon.ask_restart(code=2)
    begin = time.monotonic()
    daemon.end()
    expect(time.monotonic() - begin < 3 * PATIENCE, "TERM took long")
    expect(not os.path.exists(daemon.sockets[0].split(":", 1)[1]), "the socket is left")


# --- what changes on disk ----------------------------------------------------------------------------------------------

@group.case("a key that appears is used by itself; a reload that is refused is told once, and tried when the disk changes")
def key_directory(y):
    daemon = y.daemon("unix")
    directory = y.stage.path("keys")
    with open(daemon.config_path, encoding="utf-8") as stream:
        text = re.sub(r"domains = \(.*?\);\n", f'domains = "dir:{directory}";\n', stream.read(), flags=re.S)

    def configure(more=""):
        y.stage.write(f"{daemon.name}/egress-milter.conf", text + more)

    def domains():
        return daemon.ctl_run("status", check=False).stdout.decode()
    later = ("beta.example", "gamma.example", "delta.example")
    for domain in later:  # each is to appear at one moment
        y.keys.make(domain, "s1")
        os.rename(f"{directory}/{domain}", y.stage.path(domain))

    def appear(domain):
        os.rename(y.stage.path(domain), f"{directory}/{domain}")
    configure()
    daemon.run("background")
    appear("beta.example")
    wait_until(lambda: "beta.example signs" in domains(), 10, lambda: f"the key to be known: {domains()}")
    configure("nonsense = 1;\n")
    appear("gamma.example")
    daemon.wait_said("reload: configuration not taken")
    begin = time.monotonic()
    while time.monotonic() - begin < 5:  # two looks: it must stay silent
        daemon.mail()
    expect_equal(daemon.said().count("reload: configuration not taken"), 1, "refusals in the log")
    appear("delta.example")
    daemon.wait_said("reload: configuration not taken", 2)
    configure()
    wait_until(lambda: "gamma.example signs" in domains() and "delta.example signs" in domains(), 10,
               lambda: f"the keys to be known: {domains()}")
    daemon.end()


# --- who may ask -------------------------------------------------------------------------------------------------------

@group.case("the control socket: others are refused, the reading group may look but neither reload nor restart")
def rights(y):
    daemon = y.daemon("unix")
    daemon.control_more = 'read_group = "mail";'
    daemon.configure("")
    daemon.run("background")
    before = daemon.serving()

    def ask(user, group_name, *words):
        done = run_tool(["setpriv", f"--reuid={user}", f"--regid={group_name}", "--clear-groups", daemon.ctl,
                         "-c", daemon.config_path, *words], check=False)
        return done.returncode
    expect_equal([ask("daemon", "daemon", word) for word in ("status", "health", "reload", "restart")], [69] * 4,
                 "another user, whom the socket's mode keeps out")
    os.chmod(f"{daemon.directory}/control.sock", 0o666)
    expect_equal([ask("daemon", "daemon", word) for word in ("status", "health", "reload", "restart")], [77] * 4,
                 "another user, whom the daemon keeps out")
    mail = str(grp.getgrnam("mail").gr_gid)
    expect_equal([ask("daemon", mail, word) for word in ("status", "reload", "restart")], [0, 77, 77],
                 "the reading group")
    expect_equal(ask("nobody", "nogroup", "reload"), 0, "the daemon's own user")
    expect_equal(daemon.serving(), before, "processes")
    daemon.wait_said("reload: generation")
    expect_equal(daemon.said().count("reload: "), 1, "reloads in the log")
    expect("restart:" not in daemon.said(), "a restart in the log")
    daemon.end()


@group.case("in a pause the parent answers at the control socket, and whom the daemon keeps out it keeps out, too")
def rights_in_pause(y):
    daemon = y.daemon("unix").run("background")
    os.chmod(f"{daemon.directory}/control.sock", 0o666)
    y.bring("stillborn")
    os.kill(daemon.serving()[0], signal.SIGKILL)
    wait_until(lambda: len(deaths(daemon)) >= 4, 30, "four deaths")
    answers = {user: run_tool(["setpriv", f"--reuid={user}", f"--regid={group_name}", "--clear-groups", daemon.ctl,
                               "-c", daemon.config_path, "health"], check=False).returncode
               for user, group_name in (("daemon", "daemon"), ("nobody", "nogroup"), ("root", "root"))}
    expect_equal(answers, {"daemon": 77, "nobody": 2, "root": 2}, "what health ends with")
    y.spare("stillborn")
    daemon.end()


# --- every way to end --------------------------------------------------------------------------------------------------

def with_retired(y, how="foreground"):
    """A daemon after two restarts, each generation with a session open; (daemon, sessions)."""
    daemon = y.daemon("unix").run(how)
    sessions = []
    for _ in range(2):
        sessions.append(daemon.session().mail())
        daemon.ask_restart()
    sessions.append(daemon.session().mail())
    expect_equal(len(daemon.serving()), 3, "processes")
    return daemon, sessions


@group.case("TERM while processes of before have sessions: all end, a transaction is finished, exit 0")
def term_with_retired(y):
    daemon, sessions = with_retired(y)
    pids = daemon.serving()
    sessions[0].begin()
    os.kill(daemon.pid, signal.SIGTERM)
    wait_until(lambda: not any(is_alive(pid) for pid in pids[1:]), 15, "the idle ones to end")
    sessions[0].finish()
    expect_equal(daemon.child.wait(15), 0, "exit code")
    expect(not any(is_alive(pid) for pid in pids), "a process is left")


@group.case("TERM twice ends at once, though a transaction is open")
def term_twice(y):
    daemon, sessions = with_retired(y)
    pids = daemon.serving()
    for session in sessions:
        session.begin()
    begin = time.monotonic()
    os.kill(daemon.pid, signal.SIGTERM)
    wait_until(lambda: time.monotonic() - begin > 0.6, 5, "the second to be a second one")
    expect(all(is_alive(pid) for pid in pids), "a transaction was not waited for")
    os.kill(daemon.pid, signal.SIGTERM)
    expect_equal(daemon.child.wait(10), 0, "exit code")
    expect(time.monotonic() - begin < 5 * PATIENCE, "it took long")
    expect(not any(is_alive(pid) for pid in pids), "a process is left")


@group.case("TERM in the middle of a restart ends it all")
def term_in_restart(y):
    daemon = y.daemon("unix").run("foreground")
    session = daemon.session()
    y.bring("slow")
    asking = run_in_background(daemon, "restart")
    wait_until(lambda: y.has_come("waiting"), 15, "the new process to wait")
    pids = daemon.serving()
    session.begin()
    os.kill(daemon.pid, signal.SIGTERM)
    session.finish()
    y.spare("slow")
    expect_equal(daemon.child.wait(20), 0, "exit code")
    expect(asking() != 0, "the restart is said to have worked")
    expect(not any(is_alive(pid) for pid in pids), "a process is left")


@group.case("the parent is killed: its processes finish their transactions and end by themselves")
def parent_killed(y):
    for how in ("foreground", "background"):
        daemon, sessions = with_retired(y, how)
        pids = daemon.serving()
        sessions[0].begin()
        sessions[2].begin()
        os.kill(daemon.pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(pids[1]), 15, "the idle one to end")
        sessions[0].finish()
        sessions[2].finish()
        wait_until(lambda: not any(is_alive(pid) for pid in pids), 20, "all to end")
        daemon.run(how)  # the socket that was left is taken over
        daemon.mail()
        daemon.end()


@group.case("the parent alone is stopped for a while: its processes serve on, and afterwards all is well")
def parent_stopped(y):
    daemon = y.daemon("unix", "inet").run("notify", env={"WATCHDOG_USEC": str(WATCHDOG_S * 1000000)})
    pids = daemon.serving()
    victim, survivor = pids
    held = daemon.session(daemon.sockets[1]).mail()
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        while time.monotonic() - begin < 2 * WATCHDOG_S:
            for spec in daemon.sockets:
                daemon.mail(spec)
            expect_equal(daemon.ctl_run("health", check=False).returncode, 0, "health without the parent")
        expect(max(daemon.manager.signs(), default=begin) - begin < 1, "a sign of life of a parent that was stopped")
        os.kill(victim, signal.SIGKILL)  # nobody replaces it now
        held.mail()
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
    daemon.wait_said(f"process {victim} of {daemon.sockets[0]} died of signal 9 (Killed); it is replaced at once")
    before = len(daemon.manager.signs())
    wait_until(lambda: len(daemon.manager.signs()) > before, 2 * WATCHDOG_S, "a sign of life")
    daemon.await_serving(2)
    expect(survivor in daemon.serving(), "the process that lived was ended")
    held.mail().close()
    for spec in daemon.sockets:
        daemon.mail(spec)
    daemon.ctl_run("reload")
    daemon.ask_restart()
    daemon.await_serving(2)
    expect_equal(daemon.counters()["child_deaths"], 1, "deaths")
    daemon.end()


@group.case("a daemon that was stopped with its processes for a while blames nobody")
def stopped(y):
    daemon = y.daemon("unix").run("notify", env={"WATCHDOG_USEC": str(WATCHDOG_S * 1000000)})
    pids = [daemon.pid, *daemon.serving()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() - begin > WATCHDOG_S, 2 * WATCHDOG_S, "an interval")
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    before = len(daemon.manager.signs())
    wait_until(lambda: len(daemon.manager.signs()) > before, 2 * WATCHDOG_S, "a sign of life")
    daemon.mail()
    expect_equal([daemon.pid, *daemon.serving()], pids, "processes")
    daemon.end()
