"""The menu Style: the look of one picture on the shape of the other."""

from __future__ import annotations

from enum import auto

from studio.gui.widgets.action import SEPARATOR, ActionSpec, Condition


class StyleCan(Condition):
    """What can be done with styles now."""

    RUN = auto()
    """The mode is on, nothing is missing and nothing runs."""
    GO_ON = auto()
    """And a run was left that can be taken up."""
    STOP = auto()
    """A run is under way."""
    SAVE = auto()
    """There is a picture to save."""


STYLE: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "style_run",
        "Run Style",
        "Make the picture that the panel describes",
        ("Ctrl+R",),
        "run",
        short="Run",
        needs=(StyleCan.RUN,),
        worded=True,
    ),
    ActionSpec(
        "style_go_on",
        "Go On",
        "Take the last run up exactly where it stood, also after the program was closed",
        needs=(StyleCan.GO_ON,),
    ),
    ActionSpec(
        "style_pause",
        "Pause Style",
        "Hold the run before its next step, or go on; weights may be changed meanwhile",
        ("Ctrl+Shift+P",),
        "pause",
        True,
        needs=(StyleCan.STOP,),
    ),
    ActionSpec(
        "style_finish",
        "Finish Now",
        "End the run with the picture as it is",
        (),
        "check",
        needs=(StyleCan.STOP,),
    ),
    ActionSpec(
        "style_cancel",
        "Cancel Style",
        "Give the run up; the last picture that was shown stays",
        ("Shift+Esc",),
        "cancel",
        short="Cancel",
        needs=(StyleCan.STOP,),
        worded=True,
    ),
    SEPARATOR,
    ActionSpec(
        "style_previews",
        "Preview Variants",
        "Compute small previews of other losses, scales and weights while nothing else runs",
        (),
        "",
        True,
    ),
    SEPARATOR,
    ActionSpec(
        "style_save",
        "Save Result…",
        "Save the picture as PNG, JPEG, WebP or TIFF, with its recipe inside",
        ("Ctrl+Shift+R",),
        "export",
        needs=(StyleCan.SAVE,),
    ),
    ActionSpec(
        "style_to_a",
        "Send Result to A",
        "Put the result in the place of picture A, to match and morph it",
        (),
        "open-a",
        needs=(StyleCan.SAVE,),
    ),
    ActionSpec(
        "style_to_b",
        "Send Result to B",
        "Put the result in the place of picture B, to match and morph it",
        (),
        "open-b",
        needs=(StyleCan.SAVE,),
    ),
    ActionSpec(
        "style_repeat",
        "Repeat Recipe…",
        "Take the options that a saved picture was made with, from the picture itself",
        (),
        "import",
    ),
)
