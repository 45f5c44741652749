"""Lets pictures be dragged out of the window, as files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QTemporaryDir, QUrl
from PySide6.QtGui import QDrag, QImage, QPixmap
from PySide6.QtWidgets import QWidget

from studio.language import tr

THUMBNAIL = 128
"""Longer side, px, of what hangs on the mouse while a picture is dragged out."""


class DraggingOut:
    """Writes what is dragged into a folder of its own, which goes with the view.

    Each drag has a file to itself: what took the last one may still be reading.
    """

    def __init__(self) -> None:
        self._folder: QTemporaryDir | None = None

    def start(self, source: QWidget, title: str, image: QImage) -> str:
        """Drag until the mouse is let go; returns what went wrong, or ""."""
        path = self._path(title)
        if not image.save(str(path)):
            return tr("“{name}” could not be written: is the disk full?", name=path.name)
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        mime.setImageData(image)
        drag = QDrag(source)
        drag.setMimeData(mime)
        aspect, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        drag.setPixmap(QPixmap.fromImage(image.scaled(THUMBNAIL, THUMBNAIL, aspect, smooth)))
        drag.exec(Qt.DropAction.CopyAction)
        return ""

    def _path(self, title: str) -> Path:
        if self._folder is None:
            self._folder = QTemporaryDir()
        words = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in title)
        path = Path(self._folder.path(), f"{words or 'picture'}.png")
        number = 1
        while path.exists():
            number += 1
            path = path.with_name(f"{words or 'picture'} {number}.png")
        return path
