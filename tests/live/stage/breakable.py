"""A library that can be broken and mended while the daemon runs; built with the compiler of the machine."""

import os

from stage.base import find_program, run_tool

WORDS = "libcloud: cumulus.c:42: the sky is falling"


class BreakableLibrary:
    """`env` is for the daemon."""

    def __init__(self, stage):
        self.stage = stage
        library = stage.path("broken_library.so")
        run_tool([find_program("cc", "gcc"), "-shared", "-fPIC", "-o", library,
                  os.path.join(os.path.dirname(__file__), "broken_library.c"), "-ldl"])
        self.flag = stage.path("broken")
        self.env = {"LD_PRELOAD": library, "EGRESS_BREAK": self.flag}

    def destroy(self):
        self.stage.write("broken", "")

    def mend(self):
        os.unlink(self.flag)
