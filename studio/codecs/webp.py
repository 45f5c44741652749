"""The chunks of WebP, for what neither Pillow nor libwebp writes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from studio.arrays import Size

_HAS_ALPHA = 0x10


def riff(name: bytes, content: bytes) -> bytes:
    """One chunk, padded to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def riff_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk of a WebP file."""
    place = 12
    while place + 8 <= len(content):
        (length,) = struct.unpack_from("<I", content, place + 4)
        yield content[place : place + 4], content[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def extended_header(size: Size, flags: int) -> bytes:
    """The chunk VP8X, without which a file may hold no chunks but its pixels."""
    return riff(b"VP8X", bytes([flags, 0, 0, 0]) + three(size[0] - 1) + three(size[1] - 1))


def with_chunk(webp: bytes, size: Size, name: bytes, content: bytes) -> bytes:
    """A WebP file with one chunk more at its end, which those who don't know it pass over."""
    chunks = list(riff_chunks(webp))
    body = b"".join(riff(*one) for one in chunks)
    if chunks[0][0] != b"VP8X":
        # The lossless stream tells of its alpha by the bit behind the two sides of 14 bits and the byte 0x2F.
        lossless = chunks[0][0] == b"VP8L"
        has_alpha = lossless and bool(int.from_bytes(chunks[0][1][1:5], "little") >> 28 & 1)
        body = extended_header(size, _HAS_ALPHA if has_alpha else 0) + body
    body = b"WEBP" + body + riff(name, content)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def three(number: int) -> bytes:
    """24 bits, the least first."""
    return struct.pack("<I", number)[:3]
