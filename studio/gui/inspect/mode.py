"""The mode Inspect, as the window sees it."""

from __future__ import annotations

from studio.gui.inspect.actions import INSPECT
from studio.gui.mode.mode import Mode, ModePanel, Services
from studio.language import translatable


def _make(services: Services) -> ModePanel:
    from studio.gui.inspect.panel import InspectPanel

    return InspectPanel(services)


MODE = Mode(
    name="inspect",
    title=translatable("Inspect"),
    entry=translatable("Inspect Mode"),
    tip=translatable("See why the network takes two places for the same"),
    help=translatable(
        "Shows what the network sees: move the mouse over A to find the same thing in B, click to hold a place, and "
        "ask why two points are buddies, what each channel sees, and which pixels count."
    ),
    icon="mode-inspect",
    actions=INSPECT,
    run_buttons=("inspect_run", "inspect_cancel"),
    make=_make,
    pictures_share=0.56,
)
