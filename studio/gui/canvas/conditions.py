"""What may be so of the pictures and pairs that all modes share; actions depend on it."""

from __future__ import annotations

from studio.gui.widgets.action import Condition


class Shared(Condition):
    """Conditions of the pictures and pairs that all modes share."""

    ANY_PICTURE = "a picture is open"
    BOTH_PICTURES = "two pictures are open"
    PAIRS = "there are pairs"
    CONTENT = "a picture is open, or there are pairs"
    MATCHING = "a match runs, so that nothing can be edited"
    CAN_EDIT = "pairs can be edited"
    CAN_EDIT_SELECTION = "selected pairs can be edited"
    SELECTION = "something is selected"
    CAN_UNDO = "a step can be undone"
    CAN_REDO = "a step can be done again"
    CAN_SAVE = "the project has changes, or no file yet"
    CAN_REVERT = "the project's file has an older state"
