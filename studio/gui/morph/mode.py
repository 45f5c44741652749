"""The mode Morph, as the window sees it."""

from __future__ import annotations

from studio.gui.canvas.state import StudioState
from studio.gui.mode.mode import Mode, ModePanel, Services
from studio.gui.morph.actions import MORPH, MorphCan
from studio.gui.widgets.action import Condition
from studio.language import translatable


def _make(services: Services) -> ModePanel:
    from studio.gui.morph.panel import MorphPanel

    return MorphPanel(services)


def is_ready(state: StudioState) -> bool:
    """Whether there are two pictures and pairs between them."""
    return state.has_both and len(state.pairs.enabled()) > 0


def _conditions(state: StudioState) -> set[Condition]:
    return {MorphCan.EXPORT} if is_ready(state) else set()


MODE = Mode(
    name="morph",
    title=translatable("Morph"),
    entry=translatable("Morph Mode"),
    tip=translatable("Turn one picture into the other along the pairs"),
    help=translatable(
        "Turns A into B along the pairs: drag the slider or press Play, bend shape and colour apart on the pad, "
        "and export a film or a still."
    ),
    icon="mode-morph",
    actions=MORPH,
    run_buttons=("play", "export_film"),
    make=_make,
    conditions=_conditions,
)
