"""Dreams as window and command line want them: with their network, and with an answer to full memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from studio.arrays import FloatPixels, Pixels, Point, Side
from studio.backbones.choice import DEFAULT_NETWORK, NetworkChoice
from studio.backbones.classifier import Classifier, load_classifier
from studio.backbones.run import load_chosen, with_network
from studio.device import Attempt
from studio.dream.adversary import Adversary, adversary, break_pair
from studio.dream.deep import dream, zoom
from studio.dream.goals import ClassGoal, Weighted
from studio.dream.guides import Guide, no_guide
from studio.dream.maximise import maximise
from studio.dream.measure import Network
from studio.dream.options import AdversaryOptions, DreamOptions, MaximiseOptions, ZoomOptions
from studio.dream.result import Dreamed
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job

LEAST_TILE = 256
"""Side of the tiles that are tried where memory ran out, px."""


def maximising(
    goals: Sequence[Weighted],
    options: MaximiseOptions,
    *,
    network: NetworkChoice = DEFAULT_NETWORK,
    pictures: Mapping[Side, Picture] | None = None,
    start: Picture | None = None,
) -> Job[Dreamed]:
    """Load the network, with its classes if a goal is one, and make pictures that excite the goals; see `maximise`.

    If memory runs out one picture is made at a time no larger than half the size, and after a GPU on the CPU.

    Raises
    ------
    GoalError, WeightsError, FileError, DeviceError, OutOfMemory
    """
    smaller = options.with_values(size=max(options.size // 2, 32), count=1)
    attempts = [Attempt(options, ""), Attempt(smaller, tr("one picture of {size} px", size=smaller.size))]

    def make(loaded: Network, plan: MaximiseOptions) -> Job[Dreamed]:
        return maximise(goals, loaded, plan, pictures=pictures, start=start)

    with_classes = any(isinstance(one.goal, ClassGoal) for one in goals)
    return with_network(network, partial(_load, with_classes), make, attempts, tr("on the CPU"))


def dreaming(
    picture: Picture,
    options: DreamOptions,
    *,
    network: NetworkChoice = DEFAULT_NETWORK,
    guide: Guide = no_guide,
    mask: FloatPixels | None = None,
) -> Job[Dreamed]:
    """Load the network and dream, see `dream`; if memory runs out in tiles, which gives the same picture.

    Raises
    ------
    GoalError, WeightsError, FileError, DeviceError, OutOfMemory
    """

    def make(loaded: Network, plan: DreamOptions) -> Job[Dreamed]:
        return dream(picture, loaded, plan, guide=guide, mask=mask)

    return with_network(network, partial(_load, False), make, _attempts(options), tr("on the CPU"))


def zooming(
    picture: Picture,
    options: DreamOptions,
    film: ZoomOptions,
    sink: Callable[[Pixels], object],
    *,
    network: NetworkChoice = DEFAULT_NETWORK,
    guide: Guide = no_guide,
) -> Job[Picture]:
    """Load the network and make a zoom film; see `zoom`. What `sink` has is not taken back: full memory ends it.

    Raises
    ------
    GoalError, WeightsError, FileError, DeviceError, OutOfMemory
    """

    def make(loaded: Network, plan: DreamOptions) -> Job[Picture]:
        return zoom(picture, loaded, plan, film, sink, guide=guide)

    return with_network(network, partial(_load, False), make, [Attempt(options, "")], tr("on the CPU"))


def fooling(
    picture: Picture,
    options: AdversaryOptions,
    *,
    to: str | int | None = None,
    network: NetworkChoice = DEFAULT_NETWORK,
) -> Job[Adversary]:
    """Load the network with its classes and make it mistake a picture; see `studio.dream.adversary`.

    Raises
    ------
    GoalError, WeightsError, FileError, DeviceError, OutOfMemory
    """

    def make(loaded: Classifier, plan: AdversaryOptions) -> Job[Adversary]:
        return adversary(picture, loaded, plan, to)

    return with_network(network, _load_classifier, make, [Attempt(options, "")], tr("on the CPU"))


def breaking(
    a: Picture,
    b: Picture,
    at_a: Point,
    at_b: Point,
    options: AdversaryOptions,
    *,
    layer: str = "",
    network: NetworkChoice = DEFAULT_NETWORK,
) -> Job[Adversary]:
    """Load the network and change A so that a pair is none any more; see `studio.dream.adversary.break_pair`.

    Raises
    ------
    GoalError, WeightsError, DeviceError, OutOfMemory
    """

    def make(loaded: Network, plan: AdversaryOptions) -> Job[Adversary]:
        return break_pair(a, b, at_a, at_b, loaded, plan, layer)

    return with_network(network, partial(_load, False), make, [Attempt(options, "")], tr("on the CPU"))


def _attempts(options: DreamOptions) -> list[Attempt[DreamOptions]]:
    tiles = [side for side in (2 * LEAST_TILE, LEAST_TILE) if not options.tile or side < options.tile]
    return [
        Attempt(options, ""),
        *(Attempt(options.with_values(tile=side), tr("in tiles of {size} px", size=side)) for side in tiles),
    ]


def _load(with_classes: bool, choice: NetworkChoice) -> Job[Network]:
    return (yield from (_load_classifier(choice) if with_classes else load_chosen(choice)))


def _load_classifier(choice: NetworkChoice) -> Job[Classifier]:
    return load_classifier(choice.name, choice.weights, choice.device, choice.classes)
