"""A picture: pixels to compute with and to show, and what it takes to save a result like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.arrays import Size
from studio.codecs.bands import to_eight_bit
from studio.codecs.decoding import decode, decode_full
from studio.codecs.encoding import Extras, encode_to
from studio.codecs.metadata import Carried
from studio.codecs.source import PictureError, Source, reading
from studio.geometry import shrink_within
from studio.language import tr
from studio.progress import Job, run_to_end

if TYPE_CHECKING:
    import torch

__all__ = ["WORKING_SIDE", "Picture", "PictureError", "load", "load_bytes", "loading", "loading_content", "save"]

WORKING_SIDE = 4096
"""Longest side, in pixels, of a picture in memory; larger files are decoded reduced."""
PLAIN = 3
"""Steps of 255 that the darkest and the lightest pixel of a picture may differ by with nothing to be seen in it."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One decoded picture. All pixels in the program are sRGB; the file's own colours come back on saving.

    Attributes
    ----------
    name : str
        The file name, or what else to call it ("Pasted picture").
    path : Path or None
        The file, if it came from one.
    size : (int, int)
        Full (width, height), upright; the space in which points live.
    pixels : (h, w, 3) uint8
        sRGB, C-contiguous, read-only; neither side longer than the working side, so perhaps reduced.
    alpha : (h, w) uint8 or None
        Opacity beside `pixels`, which are not multiplied by it; None if all is opaque. Read-only.
    depth : int
        Bits per channel in the file: 1, 8 or 16 (palettes count as 8, floats as 16).
    mode, format : str
        As the file has them, in Pillow's words ("CMYK", "I;16", "RGB;16"; "PNG").
    frames : int
        Frames or pages in the file, of which this is the first.
    icc, exif : bytes or None
        For saving. The EXIF has no orientation any more, for the pixels are upright.
    carried : Carried
        For saving: XMP, IPTC, comments and texts, as they stood in the file.
    notes : tuple of str
        Sentences for the log: what was reduced, ignored or left out.
    warnings : tuple of str
        Those of `notes` that a person should see at once: what is shown is not quite what the file says.
    """

    name: str
    path: Path | None
    size: Size
    pixels: npt.NDArray[np.uint8] = field(repr=False)
    alpha: npt.NDArray[np.uint8] | None = field(default=None, repr=False)
    depth: int = 8
    mode: str = "RGB"
    format: str = ""
    frames: int = 1
    icc: bytes | None = field(default=None, repr=False)
    exif: bytes | None = field(default=None, repr=False)
    carried: Carried = field(default_factory=Carried, repr=False)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    origin: Source | npt.NDArray[Any] | None = field(default=None, repr=False)
    """Where `full` finds the pixels again, if `pixels` is not all there is."""
    mirrored: bool = False
    """Whether the pixels are turned left to right against the file."""

    @property
    def is_reduced(self) -> bool:
        """Whether `pixels` are fewer than the file has."""
        return self.size != (self.pixels.shape[1], self.pixels.shape[0])

    def resized(self, size: Size) -> npt.NDArray[np.uint8]:
        """The pixels at another size: (h, w, 3) uint8, by Pillow's antialiased bicubic filter."""
        return np.asarray(Image.fromarray(self.pixels).resize(size, Image.Resampling.BICUBIC))

    @cached_property
    def visible(self) -> npt.NDArray[np.uint8]:
        """(h, w, 3) uint8: `pixels` as `without_hidden` leaves them."""
        return self.pixels if self.alpha is None else _frozen(without_hidden(self.pixels, self.alpha))

    @cached_property
    def is_plain(self) -> bool:
        """Whether nothing is to be seen: all that is at least half opaque has one colour, within `PLAIN`."""
        there = self.pixels if self.alpha is None else self.pixels[self.alpha >= 128]
        if not there.size:
            return True
        flat = there.reshape(-1, 3)
        return bool((flat.max(axis=0).astype(int) - flat.min(axis=0) <= PLAIN).all())

    def shown(self, size: Size) -> npt.NDArray[np.uint8]:
        """`visible` at another size, as `resized`: for all that looks at a picture instead of showing it."""
        return np.asarray(Image.fromarray(self.visible).resize(size, Image.Resampling.BICUBIC))

    def opacity(self, size: Size) -> npt.NDArray[np.float32] | None:
        """(h, w) float32 in [0, 1]: how opaque each pixel is at another size; None if all are."""
        if self.alpha is None:
            return None
        return np.asarray(Image.fromarray(self.alpha).resize(size, Image.Resampling.BOX), np.float32) / np.float32(255)

    def tensor(self, size: Size, device: torch.device | str = "cpu") -> torch.Tensor:
        """`shown(size)` as (1, 3, h, w) float32 in [0, 1] on `device`."""
        import torch

        pixels = torch.from_numpy(self.shown(size).copy()).to(device)
        return pixels.permute(2, 0, 1).unsqueeze(0).to(torch.float32).contiguous() / 255.0

    def full(self) -> npt.NDArray[Any]:
        """All pixels at full size and depth, decoded again: (H, W, 3), or (H, W, 4) if `alpha` is there.

        Returns
        -------
        uint16 for a picture of 16 bits, else uint8; sRGB, upright.

        Raises
        ------
        PictureError
            The file is gone or has changed, or memory does not suffice.
        """
        if isinstance(self.origin, np.ndarray):
            return self._turned(self.origin)
        if self.origin is None or (self.depth <= 8 and not self.is_reduced):
            return self.pixels if self.alpha is None else np.dstack([self.pixels, self.alpha])
        pixels = decode_full(self.origin)
        if (pixels.shape[1], pixels.shape[0]) != self.size:
            raise PictureError(tr("“{name}” has changed since it was opened: please open it again.", name=self.name))
        return self._turned(pixels[..., : 3 if self.alpha is None else 4])

    def flipped(self) -> Picture:
        """The same picture turned left to right; twice gives what it was."""
        alpha = None if self.alpha is None else _frozen(self.alpha[:, ::-1])
        return replace(self, pixels=_frozen(self.pixels[:, ::-1]), alpha=alpha, mirrored=not self.mirrored)

    def _turned(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return pixels[:, ::-1] if self.mirrored else pixels

    @classmethod
    def from_array(cls, array: npt.ArrayLike, name: str = "Picture", working_side: int = WORKING_SIDE) -> Picture:
        """A picture of sRGB numbers.

        Parameters
        ----------
        array : (h, w), (h, w, 3) or (h, w, 4)
            uint8, uint16, bool, or float in [0, 1].

        Raises
        ------
        PictureError
            Another shape or type, or nothing in it.
        """
        full = _as_integers(array, name)
        size = full.shape[1], full.shape[0]
        with reading(name):
            eight = full if full.dtype == np.uint8 else to_eight_bit(full)
            image = Image.fromarray(eight)
            mode = image.mode + (";16" if full.dtype == np.uint16 else "")
            target = shrink_within(size, working_side)
            if target != size:
                image = image.resize(target, Image.Resampling.BICUBIC, reducing_gap=2.0)
            pixels, alpha = _split(image)
        if full.ndim == 2:
            full = np.repeat(full[..., None], 3, axis=-1)
        return cls(
            name=name,
            path=None,
            size=size,
            pixels=pixels,
            alpha=alpha,
            depth=16 if full.dtype == np.uint16 else 8,
            mode=mode,
            origin=_frozen(full[..., : 3 if alpha is None else 4]),
        )


def load(path: Path | str, working_side: int = WORKING_SIDE) -> Picture:
    """Open a picture file: PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF; HEIC if pillow-heif is installed.

    Raises
    ------
    PictureError
        One sentence: what is wrong with the file and what to do.
    """
    return run_to_end(loading(path, working_side))


def load_bytes(data: bytes, name: str, working_side: int = WORKING_SIDE) -> Picture:
    """Open a picture that is in memory as the bytes of a file, from the clipboard say. Raises `PictureError`."""
    return run_to_end(_loading(Source(name, data), None, working_side))


def loading(path: Path | str, working_side: int = WORKING_SIDE) -> Job[Picture]:
    """`load` as a job, with progress for files that take seconds and can be given up. Raises `PictureError`."""
    file = Path(path)
    # The name is looked at again when the file is decoded in full, perhaps from another working directory.
    return (yield from _loading(Source(file.name or str(file), file.absolute()), file, working_side))


def loading_content(name: str, content: Path | bytes, working_side: int = WORKING_SIDE) -> Job[Picture]:
    """As `loading`, for the bytes of a picture called `name`, or a file where they lie. Raises `PictureError`."""
    return (yield from _loading(Source(name, content), None, working_side))


def _loading(source: Source, path: Path | None, working_side: int) -> Job[Picture]:
    decoded = yield from decode(source, working_side)
    with reading(source.name):
        pixels, alpha = _split(decoded.image)
    return Picture(
        name=source.name,
        path=path,
        size=decoded.size,
        pixels=pixels,
        alpha=alpha,
        depth=decoded.depth,
        mode=decoded.mode,
        format=decoded.format,
        frames=decoded.frames,
        icc=decoded.icc,
        exif=decoded.exif,
        carried=decoded.carried,
        notes=decoded.notes,
        warnings=decoded.warnings,
        origin=source,
    )


def save(
    array: npt.ArrayLike,
    path: Path | str,
    like: Picture | None = None,
    *,
    text: Mapping[str, str] | None = None,
    quality: int = 95,
    depth: int | None = None,
) -> None:
    """Write sRGB pixels as PNG, JPEG, WebP or TIFF, by the suffix of `path`, at one stroke.

    Parameters
    ----------
    array : (h, w), (h, w, 3) or (h, w, 4)
        uint8, uint16, bool, or float in [0, 1].
    like : Picture, optional
        The picture that this one was made from: its colour profile (the pixels are converted to it), EXIF,
        XMP, IPTC and texts, byte for byte, and, if `array` has none, its alpha, scaled, are carried over as far
        as the format can hold them.
    text : mapping, optional
        A recipe, in a place of its own: see `studio.codecs.recipes`.
    quality : int
        Of JPEG and WebP, 1 to 100.
    depth : 8 or 16, optional
        Bits per channel, where the format has a choice (PNG, TIFF). By default 8 for uint8 and 16 for
        uint16; floats take the depth of `like`.

    Raises
    ------
    PictureError
        The array, the suffix or the size is one that can't be written.
    FileError
        The file can't be written; an older one is then still as it was.
    """
    path = Path(path)
    is_float = np.asarray(array).dtype.kind == "f"
    pixels = _as_integers(array, path.name)
    if depth is None and is_float:
        depth = 16 if like is not None and like.depth == 16 else 8
    if depth == 8 and pixels.dtype == np.uint16:
        pixels = to_eight_bit(pixels)
    elif depth == 16 and pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16) * np.uint16(257)
    if like is not None and like.alpha is not None and path.suffix.lower() not in (".jpg", ".jpeg"):
        pixels = _with_alpha(pixels, like.alpha)
    extras = Extras(text=text or {})
    if like is not None:
        extras = Extras(icc=like.icc, exif=like.exif, carried=like.carried, text=text or {})
    encode_to(path, pixels, extras, quality)


def without_hidden(pixels: npt.NDArray[Any], alpha: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Pixels without the colours that nobody sees.

    What is less than half opaque goes over to the mean colour of what is there, which it has where it is fully
    transparent.

    Parameters
    ----------
    pixels : (h, w, 3) uint8 or uint16
    alpha : (h, w) of the same type
        Opacity; 0 to the largest number of the type.

    Returns
    -------
    (h, w, 3) of the same type
    """
    largest = np.iinfo(pixels.dtype).max
    share = np.minimum(alpha.astype(np.float32) * np.float32(2 / largest), np.float32(1.0))
    total = float(share.sum(dtype=np.float64))
    mean = np.full(3, largest / 2, np.float32)
    if total > 0:
        mean = np.asarray([(share * pixels[..., c]).sum(dtype=np.float64) / total for c in range(3)], np.float32)
    mixed: npt.NDArray[Any] = np.rint(mean + share[..., None] * (pixels - mean)).astype(pixels.dtype)
    return mixed


def _as_integers(array: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    """uint8 or uint16 of an allowed shape; floats become uint16."""
    numbers: npt.NDArray[Any] = np.asarray(array)
    if numbers.ndim not in (2, 3) or (numbers.ndim == 3 and numbers.shape[2] not in (3, 4)) or 0 in numbers.shape:
        raise PictureError(
            tr(
                "“{name}” can't be made of an array of shape {shape}: (h, w), (h, w, 3) or (h, w, 4).",
                name=name,
                shape=numbers.shape,
            )
        )
    if numbers.dtype == np.uint8 or numbers.dtype == np.uint16:
        return numbers
    if numbers.dtype == np.bool_:
        return numbers.astype(np.uint8) * np.uint8(255)
    if numbers.dtype.kind != "f":
        raise PictureError(
            tr(
                "“{name}” can't be made of numbers of type {dtype}: uint8, uint16 or float in [0, 1].",
                name=name,
                dtype=numbers.dtype,
            )
        )
    finite: npt.NDArray[Any] = np.nan_to_num(numbers.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    scaled: npt.NDArray[Any] = np.rint(np.clip(finite, 0.0, 1.0) * np.float32(65535.0))
    return scaled.astype(np.uint16)


def _split(image: Image.Image) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8] | None]:
    """Read-only pixels, and alpha if there is any that is not opaque."""
    alpha = None
    if "A" in image.getbands():
        alpha = np.asarray(image.getchannel("A"))
        alpha = None if alpha.min() == 255 else _frozen(alpha)
    return _frozen(np.asarray(image.convert("RGB"))), alpha


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = np.ascontiguousarray(array)
    if array.flags.writeable:
        array = array.copy() if array.base is not None else array
        array.flags.writeable = False
    return array


def _with_alpha(pixels: npt.NDArray[Any], alpha: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return pixels
    size = pixels.shape[1], pixels.shape[0]
    scaled: npt.NDArray[Any] = np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BICUBIC))
    if pixels.dtype == np.uint16:
        scaled = scaled.astype(np.uint16) * np.uint16(257)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=-1)
    return np.dstack([pixels, scaled])
