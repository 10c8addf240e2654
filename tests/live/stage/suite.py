"""Cases and groups, and the running of one group.

A group is a file group_NAME.py with a `group = Group(...)`: how its world is opened, and its cases in order.  A case
is a function of the world; it passes when it returns.  The world is opened once per group and may be reused
after a failed case; a case that leaves a server stopped says so by starting it again.
"""

import json
import signal
import time
import traceback

from stage import reports
from stage.base import Failure, StageError


LAST_CASE = "(end) the daemon ends 0 and was well"


class Group:
    """`open_world(options)` returns an object with close(); `report()` of it is asked when a case failed."""

    def __init__(self, name, open_world):
        self.name = name
        self.open_world = open_world
        self.cases = []

    def case(self, title):
        def keep(function):
            self.cases.append((title, function))
            return function
        return keep

    def selected(self, patterns):
        """Cases whose `group: title` contains one of the patterns (None: all)."""
        return [(title, function) for title, function in self.cases
                if not patterns or any(text.lower() in f"{self.name}: {title}".lower() for text in patterns)]


def expect(condition, words):
    """Fails with these words (text, or a function returning text) unless the condition holds."""
    if not condition:
        raise Failure(words() if callable(words) else words)


def expect_equal(seen, wanted, what):
    if seen != wanted:
        raise Failure(f"{what}: expected {wanted!r}, got {seen!r}")


def finish(world, tell):
    """A world may judge its servers at the end; that counts as a case of its own."""
    if not hasattr(world, "finish"):
        return
    begin = time.monotonic()
    try:
        world.finish()
        expect_no_report()
    except (Failure, StageError, OSError) as error:
        tell(LAST_CASE, "fail", time.monotonic() - begin, str(error))
    else:
        tell(LAST_CASE, "pass", time.monotonic() - begin)


def expect_no_report():
    """Of a sanitizer, since the last call."""
    text = reports.take()
    expect(not text, f"a sanitizer reports:\n{text}")


def _stop_now(_number, _frame):
    raise SystemExit(143)


def run_group(group, options, output):
    """Runs the selected cases and writes one JSON line each: title, result, seconds, words."""
    signal.signal(signal.SIGTERM, _stop_now)
    signal.signal(signal.SIGINT, _stop_now)
    cases = group.selected(options.only)

    def tell(title, result, seconds, words=""):
        output.write(json.dumps({"group": group.name, "case": title, "result": result,
                                 "seconds": round(seconds, 2), "words": words}) + "\n")
        output.flush()

    begin = time.monotonic()
    try:
        world = group.open_world(options)
    except (StageError, Failure, OSError) as error:
        for title, _ in cases:
            tell(title, "fail", time.monotonic() - begin, f"the stage did not open: {error}")
        return
    tell("", "open", time.monotonic() - begin)
    try:
        for title, function in cases:
            begin = time.monotonic()
            try:
                function(world)
                expect_no_report()
            except Exception as error:  # whatever a case raises is its failure, and the next one runs
                words = str(error) if isinstance(error, (Failure, StageError)) else traceback.format_exc()
                where = traceback.extract_tb(error.__traceback__)
                places = [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in where
                          if "/group_" in f.filename]
                tell(title, "fail", time.monotonic() - begin,
                     f"{' '.join(places[-1:])} {words}\n{world.report()}{reports.take()}")
            else:
                tell(title, "pass", time.monotonic() - begin)
        finish(world, tell)
    finally:
        world.close()
