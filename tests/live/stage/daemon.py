"""An egress-milter in every way it can be started, with several sockets, and what can befall it.

  foreground   -f; its log is a file
  background   without; it detaches, its log is a syslog of its own
  notify       as a service manager starts it (Type=notify): the same process, syslog, NOTIFY_SOCKET
"""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time

from stage.base import (SANITIZER_WORDS, Failure, Stage, StageError, end_pid, find_program, is_alive, run_tool, tail,
                        wait_until)
from stage.guard import NOBODYS_PORT, Guard, wide_limit
from stage.keys import Keys
from stage.suite import expect, expect_equal
from stage.syslog import Syslog

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HANDED_OVER = """import os, sys
count = int(sys.argv[1])
for at in range(count):
    os.dup2(int(sys.argv[2 + at]), 200 + at)
for at in range(count):
    os.dup2(200 + at, 3 + at)
    os.close(200 + at)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(count), LISTEN_FDNAMES=":".join(["x"] * count))
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""
HEAD = """connect client.example.net 192.0.2.25
helo laptop
"""
ENVELOPE = """mail <alice@acme.example>
rcpt <bob@away.example>
data
"""
LETTER = """header From "alice@acme.example"
header To "bob@away.example"
header Subject "hello"
header Date "Mon, 23 Nov 2026 12:00:00 +0000"
header Message-ID "<x@acme.example>"
eoh
body "hello\\r\\n"
eom
"""


def daemon_pids(config_path):
    """The parents among the processes running this configuration."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as stream:
                    words = stream.read().split(b"\0")
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stream:
                    parent = int(stream.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if config_path.encode() in words and b"/unshare" not in words[0]:
                found[int(entry)] = parent
    return [pid for pid, parent in found.items() if parent not in found]


class Session:
    """A milter session that goes step by step: tests/bench/mtaload with an open script."""

    def __init__(self, driver, spec):
        self.spec = spec
        self.process = subprocess.Popen([driver, "--socket", spec, "--script", "-", "--timeout", "60"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def say(self, text, until):
        """Sends commands; returns the answers up to the last one to `until`."""
        self.send(text)
        return self.hear(until, [line.split()[0] for line in text.splitlines()].count(until))

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def hear(self, until, wanted=1):
        """The answers up to that many to `until`."""
        answers = []
        while wanted > 0:
            line = self.process.stdout.readline().decode()
            if not line:
                raise Failure(f"{self.spec}: the session ended after {answers[-4:]}")
            answers.append(line.rstrip())
            words = line.split()
            wanted -= words[0] == until + ":" and words[1] not in ("insheader", "addheader", "chgheader", "progress")
        return answers

    def greet(self):
        self.say(HEAD, "helo")
        return self

    def begin(self):
        """Into a transaction, up to its data."""
        return self.say(ENVELOPE, "data")

    def finish(self):
        """The message; it must come out signed."""
        answers = self.say(LETTER, "eom")
        expect(any("DKIM-Signature" in line for line in answers) and answers[-1].split()[1] in ("accept", "continue"),
               f"{self.spec}: not signed: {answers[-4:]}")

    def mail(self):
        self.begin()
        self.finish()
        return self

    def close(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.write(b"quit\n")
                self.process.stdin.close()
            except OSError:
                pass  # the daemon may have left first
        self.process.wait(timeout=30)
        self.process.stdout.close()


class Manager:
    """What a service manager hears at NOTIFY_SOCKET: (when, text) of every datagram."""

    def __init__(self, stage, name):
        self.path = stage.path(f"{name}.notify")
        self.heard = []
        self.receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.receiver.bind(self.path)
        os.chmod(self.path, 0o666)
        self.closing = False
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()
        stage.on_close(self.close)

    def _receive(self):
        while not self.closing:
            text = self.receiver.recv(4096).decode()
            self.heard.append((time.monotonic(), text))

    def close(self):
        self.closing = True
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"end", self.path)
        self.thread.join(timeout=5)
        self.receiver.close()

    def states(self):
        """READY, RELOADING, STOPPING in their order."""
        return [text.split("=", 1)[0] for _, text in self.heard
                if text.startswith(("READY=1", "RELOADING=1", "STOPPING=1"))]

    def signs(self):
        """When there was a sign of life."""
        return [when for when, text in self.heard if "WATCHDOG=1" in text]

    def wait(self, states, seconds=15):
        wait_until(lambda: self.states() == states, seconds, lambda: f"{states}, heard: {self.heard}")


class Daemon(Guard):
    """`sockets` are the milter sockets; `more` of configure() goes behind everything else."""

    def __init__(self, yard, name, sockets):
        self.yard = yard
        self.sockets = sockets
        self.socket_mode = "0666"
        self.control_more = ""
        self.pid = None
        self.how = None
        self.syslog = self.manager = None
        super().__init__(yard.stage, yard.options.builddir, "", socket=sockets[0] if sockets else None, name=name,
                         user="nobody")
        if not sockets:
            self.sockets = [self.socket]
        self.configure("")

    def configure(self, config):
        if self.sockets is None:
            self.sockets = []
        specs = ", ".join(f'"{spec}"' for spec in self.sockets)
        self.stage.write(f"{self.name}/egress-milter.conf",
                         f'socket = [ {specs} ];\nsocket_mode = "{self.socket_mode}";\nuser = "{self.user}";\n'
                         f'control = {{ socket = "{self.directory}/control.sock"; {self.control_more} }};\n'
                         f'dns = {{ servers = [ "127.0.0.1@{NOBODYS_PORT}" ]; timeout = "100ms"; }};\n'
                         f'state = {{ directory = "{self.directory}/state"; }};\n'
                         f'mode = "enforce";\n{self.yard.domains()}{config}\n{wide_limit(config)}')

    def start(self, how="foreground", env=None, passed=(), within=()):
        """`passed` are listening sockets to hand over as systemd does, `within` a command that runs another."""
        self.how = how
        self.starts += 1
        argv = [self.program, "-c", self.config_path] + (["-f"] if how == "foreground" else [])
        argv = [*within, *argv]
        if passed:
            argv = ["/usr/bin/python3", "-c", HANDED_OVER, str(len(passed)),
                    *[str(each.fileno()) for each in passed], *argv]
        if how != "foreground":
            self.syslog = Syslog(self.stage, f"{self.name}-{self.starts}-syslog")
            script = self.stage.write(f"{self.name}-{self.starts}.sh",
                                      "#!/bin/sh -e\n" + self.syslog.world_script() + 'exec "$@"\n', mode=0o755)
            argv = ["unshare", "--mount", script, *argv]
        environment = dict(os.environ, EGRESS_MISFORTUNE=self.yard.misfortunes, LD_PRELOAD=self.yard.library,
                           ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0", **(env or {}))
        if how == "notify":
            self.manager = Manager(self.stage, f"{self.name}-{self.starts}")
            environment["NOTIFY_SOCKET"] = self.manager.path
        self.child = self.stage.start(f"{self.name}-{self.starts}", argv, env=environment,
                                      pass_fds=[each.fileno() for each in passed])
        return self

    def started(self):
        """Waits until it serves."""
        if self.how == "foreground":
            self.child.wait_for(lambda: "ready" in self.log().split(), 15, "the word ready")
        elif self.how == "background":
            expect_equal(self.child.wait(15), 0, "exit code of the start")
        else:
            self.child.wait_for(lambda: "READY" in self.manager.states(), 15, "READY=1")
        pids = daemon_pids(self.config_path)
        expect_equal(len(pids), 1, f"parents {pids}")
        self.pid = pids[0]
        if self.how == "background":
            self.stage.on_close(lambda: end_pid(self.pid))
        else:
            expect_equal(self.pid, self.child.pid, "the pid that was started")
        return self

    def run(self, how="foreground", **options):
        return self.start(how, **options).started()

    def said(self):
        return self.log() if self.how == "foreground" else self.syslog.text()

    def wait_said(self, words, count=1, seconds=15):
        wait_until(lambda: self.said().count(words) >= count, seconds,
                   lambda: f"{count} times {words!r} in the log:\n{self.said()[-3000:]}")

    def serving(self):
        """The pids of the serving processes, oldest first."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as stream:
            return [int(word) for word in stream.read().split()]

    def await_serving(self, count):
        wait_until(lambda: len(self.serving()) == count, 20, lambda: f"{count} processes, there are {self.serving()}")
        return self.serving()

    def ask_restart(self, code=0):
        """egressctl restart; its words."""
        done = self.ctl_run("restart", "--socket", f"{self.directory}/control.sock", check=False)
        said = (done.stdout + done.stderr).decode()
        expect_equal(done.returncode, code, f"exit code of restart; it said: {said}\n{self.said()[-2000:]}")
        return said

    def counters(self):
        return json.loads(self.ctl_run("--json", "status", check=False).stdout)["counters"]

    def session(self, spec=None):
        session = Session(self.yard.driver, spec or self.sockets[0])
        self.yard.sessions.append(session)
        return session.greet()

    def mail(self, spec=None):
        """One message in a session of its own comes out signed."""
        session = self.session(spec)
        session.mail()
        session.close()

    def end(self, code=0, seconds=25):
        """TERM; the exit code where it can be known."""
        os.kill(self.pid, 15)
        wait_until(lambda: not is_alive(self.pid), seconds, f"the end of {self.pid}")
        if self.how != "background":
            expect_equal(self.child.wait(5), code, f"exit code; {self.said()[-1500:]}")
        expect(not re.search(SANITIZER_WORDS, self.log()), f"not well: {self.log()[-3000:]}")


class Yard:
    """Keys, the driver, and daemons that end with their case."""

    def __init__(self, options, name):
        self.options = options
        self.driver = os.path.join(options.builddir, "tests/bench/mtaload")
        if not os.access(self.driver, os.X_OK):
            raise StageError(f"{self.driver} is not there: make tests/bench/mtaload")
        self.stage = Stage(name, keep=options.keep)
        self.keys = Keys(self.stage)
        self.rsa = self.keys.make("acme.example", "s2026a")
        self.count = 0
        self.sessions = []
        self.last = None
        self.misfortunes = self.stage.path("misfortunes")
        os.makedirs(self.misfortunes)
        os.chmod(self.misfortunes, 0o777)
        self.library = self.stage.path("misfortune.so")
        run_tool([find_program("cc", "gcc"), "-shared", "-fPIC", "-o", self.library,
                  os.path.join(HERE, "misfortune.c")], seconds=60)
        with open(os.path.join(options.builddir, "egress-milter"), "rb") as stream:
            program = stream.read()
        self.is_sanitized = b"__asan_init" in program or b"__tsan_init" in program

    def domains(self):
        return (f'domains = ( {{ name = "acme.example"; keys = ( {{ selector = "s2026a"; file = "{self.rsa}"; }} ); '
                f'}} );\noutgoing = {{ networks = ( {{ address = "192.0.2.0/24"; name = "n"; kind = "relay"; }} ); }};\n')

    def daemon(self, *sockets):
        """One that is not started; "inet" and "inet6" stand for a free port, "unix" for a path."""
        self.count += 1
        name = f"d{self.count}"
        self.quiet()
        directory = self.stage.path(name)
        specs = []
        for at, kind in enumerate(sockets or ("unix",)):
            specs.append({"unix": lambda at=at: f"unix:{directory}/m{at}.sock",
                          "inet": lambda: f"inet:{self.stage.ports.take()}@127.0.0.1",
                          "inet6": lambda: f"inet6:{self.stage.ports.take()}@::1"}[kind]())
        self.last = Daemon(self, name, specs)
        return self.last

    def own_program(self, daemon):
        """A copy of the program that the case may break."""
        path = os.path.join(daemon.directory, "egress-milter")
        shutil.copy(daemon.program, path)
        daemon.program, daemon.whole = path, daemon.program
        return path

    def replace_program(self, daemon, data=None):
        """As a package manager does it: a new file under the old name. None: the whole program again."""
        path = daemon.program
        if data is None:
            shutil.copy(daemon.whole, path + ".new")
        else:
            with open(path + ".new", "wb") as stream:
                stream.write(data)
        os.chmod(path + ".new", 0o755)
        os.rename(path + ".new", path)

    def bring(self, name):
        with open(os.path.join(self.misfortunes, name), "wb"):
            pass

    def spare(self, name):
        os.unlink(os.path.join(self.misfortunes, name))

    def has_come(self, name):
        return os.path.exists(os.path.join(self.misfortunes, name))

    def quiet(self):
        """For the next case."""
        for name in os.listdir(self.misfortunes):
            os.unlink(os.path.join(self.misfortunes, name))
        while self.sessions:
            self.sessions.pop().close()
        if self.last and self.last.pid and is_alive(self.last.pid):
            end_pid(self.last.pid, seconds=20)

    def report(self):
        return f"-- log:\n{self.last.said()[-2500:]}{tail(self.last.child.err_path)}" if self.last and self.last.child else ""

    def close(self):
        try:
            self.quiet()
        finally:
            self.stage.close()
