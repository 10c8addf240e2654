"""egress-milter as a service manager of old starts it: in the background, with syslog for its voice.

/dev/log is a private one (stage/syslog.py), so the program starts in a mount namespace of its own.
"""

import os

from stage.base import Failure, end_pid, is_alive, run_tool
from stage.guard import Guard
from stage.syslog import Syslog


class BackgroundGuard(Guard):
    """`pid` is the parent; `syslog` keeps what it and its child say."""

    def __init__(self, stage, build, config, name="background", **options):
        super().__init__(stage, build, config, name=name, **options)
        self.syslog = Syslog(stage, name=f"{name}-syslog")
        self.script = stage.write(f"{name}/world", "#!/bin/sh -e\n" + self.syslog.world_script() + 'exec "$@"\n',
                                  mode=0o755)
        self.pid = None

    def start(self, config=None, wrap=(), env=None):
        if config is not None:
            self.configure(config)
        run_tool(["unshare", "--mount", self.script, *wrap, self.program, "-c", self.config_path],
                 env={**os.environ, **env} if env else None)
        self.pid = self._parent()
        self.stage.on_close(self.stop)
        return self

    def stop(self):
        """TERM, and KILL after the deadline; its exit code is not ours to see."""
        if self.pid and is_alive(self.pid):
            end_pid(self.pid, 20)

    def log(self):
        return self.syslog.text()

    def every_log(self):
        return self.syslog.text()

    def _parent(self):
        """The topmost of the processes running this configuration."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/cmdline", "rb") as stream:
                        words = stream.read().split(b"\0")
                    with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stream:
                        parents[int(entry)] = (words, int(stream.read().rsplit(")", 1)[1].split()[1]))
                except OSError:
                    continue  # it has ended
        ours = {pid: parent for pid, (words, parent) in parents.items() if self.config_path.encode() in words}
        tops = [pid for pid, parent in ours.items() if parent not in ours]
        if len(tops) != 1:
            raise Failure(f"processes of the daemon: {ours}")
        return tops[0]
