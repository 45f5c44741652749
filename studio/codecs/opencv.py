"""OpenCV's decoders and nothing of what they say: they write to the terminal of whoever runs the program."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.codecs.bands import from_opencv


@functools.cache
def _silenced() -> Any:
    """OpenCV, told once to keep its log to itself: a failure comes back as None or an exception all the same."""
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


def decoded(content: bytes) -> npt.NDArray[Any] | None:
    """The picture in `content` in its own depth: (h, w) or (h, w, 3 or 4), RGB(A); None if OpenCV refuses it."""
    cv2 = _silenced()
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    return None if pixels is None else from_opencv(pixels)
