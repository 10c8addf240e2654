"""Scratch directory, ports and processes of one stage.

A stage owns everything it starts: a process is ended by its pid, a port is reserved by a lock while the stage
lives, and whatever is written lies in one directory.  Waiting is always for a condition, with a deadline.
Errors: StageError when a server or a tool cannot be had, Failure when what was awaited did not come.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PORT_RANGE = os.environ.get("EGRESS_LIVE_PORTS", "9200-9399")
PORT_LOCKS = "/tmp/egress-live-ports"
# A sanitizer makes everything slower; deadlines follow.
PATIENCE = float(os.environ.get("EGRESS_LIVE_PATIENCE", "1"))
# What a process says that was not well.
SANITIZER_WORDS = r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|core dumped"
# The long form of what takes too long for every run.
LONG = os.environ.get("EGRESS_LONG") == "1"

_prctl = ctypes.CDLL(None, use_errno=True).prctl
PR_SET_PDEATHSIG = 1


class StageError(Exception):
    """The stage could not be set up: a server did not start or a program is missing."""


class Failure(AssertionError):
    """What a case expected did not happen."""


def wait_until(condition, seconds, what):
    """Calls condition() until it returns something true, and returns that.

    `what` names the thing awaited (text, or a function returning text, asked only on failure).
    """
    end = time.monotonic() + seconds * PATIENCE
    pause = 0.005
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            text = what() if callable(what) else what
            raise Failure(f"waited {seconds * PATIENCE:.0f} s in vain for {text}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def find_program(name, package, extra=()):
    """Path of a program, also from the sbin directories; StageError naming the Debian package."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"
    for place in extra:
        path = f"{place}:{path}"
    found = shutil.which(name, path=path)
    if not found:
        raise StageError(f"{name} is not there: install the Debian package {package}")
    return found


def tail(path, lines=15):
    """The last lines of a text file, for a report; empty when it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return "".join(stream.readlines()[-lines:])
    except OSError:
        return ""


class Ports:
    """Hands out TCP and UDP ports of 127.0.0.1 that no other stage on this machine uses."""

    def __init__(self, text=PORT_RANGE):
        first, last = text.split("-")
        self.candidates = list(range(int(first), int(last) + 1))
        self.locks = []
        os.makedirs(PORT_LOCKS, exist_ok=True)

    def take(self):
        while self.candidates:
            port = self.candidates.pop(0)
            if self._reserve(port):
                return port
        raise StageError(f"no free port in {PORT_RANGE}")

    def _reserve(self, port):
        lock = os.open(f"{PORT_LOCKS}/{port}", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        if not self._is_free(port):
            os.close(lock)
            return False
        self.locks.append(lock)
        return True

    @staticmethod
    def _is_free(port):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                # As every server does it: a connection of an earlier run in TIME_WAIT is no obstacle.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    return False
        return True

    def close(self):
        for lock in self.locks:
            os.close(lock)
        self.locks.clear()


def is_listening(port, host="127.0.0.1"):
    """True when something accepts connections there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def is_alive(pid):
    """True while a process with this pid runs; a zombie has ended once its other threads have, which hold sockets until then."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
            state = stream.read().rsplit(")", 1)[1].split()[0]
        return state not in ("Z", "X") or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def end_pid(pid, seconds=10):
    """Ends a process that is not our child: TERM, and KILL when the deadline passes."""
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        try:
            wait_until(lambda: not is_alive(pid), patience, f"the end of process {pid}")
            return
        except Failure:
            continue


def _child_setup():
    # A runner that is killed takes its servers along.
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A server that runs in the foreground; what it prints goes to two files."""

    def __init__(self, name, argv, directory, env=None, cwd=None, stop_signal=signal.SIGTERM, pass_fds=()):
        self.name = name
        self.stop_signal = stop_signal
        self.argv = [str(word) for word in argv]
        self.out_path = os.path.join(directory, f"{name}.out")
        self.err_path = os.path.join(directory, f"{name}.err")
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd,
                env=env, start_new_session=True, preexec_fn=_child_setup, pass_fds=pass_fds)
        self.pid = self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def wait_for(self, condition, seconds, what):
        """As wait_until, but gives up at once when the process has ended."""
        def step():
            if condition():
                return True
            if not self.is_running():
                raise StageError(f"{self.name} ended with {self.process.returncode} instead of {what}:\n"
                                 f"{tail(self.err_path)}{tail(self.out_path)}")
            return False
        wait_until(step, seconds, lambda: f"{self.name}: {what}\n{tail(self.err_path)}")

    def kill(self, number):
        os.kill(self.pid, number)

    def wait(self, seconds):
        """The exit code; negative for a signal, as subprocess has it."""
        try:
            return self.process.wait(timeout=seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {seconds * PATIENCE:.0f} s") from None

    def stop(self, seconds=10):
        """Ends the process and returns its exit code; KILL after the deadline."""
        if self.is_running():
            self.kill(self.stop_signal)
            try:
                return self.process.wait(timeout=seconds * PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


class Stage:
    """A scratch directory, its ports, and what was started, ended in reverse order."""

    def __init__(self, name, keep=False, directory=None):
        if directory:
            os.makedirs(directory)
        self.directory = directory or tempfile.mkdtemp(prefix=f"egress-live-{name}.")
        os.chmod(self.directory, 0o755)  # Postfix' and nobody's processes read below it
        self.keep = keep
        self.ports = Ports()
        self.closers = []
        self.children = []

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def write(self, name, text, mode=0o644):
        """Writes a file below the stage and returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        with open(path, "wb") as stream:
            stream.write(data)
        os.chmod(path, mode)
        return path

    def own(self, path, user, group):
        """Hands a directory and what is in it to a user."""
        for directory, _, names in os.walk(path):
            for name in [".", *names]:
                shutil.chown(os.path.join(directory, name), user, group)

    def on_close(self, function):
        self.closers.append(function)

    def start(self, name, argv, **options):
        """Starts a foreground server that ends with the stage."""
        child = Child(name, argv, self.directory, **options)
        self.children.append(child)
        self.on_close(child.stop)
        return child

    def close(self):
        for child in self.children:  # all at once, then each is waited for
            if child.is_running():
                child.kill(child.stop_signal)
        while self.closers:
            closer = self.closers.pop()
            try:
                closer()
            except (OSError, StageError, Failure, subprocess.SubprocessError) as error:
                print(f"while ending the stage: {error}", flush=True)
        self.ports.close()
        if not self.keep:
            shutil.rmtree(self.directory, ignore_errors=True)


def run_tool(argv, seconds=30, check=True, env=None, stdin=b""):
    """Runs a tool to its end; StageError with its words when check is set and it failed."""
    argv = [str(word) for word in argv]
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=seconds * PATIENCE,
                              env=env, check=False)
    except FileNotFoundError:
        raise StageError(f"{argv[0]} is not there") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(argv)} took longer than {seconds * PATIENCE:.0f} s") from None
    if check and done.returncode != 0:
        words = (done.stderr + done.stdout).decode(errors="replace")
        raise StageError(f"{' '.join(argv)} ended with {done.returncode}: {words}")
    return done
