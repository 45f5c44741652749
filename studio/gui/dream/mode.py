"""The mode Dream, as the window sees it."""

from __future__ import annotations

from collections.abc import Mapping

from studio.gui.dream.actions import DREAM
from studio.gui.mode.mode import STRIP, Knobs, Mode, ModePanel, Services
from studio.language import translatable


def _make(services: Services) -> ModePanel:
    from studio.gui.dream.panel import DreamPanel

    return DreamPanel(services)


def _knobs() -> Mapping[str, Knobs]:
    from studio.dream.options import AdversaryOptions, DreamOptions, MaximiseOptions, ZoomOptions
    from studio.gui.mode.network import NetworkOptions
    from studio.job_kinds import JobKind

    return {
        "dream": Knobs(DreamOptions, JobKind.DREAM.label),
        "dream/maximise": Knobs(MaximiseOptions, JobKind.MAXIMISE.label),
        "dream/film": Knobs(ZoomOptions, JobKind.ZOOM.label),
        "dream/adversary": Knobs(AdversaryOptions, JobKind.ADVERSARY.label),
        "dream/network": Knobs(NetworkOptions),
    }


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
    arrangement="stacked",
    pictures_share=STRIP,
    knobs=_knobs,
)
