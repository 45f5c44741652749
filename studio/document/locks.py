"""One window at a time writes to a project file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from filelock import FileLock, Timeout

from studio.files import to_bytes
from studio.paths import data_dir


class ProjectLock:
    """Held by the window that has a project open; the system gives it back if the program is killed.

    It lies among the user's own data, not beside the project, so it works in read-only folders and leaves nothing
    there; windows of other people on a shared disk do not see it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        name = hashlib.sha256(to_bytes(str(self.path))).hexdigest()[:32]
        self._lock = FileLock(data_dir() / "locks" / name, thread_local=False)

    def acquire(self) -> bool:
        """Take the project; False if another window has it. Where locks are impossible everybody gets it."""
        try:
            Path(self._lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        except (OSError, NotImplementedError):
            return True
        return True

    def release(self) -> None:
        """Give it back; harmless if it is not held."""
        self._lock.release()
