"""How large the cache is, and how it is kept from growing: what can be had again goes first when it was not used."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from studio.paths import cache_dir

log = logging.getLogger(__name__)

UNFINISHED = (".part", ".lock")
"""Suffixes of what a download under way writes to."""


def cache_size() -> int:
    """Bytes of all files in the cache."""
    return sum(size for _, _, size in _files())


def prune(limit: int) -> list[Path]:
    """Remove the files that were not used for the longest time until `limit` bytes are left; returns those removed.

    Downloads under way are left alone, and so is what can't be removed.
    """
    files = sorted(_files())
    total = sum(size for _, _, size in files)
    removed = []
    for _, path, size in files:
        if total <= limit:
            break
        if path.suffix in UNFINISHED:
            continue
        try:
            path.unlink()
        except OSError as error:
            log.info("%s stays in the cache: %s", path.name, error)
            continue
        total -= size
        removed.append(path)
    return removed


def _files() -> list[tuple[float, Path, int]]:
    """(last used, path, size) of each file."""
    found = []
    for folder, _, names in os.walk(cache_dir()):
        for name in names:
            path = Path(folder, name)
            try:
                status = path.lstat()
            except OSError:
                continue  # gone meanwhile
            found.append((max(status.st_atime, status.st_mtime), path, status.st_size))
    return found
