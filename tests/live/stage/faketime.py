"""A wall clock that jumps, for one program: libfaketime, steered by a file; the monotonic clock stays true."""

import glob
import os

from stage.base import StageError

LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class JumpingClock:
    """`env` is for the program; jump(seconds) moves its clock against the true one, at once."""

    def __init__(self, stage):
        found = glob.glob(LIBRARY)
        if not found:
            raise StageError(f"{LIBRARY} is not there: install the Debian package libfaketime")
        self.stage = stage
        self.path = None
        self.jump(0)
        self.env = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
                    "NO_FAKE_STAT": "1",  # or every file would have changed
                    # A sanitizer wants to be the first library; ThreadSanitizer then misses what libfaketime takes
                    # before it, and with that the order in which a session goes from thread to thread.
                    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
                    "TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") + " report_bugs=0"}

    def run_fast(self, times):
        """The environment in which every clock of a program, the monotonic one too, runs that many times as fast."""
        path = self.stage.write("fast-clock", f"+0 x{times}\n")
        return {**self.env, "FAKETIME_TIMESTAMP_FILE": path, "FAKETIME_DONT_FAKE_MONOTONIC": "0"}

    def jump(self, seconds):
        # In place: a look at a file that is being replaced would see the true time.
        self.path = self.stage.write("clock", f"{seconds:+d}\n")
