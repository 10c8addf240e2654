"""A journal without systemd: lines of a log, handed to systemd-journal-remote on a pipe, which writes the file.

A directory as a collector has it, which nobody's group may read as systemd-journal may read the system's.
"""

import os
import re
import shutil
import time

from stage.base import StageError

PROGRAM = "/lib/systemd/systemd-journal-remote"
LINE = re.compile(r"^\w{3} [ \d]\d \d\d:\d\d:\d\d (\S+) ([^\[: ]+)(?:\[(\d+)\])?: (.*)$")
MAIL = 2  # the facility


class Journal:
    """`directory` has it from the first line on."""

    def __init__(self, stage, name="journal"):
        if not os.access(PROGRAM, os.X_OK):
            raise StageError(f"{PROGRAM} is not there")
        self.directory = stage.path(name)
        os.mkdir(self.directory)
        shutil.chown(self.directory, "root", "nogroup")
        os.chmod(self.directory, 0o2750)
        pipe = stage.path(f"{name}.pipe")
        os.mkfifo(pipe)
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            self.boot = stream.read().strip().replace("-", "")
        stage.start(name, ["sh", "-c", 'exec "$0" --output="$1" - < "$2"', PROGRAM,
                           os.path.join(self.directory, "mail.journal"), pipe])
        self.pipe = open(pipe, "wb", buffering=0)
        stage.on_close(self.pipe.close)

    def write(self, lines):
        """Lines as syslog writes them; their time is now."""
        now, up = time.time_ns() // 1000, time.monotonic_ns() // 1000
        entries = []
        for line in lines:
            host, program, process, text = LINE.match(line).groups()
            entries.append(f"__REALTIME_TIMESTAMP={now}\n__MONOTONIC_TIMESTAMP={up}\n_BOOT_ID={self.boot}\n"
                           f"_TRANSPORT=syslog\n_HOSTNAME={host}\nSYSLOG_FACILITY={MAIL}\nSYSLOG_IDENTIFIER={program}\n" +
                           (f"SYSLOG_PID={process}\n" if process else "") + f"MESSAGE={text}\n\n")
        self.pipe.write("".join(entries).encode())
