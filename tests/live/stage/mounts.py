"""Mounts of one's own, gone with the process: a small file system that can be full, a directory at another place."""

import ctypes
import errno
import os

from stage.base import StageError, run_tool

CLONE_NEWNS = 0x00020000


def enter_private_mounts():
    """Before any thread or server is started: they inherit it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise StageError(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    run_tool(["mount", "--make-rprivate", "/"])


def show_at(path, place):
    """Shows a directory at another place, for this process and what it starts; its mounts must be its own."""
    if os.readlink("/proc/self/ns/mnt") == os.readlink(f"/proc/{os.getppid()}/ns/mnt"):
        raise StageError(f"{place} would change for others, too")
    run_tool(["mount", "--bind", path, place])


class SmallDisk:
    """A tmpfs of some KiB over a directory, whose content is hidden meanwhile."""

    def __init__(self, stage, path, kib=256, mode="0755"):
        self.path = path
        run_tool(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode={mode}", "tmpfs", path])
        stage.on_close(self.close)
        self.is_mounted = True

    def fill(self):
        """Until not one byte more goes in."""
        filler = os.path.join(self.path, "filler")
        with open(filler, "ab", buffering=0) as stream:
            for size in (4096, 1):
                try:
                    while True:
                        stream.write(b"x" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self):
        os.unlink(os.path.join(self.path, "filler"))

    def close(self):
        if self.is_mounted:
            run_tool(["umount", "--lazy", self.path], check=False)
            self.is_mounted = False
