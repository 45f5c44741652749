"""The menu Morph: the moving picture between A and B."""

from __future__ import annotations

from studio.gui.mode.action import SEPARATOR, ActionSpec

MORPH: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "play",
        "Play",
        "Play from A to B, or stop",
        ("K",),
        "play",
        True,
        enabled_when=lambda now: "morph" in now.able,
    ),
    ActionSpec(
        "loop",
        "Loop",
        "Begin again at A after B",
        (),
        "loop",
        True,
        enabled_when=lambda now: "morph" in now.able,
    ),
    ActionSpec(
        "ping_pong",
        "Ping-Pong",
        "Go back from B to A, and so on",
        (),
        "ping-pong",
        True,
        enabled_when=lambda now: "morph" in now.able,
    ),
    SEPARATOR,
    ActionSpec(
        "export_film",
        "Export Film…",
        "Write the morph as MP4, WebP, APNG, GIF or a folder of pictures",
        ("Ctrl+M",),
        "export",
        short="Export Film",
        enabled_when=lambda now: "export-morph" in now.able,
    ),
    ActionSpec(
        "save_still",
        "Save Still…",
        "Save the picture of this moment",
        ("Ctrl+Shift+M",),
        "picture",
        enabled_when=lambda now: "export-morph" in now.able,
    ),
    ActionSpec(
        "save_warped",
        "Save Warped Pictures…",
        "Save both pictures, each bent to the shape of this moment",
        enabled_when=lambda now: "export-morph" in now.able,
    ),
    ActionSpec(
        "save_field",
        "Save Field…",
        "Save where every pixel of the frame is looked up, for A and for B",
        enabled_when=lambda now: "export-morph" in now.able,
    ),
)
