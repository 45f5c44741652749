"""Where the mode Inspect asks which pixels matter: attributions of both pictures, with their checks. Knows no Qt.

The functions here run on the compute thread; importing this module imports torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from studio.arrays import SIDES, Pixels, Point, Side
from studio.attribution.checks import Checks, check, check_pair
from studio.attribution.explain import explain, explain_pair
from studio.attribution.export import save_map
from studio.attribution.network import Network
from studio.attribution.options import METHODS, ExplainOptions, options_for
from studio.attribution.result import Attribution, PairAttribution
from studio.attribution.targets import CellTarget, ChannelTarget, ClassTarget, PairTarget, Target
from studio.backbones.classifier import load_classifier
from studio.colour_maps import Scale
from studio.files import beside
from studio.gui.inspect.colour import HeatMap
from studio.gui.inspect.readings import Explained, InspectSession, PairMaps, TargetChoice
from studio.gui.inspect.words import target_words, unit_words
from studio.gui.inspect.work import Prepared, prepared
from studio.language import tr, translatable
from studio.progress import Job, Progress, part

MAPS = 0.2
"""Share of the progress that the maps take where checks follow."""
NOTES = {
    "gradient": translatable("Bright pixels: changing them a little would change the similarity most."),
    "integrated-gradients": translatable(
        "Orange pixels make the two places more similar than in a blurred picture, blue ones less."
    ),
    "occlusion": translatable(
        "Covering an orange place makes the two less similar: it holds the pair together. Covering a blue one "
        "would make them more similar."
    ),
}


def explain_pair_maps(session: InspectSession, layer: str, a: Point, b: Point, method: str) -> Job[PairMaps]:
    """Which pixels of both pictures the similarity of two places comes from.

    Raises
    ------
    TargetError, ExplainError
    """
    cache = prepared(session)
    window = max(8, cache.size // 9)
    options = options_for(method, {"size": cache.size, "window": window, "stride": window // 2})
    target = PairTarget(layer, a, b)
    both = yield from explain_pair(
        session.pictures["A"], session.pictures["B"], cache.backbone, method, target, options
    )
    results: dict[Side, Attribution] = {"A": both.a, "B": both.b}
    first = both.a
    residuals = [abs(one.checks["residual"]) for one in results.values() if "residual" in one.checks]
    worst = max(results.values(), key=lambda one: abs(one.checks.get("residual", 0.0)))
    return PairMaps(
        method=method,
        maps=_maps(session, results),
        signed=first.signed,
        unit=unit_words(first),
        title=tr(METHODS[method].title),
        residual=worst.checks["residual"] if residuals else None,
        whole=worst.checks.get("change", 0.0),
        note=tr(NOTES[method]),
    )


def explain_both(
    session: InspectSession, method: str, choice: TargetChoice, options: ExplainOptions, checks: bool
) -> Job[Explained]:
    """The maps of both pictures by one method; a preview without the checks comes before them.

    Raises
    ------
    TargetError, ExplainError, WeightsError
    """
    network: Network
    cache = prepared(session)
    network = cache.backbone
    start = 0.0
    if choice.kind == "class":
        network = yield from part(_classifier(cache), 0.0, 0.1)
        start = 0.1
    stop = MAPS if checks else 1.0
    results: dict[Side, Attribution]
    if choice.kind == "pair":
        target = PairTarget(choice.layer, *choice.places)
        a, b = (session.pictures[side] for side in SIDES)
        both = yield from part(explain_pair(a, b, network, method, target, options), start, stop)
        results = {"A": both.a, "B": both.b}
    else:
        results = {}
        for number, side in enumerate(SIDES):
            job = explain(session.pictures[side], network, method, _target(session, side, choice), options)
            share = (stop - start) / 2
            results[side] = yield from part(job, start + number * share, start + (number + 1) * share, f"{side}: ")
    explained = _explained(session, results)
    if not checks:
        return explained
    yield Progress(stop, tr("checking the maps"), explained, milestone=True)
    found = yield from part(check_maps(session, network, choice, options, results), stop, 1.0)
    return replace(explained, checks=found)


def _classifier(cache: Prepared) -> Job[Network]:
    if cache.classifier is None:
        asked = cache.options
        cache.classifier = yield from load_classifier(asked["backbone"], asked["weights"], asked["device"])
    return cache.classifier


def _target(session: InspectSession, side: Side, choice: TargetChoice) -> Target:
    if choice.kind == "class":
        return ClassTarget(choice.name or None)
    if choice.kind == "channel":
        return ChannelTarget(choice.layer, choice.channel)
    place = choice.places[SIDES.index(side)]
    column, row = prepared(session).placing(side, choice.layer).cell_at(place)
    return CellTarget(choice.layer, column, row, None if choice.channel < 0 else choice.channel)


def _explained(session: InspectSession, results: Mapping[Side, Attribution]) -> Explained:
    first = next(iter(results.values()))
    title = f"{tr(METHODS[first.method].title)}: {target_words(first.explained)}"
    return Explained(title, unit_words(first), _maps(session, results), dict(results))


def _maps(session: InspectSession, results: Mapping[Side, Attribution]) -> dict[Side, HeatMap]:
    maps: dict[Side, HeatMap] = {}
    for side, one in results.items():
        width, height = session.pictures[side].size
        maps[side] = HeatMap(one.map, (float(width), float(height)))
    return maps


def check_maps(
    session: InspectSession,
    network: Network,
    choice: TargetChoice,
    options: ExplainOptions,
    results: Mapping[Side, Attribution],
) -> Job[dict[Side, Checks]]:
    """Insertion and deletion curves, and the likeness to the maps of a network with random weights."""
    if choice.kind == "pair":
        both = PairAttribution(results["A"], results["B"], results["A"].value)
        a, b = (session.pictures[side] for side in SIDES)
        target = PairTarget(choice.layer, *choice.places)
        first, second = yield from check_pair(a, b, network, both, target, options)
        return {"A": first, "B": second}
    found: dict[Side, Checks] = {}
    for number, (side, one) in enumerate(results.items()):
        job = check(session.pictures[side], network, one, _target(session, side, choice), options)
        share = 1.0 / len(results)
        found[side] = yield from part(job, number * share, (number + 1) * share, f"{side}: ")
    return found


def save_maps(
    explained: Explained,
    session: InspectSession,
    path: Path,
    scales: Mapping[Side, Scale],
    table: Pixels,
    opacity: float,
) -> Job[list[Path]]:
    """Write the maps of both pictures: the side goes into the names of the files, which are handed out.

    `table` is (256, 3) uint8, sRGB; `opacity`, 0 to 1, is that of the map over its picture.

    Raises
    ------
    FileError, PictureError
    """
    files: list[Path] = []
    for number, (side, one) in enumerate(explained.results.items()):
        yield Progress(number / len(explained.results), tr("writing the map of {side}", side=side))
        to = beside(path, f"_{side}")
        picture = session.pictures[side]
        files += save_map(one, to, picture=picture, scale=scales[side], table=table, opacity=opacity)
    return files
