"""The menu File: files in and out."""

from __future__ import annotations

from studio.gui.mode.action import SEPARATOR, ActionSpec

FILE: tuple[ActionSpec | str, ...] = (
    ActionSpec("new_project", "New Project", "Begin with two empty sides", ("Ctrl+N",)),
    ActionSpec(
        "open_project",
        "Open Project…",
        "Open two pictures with their pairs and everything made of them",
        ("Ctrl+Alt+O",),
        "folder",
    ),
    ActionSpec(
        "save_project",
        "Save",
        "Write pictures, pairs, options and history to the project file",
        ("Ctrl+S",),
        "save",
        enabled_when=lambda now: "save" in now.able and (now.any_picture or now.pairs),
    ),
    ActionSpec(
        "save_project_as",
        "Save As…",
        "Write the project to another file",
        ("Ctrl+Shift+S",),
        enabled_when=lambda now: now.any_picture or now.pairs,
    ),
    ActionSpec(
        "revert",
        "Revert",
        "Go back to what the project file has",
        enabled_when=lambda now: "revert" in now.able and not now.running,
    ),
    SEPARATOR,
    ActionSpec("open_a", "Open Picture A…", "Choose the file of picture A", ("Ctrl+O",), "open-a", short="Open A"),
    ActionSpec(
        "open_b", "Open Picture B…", "Choose the file of picture B", ("Ctrl+Shift+O",), "open-b", short="Open B"
    ),
    SEPARATOR,
    ActionSpec(
        "import_pairs",
        "Import Pairs…",
        "Read point pairs from .csv (also BigWarp's landmarks), .json or .txt",
        ("Ctrl+I",),
        "import",
        enabled_when=lambda now: now.both_pictures and not now.running,
    ),
    ActionSpec(
        "export_pairs",
        "Export Pairs…",
        "Write the pairs shown to .csv, .json, .txt or BigWarp's landmarks",
        ("Ctrl+E",),
        "export",
        enabled_when=lambda now: now.pairs,
    ),
    ActionSpec(
        "export_overlay",
        "Export Overlay Picture…",
        "Save both pictures side by side with their pairs",
        ("Ctrl+Shift+E",),
        "picture",
        enabled_when=lambda now: now.pairs,
    ),
    SEPARATOR,
    ActionSpec("quit", "Quit", "Close the program", ("Ctrl+Q",)),
)
