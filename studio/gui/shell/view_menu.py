"""The menu View: how the pictures are looked at; the modes are added by the table of actions."""

from __future__ import annotations

from studio.gui.canvas.conditions import Shared
from studio.gui.widgets.action import SEPARATOR, ActionSpec

MODES_HERE = "modes"
"""Stands for the actions that enter the modes."""

VIEW: tuple[ActionSpec | str, ...] = (
    ActionSpec("fit", "Fit", "Show both pictures whole", ("F",), "fit", needs=(Shared.ANY_PICTURE,)),
    ActionSpec(
        "actual_size",
        "100 %",
        "One picture pixel to one screen pixel",
        ("Ctrl+0",),
        "actual",
        needs=(Shared.ANY_PICTURE,),
    ),
    ActionSpec(
        "zoom_in",
        "Zoom In",
        "Enlarge around the middle; the mouse wheel enlarges at the cursor",
        ("Ctrl++", "Ctrl+="),
        "zoom-in",
        needs=(Shared.ANY_PICTURE,),
    ),
    ActionSpec(
        "zoom_out",
        "Zoom Out",
        "Reduce around the middle",
        ("Ctrl+-",),
        "zoom-out",
        needs=(Shared.ANY_PICTURE,),
    ),
    SEPARATOR,
    ActionSpec("link", "Link Views", "Zoom and pan both pictures together", ("L",), "link", True, True),
    ActionSpec("lines", "Show Lines", "Draw a line from each point to its partner", ("Shift+L",), "lines", True, True),
    ActionSpec(
        "numbers", "Show Numbers", "Write the number beside each point", ("Ctrl+Shift+N",), "numbers", True, True
    ),
    SEPARATOR,
    MODES_HERE,
    SEPARATOR,
    ActionSpec(
        "theme",
        "Switch Light and Dark",
        "Change between the light and the dark window",
        ("Ctrl+Shift+D",),
        "theme",
    ),
)
