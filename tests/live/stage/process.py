"""What the kernel tells about processes: children, memory, descriptors, threads, processor time.

Memory is anonymous pages plus dirty pages of shared mappings, as tests/bench/process_account.h counts it.
"""

import os
import re
import resource
import time

from stage.base import run_tool

WORKER = "egress-worker"
_TICKS = os.sysconf("SC_CLK_TCK")


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
            return [int(word) for word in stream.read().split()]
    except OSError:
        return []  # it has ended


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def workers_of(pid):
    """The serving processes of a daemon, oldest first: while one takes over from another there are two."""
    return sorted((child for child in children_of(pid) if name_of(child) == WORKER), key=started)


def _stat(pid):
    """The fields of /proc/PID/stat after the name; the first is the state."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
        return stream.read().rsplit(")", 1)[1].split()


def state_of(pid):
    """R, S, D, T, Z, ...; empty when there is no such process."""
    try:
        return _stat(pid)[0]
    except OSError:
        return ""


def started(pid):
    """Ticks since boot; 0 when it has ended."""
    try:
        return int(_stat(pid)[19])
    except OSError:
        return 0


def cpu_seconds(pid):
    """Used so far, user and system; 0 when it has ended."""
    try:
        fields = _stat(pid)
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def busy_share(pids, seconds):
    """Processor time of these processes over a while, as a share of one processor."""
    before, begin = sum(cpu_seconds(pid) for pid in pids), time.monotonic()
    time.sleep(seconds)  # the measurement
    return (sum(cpu_seconds(pid) for pid in pids) - before) / (time.monotonic() - begin)


def threads_of(pid):
    return int(_stat(pid)[17])


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_kib(*pids):
    """Of all of them together. Pages of a file that is mapped to be shared, as the store is, are the file's: how many
    are dirty tells how much was written since they were last synced."""
    total, is_shared, is_file = 0, False, False
    for pid in pids:
        with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as stream:
            for line in stream:
                found = re.match(r"[0-9a-f]+-[0-9a-f]+ ...(.) \S+ \S+ \d+ *(.*)", line)
                if found:
                    is_shared, is_file = found.group(1) == "s", re.match("/(?!dev/zero|memfd:)", found.group(2))
                    continue
                name, _, value = line.partition(":")
                if is_shared and is_file:
                    continue
                if name in (("Shared_Dirty", "Private_Dirty") if is_shared else ("Anonymous",)):
                    total += int(value.split()[0])
    return total


def address_space_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as stream:
        return int(re.search(r"VmSize:\s+(\d+)", stream.read()).group(1))


def limit(pid, what, soft, user=65534):
    """Sets the soft limit `what` (an option of prlimit(1): nofile, as, ...) of a process of this user.

    As that user: it may, where root of a container may not.
    """
    run_tool(["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
              "prlimit", "--pid", pid, f"--{what}={soft}:"])


def raise_descriptors(wanted):
    """For this process and all it will start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    hard = max(hard, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def sanitizer_env(**options):
    """The environment with these options of AddressSanitizer added.

    What it keeps of freed memory is its own business; with little of it the rest can be seen.
    """
    words = [os.environ.get("ASAN_OPTIONS", ""), *(f"{name}={value}" for name, value in options.items()),
             "quarantine_size_mb=4", "thread_local_quarantine_size_kb=64", "malloc_context_size=4"]
    return {"ASAN_OPTIONS": ":".join(word for word in words if word)}


def is_sanitized(program, kinds=("asan", "tsan")):
    """Was it built with one of AddressSanitizer and ThreadSanitizer?"""
    with open(program, "rb") as stream:
        data = stream.read()
    return any(f"__{kind}_init".encode() in data for kind in kinds)
