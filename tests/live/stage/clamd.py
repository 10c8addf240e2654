"""A real clamd with a signature of our own: nothing is fetched from anywhere."""

import os
import signal
import socket

from stage.base import find_program, wait_until
from stage.process import state_of

# What the signature is for; no virus, and nothing that any other database knows.
TROUBLE = b"egress-milter-live-suite-trouble-0f8e"
NAME = "Egress.Test.Trouble"
FOUND = f"{NAME}.UNOFFICIAL"  # as clamd calls what its makers did not sign


class Clamd:
    """Runs as nobody, on a UNIX socket that anybody may ask."""

    def __init__(self, stage, settings=""):
        self.stage = stage
        self.program = find_program("clamd", "clamav-daemon")
        self.directory = stage.path("clamd")
        self.socket = os.path.join(self.directory, "clamd.ctl")
        os.makedirs(os.path.join(self.directory, "database"))
        stage.write("clamd/database/egress.ndb", f"{NAME}:0:*:{TROUBLE.hex()}\n")
        self.config = stage.write("clamd/clamd.conf", f"""Foreground yes
LocalSocket {self.socket}
LocalSocketMode 666
FixStaleSocket yes
DatabaseDirectory {self.directory}/database
TemporaryDirectory {self.directory}
User nobody
StreamMaxLength 100M
{settings}""")
        stage.own(self.directory, "nobody", "nogroup")
        self.starts = 0
        self.child = None
        self.start()

    def start(self):
        self.starts += 1
        self.child = self.stage.start(f"clamd-{self.starts}", [self.program, f"--config-file={self.config}"])
        self.child.wait_for(self.answers, 60, "PONG")

    def answers(self):
        try:
            with socket.socket(socket.AF_UNIX) as stream:
                stream.settimeout(2)
                stream.connect(self.socket)
                stream.sendall(b"zPING\0")
                return stream.recv(5) == b"PONG\0"
        except OSError:
            return False

    def kill(self):
        self.child.kill(signal.SIGKILL)
        self.child.wait(10)

    def pause(self):
        self.child.kill(signal.SIGSTOP)
        wait_until(lambda: state_of(self.child.pid) == "T", 10, "clamd standing still")

    def resume(self):
        self.child.kill(signal.SIGCONT)
