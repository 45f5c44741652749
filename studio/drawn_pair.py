"""Draws the sample whose correspondences are known: one animal of cut paper, in two colourings, once warped.

Convention
----------
The figure is given in units of the sheet, `(x, y)` in [0, 1], y down. Picture A shows it as it is.
Picture B shows it through `warp`, on a sheet of another size, in other colours and textures; its shapes are
carried point by point, so that both pictures are equally sharp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.geometry import Points, Size, as_points, denormalise
from studio.pairs import PairSet

Pixels = npt.NDArray[np.float32]
Color = tuple[int, int, int]

SIZE_A: Size = (720, 640)
SIZE_B: Size = (600, 680)
_SHARPNESS = 2
"""Everything is drawn this many times larger and then reduced, which smooths its edges."""


@dataclass(frozen=True, slots=True)
class Colouring:
    """The look of one picture: colours by part, the grain of its paper and the light."""

    colors: dict[str, Color]
    grain: float
    """Direction of the fibres, degrees."""
    fibre: float
    """Length of a fibre relative to its breadth."""
    seed: int


DAY = Colouring(
    {
        "sky": (250, 226, 178), "disc": (247, 178, 70), "far": (146, 186, 140), "near": (88, 146, 98),
        "plant": (50, 106, 74), "blossom": (226, 92, 84), "coat": (226, 126, 50), "dark": (150, 66, 30),
        "light": (250, 234, 206), "inner": (240, 168, 142), "eye": (252, 246, 226), "iris": (94, 142, 60),
        "pupil": (34, 24, 22), "nose": (112, 46, 46), "collar": (44, 108, 148), "tag": (250, 208, 84),
    },
    grain=80.0, fibre=5.0, seed=3,
)  # fmt: skip
NIGHT = Colouring(
    {
        "sky": (40, 48, 98), "disc": (238, 236, 214), "far": (54, 80, 122), "near": (34, 56, 86),
        "plant": (66, 122, 128), "blossom": (228, 190, 104), "coat": (112, 106, 158), "dark": (62, 54, 104),
        "light": (206, 204, 232), "inner": (190, 136, 178), "eye": (236, 246, 238), "iris": (234, 166, 40),
        "pupil": (18, 16, 34), "nose": (52, 34, 70), "collar": (184, 62, 92), "tag": (206, 216, 224),
    },
    grain=20.0, fibre=3.0, seed=8,
)  # fmt: skip

LANDMARKS: dict[str, tuple[float, float]] = {
    "left ear tip": (0.298, 0.068),
    "right ear tip": (0.702, 0.068),
    "left inner ear": (0.335, 0.155),
    "right inner ear": (0.665, 0.155),
    "forehead": (0.500, 0.175),
    "left pupil": (0.402, 0.315),
    "right pupil": (0.598, 0.315),
    "left eye, outer corner": (0.336, 0.322),
    "right eye, outer corner": (0.664, 0.322),
    "left cheek": (0.238, 0.428),
    "right cheek": (0.762, 0.428),
    "nose": (0.500, 0.402),
    "left corner of the mouth": (0.446, 0.462),
    "right corner of the mouth": (0.554, 0.462),
    "chin": (0.500, 0.504),
    "tag": (0.500, 0.604),
    "belly": (0.500, 0.740),
    "left paw": (0.415, 0.930),
    "right paw": (0.585, 0.930),
    "bend of the tail": (0.822, 0.700),
    "tip of the tail": (0.862, 0.418),
    "disc in the sky": (0.130, 0.150),
    "left blossom": (0.118, 0.730),
    "right blossom": (0.934, 0.805),
}


def warp(points: npt.ArrayLike) -> Points:
    """Where B shows what A shows at `points`, (N, 2), both in units of their sheets.

    A turn by 7 degrees, a reduction to 93 % and two gentle waves: smooth and one to one.
    """
    x, y = as_points(points).T
    turn = np.deg2rad(7.0)
    u, v = x - 0.5, y - 0.5
    turned_x = 0.5 + 0.93 * (np.cos(turn) * u - np.sin(turn) * v)
    turned_y = 0.51 + 0.93 * (np.sin(turn) * u + np.cos(turn) * v)
    waved_x = turned_x + 0.022 * np.sin(2.0 * np.pi * (turned_y + 0.10))
    waved_y = turned_y + 0.020 * np.sin(2.0 * np.pi * (0.8 * turned_x + 0.25))
    return np.stack([waved_x, waved_y], axis=1)


def known_pairs() -> PairSet:
    """The landmarks as pairs of full-size pixels of A and B."""
    figure = as_points(list(LANDMARKS.values()))
    return PairSet.from_arrays(denormalise(figure, SIZE_A), denormalise(warp(figure), SIZE_B), origin="placed")


def draw_a() -> npt.NDArray[np.uint8]:
    """(640, 720, 3) uint8: the animal by day."""
    return _draw(_Sheet(SIZE_A, as_points, DAY))


def draw_b() -> npt.NDArray[np.uint8]:
    """(680, 600, 3) uint8: the animal by night, warped."""
    return _draw(_Sheet(SIZE_B, warp, NIGHT))


@dataclass(frozen=True, slots=True)
class _Window:
    corner: npt.NDArray[np.int_]
    area: tuple[slice, slice]


class _Sheet:
    """A sheet to glue cut shapes on, each with its grain, a darker rim and a soft shadow."""

    def __init__(self, size: Size, place: Callable[[npt.ArrayLike], Points], colouring: Colouring) -> None:
        self.size = (size[0] * _SHARPNESS, size[1] * _SHARPNESS)
        self._place = place
        self._colouring = colouring
        self._random = np.random.default_rng(colouring.seed)
        self._grain = self._fibres()
        self._unit = min(self.size)
        self.pixels: Pixels = np.zeros((self.size[1], self.size[0], 3), np.float32)
        self.pixels += np.asarray(colouring.colors["sky"], np.float32) * self._grain[..., None]

    def glue(self, outline: npt.ArrayLike, part: str, shadow: float = 1.0, grain: float = 1.0) -> None:
        """Glue on the shape inside `outline`, (N, 2) figure points, cut from the paper of `part`."""
        import cv2

        points = self._points(outline)
        window, mask = self._window(points, 0.0)
        cv2.fillPoly(mask, [_fixed_point(points - window.corner)], 255, cv2.LINE_AA, shift=4)
        self._glue(window, mask, part, shadow, grain)

    def stroke(self, line: npt.ArrayLike, part: str, width: float, shadow: float = 0.0) -> None:
        """Draw along `line`, (N, 2) figure points; `width` is relative to the shorter side."""
        import cv2

        points = self._points(line)
        thickness = max(1, round(width * self._unit))
        window, mask = self._window(points, thickness)
        cv2.polylines(mask, [_fixed_point(points - window.corner)], False, 255, thickness, cv2.LINE_AA, shift=4)
        self._glue(window, mask, part, shadow, 0.6)

    def finish(self) -> npt.NDArray[np.uint8]:
        """The sheet at its own size."""
        import cv2

        small = (self.size[0] // _SHARPNESS, self.size[1] // _SHARPNESS)
        reduced = cv2.resize(self.pixels, small, interpolation=cv2.INTER_AREA)
        return np.clip(np.rint(reduced), 0, 255).astype(np.uint8)

    def _points(self, figure: npt.ArrayLike) -> Points:
        return denormalise(self._place(figure), self.size)

    def _window(self, points: Points, extra: float) -> tuple[_Window, npt.NDArray[np.uint8]]:
        """The part of the sheet that a shape and its shadow touch, and an empty mask for it."""
        margin = extra + 0.06 * self._unit
        low = np.clip(np.floor(points.min(axis=0) - margin), 0, np.asarray(self.size) - 1).astype(int)
        high = np.clip(np.ceil(points.max(axis=0) + margin), low + 1, self.size).astype(int)
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        return _Window(low, (slice(low[1], high[1]), slice(low[0], high[0]))), mask

    def _glue(self, window: _Window, mask: npt.NDArray[np.uint8], part: str, shadow: float, grain: float) -> None:
        import cv2

        sheet = self.pixels[window.area]
        if shadow:
            offset = float(round(0.008 * self._unit))
            move = np.array([[1.0, 0.0, offset], [0.0, 1.0, offset]])
            fallen = np.asarray(cv2.warpAffine(mask, move, mask.shape[::-1]), np.uint8)
            sheet *= 1.0 - 0.42 * shadow * _softened(fallen, 0.011 * self._unit)[..., None]
        # Darker towards the rim below, lighter towards the one above: the paper bulges.
        sigma = 0.02 * self._unit
        bulge = 1.0 + 0.9 * cv2.Sobel(_softened(mask, sigma), cv2.CV_32F, 0, 1, ksize=3, scale=0.125 * sigma)
        texture = (1.0 + grain * (self._grain[window.area] - 1.0)) * np.clip(bulge, 0.75, 1.2)
        paper = np.asarray(self._colouring.colors[part], np.float32) * texture[..., None]
        sheet += mask.astype(np.float32)[..., None] / 255.0 * (paper - sheet)

    def _fibres(self) -> Pixels:
        """(h, w) brightness around 1: noise drawn out along the grain, coarse and fine."""
        import cv2

        width, height = self.size
        side = int(np.hypot(width, height)) + 2
        middle = side / 2.0
        turn = np.asarray(cv2.getRotationMatrix2D((middle, middle), self._colouring.grain, 1.0), np.float64)
        turn[:, 2] -= np.array([side - width, side - height]) / 2.0
        grain = np.ones((height, width), np.float32)
        for breadth, strength in ((1.2, 0.06), (3.5, 0.055), (14.0, 0.04)):
            step = max(1, round(breadth))
            noise = self._random.standard_normal((side // step + 1, side // step + 1)).astype(np.float32)
            across = breadth / step
            drawn = cv2.GaussianBlur(noise, (0, 0), across * self._colouring.fibre, sigmaY=across)
            drawn = cv2.resize(drawn, (side, side), interpolation=cv2.INTER_CUBIC)
            grain += strength * cv2.warpAffine(drawn, turn, (width, height)) / float(drawn.std())
        return np.clip(grain, 0.55, 1.45)


def _softened(mask: npt.NDArray[np.uint8], sigma: float) -> Pixels:
    """The mask, 0 to 1, blurred; computed at a quarter of the size, for nothing finer is left of it."""
    import cv2

    height, width = mask.shape
    small = cv2.resize(mask, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / 4.0)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _fixed_point(points: Points) -> npt.NDArray[np.int32]:
    """Points in sixteenths of a pixel, as OpenCV draws them with `shift=4`."""
    return np.rint(points * 16.0).astype(np.int32)


def _draw(sheet: _Sheet) -> npt.NDArray[np.uint8]:
    _landscape(sheet)
    _body(sheet)
    _head(sheet)
    _face(sheet)
    return sheet.finish()


def _landscape(sheet: _Sheet) -> None:
    x = np.linspace(-0.3, 1.3, 160)
    sheet.glue(_ellipse((0.13, 0.15), 0.085, 0.085), "disc")
    for cloud in ((0.87, 0.12), (0.93, 0.25)):
        for dx, size in ((-0.05, 0.026), (0.0, 0.036), (0.055, 0.028)):
            sheet.glue(_ellipse((cloud[0] + dx, cloud[1]), size * 1.5, size * 0.75), "light", 0.35)
    far = 0.60 + 0.045 * np.sin(5.2 * x + 0.6) + 0.018 * np.sin(13.0 * x)
    sheet.glue(np.stack([[*x, 1.4, -0.4], [*far, 1.5, 1.5]], axis=1), "far")
    near = 0.80 + 0.03 * np.sin(4.3 * x + 2.2) + 0.010 * np.sin(17.0 * x)
    sheet.glue(np.stack([[*x, 1.4, -0.4], [*near, 1.5, 1.5]], axis=1), "near")
    for root, height, lean in (((0.118, 0.93), 0.20, 0.0), ((0.045, 0.97), 0.14, -0.02), ((0.934, 0.97), 0.165, 0.0)):
        top = (root[0] + lean, root[1] - height)
        sheet.stroke([root, top], "plant", 0.011, 0.5)
        for side, at in ((-1, 0.35), (1, 0.52)):
            foot = (root[0] + lean * at, root[1] - height * at)
            tip = (foot[0] + side * 0.062, foot[1] - 0.052)
            sheet.glue(_smooth([foot, (foot[0] + side * 0.020, tip[1]), tip, (tip[0], foot[1])]), "plant", 0.6)
        for petal in range(6):
            turn = 2.0 * np.pi * petal / 6.0
            center = (top[0] + 0.030 * np.cos(turn), top[1] + 0.033 * np.sin(turn))
            sheet.glue(_ellipse(center, 0.020, 0.022), "blossom", 0.5)
        sheet.glue(_ellipse(top, 0.017, 0.019), "tag", 0.6)


def _body(sheet: _Sheet) -> None:
    spine = _smooth([(0.60, 0.90), (0.74, 0.87), (0.822, 0.70), (0.79, 0.55), (0.862, 0.40)], closed=False)
    widths = np.interp(np.linspace(0.0, 1.0, len(spine)), [0.0, 0.5, 0.85, 1.0], [0.062, 0.066, 0.048, 0.010])
    sheet.glue(_ribbon(spine, widths), "coat")
    cut = int(0.80 * len(spine))
    sheet.glue(_ribbon(spine[cut:], widths[cut:]), "light", 0.0)
    for at in (0.30, 0.44, 0.58, 0.71):
        middle = int(at * len(spine))
        sheet.stroke(_across(spine, middle, 0.85 * widths[middle]), "dark", 0.020)
    torso = [(0.50, 0.44), (0.635, 0.52), (0.70, 0.70), (0.715, 0.86), (0.66, 0.945)]
    sheet.glue(_smooth(_mirrored(torso, [(0.50, 0.955)])), "coat")
    sheet.glue(_ellipse((0.50, 0.72), 0.105, 0.170), "light", 0.5)
    for side in (-1.0, 1.0):
        for row, y in enumerate((0.64, 0.705, 0.77)):
            outer, inner = 0.165 + 0.012 * row, 0.125 + 0.010 * row
            sheet.stroke([(0.5 + side * outer, y), (0.5 + side * inner, y + 0.014)], "dark", 0.020)
        leg = [(0.435, 0.68), (0.468, 0.80), (0.480, 0.93), (0.415, 0.968), (0.350, 0.93), (0.375, 0.80)]
        sheet.glue(_smooth(_flipped(leg, side)), "coat", 0.9)
        sheet.glue(_ellipse((0.5 + side * 0.085, 0.93), 0.062, 0.040), "light", 0.7)
        for toe in (-0.020, 0.020):
            sheet.stroke([(0.5 + side * 0.085 + toe, 0.928), (0.5 + side * 0.085 + toe, 0.962)], "dark", 0.006)


def _head(sheet: _Sheet) -> None:
    for side in (-1.0, 1.0):
        ear = [(0.310, 0.275), (0.268, 0.160), (0.288, 0.074), (0.306, 0.068), (0.390, 0.120), (0.452, 0.200)]
        sheet.glue(_smooth(_flipped(ear, side)), "coat")
        inner = [(0.312, 0.235), (0.298, 0.165), (0.308, 0.112), (0.365, 0.150), (0.405, 0.200)]
        sheet.glue(_smooth(_flipped(inner, side)), "inner", 0.4)
    outline = [(0.500, 0.165), (0.620, 0.180), (0.712, 0.245), (0.742, 0.335), (0.762, 0.428), (0.690, 0.445)]
    outline += [(0.640, 0.492), (0.570, 0.515)]
    sheet.glue(_smooth(_mirrored(outline, [(0.500, 0.520)])), "coat")
    for side in (-1.0, 1.0):
        cheek = [(0.248, 0.426), (0.285, 0.365), (0.352, 0.370), (0.420, 0.430), (0.400, 0.482), (0.330, 0.462)]
        sheet.glue(_smooth(_flipped(cheek, side)), "light", 0.3)
    for dx, length in ((-0.052, 0.060), (0.0, 0.085), (0.052, 0.060)):
        top = (0.5 + dx, 0.172 + 0.12 * abs(dx))
        sheet.stroke([top, (0.5 + 0.75 * dx, top[1] + length)], "dark", 0.022)


def _face(sheet: _Sheet) -> None:
    for side in (-1.0, 1.0):
        eye = [(0.336, 0.322), (0.366, 0.276), (0.412, 0.266), (0.456, 0.318), (0.430, 0.362), (0.372, 0.360)]
        sheet.glue(_smooth(_flipped(eye, side)), "dark", 0.5)
        sheet.glue(_smooth(_flipped(_shrunk(eye, 0.86), side)), "eye", 0.0, 0.3)
        middle = 0.5 + side * 0.098
        sheet.glue(_ellipse((middle, 0.315), 0.039, 0.043), "iris", 0.3)
        sheet.glue(_ellipse((middle, 0.315), 0.020, 0.034), "pupil", 0.0, 0.3)
        sheet.glue(_ellipse((middle - 0.012, 0.298), 0.009, 0.010), "eye", 0.0, 0.0)
    muzzle = [(0.500, 0.385), (0.566, 0.420), (0.572, 0.470), (0.500, 0.508), (0.428, 0.470), (0.434, 0.420)]
    sheet.glue(_smooth(muzzle), "light", 0.6)
    nose = [(0.455, 0.388), (0.500, 0.380), (0.545, 0.388), (0.518, 0.422), (0.500, 0.430), (0.482, 0.422)]
    sheet.glue(_smooth(nose), "nose", 0.5)
    sheet.stroke([(0.5, 0.426), (0.5, 0.452)], "nose", 0.008)
    for side in (-1.0, 1.0):
        mouth = _smooth([(0.5, 0.452), (0.5 + side * 0.022, 0.474), (0.5 + side * 0.054, 0.462)], closed=False)
        sheet.stroke(mouth, "nose", 0.008)
        for drop in (-0.020, 0.010, 0.040):
            start = (0.5 + side * 0.085, 0.440 + 0.4 * drop)
            end = (0.5 + side * 0.335, 0.430 + 2.0 * drop)
            bend = (0.5 + side * 0.210, 0.425 + 1.1 * drop)
            sheet.stroke(_smooth([start, bend, end], closed=False), "eye", 0.0045, 0.4)
    band = _smooth([(0.385, 0.520), (0.440, 0.552), (0.500, 0.562), (0.560, 0.552), (0.615, 0.520)], closed=False)
    sheet.glue(_ribbon(band, np.full(len(band), 0.017)), "collar", 0.8)
    sheet.glue(_ellipse((0.50, 0.604), 0.030, 0.034), "tag", 0.8)
    sheet.stroke(_ellipse((0.50, 0.604), 0.014, 0.016), "dark", 0.006)


def _ellipse(center: tuple[float, float], radius_x: float, radius_y: float) -> Points:
    turn = np.linspace(0.0, 2.0 * np.pi, 72)
    return np.stack([center[0] + radius_x * np.cos(turn), center[1] + radius_y * np.sin(turn)], axis=1)


def _smooth(points: npt.ArrayLike, closed: bool = True, steps: int = 16) -> Points:
    """A Catmull-Rom curve through `points`, (N, 2)."""
    knots = as_points(points)
    ends = (knots[-1:], knots[:2]) if closed else (knots[:1], knots[-1:])
    padded = np.concatenate([ends[0], knots, ends[1]])
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[:, None]
    spans = []
    for i in range(len(padded) - 3):
        p0, p1, p2, p3 = padded[i : i + 4]
        spans.append(
            0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
        )
    return np.concatenate([*spans, padded[-2:-1]])


def _ribbon(spine: Points, widths: npt.NDArray[np.float64]) -> Points:
    """Outline of a band of half-widths `widths`, (N,), along `spine`, (N, 2)."""
    along = np.gradient(spine, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    return np.concatenate([spine + normal * widths[:, None], (spine - normal * widths[:, None])[::-1]])


def _across(spine: Points, index: int, half: float) -> Points:
    along = spine[index + 1] - spine[index - 1]
    normal = np.array([-along[1], along[0]]) / np.linalg.norm(along)
    return np.stack([spine[index] - normal * half, spine[index] + normal * half])


def _flipped(points: list[tuple[float, float]], side: float) -> Points:
    """The points of the left half, or for `side` 1 their mirror images."""
    flipped = as_points(points).copy()
    if side > 0:
        flipped[:, 0] = 1.0 - flipped[:, 0]
    return flipped


def _mirrored(right: list[tuple[float, float]], bottom: list[tuple[float, float]]) -> Points:
    """A closed outline: from the top down the right side, the bottom, and up the mirrored left side."""
    left = [(1.0 - x, y) for x, y in reversed(right) if x != 0.5]
    return as_points([*right, *bottom, *left])


def _shrunk(points: list[tuple[float, float]], factor: float) -> list[tuple[float, float]]:
    center = as_points(points).mean(axis=0)
    return [(float(x), float(y)) for x, y in center + factor * (as_points(points) - center)]
