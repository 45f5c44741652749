"""Why two places look the same to a network: their cosine, channel by channel and pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

from studio.attribution.explain import explain_pair, seen
from studio.attribution.network import Network
from studio.attribution.objectives import cell_at, look
from studio.attribution.options import ExplainOptions, IntegratedOptions, OcclusionOptions
from studio.attribution.result import PairAttribution
from studio.attribution.targets import PairTarget
from studio.features.split import ChannelSplit, split_cosine
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, Progress, part


@dataclass(frozen=True, eq=False)
class Why:
    """Everything about one pair: its parts by channel, and maps of both pictures by three methods."""

    target: PairTarget
    parts: ChannelSplit
    gradient: PairAttribution
    integrated: PairAttribution
    occlusion: PairAttribution


def split_by_channel(a: Picture, b: Picture, network: Network, target: PairTarget, size: int = 224) -> ChannelSplit:
    """The cosine of a pair, exactly as a sum over channels. Raises `TargetError`, `ExplainError`."""
    vectors, cells = [], []
    for picture, point in ((a, target.a), (b, target.b)):
        image = seen(picture, network, size)
        maps = look(network, target.layer, image)
        column, row = cell_at(network, target.layer, point, picture.size, image, maps)
        vectors.append(maps[0, :, row, column].cpu().double().numpy())
        cells.append((column, row))
    return split_cosine(vectors[0], vectors[1], cells[0], cells[1])


def why(
    a: Picture,
    b: Picture,
    network: Network,
    target: PairTarget,
    integrated: IntegratedOptions | None = None,
    occlusion: OcclusionOptions | None = None,
) -> Job[Why]:
    """Explain a pair by channel, by gradient, by integrated gradients and by occlusion, in both pictures.

    All of it at the working size of `integrated`.

    Raises
    ------
    TargetError, ExplainError
        See `explain_pair`.
    """
    integrated = integrated or IntegratedOptions()
    occlusion = (occlusion or OcclusionOptions()).with_values(size=integrated.size)
    yield Progress(0.0, tr("splitting the similarity by channel"))
    parts = split_by_channel(a, b, network, target, integrated.size)
    plain = ExplainOptions(size=integrated.size)
    gradient = yield from part(explain_pair(a, b, network, "gradient", target, plain), 0.02, 0.06)
    way = yield from part(explain_pair(a, b, network, "integrated-gradients", target, integrated), 0.06, 0.35)
    covered = yield from part(explain_pair(a, b, network, "occlusion", target, occlusion), 0.35, 1.0)
    return Why(target, parts, gradient, way, covered)
