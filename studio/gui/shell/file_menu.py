"""The menu File: files in and out."""

from __future__ import annotations

from studio.gui.canvas.conditions import Shared
from studio.gui.widgets.action import SEPARATOR, ActionSpec

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
        needs=(Shared.CAN_SAVE, Shared.CONTENT),
    ),
    ActionSpec(
        "save_project_as",
        "Save As…",
        "Write the project to another file",
        ("Ctrl+Shift+S",),
        needs=(Shared.CONTENT,),
    ),
    ActionSpec(
        "revert",
        "Revert",
        "Go back to what the project file has",
        needs=(Shared.CAN_REVERT,),
        unless=(Shared.MATCHING,),
    ),
    SEPARATOR,
    ActionSpec(
        "open_a",
        "Open Picture A…",
        "Choose the file of picture A",
        ("Ctrl+O",),
        "open-a",
        short="Open A",
        worded=True,
    ),
    ActionSpec(
        "open_b",
        "Open Picture B…",
        "Choose the file of picture B",
        ("Ctrl+Shift+O",),
        "open-b",
        short="Open B",
        worded=True,
    ),
    SEPARATOR,
    ActionSpec(
        "import_pairs",
        "Import Pairs…",
        "Read point pairs from .csv (also BigWarp's landmarks), .json or .txt",
        ("Ctrl+I",),
        "import",
        needs=(Shared.BOTH_PICTURES,),
        unless=(Shared.MATCHING,),
    ),
    ActionSpec(
        "export_pairs",
        "Export Pairs…",
        "Write the pairs shown to .csv, .json, .txt or BigWarp's landmarks",
        ("Ctrl+E",),
        "export",
        needs=(Shared.PAIRS,),
    ),
    ActionSpec(
        "export_overlay",
        "Export Overlay Picture…",
        "Save both pictures side by side with their pairs",
        ("Ctrl+Shift+E",),
        "picture",
        needs=(Shared.PAIRS,),
    ),
    SEPARATOR,
    ActionSpec("quit", "Quit", "Close the program", ("Ctrl+Q",)),
)
