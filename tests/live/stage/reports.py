"""What sanitizers have to say, wherever it is said.

Processes in the background write to no terminal, and what the parent keeps of a child's last words is too short for a
report.  So every report goes to a file of its own (log_path), in a directory of the group's; the case during which one
appears fails, and shows it.
"""

import os
import shutil
import tempfile

LONGEST = 6000  # characters of a report that are shown
_state = {"directory": None, "is_expected": False}


def begin():
    """Before anything reads the environment or starts a process."""
    directory = tempfile.mkdtemp(prefix="egress-live-reports.")
    os.chmod(directory, 0o1777)  # processes of several users
    _state["directory"] = directory
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
        words = [os.environ.get(name, ""), f"log_path={directory}/report"]
        os.environ[name] = ":".join(word for word in words if word)


def expect_one():
    """The case under way crashes a process on purpose; a sanitizer may say so."""
    _state["is_expected"] = True


def take():
    """The reports since the last call, as one text; empty: all is well, or it was expected."""
    texts = []
    for name in sorted(os.listdir(_state["directory"])) if _state["directory"] else []:
        path = os.path.join(_state["directory"], name)
        with open(path, encoding="utf-8", errors="replace") as stream:
            texts.append(f"-- {name}\n{stream.read(LONGEST)}")
        os.unlink(path)
    was_expected, _state["is_expected"] = _state["is_expected"], False
    return "" if was_expected else "\n".join(texts)


def end():
    if _state["directory"]:
        shutil.rmtree(_state["directory"], ignore_errors=True)
        _state["directory"] = None
