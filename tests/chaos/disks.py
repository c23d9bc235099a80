"""Which disks can be had here, and how do they fail? A small one that fills up, and one whose power is cut.

Both are mounts, which only root may make: `NoDisk` where that is refused.
"""

import errno
import fcntl
import os
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHUTDOWN = 0x8004587D
"""The ioctl EXT4_IOC_SHUTDOWN of Linux (fs/ext4/ext4.h), which xfstests cuts the power with."""
NO_LOG_FLUSH = 2
"""EXT4_GOING_FLAGS_NOLOGFLUSH: what is only in memory stays out of the journal, too."""


class NoDisk(Exception):
    """This machine gives us no such disk; the words are its own."""


class Disk:
    """ext4 in a file, mounted at `place`."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._file, self.place = folder / "disk", folder / "mounted"
        self.place.mkdir(parents=True)
        with self._file.open("wb") as file:
            file.truncate(megabytes << 20)
        _do("mkfs.ext4", "-q", "-F", str(self._file))
        self._mount()

    def cut(self) -> None:
        """The power is gone and comes back: `place` has what had been written, and nothing of what Linux still held in
        memory (but for a disk that lies about a cache of its own). Who had files open there must be dead."""
        root = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(root, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(root)
        self.close()
        self._mount()

    def close(self) -> None:
        """Unmounted, and the loop device is free again."""
        for _ in range(100):
            if not self.place.is_mount() or _did("umount", str(self.place)):
                return
            time.sleep(0.1)  # a server's children take a moment to die after it
        _do("umount", "--lazy", str(self.place))

    def _mount(self) -> None:
        _do("mount", "-o", "loop", str(self._file), str(self.place))


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A disk whose power can be cut, for as long as the block lasts."""
    made = Disk(folder, megabytes)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of this size for as long as the block lasts."""
    folder.mkdir(parents=True)
    _do("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _did("umount", "--lazy", str(folder))


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No room is left on the disk of this folder until the block ends."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise
    try:
        yield
    finally:
        ballast.unlink()


def _did(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _do(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as absent:
        raise NoDisk(f"{command[0]} is not installed") from absent
    if done.returncode:
        raise NoDisk(f"{command[0]}: {done.stderr.strip() or 'refused'}")
