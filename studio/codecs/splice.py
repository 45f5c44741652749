"""A file without some of its parts, or with an end that it lacks, read from where it lies."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, BinaryIO


class _Spliced(io.RawIOBase):
    """Stretches of a file, one after the other, and some bytes behind them."""

    def __init__(self, file: BinaryIO, parts: Sequence[tuple[int, int]], tail: bytes) -> None:
        self._file, self._parts, self._tail = file, [part for part in parts if part[1]], tail
        self._ends = list(accumulate(length for _, length in self._parts))
        self._length = (self._ends[-1] if self._ends else 0) + len(tail)
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._place = max(0, offset + {0: 0, 1: self._place, 2: self._length}[whence])
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        room = memoryview(buffer)
        index = bisect_right(self._ends, self._place)
        if index < len(self._parts):
            offset, length = self._parts[index]
            done = self._place - (self._ends[index] - length)
            self._file.seek(offset + done)
            content = self._file.read(min(len(room), length - done))
        else:
            start = self._place - (self._length - len(self._tail))
            content = self._tail[start : start + len(room)]
        room[: len(content)] = content
        self._place += len(content)
        return len(content)


def spliced(file: BinaryIO, parts: Sequence[tuple[int, int]], tail: bytes = b"") -> BinaryIO:
    """The stretches (offset, length) of `file`, one after the other, and `tail` behind them, as a file of its own."""
    return io.BufferedReader(_Spliced(file, parts, tail))
