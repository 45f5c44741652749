"""What may be so of the pictures and pairs that all modes share; actions depend on it."""

from __future__ import annotations

from enum import auto

from studio.gui.widgets.action import Condition


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
