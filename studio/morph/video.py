"""MP4 films in H.264, frame by frame, by PyAV, which brings its codec."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.language import tr
from studio.morph.animations import Film
from studio.morph.render import Pixels


class VideoError(StudioError):
    """A film that can't be encoded here."""


class Mp4Writer:
    """H.264 in MP4 that plays everywhere: 4:2:0, even sides, BT.709; what is transparent lies on white."""

    def __init__(self, path: Path, film: Film) -> None:
        """
        Raises
        ------
        VideoError
            PyAV is missing, or was built without an encoder of H.264.
        """
        try:
            import av
            from av.video.reformatter import ColorRange, Colorspace
        except ImportError as error:
            raise VideoError(tr("MP4 needs the package “av”: install it, or choose .webp, .gif or .apng.")) from error
        if "libx264" not in av.codecs_available:
            raise VideoError(tr("This build of PyAV can't encode H.264: choose .webp, .gif or .apng."))
        width, height = (max(2, side - side % 2) for side in film.size)
        self._size = width, height
        self._to_yuv = {"dst_colorspace": Colorspace.ITU709, "dst_color_range": ColorRange.MPEG}
        self._new_frame = av.VideoFrame.from_ndarray
        self._container: Any = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
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
        """Write one more frame."""
        width, height = self._size
        pixels = frame if frame.shape[2] == 3 else _on_white(frame)
        missing = max(0, height - pixels.shape[0]), max(0, width - pixels.shape[1])
        if any(missing):
            pixels = np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        picture = self._new_frame(np.ascontiguousarray(pixels[:height, :width]), format="rgb24")
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
