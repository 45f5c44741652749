"""What part of the picture a cell of a layer can see: its theoretical receptive field."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakIdKeyDictionary

from studio.arrays import Box, Size


class LayeredNetwork(Protocol):
    """What a backbone or a classifier offers here."""

    @property
    def layer_names(self) -> tuple[str, ...]: ...

    def activations(self, image: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """(N, C, rows, columns) by name of layer, of `image`, (N, 3, h, w) in [0, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class Receptive:
    """The theoretical receptive field of a layer, the same along x and y, in pixels of the working size.

    Cell i depends on the pixels from start + i * stride to start + i * stride + size - 1 at most
    (Araujo et al. 2019, "Computing receptive fields of convolutional neural networks").
    """

    size: int = 1
    stride: int = 1
    start: int = 0

    @classmethod
    def block(cls, stride: int) -> Receptive:
        """Of a layer of which nothing more is known than its stride: each cell sees its own block."""
        return cls(stride, stride, 0)

    @property
    def middle(self) -> float:
        """Centre of what cell 0 sees, pixels."""
        return self.start + (self.size - 1) / 2.0

    @property
    def offset(self) -> float:
        """Pixels from the centre of a cell's block to the centre of what it sees; see `Level.offset`."""
        return self.middle - (self.stride - 1) / 2.0

    def box(self, column: int, row: int) -> Box:
        """Outer edges of what cell (column, row) can see; they may lie beyond the picture's."""
        x, y = (self.start + index * self.stride - 0.5 for index in (column, row))
        return x, y, x + self.size, y + self.size

    def through(self, kernel: int, stride: int, padding: int, dilation: int = 1) -> Receptive:
        """After a convolution or a pool: r += (k - 1) j; j *= s."""
        return Receptive(
            self.size + dilation * (kernel - 1) * self.stride, self.stride * stride, self.start - padding * self.stride
        )

    def joined(self, other: Receptive) -> Receptive:
        """Of what depends on both."""
        if self.stride != other.stride:
            raise ValueError("maps of different strides have met")
        start = min(self.start, other.start)
        stop = max(self.start + self.size, other.start + other.size)
        return Receptive(stop - start, self.stride, start)


def clipped(box: Box, size: Size) -> Box:
    """The part of `box` that lies on a picture of `size`."""
    x0, y0, x1, y1 = box
    width, height = size
    return max(x0, -0.5), max(y0, -0.5), min(x1, width - 0.5), min(y1, height - 0.5)


def theoretical(network: LayeredNetwork, layers: list[str]) -> dict[str, Receptive]:
    """The receptive fields of `layers`, read off a run of the network: its kernels, strides, paddings and branches.

    Raises
    ------
    ValueError
        There is no such layer, or the network does something that has no such field (a transposed convolution).
    """
    known = _known.setdefault(network, {})
    missing = [name for name in layers if name not in known]
    if missing:
        image = torch.zeros(1, 3, 128, 128)
        with torch.no_grad(), _Fields() as fields:
            fields.of[image] = Receptive()
            maps = network.activations(image, missing)
            known.update((name, fields.of[maps[name]]) for name in missing)
    return {name: known[name] for name in layers}


def known_fields(network: LayeredNetwork) -> dict[str, Receptive]:
    """The receptive fields of all layers that have one, by name."""
    names = list(network.layer_names)
    try:
        return theoretical(network, names)
    except ValueError:  # one layer that has none must not hide the others
        fields: dict[str, Receptive] = {}
        for name in names:
            try:
                fields |= theoretical(network, [name])
            except ValueError:
                continue
        return fields


_known: WeakKeyDictionary[LayeredNetwork, dict[str, Receptive]] = WeakKeyDictionary()


class _Fields(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows every tensor that comes from the image, with its field along x."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.of: Any = WeakIdKeyDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        field = self._field(func.overloadpacket.__name__, args)
        if field is not None:
            for tensor in result if isinstance(result, (tuple, list)) else (result,):
                if isinstance(tensor, Tensor):
                    self.of[tensor] = field
        return result

    def _field(self, name: str, args: Any) -> Receptive | None:
        inputs = [one for arg in args for one in (arg if isinstance(arg, (tuple, list)) else (arg,))]
        known = [self.of[one] for one in inputs if isinstance(one, Tensor) and one in self.of]
        if not known:
            return None
        field: Receptive = known[0]
        for other in known[1:]:
            field = field.joined(other)
        if name == "convolution":
            if args[6]:
                raise ValueError("a transposed convolution has no receptive field of one stride")
            return field.through(args[1].shape[-1], args[3][-1], args[4][-1], args[5][-1])
        if name in ("max_pool2d_with_indices", "max_pool2d", "avg_pool2d"):
            kernel = args[1]
            stride = args[2] if len(args) > 2 and args[2] else kernel
            padding = args[3] if len(args) > 3 else [0]
            return field.through(
                *(one[-1] if isinstance(one, (tuple, list)) else one for one in (kernel, stride, padding))
            )
        if "pad" in name and len(args) > 1:
            return replace(field, start=field.start - args[1][0] * field.stride)
        if name == "slice" and args[0].ndim == 4 and len(args) > 2 and args[1] in (3, -1):
            first = args[2] or 0
            first = first if first >= 0 else first + args[0].shape[3]
            step = args[4] if len(args) > 4 else 1
            return Receptive(field.size, field.stride * step, field.start + first * field.stride)
        return field
