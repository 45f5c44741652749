"""What may be so of the pictures and pairs that all modes share; actions depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import auto

from studio.gui.widgets.action import Condition
from studio.language import translatable


class Shared(Condition):
    """Conditions of the pictures and pairs that all modes share."""

    ANY_PICTURE = auto()
    """A picture is open."""
    BOTH_PICTURES = auto()
    """Two pictures are open."""
    PAIRS = auto()
    """There are pairs."""
    CONTENT = auto()
    """A picture is open, or there are pairs."""
    MATCHING = auto()
    """A match runs, so that nothing can be edited."""
    CAN_EDIT = auto()
    """Pairs can be edited."""
    CAN_EDIT_SELECTION = auto()
    """Selected pairs can be edited."""
    SELECTION = auto()
    """Something is selected."""
    CAN_UNDO = auto()
    """A step can be undone."""
    CAN_REDO = auto()
    """A step can be done again."""
    CAN_SAVE = auto()
    """The project has changes, or no file yet."""
    CAN_REVERT = auto()
    """The project's file has an older state."""


REASONS: Mapping[Condition, str] = {
    Shared.ANY_PICTURE: translatable("Open a picture first."),
    Shared.BOTH_PICTURES: translatable("Open two pictures first."),
    Shared.PAIRS: translatable("There are no pairs yet: run a match or add some."),
    Shared.CONTENT: translatable("Open a picture first."),
    Shared.CAN_EDIT: translatable("Pairs can be edited when the final result is shown and no match runs."),
    Shared.CAN_EDIT_SELECTION: translatable("Select a pair first."),
    Shared.SELECTION: translatable("Nothing is selected."),
    Shared.CAN_UNDO: translatable("There is no step to undo."),
    Shared.CAN_REDO: translatable("There is no step to do again."),
    Shared.CAN_SAVE: translatable("Everything is saved."),
    Shared.MATCHING: translatable("No match is running."),
    Shared.CAN_REVERT: translatable("The project has no file, or no change since it was saved."),
}
"""Why something can't be used that needs the condition."""
IN_THE_WAY: Mapping[Condition, str] = {Shared.MATCHING: translatable("A match is running.")}
"""Why something can't be used that the condition excludes."""
