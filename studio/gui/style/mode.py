"""The mode Style, as the window sees it."""

from __future__ import annotations

from collections.abc import Mapping

from studio.document import Document
from studio.gui.mode.mode import STRIP, Knobs, Mode, ModePanel, Services
from studio.gui.style.actions import STYLE
from studio.language import translatable


def _make(services: Services) -> ModePanel:
    from studio.gui.style.panel import StylePanel

    return StylePanel(services)


def _has_regions(document: Document) -> bool:
    return bool(document.regions) or any(step.regions is not None for step in document.history)


def _knobs() -> Mapping[str, Knobs]:
    from studio.gui.mode.network import NetworkOptions
    from studio.gui.style.choice import ChoiceOptions
    from studio.style.task import OPTIONS

    forms = {f"style/{kind}": Knobs(options, kind.label) for kind, options in OPTIONS.items()}
    return {"style": Knobs(ChoiceOptions), **forms, "style/network": Knobs(NetworkOptions)}


MODE = Mode(
    name="style",
    title=translatable("Style"),
    entry=translatable("Style Mode"),
    tip=translatable("Give one picture the look of the other"),
    help=translatable(
        "Gives one picture the look of the other, or of further pictures: in one go, or step by step before your "
        "eyes. The pairs can steer it, so that eyes take the style of eyes."
    ),
    icon="mode-style",
    actions=STYLE,
    run_buttons=("style_run", "style_pause", "style_cancel"),
    make=_make,
    keeps=_has_regions,
    arrangement="stacked",
    pictures_share=STRIP,
    knobs=_knobs,
)
