"""The menu Match: finding pairs."""

from __future__ import annotations

from studio.gui.canvas.conditions import Shared
from studio.gui.widgets.action import SEPARATOR, ActionSpec

MATCH: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "run",
        "Run Match",
        "Find the best buddies of the two pictures",
        ("Ctrl+Return",),
        "run",
        short="Run",
        needs=(Shared.BOTH_PICTURES,),
        unless=(Shared.MATCHING,),
        worded=True,
    ),
    ActionSpec(
        "pause",
        "Pause",
        "Hold the match before its next step, or go on",
        ("Ctrl+P",),
        "pause",
        True,
        needs=(Shared.MATCHING,),
    ),
    ActionSpec(
        "cancel",
        "Cancel",
        "Give the running match up",
        ("Esc",),
        "cancel",
        needs=(Shared.MATCHING,),
        worded=True,
    ),
    SEPARATOR,
    ActionSpec(
        "coarser",
        "Show Coarser Level",
        "Show the pairs of the next coarser level",
        ("[",),
        needs=(Shared.BOTH_PICTURES,),
    ),
    ActionSpec(
        "finer",
        "Show Finer Level",
        "Show the pairs of the next finer level, and at last the result",
        ("]",),
        needs=(Shared.BOTH_PICTURES,),
    ),
    ActionSpec(
        "rematch_around",
        "Match Anew Around Here",
        "Solve only what hangs below the selected pair, and keep everything else",
        ("Ctrl+Alt+Return",),
        "lasso",
        needs=(
            Shared.BOTH_PICTURES,
            Shared.CAN_EDIT_SELECTION,
        ),
        unless=(Shared.MATCHING,),
    ),
    SEPARATOR,
    ActionSpec(
        "next_doubtful",
        "Next Doubtful Pair",
        "Look at the least sure pair, then at the next",
        ("N",),
        "next",
        needs=(
            Shared.PAIRS,
            Shared.CAN_EDIT,
        ),
    ),
    ActionSpec(
        "previous_doubtful",
        "Previous Doubtful Pair",
        "Go back in the queue of doubtful pairs",
        ("Shift+N",),
        "previous",
        needs=(
            Shared.PAIRS,
            Shared.CAN_EDIT,
        ),
    ),
)
