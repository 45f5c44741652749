"""Answers what the panel of the mode Morph asks for: frames and what is drawn over them. Knows no Qt.

Everything here runs on the thread of one `LiveWorker`. A request says all that it wants, and the responder compares it
with what it holds: other pairs or options are cheap, only other pictures have to be brought into a frame again.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Pixels, Size
from studio.gui.morph.overlays import tint_of
from studio.language import tr
from studio.morph.options import MorphOptions
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, Progress

if TYPE_CHECKING:
    from studio.morph.render import PreparedMorph

View = Literal["morph", "wipe", "onion"]
Layer = Literal["points", "grid", "arrows", "heat"]

PREVIEW_SIDE = 1280
"""Longest side of the frames that are shown; films are prepared again at their own size."""
ARROWS = 14
"""Arrows along the longer side."""


@dataclass(frozen=True, eq=False)
class MorphRequest:
    """All that a frame depends on.

    Attributes
    ----------
    options : tuple of MorphOptions
        One for each warp that is shown, one or two.
    shape, colour : float
        How far shapes have moved and colours have faded, both 0 to 1.
    settled : bool
        False while a point is dragged: what takes longer waits until it lies still.
    leg : int
        Which step of a morph through several pictures this is.
    among : tuple of Picture
        All pictures of that morph; () if there are only these two.
    """

    a: Picture
    b: Picture
    pairs: PairSet
    options: tuple[MorphOptions, ...]
    shape: float
    colour: float
    view: View = "morph"
    layers: frozenset[Layer] = frozenset({"points"})
    settled: bool = True
    leg: int = 0
    among: tuple[Picture, ...] = ()


@dataclass(frozen=True, eq=False)
class Folds:
    """Where a warp is not one-to-one.

    Attributes
    ----------
    count : int
        Separate places, at the worst moment of the way; 0 if the warp is one-to-one.
    worst_at : float
        How far the shapes have moved then: 0 or 1.
    places : (K, 2)
        Pixels of the frame that fold at the moment shown.
    """

    count: int = 0
    worst_at: float = 0.0
    places: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame and what is drawn over it, all in pixels of the frame.

    Attributes
    ----------
    title : str
        The warp.
    frame : (h, w, 3|4) uint8
    second : (h, w, 3|4) uint8, optional
        What a wipe shows on the right of its handle.
    tint : (h, w, 4) uint8, optional
        Heat map and grid.
    points : tuple of (number, (x, y))
    arrows : (K, 4)
        From a place of A to where it goes in B.
    size : (int, int)
        Width and height of the whole frame, which this one may be a reduced copy of.
    """

    title: str
    frame: Pixels
    second: Pixels | None
    tint: Pixels | None
    has_heat: bool
    points: tuple[tuple[int, tuple[float, float]], ...]
    arrows: npt.NDArray[np.float64]
    folds: Folds
    size: Size


@dataclass(frozen=True, eq=False)
class MorphAnswer:
    """What the panel shows; `notes` are sentences about the pairs, `refining` says that "halfway" is not done yet."""

    request: MorphRequest
    shots: tuple[Shot, ...]
    notes: tuple[str, ...]
    refining: bool


class _Held:
    """A prepared morph, what is known of it, and the job that makes it faster or better while nobody asks.

    `pictures` are those that its frame depends on.
    """

    def __init__(self, pictures: tuple[Picture, ...], morph: PreparedMorph) -> None:
        self.pictures, self.morph = pictures, morph
        self.worst: Folds | None = None
        self.job: Job[PreparedMorph] | Job[None] | None = None
        self.gave_up = False

    def replace(self, morph: PreparedMorph) -> None:
        self.close()
        self.morph, self.worst, self.gave_up = morph, None, False

    def close(self) -> None:
        if self.job is not None:
            self.job.close()
            self.job = None

    def worst_folds(self) -> Folds:
        """Whether the warp folds anywhere on the way; computed once."""
        if self.worst is None:
            self.worst = _worst_folds(self.morph)
        return self.worst


class MorphResponder:
    """Keeps the morphs that the panel shows; a `studio.live.Responder`."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], _Held] = {}  # by leg and slot
        self._settled = True

    def answer(self, request: MorphRequest) -> MorphAnswer:
        """Render the frames of a request, doing no more than what changed since the last one."""
        self._settled = request.settled
        legs, slots = max(1, len(request.among) - 1), len(request.options)
        for leg, slot in [key for key in self._held if key[0] >= legs or key[1] >= slots]:
            self._held.pop((leg, slot)).close()
        shown = [self._bring(slot, request, options) for slot, options in enumerate(request.options)]
        shots = tuple(_shot(held, request) for held in shown)
        notes = tuple(dict.fromkeys(note for held in shown for note in held.morph.notes))
        return MorphAnswer(request, shots, notes, any(not held.morph.refined for held in shown))

    def rest(self) -> Progress | None:
        """One step of refining or of preparing the key moments; a milestone says that the frame is better now."""
        if not self._settled:
            return None
        for held in self._held.values():
            if held.gave_up or (held.job is None and held.morph.refined and held.morph.warm):
                continue
            return self._step(held)
        return None

    def close(self) -> None:
        for held in self._held.values():
            held.close()
        self._held.clear()

    def _step(self, held: _Held) -> Progress:
        from studio.morph.render import refining

        if held.job is None:
            held.job = held.morph.warming() if held.morph.refined else refining(held.morph)
        try:
            event = next(held.job)
            return Progress(event.fraction, event.message)
        except StopIteration as stop:
            held.job = None
            if stop.value is None:
                held.gave_up = not held.morph.warm  # never twice in vain
                return Progress(1.0, "ready")
            held.replace(stop.value)
            return Progress(1.0, "refined", milestone=True)
        except Exception:
            held.job, held.gave_up = None, True
            raise

    def _bring(self, slot: int, request: MorphRequest, options: MorphOptions) -> _Held:
        """Have the morph of a slot agree with a request."""
        from studio.morph.render import prepare

        pictures = (request.a, request.b, *request.among)
        held, first = self._held.get((request.leg, slot)), self._held.get((request.leg, 0))
        if held is None and first is not None and _fits(first, pictures, options):
            held = _Held(pictures, first.morph.with_options(options))  # its pictures are in the frame already
        elif held is None or not _fits(held, pictures, options):
            made = prepare(request.a, request.b, request.pairs, options, PREVIEW_SIDE, request.among)
            if held is not None:
                held.close()
            held = _Held(pictures, made)
        self._held[request.leg, slot] = held
        if held.morph.options != options:
            held.replace(held.morph.with_options(options))
        if held.morph.pairs is not request.pairs and held.morph.pairs != request.pairs:
            held.replace(held.morph.with_pairs(request.pairs))
        return held


def _fits(held: _Held, pictures: tuple[Picture, ...], options: MorphOptions) -> bool:
    """Whether the frame is the same, and the pictures in it are."""
    same = len(pictures) == len(held.pictures) and all(map(operator.is_, pictures, held.pictures))
    return same and held.morph.options.frame == options.frame


def _shot(held: _Held, request: MorphRequest) -> Shot:
    morph, shape = held.morph, request.shape
    second: Pixels | None = None
    if request.view == "morph":
        frame = morph.frame_at(shape, request.colour)
    else:
        frame, second = morph.warped(shape)
        if request.view == "onion":
            frame, second = _onion(frame, second), None
    points: tuple[tuple[int, tuple[float, float]], ...] = ()
    # What only fades moves no points.
    if "points" in request.layers:
        places = morph.controls.at(shape)[: morph.controls.pairs].tolist()
        points = tuple((number, (x, y)) for number, (x, y) in zip(morph.controls.ids, places, strict=True))
    arrows = np.zeros((0, 4))
    tint: Pixels | None = None
    if request.layers & {"grid", "arrows", "heat"}:
        into_a, into_b = morph.fields(shape)
        if "arrows" in request.layers:
            lattice = _lattice(morph.size)
            arrows = np.hstack([into_a.at(lattice), into_b.at(lattice)])
        tint = tint_of(into_a, into_b, "grid" in request.layers, "heat" in request.layers)
    worst = held.worst_folds()
    folds = Folds(worst.count, worst.worst_at, morph.foldover(shape).places) if worst.count else worst
    has_heat, size = "heat" in request.layers, _full_size(request, morph.options)
    return Shot(tr(morph.options.warp), frame, second, tint, has_heat, points, arrows, folds, size)


def _full_size(request: MorphRequest, options: MorphOptions) -> Size:
    from studio.warp.controls import frame_size

    pictures = request.among or (request.a, request.b)
    return frame_size(pictures[0].size, pictures[-1].size, options.frame)


def _worst_folds(morph: PreparedMorph) -> Folds:
    into_a, into_b = morph.worst_foldovers()
    count, at = max((into_b.count, 0.0), (into_a.count, 1.0))
    return Folds(count, at)


def _onion(a: Pixels, b: Pixels) -> Pixels:
    """Both pictures through each other, A in orange and B in blue: what lies on each other turns grey."""
    first = cv2.cvtColor(np.ascontiguousarray(a[..., :3]), cv2.COLOR_RGB2GRAY)
    second = cv2.cvtColor(np.ascontiguousarray(b[..., :3]), cv2.COLOR_RGB2GRAY)
    middle = cv2.addWeighted(first, 0.5, second, 0.5, 0.0)
    layers = [first, middle, second]
    if a.shape[2] == 4:
        layers.append(cv2.max(a[..., 3], b[..., 3]))
    return np.asarray(cv2.merge(layers), np.uint8)


def _lattice(size: tuple[int, int]) -> npt.NDArray[np.float64]:
    width, height = size
    step = max(width, height) / ARROWS
    x = np.arange(step / 2, width, step)
    y = np.arange(step / 2, height, step)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
