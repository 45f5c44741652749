"""The menu Match: finding pairs."""

from __future__ import annotations

from studio.gui.mode.action import SEPARATOR, ActionSpec

MATCH: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "run",
        "Run Match",
        "Find the best buddies of the two pictures",
        ("Ctrl+Return",),
        "run",
        short="Run",
        enabled_when=lambda now: now.both_pictures and not now.running,
    ),
    ActionSpec(
        "pause",
        "Pause",
        "Hold the match before its next step, or go on",
        ("Ctrl+P",),
        "pause",
        True,
        enabled_when=lambda now: now.running,
    ),
    ActionSpec(
        "cancel",
        "Cancel",
        "Give the running match up",
        ("Esc",),
        "cancel",
        enabled_when=lambda now: now.running,
    ),
    SEPARATOR,
    ActionSpec(
        "coarser",
        "Show Coarser Level",
        "Show the pairs of the next coarser level",
        ("[",),
        enabled_when=lambda now: now.both_pictures,
    ),
    ActionSpec(
        "finer",
        "Show Finer Level",
        "Show the pairs of the next finer level, and at last the result",
        ("]",),
        enabled_when=lambda now: now.both_pictures,
    ),
    ActionSpec(
        "rematch_around",
        "Match Anew Around Here",
        "Solve only what hangs below the selected pair, and keep everything else",
        ("Ctrl+Alt+Return",),
        "lasso",
        enabled_when=lambda now: now.both_pictures and not now.running and "edit-selection" in now.able,
    ),
    SEPARATOR,
    ActionSpec(
        "next_doubtful",
        "Next Doubtful Pair",
        "Look at the least sure pair, then at the next",
        ("N",),
        "next",
        enabled_when=lambda now: now.pairs and "edit-pairs" in now.able,
    ),
    ActionSpec(
        "previous_doubtful",
        "Previous Doubtful Pair",
        "Go back in the queue of doubtful pairs",
        ("Shift+N",),
        "previous",
        enabled_when=lambda now: now.pairs and "edit-pairs" in now.able,
    ),
)
