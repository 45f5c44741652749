"""What can be asked of a network: its layers, its classes. Knows no Qt; torch is imported only by the job."""

from __future__ import annotations

from dataclasses import dataclass

from studio.backbones.catalog import CATALOG
from studio.backbones.choice import NetworkChoice
from studio.backbones.levels import Level
from studio.backbones.status import weights_status
from studio.language import tr
from studio.progress import Job, Progress, part


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """A layer; `level` is its number among the levels of the network, or 0."""

    name: str
    channels: int
    level: int = 0


@dataclass(frozen=True, eq=False)
class NetworkFacts:
    """What the knobs of the mode offer.

    Attributes
    ----------
    layers : tuple of LayerFacts
        The levels, fine to coarse, then all others in the network's order.
    classes : tuple of str
        Empty if it names nothing.
    has_decoder : bool
        Whether features of it can be painted.
    is_whole : bool
        Whether the network was asked; else these are the levels, which the catalogue knows.
    """

    choice: NetworkChoice
    title: str
    layers: tuple[LayerFacts, ...]
    classes: tuple[str, ...] = ()
    has_decoder: bool = False
    is_whole: bool = False

    @property
    def usual(self) -> LayerFacts:
        """The layer that is taken unless one is said: the level before the coarsest."""
        levels = [layer for layer in self.layers if layer.level]
        return levels[-2] if len(levels) > 1 else self.layers[-1]

    def layer(self, name: str) -> LayerFacts | None:
        """The layer called so, the usual one for "", or None if there is none."""
        return next((layer for layer in self.layers if layer.name == name), None) if name else self.usual


def known(choice: NetworkChoice) -> NetworkFacts:
    """What the catalogue says, at once."""
    entry = CATALOG[choice.name]
    return NetworkFacts(choice, entry.title, _levels(entry.levels), has_decoder=entry.built_in)


def asking(choice: NetworkChoice) -> Job[NetworkFacts]:
    """Ask the network itself if it is on this machine; one that would have to be downloaded tells its levels only.

    Raises
    ------
    WeightsError, FileError
    """
    entry = CATALOG[choice.name]
    yield Progress(0.1, tr("looking at {name}", name=entry.title))
    classes: tuple[str, ...] = ()
    if not entry.built_in:
        from studio.backbones.classifier import class_names  # torchvision takes seconds

        classes = class_names(choice.name, choice.weights)
    if choice.weights is None and not weights_status(choice.name).ready:
        before = known(choice)
        return NetworkFacts(choice, before.title, before.layers, classes)
    from studio.backbones.run import load_chosen

    on_cpu = NetworkChoice(choice.name, choice.weights, "cpu")
    backbone = yield from part(load_chosen(on_cpu), 0.2, 1.0)
    levels = _levels(backbone.levels)
    names = {layer.name for layer in levels}
    others = [LayerFacts(name, backbone.layer(name).channels) for name in backbone.layer_names if name not in names]
    return NetworkFacts(
        choice, backbone.title, (*levels, *others), classes, getattr(backbone, "decoder", None) is not None, True
    )


def _levels(levels: tuple[Level, ...]) -> tuple[LayerFacts, ...]:
    return tuple(LayerFacts(level.name, level.channels, level.number) for level in levels)
