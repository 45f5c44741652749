"""Where the mode Inspect asks about whole layers: channels, colours, filters, fields. Knows no Qt; imports torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.arrays import SIDES, Pixels, Side
from studio.featurevis.difference import warped_difference
from studio.featurevis.grid import channel_grid, first_filters
from studio.featurevis.layers import LayerMaps
from studio.featurevis.pca import components
from studio.featurevis.receptive import effective
from studio.featurevis.regions import WORKING_SIDE, exciting, pictures_in
from studio.gui.inspect.colour import HeatMap
from studio.gui.inspect.readings import (
    ColourReading,
    ColourRequest,
    FieldReading,
    FieldRequest,
    FilterReading,
    FilterRequest,
    GridReading,
    GridRequest,
    InspectSession,
    PairMaps,
    Region,
)
from studio.gui.inspect.work import prepared
from studio.language import tr
from studio.pairs import PairSet
from studio.picture import Picture, load
from studio.progress import Job, Progress, part


def maps_of(session: InspectSession, layer: str) -> LayerMaps:
    """A layer of both pictures, computed once."""
    cache = prepared(session)
    cells = cache.activations(layer)
    full = session.pictures["A"].size, session.pictures["B"].size
    field = cache.placing("A", layer).field
    return LayerMaps(layer, cells["A"], cells["B"], field, (session.sizes["A"], session.sizes["B"]), full)


def field(request: FieldRequest) -> FieldReading:
    """What a cell can see, and what it really looks at if that is asked for."""
    cache, side = prepared(request.session), request.side
    placing = cache.placing(side, request.layer)
    cell = placing.cell_at(request.place)
    measured, radius = None, 0.0
    if request.effective:
        found = effective(cache.backbone, cache.images[side], request.layer, *cell)
        measured = HeatMap(found.map, (float(placing.full[0]), float(placing.full[1])))
        radius = placing.length(found.radius)
    return FieldReading(request, placing.block(cell), placing.box(cell), measured, radius)


def grid(request: GridRequest) -> GridReading:
    """All channels of a layer, ranked, and one of them in numbers."""
    maps = maps_of(request.session, request.layer)
    found = channel_grid(maps, request.order, "channel" if request.own else "layer")
    large: dict[Side, HeatMap] | None = None
    if 0 <= request.channel < maps.channels:
        large = {
            side: HeatMap(np.ascontiguousarray(cells[0, request.channel].float().cpu().numpy()), extent)
            for side, cells, extent in zip(SIDES, (maps.a, maps.b), maps.extents(), strict=True)
        }
    return GridReading(request, found, large)


def colours(request: ColourRequest) -> ColourReading:
    """The main directions of a layer as colours, on one basis for both pictures."""
    maps = maps_of(request.session, request.layer)
    extents = maps.extents()
    return ColourReading(request, components(maps), {"A": extents[0], "B": extents[1]})


def filters(request: FilterRequest) -> FilterReading:
    """The filters of the first layer."""
    return FilterReading(request, first_filters(prepared(request.session).backbone))


def difference_along(session: InspectSession, layer: str, pairs: PairSet) -> Job[PairMaps]:
    """How far a layer differs at corresponding places, on the cells of A and on those of B."""
    yield Progress(0.0, tr("looking at {layer}", layer=layer))
    maps = maps_of(session, layer)
    extents = maps.extents()
    yield Progress(0.3, tr("bending B onto A"))
    on_a = warped_difference(maps, pairs)
    yield Progress(0.6, tr("bending A onto B"))
    on_b = warped_difference(maps.swapped(), pairs.swapped())
    return PairMaps(
        method="difference",
        maps={"A": HeatMap(on_a.length, extents[0]), "B": HeatMap(on_b.length, extents[1])},
        signed=False,
        unit=tr("activation"),
        title=tr("difference at {layer}", layer=layer),
        note=tr(
            "Dark places are seen alike in both pictures, bright ones differ: there the pairs may be wrong, or the "
            "two things are not the same."
        )
        + " "
        + " ".join(on_a.notes),
    )


def strongest_regions(
    session: InspectSession, layer: str, channel: int, folder: Path | None = None, count: int = 12
) -> Job[tuple[Region, ...]]:
    """The parts of both pictures, and of those in a folder, that excite a channel most.

    Raises
    ------
    RegionsError, FileError
    """
    cache = prepared(session)
    sources: list[Picture | Path] = [session.pictures[side] for side in SIDES]
    if folder is not None:
        sources += pictures_in(folder)
    found = yield from part(exciting(sources, cache.backbone, layer, channel, count, cache.size), 0.0, 0.9)
    regions = []
    opened: dict[int, Picture] = {}
    for number, one in enumerate(found):
        yield Progress(0.9 + 0.1 * number / max(len(found), 1), tr("cutting the regions out"))
        if one.picture not in opened:
            source = sources[one.picture]
            opened[one.picture] = load(source, WORKING_SIDE) if isinstance(source, Path) else source
        side: Side = "B" if one.picture == 1 else "A"
        title = "AB"[one.picture] if one.picture < 2 else one.name
        edges = one.box if one.picture < len(SIDES) else None
        regions.append(Region(side, title, _cut(opened[one.picture], one.box), one.value, edges))
    return tuple(regions)


def _cut(picture: Picture, box: tuple[float, float, float, float]) -> Pixels:
    """The pixels in a box of full-size pixels, at most 256 of them along a side."""
    height, width = picture.pixels.shape[:2]
    scale_x, scale_y = width / picture.size[0], height / picture.size[1]
    x0, x1 = (round((x + 0.5) * scale_x) for x in (box[0], box[2]))
    y0, y1 = (round((y + 0.5) * scale_y) for y in (box[1], box[3]))
    x0, y0 = min(x0, width - 1), min(y0, height - 1)
    piece = picture.pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    step = max(1, max(piece.shape[:2]) // 256)
    return np.ascontiguousarray(piece[::step, ::step])
