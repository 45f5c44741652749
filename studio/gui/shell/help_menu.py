"""The menu Help: help."""

from __future__ import annotations

from studio.gui.widgets.action import SEPARATOR, ActionSpec

HELP: tuple[ActionSpec | str, ...] = (
    ActionSpec("palette", "Find Action or Knob…", "Find anything by a few letters, and do it", ("Ctrl+K",), "search"),
    ActionSpec("tour", "Show Me Around", "A few short steps through the window", (), "help"),
    SEPARATOR,
    ActionSpec("shortcuts", "Keyboard Shortcuts", "List all shortcuts", ("?", "F1"), "keyboard"),
    ActionSpec("edit_shortcuts", "Change Shortcuts…", "Give actions other keys", (), "settings"),
    SEPARATOR,
    ActionSpec("open_logs", "Open Log Folder", "Show the folder of the log files", (), "folder"),
    ActionSpec("about", "About Buddies Studio", "Versions, device and licence"),
)
