"""How the commands open pictures: what is not quite as the file says is told to the person."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from studio.progress import Job
from studio.terminal import say

if TYPE_CHECKING:
    from studio.picture import Picture

log = logging.getLogger(__name__)


def reading_picture(path: Path) -> Job[Picture]:
    """Open a picture, log its notes and print its warnings. Raises `PictureError`."""
    from studio.picture import loading

    picture = yield from loading(path)
    for note in picture.notes:
        log.info("%s: %s", picture.name, note)
    for warning in picture.warnings:
        say(f"“{picture.name}”: {warning}")
    return picture
