"""The menu Edit: pairs and pictures by hand."""

from __future__ import annotations

from studio.gui.actions.spec import ActionSpec

EDIT: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "paste",
        "Paste Picture",
        "Put the picture from the clipboard on the side used last, or on an empty one",
        ("Ctrl+V",),
        "paste",
    ),
    ActionSpec(
        "copy_pairs",
        "Copy Pairs",
        "Copy the pairs shown as a table",
        ("Ctrl+C",),
        "copy",
        enabled_when=lambda now: now.pairs,
    ),
    ActionSpec(
        "swap",
        "Swap A and B",
        "Exchange the two pictures and their pairs",
        ("Ctrl+T",),
        "swap",
        short="Swap",
        enabled_when=lambda now: now.any_picture and not now.running,
    ),
    ActionSpec(
        "clear_pairs",
        "Clear Pairs",
        "Remove all pairs",
        (),
        "close",
        enabled_when=lambda now: now.pairs and not now.running,
    ),
)
