"""Makes picture files byte by byte, by other means than the program's, for tests to know what is in them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE_PRIMARIES = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
WIDE_PRIMARIES = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
D65 = np.array([0.3127, 0.3290])
D50_XYZ = np.array([0.9642, 1.0, 0.8249])

PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def smooth_noise(height: int, width: int, channels: int, seed: int = 0) -> Array:
    """(height, width, channels) float64 in [0, 1], blobs of some ten pixels."""
    import cv2

    noise = np.random.default_rng(seed).random((height // 12 + 3, width // 12 + 3, channels))
    return np.clip(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1).reshape(
        height, width, channels
    )


# --- PNG ---------------------------------------------------------------------------------------


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_file(
    samples: Array,
    color: int,
    bits: int,
    *,
    interlaced: bool = False,
    before: Sequence[tuple[bytes, bytes]] = (),
    after: Sequence[tuple[bytes, bytes]] = (),
    piece: int = 1000,
) -> bytes:
    """A PNG of integer `samples`, (h, w, channels), as they are to stand in the file.

    All five row filters are used in turn, the stream is cut into IDAT chunks of `piece` bytes. `before` and `after`
    are chunks ahead of the pixels and behind them.
    """
    height, width = samples.shape[:2]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    rows: list[bytes] = []
    for x, y, dx, dy in passes:
        part = samples[y::dy, x::dx]
        if part.size:
            rows += _filtered_rows(part, bits)
    stream = zlib.compress(b"".join(rows))
    pieces = [stream[start : start + piece] for start in range(0, len(stream), piece)]
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, int(interlaced))
    chunks = [(b"IHDR", header), *before, *((b"IDAT", content) for content in pieces), *after, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


# Column and row of the first pixel of each pass, and the steps to the next (PNG specification, section 8.2).
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _filtered_rows(samples: Array, bits: int) -> Iterator[bytes]:
    step = max(1, samples.shape[2] * bits // 8)
    previous: list[int] = []
    for number, row in enumerate(samples):
        if bits == 16:
            raw = list(row.astype(">u2").tobytes())
        elif bits == 8:
            raw = list(row.astype(np.uint8).tobytes())
        else:
            digits = "".join(f"{value:0{bits}b}" for value in row[:, 0])
            digits += "0" * (-len(digits) % 8)
            raw = [int(digits[start : start + 8], 2) for start in range(0, len(digits), 8)]
        previous = previous or [0] * len(raw)
        kind = number % 5
        out = [kind]
        for i, value in enumerate(raw):
            left, above = (raw[i - step] if i >= step else 0), previous[i]
            corner = previous[i - step] if i >= step else 0
            guess = (0, left, above, (left + above) // 2, _paeth(left, above, corner))[kind]
            out.append((value - guess) % 256)
        previous = raw
        yield bytes(out)


def _paeth(left: int, above: int, corner: int) -> int:
    return min((left, above, corner), key=lambda value: abs(left + above - corner - value))


def huge_png(path: Path, side: int, color: int, bits: int) -> None:
    """A PNG of side x side pixels, made in a second: one band of filtered rows, repeated.

    After a full flush deflate knows nothing of what came before, so the compressed band can be repeated too.
    """
    rows = 100
    row_bytes = -(-side * PNG_CHANNELS[color] * bits // 8)
    band = np.zeros((rows, row_bytes + 1), np.uint8)
    band[:, 0] = np.arange(rows) % 5
    band[:, 1 :: row_bytes // 50] = 3
    content = band.tobytes()
    compressor = zlib.compressobj(6)
    head = compressor.compress(content) + compressor.flush(zlib.Z_FULL_FLUSH)
    repeated = compressor.compress(content) + compressor.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(side // rows):
        check = zlib.adler32(content, check)
    end = b"\x03\x00" + struct.pack(">I", check)
    with path.open("wb") as file:
        header = struct.pack(">IIBBBBB", side, side, bits, color, 0, 0, 0)
        file.write(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", head))
        for _ in range(side // rows - 1):
            file.write(png_chunk(b"IDAT", repeated))
        file.write(png_chunk(b"IDAT", end) + png_chunk(b"IEND", b""))


# --- colour ------------------------------------------------------------------------------------


def rgb_to_xyz_d50(primaries: Sequence[tuple[float, float]]) -> Array:
    """(3, 3): linear RGB with a white of D65 to XYZ, adapted to D50 (Bradford)."""

    def xyz(xy: Any) -> Array:
        return np.array([xy[0] / xy[1], 1.0, (1.0 - xy[0] - xy[1]) / xy[1]])

    columns = np.stack([xyz(primary) for primary in primaries], axis=1)
    matrix = columns * np.linalg.solve(columns, xyz(D65))
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    scale = (bradford @ D50_XYZ) / (bradford @ xyz(D65))
    return np.linalg.inv(bradford) @ np.diag(scale) @ bradford @ matrix


def encode_srgb(linear: Array) -> Array:
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def expected_srgb(colors: Array, primaries: Sequence[tuple[float, float]], gamma: float) -> Array:
    """sRGB, 0 to 1, of `colors`, (..., 3) in [0, 1], that have other primaries and a plain power curve."""
    linear = colors**gamma @ rgb_to_xyz_d50(primaries).T @ np.linalg.inv(rgb_to_xyz_d50(SRGB_PRIMARIES)).T
    return encode_srgb(linear)


def lab_to_srgb(lab: Array) -> Array:
    """sRGB, 0 to 1, of CIELAB under D50, (..., 3)."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * D50_XYZ
    return encode_srgb(xyz @ np.linalg.inv(rgb_to_xyz_d50(SRGB_PRIMARIES)).T)


def icc_profile(space: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ") -> bytes:
    """An ICC version 2 profile for a screen (or a printer, if `space` is CMYK)."""
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": _xyz_tag(D50_XYZ),
        **tags,
    }
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"none", 0x02100000, kind, space, connection)
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", *(round(v * 65536) for v in D50_XYZ)) + bytes(48)
    return header + struct.pack(">I", len(tags)) + table + body


def _xyz_tag(xyz: Array) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(float(v) * 65536) for v in xyz))


def _gamma_tag(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def rgb_profile(primaries: Sequence[tuple[float, float]], gamma: float) -> bytes:
    matrix = rgb_to_xyz_d50(primaries)
    names = (b"r", b"g", b"b")
    tags = {name + b"XYZ": _xyz_tag(matrix[:, i]) for i, name in enumerate(names)}
    return icc_profile(b"RGB ", {**tags, **{name + b"TRC": _gamma_tag(gamma) for name in names}})


def gray_profile(gamma: float) -> bytes:
    return icc_profile(b"GRAY", {b"kTRC": _gamma_tag(gamma)})


def cmyk_profile(lab_of: Any) -> bytes:
    """A profile of tables with two grid points per ink: `lab_of(c, m, y, k)` gives L, a, b at each corner."""
    corners = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    lab = np.array([lab_of(*corner) for corner in corners], float)
    encoded = np.rint(np.stack([lab[:, 0] * 2.55, lab[:, 1] + 128, lab[:, 2] + 128], axis=1)).astype(np.uint8)
    identity = bytes(range(256))
    unit = struct.pack(">9i", *(65536 * v for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + unit + identity * 4 + encoded.tobytes() + identity * 3
    return icc_profile(b"CMYK", {b"A2B0": table}, b"Lab ")
