"""Hands files that were written to other programs: to the one that opens them, or to the file manager."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def open_file(path: Path) -> bool:
    """Open a file, or a folder, with the program that the desktop has for it; False if there is none."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def show_in_folder(path: Path) -> bool:
    """Show a file in the file manager, selected where that can be asked for; False if nothing could be shown."""
    if path.exists():
        if sys.platform == "win32":
            # The comma belongs to the switch, and quotes go around the path alone.
            explorer = QProcess()
            explorer.setProgram("explorer.exe")
            explorer.setNativeArguments(f'/select,"{path}"')
            return bool(explorer.startDetached()[0])
        if sys.platform == "darwin":
            return bool(QProcess.startDetached("open", ["-R", str(path)])[0])
    return open_file(path.parent)
