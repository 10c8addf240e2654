"""One running egress-milter: its configuration, its socket, its log.

It runs in the foreground (-f), so its log is a file here and its end can be awaited.
"""

import os
import re
import signal

from stage.base import Failure, StageError, is_alive, run_tool, tail, wait_until
from stage.logline import LINE, LogLine
from stage.process import workers_of

NOBODYS_PORT = 1


# Loads and long groups send more of one login than what is shipped allows in an hour.
WIDE_LIMIT = 'limits = ( { name = "default"; count = "recipients"; max = 1000000; per = "1h"; } );\n'


def wide_limit(config):
    """A wide limit, where the configuration has none of its own."""
    return "" if "limits = " in config else WIDE_LIMIT


class Guard:
    """`build` is the build directory; the configuration is text with socket and name server left to us.

    `dns_port`: of a name server on 127.0.0.1; None: a port where nobody is, so that no question leaves this machine.
    """

    def __init__(self, stage, build, config, socket=None, name="guard", user="nobody", dns_port=None):
        self.stage = stage
        self.name = name
        self.user = user
        self.ask_at(dns_port)
        self.program = os.path.join(build, "egress-milter")
        self.ctl = os.path.join(build, "egressctl")
        for program in (self.program, self.ctl):
            if not os.access(program, os.X_OK):
                raise StageError(f"{program} is not there: build first, or give --builddir")
        self.directory = stage.path(name)
        os.makedirs(self.directory, exist_ok=True)
        os.chmod(self.directory, 0o755)
        self.socket = socket or f"unix:{self.directory}/milter.sock"
        self.config_path = os.path.join(self.directory, "egress-milter.conf")
        self.child = None
        self.starts = 0
        self.configure(config)

    def ask_at(self, dns_port):
        """Where the next configuration has its name server."""
        self.has_dns = dns_port is not None
        self.dns_port = dns_port if self.has_dns else NOBODYS_PORT

    def postfix_spec(self):
        """How Postfix is told of our socket."""
        if self.socket.startswith("unix:"):
            return self.socket
        port, host = self.socket[len("inet:"):].split("@")
        return f"inet:{host}:{port}"

    def sendmail_spec(self):
        return self.socket.replace("unix:", "local:", 1)

    def configure(self, config):
        """Writes the configuration file; a running daemon reads it at HUP."""
        self.configure_wholly(f'socket = "{self.socket}";\nsocket_mode = "0666";\n{config}\n')

    def configure_wholly(self, config):
        """The same where the text has the socket, too."""
        text = (f'user = "{self.user}";\ncontrol = {{ socket = "{self.directory}/control.sock"; }};\n'
                f'state = {{ directory = "{self.directory}/state"; }};\n')
        if not re.search(r"(?m)^dns = ", config):
            patience = "" if self.has_dns else ' timeout = "100ms";'
            text += f'dns = {{ servers = [ "127.0.0.1@{self.dns_port}" ];{patience} }};\n'
        text += f"{config}\n"
        self.stage.write(f"{self.name}/egress-milter.conf", text)

    def start(self, config=None, wrap=(), env=None):
        """Starts it and waits for `ready`.  `wrap` is a command that becomes it, as prlimit and setpriv do."""
        if config is not None:
            self.configure(config)
        self.starts += 1
        self.child = self.stage.start(f"{self.name}-{self.starts}",
                                      [*wrap, self.program, "-c", self.config_path, "-f"],
                                      env={**os.environ, **env} if env else None)
        self.child.wait_for(lambda: "ready" in self.log().split(), 15, "the word ready")
        return self

    def stop(self):
        """TERM; the exit code."""
        return self.child.stop(seconds=20)

    def kill_parent(self):
        """kill -9 of the process that supervises; the serving ones see that and end by themselves."""
        serving = workers_of(self.child.pid)
        self.child.kill(signal.SIGKILL)
        self._await_end(serving)

    def kill_all(self):
        """kill -9 of all, until nobody answers any more."""
        serving = workers_of(self.child.pid)
        self.child.kill(signal.SIGKILL)
        for pid in serving:
            os.kill(pid, signal.SIGKILL)
        self._await_end(serving)

    def _await_end(self, serving):
        self.child.wait(10)
        wait_until(lambda: not any(is_alive(pid) for pid in serving), 20, "the end of the serving processes")

    def restart(self, config=None):
        if self.child and self.child.is_running():
            self.stop()
        return self.start(config)

    def reload(self):
        """HUP, and the wait for what the daemon says about it."""
        before = len(self.log())
        self.child.kill(signal.SIGHUP)
        return wait_until(lambda: "reload" in self.log()[before:] and self.log()[before:], 10,
                          lambda: f"a word about the reload in the log:\n{tail(self.child.err_path)}")

    def log(self):
        """What the running instance (or the last one) wrote to stderr and stdout."""
        text = ""
        for path in (self.child.err_path, self.child.out_path):
            with open(path, encoding="utf-8", errors="replace") as stream:
                text += stream.read()
        return text

    def every_log(self):
        """The logs of all instances so far."""
        text = ""
        for start in range(1, self.starts + 1):
            with open(self.stage.path(f"{self.name}-{start}.err"), encoding="utf-8", errors="replace") as stream:
                text += stream.read()
        return text

    def lines(self):
        return [LogLine(line) for line in self.log().splitlines() if LINE.search(line)]

    def lines_with(self, text):
        """The message lines that hold this text: cheaper than reading them all."""
        return [LogLine(line) for line in self.log().splitlines() if text in line and LINE.search(line)]

    def line(self, queue_id=None, mail=None, seconds=5):
        """The message's line: by queue id, or by what the case's mail has in it."""
        def fitting():
            for line in self.lines():
                if queue_id and line.queue_id == queue_id:
                    return line
                if mail and mail.token in line.rest:
                    return line
            return None
        what = queue_id or mail.token
        return wait_until(fitting, seconds, lambda: f"a log line about {what}\n{tail(self.child.err_path)}")

    def no_line(self, mail):
        """Fails when a line speaks of this mail."""
        for line in self.lines():
            if mail.token in line.rest:
                raise Failure(f"there should be no line about {mail.token}: {line.raw}")

    def check(self, *words):
        """egress-milter -t with this configuration: the finished process."""
        return run_tool([self.program, "-c", self.config_path, "-t", *words], check=False)

    def attempt(self, seconds=10):
        """Starts it expecting that it refuses: (exit code, its words)."""
        done = run_tool(["timeout", str(seconds), self.program, "-c", self.config_path, "-f"],
                        check=False, seconds=seconds + 5)
        return done.returncode, (done.stderr + done.stdout).decode("utf-8", "replace")

    def ctl_run(self, *words, check=True, stdin=b""):
        """egressctl with this configuration."""
        return run_tool([self.ctl, "-c", self.config_path, *words], check=check, stdin=stdin)
