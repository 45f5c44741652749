"""The menu View: how the pictures are looked at, and the modes."""

from __future__ import annotations

from studio.gui.mode.action import SEPARATOR, ActionSpec

VIEW: tuple[ActionSpec | str, ...] = (
    ActionSpec("fit", "Fit", "Show both pictures whole", ("F",), "fit", enabled_when=lambda now: now.any_picture),
    ActionSpec(
        "actual_size",
        "100 %",
        "One picture pixel to one screen pixel",
        ("Ctrl+0",),
        "actual",
        enabled_when=lambda now: now.any_picture,
    ),
    ActionSpec(
        "zoom_in",
        "Zoom In",
        "Enlarge around the middle; the mouse wheel enlarges at the cursor",
        ("Ctrl++", "Ctrl+="),
        "zoom-in",
        enabled_when=lambda now: now.any_picture,
    ),
    ActionSpec(
        "zoom_out",
        "Zoom Out",
        "Reduce around the middle",
        ("Ctrl+-",),
        "zoom-out",
        enabled_when=lambda now: now.any_picture,
    ),
    SEPARATOR,
    ActionSpec("link", "Link Views", "Zoom and pan both pictures together", ("L",), "link", True, True),
    ActionSpec("lines", "Show Lines", "Draw a line from each point to its partner", ("Shift+L",), "lines", True, True),
    ActionSpec(
        "numbers", "Show Numbers", "Write the number beside each point", ("Ctrl+Shift+N",), "numbers", True, True
    ),
    SEPARATOR,
    ActionSpec(
        "mode_match",
        "Match Mode",
        "Find pairs of points",
        ("Ctrl+1",),
        "mode-match",
        True,
        True,
        short="Match",
    ),
    ActionSpec(
        "mode_morph",
        "Morph Mode",
        "Turn one picture into the other along the pairs",
        ("Ctrl+2",),
        "mode-morph",
        True,
        short="Morph",
    ),
    ActionSpec(
        "mode_style",
        "Style Mode",
        "Give one picture the look of the other",
        ("Ctrl+3",),
        "mode-style",
        True,
        short="Style",
    ),
    ActionSpec(
        "mode_inspect",
        "Inspect Mode",
        "See why the network takes two places for the same",
        ("Ctrl+4",),
        "mode-inspect",
        True,
        short="Inspect",
    ),
    SEPARATOR,
    ActionSpec(
        "theme",
        "Switch Light and Dark",
        "Change between the light and the dark window",
        ("Ctrl+Shift+D",),
        "theme",
    ),
)
