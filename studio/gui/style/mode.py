"""The mode Style, as the window sees it."""

from __future__ import annotations

from studio.document import Document
from studio.gui.mode.mode import Mode, ModePanel, Services
from studio.gui.style.actions import STYLE
from studio.language import translatable


def _make(services: Services) -> ModePanel:
    from studio.gui.style.panel import StylePanel

    return StylePanel(services)


def _has_regions(document: Document) -> bool:
    return bool(document.regions) or any(step.regions is not None for step in document.history)


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
)
