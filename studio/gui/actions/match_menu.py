"""The menu Match: finding pairs."""

from __future__ import annotations

from studio.gui.actions.spec import SEPARATOR, ActionSpec

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
)
