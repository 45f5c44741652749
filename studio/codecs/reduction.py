"""Makes a picture smaller while it comes in, band of rows by band of rows."""

from __future__ import annotations

from PIL import Image

from studio.arrays import Size

REDUCING_GAP = 2.0
"""A box filter reduces by a whole factor first, to no less than this many times the target."""


class Reduction:
    """Resizes a stream of bands to a picture; holds four times the target's rows at most.

    The outcome is that of `Image.resize(target, BICUBIC, reducing_gap=2)` on the whole picture, for
    Pillow too resizes rows first: each band is reduced by a whole factor in both directions, its rows
    are resized when it comes in, and the columns at the end.

    Parameters
    ----------
    source : Size
        Size of all bands together.
    target : Size
        Size of the outcome.
    extent : (float, float), optional
        The part of the source, from its top-left corner, that fills the target; a JPEG decoded at an
        eighth covers a fraction of a pixel more than the picture does.
    """

    def __init__(self, source: Size, target: Size, extent: tuple[float, float] | None = None) -> None:
        self._source = source
        self._target = target
        self._extent = extent or (float(source[0]), float(source[1]))
        self._factors = (
            max(1, int(self._extent[0] / target[0] / REDUCING_GAP)),
            max(1, int(self._extent[1] / target[1] / REDUCING_GAP)),
        )
        self._changes = source != target or self._extent != source
        self._rows_in = 0
        self._rows_out = 0
        self._mode = ""
        self._left: Image.Image | None = None
        self._narrow: Image.Image | None = None

    def add(self, band: Image.Image) -> float:
        """Take the next rows and say which share of all has been taken."""
        self._rows_in += band.height
        self._mode = band.mode
        if not self._changes and band.size == self._source:
            self._narrow = band
            return 1.0
        if self._changes and band.mode in ("LA", "RGBA"):
            band = band.convert("La" if band.mode == "LA" else "RGBa")
        factor_y = self._factors[1]
        if self._left is not None:
            joined = Image.new(band.mode, (band.width, self._left.height + band.height))
            joined.paste(self._left, (0, 0))
            joined.paste(band, (0, self._left.height))
            band, self._left = joined, None
        complete = band.height if self._rows_in >= self._source[1] else band.height - band.height % factor_y
        if complete < band.height:
            self._left = band.crop((0, complete, band.width, band.height))
            band = band.crop((0, 0, band.width, complete))
        if complete:
            self._place(band)
        return self._rows_in / self._source[1]

    def _place(self, band: Image.Image) -> None:
        factor_x, factor_y = self._factors
        if factor_x > 1 or factor_y > 1:
            band = band.reduce((factor_x, factor_y))
        width = self._target[0]
        if self._changes:
            box = (0.0, 0.0, self._extent[0] / factor_x, float(band.height))
            band = band.resize((width, band.height), Image.Resampling.BICUBIC, box)
        if self._narrow is None:
            self._narrow = Image.new(band.mode, (width, -(-self._source[1] // factor_y)))
        self._narrow.paste(band, (0, self._rows_out))
        self._rows_out += band.height

    def finish(self) -> Image.Image:
        """The outcome, in the mode of the bands."""
        assert self._narrow is not None
        if not self._changes:
            return self._narrow
        box = (0.0, 0.0, float(self._target[0]), self._extent[1] / self._factors[1])
        image = self._narrow.resize(self._target, Image.Resampling.BICUBIC, box)
        return image if image.mode == self._mode else image.convert(self._mode)
