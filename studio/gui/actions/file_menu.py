"""The menu File: files in and out."""

from __future__ import annotations

from studio.gui.actions.spec import SEPARATOR, ActionSpec

FILE: tuple[ActionSpec | str, ...] = (
    ActionSpec("open_a", "Open Picture A…", "Choose the file of picture A", ("Ctrl+O",), "open-a", short="Open A"),
    ActionSpec(
        "open_b", "Open Picture B…", "Choose the file of picture B", ("Ctrl+Shift+O",), "open-b", short="Open B"
    ),
    SEPARATOR,
    ActionSpec(
        "import_pairs",
        "Import Pairs…",
        "Read point pairs from .csv, .json or .txt",
        ("Ctrl+I",),
        "import",
        enabled_when=lambda now: now.both_pictures and not now.running,
    ),
    ActionSpec(
        "export_pairs",
        "Export Pairs…",
        "Write the pairs shown to .csv, .json or .txt",
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
