"""Writing files so that a kill leaves the old one whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def replacing(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside `path` first."""
    part = path.with_name(path.name + ".part")
    write(part)
    part.replace(path)
