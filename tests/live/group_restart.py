"""Restart in place: sessions go on, the new process serves, and whatever fails leaves the old one serving."""

import os
import pwd
import signal
import socket
import stat
import threading

from stage.base import Failure, is_alive, run_tool, wait_until
from stage.daemon import Yard
from stage.stranger import Stranger
from stage.suite import Group, expect, expect_equal

group = Group("restart", lambda options: Yard(options, "restart"))


def path_of(spec):
    return spec.split(":", 1)[1]


def goes_on(y, daemon, specs=None):
    """Two restarts of a running daemon with sessions open at every socket: nothing ends, nothing is lost."""
    specs = specs or daemon.sockets
    parent, old = daemon.pid, daemon.serving()
    expect_equal(len(old), len(specs), f"serving processes {old}")
    between = [daemon.session(spec).mail() for spec in specs]
    within = [daemon.session(spec) for spec in specs]
    for session in within:
        session.begin()
    said = daemon.ask_restart()
    expect("serves" in said, f"restart said: {said}")
    expect_equal(daemon.pid, parent, "the parent")
    expect(is_alive(parent), "the parent is gone")
    serving = daemon.serving()
    expect_equal([pid for pid in serving if pid in old], old, "the processes of before")
    expect_equal(len(serving), 2 * len(specs), f"processes {serving}")
    for pid in old:  # whoever serves now cannot be they
        os.kill(pid, signal.SIGSTOP)
    try:
        for spec in specs:
            daemon.mail(spec)
    finally:
        for pid in old:
            os.kill(pid, signal.SIGCONT)
    for session in within:
        session.finish()
    for session in between + within:
        session.mail()
    expect_equal(daemon.serving(), serving, "while sessions are open")
    for session in between + within:
        session.close()
    daemon.await_serving(len(specs))
    expect(not set(old) & set(daemon.serving()), "the processes of before still serve")
    daemon.ask_restart()
    daemon.await_serving(len(specs))
    for spec in specs:
        daemon.mail(spec)
    wait_until(lambda: daemon.counters()["connections_open"] == 0, 10, "no open connections")
    expect_equal([daemon.counters()[name] for name in ("restarts", "messages", "child_deaths")],
                 [2, 6 * len(specs), 0], "restarts, messages, deaths")


for how in ("foreground", "background", "notify"):
    for kinds in (("unix",), ("inet",)) if how != "background" else (("unix", "inet", "unix"), ("inet6",)):
        @group.case(f"sessions go on, {how}, {', '.join(kinds)}")
        def sessions_go_on(y, how=how, kinds=kinds):
            daemon = y.daemon(*kinds).run(how)
            goes_on(y, daemon)
            daemon.end()
            expect(not any(os.path.exists(path_of(spec)) for spec in daemon.sockets if spec.startswith("unix:")),
                   "a socket is left")


@group.case("sessions go on with a libmilter that does not know fd:")
def old_library(y):
    daemon = y.daemon("unix", "inet")
    y.bring("old-library")
    daemon.run("background")
    goes_on(y, daemon)
    daemon.end()


@group.case("a restart every moment under load loses nothing")
def under_load(y):
    daemon = y.daemon("unix").run("background")
    failures = []

    def drive():
        for _ in range(60):
            try:
                daemon.mail()
            except (Failure, OSError) as error:
                failures.append(str(error))
    threads = [threading.Thread(target=drive) for _ in range(3)]
    for thread in threads:
        thread.start()
    restarts = 0
    while any(thread.is_alive() for thread in threads):
        daemon.ask_restart()
        restarts += 1
    for thread in threads:
        thread.join()
    expect(restarts >= 2, f"{restarts} restarts only")
    expect_equal(failures, [], f"what failed in {restarts} restarts")
    daemon.await_serving(1)
    daemon.end()


@group.case("a user who finds the socket that libmilter begins with never gets past negotiation, at no start")
def stranger(y):
    daemon = y.daemon("unix")
    daemon.socket_mode = "0660"
    daemon.configure("")
    user = Stranger()
    with user:
        for _ in range(4):
            daemon.run("background")
            daemon.mail()
            for _ in range(5):
                daemon.ask_restart()
                daemon.await_serving(1)
                daemon.mail()
            os.kill(daemon.serving()[0], signal.SIGKILL)
            daemon.wait_said("it is replaced at once")
            daemon.await_serving(1)
            daemon.mail()
            daemon.end()
    print(f"a stranger: {user.result}", flush=True)
    expect(user.result["sockets"] >= 12, f"it found few of 28: {user.result}")
    expect_equal((user.result["answered"], user.result["signed"]), (0, 0), "answered, signed")
    expect("of our own" not in daemon.said(), f"its own connections suffered: {daemon.said()[-2000:]}")


# --- what fails --------------------------------------------------------------------------------------------------------

def comes_to_nothing(daemon, *words):
    """The restart fails with these words, who served before serves on, sessions too."""
    old = daemon.serving()
    session = daemon.session()
    session.begin()
    said = daemon.ask_restart(code=2)
    for word in words:
        expect(word in said, f"{word!r} is not in what it said: {said}")
    daemon.wait_said(words[0])
    daemon.wait_said("restart: it came to nothing")
    wait_until(lambda: daemon.serving() == old, 15, lambda: f"only {old} to serve, there are {daemon.serving()}")
    session.finish()
    session.close()
    for spec in daemon.sockets:
        daemon.mail(spec)


def works_again(daemon):
    old = daemon.serving()
    daemon.ask_restart()
    daemon.await_serving(len(daemon.sockets))
    expect(not set(old) & set(daemon.serving()), "the old process serves on")
    for spec in daemon.sockets:
        daemon.mail(spec)


@group.case("a broken configuration")
def broken_configuration(y):
    daemon = y.daemon("unix", "unix").run("background")
    daemon.configure('signing = { expire = "soon"; };\n')
    comes_to_nothing(daemon, f"{daemon.config_path}:", "expire")
    daemon.configure("")
    works_again(daemon)
    daemon.end()


@group.case("a broken program: garbage, one that crashes, one that is missing, one that cannot be run")
def broken_program(y):
    daemon = y.daemon("unix", "inet")
    path = y.own_program(daemon)
    daemon.run("background")
    for data, words in ((b"\x7fELF garbage", ("cannot run", path)),
                        (b"#!/bin/sh\necho oh dear >&2\nkill -SEGV $$\n", ("oh dear", "signal 11")),
                        (b"#!/bin/sh\nexit 3\n", ("code 3",)),
                        (b"#!/bin/sh\nexit 0\n", (path, "no egress-milter that can take over"))):
        y.replace_program(daemon, data)
        comes_to_nothing(daemon, *words)
    os.unlink(path)
    comes_to_nothing(daemon, "cannot run", path)
    with open(path, "wb") as stream:
        stream.write(b"no x bit")
    os.chmod(path, 0o644)
    comes_to_nothing(daemon, "cannot run", path)
    y.replace_program(daemon)
    works_again(daemon)
    daemon.end()


@group.case("a program that passes its check and whose processes die; twice, and then it works")
def stillborn(y):
    daemon = y.daemon("unix", "inet").run("background")
    for _ in range(2):
        y.bring("stillborn")
        comes_to_nothing(daemon, "misfortune: stillborn")
        y.spare("stillborn")
    works_again(daemon)
    expect_equal([daemon.counters()[name] for name in ("restarts", "restarts_failed", "child_deaths")], [1, 2, 0],
                 "counters of restarts, failed ones, deaths")
    daemon.end()


@group.case("one of the new processes serves when another dies: the sessions it has go on")
def one_serves_already(y):
    daemon = y.daemon("unix", "unix").run("background")
    old = daemon.serving()
    y.bring("doomed")
    asking = daemon.stage.start("asking", [daemon.ctl, "-c", daemon.config_path, "restart"])
    wait_until(lambda: y.has_come("waiting"), 15, "a new process to wait")
    for pid in old:  # so that whoever is new takes what comes
        os.kill(pid, signal.SIGSTOP)
    held = []
    try:
        threads = [threading.Thread(target=lambda spec=spec: held.append(daemon.session(spec).mail()), daemon=True)
                   for spec in daemon.sockets]
        for thread in threads:
            thread.start()
        wait_until(lambda: held, 15, "a session with a new process")
    finally:
        for pid in old:
            os.kill(pid, signal.SIGCONT)
    for thread in threads:
        thread.join()
    for session in held:
        session.begin()
    y.bring("doom")
    expect_equal(asking.wait(20), 2, "exit code of restart")
    for session in held:
        session.finish()
        session.mail()
    expect_equal(len(daemon.serving()), 3, "processes while sessions are open")
    for session in held:
        session.close()
    wait_until(lambda: daemon.serving() == old, 15, lambda: f"only {old} to serve, there are {daemon.serving()}")
    y.spare("doom")
    works_again(daemon)
    daemon.end()


@group.case("a program that passes its check and then finds no configuration")
def wrong_successor(y):
    daemon = y.daemon("unix")
    y.own_program(daemon)
    daemon.run("background")
    y.replace_program(daemon, (f'#!/bin/sh\n[ "$1" = -t ] && exec {daemon.whole} "$@"\n'
                               f'exec {daemon.whole} -c /nowhere/x.conf\n').encode())
    comes_to_nothing(daemon, "/nowhere/x.conf")
    expect(is_alive(daemon.pid), "the parent is gone")
    daemon.end()


@group.case("a program that passes its check and then takes over nothing: the daemon ends, and not as if it were told to")
def no_successor(y):
    daemon = y.daemon("unix")
    y.own_program(daemon)
    daemon.run("notify")
    y.replace_program(daemon, (f'#!/bin/sh\n[ "$1" = -t ] && exec {daemon.whole} "$@"\n'
                               f'EGRESS_MILTER_TAKEOVER=999 exec {daemon.whole} "$@"\n').encode())
    asking = daemon.ctl_run("restart", check=False)
    expect_equal(asking.returncode, 69, "exit code of restart")
    expect_equal(daemon.child.wait(20), 70, "exit code of the daemon")
    daemon.wait_said("the daemon ends")
    y.replace_program(daemon)
    daemon.run("notify")
    daemon.mail()
    daemon.end()


@group.case("two restarts at once: both are told the same outcome")
def two_at_once(y):
    daemon = y.daemon("unix").run("background")
    y.bring("slow")
    results = []
    threads = [threading.Thread(target=lambda: results.append(daemon.ctl_run("restart", check=False).returncode))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: y.has_come("waiting"), 15, "the new process to wait")
    daemon.mail()
    y.spare("slow")
    for thread in threads:
        thread.join()
    expect_equal(sorted(results), [0, 0], "exit codes")
    daemon.end()


# --- a changed configuration -------------------------------------------------------------------------------------------

def is_there(spec):
    """Does anything listen there?"""
    if spec.startswith("unix:"):
        return os.path.exists(path_of(spec))
    port, host = path_of(spec).split("@")
    with socket.socket(socket.AF_INET) as probe:
        return probe.connect_ex((host, int(port))) == 0


@group.case("another socket is opened, one is closed and its file goes, its sessions go on")
def other_sockets(y):
    daemon = y.daemon("unix", "inet", "unix").run("background")
    first, second, third = daemon.sockets
    daemon.sockets = [first]
    held = daemon.session(third)
    held.begin()
    daemon.configure("")
    daemon.ask_restart()
    wait_until(lambda: [is_there(spec) for spec in (first, second, third)] == [True, False, False], 10,
               "two sockets to go")
    daemon.mail(first)
    held.finish()
    held.mail().close()
    daemon.await_serving(1)
    daemon.sockets = [third, second, first]
    daemon.configure("")
    daemon.ask_restart()
    daemon.await_serving(3)
    for spec in daemon.sockets:
        daemon.mail(spec)
    daemon.end()
    expect(not any(is_there(spec) for spec in (first, second, third)), "a socket is left")


@group.case("another socket that cannot be had: the restart comes to nothing, the others serve")
def busy_port(y):
    daemon = y.daemon("unix").run("background")
    (first,) = daemon.sockets
    port = y.stage.ports.take()
    with socket.create_server(("127.0.0.1", port)):
        daemon.sockets = [f"inet:{port}@127.0.0.1", first]
        daemon.configure("")
        daemon.sockets = [first]
        comes_to_nothing(daemon, "in use", str(port))
    daemon.sockets = [f"inet:{port}@127.0.0.1", first]
    works_again(daemon)
    daemon.end()


@group.case("a restart with other sockets that comes to nothing leaves those of before, and the way back is open")
def other_sockets_in_vain(y):
    daemon = y.daemon("unix", "unix").run("background")
    first, second = daemon.sockets
    third = f"unix:{daemon.directory}/third.sock"
    y.bring("stillborn")
    daemon.sockets = [first, third]
    daemon.configure("")
    daemon.sockets = [first, second]
    comes_to_nothing(daemon, "misfortune: stillborn")
    expect(not is_there(third), "the new socket is still there, and nobody serves it")
    y.spare("stillborn")
    daemon.configure("")
    works_again(daemon)
    daemon.end()
    expect(not any(is_there(spec) for spec in (first, second, third)), "a socket is left")


@group.case("a restart with other sockets, mode and control socket comes to nothing, then a crash: all is as it was")
def other_sockets_then_crash(y):
    for misfortune in ("stillborn", "busy"):
        daemon = y.daemon("unix", "inet").run("background")
        specs, control = daemon.sockets, f"{daemon.directory}/control.sock"
        port = y.stage.ports.take()
        with socket.create_server(("127.0.0.1", port)):
            third = f"inet:{port}@127.0.0.1" if misfortune == "busy" else f"unix:{daemon.directory}/third.sock"
            daemon.sockets, daemon.socket_mode = [third, specs[1]], "0600"
            daemon.configure("")
            with open(daemon.config_path, encoding="utf-8") as stream:
                text = stream.read()
            y.stage.write(f"{daemon.name}/egress-milter.conf", text.replace("control.sock", "c2.sock"))
            daemon.sockets = specs
            y.bring(misfortune)
            comes_to_nothing(daemon, "misfortune: stillborn" if misfortune == "stillborn" else "in use")
            y.spare(misfortune)
        expect_equal(stat.S_IMODE(os.stat(path_of(specs[0])).st_mode), 0o666, "mode")
        expect(not os.path.exists(f"{daemon.directory}/c2.sock"), "the other control socket is there")
        for at, victim in enumerate(daemon.serving()):
            os.kill(victim, signal.SIGKILL)
            daemon.wait_said("it is replaced at once", at + 1)
            wait_until(lambda victim=victim: victim not in daemon.serving(), 10, "the end of a process")
            daemon.await_serving(2)
        for spec in specs:
            daemon.mail(spec)
        done = daemon.ctl_run("health", "--socket", control, check=False)
        expect(done.returncode in (0, 1), f"health ended {done.returncode}: {done.stdout} {done.stderr}")
        daemon.socket_mode = "0666"
        daemon.configure("")
        works_again(daemon)
        daemon.end()
        expect(not any(is_there(spec) for spec in (*specs, third)), "a socket is left")


@group.case("another mode, another user, then another control socket")
def other_access(y):
    user = pwd.getpwnam("daemon")
    daemon = y.daemon("unix").run("background")
    path, control = path_of(daemon.sockets[0]), f"{daemon.directory}/control.sock"
    run_tool(["chgrp", "-R", "daemon", y.stage.path("keys")])
    try:
        daemon.socket_mode, daemon.user = "0600", "daemon"
        daemon.configure("")
        daemon.ask_restart()
        expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")
        expect_equal([os.stat(each).st_uid for each in (path, control)], [user.pw_uid] * 2, "owner of the sockets")
        (child,) = daemon.await_serving(1)
        expect_equal(os.stat(f"/proc/{child}").st_uid, user.pw_uid, "user of the process")
        daemon.mail()
        with open(daemon.config_path, encoding="utf-8") as stream:
            text = stream.read()
        y.stage.write(f"{daemon.name}/egress-milter.conf", text.replace("control.sock", "c2.sock"))
        daemon.ask_restart()
        expect_equal(daemon.ctl_run("status", check=False).returncode, 0, "status at the other control socket")
        wait_until(lambda: not os.path.exists(control), 10, "the control socket of before to go")
        daemon.mail()
        daemon.end()
    finally:
        run_tool(["chgrp", "-R", "nogroup", y.stage.path("keys")])


@group.case("a socket whose file was removed is made anew")
def vanished_file(y):
    daemon = y.daemon("unix").run("background")
    held = daemon.session()
    os.unlink(path_of(daemon.sockets[0]))
    daemon.ask_restart()
    daemon.mail()
    held.mail().close()
    daemon.await_serving(1)
    daemon.end()


# --- handed over as systemd does ---------------------------------------------------------------------------------------

def listening(spec):
    if spec.startswith("unix:"):
        made = socket.socket(socket.AF_UNIX)
        made.bind(path_of(spec))
        os.chmod(path_of(spec), 0o666)
    else:
        port, host = path_of(spec).split("@")
        made = socket.socket(socket.AF_INET)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, int(port)))
    made.listen()
    return made


@group.case("sockets that were handed over: unix and inet, kept over restarts, never removed")
def handed_over(y):
    daemon = y.daemon("unix", "inet")
    os.makedirs(daemon.directory, exist_ok=True)
    passed = [listening(spec) for spec in reversed(daemon.sockets)]
    daemon.run("notify", passed=passed)
    goes_on(y, daemon)
    expect_equal(daemon.manager.states(), ["READY", "RELOADING", "READY", "RELOADING", "READY"], "told to the manager")
    daemon.end()
    expect(os.path.exists(path_of(daemon.sockets[0])), "the socket's file is gone")
    with socket.socket(socket.AF_UNIX) as probe:  # it is still the manager's: a start takes it again
        probe.connect(path_of(daemon.sockets[0]))
    daemon.run("foreground", passed=passed)
    daemon.mail()
    daemon.end()
    for each in passed:
        each.close()


@group.case("sockets that were handed over, and a restart with others: refused as the next start would refuse them")
def handed_over_and_others(y):
    daemon = y.daemon("unix", "unix")
    os.makedirs(daemon.directory, exist_ok=True)
    passed = [listening(spec) for spec in daemon.sockets]
    daemon.run("notify", passed=passed)
    first, second = specs = daemon.sockets
    for wanted, words in (([first, second, f"unix:{daemon.directory}/third.sock"], "did not make unix:"),
                          ([second], "which is not configured")):
        daemon.sockets = wanted
        daemon.configure("")
        daemon.sockets = specs
        comes_to_nothing(daemon, words, "socket unit")
    daemon.configure("")
    works_again(daemon)
    daemon.end()
    for each in passed:
        each.close()


@group.case("sockets that were handed over and are not the configured ones: 78, and one line names both")
def handed_over_wrong(y):
    daemon = y.daemon("unix")
    other = f"unix:{daemon.directory}/other.sock"
    right, wrong = listening(daemon.sockets[0]), listening(other)
    plain = socket.socket(socket.AF_UNIX)

    def refused(passed, *words):
        daemon.start("foreground", passed=passed)
        expect_equal(daemon.child.wait(15), 78, f"exit code; it said {daemon.log()}")
        expect(any(all(word in line for word in words) for line in daemon.log().splitlines()),
               f"no line holds {words}: {daemon.log()}")
    refused([wrong], f"{daemon.config_path}:", "socket", other, daemon.sockets[0])
    refused([right, wrong], f"{daemon.config_path}:", other, "not configured")
    refused([plain, right], "descriptor 3", "no listening")
    expect(os.path.exists(path_of(other)) and os.path.exists(path_of(daemon.sockets[0])), "a file is gone")
    for each in (right, wrong, plain):
        each.close()


