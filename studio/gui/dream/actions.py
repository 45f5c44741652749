"""The menu Dream: what a network wants to see."""

from __future__ import annotations

from studio.gui.widgets.action import SEPARATOR, ActionSpec, Condition
from studio.language import translatable


class DreamCan(Condition):
    """What can be done with dreams now."""

    RUN = (
        translatable("Enter the mode Dream; its panel says what is missing, or a run is under way."),
        translatable("A run is under way: wait for its end, or cancel it."),
    )
    """The mode is on, nothing is missing and nothing runs."""
    STOP = translatable("Nothing is running.")
    """A run is under way."""
    SAVE = translatable("There is no picture yet: run a dream first.")
    """There is a picture to save."""
    TARGET = translatable("Select a pair, in the mode Dream, with “Show a unit” chosen.")
    """The mode is on, makes a picture for a unit, and a pair is selected."""


DREAM: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "dream_run",
        "Run Dream",
        "Make what the panel describes",
        ("Ctrl+D",),
        "run",
        short="Run",
        needs=(DreamCan.RUN,),
        worded=True,
    ),
    ActionSpec(
        "dream_pause",
        "Pause Dream",
        "Hold the run before its next step, or go on",
        ("Ctrl+Alt+P",),
        "pause",
        True,
        needs=(DreamCan.STOP,),
    ),
    ActionSpec(
        "dream_cancel",
        "Cancel Dream",
        "Give the run up; the last picture that was shown stays",
        ("Ctrl+.",),
        "cancel",
        short="Cancel",
        needs=(DreamCan.STOP,),
        worded=True,
    ),
    SEPARATOR,
    ActionSpec(
        "dream_pair",
        "Show What the Pair Shares",
        "Make the selected pair the target: what both of its points have in common for the network",
        ("Ctrl+Alt+G",),
        needs=(DreamCan.TARGET,),
    ),
    SEPARATOR,
    ActionSpec(
        "dream_save",
        "Save Result…",
        "Save the picture as PNG, JPEG, WebP or TIFF, with its recipe inside",
        ("Ctrl+Alt+S",),
        "export",
        needs=(DreamCan.SAVE,),
    ),
    ActionSpec(
        "dream_to_a",
        "Send Result to A",
        "Put the result in the place of picture A, to match and morph it",
        (),
        "open-a",
        needs=(DreamCan.SAVE,),
    ),
    ActionSpec(
        "dream_to_b",
        "Send Result to B",
        "Put the result in the place of picture B, to match and morph it",
        (),
        "open-b",
        needs=(DreamCan.SAVE,),
    ),
)
