"""The directories of EXIF (those of TIFF 6.0, section 2), read and changed without touching a byte of any value.

Pillow reads every value into Python's types and writes it anew: text that is not ASCII becomes question marks
on the way, and a maker's note that tells places inside the block no longer finds them. Here a block stays the
block it was: an entry is taken out or overwritten where it stands, and everything else keeps its place.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from studio.codecs.source import Damaged

PREFIX = b"Exif\0\0"
ORIENTATION, EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE = 274, 34665, 34853, 40965, 37500
WIDTHS, HEIGHTS = (256, 40962), (257, 40963)
_THUMBNAIL, _THUMBNAIL_LENGTH = 513, 514
_LENGTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SHORT, _LONG = 3, 4
_MOST_ENTRIES = 4096
"""More in one directory are taken for damage; cameras write about 60."""
_LONGEST = 1 << 24

Entries = dict[int, tuple[int, bytes]]
"""Tag to (type, bytes of the value in the block's byte order)."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One of 12 bytes: where it stands in the block, and what it says."""

    place: int
    tag: int
    kind: int
    count: int
    start: int
    length: int


class Block:
    """A block of EXIF that can be changed in place. Raises `Damaged` where its first directory can't be read."""

    def __init__(self, content: bytes) -> None:
        self.content = bytearray(content.removeprefix(PREFIX))
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(self.content[:4]))
        if order is None:
            raise Damaged("no byte order")
        self.order = order
        self.first = self._long(4)
        self.directory(self.first)

    def directory(self, offset: int) -> list[_Entry]:
        """The entries of the directory at `offset`. Raises `Damaged`."""
        count = self._number("H", offset)
        if count > _MOST_ENTRIES or offset < 8 or offset + 2 + 12 * count > len(self.content):
            raise Damaged("a directory is cut off")
        found = []
        for place in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(self.order + "HHI", self.content, place)
            length = _LENGTHS.get(kind, 1) * values
            start = place + 8 if length <= 4 else self._long(place + 8)
            found.append(_Entry(place, tag, kind, values, start, length))
        return found

    def below(self, tag: int, offset: int | None = None) -> int | None:
        """Where the directory lies to which an entry points, if it can be read."""
        for entry in self.directory(self.first if offset is None else offset):
            if entry.tag == tag:
                try:
                    self.directory(self._long(entry.place + 8))
                except Damaged:
                    return None
                return self._long(entry.place + 8)
        return None

    def values(self, offset: int) -> Entries:
        """The entries whose values lie inside the block, as they are."""
        return {
            entry.tag: (entry.kind, bytes(self.content[entry.start : entry.start + entry.length]))
            for entry in self.directory(offset)
            if entry.start + entry.length <= len(self.content)
        }

    def remove(self, tag: int) -> None:
        """Take an entry out of the first directory; those behind it move up."""
        entries = self.directory(self.first)
        end = self.first + 2 + 12 * len(entries) + 4
        for entry in entries:
            if entry.tag == tag:
                self.content[entry.place : end] = self.content[entry.place + 12 : end] + bytes(12)
                struct.pack_into(self.order + "H", self.content, self.first, len(entries) - 1)
                self.remove(tag)
                return

    def remove_thumbnail(self) -> None:
        """Forget the second directory and blank the small picture that it tells of."""
        pointer = self.first + 2 + 12 * len(self.directory(self.first))
        if pointer + 4 > len(self.content):
            return
        offset = self._long(pointer)
        struct.pack_into(self.order + "I", self.content, pointer, 0)
        try:
            known = {entry.tag: self._long(entry.place + 8) for entry in self.directory(offset)}
        except Damaged:
            return
        start, length = known.get(_THUMBNAIL, 0), known.get(_THUMBNAIL_LENGTH, 0)
        if start >= 8 and length and start + length <= len(self.content):
            if start + length == len(self.content):
                del self.content[start:]
            else:
                self.content[start : start + length] = bytes(length)

    def set_size(self, width: int, height: int) -> None:
        """Let the entries that tell the picture's size, where there are any, tell this one."""
        for offset in (self.first, self.below(EXIF_IFD)):
            for entry in [] if offset is None else self.directory(offset):
                if entry.count == 1 and entry.tag in (*WIDTHS, *HEIGHTS):
                    number = width if entry.tag in WIDTHS else height
                    struct.pack_into(self.order + "HII", self.content, entry.place + 2, _LONG, 1, number)

    def without(self, tags: Collection[int]) -> bytes:
        """The block put together anew, without some entries of its first directory and of that of EXIF."""
        first = {tag: value for tag, value in self.values(self.first).items() if tag not in tags}
        below = {}
        for pointer in (EXIF_IFD, GPS_IFD):
            offset = self.below(pointer)
            if offset is not None and pointer not in tags:
                below[pointer] = {tag: value for tag, value in self.values(offset).items() if tag not in tags}
        details = self.below(EXIF_IFD)
        interoperability = None if details is None else self.below(INTEROP_IFD, details)
        deepest = {} if interoperability is None else self.values(interoperability)
        return build(self.order, first, below, deepest)

    def _number(self, code: str, offset: int) -> int:
        try:
            return int(struct.unpack_from(self.order + code, self.content, offset)[0])
        except struct.error as error:
            raise Damaged("a directory is cut off") from error

    def _long(self, offset: int) -> int:
        return self._number("I", offset)


def build(order: str, first: Entries, below: Mapping[int, Entries], interoperability: Entries) -> bytes:
    """A block of the directories given; `below` are those to which entries of the first point.

    Entries of the first and of the EXIF directory that are pointers themselves are replaced. Empty ones are left out.
    """
    pointers = {EXIF_IFD, GPS_IFD, INTEROP_IFD}
    body = bytearray((b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8))
    plain = {tag: value for tag, value in first.items() if tag not in pointers}
    kept = {
        tag: {one: value for one, value in entries.items() if one not in pointers} for tag, entries in below.items()
    }
    if interoperability and EXIF_IFD in kept:
        kept[EXIF_IFD][INTEROP_IFD] = (_LONG, bytes(4))
    kept = {tag: entries for tag, entries in kept.items() if entries}
    plain |= {tag: (_LONG, bytes(4)) for tag in kept}
    if not plain:
        return b""
    places = append_directory(body, order, plain)
    for tag, entries in kept.items():
        struct.pack_into(order + "I", body, places[tag], len(body))
        inner = append_directory(body, order, entries)
        if INTEROP_IFD in inner:
            struct.pack_into(order + "I", body, inner[INTEROP_IFD], len(body))
            append_directory(body, order, interoperability)
    return bytes(body)


def append_directory(
    body: bytearray, order: str, entries: Entries, literal: Mapping[int, bytes] | None = None
) -> dict[int, int]:
    """Write a directory and its values at the end of `body`; gives where the value of each entry stands.

    `literal` are entries of 12 bytes each as they are, with their values elsewhere in `body`.
    """
    start = len(body)
    literal = literal or {}
    count = len(entries) + len(literal)
    rows, values, places = bytearray(), bytearray(), {}
    beyond = start + 2 + 12 * count + 4
    for tag in sorted({*entries, *literal}):
        if tag in literal:
            rows += literal[tag]
            continue
        kind, value = entries[tag]
        number = len(value) // _LENGTHS.get(kind, 1)
        places[tag] = start + 2 + len(rows) + 8
        if len(value) <= 4:
            rows += struct.pack(order + "HHI", tag, kind, number) + value.ljust(4, b"\0")
        else:
            rows += struct.pack(order + "HHII", tag, kind, number, beyond + len(values))
            values += value + b"\0" * (len(value) % 2)
    body += struct.pack(order + "H", count) + rows + bytes(4) + values
    return places


def directories_of(file: BinaryIO) -> tuple[str, Entries, dict[int, Entries], Entries]:
    """The first directory of a TIFF or BigTIFF, those of EXIF and GPS by their tags, and that of interoperability.

    Values longer than 16 MB, which are none that describe a picture, are passed over. Raises `Damaged`.
    """
    file.seek(0)
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    if not order or len(head) < 16:
        raise Damaged("no byte order")
    big = struct.unpack_from(order + "H", head, 2) == (43,)
    (start,) = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)
    first = _entries_in(file, order, start, big)
    below = {}
    for tag in (EXIF_IFD, GPS_IFD):
        if tag in first:
            below[tag] = _entries_in(file, order, _pointer(first[tag][1], order), big)
    pointer = below.get(EXIF_IFD, {}).get(INTEROP_IFD)
    deepest = {} if pointer is None else _entries_in(file, order, _pointer(pointer[1], order), big)
    return order, first, below, deepest


def _entries_in(file: BinaryIO, order: str, offset: int, big: bool) -> Entries:
    count_code, inline, row = ("Q", 8, 20) if big else ("H", 4, 12)
    file.seek(offset)
    (count,) = struct.unpack(order + count_code, _read(file, struct.calcsize(count_code)))
    if count > _MOST_ENTRIES:
        raise Damaged("a directory without end")
    rows = _read(file, count * row)
    found: Entries = {}
    for place in range(0, len(rows), row):
        tag, kind = struct.unpack_from(order + "HH", rows, place)
        (values,) = struct.unpack_from(order + ("Q" if big else "I"), rows, place + 4)
        length = _LENGTHS.get(kind, 1) * values
        if length <= inline:
            found[tag] = (kind, rows[place + row - inline :][:length])
        elif length <= _LONGEST:
            file.seek(struct.unpack_from(order + ("Q" if big else "I"), rows, place + row - inline)[0])
            value = file.read(length)
            if len(value) == length:
                found[tag] = (kind, value)
    return found


def _pointer(value: bytes, order: str) -> int:
    return int.from_bytes(value, "little" if order == "<" else "big")


def _read(file: BinaryIO, count: int) -> bytes:
    content = file.read(count)
    if len(content) != count:
        raise Damaged("a directory is cut off")
    return content
