"""The mode Match, as the window sees it."""

from __future__ import annotations

from collections.abc import Mapping

from studio.gui.match.actions import MATCH
from studio.gui.mode.mode import Knobs, Mode, ModePanel, Services
from studio.language import translatable


def _make(services: Services) -> ModePanel:
    from studio.gui.match.panel import MatchPanel

    return MatchPanel(services)


def _knobs() -> Mapping[str, Knobs]:
    from studio.buddies.options import MatchOptions
    from studio.gui.mode.network import NetworkOptions

    return {"match": Knobs(MatchOptions), "match/network": Knobs(NetworkOptions)}


MODE = Mode(
    name="match",
    title=translatable("Match"),
    entry=translatable("Match Mode"),
    tip=translatable("Find pairs of points"),
    help=translatable(
        "Finds which point of A corresponds to which point of B. Open two pictures and press Run; then drag, lock, "
        "delete or add pairs. All other modes work with these pairs."
    ),
    icon="mode-match",
    actions=MATCH,
    run_buttons=("run", "pause", "cancel"),
    make=_make,
    point_menu=("rematch_around",),
    table_buttons=("previous_doubtful", "next_doubtful", "accept_doubtful", "aligned"),
    docks=("pairs", "provenance", "history"),
    pictures_share=0.5,
    knobs=_knobs,
)
