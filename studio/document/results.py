"""Pictures that were made, as they are kept in a project."""

from __future__ import annotations

from pathlib import Path

from studio.leftovers import scratch_folder
from studio.picture import Picture, save


def png_of(picture: Picture) -> bytes:
    """The picture as the bytes of a PNG, at its full size and depth. Takes a second for a large one."""
    with scratch_folder() as folder:
        path = Path(folder, "result.png")
        save(picture.full(), path, depth=picture.depth if picture.depth in (8, 16) else None)
        return path.read_bytes()
