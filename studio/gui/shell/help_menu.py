"""The menu Help: help."""

from __future__ import annotations

from studio.gui.widgets.action import ActionSpec

HELP: tuple[ActionSpec | str, ...] = (
    ActionSpec("shortcuts", "Keyboard Shortcuts", "List all shortcuts", ("?", "F1"), "help"),
    ActionSpec("open_logs", "Open Log Folder", "Show the folder of the log files", (), "folder"),
    ActionSpec("about", "About Buddies Studio", "Versions, device and licence"),
)
