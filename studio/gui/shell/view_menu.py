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
    ActionSpec(
        "arrange_sides",
        "A and B Side by Side",
        "Put A and B beside each other; this mode keeps it",
        checkable=True,
        checked=True,
    ),
    ActionSpec(
        "arrange_stacked",
        "A above B",
        "Put A above B: best for wide pictures, and for a strip beside the result; this mode keeps it",
        checkable=True,
    ),
    ActionSpec(
        "arrange_overlay",
        "B over A",
        "Put B over A and fade between them; this mode keeps it",
        checkable=True,
    ),
    SEPARATOR,
    ActionSpec(
        "full_screen",
        "Full Screen",
        "Fill the screen with the result, or with the pictures in a mode without one; once more to come back",
        ("F11",),
        "full-screen",
        needs=(Shared.ANY_PICTURE,),
    ),
    # Beside F11. Tab, as in painting programs, would take the keyboard's way through the window, F4 opens lists.
    ActionSpec(
        "hide_panels",
        "Hide Panels",
        "Leave the window to the pictures and the result, or bring panels and docks back",
        ("Shift+F11",),
        checkable=True,
    ),
    SEPARATOR,
    MODES_HERE,
    SEPARATOR,
    ActionSpec(
        "cancel_in_view",
        "Cancel What Runs Here",
        "Give up what is running in this mode; first Esc leaves a field, a drag or a tool",
        ("Esc",),
        needs=(Shared.WORKING,),
    ),
    ActionSpec(
        "theme",
        "Switch Light and Dark",
        "Change between the light and the dark window",
        ("Ctrl+Shift+D",),
        "theme",
    ),
)
