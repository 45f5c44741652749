"""What may be so of the pictures and pairs that all modes share; actions depend on it."""

from __future__ import annotations

from studio.gui.widgets.action import Condition
from studio.language import translatable


class Shared(Condition):
    """Conditions of the pictures and pairs that all modes share."""

    ANY_PICTURE = translatable("Open a picture first.")
    """A picture is open."""
    BOTH_PICTURES = translatable("Open two pictures first.")
    """Two pictures are open."""
    PAIRS = translatable("There are no pairs yet: run a match, or place some by hand.")
    """There are pairs."""
    CONTENT = translatable("Open a picture first, or import pairs.")
    """A picture is open, or there are pairs."""
    MATCHING = (
        translatable("No match is running."),
        translatable("A match is running: wait for its end, or cancel it."),
    )
    """A match runs, so that nothing can be edited."""
    WORKING = translatable("Nothing is running in this mode.")
    """A job of the mode that is on waits, runs or pauses."""
    CAN_EDIT = translatable("Only the final pairs can be edited, and while no match is running.")
    """Pairs can be edited."""
    CAN_EDIT_SELECTION = translatable("Select pairs first; they can be edited while no match is running.")
    """Selected pairs can be edited."""
    SELECTION = translatable("Nothing is selected.")
    """Something is selected."""
    CAN_UNDO = translatable("Nothing was done yet that could be taken back.")
    """A step can be undone."""
    CAN_REDO = translatable("Nothing was taken back.")
    """A step can be done again."""
    CAN_SAVE = translatable("Everything is saved.")
    """The project has changes, or no file yet."""
    CAN_REVERT = translatable("Nothing has changed since the project was opened or saved, or it has no file yet.")
    """The project's file has an older state."""
