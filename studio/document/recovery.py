"""What a killed program left behind: found, looked at, and taken up again at the next start."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from studio.document.errors import DocumentError
from studio.document.opening import OpenedDocument, opening_work
from studio.document.session import WORK, about, connect, sessions_dir, take
from studio.document.summary import Summary, summary_of
from studio.language import listed, tr
from studio.progress import Job

log = logging.getLogger(__name__)

LOOKED_AT = 2.0
"""Seconds for which another window that starts may be looking at the same work."""
JUST_MADE = 60.0
"""Seconds for which an empty folder may belong to a window that is just starting."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Work that was not saved. `project` is the file it belongs to, if it was ever saved."""

    folder: Path
    project: Path | None
    changed: datetime
    summary: Summary = field(repr=False)

    @property
    def title(self) -> str:
        """What to call it."""
        return self.project.stem if self.project else listed(self.summary.names) or tr("Untitled")


def find_recoveries() -> list[Recovery]:
    """What is there to recover, the newest first. What holds nothing worth it is removed in passing."""
    found = []
    try:
        folders = [folder for folder in sessions_dir().iterdir() if folder.is_dir()]
    except OSError:
        return []
    for folder in folders:
        try:
            lock = take(folder)
        except DocumentError:
            continue  # a window that lives
        try:
            recovery = _look(folder)
        finally:
            lock.release()
        if recovery is None and _age(folder) > JUST_MADE:
            shutil.rmtree(folder, ignore_errors=True)
        elif recovery is not None:
            found.append(recovery)
    return sorted(found, key=lambda entry: entry.changed, reverse=True)


def _age(folder: Path) -> float:
    """Seconds since something was made or removed in it; 0 if somebody else has removed it by now."""
    try:
        return time.time() - folder.stat().st_mtime
    except OSError:
        return 0.0


def _look(folder: Path) -> Recovery | None:
    """What lies in a folder that nobody uses."""
    work = folder / WORK
    try:
        changed = max(file.stat().st_mtime for file in folder.glob(f"{WORK}*"))
        empty = work.stat().st_size == 0 and not work.with_name(f"{WORK}-wal").exists()
    except (OSError, ValueError):
        empty, changed = True, 0.0
    try:
        summary = None if empty else summary_of(work, "rw")
    except DocumentError as error:
        if _is_blank(work):
            return None
        log.warning("work left behind in %s: %s", folder, error)
        summary = Summary((), 0, True)  # it is opened as far as it goes, if somebody wants it
    else:
        if summary is None or not summary.modified or not (summary.names or summary.pairs):
            return None
    when = datetime.fromtimestamp(changed)
    return Recovery(folder, about(folder), when, summary)


def _is_blank(work: Path) -> bool:
    """Whether the program was killed before it had made its tables."""
    try:
        connection = connect(work)
        try:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,))
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def recovering(recovery: Recovery) -> Job[OpenedDocument]:
    """Go on with the work that was left behind. Raises `DocumentError`."""
    lock = take(recovery.folder, LOOKED_AT)
    shown = recovery.project or Path(recovery.title)
    try:
        return (yield from opening_work(recovery.folder, lock, shown, recovery.project))
    except BaseException:
        lock.release()
        raise


def discard(recovery: Recovery) -> None:
    """Throw the work away. Raises `DocumentError` if a window has it."""
    take(recovery.folder, LOOKED_AT).release()
    shutil.rmtree(recovery.folder, ignore_errors=True)
