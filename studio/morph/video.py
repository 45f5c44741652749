"""Films in H.264, in the containers MP4, QuickTime and Matroska, frame by frame, by PyAV, which brings its codec."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from studio.arrays import Pixels, Size
from studio.errors import StudioError
from studio.language import tr
from studio.morph.animations import Film


class VideoError(StudioError):
    """A film that can't be encoded here."""


CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Suffixes, and what the library calls the container."""


def even(size: Size) -> Size:
    """The sides of a film for frames of `size`: 4:2:0, which alone plays everywhere, has colours for 2 x 2 pixels."""
    width, height = (side + side % 2 for side in size)
    return width, height


class VideoWriter:
    """H.264 that plays everywhere: 4:2:0, BT.709; what is transparent lies on white.

    To an odd side one more row or column is added, the last one again.
    """

    def __init__(self, path: Path, film: Film) -> None:
        """
        Raises
        ------
        VideoError
            PyAV is missing, or was built without an encoder of H.264.
        """
        kind = path.suffix[1:].upper()
        try:
            import av
            from av.video.reformatter import ColorRange, Colorspace
        except ImportError as error:
            raise VideoError(
                tr("{kind} needs the package “av”: install it, or choose .webp, .gif or .apng.", kind=kind)
            ) from error
        if "libx264" not in av.codecs_available:
            raise VideoError(tr("This build of PyAV can't encode H.264: choose .webp, .gif or .apng."))
        self._size = width, height = even(film.size)
        self._to_yuv = {"dst_colorspace": Colorspace.ITU709, "dst_color_range": ColorRange.MPEG}
        self._new_frame = av.VideoFrame.from_ndarray
        container = CONTAINERS[path.suffix.lower()]
        ahead = {} if container == "matroska" else {"movflags": "faststart"}  # the index first: it plays while it loads
        self._container: Any = av.open(str(path), "w", format=container, options=ahead)
        self._container.metadata["comment"] = film.recipe
        options = {"crf": str(round(45 - 0.32 * film.quality)), "preset": "medium"}
        rate = Fraction(film.fps).limit_denominator(1001)
        self._stream = self._container.add_stream("libx264", rate=rate, options=options)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709
        context.color_range = 1  # 16 to 235
        # Two threads: each holds frames of its own, and the number of cores must not decide the memory.
        context.thread_count = 2

    def add(self, frame: Pixels) -> None:
        """Write one more frame. `frame` is (h, w, 3|4) uint8, sRGB; what is transparent becomes white."""
        width, height = self._size
        pixels = frame if frame.shape[2] == 3 else _on_white(frame)
        pixels = np.pad(pixels, ((0, height - pixels.shape[0]), (0, width - pixels.shape[1]), (0, 0)), mode="edge")
        picture = self._new_frame(np.ascontiguousarray(pixels), format="rgb24")
        picture = picture.reformat(format="yuv420p", **self._to_yuv)
        for packet in self._stream.encode(picture):
            self._container.mux(packet)

    def finish(self) -> None:
        """Write what the encoder still holds, and the index."""
        for packet in self._stream.encode():
            self._container.mux(packet)
        self._container.close()

    def abandon(self) -> None:
        """Let go of the file, finished or not."""
        self._container.close()


def _on_white(frame: Pixels) -> Pixels:
    alpha = frame[..., 3:].astype(np.uint32)
    mixed = (frame[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)
