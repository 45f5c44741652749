"""The menu Morph: the moving picture between A and B."""

from __future__ import annotations

from enum import auto

from studio.gui.widgets.action import SEPARATOR, ActionSpec, Condition


class MorphCan(Condition):
    """What can be done with the morph now."""

    MORPH = auto()
    """The mode is on and has pictures and pairs."""
    EXPORT = auto()
    """There is a morph that nobody exports yet."""


MORPH: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "play",
        "Play",
        "Play from A to B, or stop",
        ("K",),
        "play",
        True,
        needs=(MorphCan.MORPH,),
    ),
    ActionSpec(
        "loop",
        "Loop",
        "Begin again at A after B",
        (),
        "loop",
        True,
        needs=(MorphCan.MORPH,),
    ),
    ActionSpec(
        "ping_pong",
        "Ping-Pong",
        "Go back from B to A, and so on",
        (),
        "ping-pong",
        True,
        needs=(MorphCan.MORPH,),
    ),
    SEPARATOR,
    ActionSpec(
        "export_film",
        "Export Film…",
        "Write the morph as MP4, WebP, APNG, GIF or a folder of pictures",
        ("Ctrl+M",),
        "export",
        short="Export Film",
        needs=(MorphCan.EXPORT,),
        worded=True,
    ),
    ActionSpec(
        "save_still",
        "Save Still…",
        "Save the picture of this moment",
        ("Ctrl+Shift+M",),
        "picture",
        needs=(MorphCan.EXPORT,),
    ),
    ActionSpec(
        "save_warped",
        "Save Warped Pictures…",
        "Save both pictures, each bent to the shape of this moment",
        needs=(MorphCan.EXPORT,),
    ),
    ActionSpec(
        "save_field",
        "Save Field…",
        "Save where every pixel of the frame is looked up, for A and for B",
        needs=(MorphCan.EXPORT,),
    ),
)
