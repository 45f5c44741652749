"""The mode Dream, as the window sees it."""

from __future__ import annotations

from studio.gui.dream.actions import DREAM
from studio.gui.mode.mode import Mode, ModePanel, Services
from studio.language import translatable


def _make(services: Services) -> ModePanel:
    from studio.gui.dream.panel import DreamPanel

    return DreamPanel(services)


MODE = Mode(
    name="dream",
    title=translatable("Dream"),
    entry=translatable("Dream Mode"),
    tip=translatable("Make pictures of what a network wants to see"),
    help=translatable(
        "Makes what a network sees in a picture stronger and stronger, or makes a picture from nothing for what it "
        "sees at a place, in a pair or in a channel; as a picture, or as a film that falls into its own dream."
    ),
    icon="mode-dream",
    actions=DREAM,
    run_buttons=("dream_run", "dream_pause", "dream_cancel"),
    make=_make,
    pictures_share=0.3,
)
