"""Where the embedded server keeps its files, who owns it, and where it listens."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

# sun_path is 108 bytes with its end on Linux, 104 on macOS.
_LONGEST_SOCKET_PATH = 103
_PRIVATE_PREFIX = "gateway-redis-"


@dataclass(frozen=True, slots=True, eq=False)
class FileLock:
    """An flock that the kernel releases with the last process that has it, however that one ends."""

    descriptor: int

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """None when somebody has it, be it this very process."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        lock = cls(descriptor)
        _held.add(lock)
        return lock

    @property
    def held(self) -> bool:
        """By this process: false after letting go, and in a fork."""
        return self in _held

    def let_go(self) -> None:
        """A child that was given the descriptor keeps the lock."""
        if self.held:
            _held.discard(self)
            os.close(self.descriptor)


_held: set[FileLock] = set()


def _let_go_in_a_fork() -> None:
    """A forked child would keep the lock of a parent that has gone."""
    while _held:
        os.close(_held.pop().descriptor)


os.register_at_fork(after_in_child=_let_go_in_a_fork)


@dataclass(frozen=True, slots=True)
class RedisHome:
    directory: Path

    @classmethod
    def prepare(cls, data_dir: Path) -> Self:
        """Make the directory, closed to other users. Raises OSError."""
        directory = data_dir.absolute() / "redis"
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        return cls(directory)

    @property
    def log(self) -> Path:
        return self.directory / "redis.log"

    @property
    def owner_lock(self) -> Path:
        """Held by the process that started the server and ends it."""
        return self.directory / "owner.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server itself: two servers on one append-only file would ruin it."""
        return self.directory / "server.lock"

    @property
    def socket(self) -> Path:
        """Where the server listens: here, or where the pointer says when this path is too long for a socket."""
        try:
            return Path(self._pointer.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return self._near_socket

    def choose_socket(self) -> Path:
        """For the owner: a place for the socket, written down where `socket` finds it. Raises OSError."""
        if _fits(self._near_socket):
            self._pointer.unlink(missing_ok=True)
            return self._near_socket
        if not _is_private(self.socket.parent):
            written = self._pointer.with_suffix(".new")
            written.write_text(str(_private_directory() / "redis.sock"), encoding="utf-8")
            written.replace(self._pointer)
        return self.socket

    def forget_socket(self) -> None:
        """After the server has ended: leave nothing of it behind."""
        socket = self.socket
        socket.unlink(missing_ok=True)
        if socket != self._near_socket and _is_private(socket.parent):
            shutil.rmtree(socket.parent, ignore_errors=True)
        self._pointer.unlink(missing_ok=True)

    def start_log(self) -> int:
        """A descriptor to write to. One earlier log is kept."""
        with contextlib.suppress(FileNotFoundError):
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def last_log_lines(self, count: int = 8) -> str:
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-count:])

    @property
    def _near_socket(self) -> Path:
        return self.directory / "redis.sock"

    @property
    def _pointer(self) -> Path:
        return self.directory / "socket-path"


def _fits(socket: Path) -> bool:
    return len(os.fsencode(socket)) <= _LONGEST_SOCKET_PATH


def _private_directory() -> Path:
    for parent in _temporary_places():
        directory = Path(tempfile.mkdtemp(prefix=_PRIVATE_PREFIX, dir=parent))  # mode 0700
        if _fits(directory / "redis.sock"):
            return directory
        directory.rmdir()
    raise OSError(0, "no temporary directory has a path short enough for a socket")


def _temporary_places() -> Iterator[str]:
    yield tempfile.gettempdir()
    yield "/tmp"  # noqa: S108  # made by mkdtemp there, so nobody else's


def _is_private(directory: Path) -> bool:
    """Ours alone, and one we made: after a reboot somebody else may have made the same name."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    ours = found.st_uid == os.getuid() and stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == stat.S_IRWXU
    return ours and directory.name.startswith(_PRIVATE_PREFIX)
