"""Decoders without their words: libraries write to the terminal of whoever runs the program, each in its own way."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.codecs.bands import from_opencv


@functools.cache
def silence_pillow() -> None:
    """Let the libtiff inside Pillow keep its complaints to itself; Pillow raises an exception all the same.

    Pillow has no switch for it. Where its libtiff can't be reached (it is part of one file on Windows) nothing changes.
    """
    from PIL import _imaging

    try:
        library = ctypes.CDLL(_imaging.__file__)  # in use already; its own libraries are looked through too
        for setter in (library.TIFFSetErrorHandler, library.TIFFSetWarningHandler):
            setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
            setter(None)
    except (OSError, AttributeError, TypeError):
        return


@functools.cache
def _silent_opencv() -> Any:
    """OpenCV, told once to keep its log to itself."""
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


def decoded(content: bytes) -> npt.NDArray[Any] | None:
    """What OpenCV makes of `content` in its own depth: (h, w) or (h, w, 3 or 4), RGB(A); None if it refuses it."""
    cv2 = _silent_opencv()
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    return None if pixels is None else from_opencv(pixels)
