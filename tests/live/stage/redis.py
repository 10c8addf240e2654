"""A redis-server on loopback, as several guards count in it: the user has the rights the manual gives, and no more."""

import os
import re
import signal
import socket

from stage.base import StageError, find_program, is_listening

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
MANUAL = os.path.join(HERE, "conf/egress-milter.conf.5")
PASSWORD = "secret"


def manual_rights():
    """The words behind `ACL SETUSER egress` in the manual."""
    with open(MANUAL, encoding="utf-8") as stream:
        found = re.search(r"^ACL SETUSER egress (.*?)^\.Ed", stream.read(), re.M | re.S)
    if not found:
        raise StageError(f"{MANUAL} has no ACL SETUSER egress")
    return " ".join(found.group(1).split()).replace(">PASSWORD", f">{PASSWORD}")


class Redis:
    """Everything is on disk before it is answered, so that a kill loses nothing."""

    def __init__(self, stage):
        self.stage = stage
        self.program = find_program("redis-server", "redis-server")
        self.port = stage.ports.take()
        self.socket = stage.path("redis/redis.sock")
        self.starts = 0
        os.makedirs(stage.path("redis"))
        self.config_path = stage.write("redis/redis.conf", f"""bind 127.0.0.1
port {self.port}
unixsocket {self.socket}
unixsocketperm 777
dir {stage.path("redis")}
save ""
appendonly yes
appendfsync always
maxmemory-policy noeviction
user egress {manual_rights()}
""")
        self.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        self.starts += 1
        self.child = self.stage.start(f"redis-{self.starts}", [self.program, self.config_path])
        self.child.wait_for(lambda: is_listening(self.port) and self.is_ready(), 15, "an answer")

    def is_ready(self):
        try:
            return self.say("PING") == "PONG"
        except (OSError, StageError):
            return False

    def say(self, *words):
        """Sends a command; the answer's first line."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            link.sendall(b"*%d\r\n" % len(words) + b"".join(
                b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in map(str, words)))
            line = link.makefile("rb").readline().decode().rstrip()
        if not line or line[0] == "-":
            raise StageError(f"redis said to {words}: {line}")
        return line[1:]

    # --- what befalls it, and the end of that ---------------------------------

    def kill(self):
        self.child.kill(signal.SIGKILL)
        self.child.wait(10)

    def stop(self):
        self.child.kill(signal.SIGSTOP)

    def go_on(self):
        self.child.kill(signal.SIGCONT)

    def change_password(self):
        self.say("ACL", "SETUSER", "egress", "resetpass", ">another")
        self.drop_clients()

    def change_password_back(self):
        self.say("ACL", "SETUSER", "egress", "resetpass", f">{PASSWORD}")

    def become_replica(self):
        """Of a server that is not there: it takes no writes."""
        self.say("REPLICAOF", "127.0.0.1", "1")

    def become_primary(self):
        self.say("REPLICAOF", "NO", "ONE")

    def drop_clients(self):
        self.say("CLIENT", "KILL", "TYPE", "normal")
