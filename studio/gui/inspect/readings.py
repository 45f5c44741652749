"""What the views of the mode Inspect ask, and what they are told: plain numbers. Knows neither Qt nor torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from studio.arrays import Pixels, Point, Side
from studio.features.split import ChannelSplit
from studio.featurevis.answers import LevelAnswer
from studio.gui.inspect.colour import HeatMap
from studio.picture import Picture

if TYPE_CHECKING:
    from studio.attribution import Attribution, Checks
    from studio.featurevis import ChannelGrid, Components

Edges = tuple[float, float, float, float]
AS_MATCHED = 0
"""A working size, px: that of the match, whatever it is."""

Order = Literal["mean", "variance", "difference"]


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """A layer that can be looked at; `level` is its number in the pyramid, or 0."""

    name: str
    channels: int
    stride: int
    level: int = 0
    field: int = 0
    """Side of its theoretical receptive field, pixels of the working size; 0 if not known."""


@dataclass(frozen=True, eq=False)
class InspectSession:
    """Both pictures as one network sees them.

    Attributes
    ----------
    pictures : dict of Picture
    greys : dict of (h, w, 3) uint8
        What is shown of the pictures under a map.
    network : str
        Title of the network.
    backbone : str
        Its key in the catalogue.
    sizes : dict of (int, int)
        Working size of each picture.
    layers : tuple of LayerInfo
        Fine to coarse.
    levels : tuple of LayerInfo
        Those that the match looks at, fine to coarse.
    cache : object
        The engine's features; only the responder and jobs touch them.
    classes : tuple of str
        Names of what the network can name; empty if it can't.
    tops : dict of int to float
        How similar places of these two pictures become at each level, by its number: where its scale ends.
    """

    pictures: dict[Side, Picture]
    greys: dict[Side, Pixels]
    network: str
    backbone: str
    sizes: dict[Side, tuple[int, int]]
    layers: tuple[LayerInfo, ...]
    levels: tuple[LayerInfo, ...]
    cache: Any
    classes: tuple[str, ...] = ()
    tops: dict[int, float] = field(default_factory=dict)


# --- hover ---


@dataclass(frozen=True, eq=False)
class HoverRequest:
    """Compare the place under the mouse with the whole other picture."""

    session: InspectSession
    side: Side
    place: Point


@dataclass(frozen=True, eq=False)
class LevelReading:
    """What the engine answers at one level, and the layer that it is about."""

    layer: LayerInfo
    answer: LevelAnswer

    @property
    def similarity(self) -> HeatMap:
        """Cosine of every cell of the other picture, -1 to 1."""
        return HeatMap(self.answer.similarity, self.answer.extent)


@dataclass(frozen=True, eq=False)
class HoverReading:
    """All levels, coarse to fine, and the trace through them: places of the other picture, coarse to fine."""

    request: HoverRequest
    levels: tuple[LevelReading, ...]
    trace: tuple[Point, ...]


# --- why ---


@dataclass(frozen=True, eq=False)
class WhyRequest:
    """Split the similarity of two places at a layer; without `b` the most similar place is taken."""

    session: InspectSession
    layer: str
    a: Point
    b: Point
    channel: int = -1
    """Whose maps are wanted too, or -1."""


@dataclass(frozen=True, eq=False)
class WhyReading:
    """The similarity split by channel, and the maps of the channel asked for."""

    request: WhyRequest
    split: ChannelSplit
    maps: dict[Side, HeatMap] | None
    boxes: dict[Side, Edges]


@dataclass(frozen=True, eq=False)
class PairMaps:
    """Maps of both pictures that explain a pair.

    Attributes
    ----------
    method : str
    maps : dict of HeatMap
    signed : bool
    unit, title : str
    residual : float or None
        What completeness leaves open, and `whole` what it is to be compared with.
    note : str
        A sentence.
    """

    method: str
    maps: dict[Side, HeatMap]
    signed: bool
    unit: str
    title: str
    residual: float | None = None
    whole: float = 0.0
    note: str = ""


# --- activations ---


@dataclass(frozen=True, eq=False)
class GridRequest:
    """The channels of a layer, ranked, and one of them large."""

    session: InspectSession
    layer: str
    order: Order = "mean"
    channel: int = -1
    own: bool = False
    """Each channel on a scale of its own."""


@dataclass(frozen=True, eq=False)
class GridReading:
    """Small maps of all channels, and the numbers of the one that is large."""

    request: GridRequest
    grid: ChannelGrid
    large: dict[Side, HeatMap] | None

    @property
    def low(self) -> float:
        """Lower end of the scale of all small maps."""
        return float(self.grid.low.min())

    @property
    def high(self) -> float:
        """Upper end."""
        return float(self.grid.high.max())


@dataclass(frozen=True, eq=False)
class ColourRequest:
    """The main directions of a layer as colours, on one basis for both pictures."""

    session: InspectSession
    layer: str


@dataclass(frozen=True, eq=False)
class ColourReading:
    """The components, and for each picture the width and height in full-size pixels that its colours cover."""

    request: ColourRequest
    components: Components
    extents: dict[Side, tuple[float, float]]

    @property
    def colours(self) -> dict[Side, Pixels]:
        """(h, w, 3) uint8 of each picture."""
        return {"A": self.components.a, "B": self.components.b}


@dataclass(frozen=True, eq=False)
class FilterRequest:
    """The filters of the first layer."""

    session: InspectSession


@dataclass(frozen=True, eq=False)
class FilterReading:
    """(K, k, k, 3) uint8: grey is zero, and all are on one scale."""

    request: FilterRequest
    filters: Pixels


# --- receptive field ---


@dataclass(frozen=True, eq=False)
class FieldRequest:
    """What a cell of a layer sees."""

    session: InspectSession
    layer: str
    side: Side
    place: Point
    effective: bool = False
    """Also measure how much each pixel counts."""


@dataclass(frozen=True, eq=False)
class FieldReading:
    """The cell, its theoretical field, and the measured one as a map; edges in full-size pixels."""

    request: FieldRequest
    cell: Edges
    edges: Edges
    effective: HeatMap | None
    radius: float = 0.0
    """Half of the measured weight lies within so many full-size pixels of the middle."""


@dataclass(frozen=True, eq=False)
class Region:
    """A piece of a picture, (h, w, 3) uint8, that excites a channel to `value`.

    `edges` are those of the piece in full-size pixels of the picture of `side`; None if it is from another picture.
    """

    side: Side
    title: str
    pixels: Pixels
    value: float
    edges: Edges | None = None


# --- attributions ---


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """What is to be explained, as the panel has it; each kind uses some of the fields.

    Attributes
    ----------
    kind : "class", "channel", "cell" or "pair"
    name : str
        Of the class; "" for the strongest one of each picture.
    layer : str
    channel : int
        -1 for all channels of a cell together.
    places : ((x, y), (x, y))
        In A and in B, full-size pixels.
    """

    kind: str
    name: str = ""
    layer: str = ""
    channel: int = -1
    places: tuple[Point, Point] = ((0.0, 0.0), (0.0, 0.0))


@dataclass(frozen=True, eq=False)
class Explained:
    """One method's maps of both pictures, as the engine gives them.

    Attributes
    ----------
    title, unit : str
        Method and target, and the unit of the maps, for people.
    maps : dict of HeatMap
    results : dict of Attribution
    checks : dict of Checks
        How far the maps can be trusted; empty where that was not asked for, or is not known yet.
    """

    title: str
    unit: str
    maps: dict[Side, HeatMap]
    results: dict[Side, Attribution]
    checks: dict[Side, Checks] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """Key of `studio.attribution.METHODS`."""
        return next(iter(self.results.values())).method

    @property
    def signed(self) -> bool:
        """Whether numbers below zero mean something."""
        return next(iter(self.results.values())).signed
