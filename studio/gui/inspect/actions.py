"""The menu Inspect: why the network takes two places for the same."""

from __future__ import annotations

from studio.gui.mode.action import SEPARATOR, ActionSpec

INSPECT: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "inspect_hover",
        "Hover",
        "Compare the place under the mouse with the whole other picture",
        ("Alt+1",),
        enabled_when=lambda now: "inspect" in now.able,
    ),
    ActionSpec(
        "inspect_why",
        "Why Buddies?",
        "Split the similarity of a pair into its causes",
        ("Alt+2",),
        enabled_when=lambda now: "inspect" in now.able,
    ),
    ActionSpec(
        "inspect_activations",
        "Activations",
        "See what a layer of the network sees in both pictures",
        ("Alt+3",),
        enabled_when=lambda now: "inspect" in now.able,
    ),
    ActionSpec(
        "inspect_attribution",
        "Attribution",
        "See which pixels the network's answer comes from",
        ("Alt+4",),
        enabled_when=lambda now: "inspect" in now.able,
    ),
    ActionSpec(
        "inspect_field",
        "Receptive Field",
        "See how much of a picture one cell of a layer can see",
        ("Alt+5",),
        enabled_when=lambda now: "inspect" in now.able,
    ),
    SEPARATOR,
    ActionSpec(
        "inspect_release",
        "Let Go of the Place",
        "Follow the mouse again",
        ("Alt+0",),
        enabled_when=lambda now: "inspect-release" in now.able,
    ),
    ActionSpec(
        "inspect_run",
        "Explain Both Pictures",
        "Compute the maps of the method chosen",
        ("Ctrl+Shift+Return",),
        "run",
        short="Explain",
        enabled_when=lambda now: "inspect" in now.able,
    ),
    ActionSpec(
        "inspect_cancel",
        "Cancel Computing",
        "Give up what Inspect is computing",
        icon="cancel",
        short="Cancel",
        enabled_when=lambda now: "inspect-cancel" in now.able,
    ),
    SEPARATOR,
    ActionSpec(
        "inspect_pin",
        "Pin Maps",
        "Keep the maps, to compare them with others",
        enabled_when=lambda now: "inspect-export" in now.able,
    ),
    ActionSpec(
        "inspect_export_png",
        "Save Maps as PNG…",
        "Save the maps as pictures, with the record of how they were made",
        enabled_when=lambda now: "inspect-export" in now.able,
    ),
    ActionSpec(
        "inspect_export_npy",
        "Save Maps as NPY…",
        "Save the numbers of the maps, with the record of how they were made",
        enabled_when=lambda now: "inspect-export" in now.able,
    ),
)
