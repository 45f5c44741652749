"""The menu Inspect: why the network takes two places for the same."""

from __future__ import annotations

from enum import auto

from studio.gui.widgets.action import SEPARATOR, ActionSpec, Condition


class InspectCan(Condition):
    """What can be done with the views now."""

    INSPECT = auto()
    """The mode is on and the network has seen both pictures."""
    RELEASE = auto()
    """And a place is held."""
    EXPORT = auto()
    """And there is an attribution."""
    CANCEL = auto()
    """Something is being computed."""


INSPECT: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "inspect_hover",
        "Hover",
        "Compare the place under the mouse with the whole other picture",
        ("Alt+1",),
        needs=(InspectCan.INSPECT,),
    ),
    ActionSpec(
        "inspect_why",
        "Why Buddies?",
        "Split the similarity of a pair into its causes",
        ("Alt+2",),
        needs=(InspectCan.INSPECT,),
    ),
    ActionSpec(
        "inspect_activations",
        "Activations",
        "See what a layer of the network sees in both pictures",
        ("Alt+3",),
        needs=(InspectCan.INSPECT,),
    ),
    ActionSpec(
        "inspect_attribution",
        "Attribution",
        "See which pixels the network's answer comes from",
        ("Alt+4",),
        needs=(InspectCan.INSPECT,),
    ),
    ActionSpec(
        "inspect_field",
        "Receptive Field",
        "See how much of a picture one cell of a layer can see",
        ("Alt+5",),
        needs=(InspectCan.INSPECT,),
    ),
    SEPARATOR,
    ActionSpec(
        "inspect_release",
        "Let Go of the Place",
        "Follow the mouse again",
        ("Alt+0",),
        needs=(InspectCan.RELEASE,),
    ),
    ActionSpec(
        "inspect_run",
        "Explain Both Pictures",
        "Compute the maps of the method chosen",
        ("Ctrl+Shift+Return",),
        "run",
        short="Explain",
        needs=(InspectCan.INSPECT,),
        worded=True,
    ),
    ActionSpec(
        "inspect_cancel",
        "Cancel Computing",
        "Give up what Inspect is computing",
        icon="cancel",
        short="Cancel",
        needs=(InspectCan.CANCEL,),
    ),
    SEPARATOR,
    ActionSpec(
        "inspect_pin",
        "Pin Maps",
        "Keep the maps, to compare them with others",
        needs=(InspectCan.EXPORT,),
    ),
    ActionSpec(
        "inspect_export_png",
        "Save Maps as PNG…",
        "Save the maps as pictures, with the record of how they were made",
        needs=(InspectCan.EXPORT,),
    ),
    ActionSpec(
        "inspect_export_npy",
        "Save Maps as NPY…",
        "Save the numbers of the maps, with the record of how they were made",
        needs=(InspectCan.EXPORT,),
    ),
)
