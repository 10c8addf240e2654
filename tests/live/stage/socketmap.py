"""contrib/socketmap-sql as a child of the stage, and its clients: one that speaks the protocol itself, Postfix's
postmap, and the tables of egress-milter (tests/live/ask_table.c)."""

import grp
import os
import socket
import subprocess

from stage.base import PATIENCE, Failure, StageError, find_program, run_tool
from stage.databases import AS_USER, GROUP, USER

PROGRAM = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                        "..", "..", "..", "contrib", "socketmap-sql", "socketmap-sql"))


def postmap(stage):
    """The command, with a configuration that has nothing of this machine's."""
    config = stage.path("postmap")
    if not os.path.exists(config):
        os.makedirs(config)
        stage.write("postmap/main.cf", "compatibility_level = 3.6\n")
        stage.write("postmap/master.cf", "")
    return [find_program("postmap", "postfix"), "-c", config]


class Table:
    """A table of ours, open until the end of the `with`."""

    def __init__(self, builddir, spec):
        program = os.path.join(builddir, "tests/live/ask_table")
        if not os.path.exists(program):
            raise StageError(f"{program} is not there: make tests/live/ask_table")
        self.process = subprocess.Popen([program, spec], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30 * PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()

    def ask(self, *keys):
        """One line per key."""
        try:
            self.process.stdin.write(" ".join(keys) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failure(self.process.stderr.read()) from None
        answers = [self.process.stdout.readline().rstrip("\n") for _ in keys]
        if answers and not answers[-1]:
            raise Failure(self.process.stderr.read())
        return answers


class SocketmapSql:
    """Serves `maps` (NAME -> lines) of a database; runs as nobody."""

    def __init__(self, stage, name, server, maps, extra="timeout = 1\n"):
        self.stage, self.name = stage, name
        self.directory = stage.path(f"maps-{name}")
        os.makedirs(self.directory, exist_ok=True)
        os.chmod(self.directory, 0o755)
        self.socket = f"{self.directory}/socket"
        self.place = f"unix:{self.socket}"
        self.write(server, maps, extra)
        stage.own(self.directory, USER, GROUP)

    def write(self, server, maps, extra="timeout = 1\n"):
        text = f"[server]\nlisten = {self.place}\n{server}{extra}"
        text += "".join(f"[map {name}]\n{lines}" for name, lines in maps.items())
        self.file = self.stage.write(f"maps-{self.name}/maps.conf", text)

    def start(self):
        begun = self.said().count("serving")
        self.child = self.stage.start(f"maps-{self.name}", [*AS_USER, PROGRAM, self.file])
        self.child.wait_for(lambda: self.said().count("serving") > begun, 15, "the line that it serves")
        return self

    def said(self):
        """All it wrote to standard error so far, over several starts."""
        try:
            with open(self.stage.path(f"maps-{self.name}.err"), encoding="utf-8") as stream:
                return stream.read()
        except FileNotFoundError:
            return ""

    def run(self, *arguments):
        """The program to its end: exit code, standard output, standard error."""
        done = run_tool([*AS_USER, PROGRAM, self.file, *arguments], check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def ask(self, *keys, map="owners"):
        """One reply per key, all asked at once over one connection."""
        with Client(self.place) as client:
            client.send(*(f"{map} ".encode() + (key if isinstance(key, bytes) else key.encode()) for key in keys))
            return [client.reply() for _ in keys]

    def postmap(self, *keys, map="owners"):
        """What Postfix's client makes of them: key -> value of those it found; Failure when it cannot tell."""
        done = subprocess.run([*postmap(self.stage), "-q", "-", f"socketmap:{self.place}:{map}"],
                              input="".join(f"{key}\n" for key in keys), text=True, capture_output=True,
                              timeout=30 * PATIENCE, check=False)
        if done.stderr:
            raise Failure(done.stderr)
        return dict(line.split("\t", 1) for line in done.stdout.splitlines())

    def table(self, builddir, map="owners"):
        return Table(builddir, f"socketmap:{self.place}:{map}")

    def group_of_socket(self):
        return grp.getgrgid(os.stat(self.socket).st_gid).gr_name


class Client:
    """A connection that speaks netstrings."""

    def __init__(self, place):
        kind, _, rest = place.partition(":")
        if kind == "unix":
            self.stream = socket.socket(socket.AF_UNIX)
            self.stream.settimeout(20 * PATIENCE)
            self.stream.connect(rest)
        else:
            host, _, port = rest.rpartition(":")
            self.stream = socket.create_connection((host, int(port)), timeout=20 * PATIENCE)
        self.reader = self.stream.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        self.stream.close()

    def send(self, *requests):
        self.stream.sendall(b"".join(b"%d:%s," % (len(request), request) for request in requests))

    def send_raw(self, data):
        self.stream.sendall(data)

    def reply(self):
        """The next reply as text; None at the end of the connection."""
        digits = b""
        while not digits.endswith(b":"):
            octet = self.reader.read(1)
            if not octet:
                return None
            digits += octet
        data = self.reader.read(int(digits[:-1]) + 1)
        if not data.endswith(b","):
            raise Failure(f"no netstring: {digits + data!r}")
        return data[:-1].decode()
