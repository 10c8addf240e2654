"""Bad starts: each ends at once, with the right exit code and a line that names the thing and the remedy."""

import os
import re
import signal
import socket

from stage.base import Failure, Stage, run_tool, wait_until
from stage.daemon import daemon_pids
from stage.guard import Guard
from stage.keys import Keys
from stage.oldmta import OldMta
from stage.process import workers_of
from stage.suite import Group, expect, expect_equal
from stage.syslog import Syslog

EX_CONFIG = 78


class Yard:
    """A directory, keys, and a guard per case that may never start."""

    def __init__(self, options):
        self.options = options
        self.stage = Stage("start", keep=options.keep)
        self.keys = Keys(self.stage)
        self.rsa = self.keys.make("acme.example", "s2026a")
        self.count = 0
        self.guards = []

    def guard(self, config="", socket_spec=None):
        self.count += 1
        guard = Guard(self.stage, self.options.builddir, self.domains() + config, socket=socket_spec,
                      name=f"guard{self.count}")
        self.guards.append(guard)
        return guard

    def domains(self, extra=""):
        return (f'domains = ( {{ name = "acme.example"; keys = ( {{ selector = "s2026a"; file = "{self.rsa}"; }} '
                f'); }}{extra} );\n')

    def report(self):
        return ""

    def close(self):
        self.stage.close()


group = Group("start", Yard)


def refuses(guard, *words, code=EX_CONFIG):
    """It ends with the code and one line holds all the words."""
    seen, said = guard.attempt()
    expect_equal(seen, code, f"exit code; it said: {said}")
    for line in said.splitlines():
        if all(word in line for word in words):
            return line
    raise Failure(f"no line holds {words}: {said}")


@group.case("a good start prints ready, TERM ends 0")
def good(y):
    guard = y.guard().start()
    expect_equal(guard.stop(), 0, "exit code")


@group.case("-t accepts a good configuration and starts nothing")
def check_good(y):
    guard = y.guard()
    done = guard.check()
    expect_equal(done.returncode, 0, f"exit code; {done.stderr.decode()}")
    expect(not os.path.exists(f"{guard.directory}/milter.sock"), "-t made the socket")


@group.case("socket below a directory that is not there")
def no_directory(y):
    path = y.stage.path("nowhere", "milter.sock")
    refuses(y.guard(socket_spec=f"unix:{path}"), os.path.dirname(path), "mkdir -p")


@group.case("socket with an unknown kind")
def bad_kind(y):
    guard = y.guard(socket_spec="tcp:127.0.0.1:9")
    refuses(guard, f"{guard.config_path}:", "socket", "unix:", "inet:")


@group.case("socket path too long")
def long_path(y):
    refuses(y.guard(socket_spec="unix:" + y.stage.path("x" * 120)), "socket")


@group.case("socket port out of range")
def bad_port(y):
    refuses(y.guard(socket_spec="inet:70000@127.0.0.1"), "socket", "70000")


@group.case("socket beyond loopback needs socket_open")
def not_loopback(y):
    refuses(y.guard(socket_spec=f"inet:{y.stage.ports.take()}@0.0.0.0"), "socket_open")


@group.case("busy port")
def busy_port(y):
    port = y.stage.ports.take()
    with socket.create_server(("127.0.0.1", port)):
        refuses(y.guard(socket_spec=f"inet:{port}@127.0.0.1"), str(port))


@group.case("another daemon on the unix socket")
def busy_socket(y):
    first = y.guard().start()
    second = y.guard(socket_spec=first.socket)
    refuses(second, first.socket.split(":", 1)[1])
    expect(first.child.is_running() and os.path.exists(first.socket.split(":", 1)[1]),
           "the first daemon lost its socket")
    first.stop()


@group.case("a stale unix socket is replaced")
def stale_socket(y):
    guard = y.guard()
    path = guard.socket.split(":", 1)[1]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(path)
    guard.start()
    guard.stop()


@group.case("a file that is no socket in the socket's place is left alone")
def file_in_place(y):
    guard = y.guard()
    path = guard.socket.split(":", 1)[1]
    y.stage.write(f"{guard.name}/milter.sock", "precious\n")
    refuses(guard, path)
    with open(path, encoding="ascii") as stream:
        expect_equal(stream.read(), "precious\n", "the file")


@group.case("unwritable socket directory")
def unwritable(y):
    """Started as nobody; root could write anywhere."""
    closed = y.stage.path("closed")
    os.makedirs(closed, mode=0o755)
    guard = y.guard(socket_spec=f"unix:{closed}/milter.sock")
    done = run_tool(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", guard.program, "-f",
                     "-c", guard.config_path], check=False)
    said = done.stderr.decode()
    expect_equal(done.returncode, EX_CONFIG, f"exit code; it said: {said}")
    expect(any(closed in line for line in said.splitlines()), f"no line names {closed}: {said}")


@group.case("configuration file that is not there")
def no_file(y):
    guard = y.guard()
    guard.config_path = y.stage.path("none.conf")
    refuses(guard, guard.config_path)


@group.case("syntax error with file and line")
def syntax(y):
    guard = y.guard('log = { level = "info" \n')
    said = refuses(guard, f"{guard.config_path}:")
    expect(re.search(r"\.conf:\d+: ", said), f"no line number: {said}")


@group.case("every semantic fault is named, not only the first")
def many_faults(y):
    guard = y.guard('mode = "strict";\nlog = { level = "loud"; };\nsigning = { expire = "7 days"; };\n'
                    "unknown_thing = 1;\n")
    for word in ("mode", "level", "expire", "unknown_thing"):
        refuses(guard, f"{guard.config_path}:", word)


@group.case("a setting of a later version is an error that says so")
def planned(y):
    guard = y.guard('http = "127.0.0.1:8080";\n')
    refuses(guard, f"{guard.config_path}:", "http")


@group.case("broken alias table names its line")
def broken_table(y):
    table = y.stage.write("aliases", "alice@acme.example\nthis line has = no \"sense\n")
    refuses(y.guard(f'logins = {{ realm = "acme.example"; aliases = "file:{table}"; }};\n'), f"{table}:")


@group.case("missing alias table")
def missing_table(y):
    table = y.stage.path("no-aliases")
    refuses(y.guard(f'logins = {{ aliases = "file:{table}"; }};\n'), table)


def key_fault(y, path, *words):
    """-t warns and ends 0, --strict ends 78, and a start goes on with the domain degraded."""
    row = f', {{ name = "broken.example"; keys = ( {{ selector = "x"; file = "{path}"; }} ); }}'
    guard = y.guard()
    guard.configure(y.domains(row))
    done = guard.check()
    said = done.stderr.decode() + done.stdout.decode()
    expect_equal(done.returncode, 0, f"exit code of -t; it said: {said}")
    for word in (path, *words):
        expect(any(path in line and word in line for line in said.splitlines()), f"no line with {word}: {said}")
    expect_equal(guard.check("--strict").returncode, EX_CONFIG, "exit code of -t --strict")
    guard.start()
    expect(path in guard.log(), f"the log does not name {path}: {guard.log()}")
    expect_equal(guard.stop(), 0, "exit code")


@group.case("a key the child cannot read: chown or chmod is named")
def unreadable_key(y):
    path = y.keys.make("broken.example", "unreadable")
    os.chmod(path, 0o600)
    key_fault(y, path, "ch")


@group.case("a key file that is not there")
def missing_key(y):
    key_fault(y, y.stage.path("keys", "broken.example", "missing.pem"))


@group.case("a key file with nonsense")
def broken_key(y):
    path = y.stage.write("keys/broken.example/nonsense.pem", "nonsense\n", mode=0o644)
    key_fault(y, path)


@group.case("a key file everybody can read")
def open_key(y):
    path = y.keys.make("broken.example", "open")
    os.chmod(path, 0o644)
    key_fault(y, path)


@group.case("an RSA key of 768 bits is refused")
def short_key(y):
    path = y.keys.make("broken.example", "short", bits=768)
    key_fault(y, path, "768")


@group.case("the user is not there")
def no_user(y):
    guard = y.guard()
    with open(guard.config_path, encoding="utf-8") as stream:
        text = stream.read().replace('user = "nobody"', 'user = "no-such-user"')
    y.stage.write(f"{guard.name}/egress-milter.conf", text)
    refuses(guard, "no-such-user")


@group.case("wrong option: usage, 64")
def usage(y):
    done = run_tool([y.guard().program, "--no-such-option"], check=False)
    expect_equal(done.returncode, 64, "exit code")


@group.case("in the background it logs to syslog, and TERM ends it")
def background(y):
    guard = y.guard('mode = "enforce";\n')
    _start_in_background(y, guard)
    _end_in_background(guard)


def _start_in_background(y, guard):
    """With a syslog of its own, which is returned."""
    syslog = Syslog(y.stage, f"{guard.name}-syslog")
    script = y.stage.write(f"{guard.name}/background", "#!/bin/sh -e\n" + syslog.world_script() + 'exec "$@"\n',
                           mode=0o755)
    run_tool(["unshare", "--mount", script, guard.program, "-c", guard.config_path])
    syslog.wait(r"<\d+>.*egress-milter")
    path = guard.socket.split(":", 1)[1]
    wait_until(lambda: os.path.exists(path), 10, "the socket")
    return syslog


def _end_in_background(guard):
    (pid,) = daemon_pids(guard.config_path)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 15, f"the end of {pid}")


@group.case("a receiver of the log that stalls holds up no mail, and gets every line in order afterwards")
def stalled_log(y):
    guard = y.guard('mode = "enforce";\n')
    syslog = _start_in_background(y, guard)
    syslog.stall()
    with OldMta(guard.socket.split(":", 1)[1], "127.0.0.1", j="mx.acme.example") as mta:
        for number in range(1000):
            mta.transact("root@acme.example", "bob@away.example", f"<n{number}@acme.example>")
        expect(len(re.findall("msgid=<n", syslog.text())) < 1000, "the log did not stall")
        syslog.resume()
    wait_until(lambda: "msgid=<n999@" in syslog.text(), 10, lambda: f"the last line, in {syslog.text()[-2000:]}")
    expect_equal(re.findall(r"msgid=<n(\d+)@", syslog.text()), [str(number) for number in range(1000)], "lines")
    expect("lines lost" not in syslog.text(), "lines were lost")
    _end_in_background(guard)


def descriptors_allowed(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as stream:
        return int(re.search(r"Max open files\s+(\d+)", stream.read()).group(1))


@group.case("few descriptors: the limit is raised to what ceilings.connections needs, and where it cannot be, that is told")
def few_descriptors(y):
    guard = y.guard("ceilings = { connections = 1000; };\n")
    guard.start(wrap=["prlimit", "--nofile=256:4096"])
    (child,) = workers_of(guard.child.pid)
    expect(descriptors_allowed(child) >= 1250, f"descriptors allowed: {descriptors_allowed(child)}")
    expect("open descriptors" not in guard.log(), f"told without need: {guard.log()}")
    expect_equal(guard.stop(), 0, "exit code")
    y.stage.own(guard.directory, "nobody", "nogroup")
    guard.start(wrap=["prlimit", "--nofile=256:700", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
    (child,) = workers_of(guard.child.pid)
    expect_equal(descriptors_allowed(child), 700, "descriptors allowed")
    expect(re.search(r"ceilings\.connections needs \d+ open descriptors, and 700 are allowed: set LimitNOFILE=",
                     guard.log()), f"no warning: {guard.log()}")
    expect_equal(guard.stop(), 0, "exit code")
