"""A private /dev/log: programs that only know syslog are heard without the machine having or hearing any.

`world_script` writes the shell lines that make it /dev/log inside a mount namespace of its own.
"""

import os
import re
import socket
import threading

from stage.base import tail, wait_until

# A /dev of its own, since /dev/log cannot be created in the machine's.
DEV_LINES = """mount -t tmpfs -o mode=0755,nosuid tmpfs /dev
mknod -m 0666 /dev/null c 1 3
mknod -m 0666 /dev/zero c 1 5
mknod -m 0666 /dev/random c 1 8
mknod -m 0666 /dev/urandom c 1 9
mknod -m 0666 /dev/tty c 5 0
ln -s {socket} /dev/log
"""


class Syslog:
    """Receives datagrams on a socket in the stage and keeps them in a file, priority included."""

    def __init__(self, stage, name="syslog"):
        self.socket_path = stage.path(f"{name}.sock")
        self.path = stage.path(f"{name}.log")
        self.receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.receiver.bind(self.socket_path)
        os.chmod(self.socket_path, 0o666)
        self.closing = False
        self.reading = threading.Event()
        self.reading.set()
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()
        stage.on_close(self.close)

    def _receive(self):
        with open(self.path, "ab", buffering=0) as stream:
            while not self.closing:
                self.reading.wait()
                stream.write(self.receiver.recv(65536).rstrip(b"\n\0") + b"\n")

    def stall(self):
        """Reads no more, except for one datagram, until resume()."""
        self.reading.clear()

    def resume(self):
        self.reading.set()

    def close(self):
        self.closing = True
        self.resume()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"<46>end", self.socket_path)
        self.thread.join(timeout=5)
        self.receiver.close()

    def world_script(self):
        return DEV_LINES.format(socket=self.socket_path)

    def text(self):
        with open(self.path, encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def wait(self, pattern, seconds=10):
        """The first match of a pattern in what was logged."""
        return wait_until(lambda: re.search(pattern, self.text()), seconds,
                          lambda: f"/{pattern}/ in syslog:\n{tail(self.path)}")
