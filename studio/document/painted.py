"""Regions painted by hand, as a project keeps them: small, never changed, and equal if the same is painted."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from studio.document.errors import DocumentError
from studio.language import tr

Paint = npt.NDArray[np.uint8]
"""(h, w) over the whole picture; 255 is inside, and what lies between is a soft border."""

_LEVEL = 3
"""Of zlib: 1 ms for a mask of 1024 x 768, which is some 100 times smaller then."""
_MOST_PIXELS = 1 << 24
"""Of a mask that is read; a file can't make the program take more memory than that."""


@dataclass(frozen=True, slots=True)
class Mask:
    """What is painted on one picture, packed; two of the same paint are equal."""

    key: str
    """Stands for the paint: masks of one key are the same."""
    width: int = field(compare=False)
    height: int = field(compare=False)
    packed: bytes = field(compare=False, repr=False)

    @classmethod
    def of(cls, paint: Paint) -> Mask:
        """Pack paint."""
        height, width = paint.shape
        content = np.ascontiguousarray(paint).tobytes()
        return cls.read(width, height, zlib.compress(content, _LEVEL))

    @classmethod
    def read(cls, width: int, height: int, packed: bytes) -> Mask:
        """A mask as it was kept."""
        key = hashlib.blake2b(packed, digest_size=12, salt=f"{width}x{height}".encode()[:16]).hexdigest()
        return cls(key, width, height, packed)

    def paint(self) -> Paint:
        """What was packed, not to be written to. Raises `DocumentError` if it is damaged."""
        length = self.width * self.height
        if not (self.width > 0 and self.height > 0 and length <= _MOST_PIXELS):
            raise DocumentError(tr("A painted region has no size that this program knows."))
        try:
            content = zlib.decompressobj().decompress(self.packed, length + 1)
        except zlib.error as error:
            raise DocumentError(tr("A painted region can't be read ({error}).", error=error)) from error
        if len(content) != length:
            raise DocumentError(tr("A painted region is cut off."))
        return np.frombuffer(content, np.uint8).reshape(self.height, self.width)


@dataclass(frozen=True, slots=True)
class PaintedRegion:
    """A part of picture A and a part of picture B that belong together; None is a picture without paint."""

    number: int
    name: str
    a: Mask | None = None
    b: Mask | None = None

    @property
    def masks(self) -> tuple[Mask, ...]:
        """Those that there are."""
        return tuple(mask for mask in (self.a, self.b) if mask is not None)


Regions = tuple[PaintedRegion, ...]
